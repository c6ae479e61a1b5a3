"""Arguments in the forms that NumPy takes: numbers, lists, one vector for many matrices, keywords under other names."""

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.fft
import scipy.special
import scipy.stats
from jax import lax
from numpy.lib.stride_tricks import sliding_window_view
from programs.references import assert_gradient

from backprose import ProgramError, RefusedError, value_and_grad

X = np.array([0.3, -0.2, 0.9])
MEAN, S = np.array([0.1, 0.2, 0.3]), np.array([[2.0, 0.3, 0.1], [0.3, 1.5, 0.2], [0.1, 0.2, 1.0]])
MATRICES = np.stack([S, 2 * S, S + np.eye(3)])
normal = scipy.stats.multivariate_normal


FUNCTIONS = {
    "lists among what is joined": lambda x: np.sum(np.concatenate(([x[0]], x, [1.0, 2.0])) ** 2),
    "lists of lists": lambda x: np.sum(np.vstack([[x[0], x[1]], [1.0, 2.0]]) ** 2),
    "a list beside an array": lambda x: np.sum(np.vstack([x, [1.0, 2.0, 3.0]]) * np.arange(3.0)),
    "numbers as columns": lambda x: np.sum(np.column_stack([x[0], x[1]]) * np.array([1.0, 2.0])),
    "outer of a number": lambda x: np.sum(np.outer(x, 2.0) ** 2),
    "tensordot of a number": lambda x: np.sum(np.tensordot(x, 2.0, 0) ** 2),
    "einsum of a number": lambda x: np.sum(np.einsum("i,->i", x, 2.0) ** 2),
    "choose from a list": lambda x: np.sum(np.choose([0, 1, 0], [x, 2.0]) ** 2),
    "clip from below": lambda x: np.sum(x.clip(0.1) * x) + np.sum(x.clip(min=0.2) * x),
    "clip by names": lambda x: np.sum(np.clip(x, min=-0.1, max=0.5) * x) + np.sum(x.clip(max=0.2)),
    "one vector": lambda x: np.sum(np.linalg.solve(MATRICES * x[0], x) ** 2),
    "spacing and edges": lambda x: np.sum(np.gradient(x, 0.5, edge_order=2) ** 2),
    "more differences than elements": lambda x: np.sum(np.diff(x, n=9)) + x[0],
    "windows": lambda x: np.sum(np.max(sliding_window_view(x, 2), axis=-1) ** 2),
    "a variance": lambda x: normal.logpdf(x, MEAN, 1.7),
    "variances": lambda x: normal.logpdf(MEAN, x, x**2 + 1),
    "without a mean": lambda x: normal.logpdf(x, cov=S),
    "in one dimension": lambda x: np.sum(normal.logpdf(x)) + np.sum(normal.pdf(x, 0.3, 2.0)),
    "places along an axis": lambda x: np.sum(np.take_along_axis(np.outer(x, x), np.array([[1, 1, -1]]), 1)[:, 1:]),
}  # fmt: skip


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_value_and_gradient(name, target, rng):
    function = FUNCTIONS[name]
    value, gradient = value_and_grad(function, target=target)(X)
    assert value == pytest.approx(function(X), rel=1e-12)
    assert_gradient(function, [gradient], [X], [0], rng)


SQUARE = np.array([[1.2, -0.4, 0.3], [0.5, 2.0, -0.7], [-0.2, 0.6, 1.7]])
MASK = np.array([[True, False, True], [False, True, True], [True, True, False]])


def signed(A):
    return scipy.special.logsumexp(A, axis=0, b=MASK - 0.4, return_sign=True)


KEYWORDS = {
    "sum where": lambda A: np.sum(A**2, axis=0, where=MASK) @ X,
    "sum where the data say": lambda A: np.sum(A**2, where=A > 0.4),
    "sum initial": lambda A: np.sum(A**2, axis=1, initial=A[0, 0]) @ X,
    "prod where": lambda A: A.prod(axis=1, where=MASK) @ X,
    "max where": lambda A: np.max(A, axis=1, where=MASK, initial=0.4) @ X,
    "min initial": lambda A: np.min(A, axis=1, initial=-0.3) @ X,
    "mean where": lambda A: np.mean(A**2, axis=1, where=MASK) @ X,
    "var where": lambda A: np.var(A, axis=1, where=MASK, ddof=1) @ X,
    "std where": lambda A: np.std(A, where=MASK) ** 2,
    "std correction": lambda A: np.std(A, axis=1, correction=1) @ X,
    "any where": lambda A: np.sum(A**2) * np.any(A < 0, where=MASK) + np.all(A > -9, where=MASK),
    "logsumexp of b": lambda A: scipy.special.logsumexp(A, axis=1, b=A**2 + 1) @ X,
    "logsumexp and its sign": lambda A: np.sum(np.prod(signed(A), axis=0)),
    "reshape in Fortran's order": lambda A: np.sum(np.reshape(A, (9,), order="F") * np.arange(9)),
    "reshape with an open size": lambda A: np.sum(A[:2].reshape(-1, 2, order="F") @ np.ones(2) * X),
    "ravel in Fortran's order": lambda A: np.sum(np.ravel(A, order="F") ** 2 * np.arange(9)),
    "trace offset": lambda A: np.trace(A**2, 1) * A.trace(offset=-1),
    "diff prepend": lambda A: np.sum(np.diff(A, axis=1, prepend=A[:, :1] * 2, append=0.0) ** 2),
    "ediff1d ends": lambda A: np.sum(np.ediff1d(A, to_begin=A[0, 0], to_end=[1.0, 2.0]) ** 2),
    "interp left": lambda A: np.sum(np.interp(A, [0.0, 1.0], [1.0, 3.0], left=-1.0, right=A[0, 0])),
    "take clip": lambda A: np.sum(np.take(A, [0, 5], axis=1, mode="clip") ** 2 * np.arange(1.0, 3.0)),
    "take wrap": lambda A: np.sum(np.take(A, [-4, 5], mode="wrap") ** 2 * np.arange(1.0, 3.0)),
    "cholesky upper": lambda A: np.sum(np.linalg.cholesky(A.T @ A + np.eye(3), upper=True) ** 3),
    "pinv hermitian": lambda A: np.sum(np.linalg.pinv(A + A.T, hermitian=True) ** 3),
    "einsum optimize": lambda A: np.einsum("ij,jk,ki->", A, A, A, optimize=True),
    "tensordot of lists": lambda A: np.sum(np.tensordot(A, A, axes=([1], [0])) ** 2),
    "a transform of scipy.fft": lambda A: np.sum(np.abs(scipy.fft.fft(A, n=4, axis=0)) ** 2 @ X),
    "of two axes": lambda A: np.sum(scipy.fft.irfft2(scipy.fft.rfft2(A)) ** 3),
    "outer of a ufunc": lambda A: np.sum(np.multiply.outer(A, X) ** 2) + np.sum(np.subtract.outer(X, A[0]) ** 2),
}  # fmt: skip


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize("name", KEYWORDS)
def test_keywords(name, target, rng):
    function = KEYWORDS[name]
    value, gradient = value_and_grad(function, target=target)(SQUARE)
    assert value == pytest.approx(function(SQUARE), rel=1e-12)
    assert_gradient(function, [gradient], [SQUARE], [0], rng)


COUNTS = np.array([1, 2, 3])


def into(x):
    y = np.zeros(3)
    np.sum(np.outer(x, x), axis=0, where=np.outer(COUNTS, COUNTS) > 2, out=y)
    return np.sum(y**2)


AS_NUMPY = {
    "an initial value of integers": lambda x: np.sum(COUNTS, initial=0.5) * x[0],
    "a greatest of integers": lambda x: np.max(COUNTS, initial=7.5) * x[0],
    "a wider initial value": lambda x: np.sum(x, initial=np.float64(0.1)),
    "no differences": lambda x: np.sum(np.diff(x, n=0, prepend=5) ** 2),
    "ends in the dtype": lambda x: np.sum(np.ediff1d(x, to_begin=1.0) ** 2),
    "the lower triangle": lambda x: np.sum(
        np.linalg.pinv(np.outer(x, [1.0, 2.0, 3.0]) + np.eye(3) * 3, hermitian=True) ** 3
    ),
    "an array that takes the result": into,
}


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize("name", AS_NUMPY)
def test_keywords_mean_what_numpy_means(name, target, rng):
    function, x = AS_NUMPY[name], np.array([0.5, 1.2, 2.0])
    value, gradient = value_and_grad(function, target=target)(x)
    assert value == pytest.approx(function(x), rel=1e-12)
    assert_gradient(function, [gradient], [x], [0], rng)
    assert (
        value_and_grad(function, target=target)(np.float32(x))[0].dtype
        == function(np.float32(x)).dtype
    )


def test_the_deviation_of_equal_elements_under_a_mask():
    f = value_and_grad(lambda x: np.std(x, where=np.array([True, True, False])))
    value, gradient = f(np.array([2.0, 2.0, 5.0]))
    assert value == 0
    np.testing.assert_array_equal(gradient, np.zeros(3))


def test_a_mask_that_is_larger_than_its_array_is_an_error():
    with pytest.raises(ProgramError, match="does not broadcast"):
        value_and_grad(lambda x: np.sum(x, where=np.ones((2, 3), bool)))(X)


def test_keywords_that_have_no_form_are_refused_by_name():
    with pytest.raises(RefusedError, match="period"):
        value_and_grad(lambda x: np.sum(np.interp(x, [0.0, 1.0], [1.0, 3.0], period=2.0)))(X)
    with pytest.raises(RefusedError, match="without initial"):
        value_and_grad(lambda x: np.max(x, where=x > 0))(X)


OF_A_NUMBER = {
    "repeat": lambda x: np.sum(np.repeat(x, 3)),
    "outer": lambda x: np.sum(np.outer(x, [1.0, 2.0])),
    "atleast_3d": lambda x: np.sum(np.atleast_3d(x)),
    "ravel": lambda x: np.sum(np.ravel(x) ** 2),
    "block": lambda x: np.sum(np.block([x, 1.0]) ** 2),
    "kron": lambda x: np.sum(np.kron(x, [1.0, 2.0])),
    "cumprod": lambda x: np.sum(np.cumprod(x)),
    "max": lambda x: np.max(x) ** 2,
    "median": lambda x: np.median(x) ** 2,
    "transpose": lambda x: np.transpose(x) * 3.0,
    "broadcast_to": lambda x: np.sum(np.broadcast_to(x, (2, 2))),
    "concatenate": lambda x: np.sum(np.concatenate([[x], [1.0]]) ** 2),
}


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize("name", OF_A_NUMBER)
def test_a_number_of_pythons(name, target):
    """It has no shape and no methods."""
    function = OF_A_NUMBER[name]
    value, gradient = value_and_grad(function, target=target)(2.0)
    slope = (function(2.0 + 1e-6) - function(2.0 - 1e-6)) / 2e-6
    assert value == pytest.approx(float(function(2.0)))
    assert gradient == pytest.approx(float(slope), rel=1e-6)


KEEPING = {
    "kron": lambda x: np.sum(np.kron(x, 2.0)),
    "append": lambda x: np.sum(np.append(x, 1.0)),
    "einsum": lambda x: np.sum(np.einsum("i,->i", x, 2.0)),
    "hstack": lambda x: np.sum(np.hstack([x, 2.0])),
    "polyval": lambda x: np.sum(np.polyval(x, 2.0)),
    "insert": lambda x: np.sum(np.insert(x, 0, 1.0)),
    "meshgrid": lambda x: np.sum(np.meshgrid(x, [1.0, 2.0])[0]),
    "where": lambda x: np.sum(np.where(x > 0, x, 1.0)),
    "mean of a part": lambda x: np.mean(x[x > 0]),
    "variance of a part": lambda x: np.var(x[x > 0]),
}


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize("name", KEEPING)
def test_dtypes_of_float32_with_numbers(name, target):
    """In a ufunc a Python number bows to the array; elsewhere NumPy makes an array of float64 of it."""
    x = np.float32([0.5, 2.0, 3.0])
    value, gradient = value_and_grad(KEEPING[name], target=target)(x)
    assert value.dtype == KEEPING[name](x).dtype
    assert gradient.dtype == np.float32


def test_a_float32_array_beside_a_number_that_is_differentiated():
    f = value_and_grad(lambda x, a: np.sum(scipy.stats.gamma.cdf(x, a)), (0, 1))
    x, step = np.float32([0.3, 0.5]), 1e-6
    _, (dx, da) = f(x, 2.2)
    np.testing.assert_allclose(dx, scipy.stats.gamma.pdf(x, 2.2), rtol=1e-5)
    ends = [np.sum(scipy.stats.gamma.cdf(x, 2.2 + s)) for s in (step, -step)]
    assert da == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5)


def test_names_of_the_users_that_the_text_uses_itself(rng):
    def scanned(x, z):
        c, _ = lax.scan(lambda c, t: (c * x, None), z, None, length=3)
        return jnp.sum(c)

    def named(x):
        carry, row, pullback = x, x * 2, x[0]
        for k in range(4):
            carry = np.sin(carry) * row + pullback * k
            row = row * 0.5 + carry
        return np.sum(carry) + np.sum(np.polyint(row)) * pullback

    _, (dx, dz) = value_and_grad(scanned, (0, 1))(2.0, np.ones(3))
    assert dx == pytest.approx(36.0)
    np.testing.assert_allclose(dz, 8 * np.ones(3))
    value, gradient = value_and_grad(named)(X)
    assert value == pytest.approx(named(X), rel=1e-12)
    assert_gradient(named, [gradient], [X], [0], rng)


def test_the_size_of_one_of_several_results():
    def f(x, y):
        grid = np.meshgrid(x, y, sparse=True)[1]
        return np.sum(grid * np.size(grid))

    _, gradient = value_and_grad(f, 1)(np.ones(3), np.ones(2))
    np.testing.assert_allclose(gradient, [2.0, 2.0])

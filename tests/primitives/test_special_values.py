"""What the derivative is where mathematics leaves a choice, or where a formula would give NaN."""

import math

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
import scipy.special
import scipy.stats
from scipy import special
from scipy.special import logsumexp

from backprose import grad, value_and_grad

INF = np.inf
HALF = [0.5, 0.5, 0.0]


def at(function, x, expected, name):
    return pytest.param(function, np.asarray(x, float), np.asarray(expected, float), id=name)


def guarded_root(x):
    return np.sum(np.where(x > 0, np.sqrt(np.where(x > 0, x, 1.0)), 0.0))


POINTS = [
    # The convention of JAX and autograd, unless a line says otherwise.
    at(lambda x: np.linalg.norm(x), [0.0, 0.0], [0.0, 0.0], "norm at 0: 0, where JAX has NaN"),
    at(lambda x: np.linalg.norm(x, axis=1)[0], [[0.0, 0.0]], [[0.0, 0.0]], "norm of a row of 0"),
    at(lambda x: np.sqrt(x[0]), [0.0], [INF], "sqrt at 0"),
    at(lambda x: np.abs(x[0]), [0.0], [0.0], "abs at 0"),
    at(lambda x: np.max(x), [1.0, 1.0, 0.0], HALF, "max of equal elements: shared"),
    at(lambda x: np.min(x), [1.0, 1.0, 2.0], HALF, "min of equal elements: shared"),
    at(lambda x: np.maximum(x[0], x[1]), [1.0, 1.0], [0.5, 0.5], "maximum of equal numbers"),
    at(lambda x: np.fmax(x[0], x[1]), [np.nan, 1.0], [0.0, 1.0], "fmax with NaN"),
    at(lambda x: np.max(x), [np.nan, 1.0], [np.nan, np.nan], "max with NaN"),
    at(lambda x: np.hypot(x[0], x[1]), [0.0, 0.0], [0.0, 0.0], "hypot at 0, as the norm"),
    at(lambda x: np.arctan2(x[0], x[1]), [0.0, 0.0], [np.nan, np.nan], "arctan2 at the origin: there is none"),
    at(lambda x: np.logaddexp(x[0], x[1]), [-INF, -INF], [0.0, 0.0], "logaddexp of -inf: 0, where JAX has NaN"),
    at(lambda x: np.logaddexp(x[0], x[1]), [-INF, 2.0], [0.0, 1.0], "logaddexp with one -inf"),
    at(lambda x: np.std(x), [3.0], [0.0], "the standard deviation of one"),
    at(lambda x: np.log(x[0]), [0.0], [INF], "log at 0"),
    at(lambda x: x[0] ** 1.5, [0.0], [0.0], "the power 1.5 at 0"),
    at(lambda x: np.linalg.norm(x, np.inf), [2.0, -2.0], [0.5, -0.5], "the norm of order inf at a tie"),
    at(lambda x: np.sum(np.select([x < 0, x == 0], [np.sqrt(-x), x], np.log(x))), [-4.0, 0.0], [-0.25, 1.0], "select"),
    at(lambda x: np.ptp(x), [1.0, 1.0], [0.0, 0.0], "ptp of equal elements"),
    at(lambda x: np.median(x), [1.0, 3.0, 2.0, 0.0], [0.5, 0.0, 0.5, 0.0], "median of four"),
    at(lambda x: np.sum(np.sort(x) * np.arange(3)), [1.0, 1.0, 0.0], [1.0, 2.0, 0.0], "sort: stable"),
    at(guarded_root, [0.0, 4.0], [0.0, 0.25], "a guarded root"),
    at(lambda x: x[0] ** 2, [0.0], [0.0], "a square at 0"),
    at(lambda x: x[0] ** 0, [0.0], [0.0], "the power 0 at 0"),
    at(lambda x: x[0] ** x[1], [0.0, 2.0], [0.0, 0.0], "base 0"),
    at(lambda x: x[0] ** -1, [2.0], [-0.25], "a negative power"),
    at(lambda x: np.power(x[0], x[1]), [0.0, 1.0], [1.0, 0.0], "base 0 to the power 1"),
    at(lambda x: np.sinc(x[0]), [0.0], [0.0], "sinc at 0"),
    at(lambda x: np.prod(x), [0.0, 2.0, 3.0], [6.0, 0.0, 0.0], "prod with a zero"),
    at(lambda x: np.prod(x), [0.0, 0.0, 3.0], [0.0, 0.0, 0.0], "prod with two zeros"),
    at(lambda x: np.cumprod(x)[-1], [0.0, 2.0, 3.0], [6.0, 0.0, 0.0], "cumprod with a zero"),
    at(lambda x: np.sum(np.cumprod(x)), [2.0, 0.0, 3.0, 0.0, 5.0], [1.0, 8.0, 0.0, 0.0, 0.0], "with two zeros"),
    at(lambda x: np.cumprod(x)[1], [1e200, 2.0, 1e200], [2.0, 1e200, 0.0], "cumprod that overflows later"),
    at(lambda x: np.cumprod(x)[-1], [1e-200, 1e-200, 0.5], [5e-201, 5e-201, 0.0], "cumprod that underflows"),
    at(lambda x: np.sum(np.partition(x, 1)[:2]), [3.0, 1.0, 2.0], [0.0, 1.0, 1.0], "partition: the smallest two"),
    at(lambda x: np.sum(x[np.argpartition(x, -1)[-1:]] ** 2), [3.0, 1.0, 2.0], [6.0, 0.0, 0.0], "argpartition"),
    at(lambda x: logsumexp(x), [-INF, -INF], [0.0, 0.0], "logsumexp of -inf: 0"),
    at(lambda x: logsumexp(x), [0.0, -INF], [1.0, 0.0], "logsumexp with one -inf"),
    at(lambda x: np.logaddexp(x[0], x[1]), [1000.0, 0.0], [1.0, 0.0], "logaddexp of large numbers"),
    at(lambda x: scipy.special.expit(x[0]), [-1000.0], [0.0], "expit of a very negative number"),
    at(lambda x: np.tanh(x[0]), [1000.0], [0.0], "tanh of a large number"),
    at(lambda x: scipy.special.i1(x[0]), [0.0], [0.5], "i1 at 0"),
    at(lambda x: np.clip(x[0], 0.0, 1.0), [0.0], [1.0], "clip at a bound: it passes"),
    at(lambda x: np.nansum(x), [np.nan, 2.0], [0.0, 1.0], "nansum"),
    at(lambda x: np.nan_to_num(x[0]), [INF], [0.0], "nan_to_num of inf"),
    at(lambda x: np.interp(x[0], np.array([0.0, 1.0]), np.array([1.0, 3.0])), [2.0], [0.0], "interp outside"),
    at(lambda x: np.linalg.det(np.reshape(x, (2, 2))), [2.0, 0.0, 0.0, 3.0], [3.0, 0.0, 0.0, 2.0], "det"),
    at(lambda x: np.sum(np.linalg.eigvalsh(np.diag(x))), [1.0, 1.0], [1.0, 1.0], "equal eigenvalues"),
    at(lambda x: np.linalg.norm(np.diag(x), ord="nuc"), [1.0, 1.0], [1.0, 1.0], "equal singular values"),
    at(lambda x: np.sum(x[:0]) + x[0], [2.0], [1.0], "a sum of nothing"),
    at(lambda x: np.mean(x), [3.0], [1.0], "a mean of one"),
    at(lambda x: np.linalg.norm(x, ord=3), [0.0, 0.0], [0.0, 0.0], "norm of order 3 at 0"),
    at(lambda x: np.sum(np.interp(x, np.array([1.0]), np.array([2.0]))), [0.0, 2.0], [0.0, 0.0], "interp of one point"),
    at(lambda x: scipy.stats.t.cdf(x[0], 3.0), [0.0], [2 / (np.pi * 3**0.5)], "the density of t in the middle"),
    at(lambda x: scipy.stats.laplace.cdf(x[0]), [0.0], [0.5], "the density of laplace at its place"),
    at(lambda x: scipy.stats.expon.cdf(x[0]), [0.0], [1.0], "the density of expon where it begins"),
    at(lambda x: scipy.stats.expon.cdf(x[0]), [-1.0], [0.0], "before it begins"),
    at(lambda x: np.sum(scipy.stats.poisson.logpmf(np.array([2, -1]), x[0])), [4.0], [-0.5], "poisson of -1"),
    at(lambda x: np.sum(scipy.stats.binom.logpmf(np.array([1, 7]), 5, x[0])), [0.5], [-6.0], "binom of too many"),
    at(lambda x: special.xlogy(x[0], x[1]), [0.0, 0.0], [-INF, 0.0], "xlogy at 0: it is 0 along y"),
    at(lambda x: special.xlog1py(x[0], x[1]), [0.0, -1.0], [-INF, 0.0], "xlog1py at -1"),
    at(lambda x: special.rel_entr(0.0, x[0]), [0.0], [0.0], "rel_entr at 0"),
    at(lambda x: special.kl_div(0.0, x[0]), [0.0], [1.0], "kl_div at 0"),
    at(lambda x: special.boxcox(x[0], x[1]), [2.0, 0.0], [0.5, np.log(2) ** 2 / 2], "boxcox: JAX has 0 along lmbda"),
    at(lambda x: special.boxcox1p(x[0], x[1]), [1.0, 0.0], [0.5, np.log(2) ** 2 / 2], "boxcox1p with lmbda 0"),
    at(lambda x: special.inv_boxcox(x[0], x[1]), [2.0, 0.0], [np.e**2, -2 * np.e**2], "inv_boxcox with lmbda 0"),
    at(lambda x: special.gammainc(1.0, x[0]), [0.0], [1.0], "gammainc where its density begins"),
    at(lambda x: special.betainc(1.0, 1.0, x[0]), [0.0], [1.0], "betainc where its density begins"),
    at(lambda x: special.log_ndtr(x[0]), [-1e8], [1e8], "log_ndtr far below 0"),
    at(lambda x: special.powm1(x[0], 3.0), [-2.0], [12.0], "powm1 of a negative number"),
    at(lambda x: special.agm(x[0], x[0]), [3.0], [1.0], "agm of equal numbers"),
    at(lambda x: np.linalg.det(np.reshape(x, (2, 2))), [1.0, 2.0, 2.0, 4.0], [4.0, -2.0, -2.0, 1.0], "det: singular"),
    at(lambda x: np.linalg.det(x[0] * np.eye(3)), [0.0], [0.0], "det of zeros"),
    at(lambda x: np.linalg.det(x[0] * np.eye(1)), [0.0], [1.0], "det of a zero"),
    at(lambda x: np.sum(np.linalg.svd(np.reshape(x, (1, 2)))[1]), [3.0, 4.0], [0.6, 0.8], "svd with a null space"),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:invalid value", "ignore:divide by zero", "ignore:overflow")
@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize(("function", "x", "expected"), POINTS)
def test_the_derivative(function, x, expected, target):
    np.testing.assert_allclose(grad(function, target=target)(x), expected, rtol=1e-12, atol=1e-15)


def test_eigenvectors_of_equal_eigenvalues_give_no_nan():
    def projected(a):
        w, v = np.linalg.eigh(a)
        return np.sum((v @ v.T) * np.arange(9.0).reshape(3, 3)) + np.sum(w**2)

    a = np.diag([1.0, 1.0, 3.0])
    np.testing.assert_allclose(grad(projected)(a), np.diag([2.0, 2.0, 6.0]), atol=1e-12)


def test_float32_overflows_where_numpys_does():
    x = np.float32([100.0, 1.0])
    with np.errstate(over="ignore"):
        value, gradient = value_and_grad(lambda x: np.sum(np.exp(x)))(x)
    assert value.dtype == gradient.dtype == np.float32
    assert np.isinf(value) and np.isinf(gradient[0]) and np.isfinite(gradient[1])


def test_arrays_of_no_axes_and_of_one_element():
    for x in (np.array(2.0), np.array([2.0]), np.array([[2.0]])):
        for f in (np.sum, np.prod, np.max, np.mean, np.linalg.norm if x.ndim else np.abs):
            assert np.asarray(grad(lambda x, f=f: f(x) * 1.0)(x)).shape == x.shape


def test_determinants_of_matrices_that_are_almost_singular():
    a = np.array([[1.0, 2.0], [2.0, 4.0]])
    near = a + np.array([[0, 0], [0, 1e-7]])
    cofactors = np.array([[near[1, 1], -2.0], [-2.0, 1.0]])
    for target in ("jax", "numpy"):
        found = grad(lambda a: np.linalg.det(a), target=target)(near)
        np.testing.assert_allclose(found, cofactors, rtol=1e-13)
        found = grad(lambda a: np.linalg.slogdet(a)[1], target=target)(near)
        np.testing.assert_allclose(found, cofactors / 1e-7, rtol=1e-7)


def test_a_real_matrix_whose_root_is_complex_has_nan():
    def f(a):
        return np.sum(np.real(scipy.linalg.sqrtm(a)))

    value, gradient = value_and_grad(f)(np.array([[-1.0, 0.0], [0.0, 4.0]]))
    assert np.isnan(value) and np.all(np.isnan(gradient))
    np.testing.assert_allclose(grad(f)(np.diag([1.0, 4.0])), [[1 / 2, 1 / 3], [1 / 3, 1 / 4]])


def test_the_variance_of_constants():
    x = np.full(4, 3.0)
    np.testing.assert_allclose(grad(lambda x: np.var(x))(x), np.zeros(4))
    np.testing.assert_allclose(grad(lambda x: np.std(x))(x), np.zeros(4))  # where JAX has NaN


def test_nothing_leaks_from_a_side_of_where_that_is_not_taken():
    def safe(x):
        return jnp.sum(jnp.where(x > 0, jnp.sqrt(jnp.where(x > 0, x, 1)), 0))

    np.testing.assert_allclose(grad(safe)(np.array([0.0, 4.0])), [0.0, 0.25])


@pytest.mark.parametrize("target", ["jax", "numpy"])
def test_results_whose_length_depends_on_values(target):
    def chosen(x):
        return np.sum(np.extract(x > 0, x) ** 2) + np.sum(np.compress(x[0] > 0, x, axis=1))

    x = np.array([[1.0, -2.0, 3.0], [-1.0, 2.0, 0.5]])
    value, gradient = value_and_grad(chosen, target=target)(x)
    assert value == pytest.approx(chosen(x))
    np.testing.assert_allclose(gradient, 2 * x * (x > 0) + (x[0] > 0))


def test_what_ufuncs_reduce_and_accumulate():
    def f(x):
        return np.sum(np.add.reduce(x) * np.logaddexp.reduce(x)) + np.sum(
            np.multiply.reduce(x, axis=1) * np.maximum.reduce(np.add.accumulate(x), axis=1)
        )

    x = np.array([[1.0, -2.0, 3.0], [-1.5, 2.0, 0.5]])
    value, gradient = value_and_grad(f)(x)
    assert value == pytest.approx(f(x))
    u = np.array([[0.3, -0.2, 0.5], [0.7, 0.1, -0.4]])
    along = (f(x + 1e-6 * u) - f(x - 1e-6 * u)) / 2e-6
    assert np.sum(gradient * u) == pytest.approx(along, rel=1e-8)


def test_functions_of_math():
    def f(x):
        return math.erf(x) + math.lgamma(x) * math.asinh(x) + math.copysign(x, -1.0)

    value, gradient = value_and_grad(f)(1.7)
    assert value == pytest.approx(f(1.7))
    step = 1e-6
    assert gradient == pytest.approx((f(1.7 + step) - f(1.7 - step)) / (2 * step), rel=1e-8)


GRID = np.arange(6.0).reshape(2, 3) ** 1.5 + 0.3


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize(
    ("function", "kept"),
    [
        (lambda x: np.compress([1, 0, 1], x, axis=1), [[1, 0, 1], [1, 0, 1]]),
        (lambda x: np.compress([0, 2], x, axis=1), [[0, 1, 0], [0, 1, 0]]),
        (lambda x: np.compress(np.array([0.0, 0.5]), x, axis=0), [[0, 0, 0], [1, 1, 1]]),
        (lambda x: np.compress([True, False, True], x), [[1, 0, 1], [0, 0, 0]]),
        (lambda x: np.extract(np.array([1, 0, 1, 1, 0, 1]), x), [[1, 0, 1], [1, 0, 1]]),
        (lambda x: np.extract([[1, 0, 0], [0, 1, 1]], x), [[1, 0, 0], [0, 1, 1]]),
        (lambda x: np.extract(x - 0.3, x), [[0, 1, 1], [1, 1, 1]]),
    ],
)
def test_conditions_that_are_numbers(function, kept, target):
    """Whatever is not zero is true, and what the condition is too short for is left out."""
    value, gradient = value_and_grad(lambda x: np.sum(function(x) ** 2), target=target)(GRID)
    assert value == pytest.approx(np.sum(function(GRID) ** 2), rel=1e-14)
    np.testing.assert_allclose(gradient, 2 * GRID * np.array(kept), rtol=1e-14)


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize(
    "count", [lambda r: np.arange(len(r)), lambda r: np.arange(1, r.size + 1), lambda r: np.cumsum(np.ones(len(r)))]
)  # fmt: skip
def test_places_among_what_a_mask_selects(count, target):
    def f(x):
        r = x[x > 0]
        return np.sum(r**2 * count(r))

    x = np.array([-1.0, 2.0, -3.0, 4.0, 5.0])
    expected = np.zeros(5)
    expected[x > 0] = 2 * x[x > 0] * count(x[x > 0])
    value, gradient = value_and_grad(f, target=target)(x)
    assert value == f(x)
    np.testing.assert_array_equal(gradient, expected)

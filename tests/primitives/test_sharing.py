"""Functions whose result shares memory with an argument, and those whose does not: changed in place, either way."""

import numpy as np
import pytest

from backprose import ArgumentError, ProgramError, RefusedError, check_grads, grad, value_and_grad

A = np.arange(6.0).reshape(2, 3) + 0.5

SHARING = {
    "sliding_window_view": lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, axis=0),
    "fliplr": lambda x: np.fliplr(x),
    "flipud": lambda x: np.flipud(x),
    "rot90": lambda x: np.rot90(x),
    "atleast_1d": lambda x: np.atleast_1d(x),
    "atleast_3d": lambda x: np.atleast_3d(x),
    "matrix_transpose": lambda x: np.matrix_transpose(x),
    "rollaxis": lambda x: np.rollaxis(x, 1),
    "split": lambda x: np.split(x, 2)[0],
    "hsplit": lambda x: np.hsplit(x, 3)[0],
    "unstack": lambda x: np.unstack(x)[0],
    "diagonal": lambda x: np.diagonal(x),
    "broadcast_arrays": lambda x: np.broadcast_arrays(x, x[0])[0],
    "real": lambda x: (x + 1j * x).real,
    "diff of order 0": lambda x: np.diff(x, 0),
}
COPYING = {
    "vstack": lambda x: np.vstack([x, x]),
    "roll": lambda x: np.roll(x, 1),
    "tile": lambda x: np.tile(x, 2),
    "pad": lambda x: np.pad(x, 1),
    "sort": lambda x: np.sort(x),
    "cumsum": lambda x: np.cumsum(x, axis=0),
    "insert": lambda x: np.insert(x, 1, 2.0, axis=0),
    "append": lambda x: np.append(x, x, axis=0),
    "meshgrid": lambda x: np.meshgrid(x[0], x[1])[0],
}


def check_or_refusal(f):
    """The derivative is right, or refused because of the shared memory."""
    function = value_and_grad(f)
    try:
        value, _ = function(A)
    except RefusedError as error:
        assert "may share memory" in str(error)
        return
    assert value == pytest.approx(f(A))
    check_grads(function, (A,))


@pytest.mark.parametrize("name", [n for n in SHARING if n != "real"])
def test_a_change_of_the_argument_is_followed_or_refused(name):
    def f(x):
        x = x * 1.0
        y = SHARING[name](x)
        x[0] = 3.0
        return np.sum(y**2)

    check_or_refusal(f)


@pytest.mark.parametrize("name", [n for n in SHARING if n not in ("diagonal", "broadcast_arrays")])
def test_a_change_of_the_result_is_followed_or_refused(name):
    def f(x):
        x = x * 1.0
        y = SHARING[name](x)
        y[0] = 3.0
        return np.sum(x**2) + np.sum(np.abs(y))

    check_or_refusal(f)


def test_the_first_power_of_a_matrix_is_the_matrix():
    def f(x):
        x = x @ x.T
        y = np.linalg.matrix_power(x, 1)
        y[0] = 3.0
        return np.sum(x**2)

    check_or_refusal(f)


@pytest.mark.parametrize("copy", COPYING.values(), ids=COPYING)
def test_a_copy_is_a_copy(copy):
    def f(x):
        x = x * 1.0
        y = copy(x)
        y[0] = 3.0
        x[1] *= 2.0
        return np.sum(x**2) + np.sum(y**3)

    value, _ = value_and_grad(f)(A)
    assert value == pytest.approx(f(A))
    check_grads(value_and_grad(f), (A,))


OUTSIDE = {
    "weights of another shape": lambda x: np.average(x, weights=np.ones((2, 1))),
    "delete": lambda x: np.sum(np.delete(x, 10)),
    "insert": lambda x: np.sum(np.insert(x, 10, 1.0)),
    "split": lambda x: np.sum(np.split(x, 4, axis=1)[0]),
}


@pytest.mark.parametrize("function", OUTSIDE.values(), ids=OUTSIDE)
def test_what_raises_in_numpy_raises_here(function):
    with pytest.raises((ProgramError, ArgumentError)):
        value_and_grad(function)(A)


KEYWORDS = {
    "method": lambda x: np.quantile(x, 0.3, method="nearest"),
    "kind": lambda x: np.sum(np.sort(x, kind="stable")),
    "returned": lambda x: np.average(x, returned=True)[0],
    "overwrite_input": lambda x: np.median(x, overwrite_input=True),
}


@pytest.mark.parametrize("name", KEYWORDS)
def test_a_keyword_is_refused_by_name(name):
    with pytest.raises(RefusedError, match=f"'{name}'"):
        value_and_grad(KEYWORDS[name])(A)


def test_positions_and_defaults_are_numpys():
    def f(x):
        return np.sum(np.median(x, 0, None, False, True)) + np.sum(np.ptp(x, 0, None))

    value, _ = value_and_grad(f)(A)
    assert value == pytest.approx(f(A))
    check_grads(value_and_grad(f), (A,))


def as_float64(x):
    y = np.asarray(x, float)
    y *= 2
    return np.sum(y * x)


def as_int(x):
    y = x * 1.5
    v = np.asarray(y, int)
    v[0] = 100
    return np.sum(y) * 1.0


def real_conj(x):
    y = x * 1.0
    v = y.conj()
    v *= 3
    return np.sum(y * x)


def array_where_it_must(x):
    y = x * 1.0
    v = np.array(y, copy=None)
    v *= 3
    return np.sum(y * x)


def the_only_choice(x):
    y = x * 1.0
    v = np.choose(np.zeros(3, int), [y])
    v *= 3
    return np.sum(y * x)


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("f", [as_float64, as_int, real_conj, array_where_it_must, the_only_choice])
def test_what_shares_memory_only_where_it_can(f, dtype, target):
    """`np.asarray` of another dtype copies, `conj` of a real array does not."""
    x = np.array([1, 2, 4], dtype)
    value, gradient = value_and_grad(f, target=target)(x)
    np.testing.assert_array_equal(x, [1, 2, 4])
    assert value == f(x.copy())
    ends = [f(x + s * x) for s in (0.001, -0.001)]  # all of them are sums of products
    assert np.sum(gradient * x) == pytest.approx((ends[0] - ends[1]) / 0.002, rel=1e-3)


@pytest.mark.parametrize("subscripts", ["ii->i", "ij->ji", "ij->ij", "ij"])
def test_views_of_einsum(subscripts):
    def changed(x):
        y = np.outer(x, x)
        v = np.einsum(subscripts, y)
        v[:] = 9
        return np.sum(y)

    with pytest.raises(RefusedError, match="may share memory"):
        grad(changed)(np.array([1.0, 2.0, 4.0]))

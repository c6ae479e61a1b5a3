"""Lengths that are not known before the function runs: slices by loop variables, and masks that select."""

import numpy as np
import pytest
from backprose.transform.arguments import spec_of
from backprose.transform.pipeline import derive
from backprose.transform.request import Request
from programs.lengths import MATRICES, VECTORS

from backprose import RefusedError, grad

pytestmark = pytest.mark.usefixtures("x64")

X = np.array([0.3, -0.7, 1.2, 0.9, -0.2])
Y = np.array([0.8, 0.5, -1.1, 0.4, 0.6])
A = np.random.default_rng(5).normal(size=(4, 4))
CASES = [pytest.param(f, (X, Y), id=f.__name__) for f in VECTORS]
CASES += [pytest.param(f, (A,), id=f.__name__) for f in MATRICES]


def differences(function, arguments, directions):
    def at(step):
        return float(function(*(x + step * u for x, u in zip(arguments, directions, strict=True))))

    return (8 * (at(1e-4) - at(-1e-4)) - at(2e-4) + at(-2e-4)) / 12e-4


@pytest.mark.parametrize("target", ["numpy", "jax"])
@pytest.mark.parametrize("function, arguments", CASES)
def test_value_gradient_and_tangent(function, arguments, target):
    names = function.__code__.co_varnames[: len(arguments)]
    specs = {name: spec_of(a) for name, a in zip(names, arguments, strict=True)}
    rng = np.random.default_rng(0)
    directions = [rng.normal(size=a.shape) for a in arguments]
    copies = [a.copy() for a in arguments]
    reverse = derive(Request(function, specs, names, "value_and_grad", target=target, single=False))
    value, gradients = reverse.function(*copies)
    np.testing.assert_allclose(value, function(*(a.copy() for a in arguments)), rtol=1e-12)
    for now, before in zip(copies, arguments, strict=True):
        np.testing.assert_array_equal(now, before)
    along = sum(np.sum(g * u) for g, u in zip(gradients, directions, strict=True))
    reference = differences(function, arguments, directions)
    np.testing.assert_allclose(along, reference, rtol=1e-8, atol=1e-8)
    forward = derive(Request(function, specs, names, "jvp", target=target, single=False))
    _, tangent = forward.function(*copies, *directions)
    np.testing.assert_allclose(tangent, along, rtol=1e-11, atol=1e-11)


def test_what_a_mask_leaves_out_is_not_touched():
    """The logarithm of a negative number would be NaN, and an infinite slope would come through as NaN."""

    @grad
    def f(x):
        y = np.zeros(4)
        y[x > 0] = np.log(x[x > 0])
        return np.sum(y)

    np.testing.assert_array_equal(f(np.array([2.0, 0.0, -1.0, 4.0])), [0.5, 0, 0, 0.25])


def test_garbage_behind_a_part_does_not_come_in():
    """The rest of a buffer may hold anything, NaN as well."""

    @grad
    def f(x):
        y = np.full(5, np.nan)
        s = 0.0
        for i in range(5):
            y[i] = x[i] ** 2
            s += y[: i + 1] @ x[: i + 1] + np.max(y[: i + 1])
        return s

    x = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    np.testing.assert_allclose(f(x), 3 * x**2 * np.arange(5, 0, -1) + 2 * x)


def test_ends_that_depend_on_values():
    def f(x):
        k = np.argmax(x)
        return np.sum(x[:k] ** 2) + np.sum(x[k:]) + np.mean(x[k - 2 :])

    for target in ("numpy", "jax"):
        for place in range(5):
            x = np.arange(5.0) / 10
            x[place] = 2.0
            expected = [differences(f, (x,), (u,)) for u in np.eye(5)]
            np.testing.assert_allclose(grad(f, target=target)(x), expected, atol=1e-9)


@pytest.mark.parametrize("target", ["numpy", "jax"])
def test_lengths_that_do_not_fit(target):
    """NumPy would raise, or stretch an array of one element."""

    def masks(x):
        return np.sum(x[x > 0] * x[x < 1])

    def slices(x):
        s = 0.0
        for i in range(len(x)):
            s += np.sum(x[:i] * x[: i + 1])
        return s

    def with_a_whole(x):
        s = 0.0
        for i in range(len(x)):
            s += np.sum(x[:i] * np.ones(5))
        return s

    def returned(x):
        return x[x > 0]

    def taken_apart(x):
        a, b = x[x > 0]
        return a * b

    for function, said in (
        (masks, "where . is a length that is not known"),
        (slices, "where . is a length that is not known"),
        (with_a_whole, "where . is a length that is not known"),
        (returned, "returns an array whose length is not known"),
        (taken_apart, "how many rows"),
    ):
        with pytest.raises(RefusedError, match=said):
            grad(function, target=target)(X)

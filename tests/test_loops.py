"""Loops, branches and changes in place: what the corpus does not show, and what once went wrong."""

import jax
import numpy as np
import pytest
from programs.references import central_difference

from backprose import ArgumentError, ProgramError, grad, value_and_grad


def shrinking(x, steps):
    """`steps` is a float, so that nobody knows the number of iterations when the text is written."""
    k = 0.0
    while k < steps:
        x = np.sin(x) * 0.9 + 0.1
        k += 1.0
    return x**2


@pytest.mark.parametrize("steps", [0, 1, 2, 1_000])
def test_while_in_reverse_under_jit(steps, x64):
    value, slope = 1.3, 1.0
    for _ in range(steps):  # the chain rule by hand
        value, slope = np.sin(value) * 0.9 + 0.1, slope * np.cos(value) * 0.9
    derivative = grad(shrinking)
    assert derivative(1.3, float(steps)) == pytest.approx(2 * value * slope, rel=1e-12, abs=1e-300)
    compiled = jax.jit(lambda x, n: derivative(x, n))
    found = compiled(jax.numpy.asarray(1.3), jax.numpy.asarray(float(steps)))
    assert float(found) == pytest.approx(2 * value * slope, rel=1e-12, abs=1e-300)
    assert grad(shrinking, target="numpy")(1.3, float(steps)) == pytest.approx(
        2 * value * slope, rel=1e-12, abs=1e-300
    )


def untaken(x):
    s = 0.0
    for i in range(3):
        if x[i] > 0:
            s += np.sqrt(x[i])
        else:
            s -= x[i]
    return s


def masked(x):
    y = x * 1
    y[y < 0] = 0.0
    y[y > 1] /= x[3]
    return np.sum(y**2)


def aliased(x):
    a = np.zeros(4)
    b = a
    b[0] = x[0] * 2
    view = a[1:]
    view[::2] = x[1]
    a += x
    return np.sum(a**2) + view[0]


def transposed(x):
    a = np.outer(x, x)
    a.T[0] *= 2
    a.reshape(16)[3] = x[0]
    a.ravel()[4] += x[1]
    return np.sum(np.sin(a))


def out_argument(x):
    y = np.empty(4)
    np.multiply(x, x, out=y)
    y.fill(x[0])
    np.exp(x, out=y)
    return np.sum(y)


def repeated_places(x):
    y = np.zeros(4)
    index = np.array([1, 1, 3])
    y[index] = x[:3] ** 2  # the last of two stays
    y[index] += x[1:]
    np.add.at(y, index, x[:3])
    return np.sum(y**2)


def names_of_one_loop(x):
    for i in range(4):
        last = x[i] * i
    for i in range(2, -1, -1):
        last = last + x[i] ** i
    return last * i + last


def left_in_the_middle(x):
    for i in range(4):
        for j in range(4):
            if j > i:
                continue
            if x[i] * x[j] > 0.5:
                return x[i] * x[j] ** 2
        else:
            x[i] = x[i] * 2
    return np.sum(x)


def first_is_none(x):
    total = None
    for v in (x, x * 2):
        total = v if total is None else total + v
    return np.sum(total**2)


PROGRAMS = [untaken, masked, aliased, transposed, out_argument, repeated_places, names_of_one_loop,
            left_in_the_middle, first_is_none]  # fmt: skip


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize("function", PROGRAMS, ids=lambda f: f.__name__)
def test_value_and_gradient(function, target, x64):
    x = np.array([0.3, -0.7, 1.9, 0.8])
    value, gradient = value_and_grad(function, target=target)(x)
    np.testing.assert_array_equal(x, [0.3, -0.7, 1.9, 0.8])
    assert value == pytest.approx(function(x.copy()), rel=1e-12)
    assert np.all(np.isfinite(gradient))
    for k in range(4):
        direction = np.eye(4)[k]
        plain = lambda u: function(u.copy())  # noqa: E731
        slope = central_difference(plain, [x], range(1), [direction])
        assert gradient[k] == pytest.approx(slope, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("steps", [0, 1, 8])
def test_a_while_loop_with_a_bound(steps, x64):
    bounded = grad(shrinking, max_steps=8)
    x = np.float64(1.3)
    expected = grad(shrinking, target="numpy")(x, float(steps))
    assert bounded(x, float(steps)) == pytest.approx(expected, rel=1e-12)
    assert "jnp.zeros(8)" in bounded.source and "saved" not in bounded.source


def test_a_while_loop_that_runs_longer_than_its_bound(x64):
    """The value of the derivative is not known then, and must not look as if it were."""
    value, gradient = value_and_grad(shrinking, max_steps=8)(np.float64(1.3), 9.0)
    assert np.isnan(gradient) and value == pytest.approx(shrinking(1.3, 9.0), rel=1e-12)
    with pytest.raises(ArgumentError, match="max_steps must be a positive int"):
        grad(shrinking, max_steps=0)


def test_compile_time_does_not_grow_with_the_loop():
    def text(n):
        return grad(lambda x: untaken_many(x)).source_for(np.zeros(n))

    assert text(1_000).count("\n") == text(10).count("\n")


def untaken_many(x):
    y = np.zeros_like(x)
    for i in range(1, len(x)):
        y[i] = np.tanh(y[i - 1]) + x[i]
    return np.sum(y)


def beyond(x):
    s = 0.0
    for i in range(4):
        s += x[i] * x[i + 1]
    return s


def before(x):
    for i in range(4):
        x[i - 6] = 1.0
    return np.sum(x)


def every_second(x):
    return sum([x[i] for i in range(0, 6, 2)])


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize("function, place", [(beyond, 4), (before, -6), (every_second, 4)])
def test_a_loop_that_runs_out_of_an_axis(function, place, target):
    """NumPy raises IndexError; compiled code would read another element."""
    with pytest.raises(ProgramError, match=f"IndexError: in this loop index {place} is out of"):
        grad(function, target=target)(np.ones(4))


def guarded(x):
    s = 0.0
    for i in range(4):
        if i + 1 < 4:
            s += x[i] * x[i + 1]
    for i in range(0, 4, 2):
        s += x[i + 1] ** 2
    for i in range(4):
        for j in range(4 - i):
            s += x[i + j] * x[-1 - i]
    return s


@pytest.mark.parametrize("target", ["jax", "numpy"])
def test_a_loop_that_stays_inside(target, x64):
    x = np.array([0.5, -1.0, 2.0, 1.5])
    units = np.eye(4)
    expected = [central_difference(guarded, [x], [0], [u]) for u in units]
    np.testing.assert_allclose(grad(guarded, target=target)(x), expected, rtol=1e-7)

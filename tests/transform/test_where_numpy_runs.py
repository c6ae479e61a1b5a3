"""Ordinary programs that NumPy runs, some of them long, deep or odd: the value is Python's, the derivative that of differences."""

import functools
import linecache
from dataclasses import dataclass

import numpy as np
import pytest

from backprose import RefusedError, grad, value_and_grad

X = np.array([0.5, 1.0, 2.0])
WEIGHTS, NOTHING = np.arange(3.0), np.zeros((0, 2))
POLYNOMIAL = np.polynomial.Polynomial([1.0, -2.0, 0.5], domain=[0, 2])


@dataclass
class Affine:
    slope: float

    def __call__(self, x):
        return self.slope * x + 1.0


AFFINE = Affine(2.0)


def written(name, lines):
    """A function from its lines, of which there are too many to read."""
    text = f"def {name}(x):\n" + "".join(f"    {line}\n" for line in lines)
    filename = f"<{name} of test_where_numpy_runs>"
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    namespace = {"np": np}
    exec(compile(text, filename, "exec"), namespace)
    return namespace[name]


long_sum = written("long_sum", ["return " + " + ".join(f"x[{k % 3}] * {k}.0" for k in range(250))])
many_sides = written(
    "many_sides",
    [
        "n = x.size",
        "if n == 0: y = x",
        *(f"elif n == {k + 4}: y = x * {k}.0" for k in range(200)),
        "else: y = x**2",
        "return np.sum(y)",
    ],
)


def objects(x):
    return np.sum(AFFINE(x) ** 2) + np.sum(POLYNOMIAL(x))


def ways(t, p):
    if t == 0:
        return np.exp(-p)
    if t > 1:
        return p * ways(t - 1, p) + ways(t - 2, p)
    return p * ways(t - 1, p)


def recursion_in_a_loop(x):
    total = 0.0
    for t in range(3):
        total += ways(t, x[0])
    return total


def otherwise(x):
    for i in range(3):
        if x[i] > 1.5:
            y = x[i] * 3
            break
    else:
        y = np.sum(x) ** 2
    return y


def returned_by_a_helper(x):
    def bump(F, d):
        F += d
        return F

    z = x * 2
    for _ in range(3):
        z = bump(z, 0.5)
    return np.sum(z**2)


def constants_that_are_updated(x):
    y = x * 1.0
    y[1:] *= 2
    for i in range(1, 3):
        y[i] += 0.5 * y[i - 1]
    return np.sum(y * WEIGHTS) + np.sum(np.pad(x[:1], 1, "edge") * WEIGHTS)


def large_numbers(x):
    return np.sum(x) * 10**20 + np.sum(x[x > 0.6]) * 2_000_000_000


def odd_indices(x):
    a = np.sum(x[[]]) + np.sum(x[range(2)] ** 2) + np.sum(x[[True, False, True]])
    return a + np.sum(np.concatenate([NOTHING, x[None, :2]]) ** 3)


def list_of_lambdas(x):
    return sum([np.sum(f(x) ** 2) for f in [lambda v, i=i: v * i for i in range(3)]])


def in_place_methods(x):
    y = x[::-1].copy()
    y.sort()
    z = np.ones(2)
    np.multiply.at(z, [0, 1, 0], x)
    return np.sum(y * WEIGHTS) + np.sum(z**2) + x.compress([True, False, True]).sum()


def tables(x):
    p = np.stack([x[:2], x[1:]])
    return (
        np.sum(np.polyval(p, x[:2]))
        + np.percentile(x, [[10, 50], [60, 90]])[1, 1]
        + np.sum(np.triu(x) ** 2)
    )


def first_row(x):
    return np.sum(max((x * x)[None]) * WEIGHTS)


def one_of_three_axes(x):
    return x.reshape(1, 3, 1)[0, 1, 0] ** 2


def _(µ):
    return np.prod(µ)


def names(x):
    _ = np.sum(x**2)
    s = np.linalg.slogdet(np.diag(x))[1]
    return _ + s


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize(
    "function",
    [
        long_sum, many_sides, objects, recursion_in_a_loop, otherwise, returned_by_a_helper, large_numbers,
        constants_that_are_updated, odd_indices, list_of_lambdas, in_place_methods, tables, first_row,
        one_of_three_axes, _, names,
    ],
    ids=lambda f: f.__name__,
)  # fmt: skip
def test_value_and_gradient(function, target):
    value, found = value_and_grad(function, target=target)(X.copy())
    np.testing.assert_allclose(value, function(X.copy()), rtol=1e-12)
    assert found.shape == X.shape
    for k in range(3):
        step = np.zeros(3)
        step[k] = 1e-5
        difference = (function(X + step) - function(X - step)) / 2e-5
        np.testing.assert_allclose(found[k], difference, rtol=1e-6, atol=1e-6)


def decorated(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs) * 2.0

    return inner


@decorated
def scaled(x, power=2, *, factor=1.0):
    return factor * np.sum(x**power)


def test_a_decorated_function_has_its_own_parameters():
    np.testing.assert_allclose(grad(scaled)(X), 4 * X)
    assert grad(scaled, "factor")(X, 3, factor=2.0) == pytest.approx(2 * np.sum(X**3))


def test_slices_and_parts_by_their_ranges():
    def before_its_start(x):
        return sum([np.sum(x[i : i - 1]) for i in range(3)])

    def behind_the_end(x):
        total = 0.0
        for i in range(3):
            total += x[i:][i]
        return total

    def of_nothing(x):
        total = 0.0
        for i in range(3):
            total += np.min(x[i + 1 :])
        return total

    assert value_and_grad(before_its_start)(X)[0] == before_its_start(X)
    for function, error in ((behind_the_end, "IndexError"), (of_nothing, "ValueError")):
        with pytest.raises(ValueError, match=error):
            grad(function)(X)
    assert np.isnan(value_and_grad(lambda x: np.max(x[x > 9]))(X)[0])


def test_errors_come_from_the_users_call_and_say_what_was_meant():
    def misspelt(x):
        return np.smu(x)

    with pytest.raises(Exception, match="did you mean 'sum'") as caught:
        grad(misspelt)(X)
    assert "misspelt" not in caught.value.span.text and "np.smu(x)" in caught.value.span.text
    assert len(caught.traceback) <= 3

    def endless(x):
        return endless(x * 0.5) if x[0] > 0.1 else np.sum(x)

    with pytest.raises(RefusedError, match="calls itself until a value ends it"):
        grad(endless)(X)

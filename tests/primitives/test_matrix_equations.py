"""Equations with matrices whose arguments have to be symmetric or positive definite, against central differences."""

import inspect

import jax
import numpy as np
import pytest
import scipy.linalg
from backprose.transform.arguments import spec_of
from backprose.transform.pipeline import derive
from backprose.transform.request import Request
from scipy.linalg import cholesky_banded, solve_continuous_are, solve_discrete_are, solveh_banded

import backprose

STEP = 1e-6


def along(function, arguments, directions):
    """The derivative along a direction by central differences."""
    ends = [
        function(*(a + sign * STEP * u for a, u in zip(arguments, directions, strict=True)))
        for sign in (1, -1)
    ]
    return (ends[0] - ends[1]) / (2 * STEP)


def check(function, arguments, target, rng):
    directions = [rng.normal(size=a.shape) for a in arguments]
    every = tuple(range(len(arguments)))
    value, gradients = backprose.value_and_grad(function, every, target=target)(*arguments)
    np.testing.assert_allclose(value, function(*arguments), rtol=1e-10)
    ours = sum(np.sum(g * u) for g, u in zip(gradients, directions, strict=True))
    np.testing.assert_allclose(ours, along(function, arguments, directions), rtol=1e-6)
    specs = dict(zip(inspect.signature(function).parameters, map(spec_of, arguments), strict=True))
    forward = derive(Request(function, specs, tuple(specs), "jvp", target=target)).function
    with jax.enable_x64(True):
        _, tangent = forward(*arguments, *directions)
    np.testing.assert_allclose(tangent, ours, rtol=1e-9)


WEIGHTS = np.cos(np.arange(9.0)).reshape(3, 3)


def continuous(a, b, q, r):
    return np.sum(WEIGHTS * solve_continuous_are(a, b, (q + q.T) / 2, (r + r.T) / 2))


def discrete(a, b, q, r):
    return np.sum(WEIGHTS * solve_discrete_are(a, b, (q + q.T) / 2, (r + r.T) / 2))


@pytest.mark.parametrize("function", [continuous, discrete])
def test_riccati_equations(function, rng):
    q, r = rng.normal(size=(3, 3)), rng.normal(size=(2, 2))
    arguments = (
        rng.normal(size=(3, 3)),
        rng.normal(size=(3, 2)),
        q @ q.T + np.eye(3),
        r @ r.T + np.eye(2),
    )
    check(function, arguments, "numpy", rng)


def test_riccati_equations_are_refused_for_jax(rng):
    q = np.eye(3)
    with pytest.raises(backprose.RefusedError, match="JAX does not have"):
        backprose.grad(continuous)(rng.normal(size=(3, 3)), rng.normal(size=(3, 3)), q, q)


BANDS = np.array([[0.0, 0.3, -0.2, 0.4], [2.0, 1.5, 1.8, 2.2]])
WIDE = np.array([[0.1, 0.2, 0.3, -0.1, 0.2], [0.4, 0.3, -0.2, 0.4, 0.1], [2.0, 1.5, 1.8, 2.2, 1.9]])


def solved(ab, b):
    return np.sum(solveh_banded(ab, b) ** 2)


def solved_lower(ab, b):
    return np.sum(solveh_banded(ab[::-1], b, lower=True) ** 2)


def factor(ab):
    return np.sum(cholesky_banded(ab) ** 3)


def factor_lower(ab):
    return np.sum(cholesky_banded(ab[::-1], lower=True) ** 3)


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize("ab", [BANDS, WIDE], ids=["two", "three"])
@pytest.mark.parametrize("function", [solved, solved_lower])
def test_positive_definite_bands(function, ab, target, rng):
    check(function, (ab, rng.normal(size=ab.shape[1])), target, rng)


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize("sides", [(0, 0), (1, 0), (0, 1), (1, 1), (2, 0), (1, 3)])
@pytest.mark.parametrize("shape", [(5,), (5, 2)])
def test_systems_of_bands(sides, shape, target, rng):
    """Also where a row is exchanged for another, and of what lies outside of the matrix, which does not matter."""
    ab = 0.7 * rng.normal(size=(sum(sides) + 1, 5))
    ab[sides[1]] = rng.uniform(0.6, 1.2, size=5)

    def f(ab, b):
        return np.sum(np.sin(scipy.linalg.solve_banded(sides, ab, b)))

    check(f, (ab, rng.normal(size=shape)), target, rng)


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize("function", [factor, factor_lower])
def test_factors_of_bands(function, target, rng):
    """What lies outside of the matrix stays as it is given, as in SciPy."""
    check(function, (BANDS + 0.01,), target, rng)


def equation(a, x):
    return a @ x + x @ a.T


def test_lyapunovs_equation_is_solved(rng):
    a, q = rng.normal(size=(3, 3)), rng.normal(size=(3, 3))

    def residual(a, q):
        return np.sum((equation(a, scipy.linalg.solve_continuous_lyapunov(a, q)) - q) ** 2)

    value, gradients = backprose.value_and_grad(residual, (0, 1))(a, q)
    assert value < 1e-20
    assert all(np.max(np.abs(g)) < 1e-8 for g in gradients)

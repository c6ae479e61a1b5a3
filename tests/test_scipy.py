"""SciPy's optimisers take our functions as they are."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from backprose import grad, value_and_grad


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def logistic_loss(w, X, y, penalty):
    margin = y * (X @ w)
    return np.mean(np.log1p(np.exp(-margin))) + penalty * np.sum(w**2)


@pytest.fixture
def classes(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
    X = rng.normal(size=(60, 4))
    y = np.where(X @ np.array([1.0, -2.0, 0.5, 0.0]) + rng.normal(size=60) > 0, 1.0, -1.0)
    return X, y, 0.01


@pytest.mark.parametrize("target", ["jax", "numpy"])
def test_check_grad(rng, target):
    x = rng.normal(size=5)
    assert optimize.check_grad(rosenbrock, grad(rosenbrock, target=target), x) < 1e-4


def test_check_grad_with_further_arguments(rng, classes):
    error = optimize.check_grad(logistic_loss, grad(logistic_loss), rng.normal(size=4), *classes)
    assert error < 1e-6


@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B", "CG", "TNC", "SLSQP"])
def test_minimize_with_value_and_gradient(method):
    start = np.array([-1.2, 1.0, -0.5, 0.8])
    found = optimize.minimize(value_and_grad(rosenbrock), start, jac=True, method=method)
    assert found.fun < 1e-5
    assert found.nfev < 300  # with differences each gradient would cost four more


def test_minimize_with_a_separate_gradient(classes):
    found = optimize.minimize(
        logistic_loss, np.zeros(4), args=classes, jac=grad(logistic_loss), method="BFGS"
    )
    assert found.success
    without = optimize.minimize(logistic_loss, np.zeros(4), args=classes, method="BFGS")
    assert np.allclose(found.x, without.x, atol=1e-4)
    assert found.nfev < without.nfev / 3


def test_root_of_a_gradient(classes):
    gradient = grad(logistic_loss)
    found = optimize.root(lambda w: gradient(w, *classes), np.zeros(4))
    assert found.success
    assert np.linalg.norm(gradient(found.x, *classes)) < 1e-8

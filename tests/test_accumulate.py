"""Sums of outer products over a backward loop: one matrix product behind it."""

import numpy as np
import pytest

from backprose import ArgumentError, check_grads, value_and_grad

RNG = np.random.default_rng(11)
X, H, W, U = (RNG.normal(size=n) for n in ((6, 3), (4,), (3, 4), (4, 4)))
COMMENT = "# All iterations at once: the terms are added up in another order."


def recurrent(X, h, W, U):
    for t in range(len(X)):
        h = np.tanh(X[t] @ W + h @ U)
    return np.sum(h**2) + np.sum(W)


def from_the_left(X, h, W, U):
    for t in range(len(X)):
        h = np.cos(W.T @ X[t] - U @ h)
    return np.sum(h**2)


def twice_nested(X, h, W, U):
    for _ in range(3):
        for t in range(len(X)):
            h = np.tanh(X[t] @ W + h @ U)
    return np.sum(h**2)


@pytest.mark.parametrize("function", [recurrent, from_the_left, twice_nested])
@pytest.mark.parametrize("reassociate", [True, False])
def test_gradients(function, reassociate):
    derivative = value_and_grad(function, (0, 1, 2, 3), reassociate=reassociate)
    check_grads(derivative, (X, H, W, U))
    text = derivative.source_for(X, H, W, U)
    assert (COMMENT in text) is reassociate
    expected = value_and_grad(function, (0, 1, 2, 3), target="numpy")(X, H, W, U)
    for one, two in zip(derivative(X, H, W, U)[1], expected[1], strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-12, atol=1e-13)


def test_the_products():
    text = value_and_grad(recurrent, (0, 1, 2, 3)).source_for(X, H, W, U)
    assert "dU = hs1.T @ ts" in text and "dX = ts @ W.T" in text and "jnp.outer" not in text


def test_a_product_of_what_changes_stays_in_the_loop():
    def turned(X, W):
        s = 0.0
        for t in range(len(X)):
            W = W * 1.1
            s += np.sum(np.sin(X[t] @ W))
        return s

    derivative = value_and_grad(turned, (0, 1))
    check_grads(derivative, (X, W))
    assert COMMENT not in derivative.source_for(X, W)


def test_a_sum_that_the_loop_reads_stays_in_the_loop():
    """Fast weights: the adjoint of W grows by outer products, and each iteration needs it."""

    def fast_weights(X, W):
        s = 0.0
        for t in range(len(X)):
            h = np.tanh(X[t] @ W)
            W = W + 0.1 * np.outer(X[t], h)
            s += np.sum(h**2)
        return s

    derivative = value_and_grad(fast_weights, (0, 1))
    check_grads(derivative, (X, W))
    big = np.tile(W, (1, 3))
    check_grads(value_and_grad(fast_weights, (0, 1)), (X, big))


def test_a_product_of_matrices_stays_in_the_loop():
    """Beside a sum of outer products; of square matrices, whose product has a shape on either side."""

    def both(X, Z, W, Q):
        s = 0.0
        for t in range(len(X)):
            h = np.tanh(X[t] @ W)
            s += np.sum(h**2) + np.sum(np.sin(Q.T @ Z[t]))
        return s

    square, stack = RNG.normal(size=(2, 4, 4)), RNG.normal(size=(6, 4, 4))
    point = (RNG.normal(size=(6, 4)), stack, square[0], square[1])
    derivative = value_and_grad(both, (0, 1, 2, 3))
    check_grads(derivative, point)
    assert COMMENT in derivative.source_for(*point)


def test_what_is_no_option():
    with pytest.raises(ArgumentError, match="reassociate must be True or False"):
        value_and_grad(recurrent, reassociate=1)

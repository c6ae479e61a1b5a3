"""`jax.vmap` over derivatives keeps 64 bits, in 64-bit mode or not."""

import jax
import numpy as np
import pytest

from backprose import grad, lower, value_and_grad


def energy(x):
    return np.sum(np.exp(x) * x)


def recurrence(x):
    total = 0.0
    for i in range(3):
        total = np.tanh(total + x[i])
    return total


def product(x, w):
    return np.sum(x * w)


@pytest.fixture(params=[False, True], ids=["32-bit mode", "64-bit mode"])
def mode(request):
    with jax.enable_x64(request.param):
        yield


@pytest.mark.parametrize("function", [energy, recurrence])
def test_one_axis(function, mode, rng):
    rows = rng.normal(size=(4, 3))
    found = jax.vmap(grad(function))(rows)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, [grad(function)(row) for row in rows], rtol=1e-14)


def test_two_axes(mode, rng):
    rows = rng.normal(size=(2, 4, 3))
    found = jax.vmap(jax.vmap(grad(energy)))(rows)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, np.exp(rows) * (rows + 1), rtol=1e-14)


def test_what_is_not_batched(mode, rng):
    rows, weights = rng.normal(size=(4, 3)), rng.normal(size=3)
    value, (dx, dw) = jax.vmap(value_and_grad(product, (0, 1)), in_axes=(0, None))(rows, weights)
    assert {a.dtype for a in (value, dx, dw)} == {np.dtype(np.float64)}
    np.testing.assert_allclose(dx, np.tile(weights, (4, 1)))
    np.testing.assert_allclose(dw, rows)


def test_lowered_functions(mode, rng):
    rows = rng.normal(size=(4, 3))
    found = jax.vmap(lower(energy))(rows)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, np.sum(np.exp(rows) * rows, axis=1), rtol=1e-14)


def test_32_bits_stay_32_bits(rng):
    assert jax.vmap(grad(energy))(rng.normal(size=(4, 3)).astype(np.float32)).dtype == np.float32

"""Each construct of the language: value equal to NumPy's, gradient equal to central differences, both targets."""

import numpy as np
import pytest
from programs.constructs import MATRIX, VECTOR, unused
from programs.references import assert_gradient

from backprose import grad, value_and_grad

CASES = [*((f, (6,)) for f in VECTOR), *((f, (3, 4)) for f in MATRIX)]


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize(("function", "shape"), CASES, ids=[f.__name__ for f, _ in CASES])
def test_construct(function, shape, target, rng):
    x = rng.uniform(0.2, 1.5, size=shape) * rng.choice([-1.0, 1.0], size=shape)
    kept = x.copy()
    value, gradient = value_and_grad(function, target=target, jit=False)(x)
    expected = function(x.copy())
    assert np.asarray(value).dtype == np.asarray(expected, dtype=float).dtype
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    assert gradient.shape == x.shape and gradient.dtype == x.dtype
    assert_gradient(function, [gradient], [x], [0], rng)
    np.testing.assert_array_equal(x, kept)


def test_has_aux_keeps_what_the_gradient_does_not_need(rng):
    x = rng.normal(size=6)
    gradient, aux = grad(unused, has_aux=True)(x)
    np.testing.assert_allclose(gradient, np.full(6, 3.0))
    np.testing.assert_allclose(aux, unused(x)[1])


def test_dead_code_is_dropped(rng):
    source = grad(unused, has_aux=True).source_for(rng.normal(size=6))
    assert "exp" in source  # the auxiliary result needs it
    source = grad(lambda x: unused(x)[0]).source_for(rng.normal(size=6))
    assert "exp" not in source

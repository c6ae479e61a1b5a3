"""Functions without a rule: JAX differentiates that one operation, and the text says so."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special
import scipy.stats
from backprose.transform.arguments import spec_of
from backprose.transform.pipeline import derive
from backprose.transform.request import Request
from programs.references import assert_gradient, central_difference

from backprose import RefusedError, grad, lower, value_and_grad


def cumulative(x):
    return np.sum(np.cumsum(np.append(x**2, 1.0)) * np.polyint(np.tanh(x)))


def middle(x):
    return np.nanmedian(x * np.sin(x)) * x[0]


def several_arguments(x):
    return np.sum(np.polymul(x, np.sin(x)) ** 2)


def special_function(x):
    return np.sum(scipy.special.comb(x + 3, x**2) * np.exp(x))


def of_jax(x):
    return np.sum(jax.nn.logmeanexp(x) * jnp.sin(x)) + jnp.sum(jax.lax.cumlogsumexp(x) ** 2)


def hidden_names(u):
    # The lambda around the operation must not take the name of a variable inside it.
    v = np.array([2.0, 1.0, 1.0, 3.0])
    w = np.cumprod(u)
    return np.sum(scipy.special.comb(v + 3, (w * u) ** 2 + 0.5) * np.cumsum(w))


def pooled(x):
    return jnp.sum(jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (2,), (1,), "VALID") ** 2)


FUNCTIONS = [
    pooled,
    cumulative,
    middle,
    several_arguments,
    special_function,
    of_jax,
    hidden_names,
]

OF_JAX = (of_jax, pooled)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_value_and_gradient(function, rng):
    x = rng.normal(size=4)
    f = value_and_grad(function)
    value, gradient = f(x)
    assert value == pytest.approx(float(function(x)), rel=1e-6 if function in OF_JAX else 1e-12)
    if function in OF_JAX:  # JAX itself computes in 32 bits when it is called from outside
        with jax.enable_x64(True):
            assert_gradient(lambda x: function(jnp.asarray(x)), [gradient], [x], [0], rng)
    else:
        assert_gradient(function, [gradient], [x], [0], rng)
    assert "# No rule for" in f.source
    assert "jax.vjp(" in f.source


def test_a_function_of_jax_numpy_with_a_rule_needs_no_fallback(rng):
    source = grad(lambda x: jnp.sum(jnp.tanh(x) @ x)).source_for(rng.normal(size=3))
    assert "vjp" not in source


@pytest.mark.parametrize("function", [middle, of_jax], ids=lambda f: f.__name__)
def test_numpy_text_cannot_use_jax(function, rng):
    with pytest.raises(RefusedError, match="has no rule|is a function of JAX") as caught:
        grad(function, target="numpy")(rng.normal(size=3))
    assert caught.value.span is not None and caught.value.remedy


def test_what_the_fallback_cannot_do_is_refused(rng):
    with pytest.raises(RefusedError, match="a container with other things"):
        grad(lambda x: np.sum(jax.lax.sort((x, np.arange(4)))[0]))(rng.normal(size=4))


def test_several_results(rng):
    """Integers among them have no derivative; of the others those that are used are differentiated."""
    A = rng.normal(size=(3, 4))

    def largest(A):
        values, places = jax.lax.top_k(A, 2)
        return np.sum(values**2 * np.array([1.0, 3.0])) + np.sum(places)

    ordered = np.sort(A, axis=1)
    expected = np.zeros_like(A)
    expected[A == ordered[:, -1:]] = 2 * ordered[:, -1]
    expected[A == ordered[:, -2:-1]] = 6 * ordered[:, -2]
    np.testing.assert_allclose(grad(largest)(A), expected, rtol=1e-14)

    def of_wide(A):  # more columns than rows: our rule does not hold
        q, r = np.linalg.qr(A)
        return np.sum(np.abs(q) ** 3) + np.sum(r**2)

    with jax.enable_x64(True):
        expected = jax.grad(lambda A: sum(jnp.sum(f) for f in (jnp.abs(jnp.linalg.qr(A)[0]) ** 3, jnp.linalg.qr(A)[1] ** 2)))(A)  # fmt: skip
        _, tangent = jax.jvp(lower(of_wide), (A,), (A,))
    found = grad(of_wide)(A)
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    assert tangent == pytest.approx(np.sum(found * A))


def test_what_jax_cannot_differentiate_either_is_refused():
    with pytest.raises(RefusedError, match="not in JAX either"):
        grad(lambda a: scipy.special.betainc(a, 2.0, 0.3))(1.5)
    with pytest.raises(RefusedError, match="with respect to this argument"):
        grad(lambda df: scipy.stats.t.cdf(1.0, df))(2.5)
    with pytest.raises(RefusedError, match="at several places"):
        grad(lambda x: np.sum(np.insert(x, [0, 1], 2.0)))(np.ones(3))


def test_lists_of_arrays_and_forward_mode(rng):
    x = rng.normal(size=4)

    def f(x):
        joined = jax.lax.concatenate([x, x[:2] ** 2], 0)
        return np.sum(joined**2) + np.sum(np.cumprod(x) * x)

    def of_numpy(x):
        return np.sum(np.concatenate([x, x[:2] ** 2]) ** 2) + np.sum(np.cumprod(x) * x)

    assert_gradient(of_numpy, [grad(f)(x)], [x], [0], rng)
    function = derive(Request(f, {"x": spec_of(x)}, ("x",), "jvp")).function
    direction = rng.normal(size=4)
    with jax.enable_x64(True):
        _, tangent = function(x, direction)
    assert float(tangent) == pytest.approx(
        central_difference(of_numpy, [x], [0], [direction]), rel=1e-6
    )

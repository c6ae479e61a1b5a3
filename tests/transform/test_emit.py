"""Names in the emitted text: nothing the user wrote is hidden, nothing of ours hides what the user wrote."""

import sys
from pathlib import Path

import numpy as np
import pytest
from programs.references import assert_gradient

from backprose import RefusedError, grad, value_and_grad

sys.path.insert(0, str(Path(__file__).parent))
import other_module

SCALE = 3.0
TABLE = np.array([1.0, 2.0, 3.0])
t = 5.0


class Box:
    def __init__(self, scale, weights):
        self.scale, self.weights = scale, weights

    def apply(self, x):
        return np.sum(x * self.weights) * self.scale


def same_names_in_two_modules(x):
    return SCALE * np.sum(x * TABLE) + other_module.scaled(x) + other_module.SCALE


def parameter_named_like_a_global(x, SCALE):
    return SCALE * np.sum(x) + other_module.scaled(x)


def local_named_like_a_global(x):
    SCALE = np.sum(x)
    return SCALE**2 + other_module.scaled(x)


def constant_named_like_a_temporary(x):
    return t * np.sum(np.sin(np.cos(x) * t) ** 2 * np.cos(x))


def variables_named_like_ours(x):
    dx = np.sin(x)
    e = np.exp(dx)
    total = np.sum(e)
    t1 = total * e
    value = np.tanh(t1)
    return np.sum(value * dx) / total


def variables_named_like_python(x):
    float_, int, bool, slice = x * 2, x * 3, x > 0, x * 5  # noqa: A001
    place = np.where(bool, int, float_)
    return np.sum(place * slice * x.astype(np.float64))


CASES = [
    same_names_in_two_modules,
    local_named_like_a_global,
    constant_named_like_a_temporary,
    variables_named_like_ours,
    variables_named_like_python,
]


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize("function", CASES, ids=lambda f: f.__name__)
def test_names_do_not_clash(function, target, rng):
    x = rng.normal(size=3)
    value, gradient = value_and_grad(function, target=target)(x)
    assert value == pytest.approx(function(x), rel=1e-13)
    assert_gradient(function, [gradient], [x], [0], rng)


def test_a_parameter_does_not_hide_a_global_of_another_module(rng):
    x = rng.normal(size=3)
    value, gradient = value_and_grad(parameter_named_like_a_global)(x, 2.0)
    assert value == pytest.approx(parameter_named_like_a_global(x, 2.0), rel=1e-13)
    np.testing.assert_allclose(gradient, 2.0 + 100.0 * other_module.TABLE)


def test_attributes_of_two_objects_and_their_changes(rng):
    a, b = Box(2.0, np.array([1.0, 2.0, 3.0])), Box(5.0, np.array([4.0, 5.0, 6.0]))

    def f(x):
        return a.apply(x) + b.apply(x)

    g, x = grad(f), rng.normal(size=3)
    np.testing.assert_allclose(g(x), 2 * a.weights + 5 * b.weights)
    a.scale = 7.0
    np.testing.assert_allclose(g(x), 7 * a.weights + 5 * b.weights)
    b.weights[0] = -1.0
    np.testing.assert_allclose(g(x), 7 * a.weights + 5 * b.weights)
    b.weights = np.ones(3)
    np.testing.assert_allclose(g(x), 7 * a.weights + 5 * b.weights)


@pytest.mark.parametrize("name", ["jnp", "np", "jax", "place", "float"])
def test_a_parameter_that_hides_a_module_is_refused(name):
    namespace = {}
    from backprose.transform.emitted import Emitted
    from backprose.transform.load import load

    f = load(
        Emitted(
            f"import numpy\ndef f({name}):\n    return numpy.sum({name} * {name})\n", "f", namespace
        )
    )
    with pytest.raises(RefusedError, match=f"parameter named '{name}'"):
        grad(f)(np.ones(3))


def test_comments_of_the_user_are_kept_and_long_lines_are_broken(rng):
    def f(first, second):
        # above the line
        product = first * second  # behind the line
        return np.sum(product) + np.sum(
            np.sin(first) * np.cos(second) * np.tanh(first) * np.exp(second) / first
        )

    source = value_and_grad(f, argnums=(0, 1)).source_for(rng.normal(size=3), rng.normal(size=3))
    assert "    # above the line\n    product = first * second  # behind the line\n" in source
    assert all(len(line) <= 100 for line in source.splitlines())


def test_a_called_function_keeps_its_name_where_its_inside_is_not_needed(rng):
    def logistic(q):
        return 1 / (1 + np.exp(-q))

    def f(x):
        return np.sum(logistic(x) * logistic(2 * x))

    source = grad(f).source_for(rng.normal(size=3))
    assert source.count("def logistic(q):\n    return 1 / (1 + jnp.exp(-q))\n") == 1
    assert "logistic(x)" in source and "logistic(2 * x)" in source


def test_an_inlined_function_is_named_in_a_comment(rng):
    def softplus(q):
        return np.log(1 + np.exp(q))

    source = grad(lambda x: np.sum(softplus(x))).source_for(rng.normal(size=3))
    assert "# softplus(x)" in source

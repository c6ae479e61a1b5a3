"""Arrays that JAX has made cannot be changed in place: the reference is Python, which runs the function itself."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from backprose.transform.errors import ProgramError, RefusedError
from jax import lax

from backprose import lower, value_and_grad


def sine_under_two_names(x):
    y = jnp.sin(x)
    z = y
    z += 1
    return np.sum(y * z)


def product_with_a_number_of_jax(x):
    y = x * jnp.sum(x)
    z = y
    z += 1
    return np.sum(y * z)


def numpys_array_takes_jaxs(x):
    y = np.sin(x)
    z = y
    z += jnp.cos(x)
    return np.sum(y * z)


def argument_as_an_array_of_jax(x):
    y = jnp.asarray(x)
    y += 1
    return np.sum(x * y)


@jax.jit
def one_more(v):
    v += 1
    return v


def argument_of_a_compiled_function(x):
    y = x * 1.0
    z = one_more(y)
    return np.sum(y * z)


def compiled_inside(x):
    compiled = jax.jit(lambda v: one_more(v) * v)
    w = x * 2
    return np.sum(compiled(w) * w)


def items_of_a_filled_list(x):
    found = []
    for k in range(3):
        found.append(jnp.sin(x) * k)
    for row in found:
        other = row
        other += 1
    total = 0.0
    for row in found:
        total = total + np.sum(row * row)
    return total


def number_carried_by_a_loop(x):
    total = 0.0
    for k in range(3):
        total = total + jnp.sum(x) * k
    y = x * total
    y += 1
    return np.sum(y * y)


def row_of_numpys_array(x):
    table = np.outer(x, x)
    same = table
    table[0] += jnp.sin(x)
    return np.sum(table * same)


def part_of_an_array_of_jax(x):
    y = jnp.sin(x)
    rest = y[1:]
    rest *= 2
    return np.sum(y) + np.sum(rest**2)


def numpys_function_that_calls_the_method(x):
    z = np.reshape(jnp.outer(x, x), (9,))
    w = z
    w += 1
    return np.sum(z * w)


def numpys_function_of_an_array_of_jax(x):
    z = np.where(jnp.sin(x) > 0, x, 0.0)
    y = z
    z += 1
    return np.sum(z * y)


def unary_operator(x):
    y = -jnp.sin(x)
    z = y
    z **= 2
    return np.sum(z * y)


def builtin_function(x):
    y = abs(jnp.sin(x))
    z = y
    z /= 2
    return np.sum(z * y)


def batched(x):
    rows = jax.vmap(lambda r: r * 2)(np.outer(x, x))
    other = rows
    other += 1
    return np.sum(rows * other)


@lower
def lowered(v):
    v += 1
    return v * v


def argument_of_a_lowered_function(x):
    w = x * 1.0
    z = lowered(w)
    return np.sum(z * w)


def elements_of_numpys_array(x):
    y = np.zeros(3)
    for i in range(3):
        y[i] = jnp.sin(x[i])
    z = y
    z += 1
    return np.sum(z * y)


def numpys_array_in_a_loop(x):
    a = np.ones(3)
    b = a
    for _ in range(3):
        a += jnp.sum(x)
    return np.sum(a * b)


def sums_in_a_loop(x):
    y = jnp.zeros(3)
    old = y
    for k in range(3):
        old = y
        y += x * k
    return np.sum(y * old)


def stacked_by_a_scan(x):
    _, rows = lax.scan(lambda c, r: (c + r, c), x, jnp.stack([x, x]))
    other = rows
    other += 1
    return np.sum(other * rows)


def class_of_an_array_of_jax(x):
    y = jnp.sin(x)
    if isinstance(y, np.ndarray) or not isinstance(y, jax.Array):
        return np.sum(y)
    return np.sum(x * x)


PROGRAMS = [
    sine_under_two_names, product_with_a_number_of_jax, numpys_array_takes_jaxs, argument_as_an_array_of_jax,
    argument_of_a_compiled_function, compiled_inside, items_of_a_filled_list, number_carried_by_a_loop,
    row_of_numpys_array, part_of_an_array_of_jax, numpys_function_that_calls_the_method,
    numpys_function_of_an_array_of_jax, unary_operator, builtin_function, batched, argument_of_a_lowered_function,
    elements_of_numpys_array, numpys_array_in_a_loop, sums_in_a_loop, stacked_by_a_scan, class_of_an_array_of_jax,
]  # fmt: skip


@pytest.mark.parametrize("function", PROGRAMS, ids=lambda f: f.__name__)
def test_value_and_gradient_are_those_of_the_function_itself(function):
    x = np.array([1.3, 2.0, 0.4])
    step = 1e-6
    with jax.enable_x64(True):
        expected = float(function(x.copy()))
        differences = [
            (float(function(x + h)) - float(function(x - h))) / (2 * step) for h in step * np.eye(3)
        ]
    for target in ("jax", "numpy"):
        value, gradient = value_and_grad(function, target=target)(x.copy())
        assert value == pytest.approx(expected, rel=1e-12), target
        np.testing.assert_allclose(gradient, differences, rtol=1e-6, err_msg=target)


def test_an_element_of_an_array_of_jax_cannot_be_assigned():
    def assigned(x):
        y = jnp.sin(x)
        y[0] = 1.0
        return np.sum(y)

    with pytest.raises(ProgramError, match="arrays that JAX has made cannot be changed in place"):
        value_and_grad(assigned)(np.ones(3))


def test_an_array_that_may_be_jaxs_has_one_name_after_a_change():
    def either(x):
        total = 0.0
        for k in range(3):
            total = total + jnp.sum(x) * k
        y = x * total
        z = y
        y += 1
        return np.sum(y * z)

    with pytest.raises(RefusedError, match="not decided whether it was changed in place") as error:
        value_and_grad(either)(np.ones(3))
    assert "np.array(y)" in str(error.value)

"""The corpus of loop programs: both modes and targets against NumPy, differences and references.

The references themselves are tested in `test_loop_references.py`.
"""

import copy
import functools

import jax
import numpy as np
import pytest
from backprose.transform.arguments import spec_of
from backprose.transform.pipeline import derive
from backprose.transform.request import Request
from programs.loop_corpus import CORPUS, inner_product

TARGETS = ("jax", "numpy")
CASES = [
    pytest.param(program, size, target, id=f"{program.name}-{size}-{target}")
    for program in CORPUS
    for size in program.sizes
    for target in TARGETS
]
PORTED = [case for case in CASES if case.values[0].port]
BY_HAND = [case for case in CASES if case.values[0].analytic]

pytestmark = pytest.mark.usefixtures("x64")


@functools.cache
def derived(program, size, target, mode):
    specs = {name: spec_of(value, name) for name, value in program.at(size).items()}
    request = Request(program.function, specs, program.wrt, mode, target=target, single=False)
    return derive(request).function


@functools.cache
def value_and_gradients(program, size, target):
    """The gradients are by name."""
    function = derived(program, size, target, "value_and_grad")
    value, gradients = function(*program.at(size).values())
    return value, dict(zip(program.wrt, gradients, strict=True))


@functools.cache
def differences(program, size):
    """Pairs of a direction and the derivative of the user's own function along it."""
    arguments = program.at(size)
    directions = program.directions(arguments, size)
    return [(u, program.difference(arguments, u)) for u in directions]


@functools.cache
def port_gradients(program, size):
    return program.port_gradients(program.at(size))


def tangents(program, direction):
    return [direction[name] for name in program.wrt]


def assert_same_gradients(found, expected):
    assert set(found) == set(expected)
    for name in expected:
        pairs = zip(jax.tree.leaves(found[name]), jax.tree.leaves(expected[name]), strict=True)
        for f, e in pairs:
            margin = 1e-10 * float(np.max(np.abs(e), initial=1e-3))
            np.testing.assert_allclose(f, e, rtol=1e-10, atol=margin, err_msg=name)


@pytest.mark.parametrize("program, size, target", CASES)
def test_value(program, size, target):
    value, _ = value_and_gradients(program, size, target)
    expected = program.value(program.at(size))
    np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("program, size, target", CASES)
def test_gradients_have_the_types_of_the_arguments(program, size, target):
    _, gradients = value_and_gradients(program, size, target)
    for name, argument in program.chosen(program.at(size)).items():
        pairs = zip(jax.tree.leaves(gradients[name]), jax.tree.leaves(argument), strict=True)
        for g, a in pairs:
            assert np.shape(g) == np.shape(a), name
            assert np.asarray(g).dtype == float, name


@pytest.mark.parametrize("program, size, target", CASES)
def test_gradients_against_differences(program, size, target):
    _, gradients = value_and_gradients(program, size, target)
    scale = program.scale(program.at(size), gradients)
    for direction, expected in differences(program, size):
        found = inner_product(gradients, direction)
        assert abs(found - expected) <= 1e-6 * max(scale, abs(expected)), direction


@pytest.mark.parametrize("program, size, target", CASES)
def test_tangents_against_gradients(program, size, target):
    value, gradients = value_and_gradients(program, size, target)
    scale = program.scale(program.at(size), gradients)
    forward = derived(program, size, target, "jvp")
    for direction in program.directions(program.at(size), size, limit=0):
        arguments = program.at(size).values()
        primal, found = forward(*arguments, *tangents(program, direction))
        np.testing.assert_allclose(primal, value, rtol=1e-12, atol=1e-15)
        expected = inner_product(gradients, direction)
        assert abs(float(found) - expected) <= 1e-9 * max(scale, abs(expected)), direction


@pytest.mark.parametrize("program, size, target", PORTED)
def test_gradients_against_the_port(program, size, target):
    _, gradients = value_and_gradients(program, size, target)
    assert_same_gradients(gradients, port_gradients(program, size))


@pytest.mark.parametrize("program, size, target", BY_HAND)
def test_gradients_against_those_by_hand(program, size, target):
    _, gradients = value_and_gradients(program, size, target)
    assert_same_gradients(gradients, program.analytic(**program.at(size)))


@pytest.mark.parametrize("mode", ["value_and_grad", "jvp"])
@pytest.mark.parametrize("program, size, target", CASES)
def test_arguments_are_left_unchanged(program, size, target, mode):
    """Also where the user's function overwrites its own."""
    arguments = program.at(size)
    more = []
    if mode == "jvp":
        more = tangents(program, program.directions(arguments, size, limit=0)[0])
    before = copy.deepcopy((arguments, more))
    derived(program, size, target, mode)(*arguments.values(), *more)
    for now, then in zip(jax.tree.leaves((arguments, more)), jax.tree.leaves(before), strict=True):
        np.testing.assert_array_equal(now, then)

"""The references of the loop programs, checked without the package: the values of ports, gradients by hand.

The gradients of ports are compared with the package's, and those with differences, in `test_loop_programs.py`.
"""

import copy

import jax
import numpy as np
import pytest
from programs.loop_corpus import CORPUS, inner_product

CASES = [
    pytest.param(program, size, id=f"{program.name}-{size}")
    for program in CORPUS
    for size in program.sizes
]
PORTED = [case for case in CASES if case.values[0].port]
BY_HAND = [case for case in CASES if case.values[0].analytic]


def assert_agrees_with_differences(program, size, gradients):
    arguments = program.at(size)
    scale = program.scale(arguments, gradients)
    for direction in program.directions(arguments, size):
        expected = program.difference(arguments, direction)
        found = inner_product(gradients, direction)
        assert abs(found - expected) <= 1e-6 * max(scale, abs(expected)), direction


@pytest.mark.parametrize("program, size", CASES)
def test_points_are_smooth(program, size):
    """Differences at two steps agree, which they do not near a kink or where a count changes."""
    arguments = program.at(size)
    scale = max(1e-3, 1e-3 * abs(program.value(arguments)))
    for direction in program.directions(arguments, size, limit=0):
        near = program.difference(arguments, direction, step=2e-6)
        far = program.difference(arguments, direction, step=2e-5)
        assert abs(near - far) <= 2e-6 * max(scale, abs(far))


@pytest.mark.parametrize("program, size", CASES)
def test_all_float_arrays_are_differentiated(program, size):
    for name, value in program.at(size).items():
        floats = [x for x in jax.tree.leaves(value) if np.asarray(x).dtype == float and np.ndim(x)]
        assert not floats or name in program.wrt


@pytest.mark.parametrize("program, size", PORTED)
def test_the_port_has_the_same_value(program, size, x64):
    arguments = program.at(size)
    value = program.port_value(copy.deepcopy(arguments))
    np.testing.assert_allclose(value, program.value(arguments), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("program, size", BY_HAND)
def test_gradients_by_hand_agree_with_differences(program, size):
    gradients = program.analytic(**program.at(size))
    assert_agrees_with_differences(program, size, gradients)


@pytest.mark.parametrize("program, size", [case for case in BY_HAND if case in PORTED])
def test_gradients_by_hand_agree_with_the_port(program, size, x64):
    arguments = program.at(size)
    by_port = program.port_gradients(arguments)
    for name, found in program.analytic(**arguments).items():
        np.testing.assert_allclose(found, by_port[name], rtol=1e-10, atol=1e-12)


def test_programs_have_different_names():
    assert len({program.name for program in CORPUS}) == len(CORPUS)

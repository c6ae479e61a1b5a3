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
    pytest.param(program, size, id=f"{program.name}-{size}")
    for program in CORPUS
    for size in program.sizes
]
# Forward mode at the least size, where a loop may not run at all, and at the largest.
ENDS = [c for c in CASES if c.values[1] in (c.values[0].sizes[0], c.values[0].sizes[-1])]

pytestmark = pytest.mark.usefixtures("x64")


@functools.cache
def derived(program, size, target, mode):
    specs = {name: spec_of(value, name) for name, value in program.at(size).items()}
    request = Request(program.function, specs, program.wrt, mode, target=target, single=False)
    return derive(request).function


@functools.cache
def run(program, size, target, mode):
    """The result, and the arguments before and after: in forward mode with tangents in the first direction."""
    arguments, more = program.at(size), []
    if mode == "jvp":
        more = tangents(program, program.directions(arguments, size, limit=0)[0])
    before = copy.deepcopy((arguments, more))
    result = derived(program, size, target, mode)(*arguments.values(), *more)
    return result, before, (arguments, more)


def value_and_gradients(program, size, target):
    """The gradients are by name."""
    value, gradients = run(program, size, target, "value_and_grad")[0]
    return value, dict(zip(program.wrt, gradients, strict=True))


def tangents(program, direction):
    return [direction[name] for name in program.wrt]


def assert_same_gradients(found, expected):
    assert set(found) == set(expected)
    for name in expected:
        pairs = zip(jax.tree.leaves(found[name]), jax.tree.leaves(expected[name]), strict=True)
        for f, e in pairs:
            margin = 1e-10 * float(np.max(np.abs(e), initial=1e-3))
            np.testing.assert_allclose(f, e, rtol=1e-10, atol=margin, err_msg=name)


@pytest.mark.parametrize("program, size", CASES)
def test_value_and_gradients(program, size):
    """Of both targets: against NumPy's value, differences, and the references where there are some."""
    arguments = program.at(size)
    value = program.value(program.at(size))
    directions = program.directions(arguments, size)
    differences = [(u, program.difference(arguments, u)) for u in directions]
    references = [program.port_gradients(program.at(size))] if program.port else []
    if program.analytic:
        references.append(program.analytic(**program.at(size)))
    for target in TARGETS:
        found, gradients = value_and_gradients(program, size, target)
        np.testing.assert_allclose(found, value, rtol=1e-12, atol=1e-15, err_msg=target)
        assert_types(gradients, program.chosen(arguments))
        scale = program.scale(arguments, gradients)
        for direction, expected in differences:
            error = abs(inner_product(gradients, direction) - expected)
            assert error <= 1e-6 * max(scale, abs(expected)), (target, direction)
        for reference in references:
            assert_same_gradients(gradients, reference)
        assert_unchanged(program, size, target, "value_and_grad")


def assert_types(gradients, arguments):
    """Each gradient has the shape of its argument."""
    for name, argument in arguments.items():
        pairs = zip(jax.tree.leaves(gradients[name]), jax.tree.leaves(argument), strict=True)
        for g, a in pairs:
            assert np.shape(g) == np.shape(a), name
            assert np.asarray(g).dtype == float, name


def assert_unchanged(program, size, target, mode):
    """The arguments, also where the user's function overwrites its own."""
    _, before, after = run(program, size, target, mode)
    for now, then in zip(jax.tree.leaves(after), jax.tree.leaves(before), strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("program, size", ENDS)
def test_tangents_against_gradients(program, size):
    value, gradients = value_and_gradients(program, size, "numpy")
    scale = program.scale(program.at(size), gradients)
    for target in TARGETS:
        for k, direction in enumerate(program.directions(program.at(size), size, limit=0)):
            if k == 0:
                primal, found = run(program, size, target, "jvp")[0]
            else:
                forward = derived(program, size, target, "jvp")
                more = tangents(program, direction)
                primal, found = forward(*program.at(size).values(), *more)
            np.testing.assert_allclose(primal, value, rtol=1e-12, atol=1e-15, err_msg=target)
            expected = inner_product(gradients, direction)
            error = abs(float(found) - expected)
            assert error <= 1e-9 * max(scale, abs(expected)), (target, direction)
        assert_unchanged(program, size, target, "jvp")

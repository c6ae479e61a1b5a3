"""Checked, not believed: whole arrays that XLA copies inside the loops of the optimised programs.

Copies of arrays of at least 32 elements are counted in the bodies of all `while` instructions (those of what a body
calls are counted there). Every exception says why it is one; a number that falls may be lowered here.
"""

import math
import re

import jax
import pytest
from backprose.transform.arguments import leaves, rebuild, spec_of
from backprose.transform.pipeline import derive
from backprose.transform.request import Request
from programs.loop_corpus import CORPUS

LEAST = 32  # elements of an array that counts

OTHER_PLACE = "one element or row is written and others of the same array are read, which XLA keeps apart by a copy"
A_ROW = "the row of one outer iteration is taken out and put back: in proportion to the elements worked on"
SHIFTED = "an iteration reads all of the array at shifted places and writes all of it: as much as the step itself"
BLOCK = "the tape of a block of 1,024 steps is made anew for each block: in proportion to the steps"

# name: copies in the primal, in the gradient, reason
EXCEPTIONS = {
    "cholesky_elements": (0, 3, OTHER_PLACE),
    "cholesky_rows": (2, 5, OTHER_PLACE),
    "gram_schmidt": (0, 2, OTHER_PLACE),
    "triangular_solve": (0, 1, OTHER_PLACE),
    "bubble_sort": (0, 2, OTHER_PLACE),
    "covariance": (0, 3, A_ROW),
    "matrix_sweep": (2, 3, A_ROW),
    "time_warping": (2, 8, A_ROW),
    "floyd_warshall": (0, 5, SHIFTED),
    "heat_3d": (0, 3, SHIFTED),
    "cavity_flow": (7, 12, SHIFTED),
    "n_body": (0, 3, SHIFTED),
    "european_call": (0, 6, SHIFTED),
    "american_put": (1, 4, SHIFTED),
    "adaptive_heun": (0, 9, BLOCK),
    "newton": (0, 3, BLOCK),
    "power_iteration": (0, 2, BLOCK),
    "pagerank": (0, 1, BLOCK),
}


def copied_in_loops(text: str) -> list[str]:
    """The shapes of the arrays that an optimised program copies in the bodies of its loops."""
    bodies = set(re.findall(r"body=%?([\w.\-]+)", text))
    computations = re.finditer(r"^%?([\w.\-]+) \(.*?\{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL)
    shapes = [
        shape
        for found in computations
        if found[1] in bodies
        for shape in re.findall(r"= \w+\[([\d,]+)\]\S* copy\(", found[2])
    ]
    return [s for s in shapes if math.prod(map(int, s.split(","))) >= LEAST]


def compiled(program, mode: str) -> str:
    arguments = program.at(program.sizes[-1])
    specs = {name: spec_of(x) for name, x in arguments.items()}
    derived = derive(Request(program.function, specs, program.wrt, mode, single=False))
    arrays = [x for name, spec in specs.items() for x in leaves(arguments[name], spec)]

    def call(arrays):
        parts = iter(arrays)
        return derived.function(**{name: rebuild(spec, parts) for name, spec in specs.items()})

    with jax.enable_x64(True):
        return jax.jit(call).lower(arrays).compile().as_text()


@pytest.mark.parametrize("program", CORPUS, ids=lambda p: p.name)
def test_no_array_is_copied_in_a_loop_but_for_a_reason(program):
    primal, gradient, reason = EXCEPTIONS.get(program.name, (0, 0, "no exception"))
    found = copied_in_loops(compiled(program, "primal"))
    assert len(found) <= primal, f"{found} in the primal; {reason}"
    found = copied_in_loops(compiled(program, "value_and_grad"))
    assert len(found) <= gradient, f"{found} in the gradient; {reason}"


def test_exceptions_are_of_the_corpus():
    assert set(EXCEPTIONS) <= {program.name for program in CORPUS}


def test_a_copy_is_found(x64):
    """Two arrays that change places, one iteration at a time."""

    def body(_, carry):
        u, v = carry
        return v, 2 * u

    exchange = jax.jit(lambda u, v: jax.lax.fori_loop(0, 9, body, (u, v)))
    text = exchange.lower(jax.numpy.ones(64), jax.numpy.ones(64)).compile().as_text()
    assert "64" in copied_in_loops(text)

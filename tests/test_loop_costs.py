"""What loops cost beside time, which the benchmarks measure: memory, and the size of the program."""

import re

import jax
import numpy as np
from backprose.transform.arguments import spec_of
from backprose.transform.pipeline import derive
from backprose.transform.request import Request
from programs import loops_grids, loops_iterations, loops_sequences

from backprose import value_and_grad


def program_of(function, wrt, *point):
    specs = dict(zip(function.__code__.co_varnames, map(spec_of, point), strict=False))
    derived = derive(Request(function, specs, wrt, "value_and_grad", single=False))
    with jax.enable_x64(True):
        return jax.jit(derived.function).lower(*point).compile()


def bytes_of(compiled):
    found = compiled.memory_analysis()
    sizes = (found.argument_size_in_bytes, found.output_size_in_bytes, found.temp_size_in_bytes)
    return sum(sizes)


def test_the_sweep_takes_three_times_what_it_must():
    """Its input, its output, and one saved number for each element."""
    a = np.random.default_rng(0).normal(size=(400, 400))
    assert bytes_of(program_of(loops_grids.matrix_sweep, ("a",), a)) <= 3 * (3 * a.nbytes)


def test_memory_of_a_recurrence_is_linear():
    sizes = [
        bytes_of(program_of(loops_sequences.recurrence, ("x", "d"), np.ones(n), 0.5))
        for n in (1_000, 100_000)
    ]
    assert sizes[1] <= 101 * sizes[0]


def test_memory_of_a_while_loop_is_that_of_its_checkpoints():
    """One program for any number of steps."""
    y, rates = np.ones(3), np.ones(3)
    compiled = program_of(loops_iterations.adaptive_heun, ("y", "rates"), y, rates, 5.0, 1e-9)
    assert bytes_of(compiled) < 1_000_000


def test_the_text_and_the_program_do_not_grow_with_the_loop():
    texts = [
        value_and_grad(loops_sequences.recurrence, (0, 1)).source_for(np.ones(n), 0.5)
        for n in (10, 100_000)
    ]
    assert re.sub(r"\d+", "", texts[0]) == re.sub(r"\d+", "", texts[1])
    programs = [
        program_of(loops_sequences.recurrence, ("x", "d"), np.ones(n), 0.5).as_text()
        for n in (10, 100_000)
    ]
    assert len(programs[1].splitlines()) <= 1.2 * len(programs[0].splitlines())

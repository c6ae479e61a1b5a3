"""`checkpoint=`: loops of known length in less memory."""

import jax
import numpy as np
import pytest
from backprose.transform.arguments import spec_of
from backprose.transform.options import LoopOptions
from backprose.transform.pipeline import derive
from backprose.transform.request import Request
from backprose.transform.segments import BUDGET, plan_for
from programs.loop_corpus import CORPUS

from backprose import ArgumentError, ProgramError, check_grads, checkpoint, grad, value_and_grad

PLANS = ["sqrt", 2, 3, 5, 12]
KNOWN = {p.name: p for p in CORPUS}
NAMES = [
    "recurrence",
    "heat_3d",
    "matrix_sweep",
    "lstm",
    "thomas",
    "n_body",
    "gauss_seidel",
]


@pytest.mark.parametrize("name", NAMES)
def test_gradients_do_not_depend_on_what_is_saved(name):
    program = KNOWN[name]
    arguments = program.at(program.sizes[-1])
    arrays = {n: arguments[n] for n in program.wrt}

    def found(plan):
        copies = {n: np.copy(x) if isinstance(x, np.ndarray) else x for n, x in arguments.items()}
        return value_and_grad(program.function, tuple(arrays), checkpoint=plan)(**copies)

    value, gradients = found("all")
    for plan in PLANS:
        other, others = found(plan)
        np.testing.assert_allclose(other, value, rtol=1e-13)
        for one, two in zip(others, gradients, strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-12 * (1 + np.max(np.abs(two))))


def diffused(u, k):
    total = 0.0
    for i in range(3, 3 + 7 * 50, 7):
        if u[0] > 0.1 * i:
            u = u * 0.9
        u = u + k * np.sin(u[::-1]) * np.cos(u) * (i / 100)
        for j in range(3):
            u[j] *= np.cos(u[j + 1])
        total += np.sum(u[: i % 5])
    return np.sum(u**2) + total


@pytest.mark.parametrize("plan", PLANS)
def test_steps_branches_and_inner_loops(plan):
    point = (np.cos(np.arange(6.0)), 0.1)
    expected = grad(diffused, (0, 1), target="numpy")(*point)
    found = grad(diffused, (0, 1), checkpoint=plan)(*point)
    for one, two in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-12)


def temporaries(function, *point, **options):
    """The bytes that XLA sets aside for the gradient beside arguments and results."""
    specs = dict(zip(function.__code__.co_varnames, map(spec_of, point), strict=False))
    request = Request(function, specs, tuple(specs), loops=LoopOptions(**options), single=False)
    with jax.enable_x64(True):
        compiled = jax.jit(derive(request).function).lower(*point).compile()
    return compiled.memory_analysis().temp_size_in_bytes


def walked(u):
    for _ in range(10_000):
        u = u + 0.001 * np.sin(np.roll(u, 1)) * np.cos(u)
    return np.sum(u**2)


def test_memory_goes_with_the_plan():
    u = np.cos(np.arange(100.0))
    everything = temporaries(walked, u, checkpoint="all")
    root = temporaries(walked, u, checkpoint="sqrt")
    forty = temporaries(walked, u, checkpoint=40)
    state = u.nbytes
    assert everything > 10_000 * state
    assert root < 100 * state * 10
    assert forty < 40 * state * 8


def test_what_does_not_fit_is_cut_into_segments():
    def long(u):
        for _ in range(2_000_000):
            u = np.sin(u)
        return np.sum(u)

    assert 2_000_000 * 80 * 8 > BUDGET > 2_000_000 * 8 * 8
    text = grad(long).source_for(np.ones(80))
    assert "def save" in text and "jnp.zeros((1415, 80))" in text
    assert "def save" not in grad(long).source_for(np.ones(8))
    assert "def save" not in grad(long, checkpoint="all").source_for(np.ones(80))


def test_one_loop_of_two():
    def both(x):
        for _ in checkpoint(range(100), 8):
            x = x - 0.01 * np.sin(x)
        for i in range(50):
            x = x - 0.01 * np.cos(x) * i
        for x_i in checkpoint(x, how="all"):
            x = x + x_i
        return np.sum(x)

    x = np.arange(3.0)
    check_grads(both, (x,))
    text = grad(both).source_for(x)
    assert text.count("def save") == 2  # two levels of the first loop
    assert grad(both, checkpoint="sqrt").source_for(x).count("def save") == 3
    np.testing.assert_allclose(grad(both, target="numpy")(x), grad(both)(x), rtol=1e-12)


@pytest.mark.parametrize("plan", ["some", 1, 0, 2.5, True])
def test_what_is_no_plan(plan):
    with pytest.raises(ArgumentError, match="checkpoint must be"):
        grad(walked, checkpoint=plan)
    with pytest.raises(ArgumentError, match="checkpoint must be"):
        checkpoint(range(3), plan)

    def wrong(x):
        for _ in checkpoint(range(9), plan):
            x = x * 2
        return np.sum(x)

    with pytest.raises(ProgramError, match="checkpoint must be"):
        grad(wrong)(np.ones(2))


@pytest.mark.parametrize("length", [4, 5, 9, 10, 99, 100, 10_000])
@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_keeps_its_promise(length, plan):
    """At most so many states at a time as the user says, if there is a way."""
    found = plan_for(plan, length, [])
    if found is None:
        assert isinstance(plan, int) and plan >= length
        return
    kept, left = 0, length
    for part in found.lengths:
        assert part < left
        kept, left = kept - (-left // part), part
    if isinstance(plan, int):
        assert kept <= plan + len(found.lengths) and (plan < 5 or left <= length / 2)
    else:
        assert kept == -(-length // left) and abs(kept - left) <= 1 + length**0.5 / 2

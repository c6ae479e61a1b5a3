"""The emitted adjoint needs at most 1.5 times the array operations of one written by hand."""

import jax
import numpy as np
import pytest
from programs import hand_written
from programs.counting import adjoint_operations, operations
from programs.straight_line import arguments

from backprose import grad

PROGRAMS = arguments(np.random.default_rng(1))
LIMIT = 1.5
# Primitives that a derivative of these functions has no use for.
UNWANTED = ("scatter", "argmax", "argmin", "reduce_and", "reduce_or")


@pytest.fixture(scope="module")
def table():
    rows = {}
    for name, (function, wrt, args) in PROGRAMS.items():
        emitted = grad(function, argnums=wrt).derived_for(*args).function
        with jax.enable_x64(True):
            by_hand = getattr(hand_written, name)
            arrays = [np.asarray(a) for a in args]
            adjoint = adjoint_operations(emitted, args), adjoint_operations(by_hand, args)
            whole = operations(emitted, arrays), operations(by_hand, arrays)
        rows[name] = (*adjoint, adjoint[0] / adjoint[1], *whole, whole[0] / whole[1])
    return rows


def test_table(table, capsys):
    """Print the table: emitted, hand-written, ratio."""
    with capsys.disabled():
        print(f"\n{'array operations':20}{'adjoint part':^26}{'with the primal':^26}")
        print(" " * 20 + 2 * f"{'emitted':>9}{'by hand':>9}{'ratio':>8}")
        for name, (ours, theirs, ratio, ours_all, theirs_all, ratio_all) in table.items():
            row = f"{ours:9}{theirs:9}{ratio:8.2f}{ours_all:9}{theirs_all:9}{ratio_all:8.2f}"
            print(f"{name:20}{row}")
    assert set(table) == set(PROGRAMS)


@pytest.mark.parametrize("name", PROGRAMS)
def test_emitted_adjoint_is_as_short_as_by_hand(table, name):
    assert table[name][2] <= LIMIT
    assert table[name][5] <= LIMIT


@pytest.mark.parametrize("name", PROGRAMS)
def test_hand_written_gradients_agree(name):
    """The yardstick itself is right."""
    function, wrt, args = PROGRAMS[name]
    ours = grad(function, argnums=wrt)(*args)
    with jax.enable_x64(True):
        theirs = getattr(hand_written, name)(*map(np.asarray, args))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_scatter_no_argmax_no_unused_call(name):
    function, wrt, args = PROGRAMS[name]
    emitted = grad(function, argnums=wrt).derived_for(*args).function
    with jax.enable_x64(True):
        closed = jax.make_jaxpr(emitted)(*map(np.asarray, args))
    used = {id(v) for eqn in closed.jaxpr.eqns for v in eqn.invars} | {
        id(v) for v in closed.jaxpr.outvars
    }
    for equation in closed.jaxpr.eqns:
        assert not any(word in str(equation.primitive) for word in UNWANTED)
        assert any(id(v) in used for v in equation.outvars), f"unused: {equation}"

"""Two writes to one place become one, and what a place has already is not written.

Given:
    dt = dx[i]
    dx[i] = 0
    dx[j] += 2 * dt
    dx[i] += dt

Then:
    dt = dx[i]
    dx[j] += 2 * dt
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..primitives import add_at, update
from .dead import drop_dead
from .ir import Atom, Function, Node, definitions
from .liveness import use_counts
from .operands import Lit, Var
from .updates import is_selection
from .views import is_basic


def merge_writes(function: Function) -> Function:
    """The function in which a place that is set to zero, and then added to, is set to what was added."""
    function = drop_dead(function)
    body = _nodes(function.body, definitions(function.body), use_counts(function))
    return drop_dead(function.with_body(body))


def _nodes(
    nodes: Sequence[Node], atoms: Mapping[Var, Atom], uses: Counter[Var]
) -> tuple[Node, ...]:
    out: list[Node] = []
    for node in nodes:
        if isinstance(node, Atom):
            out += _set_once(node, atoms, uses)
        else:
            regions = [replace(r, body=_nodes(r.body, atoms, uses)) for r in node.regions]
            out.append(node.with_regions(regions))
    return tuple(out)


def _set_once(atom: Atom, atoms: Mapping[Var, Atom], uses: Counter[Var]) -> list[Atom]:
    """An addition to what has been cleared sets it; additions in between may as well come after it.

    Of adjoints alone: 0 + -0.0 is not -0.0.
    """
    chain, x = [atom], atom.args[0]
    cleared = atoms.get(x) if isinstance(x, Var) else None
    while _adds(atom) and cleared is not None and _adds(cleared) and uses[cleared.result] == 1:
        chain.append(cleared)
        x = cleared.args[0]
        cleared = atoms.get(x) if isinstance(x, Var) else None
    if not _adds(atom) or cleared is None or cleared.op is not update or uses[cleared.result] > 1:
        return [atom]
    before, zero, place = cleared.args
    _, value, index = atom.args
    if place != index or zero != Lit(0) or not (is_basic(index) or is_selection(index)):
        return [atom]
    moved = [replace(atom, op=update, args=(before, value, index)), *reversed(chain[1:])]
    results = [*(_again(part.result) for part in moved[1:]), atom.result]
    operands = [before, *results]
    return [
        replace(part, results=(result,), args=(operand, *part.args[1:]))
        for part, result, operand in zip(moved, results, operands, strict=False)
    ]


def _adds(atom: Atom) -> bool:
    return atom.op is add_at and atom.origin.part != "primal"


def _again(v: Var) -> Var:
    return Var(v.hint, v.type, v.depth, v.adjoint_of, v.tangent_of)

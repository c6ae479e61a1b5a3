"""Two writes to one place become one.

Given:
    dx[i] = 0
    dx[i] += dy

Then:
    dx[i] = dy
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..primitives import add_at, update
from .dead import drop_dead
from .ir import Atom, Function, Lit, Node, Var, definitions
from .liveness import use_counts
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
            out.append(_set_once(node, atoms, uses))
        else:
            regions = [replace(r, body=_nodes(r.body, atoms, uses)) for r in node.regions]
            out.append(node.with_regions(regions))
    return tuple(out)


def _set_once(atom: Atom, atoms: Mapping[Var, Atom], uses: Counter[Var]) -> Atom:
    """Of adjoints alone: 0 + -0.0 is not -0.0."""
    if atom.op is not add_at or atom.origin.part == "primal" or not isinstance(atom.args[0], Var):
        return atom
    x, value, index = atom.args
    cleared = atoms.get(x)  # type: ignore[arg-type]
    if cleared is None or cleared.op is not update or uses[cleared.result] > 1:
        return atom
    before, zero, place = cleared.args
    once = is_basic(index) or is_selection(index)
    if place != index or zero != Lit(0) or not once:
        return atom
    return replace(atom, op=update, args=(before, value, index))

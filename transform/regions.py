"""Copies of regions with variables of their own."""

from __future__ import annotations

from dataclasses import replace

from .ir import Atom, Node, Region, Repeat
from .operands import Var, substitute


def renamed(region: Region) -> Region:
    """A copy of a region that defines nothing that the region defines."""
    return renamed_with(region)[0]


def renamed_with(region: Region) -> tuple[Region, dict[Var, Var]]:
    """The copy, and its variable for each variable of the region itself (not of inner regions)."""
    fresh: dict[Var, Var] = {}

    def new(v: Var) -> Var:
        fresh[v] = copy_of(v)
        return fresh[v]

    def copy(node: Node) -> Node:
        changed = node.map(lambda v: fresh.get(v, v))
        if not isinstance(changed, Atom):
            changed = changed.with_regions([renamed(r) for r in changed.regions])
            changed = replace(changed, key=object())
        if isinstance(changed, Repeat) and changed.index is not None:
            old, index = changed.index, copy_of(changed.index)
            body = changed.body.map(lambda v: index if v is old else v)
            changed = replace(changed, index=index, body=body)
        return replace(changed, results=tuple(map(new, changed.results)))

    params = tuple(map(new, region.params))
    body = tuple(copy(node) for node in region.body)
    outputs = tuple(substitute(o, lambda v: fresh.get(v, v)) for o in region.outputs)
    return Region(params, body, outputs), fresh


def copy_of(v: Var) -> Var:
    """A new variable with the name and the type of another."""
    return Var(v.hint, v.type, v.depth, v.adjoint_of, v.tangent_of)

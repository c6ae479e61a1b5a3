"""Compiled slices of known width have a start and a size; their stop is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .ir import Atom, Function, Node, Region
from .operands import Items, Operand, Slice


def forget_stops(function: Function) -> Function:
    """The function without what only computes the ends of such slices."""
    return function.with_body(_nodes(function.body))


def _nodes(nodes: Sequence[Node]) -> tuple[Node, ...]:
    return tuple(
        replace(n, args=tuple(map(_without_stop, n.args)))
        if isinstance(n, Atom)
        else n.with_regions([_region(r) for r in n.regions])
        for n in nodes
    )


def _region(region: Region) -> Region:
    return replace(region, body=_nodes(region.body))


def _without_stop(operand: Operand) -> Operand:
    if isinstance(operand, Slice) and operand.width is not None:
        return replace(operand, stop=None)
    if isinstance(operand, Items):
        return replace(operand, items=tuple(map(_without_stop, operand.items)))
    return operand

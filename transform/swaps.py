"""Loops whose arrays change places: `u, v = v, u`.

XLA keeps each carry of a loop in memory of its own, so that it copies two arrays in each iteration that exchanges them.
Two iterations at a time bring each array back to its place, and nothing is copied.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .ir import Atom, Choice, Node, Repeat, walk
from .liveness import IN_PLACE
from .operands import ArrayType, Var

LARGEST = 100  # statements of an iteration that is written out twice by XLA


def exchanges(loop: Repeat) -> bool:
    """Whether some arrays come back to their places only after several iterations."""
    inner = list(walk(loop.body.body))
    if len(inner) > LARGEST:
        return False
    makers = {r: node for node in inner for r in node.results}
    places = {p: k for k, (_, _, p, _) in enumerate(loop.carries)}
    comes_from: dict[int, int] = {}
    for k, (result, _, _, output) in enumerate(loop.carries):
        if isinstance(result.type, ArrayType) and result.type.ndim and isinstance(output, Var):
            source = places.get(_source(output, makers))
            if source is not None:
                comes_from[k] = source
    return any(comes_from[k] != k and _returns(k, comes_from) for k in comes_from)


def _returns(start: int, comes_from: Mapping[int, int]) -> bool:
    """Whether the way back from a place leads to it again."""
    k, seen = comes_from.get(start), set()
    while k is not None and k != start and k not in seen:
        seen.add(k)
        k = comes_from.get(k)
    return k == start


def _source(v: Var, makers: Mapping[Var, Node]) -> Var:
    """The array that a value is a later state of."""
    while True:
        node, before = makers.get(v), None
        if isinstance(node, Atom) and (node.op in IN_PLACE or _accumulates(node, v)):
            before = node.args[0]
        elif isinstance(node, Choice):
            before = node.then.outputs[node.results.index(v)]
        elif isinstance(node, Repeat) and v in node.results[: len(node.inits)]:
            before = node.inits[node.results.index(v)]
        if not isinstance(before, Var):
            return v
        v = before


def _accumulates(atom: Atom, v: Var) -> bool:
    """Whether an adjoint is one of before and something more."""
    adjoint = atom.origin.part != "primal" and atom.op in (np.add, np.subtract)
    return adjoint and getattr(atom.args[0], "type", None) == v.type

"""Loops whose arrays change places: `u, v = v, u`.

XLA keeps each carry of a loop in memory of its own, so that it copies two arrays in each iteration that exchanges them.
Two iterations at a time bring each array back to its place, and nothing is copied.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .ir import ArrayType, Atom, Choice, Node, Repeat, Var, walk
from .liveness import IN_PLACE

LARGEST = 100  # statements of an iteration that is written out twice by XLA


def exchanges(loop: Repeat) -> bool:
    """Whether an iteration hands some array on in the place of another."""
    inner = list(walk(loop.body.body))
    if len(inner) > LARGEST:
        return False
    makers = {r: node for node in inner for r in node.results}
    places = {p: k for k, (_, _, p, _) in enumerate(loop.carries)}
    for k, (result, _, _, output) in enumerate(loop.carries):
        if isinstance(result.type, ArrayType) and result.type.ndim and isinstance(output, Var):
            source = _source(output, makers)
            if places.get(source, k) != k:
                return True
    return False


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

"""What a loop computes anew in each iteration and its adjoint reads, though no iteration changes it, is computed once.

Otherwise it would be saved for each iteration. What only the loop itself needs stays where the user wrote it; XLA moves
it as well.

Given:
    for t in range(n):
        K = np.exp(-D)
        u = np.tanh(K @ u)
    for t in reversed(range(n)):
        du = K.T @ (du * ...)

Then:
    K = np.exp(-D)
    for t in range(n):
        u = np.tanh(K @ u)
    for t in reversed(range(n)):
        du = K.T @ (du * ...)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..primitives import getitem
from .ir import Atom, Function, Node, Repeat, walk
from .lengths import has_unknown
from .liveness import defined_within
from .operands import ArrayType, StaticType, Var
from .recomputed import RECOMPUTED


def hoist(function: Function) -> Function:
    """The function whose loops do not compute anew what their adjoints read."""
    read: dict[object, set[Var]] = {}
    for node in walk(function.body):
        if isinstance(node, Repeat) and node.adjoint_of is not None:
            read.setdefault(node.adjoint_of, set()).update(node.body.variables())
    if not read:
        return function
    return function.with_body(tuple(_nodes(function.body, read)))


def _nodes(nodes: Sequence[Node], read: dict[object, set[Var]]) -> list[Node]:
    out: list[Node] = []
    for node in nodes:
        regions = [replace(r, body=tuple(_nodes(r.body, read))) for r in node.regions]
        node = node.with_regions(regions)
        if isinstance(node, Repeat) and node.key in read:
            front, node = _without_invariants(node, read[node.key])
            out += front
        out.append(node)
    return out


def _without_invariants(node: Repeat, read: set[Var]) -> tuple[list[Atom], Repeat]:
    """What the adjoint reads of a loop and no iteration changes, and the loop without it."""
    inside = set(defined_within(node.body)) | {node.index}
    found: list[Atom] = []
    for atom in node.body.body:
        if isinstance(atom, Atom) and _is_movable(atom) and inside.isdisjoint(atom.variables()):
            found.append(atom)
            inside.difference_update(atom.results)
    wanted = {r for atom in found if _is_dear(atom) for r in atom.results if r in read}
    for atom in reversed(found):
        if not wanted.isdisjoint(atom.results):
            wanted.update(atom.variables())
    moved = [atom for atom in found if not wanted.isdisjoint(atom.results)]
    gone = set(moved)
    body = replace(node.body, body=tuple(n for n in node.body.body if n not in gone))
    return moved, replace(node, body=body)


def _is_dear(atom: Atom) -> bool:
    """An array, or a number that is not a sum or a product, which the tape computes again."""
    found = atom.results[0].type
    return isinstance(found, ArrayType) and (bool(found.shape) or atom.op not in RECOMPUTED)


def _is_movable(atom: Atom) -> bool:
    """An element that is read from an array outside is as well read again."""
    if atom.op is getitem and not getattr(atom.results[0].type, "shape", ()):
        return False
    return all(
        isinstance(r.type, StaticType) or isinstance(r.type, ArrayType) and not has_unknown(r.type)
        for r in atom.results
    )

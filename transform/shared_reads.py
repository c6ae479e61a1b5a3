"""What is read twice from one place is read once, so that its adjoint is added once.

Given:
    t = Q[:, i]
    u = v @ t
    w = Q[:, i]
    v = v - u * w

Then:
    t = Q[:, i]
    u = v @ t
    v = v - u * t
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

from ..primitives import getitem
from .elements import named_after
from .ir import Atom, Node, Region
from .operands import Operand, Var, substitute


def share_reads(nodes: Sequence[Node]) -> tuple[tuple[Node, ...], dict[Var, Operand]]:
    """The statements with no second reads in loops and branches, and what stands for their results."""
    is_now: dict[Var, Operand] = {}
    found = [n.with_regions([_region(r, {}, is_now) for r in n.regions]) for n in nodes]
    return tuple(found), is_now


def _nodes(
    nodes: Sequence[Node], read: Mapping[Hashable, Var], is_now: dict[Var, Operand]
) -> tuple[Node, ...]:
    """`read` are the reads that stand before, here or around."""
    seen = dict(read)
    out: list[Node] = []
    for old in nodes:
        node = old.map(lambda v: is_now.get(v, v))
        if not isinstance(node, Atom):
            node = node.with_regions([_region(r, seen, is_now) for r in node.regions])
        elif node.op is getitem:
            first = seen.setdefault(node.args, node.result)
            if first is not node.result and first.type == node.result.type:
                is_now[node.result] = first
                named_after(first, node.result)
                continue
        out.append(node)
    return tuple(out)


def _region(region: Region, read: Mapping[Hashable, Var], is_now: dict[Var, Operand]) -> Region:
    body = _nodes(region.body, read, is_now)
    outputs = tuple(substitute(o, lambda v: is_now.get(v, v)) for o in region.outputs)
    return replace(region, body=body, outputs=outputs)

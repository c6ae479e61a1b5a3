"""What an adjoint takes out of an array, clears there, and adds back in the end is put back, and not cleared.

In between nothing touches that place: neither the statements nor the loops there. XLA then need not copy the array to
keep what it has read of it.

Given:
    dv = dx[i]
    dx[i] = 0
    for j in range(i):
        dv = dv + ...
        dx[j] += ...
    dx[i] += dv

Then:
    dv = dx[i]
    for j in range(i):
        dv = dv + ...
        dx[j] += ...
    dx[i] = dv
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ..primitives import add_at, getitem, update
from .affine import Ranges
from .elements import NotElements, accesses
from .extents import apart, extent_of
from .ir import Atom, Function, Node, Repeat, definitions
from .liveness import IN_PLACE
from .operands import ArrayType, Lit, Operand, Var, variables


def put_back(function: Function) -> Function:
    """The function whose adjoints put back what they have taken out."""
    work = _PutBack(Ranges(definitions(function.body), function.lengths.spans))
    body = tuple(work.nodes(function.body, tuple(variables(function.output))))
    return function.with_body(body)


class _PutBack:
    def __init__(self, ranges: Ranges):
        self.ranges = ranges

    def nodes(self, nodes: Sequence[Node], outputs: Sequence[Operand]) -> list[Node]:
        out = [
            n.with_regions(
                [replace(r, body=tuple(self.nodes(r.body, r.outputs))) for r in n.regions]
            )
            for n in nodes
        ]
        for node in [n for n in out if isinstance(n, Atom) and _clears(n)]:
            out = self.without(node, out, outputs)
        return out

    def without(self, clear: Atom, nodes: list[Node], outputs: Sequence[Operand]) -> list[Node]:
        """The statements without a clearing, where what is added there later can be put there instead."""
        base, _, place = clear.args
        end = self.end(clear.result, place, nodes, outputs)
        if end is None or not isinstance(base, Var):
            return nodes
        last = replace(end, op=update)
        found = [last if n is end else n for n in nodes if n is not clear]
        return [n.map(lambda v: base if v is clear.result else v) for n in found]

    def end(
        self, now: Var, place: Operand, nodes: Sequence[Node], outputs: Sequence[Operand]
    ) -> Atom | None:
        """The addition at a place that ends what is done with an array elsewhere; None where something else is done."""
        crossed = False
        while True:
            if any(now in set(variables(o)) for o in outputs):
                return None
            readers = [n for n in nodes if now in set(n.variables())]
            changing = [n for n in readers if not (isinstance(n, Atom) and n.op is getitem)]
            if len(changing) != 1:
                return None
            for reader in readers:
                if reader not in changing and not self.is_beside(reader.args[-1], place, now):  # type: ignore[union-attr]
                    return None
            (node,) = changing
            if isinstance(node, Atom):
                if node.op not in IN_PLACE or node.args[0] is not now:
                    return None
                if any(now in set(variables(o)) for o in node.args[1:]):
                    return None
                if node.op is add_at and node.args[2] == place:
                    return node if crossed else None  # `merge_writes` sees to the others
                if not self.is_beside(node.args[2], place, now):
                    return None
                now = node.result
            elif isinstance(node, Repeat):
                found = self.through(node, now, place)
                if found is None:
                    return None
                now, crossed = found, True
            else:
                return None

    def through(self, loop: Repeat, now: Var, place: Operand) -> Var | None:
        """The array behind a loop that works beside a place of it."""
        if Counter(loop.variables())[now] != 1 or now not in loop.inits:
            return None
        position = loop.inits.index(now)
        regions = [(region, region.params[position]) for region in loop.regions]
        try:
            indices = [i for region, param in regions[:1] for i, _ in accesses(region, param)]
        except NotElements:
            return None
        if any(param in set(region.variables()) for region, param in regions[1:]):
            return None
        beside = all(self.is_beside(index, place, now) for index in indices)
        return loop.results[position] if beside else None

    def is_beside(self, index: Operand, place: Operand, array: Var) -> bool:
        assert isinstance(array.type, ArrayType)
        one, other = (extent_of(o, array.type, self.ranges) for o in (index, place))
        return one is not None and other is not None and apart(one, other, self.ranges)


def _clears(atom: Atom) -> bool:
    return atom.op is update and atom.origin.part != "primal" and atom.args[1] == Lit(0)

"""What an iteration has read of an array that the loop fills is read again from the full array, not saved.

Given, for a loop that writes x[i] once, in the order of i:
    for i in range(n):
        t = x[:i]
        x[i] = b[i] - L[i, :i] @ t
    for i in reversed(range(n)):
        dL[i, :i] -= dx[i] * t            # the t of that iteration

Then:
    for i in reversed(range(n)):
        t = x[:i]
        dL[i, :i] -= dx[i] * t
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..primitives import getitem, update
from .affine import Ranges
from .elements import NotElements, accesses, is_number, parts_of
from .extents import Extent, apart, extent_of, stays_behind
from .intervals import Intervals
from .ir import Atom, Function, Node, Region, Repeat, definitions, walk
from .lengths import has_unknown
from .liveness import IN_PLACE
from .operands import ArrayType, Operand, Var
from .regions import copy_of


def reread(function: Function) -> Function:
    """The function whose adjoint loops read again what is still there."""
    if not any(isinstance(n, Repeat) and n.adjoint_of is not None for n in walk(function.body)):
        return function
    work = _Reread(function)
    return function.with_body(tuple(work.nodes(function.body)))


@dataclass(frozen=True, eq=False)
class Carry:
    """An array that a loop carries, worked on in place; `around` is the loop around that carries it, too."""

    loop: Repeat
    result: Var
    param: Var
    around: Carry | None
    before: Sequence[Node]  # the loop, and what stands before it


class _Reread:
    def __init__(self, function: Function):
        self.atoms = definitions(function.body)
        self.ranges = Ranges(self.atoms, function.lengths.spans)
        self.intervals = Intervals(function.body)
        self.there: dict[tuple[object, int], dict[Var, Atom]] = {}  # what a region's reads are now
        self.outside = {r for node in function.body for r in node.results}
        self.note(function.body, {})

    def note(self, nodes: Sequence[Node], carries: dict[Var, Carry]) -> None:
        """Find the reads, region by region, of the arrays that the loops around fill."""
        for k, node in enumerate(nodes):
            if isinstance(node, Atom):
                if node.op in IN_PLACE and node.args[0] in carries:
                    carries[node.result] = carries[node.args[0]]
                continue
            if node.key is None or node.origin.part != "primal":
                continue
            inner = dict(carries)
            if isinstance(node, Repeat):
                for result, init, param, _ in node.carries:
                    if isinstance(param.type, ArrayType) and param.type.shape:
                        around = carries.get(init) if isinstance(init, Var) else None
                        inner[param] = Carry(node, result, param, around, nodes[: k + 1])
                        if around is not None:
                            carries[result] = around
            for side, region in enumerate(node.regions):
                mine = dict(inner)
                self.note(region.body, mine)
                self.there[node.key, side] = self.reads(region, mine, isinstance(node, Repeat))

    def reads(self, region: Region, carries: dict[Var, Carry], is_loop: bool) -> dict[Var, Atom]:
        found: dict[Var, Atom] = {}
        now: dict[Carry, Var] = {}  # the arrays as they are at a statement
        for k, node in enumerate(region.body):
            for v in node.results:
                if v in carries:
                    now[carries[v]] = v
            if not isinstance(node, Atom) or node.op not in (getitem, update):
                continue
            base, index = node.args[0], node.args[-1]
            if not isinstance(base, Var) or base not in carries:
                continue
            carry = carries[base]
            value = node.result if node.op is getitem else node.args[1]
            if value in found or not isinstance(value, Var):
                continue
            if node.op is update and not self.is_element(value, index, carry):
                continue
            if node.op is getitem and now.get(carry, carry.param) is not base:
                continue  # it has been changed in the meantime
            before = region.body[: k + 1] if is_loop else ()
            final = self.final(carry, index, before)
            if final is not None and self.is_worth_it(final, carry, value):
                origin = replace(node.origin, part="adjoint")
                found[value] = Atom((value,), getitem, (final, index), (), origin)
        return found

    def is_element(self, value: Var, index: Operand, carry: Carry) -> bool:
        """Whether a value goes into an array as it is."""
        whole = carry.param.type
        assert isinstance(whole, ArrayType)
        parts = parts_of(index, whole.ndim)
        points = parts is not None and all(map(is_number, parts))
        return points and value.type == ArrayType((), whole.dtype)

    def final(self, carry: Carry, index: Operand, before: Sequence[Node]) -> Var | None:
        """Where what an index gives lies unchanged behind all the loops that carry the array.

        `before` are the statements of the iteration that have been, which can change nothing any more.
        """
        whole = carry.param.type
        assert isinstance(whole, ArrayType)
        extent = extent_of(index, whole, self.ranges)
        here: Carry | None = carry
        while here is not None and extent is not None:
            if not self.survives(extent, here, before):
                return None
            if here.around is None:
                return here.result
            before, here = here.before, here.around
        return None

    def survives(self, extent: Extent, carry: Carry, before: Sequence[Node]) -> bool:
        """Whether neither the rest of an iteration nor a later one writes to a part of the array."""
        loop, whole = carry.loop, carry.param.type
        assert isinstance(whole, ArrayType)
        try:
            rest = [i for i, writes in accesses(loop.body, carry.param, before) if writes]
            every = [i for i, writes in accesses(loop.body, carry.param) if writes]
        except NotElements:
            return False
        after = [extent_of(index, whole, self.ranges) for index in rest]
        later = [extent_of(index, whole, self.ranges) for index in every]
        return all(e is not None and apart(extent, e, self.ranges) for e in after) and all(
            e is not None and stays_behind(extent, e, loop, self.ranges) for e in later
        )

    def is_worth_it(self, final: Var, carry: Carry, value: Var) -> bool:
        """Whether the array is not larger than all that would be saved, where it has to be saved itself."""
        if final in self.outside:
            return True
        if has_unknown(final.type):
            return False
        most = self.intervals.most_iterations(carry.loop)
        assert isinstance(final.type, ArrayType) and isinstance(value.type, ArrayType)
        each = final.type.size if has_unknown(value.type) else value.type.size
        return most is not None and final.type.size <= 2 * most * each

    # --- the adjoint side ---

    def nodes(self, nodes: Sequence[Node]) -> list[Node]:
        out: list[Node] = []
        for node in nodes:
            if not isinstance(node, Atom):
                regions = []
                for k, region in enumerate(node.regions):
                    body = tuple(self.nodes(region.body))
                    regions.append(self.region(replace(region, body=body), node.adjoint_of, k))
                node = node.with_regions(regions)
            out.append(node)
        return out

    def region(self, region: Region, primal: object, which: int) -> Region:
        """The adjoint of a region, with what it needs read at its beginning."""
        there = self.there.get((primal, which), {}) if primal is not None else {}
        read = [v for v in dict.fromkeys(region.variables()) if v in there]
        if not read:
            return region
        fresh = {v: copy_of(v) for v in read}
        head = [replace(there[v], results=(fresh[v],)) for v in read]
        region = region.map(lambda v: fresh.get(v, v))
        return replace(region, body=(*head, *region.body))

"""A compiled loop whose iterations do not need each other is one array expression.

`lift` gives the body for all iterations at once. A sum that the loop carries is a sum over the first axis: its terms
are added up in another order, so that it is rounded differently; a comment says so, and `reassociate=False` leaves such
a loop alone. A loop in a loop may be summed first or run once for all iterations outside; the first is tried first. A
loop stays a loop where its values for all iterations would be much larger than the arrays that it goes through.

Given:
    for i in range(n):
        y[i] = np.tanh(x[i])
        s = s + y[i] * w[i]

Then:
    y = np.tanh(x)
    s = s + y @ w
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..primitives import add_at, astype, getitem
from . import lift_places  # noqa: F401  # its rules
from .accumulate import SPELLING
from .affine import Ranges
from .elements import parts_of
from .errors import BackproseError
from .fixed_ranges import over_widest_range
from .intervals import static_int, static_length
from .ir import Atom, Function, Node, Origin, Region, Repeat, Statement, definitions, walk
from .lengths import has_unknown
from .lift import Lift, NotLifted
from .lift_rules import is_zero, turned
from .nested import index_of, join_windows
from .operands import Operand, Slice, Var, dtype_of, rank_of, shape_of, size_of, substitute
from .options import LoopOptions
from .running_sums import Sums, Term
from .sliding import ALL, Walk
from .trace import Trace
from .values import Value, known, operand_of, value_of

SMALL = 2**16  # elements of a value that needs no thought
LARGER = 2  # how many times larger than the arrays that a loop goes through its values may be


def vectorise(function: Function, options: LoopOptions) -> Function:
    """The function whose loops of independent iterations are array expressions."""
    if not any(isinstance(n, Repeat) for n in walk(function.body)):
        return function
    work = _Vectorise(function, options)
    body = tuple(node.map(work.resolve) for node in work.nodes(function.body, options.reassociate))
    if not work.is_now and body == function.body:
        return function
    for site in function.calls:
        for name, operand in site.params.items():
            site.params[name] = substitute(operand, work.resolve)
        site.result[:] = [substitute(o, work.resolve) for o in site.result]
    return join_windows(function.with_body(body, substitute(function.output, work.resolve)))


class _Vectorise:
    def __init__(self, function: Function, options: LoopOptions):
        self.trace = Trace(lengths=function.lengths)
        self.trace.definitions.update(definitions(function.body))
        self.ranges = Ranges(self.trace.definitions, function.lengths.spans)
        self.sums = options.reassociate
        self.measured = function.lengths.named()
        self.is_now: dict[Var, Operand] = {}

    def resolve(self, v: Var) -> Operand:
        while isinstance(found := self.is_now.get(v), Var):
            v = found
        return v if found is None else found

    def nodes(self, nodes: Sequence[Node], sums: bool) -> list[Node]:
        with self.trace.region() as out:
            for node in nodes:
                self.node(node, sums)
        return out

    def node(self, node: Node, sums: bool) -> None:
        """Add a statement, with the loops in it as arrays where they can be."""
        before = dict(self.is_now)
        inner = self.inner(node, sums)
        if isinstance(inner, Repeat):
            found = self.at_once(inner, sums)
            if found is None and sums:
                kept, self.is_now = self.is_now, before
                other = self.inner(node, False)
                assert isinstance(other, Repeat)
                found = self.at_once(other, sums)
                if found is None:
                    self.is_now = kept
            for new in found or ():
                self.trace.add(new)
            if found is not None:
                return
        self.trace.add(inner)

    def inner(self, node: Node, sums: bool) -> Node:
        if isinstance(node, Atom):
            return node
        return node.with_regions(
            [replace(r, body=tuple(self.nodes(r.body, sums))) for r in node.regions]
        )

    def at_once(self, node: Repeat, sums: bool) -> list[Node] | None:
        """The statements that do all iterations of a loop at once; None where there are none."""
        count, original = static_length(node), node
        if count is None and sums:
            wider = over_widest_range(self.trace, node, self.ranges)
            if wider is not None:
                count, node = static_length(wider), wider
                self.trace.definitions.update(definitions([wider]))
        if not count or node.test is not None or any(has_unknown(r.type) for r in node.results):
            return None
        if node.checkpoint is not None:  # the user wants less of it to be kept
            return None
        node = replace(node.map(self.resolve), body=node.body.map(self.resolve))
        is_now: dict[Var, Operand] = {}
        try:
            with self.trace.region() as nodes:
                loop = _Loop(self, node, count, sums)
                loop.run(is_now)
            nodes[:0] = loop.lift.front
            if not self.measured.isdisjoint(is_now):
                raise NotLifted
            if too_large(nodes, node):
                raise NotLifted
        except (NotLifted, BackproseError):
            with self.trace.region():
                self.trace.add(original)  # its variables are defined as they were
            return None
        renamed: dict[Var, Var] = {}
        defined = {r for new in nodes for r in new.results}
        for old, operand in is_now.items():
            if isinstance(operand, Var) and operand in defined and operand not in renamed:
                if operand.type == old.type:
                    renamed[operand] = old
                    continue
            self.is_now[old] = (
                renamed.get(operand, operand) if isinstance(operand, Var) else operand
            )
        return commented([_renamed(new, renamed) for new in nodes], node.origin)


class _Loop:
    """One loop, lifted."""

    def __init__(self, work: _Vectorise, node: Repeat, count: int, sums: bool):
        self.node, self.sums, self.trace, self.count = node, sums, work.trace, count
        walked = None
        if node.index is not None:
            start, _, step = (static_int(o) for o in node.span or ())
            if start is None or step is None:
                raise NotLifted
            walked = Walk(node.index, start, step, count, False)
        self.lift = Lift(work.trace, walked, count, work.ranges)

    def run(self, is_now: dict[Var, Operand]) -> None:
        node, lift = self.node, self.lift
        sums = Sums(self.trace, node, self.sums)
        chains = [sums.of_carry(k) for k in range(len(node.inits))]
        sums.check()
        for _, init, param, output in node.carries:
            if output is param:  # it is carried for nothing
                lift.now[param] = init
        for element, rows in node.streamed:
            lift.lifted[element] = rows
        lift.nodes(sums.body)
        lift.at = node.origin
        for (result, init, _, output), chain in zip(node.carries, chains, strict=True):
            if chain is None:
                is_now[result] = self.last(output)
            else:
                is_now[result] = self.total(init, chain, result)
        for result, output in node.stacked:
            is_now[result] = operand_of(lift.repeated(output))
        for result, operand in is_now.items():
            if shape_of(operand) != shape_of(result) or dtype_of(operand) != dtype_of(result):
                raise NotLifted
            if isinstance(operand, Var) and operand.depth is None and result.depth is not None:
                operand.hint, operand.depth = result.hint, result.depth

    def last(self, output: Operand) -> Operand:
        """The value of the last iteration."""
        lift = self.lift
        if not lift.is_lifted(output):
            return operand_of(lift.value(output))
        place = known(0 if self.node.backwards else -1)
        origin = replace(self.node.origin, spelling="operator")
        return operand_of(self.trace.apply(getitem, [lift.value(output), place], {}, origin))

    def total(self, init: Operand, chain: Sequence[Term], result: Var) -> Operand:
        """The sum over all iterations."""
        total = start = value_of(init)
        for term in chain:
            origin = replace(term.origin, spelling=SPELLING)
            self.lift.at = origin
            if term.op is add_at:
                total = self.scattered(term, total, rank_of(result))
                continue
            value = self.summed(term.value, result)
            if total is start and is_zero(self.lift, start):
                negative = replace(origin, spelling="operator")
                total = (
                    value
                    if term.op is np.add
                    else self.trace.apply(np.negative, [value], {}, negative)
                )
            else:
                total = self.trace.apply(term.op, [total, value], {}, origin)
        return operand_of(total)

    def scattered(self, term: Term, total: Value, rank: int) -> Value:
        """An array with what all iterations add at places of it."""
        lift, index = self.lift, term.index
        assert index is not None
        if not lift.is_lifted(index):
            value = lift.value(term.value)
            if lift.is_lifted(term.value):
                value = lift.apply(np.sum, [value], {"axis": known(0)})
            else:
                value = lift.apply(np.multiply, [value, known(self.count)])
            return lift.apply(add_at, [total, value, lift.value(index)])
        parts = parts_of(index, rank)
        if isinstance(index, Var) and rank_of(index):
            parts = [index, *[ALL] * (rank - 1)]
        if parts is None or any(lift.is_lifted(p) for p in parts if isinstance(p, Slice)):
            raise NotLifted
        numbers = [k for k, part in enumerate(parts) if not isinstance(part, Slice)]
        if numbers != list(range(len(numbers))):
            raise NotLifted
        value = lift.of_rank(term.value, len(parts) - len(numbers) + rank_of(parts[0]))
        items = [operand_of(lift.value(part)) for part in parts]
        while items[-1] == ALL:
            items.pop()
        return lift.apply(add_at, [total, value, value_of(index_of(items))])

    def summed(self, term: Operand, result: Var) -> Value:
        lift, dtype = self.lift, dtype_of(result)
        if not lift.is_lifted(term):
            return lift.apply(np.multiply, [lift.value(term), known(self.count)])
        made = self.trace.definitions.get(term) if isinstance(term, Var) else None
        assert dtype is not None
        if made is not None and made.op is np.multiply and rank_of(term) == 0 and dtype.kind == "f":
            if all(map(lift.is_lifted, made.args)) and all(dtype_of(a) == dtype for a in made.args):
                values = [lift.value(a) for a in made.args]
                return lift.apply(np.matmul, values)
        if made is not None and made.op is np.outer and all(map(lift.is_lifted, made.args)):
            if all(rank_of(a) == 1 and dtype_of(a) == dtype for a in made.args):
                one, other = (lift.value(a) for a in made.args)
                return lift.apply(np.matmul, [turned(lift, one), other])
        value = lift.value(term)
        value = self.inner_sum(value) if rank_of(term) == 0 else value
        if dtype.kind in "iub":
            value = lift.apply(astype, [value, known(dtype)])
        kwargs: dict[str, Value] = {"axis": known(0)} if rank_of(term) else {}
        if dtype.kind in "iu":
            kwargs["dtype"] = known(dtype)
        return lift.apply(np.sum, [value], kwargs)

    def inner_sum(self, value: Value) -> Value:
        """What a sum that a loop inside has become is a sum of."""
        operand = operand_of(value)
        made = self.trace.definitions.get(operand) if isinstance(operand, Var) else None
        if made is not None and made.op is np.sum and made.origin.spelling == SPELLING:
            return value_of(made.args[0])
        return value


def commented(nodes: list[Node], loop: Origin) -> list[Node]:
    """The statements with what the user's comment on the loop says."""
    first = next((n.origin.statement for n in walk(nodes) if n.origin.statement is not None), None)
    if loop.statement is None or first is None or not loop.statement.comments:
        return nodes
    if first is loop.statement or loop.part != "primal":
        return nodes
    told = replace(first, comments=(*loop.statement.comments, *first.comments))
    return [_told(node, first, told) for node in nodes]


def _told(node: Node, old: Statement, new: Statement) -> Node:
    if node.origin.statement is old:
        node = replace(node, origin=replace(node.origin, statement=new))
    regions = [replace(r, body=tuple(_told(n, old, new) for n in r.body)) for r in node.regions]
    return node.with_regions(regions)


def too_large(nodes: Sequence[Node], node: Repeat) -> bool:
    """Whether some value of all iterations is much larger than what the loop goes through."""
    own = {v for n in walk(node.body.body) for v in n.results}
    read = {v for v in node.variables() if v not in own}
    around = [size_of(v) for v in (*read, *node.results)]
    most = max(SMALL, LARGER * max(around, default=0))
    return any(size_of(v) > most for n in walk(nodes) for v in n.results)


def _renamed(node: Node, names: dict[Var, Var]) -> Node:
    node = node.map(lambda v: names.get(v, v))
    results = tuple(names.get(r, r) for r in node.results)
    regions = [
        Region(r.params, tuple(_renamed(n, names) for n in r.body), r.outputs) for r in node.regions
    ]
    return replace(node, results=results).with_regions(regions)

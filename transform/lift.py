"""The statements of a loop's body for all iterations at once: what differs between iterations has a first axis more.

Given, for `x_i` in x:
    t = np.tanh(x_i)
    s = np.sum(t * w)

Then:
    t = np.tanh(x)
    s = np.sum(t * w, axis=1)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..primitives import add_at, getitem
from ..primitives import guard as GUARD
from .accumulate import SPELLING
from .affine import Form, Ranges, affine
from .array_rows import moved
from .errors import BackproseError
from .guards import GUARDED
from .ir import Atom, Choice, Node, Origin, Region, Repeat, walk
from .lengths import has_unknown
from .liveness import defined_within
from .operands import (
    ArrayType,
    Operand,
    StaticType,
    Var,
    array_type,
    dtype_of,
    rank_of,
    shape_of,
    substitute,
    type_of,
    variables,
)
from .sliding import Walk, plural
from .trace import Trace
from .values import Array, Known, Value, known, operand_of, spelled, value_of

WORTH = 16  # iterations from which on a loop inside is better run once, on vectors

Rule = Callable[["Lift", Atom], Value]
RULES: dict[Any, Rule] = {}


def rule(*ops: Any) -> Callable[[Rule], Rule]:
    def add(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(ops, function))
        return function

    return add


class NotLifted(Exception):
    """A statement has no form for all iterations at once."""


@dataclass
class Guard:
    """A side of a branch whose test differs between iterations, and what the side defines itself."""

    test: Value
    side: bool
    own: set[Var]
    seen: dict[Var, Operand] = field(default_factory=dict)


class Lift:
    """One loop. `lifted` holds what has an axis more, `now` what stands for other variables.

    Within a side of a branch that some iterations take, `guards`, what comes from outside is seen through a `guard`, so
    that nothing reaches an adjoint from iterations that do not take it.
    """

    def __init__(self, trace: Trace, walked: Walk | None, count: int, ranges: Ranges):
        self.trace, self.walked, self.count, self.ranges = trace, walked, count, ranges
        self.lifted: dict[Var, Operand] = {}
        self.now: dict[Var, Operand] = {}
        self.guards: list[Guard] = []
        self.front: list[Node] = []  # what comes before all of it
        self.at = Origin()  # of the statement that is being lifted

    # --- what stands for a value ---

    def is_lifted(self, operand: Operand | None) -> bool:
        return any(map(self.rises, variables(operand)))

    def rises(self, v: Var) -> bool:
        return v in self.lifted or self.is_index(v) or self.is_seen(v)

    def is_seen(self, v: Var) -> bool:
        """Whether a variable comes from outside of a side that some iterations take."""
        inexact = isinstance(v.type, ArrayType) and v.type.inexact
        return inexact and any(v not in guard.own for guard in self.guards)

    def is_index(self, v: Var) -> bool:
        return self.walked is not None and v is self.walked.index

    def resolve(self, v: Var) -> Operand:
        """What stands for a variable; the loop variable is written out where it is needed."""
        return self.through_guards(v) if self.is_seen(v) else self.plain(v)

    def through_guards(self, v: Var) -> Operand:
        guards = [guard for guard in self.guards if v not in guard.own]
        if v not in guards[-1].seen:
            guards[-1].seen[v] = operand_of(self.guarded(value_of(self.plain(v)), guards, v))
        return guards[-1].seen[v]

    def guarded(self, value: Value, guards: Sequence[Guard], old: Var) -> Value:
        """A value as sides of branches see it."""
        for guard in guards:
            test = self.beside(guard.test, rank_of(old))
            value = self.apply(GUARD, [value, test, known(guard.side)])
        operand = operand_of(value)
        if isinstance(operand, Var):
            operand.hint, operand.depth = old.hint, old.depth
        return value

    def beside(self, value: Value, rank: int) -> Value:
        """A number of each iteration, to stand beside arrays of so many axes."""
        axes = tuple(range(1, 1 + rank))
        if not axes:
            return value
        return self.apply(np.expand_dims, [value, known(axes[0] if rank == 1 else axes)])

    def plain(self, v: Var) -> Operand:
        if v in self.lifted:
            return self.lifted[v]
        if self.is_index(v):
            return self.counter()
        return self.now.get(v, v)

    def counter(self) -> Operand:
        """The loop variable of all iterations."""
        walked = self.walked
        assert walked is not None
        stop = walked.start + walked.step * (walked.count - 1) + (1 if walked.step > 0 else -1)
        ends = [walked.start, stop] if walked.start or walked.step != 1 else [stop]
        args: list[Value] = [
            known(n) for n in [*ends, *([walked.step] if walked.step != 1 else [])]
        ]
        with self.trace.region(self.front):
            places = operand_of(self.apply(np.arange, args))
        assert isinstance(places, Var)
        places.hint = walked.index.hint
        self.lifted[walked.index] = places
        return places

    def numbers(self) -> Value:
        """The number of each iteration, from 0 on."""
        return self.apply(np.arange, [known(self.count)])

    def value(self, operand: Operand) -> Value:
        return value_of(substitute(operand, self.resolve))

    def of_rank(self, operand: Operand, rank: int) -> Value:
        """A lifted array that stands beside arrays of so many axes in an iteration; any other as it is."""
        value, own = self.value(operand), rank_of(operand)
        if not self.is_lifted(operand) or own >= rank:
            return value
        axes = tuple(range(1, 1 + rank - own))
        return self.apply(np.expand_dims, [value, known(axes[0] if len(axes) == 1 else axes)])

    def repeated(self, operand: Operand) -> Value:
        """A value with the first axis, stretched along it if it is the same in all iterations."""
        value = self.value(operand)
        if self.is_lifted(operand):
            return value
        shape = (self.count, *shape_of(operand))
        if not isinstance(value, Known):
            return self.apply(np.broadcast_to, [value, known(shape)])
        args: list[Value] = [known(self.count), value]
        return self.apply(np.full, args) if value.value else self.apply(np.zeros, args[:1])

    def form(self, operand: Operand) -> Form | None:
        return affine(operand, self.trace.definitions)

    def apply(
        self, op: Any, args: list[Value], kwargs: dict[str, Value] | None = None, atom: Any = None
    ) -> Any:
        spelling = "operator" if isinstance(op, np.ufunc) or op is getitem else "function"
        if self.at.spelling == SPELLING and op in (np.sum, np.matmul, add_at):
            spelling = SPELLING
        spelling = GUARDED if op is GUARD else spelling
        origin = replace(self.at, spelling=spelling) if atom is None else atom.origin
        return self.trace.apply(op, args, kwargs or {}, origin)

    # --- statements ---

    def nodes(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            self.at = node.origin
            if not self.concerns(node):
                self.trace.add(node.map(self.resolve))
            elif isinstance(node, Atom):
                self.atom(node)
            elif isinstance(node, Choice):
                self.choice(node)
            else:
                self.repeat(node)

    def concerns(self, node: Node) -> bool:
        return any(map(self.rises, node.variables()))

    def atom(self, atom: Atom) -> None:
        (result,) = atom.results if len(atom.results) == 1 else (None,)
        if result is None or has_unknown(result.type):
            raise NotLifted
        if isinstance(result.type, StaticType):
            self.now[result] = spelled(result.type.value)
            return
        rule = RULES.get(atom.op)
        if rule is None:
            raise NotLifted
        try:
            value = self.read(atom, rule) if atom.op is getitem else rule(self, atom)
        except BackproseError:
            raise NotLifted from None
        self.lifted[result] = self.checked(value, result)

    def read(self, atom: Atom, rule: Rule) -> Value:
        """What is read is guarded, not all of the array that it is read from."""
        base = atom.args[0]
        guards = [g for g in self.guards if isinstance(base, Var) and base not in g.own]
        if not guards or not isinstance(base, Var) or not self.is_seen(base):
            return rule(self, atom)
        kept, self.guards = self.guards, []
        try:
            if self.concerns(atom):
                value = rule(self, atom)
            else:
                value = self.apply(getitem, [*map(self.value, atom.args)], {}, atom)
        finally:
            self.guards = kept
        return self.guarded(value, guards, atom.result)

    def checked(self, value: Value, old: Var) -> Operand:
        """What a rule gives, under the name of what it stands for."""
        operand = operand_of(value)
        wanted, found = old.type, type_of(operand)
        assert isinstance(wanted, ArrayType)
        if not isinstance(operand, Var) or not isinstance(found, ArrayType):
            raise NotLifted
        if found.shape != (self.count, *wanted.shape) or found.dtype != wanted.dtype:
            raise NotLifted
        if operand.depth is None and old.depth is not None:
            operand.hint, operand.depth = old.hint, old.depth
        return operand

    def choice(self, node: Choice) -> None:
        """A branch; where some iterations take one side and some the other, both are computed, and one is chosen."""
        if self.is_lifted(node.test):
            self.selection(node)
            return
        regions, ends = [], []
        for region in node.regions:
            with self.region() as nodes:
                self.nodes(region.body)
            regions.append(nodes)
            ends.append([self.is_lifted(o) for o in region.outputs])
        every = [any(both) for both in zip(*ends, strict=True)]
        new = []
        for nodes, region in zip(regions, node.regions, strict=True):
            outputs = self.outputs(region.outputs, every, nodes)
            new.append(Region((), tuple(nodes), outputs))
        results = tuple(
            self.fresh(r) if up else r for r, up in zip(node.results, every, strict=True)
        )
        for region in new:
            if any(
                dtype_of(o) != dtype_of(r) for o, r in zip(region.outputs, results, strict=True)
            ):
                raise NotLifted
        test = substitute(node.test, self.resolve)
        self.trace.add(replace(node.with_regions(new), results=results, test=test))

    @contextmanager
    def region(self) -> Iterator[list[Node]]:
        """Write to a list of its own; what has been seen through guards there is not seen elsewhere."""
        before = [dict(guard.seen) for guard in self.guards]
        with self.trace.region() as nodes:
            yield nodes
        for guard, seen in zip(self.guards, before, strict=True):
            guard.seen = seen

    def selection(self, node: Choice) -> None:
        test = self.value(node.test)
        for region, side in zip(node.regions, (True, False), strict=True):
            if any(isinstance(n, Repeat) for n in walk(region.body)):
                raise NotLifted
            self.guards.append(Guard(test, side, set(defined_within(region))))
            self.nodes(region.body)
            self.guards.pop()
        self.at = node.origin
        for result, *sides in zip(node.results, *(r.outputs for r in node.regions), strict=True):
            one, other = sides
            if one == other and not self.is_lifted(one):
                self.now[result] = substitute(one, self.resolve)
                continue
            rank = rank_of(result)
            values = [self.of_rank(side, rank) for side in sides]
            chosen = self.apply(np.where, [self.beside(test, rank), *values])
            self.lifted[result] = self.checked(chosen, result)

    def outputs(
        self, outputs: Sequence[Operand], lifted: Sequence[bool], nodes: list[Node]
    ) -> tuple[Operand, ...]:
        with self.trace.region(nodes):
            return tuple(
                operand_of(self.repeated(o)) if up else substitute(o, self.resolve)
                for o, up in zip(outputs, lifted, strict=True)
            )

    def fresh(self, v: Var, *front: int) -> Var:
        """A variable with the first axis; `front` are axes before it."""
        assert isinstance(v.type, ArrayType)
        shape = (*front, self.count, *v.type.shape)
        new = Var(v.hint, ArrayType(shape, v.type.dtype), v.depth)
        if not front:
            self.lifted[v] = new
        return new

    def repeat(self, node: Repeat) -> None:
        """A loop inside, run once for all iterations of this one."""
        span = node.span or ()
        if self.count < WORTH or any(map(self.is_lifted, span)) or node.test is not None:
            raise NotLifted
        count = len(node.inits)
        up = {k for k, init in enumerate(node.inits) if self.is_lifted(init)}
        streams = [self.stream(element, rows) for element, rows in node.streamed]
        while True:
            params = [
                self.fresh(p) if k in up else p for k, p in enumerate(node.body.params[:count])
            ]
            with self.region() as nodes:
                self.nodes(node.body.body)
            ends = {k for k, o in enumerate(node.body.outputs[:count]) if self.is_lifted(o)}
            if ends <= up:
                break
            up |= ends
        lifted = [
            k in up if k < count else self.is_lifted(o) for k, o in enumerate(node.body.outputs)
        ]
        outputs = self.outputs(node.body.outputs, lifted, nodes)
        inits = [
            operand_of(self.repeated(o)) if k in up else substitute(o, self.resolve)
            for k, o in enumerate(node.inits)
        ]
        results: list[Var] = []
        turned: list[tuple[Var, Var]] = []
        for k, (result, rises) in enumerate(zip(node.results, lifted, strict=True)):
            if rises and k >= count:
                length, *rest = array_type(result).shape
                inner = Var(result.hint, replace(result.type, shape=tuple(rest)), result.depth)
                rows = self.fresh(inner, length)
                turned.append((result, rows))
                results.append(rows)
            else:
                results.append(self.fresh(result) if rises else result)
        for operand, param in (
            *zip(inits, params, strict=True),
            *zip(outputs, params, strict=False),
        ):
            if shape_of(operand) != shape_of(param) or dtype_of(operand) != dtype_of(param):
                raise NotLifted
        body = Region((*params, *(e for e, _ in streams)), tuple(nodes), outputs)
        self.trace.add(
            replace(
                node,
                results=tuple(results),
                inits=tuple(inits),
                span=None
                if node.span is None
                else tuple(substitute(o, self.resolve) for o in span),
                streams=tuple(rows for _, rows in streams),
                body=body,
            )
        )
        for result, rows in turned:
            self.lifted[result] = operand_of(moved(self.trace, Array(rows), 0, 1))

    def stream(self, element: Var, rows: Operand) -> tuple[Var, Operand]:
        """What a loop inside goes through, the axis of that loop first."""
        if not self.is_lifted(rows):
            return element, substitute(rows, self.resolve)
        value = operand_of(moved(self.trace, self.value(rows), 1, 0))
        if isinstance(value, Var) and value.depth is None:
            value.hint = plural(element.hint)
        return self.fresh(element), value

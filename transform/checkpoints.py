"""The adjoint of a loop whose number of steps nobody knows, in constant memory: steps are run again from checkpoints.

The steps are cut into blocks of equal length. A pass over the loop saves the state before every so many blocks, as many
as there is room for. Backwards, each block starts from the checkpoint before it, goes forward to its own first step,
runs once more with a tape of its steps, and then backwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..primitives import getitem, update
from .ir import Region, Repeat
from .operands import ArrayType, Lit, Operand, Var
from .regions import renamed_with
from .trace import Trace
from .trees import zeros
from .values import Array, Known, Value, known, operand_of, value_of

ROOM = 2**26  # bytes for the checkpoints, and for the tape of a block
MOST, LEAST = 1_024, 16
NEUTRAL = {np.add: 0, np.subtract: 0, np.multiply: 1, np.floor_divide: 1}


def replayed(
    trace: Trace, node: Repeat, primal: Repeat, needed: Sequence[Var], steps: Operand
) -> None:
    """Write the adjoint loop `node` of `primal`, whose inner values `needed` it reads."""
    work = Replay(trace, node, primal, needed, steps)
    work.write()


class Replay:
    """Writes the adjoint of a loop that runs its steps again."""

    def __init__(
        self, trace: Trace, node: Repeat, primal: Repeat, needed: Sequence[Var], steps: Operand
    ):
        self.trace, self.node, self.primal = trace, node, primal
        self.needed, self.steps = list(needed), value_of(steps)
        self.origin = replace(node.origin, part="adjoint", spelling="operator")
        self.state = [p.type for p in primal.body.params[: len(primal.inits)]]
        self.places = room_for(self.state)
        self.block = room_for([v.type for v in needed])

    def op(self, ufunc: np.ufunc, a: Value, b: Value) -> Value:
        if isinstance(a, Known) and isinstance(b, Known):
            return known(int(ufunc(a.value, b.value)))
        if isinstance(a, Known) and ufunc is np.add and a.value == 0:
            return b
        if isinstance(b, Known) and b.value == NEUTRAL.get(ufunc):
            return a
        return self.trace.apply(ufunc, [a, b], {}, self.origin)

    def write(self) -> None:
        length, places = known(self.block), known(self.places)
        blocks = self.op(
            np.floor_divide, self.op(np.add, self.steps, known(self.block - 1)), length
        )
        apart = self.op(
            np.floor_divide, self.op(np.add, blocks, known(self.places - 1)), places
        )  # blocks from one checkpoint to the next
        apart = self.op(np.maximum, apart, known(1))
        for value, hint in ((blocks, "blocks"), (apart, "apart")):
            named(value, hint)
        distance = self.op(np.multiply, apart, length)
        named(distance, "distance")
        before = self.op(np.add, self.steps, self.op(np.subtract, distance, known(1)))
        used = self.op(np.floor_divide, before, distance)
        inits = self.primal.inits
        saved = self.checkpoints(inits, known(0), self.steps, distance, used, self.places)
        self.backwards(blocks, apart, saved)

    def checkpoints(
        self,
        inits: Sequence[Operand],
        start: Value,
        steps: Value,
        distance: Value,
        used: Value,
        places: int,
    ) -> list[Var]:
        """The states before every `distance` steps from `start` on: `used` of `places`."""
        state = [
            Var(p.hint, t, p.depth)
            for p, t in zip(self.primal.body.params, self.state, strict=False)
        ]
        saved = [Var("saved", ArrayType((places, *t.shape), t.dtype)) for t in self.state]  # type: ignore[union-attr]
        index = integer("s")
        with self.trace.region() as nodes:
            after = [
                self.emit(update, (s, v, index), s.type) for s, v in zip(saved, state, strict=True)
            ]
            passed = self.op(np.multiply, Array(index), distance)
            count = self.length(distance, steps, passed)
            ends = self.forward(state, operand_of(count), self.op(np.add, start, passed))
        results = [Var("saved", s.type) for s in saved]
        last = [Var(v.hint, v.type) for v in state]
        empty = [zeros(self.trace, s.type, self.origin) for s in saved]  # type: ignore[arg-type]
        self.trace.add(
            Repeat(
                (*last, *results),
                (*inits, *empty),
                Region((*state, *saved), tuple(nodes), (*ends, *after)),
                index,
                (Lit(0), operand_of(used), Lit(1)),
                origin=replace(self.origin, spelling="save"),
                key=object(),
            )
        )
        return results

    def length(self, distance: Value, steps: Value, passed: Value) -> Value:
        """How many of the steps belong to a part that is `distance` long, or less at the end."""
        if isinstance(distance, Known) and isinstance(steps, Known):
            if steps.value % distance.value == 0:
                return distance
        return self.op(np.minimum, distance, self.op(np.subtract, steps, passed))

    def forward(self, state: Sequence[Operand], count: Operand, first: Value) -> list[Var]:
        """Some steps of the loop from step `first` on, saving nothing."""
        size, k = len(self.state), integer("_" if self.primal.index is None else "k")
        body = renamed_with(self.at(self.primal.body, first, k))[0]
        body = Region(body.params[:size], body.body, body.outputs[:size])
        results = [Var(p.hint, p.type) for p in body.params]
        span = (Lit(0), count, Lit(1))
        self.trace.add(
            Repeat(
                tuple(results),
                tuple(state),
                body,
                k,
                span,
                origin=replace(self.origin, spelling="again"),
                key=object(),
            )
        )
        return results

    def at(self, body: Region, first: Value, k: Var) -> Region:
        """A body with its loop variable worked out from how many steps lie before it."""
        if self.primal.index is None:
            return body
        with self.trace.region() as head:
            index = operand_of(self.index(self.op(np.add, first, Array(k))))
        body = body.map(lambda v: index if v is self.primal.index else v)
        return replace(body, body=(*head, *body.body))

    def index(self, ordinal: Value) -> Value:
        assert self.primal.span is not None
        start, _, step = map(value_of, self.primal.span)
        return self.op(np.add, start, self.op(np.multiply, ordinal, step))

    def adjoints(self) -> list[Var]:
        """Fresh variables for what the adjoint loop carries."""
        params = self.node.body.params
        return [Var(p.hint, p.type, p.depth, p.adjoint_of, p.tangent_of) for p in params]

    def backwards(self, blocks: Value, apart: Value, saved: list[Var]) -> None:
        node, index = self.node, integer("b")
        params = self.adjoints()
        with self.trace.region() as nodes:
            block = Array(index)
            place = operand_of(self.op(np.floor_divide, block, apart))
            start = [
                self.emit(getitem, (s, place), t) for s, t in zip(saved, self.state, strict=True)
            ]
            skipped = self.op(np.multiply, self.op(np.remainder, block, apart), known(self.block))
            first = self.op(np.multiply, block, known(self.block))
            state = self.forward(start, operand_of(skipped), self.op(np.subtract, first, skipped))
            count = operand_of(
                self.op(np.minimum, known(self.block), self.op(np.subtract, self.steps, first))
            )
            named(value_of(count), "length")
            tape = self.recorded(state, count, first)
            ends = self.reversed(params, tape, count, first)
        self.trace.add(
            replace(
                node,
                body=Region(tuple(params), tuple(nodes), tuple(ends)),
                index=index,
                span=(Lit(0), operand_of(blocks), Lit(1)),
                adjoint_of=None,
                origin=replace(node.origin, spelling="back_block"),
            )
        )

    def recorded(self, state: Sequence[Operand], count: Operand, first: Value) -> list[Var]:
        """The steps of a block again, with what the adjoint needs of each."""
        size, k = len(self.state), integer("k")
        body, fresh = renamed_with(self.at(self.primal.body, first, k))
        tapes = [Var(f"{v.hint}s", ArrayType((self.block, *t.shape), t.dtype), v.depth and None)
                 for v in self.needed for t in [v.type] if isinstance(t, ArrayType)]  # fmt: skip
        with self.trace.region(list(body.body)) as nodes:
            after = [
                self.emit(update, (tape, fresh.get(v, v), k), tape.type)
                for tape, v in zip(tapes, self.needed, strict=True)
            ]
        inits = [zeros(self.trace, t.type, self.origin) for t in tapes]  # type: ignore[arg-type]
        results = [Var(t.hint, t.type) for t in tapes]
        last = [Var(p.hint, p.type) for p in body.params[:size]]
        self.trace.add(
            Repeat(
                (*last, *results),
                (*state, *inits),
                Region((*body.params[:size], *tapes), tuple(nodes), (*body.outputs[:size], *after)),
                k,
                (Lit(0), count, Lit(1)),
                origin=replace(self.origin, spelling="record"),
                key=object(),
            )
        )
        return results

    def reversed(
        self, params: Sequence[Operand], tape: Sequence[Var], count: Operand, first: Value
    ) -> list[Var]:
        """The adjoint of each step of a block."""
        k, node = integer("k"), self.node
        with self.trace.region() as head:
            elements = {
                v: self.emit(getitem, (rows, k), v.type)
                for v, rows in zip(self.needed, tape, strict=True)
            }
            assert node.index is not None
            if node.index in set(node.body.variables()):
                ordinal = self.op(np.add, first, Array(k))
                index = ordinal if self.primal.test is not None else self.index(ordinal)
                elements[node.index] = operand_of(index)  # type: ignore[assignment]
        body = node.body.map(lambda v: elements.get(v, v))
        results = self.adjoints()
        inner = replace(
            node,
            results=tuple(results),
            inits=tuple(params),
            body=replace(body, body=(*head, *body.body)),
            index=k,
            span=(Lit(0), count, Lit(1)),
            adjoint_of=None,
            key=object(),
        )
        self.trace.add(inner)
        return results

    def emit(self, op: object, args: tuple[Operand, ...], found: object) -> Var:
        hint = args[0].hint if isinstance(args[0], Var) and op is update else "t"
        assert isinstance(found, ArrayType)
        return self.trace.emit(Var(hint, found), op, args, (), self.origin)


def room_for(types: Sequence[object]) -> int:
    """How many states of some types there is room for."""
    size = sum(t.size * t.dtype.itemsize for t in types if isinstance(t, ArrayType))
    return int(min(MOST, max(LEAST, ROOM // max(size, 1))))


def integer(hint: str) -> Var:
    return Var(hint, ArrayType((), np.dtype(np.int64), weak=True))


def named(value: Value, hint: str) -> None:
    operand = value.operand if isinstance(value, Array) else None
    if isinstance(operand, Var):
        operand.hint = hint

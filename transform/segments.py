"""The adjoint of a loop of known length in less memory: its iterations are run again, segment by segment.

Saving every iteration takes memory in proportion to their number. Here the state is saved at the beginning of each
segment only; backwards, each segment is run again from there, and is either cut into segments in turn, or short
enough for a tape of all its iterations. With `p` segments at each of `L` levels a loop of `n` iterations keeps `L p`
states and a tape of `n / p^L` iterations, and runs each iteration `L + 1` times before its adjoint.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..primitives import getitem, update
from .checkpoints import Replay, integer
from .ir import Region, Repeat
from .lengths import has_unknown
from .operands import ListType, Lit, Operand, Var, array_type
from .trace import Trace
from .trees import zeros
from .values import Array, Value, known, operand_of, value_of

BUDGET = 2**30  # bytes that a loop may save where the user does not say how much


@dataclass(frozen=True)
class Plan:
    """How many iterations a segment of each level has, the longest first; the last is the length of the tape."""

    lengths: tuple[int, ...]


def plan_for(checkpoint: str | int | None, length: int, needed: Sequence[Var]) -> Plan | None:
    """How a loop is cut into segments; None where all of it is saved.

    `checkpoint` is the user's word ("all", "sqrt", a number of states) or None: all of it, if it is not too large.
    """
    if any(isinstance(v.type, ListType) or has_unknown(v.type) for v in needed) or length < 4:
        return None
    if checkpoint is None:
        bytes_saved = length * sum(
            array_type(v).size * array_type(v).dtype.itemsize for v in needed
        )
        checkpoint = "sqrt" if bytes_saved > BUDGET else "all"
    if checkpoint == "all":
        return None
    if checkpoint == "sqrt":
        return Plan((math.ceil(math.sqrt(length)),))
    assert isinstance(checkpoint, int)
    if checkpoint >= length:
        return None
    choices = [(n, checkpoint // n) for n in range(1, checkpoint // 2 + 1)]
    short = [(n, each) for n, each in choices if length <= checkpoint * each**n]
    levels, each = short[0] if short else max(choices, key=lambda choice: choice[1] ** choice[0])
    lengths, left = [], length
    for _ in range(levels):
        left = math.ceil(left / each)
        lengths.append(left)
    return Plan(tuple(dict.fromkeys(lengths)))


def in_segments(
    trace: Trace,
    node: Repeat,
    primal: Repeat,
    needed: Mapping[Var, Var | None],
    length: int,
    plan: Plan,
) -> None:
    """Write the adjoint loop `node` of `primal` by a plan.

    `needed` are the inner values of `primal` that it reads, with the array that holds one for each iteration anyway.
    """
    held = {v: rows for v, rows in needed.items() if rows is not None}
    falls = primal.backwards
    node = replace(_counted(trace, node, length, falls, held), backwards=True)
    primal = replace(_counted(trace, primal, length, falls, {}), backwards=False)
    count = len(primal.inits)
    states = Region(primal.body.params[:count], primal.body.body, primal.body.outputs[:count])
    primal = replace(primal, results=primal.results[:count], body=states)
    taped = [v for v in needed if v not in held]
    work = _Segments(trace, node, primal, taped, Lit(length))
    work.block = plan.lengths[-1]
    work.part(known(0), known(length), length, primal.inits, plan.lengths, node.inits, node.results)


class _Segments(Replay):
    """Segments within segments."""

    def part(
        self,
        first: Value,
        steps: Value,
        most: int,
        state: Sequence[Operand],
        lengths: Sequence[int],
        inits: Sequence[Operand],
        results: Sequence[Var] | None = None,
    ) -> Sequence[Var]:
        """The adjoint of `steps` iterations (at most `most`) from `first` on, given the state before them."""
        if not lengths:
            count = operand_of(steps)
            return self.reversed(inits, self.recorded(state, count, first), count, first)
        distance, places = known(lengths[0]), math.ceil(most / lengths[0])
        before = self.op(np.add, steps, known(lengths[0] - 1))
        used = self.op(np.floor_divide, before, distance)
        saved = self.checkpoints(state, first, steps, distance, used, places)
        index, params = integer("s"), self.adjoints()
        with self.trace.region() as nodes:
            start = [
                self.emit(getitem, (s, index), t) for s, t in zip(saved, self.state, strict=True)
            ]
            passed = self.op(np.multiply, Array(index), distance)
            count = self.length(distance, steps, passed)
            begin = self.op(np.add, first, passed)
            ends = self.part(begin, count, lengths[0], start, lengths[1:], params)
        results = results or self.adjoints()
        self.trace.add(
            replace(
                self.node,
                results=tuple(results),
                inits=tuple(inits),
                body=Region(tuple(params), tuple(nodes), tuple(ends)),
                index=index,
                span=(Lit(0), operand_of(used), Lit(1)),
                adjoint_of=None,
                key=object(),
                origin=replace(self.node.origin, spelling="back_block"),
            )
        )
        return results


def _counted(
    trace: Trace, loop: Repeat, length: int, falls: bool, held: Mapping[Var, Var]
) -> Repeat:
    """A loop over 0, 1, ... that reads its streams, and `held`, and writes what it stacks, element by element.

    Where it `falls`, the first iteration is that of the last elements.
    """
    assert loop.span is not None and loop.index is not None
    origin = replace(loop.origin, spelling="operator")
    k, count = integer("k"), len(loop.inits)
    start, _, step = map(value_of, loop.span)
    fresh: dict[Var, Operand] = {}
    with trace.region() as head:
        place: Value = Array(k, scalar=True)
        if falls:
            place = trace.apply(np.subtract, [known(length - 1), place], {}, origin)
        at = operand_of(place)
        index = trace.apply(np.multiply, [place, step], {}, origin)
        index = trace.apply(np.add, [start, index], {}, origin)
        fresh[loop.index] = operand_of(index)
        for element, rows in (*loop.streamed, *held.items()):
            found = Var(element.hint, element.type, element.depth, element.adjoint_of)
            fresh[element] = trace.emit(found, getitem, (rows, at), (), origin)
    body = loop.body.map(lambda v: fresh.get(v, v))
    buffers = [(Var(r.hint, r.type, r.depth, r.adjoint_of), r) for r, _ in loop.stacked]
    filled: list[Operand] = []
    with trace.region([*head, *body.body]) as nodes:
        for (param, result), output in zip(buffers, body.outputs[count:], strict=True):
            after = Var(result.hint, result.type, result.depth, result.adjoint_of)
            filled.append(trace.emit(after, update, (param, output, at), (), origin))
    params = (*body.params[:count], *(param for param, _ in buffers))
    inits = [zeros(trace, r.type, origin) for _, r in buffers]  # type: ignore[arg-type]
    return replace(
        loop,
        inits=(*loop.inits, *inits),
        body=Region(params, tuple(nodes), (*body.outputs[:count], *filled)),
        index=k,
        span=(Lit(0), Lit(length), Lit(1)),
        streams=(),
    )

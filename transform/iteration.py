"""What a `for` loop runs over: ranges, rows, `enumerate`, `zip`, `reversed`, as an index and what is read at it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .ir import Origin
from .values import Array, Iteration, Known, KnownRange, Struct, Value, known, struct

if TYPE_CHECKING:
    from .infer import Interpreter


def range_iteration(start: Value, stop: Value, step: Value) -> Iteration:
    return Iteration(start, stop, step, lambda index: index, True)


def iteration(interpreter: Interpreter, value: Value, origin: Origin) -> Iteration | None:
    """How to loop over a value without taking it apart; None for containers, which are walked item by item."""
    if isinstance(value, Iteration):
        return value
    if isinstance(value, KnownRange):
        return range_iteration(*value.bounds)
    if isinstance(value, Known) and isinstance(value.value, range):
        r = value.value
        return range_iteration(known(r.start), known(r.stop), known(r.step))
    if isinstance(value, Array) and value.type.ndim:
        rows = value
        from .access import item

        shape = interpreter.trace.attribute(rows, "shape", origin)
        length = item(interpreter, shape, known(0), origin)

        def at(index: Value) -> Value:
            return item(interpreter, rows, index, origin)

        return Iteration(known(0), length, known(1), at, rows=(rows,))
    if isinstance(value, Struct) and value.rows is not None:
        return iteration(interpreter, value.rows, origin)
    return None


def ordinal(interpreter: Interpreter, it: Iteration, index: Value, origin: Origin) -> Value:
    """How many items lie before the one at an index."""
    op = interpreter.operation
    if isinstance(it.start, Known) and it.start.value == 0:
        offset = index
    else:
        offset = op(np.subtract, [index, it.start], origin)
    if isinstance(it.step, Known) and it.step.value == 1:
        return offset
    return op(np.floor_divide, [offset, it.step], origin)


def item_at(interpreter: Interpreter, it: Iteration, place: Value, origin: Origin) -> Value:
    """The item at a place counted from 0."""
    op, index = interpreter.operation, place
    if not (isinstance(it.step, Known) and it.step.value == 1):
        index = op(np.multiply, [index, it.step], origin)
    if not (isinstance(it.start, Known) and it.start.value == 0):
        index = op(np.add, [it.start, index], origin)
    return it.at(index)


def enumerated(interpreter: Interpreter, it: Iteration, first: Value, origin: Origin) -> Iteration:
    def at(index: Value) -> Value:
        place = ordinal(interpreter, it, index, origin)
        if not (isinstance(first, Known) and first.value == 0):
            place = interpreter.operation(np.add, [place, first], origin)
        return struct(tuple, [place, it.at(index)])

    return replace(it, at=at, counts=False)


def zipped(interpreter: Interpreter, its: list[Iteration], origin: Origin) -> Iteration | None:
    """Together, as far as the shortest goes; None where a length is not known."""
    lengths = [it.length() for it in its]
    if any(n is None for n in lengths):
        return None
    shortest = its[int(np.argmin([n for n in lengths if n is not None]))]
    stop = shortest.stop
    if not _plain(shortest):
        stop = known(min(n for n in lengths if n is not None))

    def at(index: Value) -> Value:
        return struct(tuple, [item_at(interpreter, it, index, origin) for it in its])

    rows = tuple(array for it in its for array in it.rows)
    return Iteration(known(0), stop, known(1), at, rows=rows)


def backwards(interpreter: Interpreter, it: Iteration, origin: Origin) -> Iteration | None:
    """From the last item to the first; None where the step is not known."""
    if not isinstance(it.step, Known):
        return None
    op, step = interpreter.operation, it.step.value
    length = it.length()
    if length is not None:
        assert isinstance(it.start, Known)
        last = range(it.start.value, it.start.value + length * step, step)[::-1]
        if _plain(it):
            before = op(np.subtract, [it.stop, known(1)], origin)
            return replace(it, start=before, stop=known(-1), step=known(-1))
        start, stop, by = map(known, (last.start, last.stop, last.step))
        return replace(it, start=start, stop=stop, step=by)
    if abs(step) != 1:
        return None
    one = known(step)
    start = op(np.subtract, [it.stop, one], origin)
    stop = op(np.subtract, [it.start, one], origin)
    return replace(it, start=start, stop=stop, step=known(-step))


def _plain(it: Iteration) -> bool:
    bounds: list[Any] = [b.value if isinstance(b, Known) else None for b in (it.start, it.step)]
    return bounds == [0, 1]

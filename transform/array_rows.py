"""Rows of an array along one of its axes: reading them, and putting them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..primitives import getitem, update
from .ir import Origin
from .operands import ArrayType, Items, Lit, Operand, Slice, Var, type_of
from .sliding import ALL
from .trace import Trace
from .values import Array, Value, known, operand_of, value_of


class Axis:
    """Reads and writes rows along one axis of an array."""

    def __init__(self, trace: Trace, array: ArrayType, axis: int, origin: Origin):
        self.trace, self.array, self.axis = trace, array, axis
        self.origin = replace(origin, spelling="operator")
        self.row = ArrayType(array.shape[:axis] + array.shape[axis + 1 :], array.dtype)

    def index(self, item: Operand) -> Operand:
        return Items("tuple", (*[ALL] * self.axis, item)) if self.axis else item

    def stacked(self, count: int) -> ArrayType:
        return ArrayType((count, *self.row.shape), self.row.dtype)

    def whole(self, places: range) -> bool:
        return places == range(self.array.shape[self.axis])

    def element(self, array: Operand, place: int) -> Operand:
        index = value_of(self.index(Lit(place)))
        return operand_of(self.trace.apply(getitem, [value_of(array), index], {}, self.origin))

    def rows(self, array: Operand, places: range) -> Operand:
        parts = [ALL] * self.array.ndim
        return rows_of(self.trace, array, parts, self.axis, places)

    def put(self, result: Var, array: Operand, parts: Sequence[tuple[Var, range | int]]) -> None:
        """The array with rows put into it, as `result`."""
        for k, (rows, places) in enumerate(parts):
            after = result if k == len(parts) - 1 else Var(result.hint, result.type, result.depth)
            item: Operand = Lit(places) if isinstance(places, int) else slice_of(places, self.size)
            value = rows
            if not isinstance(places, int):
                value = operand_of(moved(self.trace, value_of(rows), 0, self.axis))
            self.trace.emit(after, update, (array, value, self.index(item)), (), self.origin)
            array = after

    @property
    def size(self) -> int:
        return self.array.shape[self.axis]


def named_rows(rows: Operand, array: Operand, element: str) -> Operand:
    """Rows under a name of their own, unless they are all of the array."""
    if isinstance(rows, Var) and rows is not array:
        rows.hint = f"{element}s"
    return rows


def rows_of(
    trace: Trace, array: Operand, parts: Sequence[Operand], axis: int, places: range
) -> Operand:
    """What an index gives for some places along an axis, row by row."""
    whole, origin = type_of(array), Origin(spelling="operator")
    assert isinstance(whole, ArrayType)
    value, items = value_of(array), list(parts)
    if places != range(whole.shape[axis]):
        items[axis] = slice_of(places, whole.shape[axis])
    else:
        items[axis] = ALL
    source = sum(isinstance(item, Slice) for item in items[:axis])
    while items and items[-1] == ALL:
        items.pop()
    if items:
        index = items[0] if len(items) == 1 else Items("tuple", tuple(items))
        value = trace.apply(getitem, [value, value_of(index)], {}, origin)
    return operand_of(moved(trace, value, source, 0))


def moved(trace: Trace, value: Value, source: int, target: int) -> Value:
    """An array with an axis at another place."""
    if source == target:
        return value
    assert isinstance(value, Array)
    if value.type.ndim == 2:
        return trace.apply(np.transpose, [value], {}, Origin())
    return trace.apply(np.moveaxis, [value, known(source), known(target)], {}, Origin())


def slice_of(places: range, size: int) -> Slice:
    """The slice of an axis that gives some places; its ends are counted from the end where that is short."""
    first, by = places[0], places.step
    last = places[-1] + by if by > 0 or places[-1] + by >= 0 else None
    if by > 0:
        last = places[-1] + 1
        stop = None if last >= size else Lit(last - size if size - last < last else last)
    else:
        last = places[-1] - 1
        stop = None if last < 0 else Lit(last)
    start = None if first == (0 if by > 0 else size - 1) else Lit(first)
    return Slice(start, stop, None if by == 1 else Lit(by))

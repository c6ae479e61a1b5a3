"""The adjoint of an array that was read in slices: one concatenation where the slices tile it, else a sum."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitives import place
from .derivative import Context
from .ir import ArrayType, Atom, Operand, Origin, Var
from .values import Array, Struct, Value, known, static_value, value_of


def collect(context: Context, parts: list[Value], v: Var, origin: Origin) -> Value:
    """The sum of adjoint contributions to `v`, all of its shape."""
    assert isinstance(v.type, ArrayType)
    placed = [_placed(context, part) for part in parts]
    tiles = [atom for atom in placed if atom is not None]
    rest = [part for part, atom in zip(parts, placed, strict=True) if atom is None]
    if len(tiles) > 1:
        joined = join(context, tiles, v.type, origin)
        if joined is not None:
            parts = [joined, *rest]
    total = parts[0]
    for part in parts[1:]:
        total = context.operator(np.add, [total, part], origin)
    return total


def _placed(context: Context, value: Value) -> Atom | None:
    operand = value.operand if isinstance(value, Array) else None
    atom = context.trace.definitions.get(operand) if isinstance(operand, Var) else None
    return atom if atom is not None and atom.op is place else None


def join(context: Context, tiles: list[Atom], whole: ArrayType, origin: Origin) -> Value | None:
    """The concatenation (or stack) of slices that together cover an array once, along one axis."""
    spans = [_span(tile.args[2], whole.shape) for tile in tiles]
    if any(span is None for span in spans):
        return None
    ordered = sorted(zip(spans, tiles, strict=True), key=lambda pair: pair[0][1])  # type: ignore[index]
    axes = {span[0] for span, _ in ordered if span is not None}
    if len(axes) != 1:
        return None
    axis, end = axes.pop(), 0
    for span, _ in ordered:
        if span is None or span[1] != end:
            return None
        end = span[2]
    if end != whole.shape[axis]:
        return None
    kwargs: dict[str, Value] = {"axis": known(axis)} if axis else {}
    points = [span[3] for span, _ in ordered if span is not None]
    values = [value_of(tile.args[0]) for _, tile in ordered]
    if all(points):
        return context.trace.apply(np.stack, [Struct(list, values)], kwargs, origin)
    values = [
        context.trace.apply(np.expand_dims, [value, known(axis)], {}, origin) if point else value
        for value, point in zip(values, points, strict=True)
    ]
    return context.trace.apply(np.concatenate, [Struct(list, values)], kwargs, origin)


def _span(index: Operand, shape: tuple[int, ...]) -> tuple[int, int, int, bool] | None:
    """`(axis, start, stop, is_point)` of an index that restricts exactly one axis, by a unit step."""
    try:
        value: Any = static_value(index)
    except KeyError:
        return None
    parts = list(value) if isinstance(value, tuple) else [value]
    if any(part is None or isinstance(part, np.ndarray | list) for part in parts):
        return None
    if Ellipsis in parts:
        k = parts.index(Ellipsis)
        parts[k : k + 1] = [slice(None)] * (len(shape) - len(parts) + 1)
    found = None
    for axis, part in enumerate(parts):
        if isinstance(part, slice):
            start, stop, step = part.indices(shape[axis])
            if (start, stop, step) == (0, shape[axis], 1):
                continue
            if step != 1 or found is not None:
                return None
            found = (axis, start, max(start, stop), False)
        else:
            if found is not None:
                return None
            start = int(part) % shape[axis]
            found = (axis, start, start + 1, True)
    return found

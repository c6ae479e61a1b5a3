"""The adjoint of an array that was read in slices: one concatenation where the slices tile it, else a sum."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitives import add_at, place, update
from .derivative import Context
from .ir import Atom, Origin
from .operands import ArrayType, Items, Lit, Operand, Slice, Var
from .values import Array, Struct, Value, is_static, known, static_value, value_of


def collect(
    context: Context, parts: list[Value], v: Var, origin: Origin, inside: bool = False
) -> Value:
    """The sum of adjoint contributions to `v`, all of its shape.

    Inside a loop or a branch, what belongs to an element or a slice is added in its place; no array is made for it.
    """
    assert isinstance(v.type, ArrayType)
    placed = [_placed(context, part) for part in parts]
    tiles = [atom for atom in placed if atom is not None]
    rest = [part for part, atom in zip(parts, placed, strict=True) if atom is None]
    cleared = any(_cleared(context, part) for part in rest)
    if len(tiles) > 1 and not (inside and rest) and not cleared:
        joined = join(context, tiles, v.type, origin)
        if joined is not None:
            parts = [joined, *rest]
    later: list[Atom] = []
    if inside or cleared or not all(is_static(atom.args[2]) for atom in tiles):
        atoms = [_placed(context, part) for part in parts]
        dense = [p for p, atom in zip(parts, atoms, strict=True) if atom is None]
        later = [atom for atom in atoms if atom is not None]
        if not dense and later:
            first = parts[atoms.index(later[0])]
            dense, later = [first], later[1:]
        parts = dense
    total = parts[0]
    for part in parts[1:]:
        total = context.operator(np.add, [total, part], origin)
    for atom in later:
        value, index = (value_of(o) for o in _composed(context, atom))
        total = context.trace.apply(add_at, [total, value, index], {}, origin)
    return total


def _composed(context: Context, atom: Atom) -> tuple[Operand, Operand]:
    """Value and index of a `place`; of one within an element of another, with both indices in one."""
    value, _, index = atom.args
    inner = _placed(context, value_of(value)) if isinstance(value, Var) else None
    items = index.items if isinstance(index, Items) else (index,)
    points = all(
        isinstance(i, Lit)
        and isinstance(i.value, int)
        and not isinstance(i.value, bool)
        or isinstance(i, Var)
        and isinstance(i.type, ArrayType)
        and i.type.shape == ()
        for i in items
    )
    if inner is None or not points:
        return value, index
    value, rest = _composed(context, inner)
    more = rest.items if isinstance(rest, Items) else (rest,)
    if not all(
        isinstance(i, Lit | Slice) or getattr(getattr(i, "type", None), "shape", 1) == ()
        for i in more
    ):
        return atom.args[0], index
    return value, Items("tuple", (*items, *more))


def _placed(context: Context, value: Value) -> Atom | None:
    operand = value.operand if isinstance(value, Array) else None
    atom = context.trace.definitions.get(operand) if isinstance(operand, Var) else None
    return atom if atom is not None and atom.op is place else None


def _cleared(context: Context, value: Value) -> bool:
    """Whether an adjoint has zeros where an assignment has overwritten the array, to be filled again."""
    operand = value.operand if isinstance(value, Array) else None
    atom = context.trace.definitions.get(operand) if isinstance(operand, Var) else None
    return atom is not None and atom.op is update and atom.args[1] == Lit(0)


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


def padding(
    index: Operand, shape: tuple[int, ...]
) -> tuple[list[tuple[int, int]], set[int]] | None:
    """How much padding on each axis puts a slice back into its array, and which axes the index took away."""
    value = static_value(index)
    parts = list(value) if isinstance(value, tuple) else [value]
    if any(
        p is None or not isinstance(p, int | np.integer | slice | type(...)) or isinstance(p, bool)
        for p in parts
    ):
        return None
    if Ellipsis in parts:
        k = parts.index(Ellipsis)
        parts[k : k + 1] = [slice(None)] * (len(shape) - len(parts) + 1)
    parts += [slice(None)] * (len(shape) - len(parts))
    widths, points = [], set()
    for axis, (part, size) in enumerate(zip(parts, shape, strict=True)):
        if isinstance(part, slice):
            start, stop, step = part.indices(size)
            if step != 1:
                return None
            stop = max(start, stop)
        else:
            start, points = int(part) % size, points | {axis}
            stop = start + 1
        widths.append((start, size - stop))
    return widths, points


def strides(index: Operand, shape: tuple[int, ...]) -> list[range] | None:
    """The places that a static index of slices gives along each axis; None for other indices, and backwards."""
    value = static_value(index)
    parts = list(value) if isinstance(value, tuple) else [value]
    if any(not isinstance(p, slice | type(...)) for p in parts):
        return None
    if Ellipsis in parts:
        k = parts.index(Ellipsis)
        parts[k : k + 1] = [slice(None)] * (len(shape) - len(parts) + 1)
    parts += [slice(None)] * (len(shape) - len(parts))
    found = [range(n)[part] for part, n in zip(parts, shape, strict=True)]
    return None if any(r.step < 1 for r in found) else found

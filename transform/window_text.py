"""How windows of an array at computed places are written: `lax.dynamic_slice`, and its counterpart that updates."""

from __future__ import annotations

import math
from typing import Any

from ..primitives import add_at, place
from .ir import Atom
from .operands import ArrayType, Items, Operand, Slice, type_of
from .spell import Speller
from .values import is_static, static_value


def window_parts(speller: Speller, index: Operand, shape: tuple[int, ...]) -> tuple[str, tuple]:
    """Where a window starts on each axis, as text, and how far it reaches."""
    items = index.items if isinstance(index, Items) else (index,)
    starts, sizes = [], []
    for k, size in enumerate(shape):
        item = items[k] if k < len(items) else Slice(None, None, None)
        if isinstance(item, Slice) and item.width is not None:
            starts.append(speller.operand(item.start, 1))
            sizes.append(item.width)
        elif isinstance(item, Slice) or isinstance(static_part(item), slice):
            first, stop, _ = static_value(item).indices(size)
            starts.append(str(first))
            sizes.append(max(0, stop - first))
        else:
            starts.append(speller.operand(item, 1))
            sizes.append(1)
    return f"({', '.join(starts)}{',' if len(starts) == 1 else ''})", tuple(sizes)


def point_axes(index: Operand) -> set[int]:
    """The axes along which an index is a point."""
    items = index.items if isinstance(index, Items) else (index,)
    return {
        k
        for k, item in enumerate(items)
        if not isinstance(item, Slice) and not isinstance(static_part(item), slice)
    }


def static_part(item: Operand) -> Any:
    return static_value(item) if is_static(item) else None


def windowed(speller: Speller, x: Operand, index: Operand, shape: tuple[int, ...]) -> str:
    """`lax.dynamic_slice`, without the axes along which the index is a point."""
    found = type_of(x)
    assert isinstance(found, ArrayType)
    starts, sizes = window_parts(speller, index, found.shape)
    text = f"{speller.module('lax')}.dynamic_slice({speller.operand(x, 1)}, {starts}, {sizes})"
    return text if sizes == shape else f"{text}.reshape({shape})"


def updated_window(speller: Speller, atom: Atom, x: str) -> str:
    """`lax.dynamic_update_slice` of a value that is stretched to the window."""
    value, index = (atom.args[0] if atom.op is place else atom.args[1]), atom.args[2]
    starts, sizes = window_parts(speller, index, atom.result.type.shape)
    lax, jnp = speller.module("lax"), speller.module("jnp")
    found = type_of(value)
    assert isinstance(found, ArrayType)
    shown = speller.operand(value, 1)
    same = found.dtype == atom.result.type.dtype and not found.weak
    if found.shape != sizes and found.size == math.prod(sizes) and same:
        shown = f"{jnp}.reshape({shown}, {sizes})"
    elif found.shape != sizes and found.shape == ():
        dtype = "" if same else f", {speller.dtype(atom.result.type.dtype)}"
        shown = f"{jnp}.full({sizes}, {shown}{dtype})"
    elif found.shape != sizes:
        points = point_axes(index)
        padded = (1,) * (len(sizes) - len(points) - found.ndim) + found.shape
        rest = iter(padded)
        aligned = tuple(1 if k in points else next(rest) for k in range(len(sizes)))
        shown = f"{jnp}.broadcast_to({jnp}.reshape({shown}, {aligned}), {sizes})"
    if atom.op is add_at:
        shown = f"{lax}.dynamic_slice({x}, {starts}, {sizes}) + {shown}"
    return f"{lax}.dynamic_update_slice({x}, {shown}, {starts})"

"""What an index does that can be said more simply: add axes, pick one element."""

from __future__ import annotations

import numpy as np

from .values import Array, Known, Struct, Value, spelled, struct, value_of


def new_axes(index: Value, ndim: int) -> tuple[int, ...] | None:
    """The axes that an index of full slices and `None`s adds; None for any other index."""
    if not isinstance(index, Known):
        return None
    parts = index.value if isinstance(index.value, tuple) else (index.value,)
    axes: list[int] = []
    place, dots = 0, sum(part is not None and part is not Ellipsis for part in parts)
    for part in parts:
        if part is None:
            axes.append(place)
            place += 1
        elif part is Ellipsis:
            place += ndim - dots
        elif isinstance(part, slice) and part == slice(None):
            place += 1
        else:
            return None
    return tuple(axes) if place <= ndim + len(axes) else None


def without_dots(index: Value, ndim: int) -> Value | None:
    """An index that picks one element and has an ellipsis, which makes it an array, without the ellipsis."""
    items = index.items if isinstance(index, Struct) and index.kind is tuple else None
    if isinstance(index, Known) and isinstance(index.value, tuple):
        items = [value_of(o) for o in spelled(index.value).items]  # type: ignore[union-attr]
    rest = [i for i in items or () if not (isinstance(i, Known) and i.value is Ellipsis)]
    if not items or len(rest) != len(items) - 1 or len(rest) != ndim:
        return None
    for item in rest:
        integer = isinstance(item, Known) and isinstance(item.value, int | np.integer)
        if not integer and not (
            isinstance(item, Array) and not item.type.ndim and item.type.dtype.kind in "iu"
        ):
            return None
    return struct(tuple, rest)

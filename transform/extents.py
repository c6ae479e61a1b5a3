"""Which part of an array an index means, and whether two parts surely have nothing in common."""

from __future__ import annotations

from dataclasses import dataclass

from .affine import Form, Ranges, affine
from .elements import parts_of
from .intervals import static_int
from .ir import Repeat
from .operands import ArrayType, Lit, Operand, Slice


@dataclass(frozen=True)
class Extent:
    """For each axis its first and last place as forms; None where all of the axis may be meant."""

    spans: tuple[tuple[Form, Form] | None, ...]


def extent_of(index: Operand, whole: ArrayType, ranges: Ranges) -> Extent | None:
    """The part that an index means; None for an index that is not basic."""
    items = parts_of(index, whole.ndim)
    if items is None:
        return None
    return Extent(tuple(_span(item, ranges) for item in items))


def _span(item: Operand, ranges: Ranges) -> tuple[Form, Form] | None:
    """The first and the last place of one item of an index, if they are surely counted from the front."""
    if not isinstance(item, Slice):
        form = affine(item, ranges.atoms)
        return (form, form) if form is not None and ranges.is_natural(form) else None
    if item.stop is None or item.step is not None and static_int(item.step) != 1:
        return None
    first = affine(Lit(0) if item.start is None else item.start, ranges.atoms)
    last = affine(item.stop, ranges.atoms)
    if first is None or last is None:
        return None
    if not ranges.is_natural(first) or not ranges.is_natural(last):
        return None
    return first, (last[0], last[1] - 1)


def apart(one: Extent, other: Extent, ranges: Ranges) -> bool:
    """Whether two parts of one array, at the same values of all loop variables, have no element in common."""
    for a, b in zip(one.spans, other.spans, strict=True):
        if a is not None and b is not None:
            if ranges.exceeds(a[0], b[1]) or ranges.exceeds(b[0], a[1]):
                return True
    return False


def stays_behind(part: Extent, written: Extent, loop: Repeat, ranges: Ranges) -> bool:
    """Whether what an iteration writes is not in a part that is meant in an earlier iteration.

    Along some axis the writes move on, away from the part.
    """
    if loop.index is None or loop.span is None:
        return False
    step = static_int(loop.span[2])
    if step is None:
        return False
    by = -step if loop.backwards else step
    for a, b in zip(part.spans, written.spans, strict=True):
        if a is None or b is None:
            continue
        # The first and the last place that later iterations write, as forms in this loop's variable and those around.
        first, last = ranges.least_within(b[0], loop), ranges.most_within(b[1], loop)
        if first is not None and (gain := first[0][loop.index] * by) >= 0:
            if ranges.exceeds((first[0], first[1] + gain), a[1]):
                return True
        if last is not None and (gain := last[0][loop.index] * by) <= 0:
            if ranges.exceeds(a[0], (last[0], last[1] + gain)):
                return True
    return False

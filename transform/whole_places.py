"""Indices on whole axes of which parts count: what an index leads to, and writing there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..primitives import add_at, getitem, place, update
from .affine import combined
from .ir import Atom, Origin
from .lengths import is_unknown
from .operands import Items, Lit, Operand, Slice, array_type
from .parts import Part, Whole
from .result_types import axes_of, mask_of
from .values import Array, Known, Value, known, operand_of, static_value, struct
from .whole_axes import sizes
from .whole_rules import (
    ndim,
    refuse,
    rule,
)

if TYPE_CHECKING:
    from .whole import Wholes


class Place:
    """What an index of whole axes says: the index itself, and the parts of what it leads to.

    `items` are the items of the index, None for a full slice. A mask of several axes has a full slice for each; in
    what it leads to, these axes are still apart (`flat` says which become one).
    """

    def __init__(self, step: Wholes, whole: Whole, index: Operand, atom: Atom):
        self.step, self.atom = step, atom
        self.items: list[Value | None] = []
        self.parts: dict[int, Part] = {}
        self.flat: dict[int, int] = {}
        self.added: list[int] = []  # new axes
        self.unsure: list[tuple[Part, Value]] = []  # places that may lie outside of a part
        operands = (
            list(index.items) if isinstance(index, Items) and index.kind == "tuple" else [index]
        )
        count = ndim(whole.value)
        axes = axes_of(operands, count)
        axis = result = 0
        for begin, operand in zip((*axes, count), (*operands, None), strict=True):
            while axis < begin:  # what dots, or the end of the index, leave out
                axis, result = self.axis(whole, axis, result, None)
            if operand == Lit(None):
                self.added.append(result)
                result += 1
            elif operand is not None and operand != Lit(...):
                axis, result = self.axis(whole, axis, result, operand)
        if self.added and self.flat:
            raise refuse(atom, ", with new axes in it")

    def axis(
        self, whole: Whole, axis: int, result: int, operand: Operand | None
    ) -> tuple[int, int]:
        """Read the item for one axis; the next axis, and the next one of the result."""
        step, part = self.step, whole.parts.get(axis)
        size = array_type(whole.value).shape[axis]
        static = None if operand is None else _static(operand)
        if operand is None or isinstance(static, slice) and static == slice(None):
            self.items.append(None)
            if part is not None:
                self.parts[result] = part
            return axis + 1, result + 1
        mask = mask_of(operand)
        if mask is not None:
            number = step.lengths.of_mask(operand, mask.size)
            chosen = step.value(operand)
            if part is not None:
                chosen = self.within(part, step.whole(operand))
            self.items += [None] * mask.ndim
            self.parts[result] = Part(number, array_type(chosen).size, mask=chosen)
            if mask.ndim > 1:
                self.flat[result] = mask.ndim
            return axis + mask.ndim, result + mask.ndim
        if isinstance(operand, Slice) and operand.width is not None and is_unknown(operand.width):
            self.items.append(None)
            self.parts[result] = self.slice(operand, part, size)
            return axis + 1, result + 1
        if part is not None:
            self.items.append(self.inner(part, operand))
        else:
            self.items.append(step.value(operand))
        found = self.items[-1]
        more = 1 if isinstance(operand, Slice) or isinstance(static, slice) else ndim(found)  # type: ignore[arg-type]
        return axis + 1, result + more

    def within(self, part: Part, mask: Whole) -> Value:
        """Which places of a whole axis a mask selects that stands beside a part of it."""
        step, origin = self.step, replace(self.atom.origin, spelling="operator")
        if list(mask.parts) != [0]:
            raise refuse(self.atom, ", by a mask of several axes")
        mask = step.moved(mask, 0, part, origin)
        inside = step.inside(part, 1, 0, origin)
        return step.apply(np.bitwise_and, [mask.value, inside], {}, origin)

    def slice(self, operand: Slice, part: Part | None, size: int) -> Part:
        step, origin = self.step, replace(self.atom.origin, spelling="operator")
        assert operand.width is not None
        length = size if part is None else part.number
        forms = [None if o is None else step.form(o) for o in (operand.start, operand.stop)]
        start, stop = step.lengths.ends(step.trace, *forms, length, origin)
        start, stop = (step.value(operand_of(v)) for v in (start, stop))
        if part is None:
            return Part(operand.width, size, start, stop)
        if part.mask is not None:
            raise refuse(self.atom, ", where a mask has selected its elements")
        start, stop = (step.plus(part.start, v, origin) for v in (start, stop))
        return Part(operand.width, size, start, stop)

    def inner(self, part: Part, operand: Operand) -> Value:
        """The place of an element that is counted from the start, or from the end, of a part."""
        step, origin = self.step, self.atom.origin
        if part.mask is not None:
            raise refuse(self.atom, ", where a mask has selected its elements")
        value = step.value(operand)
        if not self.lies_within(part, operand):
            self.unsure.append((part, value))
        if isinstance(value, Known) and type(value.value) is int:
            return step.plus(part.start if value.value >= 0 else part.stop, value, origin)
        if not isinstance(value, Array) or value.type.dtype.kind not in "iu":
            raise refuse(self.atom)
        form = None if value.type.shape else step.form(operand)
        found = None if form is None else step.lengths.bounds(form)
        ahead = step.plus(part.start, value, origin)
        if found is not None and found[0] >= 0:
            return ahead
        operator = replace(origin, spelling="operator")
        negative = step.apply(np.less, [value, known(0)], {}, operator)
        behind = step.plus(part.stop, value, origin)
        return step.apply(
            np.where, [negative, behind, ahead], {}, replace(origin, spelling="function")
        )

    def lies_within(self, part: Part, operand: Operand) -> bool:
        """Whether a place surely is one of a part, as far as the ranges of the loops tell."""
        lengths = self.step.lengths
        length, form = lengths.form(part.number), self.step.form(operand)
        if length is None or form is None:
            return False
        behind, before = (combined(op, [form, length]) for op in (np.subtract, np.add))
        ends = [None if f is None else lengths.bounds(f) for f in (form, behind, before)]
        low, last, first = ends
        natural = low is not None and low[0] >= 0
        return last is not None and last[1] < 0 and (natural or first is not None and first[0] >= 0)

    def or_nan(self, value: Any) -> Any:
        """What is read, NaN where it lies outside of the part that it is read from: NumPy raises there."""
        step, origin = self.step, self.atom.origin
        if not self.unsure or array_type(value).dtype.kind != "f" or ndim(value):
            return value
        operator = replace(origin, spelling="operator")
        test: Value | None = None
        for part, index in self.unsure:
            count = step.count(part.number, origin)
            inside = step.apply(np.less, [index, count], {}, operator)
            if not (isinstance(index, Known) and index.value >= 0):
                begin = step.apply(np.negative, [count], {}, operator)
                early = step.apply(np.greater_equal, [index, begin], {}, operator)
                inside = step.apply(np.bitwise_and, [early, inside], {}, operator)
            test = (
                inside if test is None else step.apply(np.bitwise_and, [test, inside], {}, operator)
            )
        sides = [test, value, known(np.nan)]
        return step.apply(np.where, sides, {}, replace(origin, spelling="function"))

    @property
    def is_whole(self) -> bool:
        return all(item is None for item in self.items)

    def test(self, count: int) -> Value | None:
        """Where the index leads to, to stand beside arrays of so many axes; None where that is everywhere."""
        step, origin = self.step, self.atom.origin
        operator = replace(origin, spelling="operator")
        test: Value | None = None
        for axis, part in self.parts.items():
            if axis in self.flat:
                assert part.mask is not None
                inside = part.mask
                behind = count - axis - self.flat[axis]
                if behind:
                    axes = tuple(range(self.flat[axis], self.flat[axis] + behind))
                    inside = step.apply(np.expand_dims, [inside, known(axes)], {}, origin)
            else:
                inside = step.inside(part, count, axis, origin)
            both = [] if test is None else [test, inside]
            test = step.apply(np.bitwise_and, both, {}, operator) if both else inside
        return test

    def fitted(self, value: Whole, count: int) -> Value:
        """A value to be written, with its parts at the places that the index leads to."""
        step, origin = self.step, self.atom.origin
        merged = sum(k - 1 for k in self.flat.values())
        offset = count - merged - ndim(value.value)  # leading axes that the value does not have
        passed = 0
        shape: list[int] = list(value.value.type.shape) if isinstance(value.value, Array) else []
        for axis, part in sorted(self.parts.items()):
            own = axis - passed - offset
            if own in value.parts:
                value = step.moved(value, own, part, origin)
            if axis in self.flat:
                passed += self.flat[axis] - 1
        if self.flat and isinstance(value.value, Array):
            (axis, axes), *more = self.flat.items()
            own = axis - offset
            if more:
                raise refuse(self.atom)
            if own >= 0:
                split = [1] * axes if shape[own] == 1 else self.mask_shape(axis)
                shape[own : own + 1] = split
                return step.apply(np.reshape, [value.value, known(tuple(shape))], {}, origin)
        return value.value

    def without_new_axes(self, value: Whole, count: int) -> Whole:
        """A value to be written that has the axes of size one that the index adds; they are forgotten."""
        if ndim(value.value) != count + len(self.added):
            raise refuse(self.atom, ", with new axes in it")
        before = {
            axis: axis - sum(a < axis for a in self.added)
            for axis in range(count + len(self.added))
        }
        self.parts = {before[axis]: part for axis, part in self.parts.items()}
        axes = known(tuple(self.added))
        squeezed = self.step.apply(np.squeeze, [value.value], {"axis": axes}, self.atom.origin)
        return Whole(squeezed, {before[axis]: part for axis, part in value.parts.items()})

    def mask_shape(self, axis: int) -> list[int]:
        mask = self.parts[axis].mask
        assert isinstance(mask, Array)
        return list(mask.type.shape)


def _static(operand: Operand) -> Any:
    try:
        return static_value(operand)
    except KeyError:
        return None


def getitem_of(step: Wholes, value: Value, items: Sequence[Value | None], origin: Origin) -> Any:
    """`value[items]`, where None stands for a full slice."""
    if all(i is None for i in items):
        return value
    while items and items[-1] is None:
        items = items[:-1]
    full = Known(slice(None), Slice(None, None, None))
    index = [full if i is None else i for i in items]
    one = index[0] if len(index) == 1 else struct(tuple, index)
    return step.apply(getitem, [value, one], {}, replace(origin, spelling="operator"))


@rule(getitem)
def read(step: Wholes, atom: Atom) -> Whole:
    x = step.whole(atom.args[0])
    found = Place(step, x, atom.args[1], atom)
    value = found.or_nan(getitem_of(step, x.value, found.items, atom.origin))
    parts = found.parts
    if found.added:
        axes = known(found.added[0] if len(found.added) == 1 else tuple(found.added))
        return Whole(step.apply(np.expand_dims, [value, axes], {}, atom.origin), parts)
    if found.flat:
        (axis, axes), *more = found.flat.items()
        if more:
            raise refuse(atom)
        shape = list(value.type.shape)
        shape[axis : axis + axes] = [math.prod(shape[axis : axis + axes])]
        value = step.apply(np.reshape, [value, known(tuple(shape))], {}, atom.origin)
        parts = {k - (axes - 1) * (k > axis): part for k, part in parts.items()}
    return Whole(value, parts)


def written(
    step: Wholes,
    atom: Atom,
    x: Whole,
    operand: Operand,
    index: Operand,
    adds: bool,
    to_zeros: bool = False,
) -> Whole:
    """`x[index] = value`, or `x[index] += value`, where only parts are written."""
    origin = atom.origin
    function = replace(origin, spelling="function")
    found = Place(step, x, index, atom)
    old = getitem_of(step, x.value, found.items, origin)
    count = ndim(old)
    new = step.whole(operand)
    if found.added:
        new = found.without_new_axes(new, count)
    value = found.fitted(new, count)
    test = found.test(count)
    if test is not None:
        value = step.apply(np.where, [test, value, known(0) if adds else old], {}, function)
    if found.is_whole:
        if to_zeros and array_type(value).shape == array_type(x.value).shape:
            pass
        elif adds:
            value = step.apply(np.add, [x.value, value], {}, replace(origin, spelling="operator"))
        elif test is None:
            value = step.apply(np.broadcast_to, [value, known(old.type.shape)], {}, function)
        if array_type(value).dtype != array_type(x.value).dtype:
            value = step.trace.cast(value, array_type(x.value).dtype, function)  # type: ignore[arg-type]
        return Whole(value, x.parts)
    items = list(found.items)
    while items and items[-1] is None:
        items.pop()
    full = Known(slice(None), Slice(None, None, None))
    index_value = struct(tuple, [full if i is None else i for i in items])
    if len(items) == 1:
        index_value = items[0]
    op = add_at if adds else update
    return Whole(step.apply(op, [x.value, value, index_value], {}, origin), x.parts)  # type: ignore[list-item]


@rule(update, add_at)
def write(step: Wholes, atom: Atom) -> Whole:
    x, value, index = atom.args
    return written(step, atom, step.whole(x), value, index, atom.op is add_at)


@rule(place)
def placed(step: Wholes, atom: Atom) -> Whole:
    value, shape, index = atom.args
    after = atom.result.type
    parts = {k: step.first_part(n, atom.origin) for k, n in enumerate(after.shape) if is_unknown(n)}
    wanted = sizes(step, after.shape, parts, shape, atom.origin)
    double = after.dtype == np.dtype(float)
    kwargs: dict[str, Value] = {} if double else {"dtype": known(after.dtype)}
    zeros = step.apply(np.zeros, [wanted], kwargs, replace(atom.origin, spelling="function"))
    return written(step, atom, Whole(zeros, parts), value, index, adds=True, to_zeros=True)

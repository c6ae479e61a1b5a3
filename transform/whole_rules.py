"""How each operation works on whole axes of which parts count; see `whole`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..primitives import ELEMENTWISE, add_at, astype, getitem, name_of, place, registered, update
from .errors import RefusedError
from .ir import Atom, Items, Lit, Operand, Origin, Slice
from .lengths import is_unknown
from .parts import Part, Whole
from .result_types import axes_of, mask_of
from .values import Array, Known, Struct, Value, known, operand_of, static_value, struct

if TYPE_CHECKING:
    from .whole import Wholes

Rule = Callable[["Wholes", Atom], "Whole | Value"]
RULES: dict[Any, Rule] = {}


def rule(*ops: Any) -> Callable[[Rule], Rule]:
    def add(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(ops, function))
        return function

    return add


def refuse(atom: Atom, why: str = "") -> RefusedError:
    name = "an index" if atom.op in (getitem, place, update, add_at) else name_of(atom.op)
    return RefusedError(
        f"{name} of an array whose length is not known before the function runs cannot be compiled{why}",
        atom.origin.span,
        'use the whole axis and a mask, np.where(np.arange(n) < i, x, 0); or target="numpy"',
    )


def ndim(value: Value) -> int:
    return value.type.ndim if isinstance(value, Array) else 0


def keywords(step: Wholes, atom: Atom) -> dict[str, Value]:
    return {k: step.value(v) for k, v in atom.kwargs}


def static_keyword(atom: Atom, position: int, name: str, default: Any = None) -> Any:
    """An argument that is known now, given by position or by name."""
    if position < len(atom.args):
        return static_value(atom.args[position])
    return next((static_value(v) for k, v in atom.kwargs if k == name), default)


# --- elementwise ---


def aligned(
    step: Wholes, wholes: Sequence[Whole], origin: Origin
) -> tuple[list[Value], dict[int, Part]]:
    """The arrays with their parts at the same places; the parts by axes counted from the last, -1.

    Where some part begins at 0, all do.
    """
    parts: dict[int, Part] = {}
    values: list[Value] = []
    for whole in wholes:
        for axis, part in whole.parts.items():
            chosen = parts.setdefault(axis - ndim(whole.value), part)
            if not begins_at_0(chosen) and begins_at_0(part):
                parts[axis - ndim(whole.value)] = part
    for whole in wholes:
        for axis in whole.parts:
            whole = step.moved(whole, axis, parts[axis - ndim(whole.value)], origin)
        values.append(whole.value)
    return values, parts


def begins_at_0(part: Part) -> bool:
    return part.mask is None and isinstance(part.start, Known) and part.start.value == 0


def from_first(parts: dict[int, Part], value: Value) -> dict[int, Part]:
    return {axis + ndim(value): part for axis, part in parts.items()}


def elementwise(step: Wholes, atom: Atom) -> Whole:
    values, parts = aligned(step, [step.whole(a) for a in atom.args], atom.origin)
    result = step.apply(atom.op, values, keywords(step, atom), atom.origin)
    return Whole(result, from_first(parts, result))


ELEMENTWISE_OPS = (np.where, np.clip, astype, np.copy, np.asarray, np.real, np.round, np.full_like)
LIKE = (np.zeros_like, np.ones_like, np.empty_like)
rule(*ELEMENTWISE_OPS, *LIKE)(elementwise)


# --- reductions ---


def reduced_axes(atom: Atom, count: int) -> tuple[int, ...]:
    axis = static_keyword(atom, 1, "axis")
    axes = range(count) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return tuple(a % count for a in axes)


def remaining(atom: Atom, whole: Whole, axes: Sequence[int]) -> dict[int, Part]:
    """The parts of the axes that a reduction leaves."""
    keep = static_keyword(atom, 9, "keepdims", False)
    gone = {a: 0 if keep else sum(b < a for b in axes) for a in range(ndim(whole.value))}
    return {a - gone[a]: part for a, part in whole.parts.items() if a not in axes}


def least(dtype: np.dtype) -> Any:
    return (
        -np.inf if dtype.kind == "f" else False if dtype.kind == "b" else int(np.iinfo(dtype).min)
    )


def greatest(dtype: np.dtype) -> Any:
    return np.inf if dtype.kind == "f" else True if dtype.kind == "b" else int(np.iinfo(dtype).max)


def filled_with(op: Any, dtype: np.dtype) -> Any:
    """What changes nothing in a reduction."""
    if op is np.max:
        return least(dtype)
    if op is np.min:
        return greatest(dtype)
    return 1 if op is np.prod else op is np.all if dtype.kind == "b" else 0


@rule(np.sum, np.max, np.min, np.prod, np.any, np.all, np.count_nonzero)
def reduction(step: Wholes, atom: Atom) -> Whole:
    x = step.whole(atom.args[0])
    axes = reduced_axes(atom, ndim(x.value))
    fill = filled_with(atom.op, x.value.type.dtype)  # type: ignore[union-attr]
    value = step.masked(x, axes, fill, atom.origin)
    rest = [step.value(a) for a in atom.args[1:]]
    result = step.apply(atom.op, [value, *rest], keywords(step, atom), atom.origin)
    return Whole(result, remaining(atom, x, axes))


def number_of(step: Wholes, x: Whole, axes: Sequence[int], origin: Origin) -> Value:
    """How many elements are reduced to one."""
    total: Value = known(1)
    for axis in axes:
        part = x.parts.get(axis)
        size = known(x.value.type.shape[axis]) if part is None else step.count(part.number, origin)  # type: ignore[union-attr]
        if isinstance(total, Known) and total.value == 1:
            total = size
        elif isinstance(total, Known) and isinstance(size, Known):
            total = known(total.value * size.value)
        else:
            total = step.apply(np.multiply, [total, size], {}, replace(origin, spelling="operator"))
    return total


@rule(np.mean)
def mean(step: Wholes, atom: Atom) -> Whole:
    x = step.whole(atom.args[0])
    axes = reduced_axes(atom, ndim(x.value))
    return Whole(averaged(step, atom, x, axes, 0), remaining(atom, x, axes))


def averaged(step: Wholes, atom: Atom, x: Whole, axes: Sequence[int], less: Any) -> Any:
    operator = replace(atom.origin, spelling="operator")
    wanted = {k: v for k, v in keywords(step, atom).items() if k in ("axis", "keepdims")}
    value = step.masked(x, axes, 0, atom.origin)
    total = step.apply(np.sum, [value], wanted, replace(atom.origin, spelling="function"))
    count = number_of(step, x, axes, atom.origin)
    if less:
        count = step.apply(np.subtract, [count, known(less)], {}, operator)
    return step.apply(np.divide, [total, count], {}, operator)


@rule(np.var, np.std)
def variance(step: Wholes, atom: Atom) -> Whole:
    x = step.whole(atom.args[0])
    axes = reduced_axes(atom, ndim(x.value))
    operator = replace(atom.origin, spelling="operator")
    function = replace(atom.origin, spelling="function")
    value = step.masked(x, axes, 0, atom.origin)
    axis: dict[str, Value] = {"axis": known(tuple(axes)), "keepdims": known(True)}
    total = step.apply(np.sum, [value], axis, function)
    middle = step.apply(np.divide, [total, number_of(step, x, axes, atom.origin)], {}, operator)
    apart = step.apply(np.subtract, [x.value, middle], {}, operator)
    squares = Whole(step.apply(np.square, [apart], {}, function), x.parts)
    less = static_keyword(atom, 9, "ddof", 0)
    result = averaged(step, atom, squares, axes, less)
    if atom.op is np.std:
        result = step.apply(np.sqrt, [result], {}, function)
    return Whole(result, remaining(atom, x, axes))


@rule(np.argmax, np.argmin)
def arg_extremum(step: Wholes, atom: Atom) -> Whole:
    x = step.whole(atom.args[0])
    count = ndim(x.value)
    axes = reduced_axes(atom, count)
    moving = [x.parts[a] for a in axes if a in x.parts]
    if moving and (moving[0].mask is not None or count > 1 and len(axes) > 1):
        raise refuse(atom)
    dtype = x.value.type.dtype  # type: ignore[union-attr]
    value = step.masked(x, axes, (least if atom.op is np.argmax else greatest)(dtype), atom.origin)
    rest = [step.value(a) for a in atom.args[1:]]
    result = step.apply(atom.op, [value, *rest], keywords(step, atom), atom.origin)
    if moving:
        result = step.minus(result, moving[0].start, atom.origin)
    return Whole(result, remaining(atom, x, axes))


@rule(np.cumsum, np.cumprod)
def cumulative(step: Wholes, atom: Atom) -> Whole:
    x = step.whole(atom.args[0])
    axis = static_keyword(atom, 1, "axis")
    if axis is None and ndim(x.value) > 1:
        raise refuse(atom)
    axis = (axis or 0) % ndim(x.value)
    value = step.masked(x, [axis], 0 if atom.op is np.cumsum else 1, atom.origin)
    rest = [step.value(a) for a in atom.args[1:]]
    return Whole(step.apply(atom.op, [value, *rest], keywords(step, atom), atom.origin), x.parts)


@rule(np.linalg.norm)
def norm(step: Wholes, atom: Atom) -> Whole:
    x = step.whole(atom.args[0])
    if static_keyword(atom, 1, "ord") not in (None, 1, 2, "fro", np.inf):
        raise refuse(atom)
    axis = static_keyword(atom, 2, "axis")
    count = ndim(x.value)
    axes = range(count) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(a % count for a in axes)
    value = step.masked(x, axes, 0, atom.origin)
    rest = [step.value(a) for a in atom.args[1:]]
    result = step.apply(atom.op, [value, *rest], keywords(step, atom), atom.origin)
    return Whole(result, remaining(atom, x, axes))


# --- products ---


@rule(np.matmul, np.dot, np.inner, np.vdot)
def product(step: Wholes, atom: Atom) -> Whole:
    """Along the axes that are summed over, both factors are 0 outside of their parts."""
    x, y = (step.whole(a) for a in atom.args[:2])
    one, two = ndim(x.value), ndim(y.value)
    if max(one, two) > 2 or min(one, two) == 0 or (atom.op is np.vdot and one > 1):
        raise refuse(atom)
    last = two - 1 if atom.op is np.inner else max(two - 2, 0)
    for_x, for_y = x.parts.get(one - 1), y.parts.get(last)
    if for_x is not None and for_y is not None:
        y = step.moved(y, last, for_x, atom.origin)
    values = [step.masked(x, [one - 1], 0, atom.origin), step.masked(y, [last], 0, atom.origin)]
    result = step.apply(atom.op, values, keywords(step, atom), atom.origin)
    parts = {0: x.parts[0]} if one == 2 and 0 in x.parts else {}
    other = 1 - last if two == 2 else None
    if other is not None and other in y.parts:
        parts[one - 1] = y.parts[other]
    return Whole(result, parts)


@rule(np.outer)
def outer(step: Wholes, atom: Atom) -> Whole:
    x, y = (step.whole(a) for a in atom.args[:2])
    if ndim(x.value) != 1 or ndim(y.value) != 1:
        raise refuse(atom)
    result = step.apply(atom.op, [x.value, y.value], {}, atom.origin)
    parts = {0: x.parts.get(0), 1: y.parts.get(0)}
    return Whole(result, {axis: part for axis, part in parts.items() if part is not None})


# --- axes ---


def rearranged(step: Wholes, atom: Atom, where: Sequence[int]) -> Whole:
    """An operation after which the axis k is the one that was at `where[k]`."""
    x = step.whole(atom.args[0])
    rest = [step.value(a) for a in atom.args[1:]]
    result = step.apply(atom.op, [x.value, *rest], keywords(step, atom), atom.origin)
    parts = {k: x.parts[old] for k, old in enumerate(where) if old in x.parts}
    return Whole(result, parts)


def positions(atom: Atom) -> list[int]:
    """The axes after an operation that only moves, adds or removes axes, each by its place before; -1 for a new one."""
    before = atom.args[0].type.shape  # type: ignore[union-attr]
    stand_in = np.empty(tuple(range(2, 2 + len(before))), np.int8)  # sizes that tell the axes
    if atom.op is np.squeeze:
        stand_in = np.empty([1 if n == 1 else k + 2 for k, n in enumerate(before)], np.int8)
    rest = [static_value(a) for a in atom.args[1:]]
    found = atom.op(stand_in, *rest, **{k: static_value(v) for k, v in atom.kwargs})
    return [n - 2 for n in found.shape]


@rule(np.transpose, np.swapaxes, np.moveaxis, np.expand_dims, np.squeeze)
def moved_axes(step: Wholes, atom: Atom) -> Whole:
    return rearranged(step, atom, positions(atom))


@rule(np.flip)
def flip(step: Wholes, atom: Atom) -> Whole:
    whole = rearranged(step, atom, range(ndim(step.whole(atom.args[0]).value)))
    axes = reduced_axes(atom, ndim(whole.value))
    parts = dict(whole.parts)
    for axis in axes:
        part = parts.get(axis)
        if part is None:
            continue
        if part.mask is not None:
            raise refuse(atom)
        size = known(part.size)
        start, stop = (step.minus(size, bound, atom.origin) for bound in (part.stop, part.start))
        parts[axis] = replace(part, start=start, stop=stop)
    return Whole(whole.value, parts)


def sizes(
    step: Wholes, shape: Sequence[int], parts: dict[int, Part], operand: Operand, origin: Origin
) -> Value:
    """A shape in which unknown lengths are the sizes of whole axes."""
    found: list[Value] = []
    items = operand.items if isinstance(operand, Items) else None
    for axis, size in enumerate(shape):
        part = parts.get(axis)
        if part is not None:
            found.append(known(part.size))
        elif is_unknown(size):
            found.append(known(step.most(size, origin)))
        else:
            found.append(step.value(items[axis]) if items is not None else known(size))
    return struct(tuple, found)


@rule(np.broadcast_to)
def broadcast_to(step: Wholes, atom: Atom) -> Whole:
    x = step.whole(atom.args[0])
    shape = atom.result.type.shape
    offset = len(shape) - ndim(x.value)
    parts = {axis + offset: part for axis, part in x.parts.items()}
    for axis, size in enumerate(shape):
        if is_unknown(size) and axis not in parts:
            parts[axis] = step.first_part(size, atom.origin)
    wanted = sizes(step, shape, parts, atom.args[1], atom.origin)
    return Whole(step.apply(atom.op, [x.value, wanted], {}, atom.origin), parts)


@rule(np.reshape, np.ravel)
def reshape(step: Wholes, atom: Atom) -> Whole:
    x = step.whole(atom.args[0])
    before, after = atom.args[0].type.shape, atom.result.type.shape  # type: ignore[union-attr]
    parts: dict[int, Part] = {}
    for axis, size in enumerate(after):
        if is_unknown(size):
            ahead = math.prod(after[:axis])
            same = [k for k, n in enumerate(before) if n == size and math.prod(before[:k]) == ahead]
            if not same or same[0] not in x.parts:
                raise refuse(atom)
            parts[axis] = x.parts[same[0]]
    if len(parts) != len(x.parts):
        raise refuse(atom)
    shape = tuple(parts[k].size if k in parts else n for k, n in enumerate(after))
    return Whole(step.apply(np.reshape, [x.value, known(shape)], {}, atom.origin), parts)


@rule(np.zeros, np.ones, np.empty, np.full)
def new_array(step: Wholes, atom: Atom) -> Whole:
    shape = atom.result.type.shape
    parts = {k: step.first_part(n, atom.origin) for k, n in enumerate(shape) if is_unknown(n)}
    wanted = sizes(step, shape, parts, atom.args[0], atom.origin)
    if len(shape) == 1 and isinstance(wanted, Known):
        wanted = known(wanted.value[0])
    rest = [step.value(a) for a in atom.args[1:]]
    return Whole(step.apply(atom.op, [wanted, *rest], keywords(step, atom), atom.origin), parts)


@rule(np.arange)
def arange(step: Wholes, atom: Atom) -> Whole:
    part = step.first_part(atom.result.type.shape[0], atom.origin)
    kwargs = keywords(step, atom)
    return Whole(step.apply(np.arange, [known(part.size)], kwargs, atom.origin), {0: part})


@rule(np.tril, np.triu)
def triangle(step: Wholes, atom: Atom) -> Whole:
    x = step.whole(atom.args[0])
    for axis in (ndim(x.value) - 2, ndim(x.value) - 1):
        if axis in x.parts:
            x = step.moved(x, axis, step.first_part(x.parts[axis].number, atom.origin), atom.origin)
    rest = keywords(step, atom)
    return Whole(step.apply(atom.op, [x.value], rest, atom.origin), x.parts)


@rule(np.stack, np.array, np.concatenate)
def stacked(step: Wholes, atom: Atom) -> Whole:
    items = atom.args[0]
    if not isinstance(items, Items) or any(isinstance(i, Items) for i in items.items):
        raise refuse(atom)
    count = len(atom.result.type.shape) - (atom.op is not np.concatenate)
    axis = static_keyword(atom, 1, "axis", 0) if atom.op is not np.array else 0
    axis %= len(atom.result.type.shape)
    values, parts = aligned(step, [step.whole(i) for i in items.items], atom.origin)
    found = {k + count: part for k, part in parts.items()}
    if atom.op is np.concatenate and axis in found:
        raise refuse(atom)
    if atom.op is not np.concatenate:
        found = {k + (k >= axis): part for k, part in found.items()}
    rest = [step.value(a) for a in atom.args[1:]]
    result = step.apply(atom.op, [Struct(list, values), *rest], keywords(step, atom), atom.origin)
    return Whole(result, found)


# --- indices ---


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
        size = whole.value.type.shape[axis]  # type: ignore[union-attr]
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
            self.parts[result] = Part(number, chosen.type.size, mask=chosen)  # type: ignore[union-attr]
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
        if isinstance(value, Known) and type(value.value) is int:
            return step.plus(part.start if value.value >= 0 else part.stop, value, origin)
        if not isinstance(value, Array) or value.type.dtype.kind not in "iu":
            raise refuse(self.atom)
        form = step.form(operand)
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
    one = index[0] if len(index) == 1 else struct(tuple, index)  # type: ignore[arg-type]
    return step.apply(getitem, [value, one], {}, replace(origin, spelling="operator"))


@rule(getitem)
def read(step: Wholes, atom: Atom) -> Whole:
    x = step.whole(atom.args[0])
    found = Place(step, x, atom.args[1], atom)
    value = getitem_of(step, x.value, found.items, atom.origin)
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
        if to_zeros and value.type.shape == x.value.type.shape:  # type: ignore[union-attr]
            pass
        elif adds:
            value = step.apply(np.add, [x.value, value], {}, replace(origin, spelling="operator"))
        elif test is None:
            value = step.apply(np.broadcast_to, [value, known(old.type.shape)], {}, function)
        if value.type.dtype != x.value.type.dtype:  # type: ignore[union-attr]
            value = step.trace.cast(value, x.value.type.dtype, function)  # type: ignore[union-attr]
        return Whole(value, x.parts)
    items = list(found.items)
    while items and items[-1] is None:
        items.pop()
    full = Known(slice(None), Slice(None, None, None))
    index_value = struct(tuple, [full if i is None else i for i in items])
    if len(items) == 1:
        index_value = items[0]  # type: ignore[assignment]
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


def _elementwise_rules() -> None:
    for primitive in registered():
        if primitive.kind == ELEMENTWISE or primitive.dtype == "ufunc":
            RULES.setdefault(primitive.function, elementwise)


_elementwise_rules()

"""Operations that move, add or make axes, on whole axes of which parts count."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .ir import Atom, Origin
from .lengths import is_unknown
from .operands import Items, Operand, array_type
from .parts import Part, Whole
from .values import Known, Struct, Value, known, static_value, struct
from .whole_reductions import reduced_axes
from .whole_rules import (
    aligned,
    keywords,
    ndim,
    refuse,
    rule,
    static_keyword,
)

if TYPE_CHECKING:
    from .whole import Wholes


def rearranged(step: Wholes, atom: Atom, where: Sequence[int]) -> Whole:
    """An operation after which the axis k is the one that was at `where[k]`."""
    x = step.whole(atom.args[0])
    rest = [step.value(a) for a in atom.args[1:]]
    result = step.apply(atom.op, [x.value, *rest], keywords(step, atom), atom.origin)
    parts = {k: x.parts[old] for k, old in enumerate(where) if old in x.parts}
    return Whole(result, parts)


def positions(atom: Atom) -> list[int]:
    """The axes after an operation that only moves, adds or removes axes, each by its place before; -1 for a new one."""
    before = array_type(atom.args[0]).shape
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
    before, after = array_type(atom.args[0]).shape, array_type(atom.result).shape
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
    if len(atom.args) != 1:
        raise refuse(atom)
    part = step.first_part(atom.result.type.shape[0], atom.origin)
    kwargs = keywords(step, atom)
    if part.mask is not None:  # how many of those selected stand in front of each
        operator = replace(atom.origin, spelling="operator")
        mask = step.inside(part, 1, 0, atom.origin)
        found = step.apply(np.cumsum, [mask], kwargs, replace(atom.origin, spelling="function"))
        return Whole(step.apply(np.subtract, [found, known(1)], {}, operator), {0: part})
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

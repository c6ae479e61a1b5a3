"""Reading and writing elements for all iterations at once; see `lift`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..primitives import add_at, getitem, update
from .array_rows import moved, slice_of
from .elements import parts_of
from .ir import Atom
from .lift import Lift, NotLifted, rule
from .nested import index_of, inner_window
from .operands import ArrayType, Operand, Slice, Var, rank_of, shape_of
from .sliding import ALL
from .values import Known, Value, Window, known, operand_of, value_of


@rule(getitem)
def read(lift: Lift, atom: Atom) -> Value:
    base, index = atom.args
    parts = parts_of(index, rank_of(base))
    if parts is None:
        return by_array(lift, atom)
    moving = [k for k, part in enumerate(parts) if lift.is_lifted(part)]
    if any(isinstance(parts[k], Slice) for k in moving):
        raise NotLifted
    if lift.is_lifted(base):
        front: Value = lift.numbers() if moving else value_of(ALL)
        return taken(lift, lift.value(base), [front, *map(lift.value, parts)], atom)
    if len(moving) == 1:
        (k,) = moving
        window = window_of(lift, parts[k], shape_of(base)[k])
        if window is not None:
            items = [window if k == n else lift.value(p) for n, p in enumerate(parts)]
            first = sum(isinstance(p, Slice) for p in parts[:k])
            return moved(lift.trace, taken(lift, lift.value(base), items, atom), first, 0)
    numbers = [k for k, part in enumerate(parts) if not isinstance(part, Slice)]
    adjacent = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    found = taken(lift, lift.value(base), [*map(lift.value, parts)], atom)
    return moved(lift.trace, found, numbers[0] if adjacent else 0, 0)


def by_array(lift: Lift, atom: Atom) -> Value:
    """A read at an array of places."""
    base, index = atom.args
    if not isinstance(index, Var) or not isinstance(index.type, ArrayType):
        raise NotLifted
    if index.type.dtype.kind not in "iu":
        raise NotLifted
    items = [lift.value(index)]
    if lift.is_lifted(base) and lift.is_lifted(index):
        items.insert(0, lift.beside(lift.numbers(), rank_of(index)))
    elif lift.is_lifted(base):
        items.insert(0, value_of(ALL))
    return taken(lift, lift.value(base), items, atom)


def taken(lift: Lift, value: Value, items: Sequence[Value], atom: Atom) -> Value:
    """The array at an index of some items, without the full slices behind the others."""
    operands = [operand_of(item) for item in items]
    inner = inner_window(operand_of(value), lift.trace.definitions, operands)
    if inner is not None:
        base, operands = inner
        value = value_of(base)
    while operands and operands[-1] == ALL:
        operands.pop()
    if not operands:
        return value
    return lift.apply(getitem, [value, value_of(index_of(operands))], {}, atom)


def window_of(lift: Lift, part: Operand, size: int) -> Value | None:
    """The slice of an axis that an index goes through, if it surely lies within it."""
    walked, form = lift.walked, lift.form(part)
    if walked is None or form is None or walked.index not in form[0]:
        return None
    others = [v for v in form[0] if v is not walked.index]
    if any(v in lift.lifted for v in others):
        return None
    factor = form[0][walked.index]
    step = factor * walked.step
    if not others:
        first = factor * walked.start + form[1]
        places = range(first, first + step * walked.count, step)
        if max(places) < 0:  # all are counted from the end
            places = range(places.start + size, places.stop + size, step)
        if min(places) < 0 or max(places) >= size:
            return None
        return value_of(ALL if places == range(size) else slice_of(places, size))
    natural = lift.ranges.is_natural(form)
    if step != 1 or not natural or not lift.ranges.exceeds((type(form[0])(), size), form):
        return None
    start = at_first(lift, part)
    stop = lift.apply(np.add, [start, known(lift.count)])
    return Window(Slice(operand_of(start), operand_of(stop), None, width=lift.count))


def at_first(lift: Lift, part: Operand) -> Value:
    """An index in the first iteration."""
    walked = lift.walked
    assert walked is not None
    if part is walked.index:
        return known(walked.start)
    if not lift.is_lifted(part):
        return lift.value(part)
    assert isinstance(part, Var)
    atom = lift.trace.definitions[part]
    args = [at_first(lift, a) for a in atom.args]
    if atom.op in (np.add, np.subtract) and isinstance(args[1], Known) and args[1].value == 0:
        return args[0]
    if atom.op is np.add and isinstance(args[0], Known) and args[0].value == 0:
        return args[1]
    return lift.apply(atom.op, args)


@rule(update, add_at)
def write(lift: Lift, atom: Atom) -> Value:
    base, value, index = atom.args
    parts = parts_of(index, rank_of(base))
    if parts is None:
        raise NotLifted
    moving = [part for part in parts if lift.is_lifted(part)]
    if any(isinstance(part, Slice) for part in moving):
        raise NotLifted
    rank = sum(isinstance(part, Slice) for part in parts)
    front: Value = lift.numbers() if moving else value_of(ALL)
    items = [front, *map(lift.value, parts)]
    while len(items) > 1 and operand_of(items[-1]) == ALL:
        items.pop()
    written = lift.of_rank(value, rank)
    return lift.apply(
        atom.op,
        [lift.repeated(base), written, value_of(index_of([*map(operand_of, items)]))],
        {},
        atom,
    )

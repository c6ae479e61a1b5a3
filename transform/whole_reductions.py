"""Reductions and products on whole axes of which parts count: what lies outside is replaced by what changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .ir import Atom, Origin
from .operands import array_type
from .parts import Part, Whole
from .values import Array, Known, Value, known
from .whole_rules import (
    keywords,
    ndim,
    refuse,
    rule,
    static_keyword,
)

if TYPE_CHECKING:
    from .whole import Wholes


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
    fill = filled_with(atom.op, array_type(x.value).dtype)
    value = step.masked(x, axes, fill, atom.origin)
    rest = [step.value(a) for a in atom.args[1:]]
    result = step.apply(atom.op, [value, *rest], keywords(step, atom), atom.origin)
    if atom.op in (np.max, np.min) and may_be_empty(step, x, axes):
        result = or_nan(step, x, axes, result, atom.origin)
    return Whole(result, remaining(atom, x, axes))


def may_be_empty(step: Wholes, x: Whole, axes: Sequence[int]) -> bool:
    """Whether nothing might be left to reduce, as far as the ranges of the loops tell."""
    for axis in axes:
        part = x.parts.get(axis)
        form = None if part is None else step.lengths.form(part.number)
        found = None if form is None else step.lengths.bounds(form)
        if part is not None and (found is None or found[0] < 1):
            return True
    return False


def or_nan(step: Wholes, x: Whole, axes: Sequence[int], result: Value, origin: Origin) -> Value:
    """The largest or smallest element, NaN where there is none: NumPy raises there."""
    if array_type(result).dtype.kind != "f":
        return result
    function = replace(origin, spelling="function")
    count = number_of(step, x, axes, function)
    found = step.apply(np.greater, [count, known(0)], {}, replace(origin, spelling="operator"))
    return step.apply(np.where, [found, result, known(np.nan)], {}, function)


def number_of(step: Wholes, x: Whole, axes: Sequence[int], origin: Origin) -> Value:
    """How many elements are reduced to one."""
    total: Value = known(1)
    for axis in axes:
        part = x.parts.get(axis)
        size = (
            known(array_type(x.value).shape[axis])
            if part is None
            else step.count(part.number, origin)
        )
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
    return divided(step, total, count, operator)


def divided(step: Wholes, total: Any, count: Value, operator: Origin) -> Any:
    """A sum over a count, in the dtype of the sum."""
    if isinstance(count, Array) and total.type.dtype.kind in "fc":
        real = np.empty(0, total.type.dtype).real.dtype
        count = step.trace.cast(count, real, operator) if real != np.float64 else count
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
    middle = divided(step, total, number_of(step, x, axes, atom.origin), operator)
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
    dtype = array_type(x.value).dtype
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

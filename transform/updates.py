"""In-place changes of arrays: the one place where an array object takes a new value that every alias sees."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitives import add_at, getitem
from ..primitives import update as element_update
from .array_like import array_like, index_like
from .errors import OneByOneError, ProgramError, RefusedError, StaticNeededError
from .ir import Origin
from .operands import Items, Operand, Var
from .overlaps import check_overlap
from .result_types import broadcast_shapes, mask_of
from .trace import Trace
from .values import (
    Array,
    Closure,
    Growing,
    Known,
    Method,
    Struct,
    Unset,
    Value,
    known,
    operand_of,
)
from .views import is_basic


def update(trace: Trace, target: Array, result: Array, origin: Origin) -> Value:
    """`target` takes a new value in place: the same object, shape and dtype, seen by every alias."""
    if target.scalar:
        raise ProgramError("TypeError: this array cannot be changed in place", origin.span)
    old, new = target.type, result.type
    if new.shape != old.shape:
        raise ProgramError(
            f"an array of shape {old.shape} cannot take a value of shape {new.shape}",
            origin.span,
        )
    if not np.can_cast(new.dtype, old.dtype, "same_kind"):
        raise ProgramError(
            f"an array of {old.dtype} cannot take a value of {new.dtype} in place", origin.span
        )
    if new.dtype != old.dtype:
        cast = trace.cast(result, old.dtype, origin)
        assert isinstance(cast, Array)
        result = cast
    assign(trace, target, result.operand, origin)
    return target


def assign(trace: Trace, target: Array, operand: Operand, origin: Origin) -> None:
    """Give an array object a new value; what is a view of it, or it of another, sees the change."""
    if target.view is not None:
        if target.view.write is None:
            raise ProgramError("ValueError: assignment destination is read-only", origin.span)
        base = target.view.base
        assign(trace, base, target.view.write(base.operand, Array(operand)), origin)
        trace.journal.set(target, "_memo", (base.operand, operand))
        return
    storage = target.storage
    if storage.outside is not None:
        raise RefusedError(
            f"this changes {storage.outside!r}, an array from outside the function",
            origin.span,
            "pass it as an argument, or change a .copy()",
        )
    before = storage.value
    if isinstance(operand, Var) and isinstance(before, Var) and operand.depth is None:
        operand.hint, operand.depth = before.hint, before.depth
    trace.journal.set(storage, "value", operand)
    trace.written.add(storage)
    stale = Unset(
        "this array may share memory with one that was changed in place, so that its value is not decided",
        origin.span,
        "take a .copy() before the change",
    )
    for other in storage.linked:
        trace.journal.set(other, "value", stale)


def undecided(trace: Trace, target: Array, origin: Origin) -> None:
    """JAX's array would stay as it was, and NumPy's change: no other name may be read any more."""
    base = target
    while base.view is not None:
        base = base.view.base
    stale = Unset(
        "this array is NumPy's or JAX's, depending on the way through the program, so that it is not decided "
        "whether it was changed in place",
        origin.span,
        "write y = y + value, or make it NumPy's array with np.array(y)",
    )
    for storage in (base.storage, *base.storage.linked):
        trace.journal.set(storage, "value", stale)
    trace.written.add(base.storage)


def set_item(trace: Trace, target: Value, index: Value, value: Value, origin: Origin) -> None:
    """`target[index] = value`."""
    if isinstance(target, Struct):
        set_container_item(trace, target, index, value, origin)
        return
    if isinstance(target, Array) and target.of_jax:
        raise ProgramError(
            "TypeError: arrays that JAX has made cannot be changed in place",
            origin.span,
            "make it with NumPy's function, or take a copy with np.array(y)",
        )
    if not isinstance(target, Array) or target.scalar:
        raise ProgramError("TypeError: this object does not support item assignment", origin.span)
    value = fitted(trace, value, target.type.dtype, origin)
    operand = operand_of(index_like(trace, index, origin))
    if not target.type.ndim:
        if not isinstance(value, Array):
            value = trace.apply(np.full_like, [target, value], {}, origin)
        elif value.type.ndim:
            value = trace.apply(np.reshape, [value, known(())], {}, origin)
        assign(trace, target, operand_of(value), origin)
        return
    if is_basic(operand) and isinstance(value, Array):
        check_overlap(target, operand, value, origin)
    if not is_basic(operand) and not is_selection(operand):
        new = scattered(trace, target, index, value, origin)
    else:
        value = without_leading_ones(trace, target, index, value, origin)
        new = trace.apply(element_update, [target, value, index], {}, origin)
    assert isinstance(new, Array)
    assign(trace, target, new.operand, origin)


def set_container_item(
    trace: Trace, target: Struct, index: Value, value: Value, origin: Origin
) -> None:
    if not isinstance(index, Known):
        raise StaticNeededError(
            "an item of a container can only be replaced at a static place",
            origin.span,
            operand=operand_of(index),
        )
    if target.kind is dict:
        entries = dict(target.entries())
        entries[index.value] = value
        if index.value not in target.keys:
            trace.journal.set(target, "keys", tuple(entries))
        trace.journal.set(target, "items", list(entries.values()))
        return
    if target.kind is not list:
        raise ProgramError(
            f"TypeError: a {target.kind.__name__} does not support item assignment", origin.span
        )
    items = list(target.items)
    try:
        items[index.value] = value
    except (IndexError, TypeError) as error:
        raise ProgramError(f"{type(error).__name__}: {error}", origin.span) from None
    trace.journal.set(target, "items", items)


def append(trace: Trace, target: Struct, value: Value, origin: Origin) -> None:
    """`target.append(value)`, also where a loop fills the list."""
    if isinstance(target.items, Growing):
        if target.items.item is not None:
            raise RefusedError("a list grows by more than one item in an iteration", origin.span)
        if isinstance(value, Closure | Method):
            raise OneByOneError(
                "a list of functions is filled in a loop whose length is not known, or that is long",
                origin.span,
                "write the list out",
            )
        last = target.items.last
        trace.journal.set(target, "items", target.items.appended(value, origin))
        trace.journal.set(last.owner, last.key, value)
    else:
        trace.journal.set(target, "items", [*target.items, value])


def add_item(
    trace: Trace, target: Array, index: Value, value: Value, sign: int, origin: Origin
) -> bool:
    """`target[index] += value` as one operation, where it is one; False where it is not."""
    operand = operand_of(index_like(trace, index, origin))
    if not (is_basic(operand) or is_selection(operand)) or target.scalar or not target.type.ndim:
        return False
    kind = target.type.dtype.kind
    found = value.type if isinstance(value, Array) else None
    if found is not None and (found.dtype != target.type.dtype or found.weak) or kind != "f":
        if not (kind == "f" and found is not None and found.weak and found.dtype.kind in "if"):
            if found is not None or kind != "f":
                return False
    if sign < 0:
        value = trace.apply(np.negative, [value], {}, origin) if found else known(-value.value)  # type: ignore[union-attr]
    part = trace.apply(getitem, [target, index], {}, origin)
    if isinstance(value, Array) and isinstance(part, Array):
        if not broadcasts(value.type.shape, part.type.shape):
            raise ProgramError(
                f"an array of shape {part.type.shape} cannot take a value of shape {value.type.shape}",
                origin.span,
            )
    new = trace.apply(add_at, [target, value, index], {}, origin)
    assert isinstance(new, Array)
    assign(trace, target, new.operand, origin)
    return True


def fitted(trace: Trace, value: Value, dtype: np.dtype, origin: Origin) -> Value:
    """A value in the dtype of the array that takes it, as NumPy casts it."""
    value = array_like(trace, value, origin)
    if isinstance(value, Known):
        if dtype.kind in "iub" and not isinstance(value.value, bool | int | np.integer | np.bool_):
            return known(dtype.type(value.value).item())
        return value
    if isinstance(value, Array) and value.type.dtype != dtype:
        return trace.cast(value, dtype, origin)
    return value


def broadcasts(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    try:
        return broadcast_shapes(shape, wanted) == wanted
    except ValueError:
        return False


def without_leading_ones(
    trace: Trace, target: Array, index: Value, value: Value, origin: Origin
) -> Value:
    """NumPy drops leading axes of size one of what is assigned."""
    if not isinstance(value, Array) or not value.type.ndim:
        return value
    part = trace.apply(getitem, [target, index], {}, origin)
    assert isinstance(part, Array)
    wanted = part.type
    extra = value.type.ndim - wanted.ndim
    if extra > 0 and all(size == 1 for size in value.type.shape[:extra]):
        return trace.apply(np.reshape, [value, known(value.type.shape[extra:])], {}, origin)
    return value


def is_mask(index: Any) -> bool:
    return isinstance(index, Array) and index.type.dtype.kind == "b" and index.type.ndim > 0


def is_selection(index: Operand) -> bool:
    """Whether an index is a mask, or has one beside slices: no element comes twice."""
    items = index.items if isinstance(index, Items) and index.kind == "tuple" else (index,)
    masks = [mask_of(item) is not None for item in items]
    return any(masks) and all(m or is_basic(item) for m, item in zip(masks, items, strict=True))


def scattered(trace: Trace, target: Array, index: Value, value: Value, origin: Origin) -> Value:
    """`target[index] = value` for an array of places: where a place comes twice, the last value stays.

    Each element asks which entry of the index wrote it last, so that the result is the same in any order of execution.
    """
    items = index.items if isinstance(index, Struct) and index.kind is tuple else [index]
    rest = items[1:]
    first = index_like(trace, items[0], origin)
    whole = all(isinstance(i, Known) and i.value == slice(None) for i in rest)
    if not isinstance(first, Array) or first.type.ndim != 1 or not whole:
        raise RefusedError(
            "an assignment at an array of places is supported along the first axis alone",
            origin.span,
            "loop over the places",
        )
    size, count = target.type.shape[0], first.type.shape[0]
    if count == 0:
        return target
    trace.apply(getitem, [target, first], {}, origin)  # for the check of the range
    apply = trace.apply
    spelled = origin
    places = apply(np.remainder, [first, known(size)], {}, spelled)  # -1 is the last
    order = apply(np.arange, [known(1), known(count + 1)], {}, spelled)
    assert isinstance(places, Array) and isinstance(order, Array)
    rows = apply(np.arange, [known(size)], {}, spelled)
    row = apply(np.expand_dims, [rows, known(1)], {}, spelled)
    hits = apply(np.equal, [row, places], {}, spelled)
    scores = apply(np.where, [hits, order, known(0)], {}, spelled)
    last = apply(np.max, [scores], {"axis": known(1)}, spelled)
    written = apply(np.greater, [last, known(0)], {}, spelled)
    entry = apply(
        np.maximum, [apply(np.subtract, [last, known(1)], {}, spelled), known(0)], {}, spelled
    )
    part = value
    trailing = target.type.ndim - 1
    if (
        isinstance(value, Array)
        and value.type.ndim == trailing + 1
        and value.type.shape[0] == count
    ):
        part = apply(getitem, [value, entry], {}, spelled)
    elif isinstance(value, Array) and value.type.ndim > trailing and value.type.shape[0] == 1:
        part = apply(getitem, [value, known(0)], {}, spelled)
    test: Value = written
    if trailing:
        axes = tuple(range(1, target.type.ndim))
        test = apply(
            np.expand_dims, [written, known(axes[0] if trailing == 1 else axes)], {}, spelled
        )
    return apply(np.where, [test, part, target], {}, spelled)


def filled(trace: Trace, target: Array, value: Value, origin: Origin) -> None:
    """`target.fill(value)`, `target[...] = value`."""
    if target.scalar:
        raise ProgramError("TypeError: this array cannot be changed in place", origin.span)
    value = fitted(trace, value, target.type.dtype, origin)
    new = trace.apply(np.full_like, [target, value], {}, origin)
    assert isinstance(new, Array)
    assign(trace, target, new.operand, origin)

"""Reading a part of a value: attributes, items, and names from outside the function."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..primitives import getitem
from .affine import bounds, difference
from .array_like import array_like
from .errors import BackproseError, ProgramError, RefusedError, StaticNeededError
from .frames import Frame
from .globals import is_array, lift, reader
from .ir import Origin
from .journal import MISSING
from .lengths import is_unknown
from .methods import method_of
from .operands import Items, Lit, Slice, Star, array_type
from .updates import is_mask
from .values import (
    Array,
    Growing,
    Known,
    Struct,
    Value,
    Window,
    is_plain,
    known,
    operand_of,
    settled,
    struct,
)

if TYPE_CHECKING:
    from .infer import Interpreter


def attribute(interpreter: Interpreter, value: Value, name: str, origin: Origin) -> Value:
    """`value.name`; raises where there is no such attribute."""
    if isinstance(value, Known):
        try:
            found = getattr(value.value, name)
        except AttributeError as error:
            remedy = nearest(name, dir(value.value))
            raise ProgramError(f"AttributeError: {error}", origin.span, remedy) from None
        owner = value.value
        if is_outside(owner):
            key = ("attribute", id(owner), name)
            interpreter.trace.watch(key, lambda: getattr(owner, name), found)
        return lift(found, name)
    if isinstance(value, Struct) and name in getattr(value.kind, "_fields", ()):
        return value.items[value.kind._fields.index(name)]
    if isinstance(value, Array | Struct):
        return method_of(interpreter, value, name, origin)
    raise RefusedError(f"the attribute {name!r} of a function is not supported", origin.span)


def is_outside(owner: Any) -> bool:
    """Whether what an object holds may change between two calls."""
    return not isinstance(
        owner, types.ModuleType | type | int | float | complex | str | bytes | tuple | np.dtype
    ) and not is_array(owner)


def item(interpreter: Interpreter, value: Value, index: Value, origin: Origin) -> Value:
    """`value[index]`."""
    if isinstance(value, Array):
        origin = replace(origin, spelling="operator")
        return interpreter.trace.apply(getitem, [value, index], {}, origin)
    if isinstance(value, Struct) and value.rows is not None:
        return item(interpreter, value.rows, index, origin)
    if isinstance(value, Struct) and isinstance(value.items, Growing):
        last = value.items.last.read()
        if isinstance(index, Known) and index.value == -1 and last is not MISSING:
            return last
    if not isinstance(index, Known):
        raise StaticNeededError(
            "a container can only be indexed by a static value",
            origin.span,
            "make it an array where its items are alike",
            operand=operand_of(index),
        )
    try:
        if isinstance(value, Struct) and value.kind is dict:
            if index.value not in value.keys:
                there = ", ".join(map(repr, value.keys)) or "none"
                raise ProgramError(
                    f"KeyError: {index.value!r}; the keys are {there}",
                    origin.span,
                    nearest(index.value, value.keys),
                )
            return value.items[value.keys.index(index.value)]
        if isinstance(value, Struct):
            found = value.items[index.value]
            return struct(value.kind, found) if isinstance(found, list) else found
        if isinstance(value, Known):
            found = value.value[index.value]
            if isinstance(value.operand, Items) and not isinstance(index.value, slice):
                place = index.value
                if isinstance(value.value, dict):
                    place = list(value.value).index(index.value)
                return Known(found, value.operand.items[place])
            if not isinstance(value.value, str | bytes | range):
                owner, place = value.value, index.value
                key = ("item", id(owner), repr(place))
                interpreter.trace.watch(key, lambda: owner[place], found)
            if is_plain(found):
                operands = (value.operand, index.operand)
                return interpreter.trace.static(found, getitem, operands, origin)
            return lift(found, "item")
    except BackproseError:
        raise
    except KeyError as error:
        keys = (
            list(value.value) if isinstance(value, Known) and isinstance(value.value, dict) else []
        )
        there = f"; the keys are {', '.join(map(repr, keys))}" if keys else ""
        remedy = nearest(index.value, keys)
        raise ProgramError(f"KeyError: {error}{there}", origin.span, remedy) from None
    except (IndexError, ValueError, TypeError) as error:
        raise ProgramError(f"{type(error).__name__}: {error}", origin.span) from None
    raise RefusedError("this cannot be indexed", origin.span)


def window(
    interpreter: Interpreter, parts: list[Value | None], size: int | None, origin: Origin
) -> Value:
    """A slice at a computed place: of known width where it surely lies within its axis, else of unknown length."""
    trace = interpreter.trace
    start, stop, step = (None if p is None or is_none(p) else p for p in parts)
    if step is not None and not (isinstance(step, Known) and step.value == 1):
        raise RefusedError(
            "a slice with a step, at a place or of a length that is computed, is not supported",
            origin.span,
            "slice with a step of 1, or write a loop",
        )
    if size is None:
        raise RefusedError(
            "a slice at a computed place stands behind an index that is no int and no slice",
            origin.span,
            "index in two steps",
        )
    first, last = (None if p is None else operand_of(p) for p in (start, stop))
    if first is not None and last is not None and not is_unknown(size):
        width = difference(last, first, trace.definitions)
        low, high = (bounds(o, trace.definitions, trace.lengths.spans) for o in (first, last))
        inside = low is not None and high is not None and low[0] >= 0 <= high[0] and high[1] <= size
        if width is not None and inside:
            return Window(Slice(first, last, None, width=max(width, 0)))
    for part in (start, stop):
        if isinstance(part, Array) and (part.type.shape or part.type.dtype.kind not in "iu"):
            raise ProgramError(
                f"TypeError: slice indices must be integers, not {part.type}", origin.span
            )
    return Window(Slice(first, last, None, width=trace.lengths.of_slice(trace, start, stop, size)))


def beside_windows(items: list[Value], ndim: int, origin: Origin) -> list[Value]:
    """The items of an index with a slice at a computed place: dots are written out, other slices have a step of 1."""
    found: list[Value] = []
    for item in items:
        value = item.value if isinstance(item, Known) else None
        if value is Ellipsis:
            taken = sum(not is_none(i) for i in items) - 1
            found += [Known(slice(None), Slice(None, None, None))] * (ndim - taken)
            continue
        new_axis, step = is_none(item), getattr(value, "step", None) not in (None, 1)
        places = isinstance(item, Array) and item.type.ndim > 0 and not is_mask(item)
        places |= isinstance(value, list) or isinstance(item, Struct)
        if (step or places or new_axis) and any(map(is_narrow, items)):
            raise RefusedError(
                "a slice at a computed place stands beside a new axis, a slice with a step, or an array of places",
                origin.span,
                "index in two steps",
            )
        found.append(item)
    return found


def points_and_masks(index: Struct) -> tuple[Value, Value] | None:
    """An index with ints side by side with a mask, in two steps; None for any other."""
    full = Known(slice(None), Slice(None, None, None))
    masks = [isinstance(i, Array) and is_mask(i) for i in index.items]
    points = [is_point(i) for i in index.items]
    chosen = [k for k in range(len(masks)) if masks[k] or points[k]]
    if sum(masks) != 1 or not any(points) or chosen != list(range(chosen[0], chosen[-1] + 1)):
        return None
    first: list[Value] = []
    for item, mask in zip(index.items, masks, strict=True):
        first += [full] * array_type(item).ndim if mask else [item]
    second = [i if m else full for i, m, p in zip(index.items, masks, points, strict=True) if not p]
    return struct(tuple, first), second[0] if len(second) == 1 else struct(tuple, second)


def is_point(value: Value) -> bool:
    """Whether an item of an index is an int."""
    if isinstance(value, Known):
        return isinstance(value.value, int | np.integer) and not isinstance(value.value, bool)
    return isinstance(value, Array) and not value.type.shape and value.type.dtype.kind in "iu"


def is_narrow(value: Value) -> bool:
    """Whether an item of an index is a slice of known width at a computed place."""
    return isinstance(value, Window) and not is_unknown(value.operand.width or 0)


def is_none(value: Value) -> bool:
    return isinstance(value, Known) and value.value is None


def index_value(
    interpreter: Interpreter,
    operand: Any,
    frame: Frame,
    origin: Origin,
    shape: tuple[int, ...] = (),
) -> Value:
    """The value of an index of an array of a shape; slices are kept as operands."""
    size = shape[0] if shape else None
    if isinstance(operand, Slice):
        three = (operand.start, operand.stop, operand.step)
        parts = [None if part is None else interpreter.value(part, frame) for part in three]
        fixed = [None if part is None else part for part in parts if isinstance(part, Known | None)]
        if len(fixed) < 3:
            return window(interpreter, parts, size, frame.origin(origin))
        values = [None if p is None else p.value for p in fixed]
        return Known(slice(*values), Slice(*(None if p is None else p.operand for p in fixed)))
    if isinstance(operand, Items) and operand.kind == "tuple":
        items: list[Value] = []
        axis = 0
        for k, item in enumerate(operand.items):
            if isinstance(item, Star):
                items += interpreter.items(interpreter.value(item.operand, frame), origin)
                shape = ()
                continue
            if item == Lit(...):  # the items behind it belong to the last axes
                behind = operand.items[k + 1 :]
                axis = len(shape) - sum(i != Lit(None) for i in behind)
                items.append(interpreter.value(item, frame))
                continue
            value = index_value(interpreter, item, frame, origin, shape[axis:])
            items.append(value)
            if not is_none(value):
                axis += value.type.ndim if isinstance(value, Array) and is_mask(value) else 1
        if any(isinstance(i, Window) for i in items):
            items = beside_windows(items, len(shape), frame.origin(origin))
        return struct(tuple, items)
    return listed(interpreter, interpreter.value(operand, frame), shape, frame.origin(origin))


def listed(interpreter: Interpreter, value: Value, shape: tuple[int, ...], origin: Origin) -> Value:
    """An index in which a list is what NumPy takes it for: places, or a mask where it holds truth values."""
    if isinstance(value, Struct) and value.kind is list and shape:
        value = value.rows or settled(value)
    if isinstance(value, Struct) and shape and value.kind is list:
        return array_like(interpreter.trace, value, origin)
    if isinstance(value, Known) and isinstance(value.value, range) and shape:
        value = known(list(value.value))
    if not isinstance(value, Known) or not isinstance(value.value, list) or not shape:
        return value
    array = np.array(value.value, dtype=None if value.value else np.int64)
    if array.dtype != bool:
        return Array(Lit(array))
    if array.shape != shape[: array.ndim]:
        raise ProgramError(
            f"IndexError: boolean index did not match indexed array; its shape is {array.shape}, "
            f"not {shape[: array.ndim]}",
            origin.span,
        )
    places = [Array(Lit(found)) for found in np.nonzero(array)]
    return places[0] if len(places) == 1 else struct(tuple, list(places))


def names_in(frame: Frame) -> Iterator[str]:
    """The names of a function, and of those that it stands in."""
    scope: Frame | None = frame
    while scope is not None:
        yield from (name for name in scope.env if "%" not in name)
        scope = scope.parent


def nearest(word: Any, words: Iterable[Any]) -> str | None:
    """A remedy for a word that is not there: the one that was meant, if one is near."""
    if not isinstance(word, str):
        return None
    close = difflib.get_close_matches(word, [w for w in words if isinstance(w, str)], n=1)
    return f"did you mean {close[0]!r}?" if close else None


def global_value(interpreter: Interpreter, path: str, frame: Frame) -> Value:
    """The value of a dotted path whose root is not local; what it reads is noted as a dependency."""
    scope: Frame = frame
    while scope.syntax.function is None and scope.parent is not None:
        scope = scope.parent
    syntax = scope.syntax
    root, *attributes = path.split(".")
    try:
        found, kind = syntax.lookup(root)
    except KeyError:
        known_names = {*names_in(frame), *syntax.names()}
        raise ProgramError(
            f"NameError: name {root!r} is not defined", None, nearest(root, known_names)
        ) from None
    here, name = found, root
    for k, step in enumerate(attributes):
        if is_array(here):  # its method, or its shape
            value = global_value(interpreter, ".".join([root, *attributes[:k]]), frame)
            for rest in attributes[k:]:
                value = attribute(interpreter, value, rest, Origin())
            return value
        before = here
        try:
            here = getattr(here, step)
        except AttributeError as error:
            raise ProgramError(f"AttributeError: {error}", None, nearest(step, dir(here))) from None
        name = step if isinstance(before, types.ModuleType) else f"{name}_{step}"
    if frame.anchor is None and kind != "builtin" and not isinstance(here, types.ModuleType):
        key = ("global", id(syntax.function), path)
        interpreter.trace.watch(key, reader(syntax, root, attributes), here)
    module = isinstance(found, types.ModuleType) and found.__name__.split(".")[0] in (
        "numpy",
        "math",
    )
    if frame.anchor is not None or module:
        constant = attributes and attributes[-1] in ("pi", "e", "euler_gamma") and module
        return Known(here, Lit(here, f"np.{attributes[-1]}" if constant else None))
    return lift(here, name, name)

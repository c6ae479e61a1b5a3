"""Assignments whose value lies in the memory that they write: `x[::2] = x[:3]`.

NumPy takes such a value as it was before the assignment. Between one-dimensional parts it makes no copy, though, and
copies element by element, from the end where the value lies in front: right where both have the same strides. With
other strides an element may be overwritten before it is read (NumPy 2.4: after `x = np.arange(5.); x[::2] = x[:3]`,
`x[4]` is 1 and not 2). Such an assignment is refused, since what NumPy makes of it is an accident.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .errors import RefusedError
from .ir import Origin
from .operands import Items, Operand, Slice, StaticType, Var, variables
from .values import Array, static_value

TRIES = 256  # with numbers for what is not known
LARGEST = 1_000_000  # elements of an array whose places are compared


def check_overlap(target: Array, index: Operand, value: Array, origin: Origin) -> None:
    """Refuse `target[index] = value` where NumPy may overwrite what it has yet to read."""
    if value.view is None or value.storage is not target.storage or not value.type.ndim:
        return
    root = _root(target)
    empty, strides = (
        np.zeros(1),
        [8 * math.prod(root.type.shape[k + 1 :]) for k in range(root.type.ndim)],
    )
    memory = as_strided(empty, root.type.shape, strides)  # only its strides are read
    to, source = _parts(memory, target, index, value, {})
    if to.ndim != 1 or to.strides == source.strides[-1:] or to.strides[0] * source.strides[-1] <= 0:
        return
    if root.type.size > LARGEST or any(
        collide(to.tolist(), source.tolist(), in_order=root.type.ndim == 1)
        for to, source in _tries(root, target, index, value)
    ):
        raise RefusedError(
            "both sides lie in the same memory, and NumPy may overwrite here what it has yet to read",
            origin.span,
            "take a .copy() of the right-hand side",
        )


def collide(to: list[int], source: list[int], in_order: bool) -> bool:
    """Whether a place is overwritten before it is read.

    `in_order` says that the places follow each other in memory, so that NumPy's order is known.
    """
    pairs = list(zip(to, source, strict=True))
    reads = {place: k for k, place in enumerate(source)}
    moved = [(k, reads[place]) for k, place in enumerate(to) if reads.get(place, k) != k]
    if in_order and pairs and source[0] < to[0]:
        return any(written > read for written, read in moved)
    return any(written < read or not in_order for written, read in moved)


def _tries(root: Array, target: Array, index: Operand, value: Array) -> Iterator[tuple[Any, Any]]:
    """The places that are written and read, for a few values of what is not known before the function runs."""
    places = np.arange(root.type.size).reshape(root.type.shape)
    unknown = [v for v in dict.fromkeys(_variables(target, index, value))]
    count = int(TRIES ** (1 / max(1, len(unknown))))
    for numbers in itertools.product(range(count), repeat=len(unknown)):
        try:
            to, source = _parts(
                places, target, index, value, dict(zip(unknown, numbers, strict=True))
            )
        except IndexError:
            continue
        if to.shape == source.shape:
            yield to, source


def _parts(memory: np.ndarray, target: Array, index: Operand, value: Array, known: dict[Var, int]):
    """What is written and what is read."""
    return _view(memory, target, known)[_evaluated(index, known)], _view(memory, value, known)


def _view(memory: np.ndarray, array: Array, known: dict[Var, int]) -> np.ndarray:
    if array.view is None:
        return memory
    base, atom = _view(memory, array.view.base, known), array.view.atom
    if atom is None:
        return base
    rest = [_evaluated(arg, known) for arg in atom.args[1:]]
    return atom.op(base, *rest, **{name: _evaluated(arg, known) for name, arg in atom.kwargs})


def _evaluated(operand: Any, known: dict[Var, int]) -> Any:
    """The value of an operand. With nothing known an index is 0, and a slice a whole axis."""
    if isinstance(operand, Items):
        items = [_evaluated(item, known) for item in operand.items]
        return tuple(items) if operand.kind == "tuple" else items
    if isinstance(operand, Slice):
        parts = (operand.start, operand.stop, operand.step)
        start, stop, step = (_evaluated(part, known) for part in parts)
        if not known and any(_is_unknown(v) for part in parts for v in variables(part)):
            return slice(None, None, step)
        if operand.width is not None:
            stop = (start or 0) + operand.width
        return slice(start, stop, step)
    if isinstance(operand, Var) and _is_unknown(operand):
        return known.get(operand, 0)
    return static_value(operand)


def _variables(target: Array, index: Operand, value: Array) -> Iterator[Var]:
    yield from filter(_is_unknown, variables(index))
    for array in (target, value):
        while array.view is not None:
            for arg in array.view.atom.args[1:] if array.view.atom else ():
                yield from filter(_is_unknown, variables(arg))
            array = array.view.base


def _is_unknown(v: Var) -> bool:
    return not isinstance(v.type, StaticType)


def _root(array: Array) -> Array:
    return array if array.view is None else _root(array.view.base)

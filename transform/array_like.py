"""What NumPy takes for an array: lists of numbers, lists that loops have filled, counts that are computed.

Given:
    y = np.concatenate([x, [1.0, 2.0]])

Then:
    t = np.array([1.0, 2.0])
    y = np.concatenate([x, t])
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .affine import affine
from .errors import ProgramError, RefusedError
from .ir import Origin
from .operands import Lit
from .values import Array, Known, Struct, Value, known, operand_of, settled, struct

if TYPE_CHECKING:
    from .trace import Trace


def array_like(trace: Trace, value: Value, origin: Origin) -> Value:
    """NumPy takes lists of numbers for arrays; so do we, by an explicit `np.array`."""
    if isinstance(value, Struct) and value.rows is not None:
        return value.rows
    if isinstance(value, Struct) and value.kind in (list, tuple):
        return trace.apply(np.array, [value], {}, replace(origin, spelling="function"))
    if isinstance(value, Known) and isinstance(value.value, list | tuple):
        return trace.apply(np.array, [value], {}, replace(origin, spelling="function"))
    if isinstance(value, Known) and value.value is not None:
        if isinstance(value.value, bool | int | float | complex | np.generic):
            return value
        raise ProgramError(f"expected an array, got {value.value!r}")
    if isinstance(value, Array | Known):
        return value
    raise ProgramError(f"expected an array, got a {type(value).__name__.lower()}")


def joined(trace: Trace, value: Value, origin: Origin) -> Value:
    """A list of what NumPy joins, in which lists of numbers are arrays."""
    if not isinstance(value, Struct) or value.kind is dict or value.rows is not None:
        return value

    def given(v: Value) -> Value:
        listed = isinstance(v.value if isinstance(v, Known) else v, Struct | list | tuple)
        return array_like(trace, v, origin) if listed else v

    return struct(value.kind, [given(v) for v in value.items])


def index_like(trace: Trace, value: Value, origin: Origin) -> Value:
    """An index in which lists of ints are arrays."""
    if isinstance(value, Struct) and value.kind is tuple:
        return struct(tuple, [index_like(trace, item, origin) for item in value.items])
    value = settled(value)
    if isinstance(value, Known) and isinstance(value.value, list):
        return Array(Lit(np.array(value.value, dtype=np.int64 if not value.value else None)))
    if isinstance(value, Struct):
        return array_like(trace, value, origin)
    return value


def counted(trace: Trace, args: list[Value], origin: Origin) -> tuple[list[Value], Value | None]:
    """How many numbers `np.arange` of computed bounds gives, and what is added to them."""
    start, stop = args[:2] if len(args) > 1 else (known(0), args[0])
    for bound in (start, stop):
        whole = bound.type.dtype.kind in "iu" if isinstance(bound, Array) else True
        if not whole or isinstance(bound, Known) and not isinstance(bound.value, int):
            raise RefusedError("np.arange between computed numbers that are not integers")
    if len(args) == 1:
        return args, None
    if len(args) > 2 and not (isinstance(args[2], Known) and args[2].value == 1):
        remedy = "count by ones and multiply: start + step * np.arange(n)"
        raise RefusedError("np.arange with a step between computed bounds", remedy=remedy)
    operator = replace(origin, spelling="operator")
    number = trace.plain(np.subtract, [stop, start], {}, operator)
    form = affine(operand_of(number), trace.definitions)
    if form is not None and form[1] == 0 and list(form[0].values()) == [1]:
        (same,) = form[0]  # `len(r) + 1 - 1`
        number = Array(same)
    return [number], start


def of_rows(
    trace: Trace, op: Callable, args: list[Value], kwargs: dict[str, Value], origin: Origin
) -> Value:
    """`op` of a list that a loop has filled, which is one array."""
    rows = args[0].rows if isinstance(args[0], Struct) else None
    axis = kwargs.get("axis") or (args[1] if len(args) > 1 else known(0))
    if op is np.stack and rows is not None and isinstance(axis, Known):
        if axis.value == 0:
            return trace.plain(np.copy, [rows], {}, origin)
        return trace.plain(np.moveaxis, [rows, known(0), axis], {}, origin)
    if op is np.concatenate and rows is not None:
        shape = rows.type.shape
        if not isinstance(axis, Known) or axis.value != 0 or len(shape) < 2:
            raise RefusedError(
                "a list that a loop has filled is concatenated along the first axis alone",
                remedy="fill an array of the right shape instead of a list",
            )
        whole = known((shape[0] * shape[1], *shape[2:]))
        return trace.plain(np.reshape, [rows, whole], {}, origin)
    return trace.plain(
        op, [*map(as_rows, args)], {k: as_rows(v) for k, v in kwargs.items()}, origin
    )


def as_rows(value: Value) -> Value:
    return value.rows if isinstance(value, Struct) and value.rows is not None else value

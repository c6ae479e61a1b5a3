"""Errors that NumPy surely raises in some iteration of a loop, told when the text is written.

Compiled code cannot raise: it would read another element, or compute with the least number that there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .affine import affine, attained, combined
from .errors import ProgramError
from .ir import Origin
from .lengths import is_unknown
from .operands import Operand, Var, type_of
from .result_types import axes_of
from .values import Array, Known, Struct, Value, operand_of

if TYPE_CHECKING:
    from .infer import Interpreter
    from .trace import Trace

WITHOUT_IDENTITY = (np.max, np.min, np.amax, np.amin, np.argmax, np.argmin, np.ptp)
DIVISIONS = (np.divide, np.floor_divide, np.remainder)


def check_places(
    interpreter: Interpreter, index: Value, shape: tuple[int, ...], origin: Origin
) -> None:
    """Raise where a loop surely runs out of an axis."""
    trace = interpreter.trace
    items = index.items if isinstance(index, Struct) else [index]
    axes = axes_of([operand_of(i) for i in items], len(shape))
    for part, axis in zip(items, axes, strict=True):
        if not isinstance(part, Array | Known) or axis >= len(shape):
            continue
        if (
            isinstance(part, Array)
            and part.type.shape
            or isinstance(part, Known)
            and not whole(part)
        ):
            continue
        if is_unknown(shape[axis]):
            check_part(trace, part.operand, shape[axis], axis, origin)
            continue
        found = None if isinstance(part, Known) else values_of(trace, part.operand)
        for place in found or ():
            if not -shape[axis] <= place < shape[axis]:
                raise ProgramError(
                    f"IndexError: in this loop index {place} is out of bounds for axis {axis} "
                    f"with size {shape[axis]}",
                    origin.span,
                )


def check_part(trace: Trace, place: Operand, size: int, axis: int, origin: Origin) -> None:
    """Raise where a place lies behind the end of a part whose length the loops decide, or in front of its start."""
    form, length = affine(place, trace.definitions), trace.lengths.form(size)
    if form is None or length is None:
        return
    behind, before = combined(np.subtract, [form, length]), combined(np.add, [form, length])
    ends = [None if f is None else attained(f, trace.lengths.spans) for f in (behind, before)]
    if ends[0] is not None and ends[0][1] >= 0 or ends[1] is not None and ends[1][0] < 0:
        raise ProgramError(
            f"IndexError: in some iteration of this loop the index is out of bounds for axis {axis}, "
            "whose length the loop decides",
            origin.span,
        )


def check_reduction(trace: Trace, array: Operand, axis: Value | None, origin: Origin) -> None:
    """Raise where the largest or smallest element of nothing is asked for."""
    shape = getattr(type_of(array), "shape", ())
    if not shape:  # a number has the axes 0 and -1
        return
    axes: Sequence[int] = range(len(shape))
    if isinstance(axis, Known) and axis.value is not None:
        chosen = axis.value if isinstance(axis.value, tuple) else (axis.value,)
        axes = [a % len(shape) for a in chosen]
    for k in axes:
        form = trace.lengths.form(shape[k]) if is_unknown(shape[k]) else None
        found = None if form is None else attained(form, trace.lengths.spans)
        if found is not None and found[0] <= 0:
            raise ProgramError(
                "ValueError: zero-size array to a reduction that has no identity: in some iteration of this "
                "loop the array is empty",
                origin.span,
            )


def check_division(trace: Trace, divisor: Operand, origin: Origin) -> None:
    """Raise where Python's integers are divided by a loop variable that becomes 0."""
    form = affine(divisor, trace.definitions)
    if form is None or len(form[0]) != 1:
        return
    ((v, factor),) = form[0].items()
    start, stop, step = trace.lengths.spans.get(v, (None, None, None))
    if start is None or stop is None or step is None or start[0] or stop[0]:
        return
    values = range(start[1], stop[1], step)
    if form[1] % factor == 0 and -form[1] // factor in values:
        raise ProgramError("ZeroDivisionError: in some iteration of this loop", origin.span)


def values_of(trace: Trace, operand: Operand) -> tuple[int, int] | None:
    form = affine(operand, trace.definitions)
    return None if form is None else attained(form, trace.lengths.spans)


def whole(value: Known) -> bool:
    """Whether a known item of an index is an int."""
    return isinstance(value.value, int | np.integer) and not isinstance(value.value, bool)


def is_python_int(value: Value) -> bool:
    if isinstance(value, Known):
        return whole(value)
    if not isinstance(value, Array) or not isinstance(value.operand, Var):
        return False
    return value.type.weak and value.type.dtype.kind == "i"

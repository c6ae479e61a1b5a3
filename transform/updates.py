"""In-place changes of arrays: the one place where an array object takes a new value that every alias sees."""

from __future__ import annotations

import numpy as np

from .errors import ProgramError, RefusedError
from .ir import Origin
from .trace import Trace
from .values import Array, Value


def update(trace: Trace, target: Array, result: Array, origin: Origin) -> Value:
    """`target` takes a new value in place: the same object, shape and dtype, seen by every alias."""
    if target.storage.parameter is not None:
        raise RefusedError(
            f"this changes the caller's array {target.storage.parameter!r} in place, which is not "
            "supported yet",
            origin.span,
            "write x = x + v, which makes a new array",
        )
    if target.storage.members > 1:
        raise RefusedError(
            "this changes an array in place that another name may see through a view, which is not "
            "supported yet",
            origin.span,
            "write x = x + v, or take a .copy() first",
        )
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
    target.operand = result.operand
    return target

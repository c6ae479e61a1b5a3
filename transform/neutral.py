"""Operations in rules that come to nothing: with a parameter that is not given, or an adjoint that is not there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .values import Array, Known, Value


def unchanged(op: Callable, values: list[Value]) -> Array | None:
    """What `x - 0`, `x / 1` and `x * 1` are: x, in memory of its own. None for other operations.

    Rules compute so with parameters that are not given.
    """
    array, number = values if len(values) == 2 else (None, None)
    neutral = {np.subtract: 0, np.divide: 1, np.multiply: 1}.get(op)
    if neutral is None or not isinstance(array, Array) or not isinstance(number, Known):
        return None
    kinds = "f" if op is np.divide else "fiu"
    fits = array.type.dtype.kind in kinds and not array.type.weak
    same = fits and type(number.value) is int and number.value == neutral
    return Array(array.operand, scalar=array.scalar) if same else None


def without_nothing(op: Callable, values: list[Value]) -> list[Value]:
    """The terms of a sum without those that are None, or no values where a factor is None.

    So rules compute with the adjoint of a result that nothing depends on.
    """
    there = [v for v in values if not (isinstance(v, Known) and v.value is None)]
    if op in (np.add, np.subtract) or len(there) == len(values):
        return there
    zero = op in (np.multiply, np.negative) or (op is np.divide and values[1] in there)
    return [] if zero else values

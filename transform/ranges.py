"""Integer indices that are out of range: NumPy raises, compiled JAX code would quietly read another element.

What is written out in the program is checked when it is transformed; an index array that the caller passes is checked
at the call. Indices computed on the way cannot be checked in compiled code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from .errors import ProgramError
from .operands import ArrayType, Items, Lit, Operand, Var


def index_parts(index: Operand, shape: tuple[int, ...]) -> Iterator[tuple[Var, int]]:
    """The array variables in an index, each with the size of the axis that it runs along."""
    items = index.items if isinstance(index, Items) and index.kind == "tuple" else (index,)
    consuming = [
        i for i in items if not (isinstance(i, Lit) and (i.value is None or i.value is Ellipsis))
    ]
    axis = 0
    for item in items:
        if isinstance(item, Lit) and item.value is None:
            continue
        if isinstance(item, Lit) and item.value is Ellipsis:
            axis += len(shape) - len(consuming)
            continue
        if isinstance(item, Var) and isinstance(item.type, ArrayType) and axis < len(shape):
            yield item, shape[axis]
        axis += 1


def out_of_range(indices: Any, size: int) -> str | None:
    """What is wrong with an integer array as an index of an axis of this size, if anything."""
    array = np.asarray(indices)
    if array.size == 0:
        return None
    low, high = int(array.min()), int(array.max())
    if low < -size or high >= size:
        wrong = low if low < -size else high
        return f"index {wrong} is out of bounds for an axis of size {size}"
    return None


def check_known(index: Operand, shape: tuple[int, ...], contents: Mapping[Var, np.ndarray]) -> None:
    """Raise `ProgramError` where an index that the program writes out is out of range."""
    for v, size in index_parts(index, shape):
        wrong = out_of_range(contents[v], size) if v in contents else None
        if wrong:
            raise ProgramError(f"IndexError: {wrong}")

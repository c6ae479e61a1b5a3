"""Which arrays are JAX's: they cannot be changed in place, so that `y += 1` gives the name y another array.

What JAX's functions return is JAX's, and what operators, methods and indices make of it; NumPy's functions return
NumPy's arrays, but for those that call the method of the same name. Where an array is JAX's on one way through the
program and NumPy's on another, `of_jax` is None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from ..primitives import is_jax
from .values import Array, Opaque, Struct, Value, arrays, struct

# NumPy's functions that hand an array of JAX's to its own method, and so return one.
BY_METHOD = frozenset(
    getattr(np, name)
    for name in "sum prod mean std var max amax min amin any all argmax argmin cumsum cumprod reshape transpose "
    "swapaxes moveaxis squeeze repeat round real imag flip flipud fliplr split".split()
)


def of_jax(value: Value, sure: bool | None = True) -> Value:
    """The value with its arrays for JAX's, which share nothing; with None, for JAX's or NumPy's."""
    if isinstance(value, Struct):
        return _mapped(value, lambda part: of_jax(part, sure))
    if isinstance(value, Array) and sure:
        return Array(value.operand, scalar=True, of_jax=True)
    if isinstance(value, Array):
        value.of_jax = sure
    return value


def of_numpy(value: Value) -> Value:
    """The value with its arrays for NumPy's, each in memory of its own."""
    if isinstance(value, Struct):
        return _mapped(value, of_numpy)
    return Array(value.operand, scalar=not value.type.ndim) if isinstance(value, Array) else value


def _mapped(value: Struct, change: Callable[[Value], Any]) -> Value:
    if value.rows is not None:
        return replace(value, rows=change(value.rows))
    if isinstance(value.items, Opaque):
        return value
    return struct(value.kind, [change(item) for item in value.items], value.keys)


def common(values: Iterable[Value]) -> bool | None:
    """Whose an array is that is one of several; None where they are of different owners."""
    found = {a.of_jax for v in values for a in arrays(v)}
    return found.pop() if len(found) == 1 else None if found else False


def whose(values: Iterable[Value]) -> bool | None:
    """Whose an operator's result is: JAX's if one operand is."""
    found = {a.of_jax for v in values for a in arrays(v)}
    return True if True in found else None if None in found else False


def like(values: Iterable[Value], result: Value) -> Value:
    """The result of an operator on the values."""
    owner = whose(values)
    return result if owner is False else of_jax(result, owner)


def called(function: Callable, args: list[Value], kwargs: dict[str, Value], result: Any) -> Any:
    """The result of a library's function, as JAX's array or NumPy's."""
    if is_jax(function):
        return of_jax(result)
    if function in BY_METHOD:
        return like(args[:1], result)
    if any(a.of_jax is not False for a in arrays(result)):
        return of_numpy(result)
    return result

"""Values from outside the function: globals, closures, defaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .errors import RefusedError
from .operands import Lit
from .parse import FunctionSyntax
from .values import Array, Known, Storage, Struct, Value


def lift(value: Any, name: str, constant: str | None = None) -> Value:
    """The abstract value of a Python value. `constant` names a number or an array in the emitted module."""
    if is_array(value):
        if (
            isinstance(value, np.ndarray)
            and not isinstance(value, np.memmap)
            and type(value) is not np.ndarray
        ):
            raise RefusedError(f"{name!r} is a {type(value).__name__}, not a plain array")
        return Array(Lit(np.asarray(value), constant or name), Storage(outside=name))
    if isinstance(value, list | tuple | dict) and _holds_arrays(value):
        keys = tuple(value) if isinstance(value, dict) else ()
        children = value.items() if isinstance(value, dict) else enumerate(value)
        items = [lift(v, f"{name}_{k}", f"{constant or name}_{k}") for k, v in children]
        return Struct(type(value), items, keys)
    number = isinstance(value, int | float | complex | np.generic) and not isinstance(value, bool)
    return Known(value, Lit(value, constant if number else None))


def is_array(value: Any) -> bool:
    """Whether a value is a NumPy or JAX array (NumPy's scalars are not)."""
    return isinstance(value, np.ndarray) or (
        type(value).__module__.startswith(("jaxlib", "jax.")) and hasattr(value, "aval")
    )


def _holds_arrays(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_arrays(v) for v in value.values())
    if isinstance(value, list | tuple):
        return any(_holds_arrays(v) for v in value)
    return is_array(value)


def reader(syntax: FunctionSyntax, root: str, attributes: list[str]) -> Callable[[], Any]:
    """A function that reads `root.attribute. ...` as the user's function would now."""

    def read() -> Any:
        value, _ = syntax.lookup(root)
        for attribute in attributes:
            value = getattr(value, attribute)
        return value

    return read

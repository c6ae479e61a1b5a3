"""What `jax.eval_shape` says of a call, remembered: a program asks the same question many times.

Given:
    jnp.dot of arrays (3, 4) and (4,)

Found:
    float64[3]
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax

from .errors import LackingError, ProgramError
from .operands import ArrayType, Items, Lit, Slice, Var

REMEMBERED = 20_000  # calls
Key = tuple  # an operand, hashable where its static values are


def abstract_call(function: Callable, args: tuple, kwargs: tuple) -> Any:
    """The shapes and JAX dtypes of `function(*args, **kwargs)`, with static operands fixed."""
    positional = tuple(_key(a) for a in args)
    named = tuple((name, _key(value)) for name, value in kwargs)
    try:
        known = hash((positional, named)) is not None
    except TypeError:  # an array that is written out
        known = False
    try:
        return (_remembered if known else _evaluated)(function, positional, named)
    except NotImplementedError as error:
        raise LackingError(str(error).strip().splitlines()[0]) from None
    except (TypeError, ValueError, IndexError) as error:
        name = getattr(function, "__name__", "this function")
        reason = str(error).strip().splitlines()[0]
        raise ProgramError(f"{name} does not accept these arguments: {reason}") from None


def _key(operand: Any) -> Key:
    if isinstance(operand, Var) and isinstance(operand.type, ArrayType):
        return ("array", operand.type)
    if isinstance(operand, Items):
        kind = "list" if operand.kind == "list" else "tuple"
        return (kind, tuple(_key(item) for item in operand.items))
    if isinstance(operand, Slice):
        return ("slice", tuple(_key(p) for p in (operand.start, operand.stop, operand.step)))
    if isinstance(operand, Var):
        return _static(getattr(operand.type, "value", None))
    return _static(operand.value if isinstance(operand, Lit) else operand)


def _static(value: Any) -> Key:
    """A value with its type, since `1 == 1.0 == True`."""
    if type(value) in (tuple, list):
        return (type(value).__name__, tuple(_static(v) for v in value))
    return ("static", type(value), value)


def _evaluated(function: Callable, positional: tuple[Key, ...], named: tuple) -> Any:
    arrays: list[jax.ShapeDtypeStruct] = []
    for key in (*positional, *(key for _, key in named)):
        arrays.extend(_arrays(key))

    def call(values: list) -> Any:
        left = iter(values)
        args = [_value(key, left) for key in positional]
        return function(*args, **{name: _value(key, left) for name, key in named})

    with jax.enable_x64(True):
        return jax.eval_shape(call, arrays)


_remembered = functools.lru_cache(REMEMBERED)(_evaluated)


def _arrays(key: Key) -> Iterator[jax.ShapeDtypeStruct]:
    if key[0] == "array":
        found: ArrayType = key[1]
        yield jax.ShapeDtypeStruct(
            found.shape, found.dtype, weak_type=found.weak and found.dtype.kind != "b"
        )
    elif key[0] != "static":
        for part in key[1]:
            yield from _arrays(part)


def _value(key: Key, left: Iterator) -> Any:
    if key[0] == "array":
        return next(left)
    if key[0] == "static":
        return key[2]
    parts = [_value(part, left) for part in key[1]]
    return slice(*parts) if key[0] == "slice" else (parts if key[0] == "list" else tuple(parts))

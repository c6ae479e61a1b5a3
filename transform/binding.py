"""The arguments of a call of a NumPy function, by the names of its rule's parameters."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import numpy as np

from ..primitives import Primitive, array_params, variadic
from .errors import ProgramError, RefusedError
from .values import Known, Value, known


def bind(primitive: Primitive, args: list[Value], kwargs: dict[str, Value]) -> dict[str, Value]:
    """The arguments by the rule's parameter names.

    Positions are NumPy's: `np.sum(x, 1, float)` gives a dtype, whatever order the rule lists its parameters in.
    NumPy's own names for the arrays are understood too.
    """
    many = variadic(primitive)
    if many is not None:
        first = [p for p in array_params(primitive) if p != many]
        own = [
            p.replace(kind=p.POSITIONAL_OR_KEYWORD)
            for p in primitive.signature.parameters.values()
            if p.name != many
        ]
        plain = replace(primitive, signature=inspect.Signature(own))
        rest: Any = tuple(args[len(first) :])
        return {**bind(plain, args[: len(first)], kwargs), many: rest}
    ours, required = list(primitive.signature.parameters), array_params(primitive)
    theirs = numpy_parameters(primitive.function) or ours
    named: dict[str, Value] = {}
    for k, value in enumerate(args):
        name = ours[k] if k < len(required) else theirs[k] if k < len(theirs) else f"number {k + 1}"
        named[name] = value
    for k, value in kwargs.items():
        name = ours[theirs.index(k)] if k not in ours and k in theirs[: len(required)] else k
        if name in named:
            raise ProgramError(f"{primitive.name} got two values for {k!r}")
        named[name] = value
    for name, other in primitive.optional.items():
        if other in named and name not in named:
            named[name] = named.pop(other)
        named.setdefault(name, known(None))
    for name in list(named):
        if name not in ours:
            value = named.pop(name)
            if isinstance(value, Known) and (
                value.value is None
                or is_default(primitive, name, value)
                or changes_nothing(primitive, name)
            ):
                continue  # NumPy's "not given"
            raise RefusedError(
                f"the argument {name!r} of {primitive.name} is not supported",
                remedy=f"the supported parameters are ({', '.join(ours)})",
            )
    try:
        return primitive.bind((), named)
    except TypeError as error:
        raise ProgramError(f"{primitive.name}: {error}") from None


def changes_nothing(primitive: Primitive, name: str) -> bool:
    """Whether a keyword is about time and memory alone: what may be overwritten, what may be trusted, in what order."""
    if name == "optimize" and primitive.function is np.einsum:
        return True
    of_memory = name == "check_finite" or name.startswith("overwrite_")
    return of_memory and primitive.name.startswith(("scipy.linalg.", "np.linalg."))


def is_default(primitive: Primitive, name: str, value: Known) -> bool:
    """Whether a value is what NumPy's function has for a parameter that is not given."""
    try:
        params = inspect.signature(primitive.function).parameters
    except (TypeError, ValueError):
        return False
    return name in params and has_default(value, params[name].default)


def numpy_parameters(function: Any) -> list[str]:
    """The names of the parameters that NumPy's function takes by position; empty where it does not tell."""
    try:
        params = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    if any(p.kind is p.VAR_POSITIONAL for p in params):
        return []
    return [p.name for p in params if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def has_default(value: Value, default: Any) -> bool:
    """Whether a value is a parameter's default."""
    if not isinstance(value, Known):
        return False
    return value.value is default or (type(value.value) is type(default) and value.value == default)

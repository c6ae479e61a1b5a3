"""Which function a user means, and which of its arguments."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .transform.arguments import Spec, spec_of
from .transform.emitted import Emitted
from .transform.errors import ArgumentError
from .transform.load import load

Argnums = int | str | Sequence[int | str]


def plain_function(function: Callable) -> types.FunctionType:
    """The Python function to transform. Raises `ArgumentError` for what has no Python source."""
    if hasattr(function, "source_function"):  # a derivative of ours
        return _call_through(function)
    if isinstance(getattr(function, "lowered", None), types.FunctionType):
        return function.lowered
    if isinstance(function, types.FunctionType):
        return _with_own_parameters(function) if _hides_parameters(function) else function
    wrapped = getattr(function, "__wrapped__", None)
    if isinstance(wrapped, types.FunctionType) and type(function).__module__.startswith("jax"):
        return wrapped  # jax.jit changes nothing but speed
    if isinstance(function, types.MethodType):
        raise ArgumentError(
            f"cannot differentiate the bound method {function.__name__!r}: its first argument is fixed",
            remedy=f"pass the function, grad({function.__qualname__}, argnums=1), and the object as an argument",
        )
    raise ArgumentError(
        f"cannot differentiate {function!r}: it is not a Python function",
        remedy="pass a function written with def or lambda",
    )


def _hides_parameters(function: types.FunctionType) -> bool:
    """Whether a decorator's function takes anything, in the place of one whose parameters have names."""
    if not isinstance(getattr(function, "__wrapped__", None), types.FunctionType):
        return False
    kinds = {p.kind for p in inspect.signature(function, follow_wrapped=False).parameters.values()}
    return inspect.Parameter.VAR_POSITIONAL in kinds or inspect.Parameter.VAR_KEYWORD in kinds


def _with_own_parameters(function: types.FunctionType) -> types.FunctionType:
    """A function that calls a decorated one, with the parameters of what is decorated (`__wrapped__`)."""
    name = function.__name__
    signature = inspect.signature(function)
    constants: dict[str, Any] = {f"{name}_decorated": function}
    parameters, arguments = [], []
    for p in signature.parameters.values():
        stars = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
        parameters.append(p.replace(annotation=p.empty))
        arguments.append(f"{p.name}={p.name}" if p.kind is p.KEYWORD_ONLY else stars + p.name)
    bare = inspect.Signature([p.replace(default=p.empty) for p in parameters])
    text = f"def {name}{bare}:\n    return {name}_decorated({', '.join(arguments)})\n"
    found = load(Emitted(text, name, constants))
    plain = [p for p in parameters if p.kind is not p.KEYWORD_ONLY and p.default is not p.empty]
    found.__defaults__ = tuple(p.default for p in plain) or None
    keyword = {
        p.name: p.default
        for p in parameters
        if p.kind is p.KEYWORD_ONLY and p.default is not p.empty
    }
    found.__kwdefaults__ = keyword or None
    return found


def _call_through(derivative: Any) -> types.FunctionType:
    """A function that calls a derivative, for taking the derivative of that."""
    name = f"{derivative._function.__name__.replace('<lambda>', 'lambda')}_{derivative.mode}"
    params = ", ".join(derivative._signature.parameters)
    text = f"def {name}({params}):\n    return derivative({params})\n"
    return load(Emitted(text, name, {"derivative": derivative}))


def argument_names(argnums: Argnums, signature: inspect.Signature) -> tuple[str, ...]:
    """The names of the arguments that `argnums` chooses, by position or by name."""
    names = list(signature.parameters)
    chosen: list[Any] = [argnums]
    if isinstance(argnums, Sequence) and not isinstance(argnums, str):
        chosen = list(argnums)
    result = []
    for item in chosen:
        position = _position(item, len(names))
        if isinstance(item, str) and item in names:
            result.append(item)
        elif position is not None:
            result.append(names[position])
        else:
            raise ArgumentError(
                f"argnums has {item!r}, but the arguments are {', '.join(names) or 'none'}"
            )
    if not result or len(set(result)) < len(result):
        raise ArgumentError("argnums must name at least one argument, and each only once")
    return tuple(result)


def _position(item: Any, count: int) -> int | None:
    """A position among `count` arguments, counted from the end where it is negative."""
    if isinstance(item, bool) or not isinstance(item, int | np.integer):
        return None
    return int(item) % count if -count <= item < count else None


def bound_arguments(
    function: types.FunctionType, signature: inspect.Signature, args: tuple, kwargs: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Spec]]:
    """The arguments of a call by name, with defaults, and what may be known of them."""
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise ArgumentError(f"{function.__name__}(): {error}") from None
    bound.apply_defaults()
    values = dict(bound.arguments)
    return values, {name: spec_of(value, name) for name, value in values.items()}

"""What a command works on: a function, the kinds of its arguments, and which to differentiate."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .annotations import spec_from_annotation
from .derivative import Derivative
from .functions import plain_function
from .importing import find, user_code
from .transform.arguments import ArraySpec, Spec, TreeSpec, parse_spec, spec_of
from .transform.errors import ArgumentError


@dataclass(frozen=True)
class Inputs:
    """A function, the kinds of its arguments, and what is known of them.

    `values` holds the arguments that are known, all of them or the defaults; `assumed` names those
    of which nothing is known, taken as float64 scalars. `derivative` is what the user's decorator
    made of the function. Where neither it nor `wrt` names arguments, the command chooses.
    """

    function: Any  # a Python function; as FunctionType the field would be typed as a method
    specs: Mapping[str, Spec]
    values: Mapping[str, Any]
    assumed: Sequence[str]
    wrt: tuple[str, ...] | None = None
    derivative: Derivative | None = None

    @property
    def mode(self) -> str:
        return self.derivative.mode if self.derivative else "grad"

    @property
    def target(self) -> str:
        return self.derivative.target if self.derivative else "jax"

    @property
    def has_aux(self) -> bool:
        return self.derivative is not None and self.derivative.has_aux

    def floating(self) -> list[str]:
        """The arguments that hold floating-point numbers."""
        return [name for name, spec in self.specs.items() if _has_float(spec)]


def gather(function: str, arguments: Sequence[str], example: str | None, wrt: str | None) -> Inputs:
    """Import the function and find out about its arguments.

    Their kinds come from `example`, a function that returns arguments, or else from `arguments` as
    `NAME=SPEC`, from annotations and from defaults. Raises `ArgumentError` for what cannot be used.
    """
    found = find(function)
    derivative = found if isinstance(found, Derivative) else None
    plain = plain_function(derivative.primal if derivative else found)
    signature = inspect.signature(plain, follow_wrapped=False)
    assumed: list[str] = []
    if example is not None:
        if arguments:
            raise ArgumentError("--arg and --example say the same thing: give one of them")
        values = _example(example, function, signature)
        specs = {name: spec_of(value, name) for name, value in values.items()}
    else:
        given = _given(arguments, signature)
        specs, values, assumed = _known(signature, given)
    return Inputs(plain, specs, values, assumed, _chosen(wrt, signature), derivative)


def _given(arguments: Sequence[str], signature: inspect.Signature) -> dict[str, Spec]:
    given: dict[str, Spec] = {}
    for argument in arguments:
        name, equals, text = argument.partition("=")
        name = name.strip()
        if not equals:
            raise ArgumentError(
                f"cannot read --arg {argument!r}", remedy="write --arg X=f64[150,2]"
            )
        _check_name(name, signature, "--arg")
        if name in given:
            raise ArgumentError(f"--arg gives {name} twice")
        given[name] = parse_spec(text, f"--arg {name}")
    return given


def _known(
    signature: inspect.Signature, given: Mapping[str, Spec]
) -> tuple[dict[str, Spec], dict[str, Any], list[str]]:
    specs: dict[str, Spec] = {}
    values: dict[str, Any] = {}
    assumed: list[str] = []
    for name, parameter in signature.parameters.items():
        empty = {parameter.VAR_POSITIONAL: (), parameter.VAR_KEYWORD: {}}.get(parameter.kind)
        if name in given:
            specs[name] = given[name]
        elif empty is not None:
            specs[name], values[name] = spec_of(empty, name), empty
        elif parameter.default is not parameter.empty:
            specs[name], values[name] = spec_of(parameter.default, name), parameter.default
        elif (spec := spec_from_annotation(parameter.annotation, name)) is not None:
            specs[name] = spec
        else:
            specs[name] = parse_spec("f64", name)
            assumed.append(name)
    return specs, values, assumed


def _example(example: str, function: str, signature: inspect.Signature) -> dict[str, Any]:
    if ":" not in example:
        example = f"{function.rpartition(':')[0]}:{example}"
    made = find(example)
    if not callable(made):
        raise ArgumentError(f"{example} is not a function", remedy="it must return the arguments")
    with user_code(f"{example}()"):
        arguments = made()
    if not isinstance(arguments, Mapping | tuple | list):
        kind = type(arguments).__name__
        raise ArgumentError(f"{example} must return a tuple or a dict of arguments, not {kind}")
    by_name = isinstance(arguments, Mapping)
    try:
        bound = signature.bind(**arguments) if by_name else signature.bind(*arguments)
    except TypeError as error:
        raise ArgumentError(f"what {example} returns does not fit: {error}") from None
    bound.apply_defaults()
    return bound.arguments


def _chosen(wrt: str | None, signature: inspect.Signature) -> tuple[str, ...] | None:
    if wrt is None:
        return None
    names = tuple(name.strip() for name in wrt.split(","))
    for name in names:
        _check_name(name, signature, "--wrt")
    if len(set(names)) < len(names):
        raise ArgumentError(f"--wrt names an argument twice: {wrt}")
    return names


def _check_name(name: str, signature: inspect.Signature, option: str) -> None:
    if name not in signature.parameters:
        names = ", ".join(signature.parameters) or "none"
        raise ArgumentError(f"{option} names {name!r}, but the arguments are {names}")


def _has_float(spec: Spec) -> bool:
    if isinstance(spec, ArraySpec):
        return spec.type.dtype.kind == "f"
    return isinstance(spec, TreeSpec) and any(map(_has_float, spec.items))

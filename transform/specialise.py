"""A typed function from a user's function and the specs of its arguments."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..primitives import getitem
from .arguments import ArraySpec, Spec, StaticSpec
from .errors import RefusedError
from .frames import Frame
from .infer import Interpreter
from .inlining import run
from .ir import Function, Origin
from .lengths import has_unknown
from .lower import Lowered
from .operands import ArrayType, Lit, Operand, StaticType, StructType, Var
from .spell import literal_text
from .trace import Trace
from .values import Array, Known, Storage, Struct, Value, is_plain, operand_of, struct
from .values import arrays as arrays_of


@dataclass(frozen=True)
class Typed:
    """The typed function, the value that it returns, each parameter before and after, and what was read on the way.

    `objects` are the parameters as the objects that the function was given.
    """

    function: Function
    result: Value
    params: Mapping[str, Value]
    objects: Mapping[str, Given]
    final: Mapping[str, Value]
    trace: Trace


@dataclass(frozen=True, eq=False)
class Given:
    """An object that the function was given: which one it was, and what it held."""

    value: Value
    items: Mapping[Any, Given]


def given(value: Value) -> Given:
    """The objects in a value as they are now."""
    entries = value.entries() if isinstance(value, Struct) else []
    return Given(value, {key: given(item) for key, item in entries})


def specialise(lowered: Lowered, specs: Mapping[str, Spec], signature: inspect.Signature) -> Typed:
    """Walk a function for arguments of the given specs."""
    trace = Trace()
    frame = Frame(lowered.syntax, lowered.locals)
    params: dict[str, Value] = {}
    variables: list[tuple[str, Var]] = []
    for name, spec in specs.items():
        params[name], var = parameter(trace, name, spec)
        variables.append((name, var))
    frame.env.update(params)
    given_arrays = (a.operand for value in params.values() for a in arrays_of(value))
    trace.arguments.update(v for v in given_arrays if isinstance(v, Var))
    passed = {name: as_passed(value) for name, value in params.items()}
    objects = {name: given(value) for name, value in params.items()}
    result = run(Interpreter(trace), lowered, frame)
    if any(has_unknown(a.type) for a in arrays_of(result)):
        raise RefusedError(
            f"{lowered.syntax.name} returns an array whose length is not known before it runs",
            lowered.syntax.span,
            "return something of a fixed size: a sum, np.where(mask, x, 0)",
        )
    statics = [
        (name, value.value)
        for name, value in params.items()
        if isinstance(value, Known) and name in trace.read and is_plain(value.value)
    ]
    function = Function(
        name=lowered.syntax.name,
        signature=signature_text(signature),
        params=tuple(variables),
        body=tuple(trace.atoms),
        output=operand_of(result) if isinstance(result, Array | Known | Struct) else Lit(None),
        calls=tuple(trace.calls),
        statics=tuple(statics),
        lengths=trace.lengths,
    )
    return Typed(function, result, passed, objects, params, trace)


def as_passed(value: Value) -> Value:
    """An argument as the caller passes it: the derivative is that of its first value, whatever changes."""
    if isinstance(value, Array):
        return Array(value.operand)
    if isinstance(value, Struct):
        return Struct(value.kind, [as_passed(item) for item in value.items], value.keys)
    return value


def parameter(trace: Trace, name: str, spec: Spec) -> tuple[Value, Var]:
    """The value of a parameter; atoms take a container apart."""
    if isinstance(spec, ArraySpec):
        var = Var(name, spec.type, depth=0)
        return Array(var, Storage(parameter=name), spec.scalar), var
    if isinstance(spec, StaticSpec):
        var = Var(name, StaticType(spec.value), depth=0)
        return Known(spec.value, var), var
    var = Var(name, StructType(str(spec)), depth=0)
    return _take_apart(trace, name, name, spec, var), var


def _take_apart(trace: Trace, argument: str, name: str, spec: Spec, whole: Operand) -> Value:
    if isinstance(spec, StaticSpec):
        return Known(spec.value, Lit(spec.value))
    if isinstance(spec, ArraySpec):
        raise TypeError("an array has no parts")
    items: list[Value] = []
    fields = getattr(spec.kind, "_fields", None)
    for k, (key, item) in enumerate(zip(spec.keys, spec.items, strict=True)):
        label = str(fields[k] if fields else key)
        hint = label if label.isidentifier() else f"{name}_{label}" if label.isalnum() else name
        if isinstance(item, StaticSpec):
            items.append(Known(item.value, Lit(item.value)))
            continue
        found: ArrayType | StructType = (
            item.type if isinstance(item, ArraySpec) else StructType(str(item))
        )
        part = Var(hint, found)
        op, args = (getattr, (whole, Lit(fields[k]))) if fields else (getitem, (whole, Lit(key)))
        trace.emit(part, op, args, (), Origin(spelling="path"))
        if isinstance(item, ArraySpec):
            items.append(Array(part, Storage(parameter=argument), item.scalar))
        else:
            items.append(_take_apart(trace, argument, hint, item, part))
    if spec.kind in (list, tuple, dict) and not fields and spec.kind is not list:
        return struct(spec.kind, items, spec.keys if spec.kind is dict else ())
    return Struct(spec.kind, items, spec.keys if spec.kind is dict else ())


def signature_text(signature: inspect.Signature) -> str:
    """The parameters as they stand in the emitted definition: plain defaults kept, annotations dropped."""
    parts, star = [], False
    params = list(signature.parameters.values())
    for k, p in enumerate(params):
        default = ""
        if p.default is not p.empty:  # what cannot be written out has to be passed
            default = f"={literal_text(p.default) if is_plain(p.default) else None}"
        if p.kind is p.VAR_POSITIONAL:
            parts.append(f"*{p.name}")
            star = True
        elif p.kind is p.VAR_KEYWORD:
            parts.append(f"**{p.name}")
        else:
            if p.kind is p.KEYWORD_ONLY and not star:
                parts.append("*")
                star = True
            parts.append(p.name + default)
        after = params[k + 1].kind if k + 1 < len(params) else None
        if p.kind is p.POSITIONAL_ONLY and after is not p.POSITIONAL_ONLY:
            parts.append("/")
    return ", ".join(parts)

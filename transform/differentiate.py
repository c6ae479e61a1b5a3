"""From a typed function to one that computes what a request asks for: seeds, adjoints or tangents, and the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from .activity import is_inexact
from .arguments import ArraySpec, Spec, StaticSpec
from .errors import ArgumentError
from .forward import forward
from .ir import Function, Origin
from .operands import ArrayType, Type, Var
from .request import Request
from .reverse import reverse
from .specialise import Typed, parameter
from .trace import Trace
from .values import Array, Known, Struct, Value, known, operand_of, struct


def differentiate(request: Request, typed: Typed) -> tuple[Function, Value]:
    """The function that computes what the request asks for, not simplified yet, and what it returns."""
    if request.mode == "primal":
        trace = Trace(list(typed.function.body), lengths=typed.function.lengths)
        return _finished(typed.function, request, trace, typed.result, []), typed.result
    for name in request.wrt:
        _check_differentiable(name, request.specs[name])
    wrt = [leaf for name in request.wrt for leaf in leaves_of(typed.params[name])]
    function = replace(typed.function, wrt=tuple(wrt))
    primary, aux = _split_aux(typed.result, request, typed)
    if request.mode == "jvp":
        return _jvp(request, typed, function, primary, aux)
    return _reverse(request, typed, function, primary, aux)


def _reverse(
    request: Request, typed: Typed, function: Function, primary: Value, aux: Value | None
) -> tuple[Function, Value]:
    extra: list[tuple[str, Var]] = []
    seeds: list[tuple[Var, Value]] = []
    outputs = [v for v in _result_arrays(primary) if is_inexact(v)]
    if request.mode in ("grad", "value_and_grad"):
        _check_scalar(request, primary)
        for v in outputs:
            seeds.append((v, known(_one(v.type))))
    else:
        for k, v in enumerate(outputs):
            name = "dy" if len(outputs) == 1 else f"dy{k}"
            while name in request.specs:
                name += "_"
            var = Var(name, v.type, depth=0)
            extra.append((name, var))
            seeds.append((v, Array(var)))
    trace, adjoints = reverse(function, seeds)
    found = dict(zip(function.wrt, adjoints, strict=True))
    gradients = [_gradient(trace, typed.params[name], found) for name in request.wrt]
    if request.mode != "grad":
        _name_result(primary)
    result = gradients[0] if request.single else struct(tuple, gradients)
    parts = {"value_and_grad": [primary, result], "vjp": [primary, result]}.get(request.mode)
    if aux is not None:
        value = struct(tuple, [primary, aux]) if parts else None
        result = (
            struct(tuple, [value, result]) if value is not None else struct(tuple, [result, aux])
        )
    elif parts is not None:
        result = struct(tuple, parts)
    return _finished(function, request, trace, result, extra), result


def _jvp(
    request: Request, typed: Typed, function: Function, primary: Value, aux: Value | None
) -> tuple[Function, Value]:
    tangents: dict[Var, Value] = {}
    extra: list[tuple[str, Var]] = []
    before = Trace()  # takes tangents of containers apart
    for argument in request.wrt:
        name = f"{argument}_dot"
        while name in request.specs:
            name += "_"
        value, var = parameter(before, name, request.specs[argument])
        extra.append((name, var))
        pairs = zip(leaves_of(typed.params[argument]), leaves_of(value), strict=True)
        tangents |= {v: Array(dot) for v, dot in pairs}
    function = replace(function, body=(*before.atoms, *function.body))
    outputs = list(_result_arrays(primary))
    trace, dots = forward(function, tangents, outputs)
    found = dict(zip(outputs, dots, strict=True))
    _name_result(primary)
    result = struct(tuple, [primary, _gradient(trace, primary, found)])
    if aux is not None:
        result = struct(tuple, [result, aux])
    return _finished(function, request, trace, result, extra), result


def _finished(
    function: Function, request: Request, trace: Trace, result: Value, extra: list[tuple[str, Var]]
) -> Function:
    *rest, last = request.wrt or ("",)
    names = f"{', '.join(rest)} and {last}" if rest else last
    what = {
        "primal": "{f}, as JAX computes it.",
        "grad": "Gradient of {f} with respect to {w}.",
        "value_and_grad": "Value of {f} and its gradient with respect to {w}.",
        "vjp": "Value of {f} and the adjoint of {w} for an adjoint of the result.",
        "jvp": "Value of {f} and its tangent along a tangent of {w}.",
    }[request.mode]
    signature = ", ".join(filter(None, [function.signature, *(name for name, _ in extra)]))
    if extra and ("=" in function.signature or "*" in function.signature):
        signature = ", ".join([*(n for n, _ in function.params), *(n for n, _ in extra)])
    name = function.name.rstrip("_")
    return replace(
        function,
        name=function.name if request.mode == "primal" else f"{name}_{request.mode}",
        signature=signature,
        params=(*function.params, *extra),
        body=tuple(trace.atoms),
        output=operand_of(result),
        doc=what.format(f=function.name.replace("lambda_", "the lambda"), w=names),
    )


def _gradient(trace: Trace, value: Value, found: Mapping[Var, Value | None]) -> Value:
    """The derivative in the structure of an argument (or a result): zeros where nothing depends on it."""
    if isinstance(value, Struct):
        return Struct(
            value.kind, [_gradient(trace, item, found) for item in value.items], value.keys
        )
    if isinstance(value, Array):
        derivative = found.get(value.operand) if isinstance(value.operand, Var) else None
        if derivative is not None:
            return derivative
        return trace.apply(np.zeros_like, [value], {}, Origin(part="adjoint"))
    if isinstance(value, Known) and isinstance(value.value, float):
        return known(0.0)
    return known(None)


def _name_result(primary: Value) -> None:
    """Call the result `value` where the user has no name for it."""
    operand = primary.operand if isinstance(primary, Array) else None
    if isinstance(operand, Var) and operand.depth is None:
        operand.hint, operand.depth = "value", 0


def leaves_of(value: Value) -> list[Var]:
    """The variables of the arrays in a value."""
    if isinstance(value, Array) and isinstance(value.operand, Var):
        return [value.operand]
    if isinstance(value, Struct):
        return [leaf for item in value.items for leaf in leaves_of(item)]
    return []


def _result_arrays(value: Value) -> list[Var]:
    return list(dict.fromkeys(leaves_of(value)))


def _one(t: Type) -> Any:
    assert isinstance(t, ArrayType)
    return 1.0 if t.dtype == np.dtype(float) else t.dtype.type(1)


def _split_aux(result: Value, request: Request, typed: Typed) -> tuple[Value, Value | None]:
    if not request.aux:
        return result, None
    if isinstance(result, Struct) and result.kind is tuple and len(result.items) == 2:
        return result.items[0], result.items[1]
    raise ArgumentError(f"has_aux=True needs {typed.function.name} to return a pair (value, aux)")


def _check_differentiable(name: str, spec: Spec) -> None:
    if isinstance(spec, ArraySpec) and spec.type.inexact:
        return
    items = getattr(spec, "items", ())
    if items:
        if any(_has_float(item) for item in items):
            return
    remedy = f"convert it: {name}.astype(float) for an array, float({name}) for a number"
    if isinstance(spec, StaticSpec):
        remedy = _instead_of(name, spec.kind)
    raise ArgumentError(
        f"the derivative with respect to {name!r} is not defined: it is {spec}, not floating point",
        remedy=remedy,
    )


def _instead_of(name: str, kind: type) -> str | None:
    """What to pass in the place of a value that is fixed by the transformation."""
    if kind in (bool, int):
        return f"pass a float: float({name})"
    if kind.__module__.split(".")[0] == "pandas":
        return f"pass an array: {name}.to_numpy()"
    if kind.__module__ != "builtins":
        return "pass its arrays in a dict or a named tuple"
    return None


def _has_float(spec: Spec) -> bool:
    if isinstance(spec, ArraySpec):
        return spec.type.inexact
    return any(_has_float(item) for item in getattr(spec, "items", ()))


def _check_scalar(request: Request, primary: Value) -> None:
    name = request.function.__name__
    if isinstance(primary, Array):
        found = primary.type
        if found.shape != () or found.dtype.kind != "f":
            raise ArgumentError(
                f"the gradient needs a real scalar; {name} returns {found}",
                remedy="return a sum or a mean, or use has_aux=True for further results",
            )
    elif not (isinstance(primary, Known) and isinstance(primary.value, float)):
        what = (
            "a container"
            if isinstance(primary, Struct)
            else repr(getattr(primary, "value", primary))
        )
        raise ArgumentError(
            f"the gradient needs a real scalar; {name} returns {what}",
            remedy="use has_aux=True if it returns (value, aux)",
        )

"""Attributes and methods of arrays and containers: every method that has a function twin is that function."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..primitives import METHODS, getitem
from .errors import ProgramError, RefusedError
from .ir import Origin
from .keyword_forms import with_form
from .operands import ArrayType
from .updates import append, filled, update
from .values import Array, Known, Method, Struct, Value, known, struct

if TYPE_CHECKING:
    from .infer import Interpreter

OTHERS = (
    "fill",
    "sort",
    "compress",
    "searchsorted",
)  # methods that are no function with the same arguments
STATIC_ATTRIBUTES = ("shape", "ndim", "size", "dtype", "nbytes", "itemsize")


def method_of(interpreter: Interpreter, value: Array | Struct, name: str, origin: Origin) -> Value:
    """`x.name`, an attribute or a method of an array or a container."""
    if isinstance(value, Array):
        if name in STATIC_ATTRIBUTES:
            return interpreter.trace.attribute(value, name, origin)
        if name in ("T", "mT", "real", "imag"):
            spelled = replace(origin, spelling="method")
            if name == "T":
                return interpreter.trace.apply(np.transpose, [value], {}, spelled)
            if name == "mT":
                return interpreter.trace.apply(
                    np.swapaxes, [value, known(-1), known(-2)], {}, origin
                )
            return interpreter.trace.apply(getattr(np, name), [value], {}, origin)
        if name in METHODS or name in OTHERS:
            return Method(value, name)
        raise RefusedError(
            f"the array method {name!r} is not supported"
            if hasattr(np.ndarray, name)
            else f"an array has no attribute {name!r}",
            origin.span,
            f"use np.{name}"
            if hasattr(np, name)
            else "use array operations and functions of numpy",
        )
    return Method(value, name)


def call_method(
    interpreter: Interpreter,
    method: Method,
    args: list[Value],
    kwargs: dict[str, Value],
    origin: Origin,
) -> Value:
    receiver = method.receiver
    if isinstance(receiver, Struct):
        if receiver.kind is list and method.name in ("append", "extend", "insert", "pop"):
            return changed_list(interpreter, receiver, method.name, args, origin)
        return container_method(receiver, method.name, args, origin)
    if method.name == "fill":
        filled(interpreter.trace, receiver, args[0], origin)
        return known(None)
    if method.name == "sort":
        ordered = interpreter.trace.apply(np.sort, [receiver, *args], kwargs, origin)
        assert isinstance(ordered, Array)
        update(interpreter.trace, receiver, ordered, origin)
        return known(None)
    if method.name == "compress" and args:
        return interpreter.called(np.compress, [args[0], receiver, *args[1:]], kwargs, origin)
    if method.name == "searchsorted":
        return interpreter.called(np.searchsorted, [receiver, *args], kwargs, origin)
    function = METHODS[method.name]
    origin = replace(origin, spelling="method")
    if method.name in ("reshape", "transpose") and args and not isinstance(args[0], Struct):
        first = args[0]
        if not (
            isinstance(first, Known)
            and (first.value is None or isinstance(first.value, tuple | list))
        ):
            args = [struct(tuple, args)]  # x.reshape(2, 3)
    if method.name == "flatten":  # always a copy
        flat = interpreter.trace.apply(np.ravel, [receiver, *args], kwargs, origin)
        assert isinstance(flat, Array)
        return Array(flat.operand)
    if method.name == "conj" and receiver.type.dtype.kind != "c":
        return receiver  # the array itself
    if method.name == "item":
        return item_method(interpreter, receiver, args, origin)
    if method.name == "astype":
        return astype_method(interpreter, receiver, args, kwargs, origin)
    frame = interpreter.frames[-1]
    found = with_form(interpreter, function, [receiver, *args], kwargs, frame, origin)
    if found is not None:
        return found
    return interpreter.trace.apply(function, [receiver, *args], kwargs, origin)


def changed_list(
    interpreter: Interpreter, container: Struct, name: str, args: list[Value], origin: Origin
) -> Value:
    """`append`, `extend`, `insert` and `pop` change the list in place."""
    trace = interpreter.trace
    if name == "append":
        append(trace, container, args[0], origin)
        return known(None)
    if name == "extend":
        for value in interpreter.items(args[0], origin):
            append(trace, container, value, origin)
        return known(None)
    items = list(container.items)
    places = [a.value if isinstance(a, Known) else None for a in args]
    if name == "insert" and isinstance(places[0], int):
        items.insert(places[0], args[1])
        result = known(None)
    elif name == "pop" and items and None not in places:
        result = items.pop(*places)  # type: ignore[arg-type]
    else:
        raise ProgramError(f"list.{name}() does not fit the list", origin.span)
    trace.journal.set(container, "items", items)
    return result


def item_method(interpreter: Interpreter, x: Array, args: list[Value], origin: Origin) -> Value:
    """`x.item()`, `x.item(3)` of the flat array, `x.item((1, 0))` or `x.item(1, 0)`."""
    if not args:
        if x.type.size != 1:
            raise ProgramError(f"item() of an array of {x.type.size} elements", origin.span)
        number = interpreter.trace.apply(np.reshape, [x, known(())], {}, origin)
        assert isinstance(number, Array)
        return Array(number.operand, scalar=True)
    index = args[0] if len(args) == 1 else struct(tuple, args)
    if isinstance(index, Known) and not isinstance(index.value, tuple):
        x_flat = interpreter.trace.apply(np.ravel, [x], {}, origin)
        return interpreter.trace.apply(
            getitem, [x_flat, index], {}, replace(origin, spelling="operator")
        )
    return interpreter.trace.apply(getitem, [x, index], {}, replace(origin, spelling="operator"))


def astype_method(
    interpreter: Interpreter, x: Array, args: list[Value], kwargs: dict[str, Value], origin: Origin
) -> Value:
    dtype = kwargs.get("dtype") or (args[0] if args else None)
    if not isinstance(dtype, Known) or set(kwargs) - {"dtype"} or len(args) > 1:
        raise RefusedError(
            "x.astype() is supported with a static dtype alone",
            origin.span,
            "write x.astype(float)",
        )
    try:
        wanted = np.dtype(dtype.value)
    except TypeError as error:
        raise ProgramError(str(error), origin.span) from None
    if x.type == ArrayType(x.type.shape, wanted) and x.scalar:
        return x
    return interpreter.trace.apply(METHODS["astype"], [x, Known(wanted, dtype.operand)], {}, origin)


def container_method(container: Struct, name: str, args: list[Value], origin: Origin) -> Value:
    if container.kind is dict and not args:
        if name == "items":
            return Struct(tuple, [Struct(tuple, [known(k), v]) for k, v in container.entries()])
        if name == "values":
            return Struct(tuple, list(container.items))
        if name == "keys":
            return known(tuple(container.keys))
    if container.kind is dict and name == "get" and args and isinstance(args[0], Known):
        if args[0].value in container.keys:
            return container.items[container.keys.index(args[0].value)]
        return args[1] if len(args) > 1 else known(None)
    if name == "copy" and not args:
        return Struct(container.kind, list(container.items), container.keys)
    if name == "_asdict" and hasattr(container.kind, "_fields"):
        return Struct(dict, list(container.items), container.kind._fields)  # type: ignore[attr-defined]
    raise RefusedError(
        f"the method {name!r} of a {container.kind.__name__} is not supported",
        origin.span,
        "build a new container instead of changing one",
    )

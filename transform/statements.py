"""What each kind of statement does: an assignment, an update in place, a call, an import, a `raise`.

Given, in the untyped program:
    setitem x, (i,), value

Then, in the typed one:
    x1 = update(x, value, (i,))
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .access import attribute, index_value, item, points_and_masks
from .calls import call
from .certain import check_places
from .errors import NoRuleError, ProgramError, RefusedError
from .frames import Frame
from .ir import Atom, Origin
from .journal import MISSING
from .operands import Items, Lit, Operand, Star
from .updates import add_item, append, fitted, set_item, undecided, update
from .values import Array, Closure, Known, Struct, Value, known, struct

if TYPE_CHECKING:
    from .infer import Interpreter


def literal(operand: Operand) -> Any:
    assert isinstance(operand, Lit)
    return operand.value


def do_alias(interpreter: Interpreter, atom: Atom, frame: Frame) -> Value:
    return interpreter.value(atom.args[0], frame)


def do_display(interpreter: Interpreter, atom: Atom, frame: Frame) -> Value:
    kind = {"list": list, "tuple": tuple, "dict": dict}[literal(atom.args[0])]
    if kind is dict:
        entries: dict[Any, Value] = {}
        for operand in atom.args[1:]:
            if isinstance(operand, Star):
                entries.update(
                    mapping(interpreter, interpreter.value(operand.operand, frame), atom.origin)
                )
            else:
                assert isinstance(operand, Items)
                key = interpreter.value(operand.items[0], frame)
                if not isinstance(key, Known):
                    raise RefusedError("a dict key must be static", atom.origin.span)
                entries[key.value] = interpreter.value(operand.items[1], frame)
        return Struct(dict, list(entries.values()), tuple(entries))
    items = arguments(interpreter, atom.args[1:], frame, atom.origin)[0]
    return Struct(list, items) if kind is list else struct(kind, items)


def do_append(interpreter: Interpreter, atom: Atom, frame: Frame) -> None:
    container = interpreter.value(atom.args[0], frame)
    assert isinstance(container, Struct)
    append(interpreter.trace, container, interpreter.value(atom.args[1], frame), atom.origin)


def do_forget(interpreter: Interpreter, atom: Atom, frame: Frame) -> None:
    for name in literal(atom.args[0]):
        if name in frame.env:
            interpreter.trace.journal.set(frame, name, MISSING)


def do_function(interpreter: Interpreter, atom: Atom, frame: Frame) -> Value:
    lowered, defaults = atom.args
    assert isinstance(defaults, Items)
    values = [interpreter.value(item, frame) for item in defaults.items]
    return Closure(literal(lowered), frame, dict(zip(defaults.keys, values, strict=True)))


def do_import(interpreter: Interpreter, atom: Atom, frame: Frame) -> Value:
    module, path, renamed = (literal(a) for a in atom.args)
    try:
        if not module:
            found = importlib.import_module(path)
            return known(found if renamed else importlib.import_module(path.split(".")[0]))
        return known(getattr(importlib.import_module(module), path))
    except (ImportError, AttributeError) as error:
        raise ProgramError(f"import failed: {error}", atom.origin.span) from None


def do_assert(interpreter: Interpreter, atom: Atom, frame: Frame) -> None:
    test = interpreter.value(atom.args[0], frame)
    if isinstance(test, Array):
        raise RefusedError(
            "an assertion on the values of an array cannot be checked in compiled code",
            atom.origin.span,
            "assert on shapes and dtypes here, and on values outside the differentiated function",
        )
    if not interpreter.truth(test, atom.origin):
        message = literal(atom.args[1]) or "assertion failed"
        raise ProgramError(f"AssertionError: {message}", atom.origin.span)


def do_raise(interpreter: Interpreter, atom: Atom, frame: Frame) -> None:
    what = literal(atom.args[0])
    if interpreter.dynamic:
        raise RefusedError(
            "an exception that depends on the values of an array cannot be raised in compiled code",
            atom.origin.span,
            "check the values before the call",
        )
    if frame.anchor is not None and what.startswith("NotImplementedError"):
        reason = " ".join(what.removeprefix("NotImplementedError").strip("()").split()).strip("\"'")
        raise NoRuleError(reason, frame.anchor.span)
    raise ProgramError(f"the function raises {what}", frame.origin(atom.origin).span)


def do_contains(interpreter: Interpreter, atom: Atom, frame: Frame) -> Value:
    container, item = (interpreter.value(a, frame) for a in atom.args[:2])
    negate = literal(atom.args[2])
    if isinstance(container, Struct) and container.kind is dict and isinstance(item, Known):
        return known((item.value in container.keys) != negate)
    if isinstance(container, Known) and isinstance(item, Known):
        return known((item.value in container.value) != negate)
    raise RefusedError("`in` on arrays is not supported", atom.origin.span, "use np.any(x == item)")


def do_unpack(interpreter: Interpreter, atom: Atom, frame: Frame) -> None:
    value = interpreter.value(atom.args[0], frame)
    star = literal(atom.args[1])
    origin = frame.origin(atom.origin)
    if isinstance(value, Array):
        if value.type.ndim == 0:
            raise ProgramError("a 0-dimensional array cannot be unpacked", origin.span)
        parts = interpreter.rows(value, origin)
    elif isinstance(value, Known) and isinstance(value.value, list | tuple):
        parts = [item(interpreter, value, known(k), origin) for k in range(len(value.value))]
    else:
        parts = interpreter.items(value, origin)
    names = atom.results
    if star is not None and len(parts) >= len(names) - 1:
        after = len(names) - 1 - star
        middle = parts[star : len(parts) - after]
        parts = [*parts[:star], Struct(list, middle), *parts[len(parts) - after :]]
    if len(parts) != len(names):
        raise ProgramError(
            f"{len(parts)} values cannot be unpacked into {len(names)} names", origin.span
        )
    for name, part in zip(names, parts, strict=True):
        interpreter.store(name, part, frame)


def do_inplace(interpreter: Interpreter, atom: Atom, frame: Frame) -> Value:
    ufunc, origin = literal(atom.args[0]), frame.origin(atom.origin)
    origin = replace(origin, spelling="operator")
    target, value = (interpreter.value(a, frame) for a in atom.args[1:])
    if isinstance(target, Struct) and target.kind is list and ufunc is np.add:
        for part in interpreter.items(value, origin):
            append(interpreter.trace, target, part, origin)
        return target
    result = interpreter.operation(ufunc, [target, value], origin)
    if not isinstance(target, Array) or target.scalar or not isinstance(result, Array):
        return result
    return taken_in_place(interpreter, target, result, origin)


def taken_in_place(interpreter: Interpreter, target: Array, result: Array, origin: Origin) -> Value:
    """What a name holds after `target += value`: the array itself, or another where JAX has made one of the two."""
    if result.of_jax is None:
        undecided(interpreter.trace, target, origin)
    return update(interpreter.trace, target, result, origin) if result.of_jax is False else result


def do_setitem(interpreter: Interpreter, atom: Atom, frame: Frame) -> None:
    origin = frame.origin(atom.origin)
    target, value = interpreter.value(atom.args[0], frame), interpreter.value(atom.args[2], frame)
    target, index = indexed(interpreter, target, atom.args[1], frame, origin)
    set_item(interpreter.trace, target, index, value, origin)


def do_set_part(interpreter: Interpreter, atom: Atom, frame: Frame) -> None:
    """`y.real = value`, `y.imag = value`."""
    origin, name = frame.origin(atom.origin), literal(atom.args[1])
    target, value = interpreter.value(atom.args[0], frame), interpreter.value(atom.args[2], frame)
    if not isinstance(target, Array):
        raise RefusedError(
            "an assignment to an attribute is not supported",
            origin.span,
            "return the value instead",
        )
    if target.type.dtype.kind == "c":
        trace, spelled = interpreter.trace, replace(origin, spelling="operator")
        value = fitted(trace, value, np.real(np.zeros((), target.type.dtype)).dtype, origin)
        other = trace.apply(np.imag if name == "real" else np.real, [target], {}, origin)
        real, imag = (value, other) if name == "real" else (other, value)
        turned = trace.apply(np.multiply, [known(1j), imag], {}, spelled)
        value = trace.apply(np.add, [real, turned], {}, spelled)
    elif name == "imag":
        raise ProgramError("TypeError: the array has no imaginary part to set", origin.span)
    set_item(interpreter.trace, target, known(...), value, origin)


def do_inplace_item(interpreter: Interpreter, atom: Atom, frame: Frame) -> None:
    ufunc, origin = literal(atom.args[0]), frame.origin(atom.origin)
    origin = replace(origin, spelling="operator")
    target, value = interpreter.value(atom.args[1], frame), interpreter.value(atom.args[3], frame)
    target, index = indexed(interpreter, target, atom.args[2], frame, origin)
    sign = {np.add: 1, np.subtract: -1}.get(ufunc)
    if (
        isinstance(target, Array)
        and sign
        and add_item(interpreter.trace, target, index, value, sign, origin)
    ):
        return
    before = item(interpreter, target, index, origin)
    result = interpreter.operation(ufunc, [before, value], origin)
    if isinstance(before, Array) and not before.scalar and isinstance(result, Array):
        if before.view is not None or not isinstance(target, Array):
            new = taken_in_place(interpreter, before, result, origin)
            if new is not before:
                set_item(interpreter.trace, target, index, new, origin)
            return
    set_item(interpreter.trace, target, index, result, origin)


def do_attribute(interpreter: Interpreter, atom: Atom, frame: Frame) -> Value:
    value = interpreter.value(atom.args[0], frame)
    return attribute(interpreter, value, literal(atom.args[1]), frame.origin(atom.origin))


def do_item(interpreter: Interpreter, atom: Atom, frame: Frame) -> Value:
    value = interpreter.value(atom.args[0], frame)
    value, index = indexed(interpreter, value, atom.args[1], frame, frame.origin(atom.origin))
    return item(interpreter, value, index, frame.origin(atom.origin))


def indexed(
    interpreter: Interpreter, target: Value, operand: Operand, frame: Frame, origin: Origin
) -> tuple[Value, Value]:
    """What is indexed, and the index: `x[i, mask]` is `x[i][mask]`."""
    shape = target.type.shape if isinstance(target, Array) else ()
    index = index_value(interpreter, operand, frame, origin, shape)
    rule = frame.anchor is not None and not frame.written
    if rule or not isinstance(target, Array):
        return target, index
    if not interpreter.uncertain:
        check_places(interpreter, index, shape, origin)
    index = interpreter.trace.known_masks(index)
    two = points_and_masks(index) if isinstance(index, Struct) else None
    if two is None:
        return target, index
    return item(interpreter, target, two[0], origin), two[1]


def do_call(interpreter: Interpreter, atom: Atom, frame: Frame) -> Value:
    callee = interpreter.value(atom.args[0], frame)
    args, extra = arguments(interpreter, atom.args[1:], frame, atom.origin)
    kwargs = {name: interpreter.value(v, frame) for name, v in atom.kwargs}
    for name in extra:
        if name in kwargs:
            raise ProgramError(f"two values for the keyword {name!r}", atom.origin.span)
    return call(interpreter, callee, args, {**kwargs, **extra}, frame, frame.origin(atom.origin))


def arguments(
    interpreter: Interpreter, operands: tuple[Operand, ...], frame: Frame, origin: Origin
) -> tuple[list[Value], dict[str, Value]]:
    args: list[Value] = []
    kwargs: dict[str, Value] = {}
    for operand in operands:
        if isinstance(operand, Star) and operand.double:
            kwargs.update(mapping(interpreter, interpreter.value(operand.operand, frame), origin))
        elif isinstance(operand, Star):
            args += interpreter.items(interpreter.value(operand.operand, frame), origin)
        else:
            args.append(interpreter.value(operand, frame))
    return args, kwargs


def mapping(interpreter: Interpreter, value: Value, origin: Origin) -> dict[Any, Value]:
    if isinstance(value, Struct) and value.kind is dict:
        return dict(value.entries())
    if isinstance(value, Known) and isinstance(value.value, dict):
        return {k: item(interpreter, value, known(k), origin) for k in value.value}
    raise ProgramError("** needs a dict", origin.span)


STATEMENTS: dict[str, Callable[[Interpreter, Atom, Frame], Value | None]] = {
    "alias": do_alias,
    "display": do_display,
    "append": do_append,
    "forget": do_forget,
    "function": do_function,
    "import": do_import,
    "assert": do_assert,
    "raise": do_raise,
    "contains": do_contains,
    "unpack": do_unpack,
    "inplace": do_inplace,
    "setitem": do_setitem,
    "inplace_item": do_inplace_item,
    "set_part": do_set_part,
    "attribute": do_attribute,
    "item": do_item,
    "call": do_call,
}

"""Python's builtin functions on the values of the walk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..primitives import is_complex, is_integer, is_static
from .access import attribute, item
from .choices import test_of
from .errors import ArgumentError, ProgramError, RefusedError
from .identity import class_of, is_instance, of_python
from .ir import Origin
from .iteration import backwards, enumerated, iteration, range_iteration, zipped
from .jax_arrays import common, like, of_jax
from .operands import Slice
from .options import checkpoint
from .values import (
    Array,
    Closure,
    Growing,
    Iteration,
    Known,
    KnownRange,
    Method,
    Struct,
    Value,
    known,
    settled,
    struct,
)

if TYPE_CHECKING:
    from .infer import Interpreter

Handler = Callable[["Interpreter", list[Value], dict[str, Value], Origin], Value]
BUILTINS: dict[Any, Handler] = {}


def builtin(*functions: Any) -> Callable[[Handler], Handler]:
    def add(handler: Handler) -> Handler:
        for function in functions:
            BUILTINS[function] = handler
        return handler

    return add


def static_arguments(args: list[Value], kwargs: dict[str, Value]) -> bool:
    return all(isinstance(v, Known) for v in (*args, *kwargs.values()))


def evaluate(function: Any, args: list[Value], kwargs: dict[str, Value], origin: Origin) -> Known:
    try:
        value = function(
            *(a.value for a in args if isinstance(a, Known)),
            **{k: v.value for k, v in kwargs.items() if isinstance(v, Known)},
        )
    except (ArithmeticError, TypeError, ValueError, AttributeError) as error:
        raise ProgramError(f"{type(error).__name__}: {error}", origin.span) from None
    return known(value)


@builtin(len)
def _len(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    (value,) = args
    if isinstance(value, Array):
        if value.type.ndim == 0:
            raise ProgramError("len() of a 0-dimensional array", origin.span)
        shape = interpreter.trace.attribute(value, "shape", origin)
        return item(interpreter, shape, known(0), origin)
    if isinstance(value, Struct) and value.rows is not None:
        return _len(interpreter, [value.rows], kwargs, origin)
    if isinstance(value, Struct) and isinstance(value.items, Growing) and value.items.count:
        before, more = value.items.count(), value.items.item is not None
        return interpreter.operation(np.add, [before, known(1)], origin) if more else before
    if isinstance(value, Struct):
        return known(len(value.items))
    return evaluate(len, args, kwargs, origin)


@builtin(is_static)
def _is_static(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    return known(isinstance(args[0], Known))


@builtin(is_complex, np.iscomplexobj)
def _is_complex(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    (value,) = args
    if isinstance(value, Array):
        return known(value.type.dtype.kind == "c")
    return evaluate(np.iscomplexobj, args, kwargs, origin)


@builtin(is_integer)
def _is_integer(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    (value,) = args
    if isinstance(value, Array):
        return known(value.type.dtype.kind in "biu")
    return evaluate(is_integer, args, kwargs, origin)


@builtin(callable)
def _callable(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    (value,) = args
    if isinstance(value, Known):
        return known(callable(value.value))
    return known(isinstance(value, Closure | Method))


@builtin(slice)
def _slice(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    bounds = [known(None), *args] if len(args) == 1 else list(args)
    bounds += [known(None)] * (3 - len(bounds))
    if not static_arguments(bounds, kwargs):
        raise RefusedError("slice() needs static bounds", origin.span)
    operands = [None if b.value is None else b.operand for b in bounds if isinstance(b, Known)]
    return Known(slice(*(b.value for b in bounds if isinstance(b, Known))), Slice(*operands))


NEEDS_STATIC = "it needs values that are known before the function runs"


def _static_handler(function: Any, remedy: str = NEEDS_STATIC) -> Handler:
    def handler(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
        args = [settled(a) for a in args]
        if not static_arguments(args, kwargs):
            raise RefusedError(
                f"{function.__name__}() of an array is not supported",
                origin.span,
                remedy,
            )
        return evaluate(function, args, kwargs, origin)

    return handler


@builtin(range)
def _range(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    three = {1: [known(0), *args, known(1)], 2: [*args, known(1)]}.get(len(args), args)
    if static_arguments(args, kwargs):
        found = evaluate(range, args, kwargs, origin)
        start, stop, step = (b for b in three if isinstance(b, Known))
        return KnownRange(found.value, found.operand, (start, stop, step))
    for bound in args:
        found = bound.type if isinstance(bound, Array) else None
        if found is not None and (found.shape or found.dtype.kind not in "iu"):
            raise ProgramError(f"TypeError: range() of {found}", origin.span)
    start, stop, step = {1: (known(0), *args, known(1)), 2: (*args, known(1)), 3: tuple(args)}[
        len(args)
    ]
    if not isinstance(step, Known):
        raise RefusedError(
            "the step of range() depends on array values",
            origin.span,
            "write a while loop",
        )
    return range_iteration(start, stop, step)


for _function in (str, repr, hash, sorted, divmod, all, any):
    BUILTINS[_function] = _static_handler(_function)


@builtin(zip)
def _zip(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    its = rolled(interpreter, args, origin)
    together = zipped(interpreter, its, origin) if its else None
    if together is not None:
        return together
    columns = [interpreter.items(a, origin) for a in args]
    strict = kwargs.get("strict")
    if isinstance(strict, Known) and strict.value and len({len(c) for c in columns}) > 1:
        raise ProgramError("zip() arguments differ in length", origin.span)
    return Struct(tuple, [struct(tuple, list(row)) for row in zip(*columns, strict=False)])


@builtin(enumerate)
def _enumerate(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    start = args[1] if len(args) > 1 else kwargs.get("start", known(0))
    if not isinstance(start, Known):
        raise RefusedError("enumerate() needs a static start", origin.span)
    its = rolled(interpreter, args[:1], origin)
    if its:
        return enumerated(interpreter, its[0], start, origin)
    items = interpreter.items(args[0], origin)
    return Struct(tuple, [struct(tuple, [known(i), v]) for i, v in enumerate(items, start.value)])


@builtin(reversed)
def _reversed(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    its = rolled(interpreter, args, origin)
    turned = backwards(interpreter, its[0], origin) if its else None
    if turned is not None:
        return turned
    return Struct(tuple, interpreter.items(args[0], origin)[::-1])


@builtin(checkpoint)
def _checkpoint(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    given = dict(zip(("iterable", "how"), args, strict=False)) | kwargs
    how = given.get("how", known("sqrt"))
    if not isinstance(how, Known):
        raise RefusedError("what is saved of a loop cannot depend on arrays", origin.span)
    try:
        checkpoint(None, how.value)
    except ArgumentError as error:
        raise ProgramError(error.message, origin.span) from None
    found = iteration(interpreter, given["iterable"], origin)
    return given["iterable"] if found is None else replace(found, checkpoint=how.value)


def rolled(interpreter: Interpreter, args: list[Value], origin: Origin) -> list[Iteration]:
    """The arguments as loops over an index, where every one of them is a range or an array."""
    if not any(isinstance(a, Array | Iteration) or is_range(a) or is_rows(a) for a in args):
        return []
    if any(isinstance(a, Struct) and not is_rows(a) for a in args):
        return []
    found = [iteration(interpreter, a, origin) for a in args]
    return [it for it in found if it is not None] if all(found) else []


def is_range(value: Value) -> bool:
    return isinstance(value, Known) and isinstance(value.value, range)


def is_rows(value: Value) -> bool:
    return isinstance(value, Struct) and value.rows is not None


@builtin(tuple)
def _tuple(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    return struct(tuple, interpreter.items(args[0], origin) if args else [])


@builtin(list)
def _list(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    return Struct(list, interpreter.items(args[0], origin) if args else [])


@builtin(isinstance)
def _isinstance(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    value, classes = args
    if not isinstance(classes, Known):
        raise RefusedError("isinstance() needs a static class", origin.span)
    return known(is_instance(interpreter.trace, value, classes.value, origin))


@builtin(type)
def _type(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    return known(class_of(interpreter.trace, args[0], origin))


@builtin(float)
def _float(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    (value,) = args
    if not isinstance(value, Array):
        return evaluate(float, args, kwargs, origin)
    if value.type.ndim or value.type.dtype.kind == "c":
        raise ProgramError(f"float() of {value.type}", origin.span)
    return interpreter.trace.cast(value, np.float64, origin)


@builtin(int)
def _int(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    if not static_arguments(args, kwargs):
        raise RefusedError(
            "int() of an array is not known before the function runs",
            origin.span,
            "use x.astype(int), or compute the number from shapes",
        )
    return evaluate(int, args, kwargs, origin)


@builtin(bool)
def _bool(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    (value,) = args
    if not isinstance(value, Array):
        return known(interpreter.truth(value, origin))
    test = test_of(interpreter.trace, value, origin)
    if test.type.weak:
        return test
    return of_python(interpreter.trace.cast(test, np.bool_, origin))


@builtin(abs)
def _abs(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    if static_arguments(args, kwargs):
        return evaluate(abs, args, kwargs, origin)
    return like(args, interpreter.trace.apply(np.abs, args, {}, origin))


@builtin(pow)
def _pow(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    if static_arguments(args, kwargs):
        return evaluate(pow, args, kwargs, origin)
    return interpreter.trace.apply(np.power, args, kwargs, replace(origin, spelling="operator"))


@builtin(round)
def _round(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    if static_arguments(args, kwargs):
        return evaluate(round, args, kwargs, origin)
    return like(args, interpreter.trace.apply(np.round, args, kwargs, origin))


@builtin(sum)
def _sum(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    """Python's sum over a container: additions from the left. Over an array it would be a loop over rows."""
    if isinstance(args[0], Array) and args[0].type.ndim or is_rows(args[0]):
        added = interpreter.trace.apply(np.sum, args[:1], {"axis": known(0)}, origin)
        added = like(args[:1], added)
        more = args[1] if len(args) > 1 else kwargs.get("start")
        return added if more is None else interpreter.operation(np.add, [more, added], origin)
    total = args[1] if len(args) > 1 else kwargs.get("start")
    items = interpreter.items(args[0], origin)
    if total is None:
        total, items = (items[0], items[1:]) if items else (known(0), [])
    spelled = replace(origin, spelling="operator")
    for term in items:
        total = interpreter.operation(np.add, [total, term], spelled)
    return total


def _extreme(function: Any, better: Any, reduction: Any) -> Handler:
    """`max(a, b)` keeps the first unless a later one is better; `max(x)` of an array is its largest element."""

    def handler(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
        if static_arguments([settled(a) for a in args], kwargs):
            return evaluate(function, [settled(a) for a in args], kwargs, origin)
        if kwargs:
            raise RefusedError(
                f"{function.__name__}() with a keyword is not supported",
                origin.span,
                "use np.minimum, np.maximum, np.min or np.max of arrays",
            )
        apply = interpreter.trace.apply
        array = args[0].rows if is_rows(args[0]) else args[0]  # type: ignore[union-attr]
        if len(args) == 1 and isinstance(array, Array) and array.type.ndim == 1:
            return like(args, apply(reduction, args, {}, origin))
        items = interpreter.items(args[0], origin) if len(args) == 1 else args
        for value in items if len(items) > 1 else ():
            if isinstance(value, Array) and value.type.size != 1:
                raise ProgramError(
                    "ValueError: the truth value of an array with more than one element is ambiguous",
                    origin.span,
                )
        best = items[0]
        for value in items[1:]:
            test = apply(better, [value, best], {}, origin)
            owner = common([value, best])
            best = of_jax(apply(np.where, [test, value, best], {}, origin), owner)
        return best

    return handler


BUILTINS[max] = _extreme(max, np.greater, np.max)
BUILTINS[min] = _extreme(min, np.less, np.min)


@builtin(getattr)
def _getattr(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    name = args[1]
    if not isinstance(name, Known):
        raise RefusedError("getattr() needs a static name", origin.span)
    if len(args) > 2 and not has_attribute(interpreter, args[0], name.value, origin):
        return args[2]
    return attribute(interpreter, args[0], name.value, origin)


def has_attribute(interpreter: Interpreter, value: Value, name: str, origin: Origin) -> bool:
    """Whether a value has an attribute; of an object from outside, the answer is watched."""
    if not isinstance(value, Known):
        return hasattr(class_of(interpreter.trace, value, origin), name)
    owner = value.value
    found = hasattr(owner, name)
    interpreter.trace.watch(("hasattr", id(owner), name), lambda: hasattr(owner, name), found)
    return found


@builtin(hasattr)
def _hasattr(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    name = args[1]
    if not isinstance(name, Known) or isinstance(args[0], Closure):
        raise RefusedError("hasattr() needs a static name", origin.span)
    return known(has_attribute(interpreter, args[0], name.value, origin))


@builtin(
    print,
    input,
    open,
    exec,
    eval,
    compile,
    id,
    globals,
    locals,
    vars,
    setattr,
    iter,
    next,
    map,
    filter,
)
def _refused(interpreter: Interpreter, args: list[Value], kwargs: dict, origin: Origin) -> Value:
    raise RefusedError(
        "this builtin has effects, or reads what is not known before the function runs",
        origin.span,
        "leave it out of the differentiated function; write a list comprehension for map and filter",
    )

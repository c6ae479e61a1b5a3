"""What a call means: an array operation, a user's function to inline, a method, a builtin."""

from __future__ import annotations

import contextlib
import functools
import inspect
import types
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.polynomial import polyutils
from scipy.special import logsumexp

from ..primitives import (
    COMPOSED,
    Primitive,
    add_at,
    array_identity,
    array_params,
    is_array_function,
    is_jax,
    jax_twin,
    lookup,
    name_of,
    variadic,
)
from ..primitives.assignments import at_places, at_places_alone
from ..primitives.catalogue import refusal
from ..primitives.written import frozen, is_given, results_of, written_out
from .array_like import array_like
from .binding import bind
from .builtin_functions import BUILTINS
from .certain import WITHOUT_IDENTITY, check_reduction
from .errors import BackproseError, LackingError, NoRuleError, ProgramError, RefusedError
from .globals import lift
from .identity import PYTHON_TESTS, of_python
from .inlining import inline_function, inline_rule, inline_written, readable
from .ir import Origin
from .jax_arrays import called, of_jax, of_numpy, whose
from .keyword_forms import with_form
from .methods import call_method
from .operands import Lit, Var
from .read import read
from .result_types import array_types, elementwise_type
from .trace import Trace
from .updates import assign, fitted, update
from .values import (
    Array,
    Closure,
    Known,
    Method,
    Struct,
    Value,
    arrays,
    is_number,
    is_plain,
    is_static,
    known,
    operand_of,
    settled,
    struct,
)

if TYPE_CHECKING:
    from .frames import Frame
    from .infer import Interpreter

STATIC_MODULES = ("math", "operator", "itertools")
# Pure functions of static values that answer questions about shapes and dtypes; everything else is an operation.
STATIC_FUNCTIONS = (
    np.broadcast_shapes,
    np.can_cast,
    np.issubdtype,
    np.ix_,
    np.isscalar,
    np.min_scalar_type,
    np.ndim,
    np.promote_types,
    np.result_type,
    np.shape,
    np.size,
)
# What `np.add.reduce` and its like are, along the first axis if none is given.
OF_UFUNCS: dict[tuple[np.ufunc, str], Callable] = {
    (np.add, "reduce"): np.sum,
    (np.multiply, "reduce"): np.prod,
    (np.maximum, "reduce"): np.max,
    (np.minimum, "reduce"): np.min,
    (np.logaddexp, "reduce"): logsumexp,
    (np.logical_and, "reduce"): np.all,
    (np.logical_or, "reduce"): np.any,
    (np.add, "accumulate"): np.cumsum,
    (np.multiply, "accumulate"): np.cumprod,
}
STATIC_CLASSES = (np.dtype, np.finfo, np.iinfo, slice)
READING_A_DICT = ("get", "keys", "values", "items")


def call(
    interpreter: Interpreter,
    callee: Value,
    args: list[Value],
    kwargs: dict[str, Value],
    frame: Frame,
    origin: Origin,
) -> Value:
    """The value of `callee(*args, **kwargs)`; raises `RefusedError` for what cannot be transformed."""
    if isinstance(callee, Closure):
        return inline_function(
            interpreter, callee.lowered, args, kwargs, frame, origin, callee.frame, callee.defaults
        )
    if isinstance(callee, Method):
        return call_method(interpreter, callee, args, kwargs, origin)
    if not isinstance(callee, Known) or not callable(callee.value):
        raise ProgramError("this is not a function", origin.span)
    function = callee.value
    if isinstance(function, functools.partial):
        first = [lift(a, "argument") for a in function.args]
        named = {k: lift(v, k) for k, v in function.keywords.items()}
        inner = known(function.func)
        return call(interpreter, inner, first + args, {**named, **kwargs}, frame, origin)
    if isinstance(function, types.MethodType) and lookup(function) is None:
        if type(function.__self__).__module__.split(".")[0] not in ("numpy", "jax", "jaxlib"):
            receiver = lift(function.__self__, "self")
            return call(
                interpreter, known(function.__func__), [receiver, *args], kwargs, frame, origin
            )
    if type(function) is np.polynomial.Polynomial and len(args) == 1 and not kwargs:
        return polynomial(interpreter, function, args[0], frame, origin)
    own = own_call(function)
    if own is not None:
        return call(interpreter, known(own), [callee, *args], kwargs, frame, origin)
    ufunc = getattr(function, "__self__", None)
    if isinstance(ufunc, np.ufunc) and function.__name__ == "at":
        return ufunc_at(interpreter, ufunc, args, origin)
    if isinstance(ufunc, np.ufunc) and function.__name__ == "outer" and len(args) == 2:
        return outer(interpreter, ufunc, args, kwargs, frame, origin)
    if isinstance(ufunc, np.ufunc) and (ufunc, function.__name__) in OF_UFUNCS:
        named = {"axis": known(0), **kwargs} if len(args) == 1 else kwargs
        whole = known(OF_UFUNCS[ufunc, function.__name__])
        return call(interpreter, whole, args, named, frame, origin)
    if function is results_of:
        return known(interpreter.results_of(args, frame, origin))
    if function is is_given:
        return known(all(given(interpreter.trace, a) for a in args))
    if function is frozen:
        return of_jax(struct(tuple, args))
    definition = written_out(function)
    if definition is not None:
        result = inline_written(interpreter, definition, args, kwargs, frame, origin)
        return called(function, args, kwargs, result)
    found = with_form(interpreter, function, args, kwargs, frame, origin)
    if found is not None:
        return called(function, args, kwargs, found)
    if function in BUILTINS:
        check_count(function, args, kwargs, origin)
        return BUILTINS[function](interpreter, args, kwargs, origin)
    if isinstance(function, type):
        result = construct(interpreter, function, args, kwargs, origin)
        return of_jax(result) if is_jax(function) else result
    if getattr(function, "__module__", None) == "math" and not kwargs:
        values = [settled(a) for a in args]
        if all(isinstance(v, Known) for v in values):
            found = static_call(function, args, kwargs, origin)
            operands = tuple(operand_of(v) for v in values)
            if (
                isinstance(found, Known)
                and type(found.value) is float
                and all(map(is_static, operands))
            ):
                return interpreter.trace.static(found.value, function, operands, origin)
            return found
    if lookup(function) is not None or is_array_function(function):
        result = call_array_function(interpreter, function, args, kwargs, frame, origin)
        if function in PYTHON_TESTS or getattr(function, "__module__", None) == "math":
            return of_python(result)
        return called(function, args, kwargs, result)
    wrapped = getattr(function, "__wrapped__", None)
    if is_jax(type(function)) and isinstance(
        wrapped, types.FunctionType
    ):  # jax.jit of a user's function
        args, kwargs = [of_jax(a) for a in args], {k: of_jax(v) for k, v in kwargs.items()}
        return of_jax(call(interpreter, known(wrapped), args, kwargs, frame, origin))
    if getattr(function, "computed", False):  # a rule's helper
        return static_call(function, args, kwargs, origin)
    if isinstance(function, types.FunctionType):
        lowered = readable(function, frame, origin)
        return inline_function(interpreter, lowered, args, kwargs, frame, origin)
    owner = getattr(function, "__self__", None)
    plain_method = isinstance(function, types.BuiltinMethodType) and (
        is_plain(owner) or (isinstance(owner, dict) and function.__name__ in READING_A_DICT)
    )
    if getattr(function, "__module__", None) in STATIC_MODULES or plain_method:
        return static_call(function, args, kwargs, origin)
    lowered = getattr(function, "lowered", None)
    if isinstance(lowered, types.FunctionType):  # `lower` changes nothing but speed
        result = inline_function(interpreter, read(lowered), args, kwargs, frame, origin)
        return of_jax(result) if whose([*args, *kwargs.values()]) else result
    source_function = getattr(function, "source_function", None)
    if source_function is not None:  # a derivative of ours: transform the text that it emitted
        emitted = source_function(args, kwargs)
        result = inline_function(interpreter, read(emitted), args, kwargs, frame, origin)
        return of_jax(result) if whose([*args, *kwargs.values()]) else of_numpy(result)
    raise RefusedError(
        f"a call of {getattr(function, '__qualname__', function)!r} cannot be transformed",
        origin.span,
        "use numpy, math or jax functions and plain Python functions whose source can be read",
    )


def check_count(function: Any, args: list[Value], kwargs: dict[str, Value], origin: Origin) -> None:
    """Raise where a builtin is not called with as many arguments as it takes."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # of `range`, `max` and others Python does not tell
        return
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        name = getattr(function, "__name__", "the function")
        raise ProgramError(f"TypeError: {name}(): {error}", origin.span) from None


def polynomial(
    interpreter: Interpreter, function: Any, x: Value, frame: Frame, origin: Origin
) -> Value:
    """A `Polynomial` at x, which its domain and its window map first."""
    for name in ("coef", "domain", "window"):
        key = ("attribute", id(function), name)
        interpreter.trace.watch(key, lambda n=name: getattr(function, n), getattr(function, name))
    offset, scale = polyutils.mapparms(function.domain, function.window)
    operator = replace(origin, spelling="operator")
    if scale != 1:
        x = interpreter.operation(np.multiply, [known(float(scale)), x], operator)
    if offset != 0:
        x = interpreter.operation(np.add, [known(float(offset)), x], operator)
    coefficients = Array(Lit(function.coef[::-1].copy(), "coefficients"))
    return call(interpreter, known(np.polyval), [coefficients, x], {}, frame, origin)


def own_call(function: Any) -> types.FunctionType | None:
    """The `__call__` of an object that is called, where it is written in Python; None for functions."""
    kind = type(function)
    if isinstance(function, type) or hasattr(function, "source_function"):
        return None
    if kind.__module__.split(".")[0] in ("jax", "jaxlib", "scipy", "functools", "backprose"):
        return None
    method = getattr(kind, "__call__", None)  # noqa: B004  # the method itself is wanted
    return method if isinstance(method, types.FunctionType) else None


def given(trace: Trace, value: Value) -> bool:
    """Whether an array is written out, or an argument of the function that is differentiated."""
    if isinstance(value, Known):
        return True
    if not isinstance(value, Array):
        return False
    operand = value.operand
    if isinstance(operand, Lit) or operand in trace.arguments:
        return True
    made = trace.definitions.get(operand) if isinstance(operand, Var) else None
    return made is not None and made.op is np.array and all(map(is_static, made.args))


def call_array_function(
    interpreter: Interpreter,
    function: Callable,
    args: list[Value],
    kwargs: dict[str, Value],
    frame: Frame,
    origin: Origin,
) -> Value:
    copy = kwargs.get("copy")
    if function is np.array and isinstance(copy, Known) and not copy.value:  # only where it must
        function, kwargs = np.asarray, {k: v for k, v in kwargs.items() if k != "copy"}
    out = kwargs.get("out")
    if out is not None and not (isinstance(out, Known) and out.value is None):
        return out_argument(interpreter, function, args, kwargs, frame, origin)
    if (
        function in (np.nonzero, np.flatnonzero, np.argwhere)
        or function is np.where
        and len(args) == 1
    ):
        raise RefusedError(
            "how many elements are not zero is not known before the function runs, so that their places have no array",
            origin.span,
            "index by the mask itself: x[mask]",
        )
    why = refusal(function)
    if why is not None:
        raise RefusedError(
            f"{name_of(function)} is not supported: {why}",
            origin.span,
            "write it with other functions of NumPy, or call it outside and pass its result",
        )
    if function in WITHOUT_IDENTITY and args and isinstance(args[0], Array):
        if not interpreter.uncertain and frame.anchor is None:
            axis = kwargs.get("axis", args[1] if len(args) > 1 else None)
            check_reduction(interpreter.trace, args[0].operand, axis, origin)
    own = lookup(function)
    if own is not None and own.real_only:
        refuse_complex(own, args, kwargs, origin)
    if function in array_identity and len(args) == 1 and not kwargs and isinstance(args[0], Array):
        if not args[0].scalar:
            return args[0]  # np.asarray(x) is x
        if function is not np.ascontiguousarray:
            return Array(args[0].operand)
    attribute = getattr(function, "__name__", "")
    if function in (np.shape, np.size, np.ndim) and len(args) == 1 and isinstance(args[0], Array):
        return interpreter.trace.attribute(args[0], attribute, origin)
    if function in (np.shape, np.ndim) and len(args) == 1 and is_number(args[0]):
        return known(() if function is np.shape else 0)
    if (getattr(function, "__module__", None) or "").startswith("numpy.random"):
        raise RefusedError(
            "random numbers drawn inside the function would be drawn once, when it is transformed",
            origin.span,
            "draw them outside and pass them as an argument",
        )
    static = all(isinstance(settled(v), Known) for v in (*args, *kwargs.values()))
    if static and function in STATIC_FUNCTIONS:
        return static_call(function, args, kwargs, origin)
    if static and (isinstance(function, np.ufunc) or function is np.prod):
        values = [settled(a) for a in args]
        if not kwargs and all(_is_integral(v.value) for v in values if isinstance(v, Known)):
            result = static_call(function, args, kwargs, origin)
            value = (
                result.value.item()
                if isinstance(result, Known) and isinstance(result.value, np.generic)
                else None
            )
            if isinstance(value, int):
                operands = tuple(v.operand for v in values if isinstance(v, Known))
                return interpreter.trace.static(value, function, operands, origin)
    module = getattr(function, "__module__", "") or ""
    user_level = isinstance(function, types.FunctionType) and module.startswith(("numpy", "scipy"))
    bare = lookup(function) is None and jax_twin(function) is None
    if bare and (user_level or isinstance(function, np.ufunc)):
        raise RefusedError(
            f"{name_of(function)} has no rule and no counterpart in jax.numpy",
            origin.span,
            "express it by functions that have one, or pass its result as an argument",
        )
    primitive = lookup(function)
    if isinstance(function, np.ufunc) and getattr(np, function.__name__, None) is not function:
        args = as_loops_take_them(interpreter.trace, function, args, origin)
    if primitive is None or primitive.kind != COMPOSED or primitive.adjoint is None:
        return interpreter.trace.apply(function, args, kwargs, origin)
    # JAX's function makes arrays of one dtype, NumPy's leaves each its own.
    kinds = {a.type.dtype for v in args for a in arrays(v)}
    mixed = function is np.broadcast_arrays and len(kinds) > 1
    if primitive.jax is not None and not mixed:
        with contextlib.suppress(LackingError):
            result = interpreter.trace.apply(function, args, kwargs, origin)
            if not (isinstance(result, Struct) and len(result.items) == 1):
                return result
    # JAX does not have it, or not all of it, or it gives a list of one array, for which an atom has no form: what it
    # is composed of is written in its place.
    if not primitive.complex:
        refuse_complex(primitive, args, kwargs, origin)
    try:
        given = bind(primitive, args, kwargs)
        many: Any = given.pop(variadic(primitive) or "", ())
        if callable(primitive.dtype):
            given = {k: widened(interpreter.trace, v, primitive, origin) for k, v in given.items()}
        if many:  # after those that have a name
            first = [p for p in array_params(primitive) if p in given]
            many = [*(given.pop(p) for p in first), *many]
        result = inline_rule(interpreter, primitive.adjoint, list(many), origin, given)
        if primitive.views:  # what is written in its place makes new arrays
            for value in (*args, *kwargs.values()):
                interpreter.trace.link_all(result, value)
        result = as_ufunc(interpreter.trace, function, args, result, origin)
        return as_declared(interpreter.trace, primitive, result, origin)
    except NoRuleError as error:
        raise RefusedError(
            f"{primitive.name} is not supported here: {error.message}",
            origin.span,
            "write it with simpler functions",
        ) from None
    except BackproseError as error:
        raise error.at(origin.span) from None


def refuse_complex(
    primitive: Primitive, args: list[Value], kwargs: dict[str, Value], origin: Origin
) -> None:
    given_arrays = [a for v in (*args, *kwargs.values()) for a in arrays(v)]
    if any(a.type.dtype.kind == "c" for a in given_arrays):
        raise RefusedError(
            f"{primitive.name} of complex numbers is not supported",
            origin.span,
            "work on the real and the imaginary part",
        )


def as_loops_take_them(
    trace: Trace, ufunc: np.ufunc, args: list[Value], origin: Origin
) -> list[Value]:
    """The arguments of a ufunc with integers as floats, where it has no loop for integers."""
    asked = [a.type.dtype if isinstance(a, Array) else None for a in args]
    kinds = {t.kind for t in asked if t is not None}
    if len(args) != ufunc.nin or not kinds or not kinds <= set("biu"):
        return args
    types = [t or type(a.value) for t, a in zip(asked, args, strict=True)]  # type: ignore[union-attr]
    try:
        wanted = ufunc.resolve_dtypes((*types, *(None,) * ufunc.nout))
    except TypeError:
        return args
    return [
        trace.cast(a, t, origin)
        if isinstance(a, Array) and a.type.dtype.kind in "biu" and t.kind == "f"
        else a
        for a, t in zip(args, wanted, strict=False)
    ]


def widened(trace: Trace, value: Value, primitive: Primitive, origin: Origin) -> Value:
    """An argument in the dtype that the function works in: float64 for all of `scipy.stats`."""
    if not isinstance(value, Array) or value.type.dtype.kind != "f" or value.type.weak:
        return value
    wanted = primitive.dtype(value.type.dtype, value.type.dtype)
    return value if value.type.dtype == wanted else trace.cast(value, wanted, origin)


def as_declared(trace: Trace, primitive: Primitive, result: Value, origin: Origin) -> Value:
    """Integers that a function of SciPy's is composed of, as the floats that it gives."""
    if not callable(primitive.dtype) or not isinstance(result, Array):
        return result
    wanted: Any = primitive.dtype(result.type.dtype, result.type.dtype)
    integer = result.type.dtype.kind in "biu" and np.dtype(wanted).kind == "f"
    return trace.cast(result, wanted, origin) if integer else result


def as_ufunc(
    trace: Trace, function: Callable, args: list[Value], result: Value, origin: Origin
) -> Value:
    """What a ufunc is composed of, in the dtype that the ufunc itself gives."""
    if not isinstance(function, np.ufunc) or not isinstance(result, Array):
        return result
    types = tuple(t for a in args for t in array_types(operand_of(a)))
    wanted = elementwise_type(function, types, False).dtype
    return result if result.type.dtype == wanted else trace.cast(result, wanted, origin)


def outer(
    interpreter: Interpreter,
    ufunc: np.ufunc,
    args: list[Value],
    kwargs: dict[str, Value],
    frame: Frame,
    origin: Origin,
) -> Value:
    """`np.add.outer(a, b)`: of each element of the one and each of the other."""
    trace = interpreter.trace
    a, b = (array_like(trace, v, origin) for v in args)
    behind = b.type.ndim if isinstance(b, Array) else 0
    if isinstance(a, Array) and a.type.ndim and behind:
        axes = tuple(range(a.type.ndim, a.type.ndim + behind))
        a = trace.apply(np.expand_dims, [a, known(axes[0] if behind == 1 else axes)], {}, origin)
    return call(interpreter, known(ufunc), [a, b], kwargs, frame, origin)


def ufunc_at(interpreter: Interpreter, ufunc: np.ufunc, args: list[Value], origin: Origin) -> Value:
    """`np.add.at(x, index, value)`: every place is added to as often as it is named."""
    trace = interpreter.trace
    target = args[0] if args else known(None)
    if not isinstance(target, Array) or len(args) != ufunc.nin + 1:
        raise ProgramError(f"np.{ufunc.__name__}.at does not take these arguments", origin.span)
    if ufunc not in (np.add, np.subtract):
        definition = at_places if ufunc.nin == 2 else at_places_alone
        return inline_written(
            interpreter, definition, [known(ufunc), *args], {}, interpreter.frames[-1], origin
        )
    index, value = args[1:]
    value = fitted(trace, value, target.type.dtype, origin)
    if ufunc is np.subtract:
        value = trace.apply(np.negative, [value], {}, origin)
    new = trace.apply(add_at, [target, value, index], {}, origin)
    assert isinstance(new, Array)
    assign(trace, target, new.operand, origin)
    return known(None)


def out_argument(
    interpreter: Interpreter,
    function: Callable,
    args: list[Value],
    kwargs: dict[str, Value],
    frame: Frame,
    origin: Origin,
) -> Value:
    """`f(x, out=y)`: y takes the result in place."""
    rest = {k: v for k, v in kwargs.items() if k != "out"}
    result = call(interpreter, known(function), args, rest, frame, origin)
    out = kwargs["out"]
    if isinstance(out, Struct) and len(out.items) == 1:
        out = out.items[0]
    if not isinstance(out, Array) or not isinstance(result, Array):
        raise RefusedError("out= needs one array", origin.span, "assign the result")
    return update(interpreter.trace, out, result, origin)


def _is_integral(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_integral, value))
    return not isinstance(value, float | complex | np.inexact)


def static_call(
    function: Callable, args: list[Value], kwargs: dict[str, Value], origin: Origin
) -> Value:
    """A call of a pure library function on static values, evaluated now."""
    args = [settled(a) for a in args]
    if not all(isinstance(v, Known) for v in (*args, *kwargs.values())):
        raise RefusedError(
            f"{getattr(function, '__name__', function)}() of an array cannot be transformed",
            origin.span,
            "use the numpy function for it",
        )
    values = [a.value for a in args if isinstance(a, Known)]
    named = {k: v.value for k, v in kwargs.items() if isinstance(v, Known)}
    try:
        return lift(function(*values, **named), "value")
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise ProgramError(f"{type(error).__name__}: {error}", origin.span) from None
    except NotImplementedError as error:  # of a rule's helper
        raise NoRuleError(str(error), origin.span) from None


def construct(
    interpreter: Interpreter,
    cls: type,
    args: list[Value],
    kwargs: dict[str, Value],
    origin: Origin,
) -> Value:
    """`np.float32(x)`, a namedtuple, `dict(a=...)`."""
    if issubclass(cls, np.generic) and len(args) == 1 and not kwargs:
        if isinstance(args[0], Array):
            return interpreter.trace.cast(args[0], np.dtype(cls), origin)
        return static_call(cls, args, kwargs, origin)
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        fields: tuple[str, ...] = cls._fields  # type: ignore[attr-defined]
        named = dict(zip(fields, args, strict=False)) | kwargs
        if set(named) == set(fields):
            return Struct(cls, [named[f] for f in fields])
    if cls is dict and not args:
        return struct(dict, list(kwargs.values()), tuple(kwargs))
    if cls in STATIC_CLASSES:
        return static_call(cls, args, kwargs, origin)
    raise RefusedError(
        f"a call of the class {cls.__qualname__} cannot be transformed",
        origin.span,
        "use tuples, lists, dicts or namedtuples",
    )

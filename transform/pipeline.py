"""The way through, as a list of steps, and the derivative that comes out of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .accumulate import accumulate
from .activity import is_inexact
from .arguments import ArraySpec, Spec
from .barriers import set_barriers
from .dead import drop_dead
from .emit import Emitted, emit
from .errors import ArgumentError, RefusedError
from .forward import forward
from .forwards import write_forwards, write_forwards_for_jax
from .gather import gather
from .globals import unchanged
from .invariants import check
from .ir import ArrayType, Function, Origin, Type, Var
from .jax_free import refuse_jax
from .lengths import check_unwritten
from .load import load
from .merges import merge_writes
from .options import LoopOptions
from .outline import outline
from .ownership import own
from .promote import promote
from .read import read
from .reread import reread
from .reverse import reverse
from .selects import select
from .show import show_function, show_lowered
from .simplify import simplify
from .sinks import sink_additions
from .specialise import Given, Typed, parameter, specialise
from .streams import stream
from .tape import record_for_jax, record_for_numpy, with_bound
from .trace import Trace
from .values import Array, Known, Struct, Value, arrays, known, operand_of, struct
from .whole import make_whole
from .windows import forget_stops

CHECK_EVERY_STEP = False  # the tests set it

MODES = ("primal", "grad", "value_and_grad", "vjp", "jvp")


@dataclass(frozen=True)
class Request:
    """What to differentiate, for which arguments, and how.

    `mode` is "primal" (the function itself), "grad" or "value_and_grad" (of a scalar), "vjp" (the derivative takes the
    adjoint of the result as a last argument) or "jvp" (it takes the tangents of `wrt`). `aux` says that it returns
    `(result, anything)`.
    """

    function: Any  # a types.FunctionType
    specs: Mapping[str, Spec]
    wrt: tuple[str, ...]
    mode: str = "grad"
    aux: bool = False
    target: str = "jax"
    single: bool = True  # one derivative is returned bare, several as a tuple
    loops: LoopOptions = field(default_factory=LoopOptions)
    state: bool = (
        False  # the result is (result, {name: value of an argument that was changed in place})
    )


@dataclass(frozen=True)
class Derived:
    """A finished derivative: its text, its function, each step's form, and the globals that it depends on.

    The text writes namedtuples as plain tuples; `structure` gives a result its own containers back.
    """

    emitted: Emitted
    function: Any  # the emitted types.FunctionType
    forms: Mapping[str, str]
    dependencies: Sequence[tuple[Callable[[], Any], Any]] = field(default_factory=tuple)
    result: Value = field(default_factory=lambda: known(None))
    indexed: Sequence[
        tuple[int, int]
    ] = ()  # array leaves used as indices, and the sizes of their axes
    changed: frozenset[str] = frozenset()  # arguments whose arrays the function changes in place
    objects: Mapping[str, Given] = field(default_factory=dict)  # the arguments

    def arrays(self, result: Any) -> list[Any]:
        """The arrays in the function's result, in order."""
        return list(_arrays(self.result, result))

    def structure(self, arrays: Iterable[Any]) -> Any:
        """A result from its arrays, in the containers of the user's function and arguments.

        What was known before the function ran (an int, a string in an auxiliary result) is put back.
        """
        return _structured(self.result, iter(arrays))

    def is_current(self) -> bool:
        """Whether every global that the function read still has the value that it had."""
        for read_now, before in self.dependencies:
            try:
                if not unchanged(read_now(), before):
                    return False
            except (KeyError, AttributeError):
                return False
        return True


# What follows differentiation, for each target: each step takes a function, some the user's options, and returns one.
STEPS: Mapping[str, tuple[tuple[str, Callable[..., Function]], ...]] = {
    "jax": (
        ("merged", merge_writes),
        ("read again", reread),
        ("made whole", make_whole),
        ("written forwards", write_forwards_for_jax),
        ("selected", select),
        ("simplified", simplify),
        ("gathered", gather),
        ("recorded", record_for_jax),
        ("accumulated", accumulate),
        ("windowed", forget_stops),
        ("tidied", drop_dead),
        ("promoted", promote),
        ("kept apart", set_barriers),
        ("outlined", outline),
    ),
    "numpy": (
        ("merged", merge_writes),
        ("read again", reread),
        ("written forwards", write_forwards),
        ("simplified", simplify),
        ("sunk", sink_additions),
        ("free of jax", refuse_jax),
        ("recorded", record_for_numpy),
        ("tidied", drop_dead),
        ("owned", own),
        ("outlined", outline),
    ),
}


WITH_OPTIONS = (record_for_jax, accumulate)


def derive(request: Request, show: bool = False) -> Derived:
    """Carry a request through all steps. `show` keeps a printed form of each."""
    lowered = read(request.function)
    signature = inspect.signature(request.function, follow_wrapped=False)
    forms: dict[str, str] = {}
    if show:
        forms["atoms"] = show_lowered(lowered)
    typed = specialise(lowered, request.specs, signature)
    if request.state:
        typed = with_state(typed)
    if request.loops.max_steps is not None:
        typed = replace(typed, function=with_bound(typed.function, request.loops.max_steps))
    if CHECK_EVERY_STEP:
        check(typed.function, "typed")
    if show:
        forms["typed"] = show_function(typed.function)
    if request.target == "jax":
        typed = replace(typed, function=stream(typed.function))
        if CHECK_EVERY_STEP:
            check(typed.function, "streamed")
        if show:
            forms["streamed"] = show_function(typed.function)
    function, result = differentiate(request, typed)
    if CHECK_EVERY_STEP:
        check(function, "adjoint")
    if show:
        forms["adjoint"] = show_function(function)
    for name, step in STEPS[request.target]:
        function = step(function, request.loops) if step in WITH_OPTIONS else step(function)
        if CHECK_EVERY_STEP:
            check(function, name)
        if show:
            forms[name] = show_function(function)
    check_unwritten(function)
    emitted = emit(function, request.target, header(request))
    written = (storage.parameter for storage in typed.trace.written)
    return Derived(
        emitted,
        load(emitted),
        forms,
        tuple(typed.trace.dependencies),
        result,
        _indexed(typed),
        frozenset(name for name in written if name is not None),
        typed.objects,
    )


def with_state(typed: Typed) -> Typed:
    """The function with what it has changed in place beside its result.

    Raises `RefusedError` where an array that came in a container is changed in place and then taken out of it.
    """
    held = {a.storage for value in typed.final.values() for a in arrays(value)}
    for storage in typed.trace.written:
        if storage.parameter is not None and storage not in held:
            raise RefusedError(
                f"an array in {storage.parameter!r} is changed in place, and then another takes its place there",
                None,
                "change it after it is taken out, or change a .copy()",
            )
    changed = [
        (name, value)
        for name, value in typed.final.items()
        if operand_of(value) != operand_of(typed.params[name])
    ]
    names = tuple(name for name, _ in changed)
    state = struct(dict, [value for _, value in changed], names)
    result = struct(tuple, [typed.result, state])
    function = replace(typed.function, output=operand_of(result))
    return replace(typed, function=function, result=result)


def _indexed(typed: Typed) -> tuple[tuple[int, int], ...]:
    """Which array leaves of the arguments are used as indices, and of axes of which sizes."""
    places = {
        v: k for k, v in enumerate(v for value in typed.params.values() for v in _leaves(value))
    }
    found = ((places[v], size) for v, size in typed.trace.indexed if v in places)
    return tuple(dict.fromkeys(found))


def _arrays(value: Value, result: Any) -> Iterator[Any]:
    if isinstance(value, Struct):
        for key, item in value.entries():
            yield from _arrays(item, result[key])
    elif isinstance(value, Array):
        yield result


def _structured(value: Value, arrays: Iterator[Any]) -> Any:
    if isinstance(value, Array):
        return next(arrays)
    if not isinstance(value, Struct):
        return getattr(value, "value", None)
    items = [_structured(item, arrays) for item in value.items]
    if value.kind is dict:
        return dict(zip(value.keys, items, strict=True))
    return value.kind(*items) if hasattr(value.kind, "_fields") else value.kind(items)


def differentiate(request: Request, typed: Typed) -> tuple[Function, Value]:
    """The function that computes what the request asks for, not simplified yet, and what it returns."""
    if request.mode == "primal":
        trace = Trace(list(typed.function.body), lengths=typed.function.lengths)
        return _finished(typed.function, request, trace, typed.result, []), typed.result
    for name in request.wrt:
        _check_differentiable(name, request.specs[name])
    wrt = [leaf for name in request.wrt for leaf in _leaves(typed.params[name])]
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
        pairs = zip(_leaves(typed.params[argument]), _leaves(value), strict=True)
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


def header(request: Request) -> str:
    """A comment that says what the text was written for."""
    lines = [f"# Derived from {request.function.__name__} by backprose, for"]
    words, line = [f"{name}: {spec}" for name, spec in request.specs.items()], "#     "
    for k, word in enumerate(words):
        word += "," if k < len(words) - 1 else ""
        if len(line) + len(word) > 98:
            lines.append(line.rstrip())
            line = "#     "
        line += word + " "
    return "\n".join([*lines, line.rstrip()]) + "\n"


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


def _leaves(value: Value) -> list[Var]:
    if isinstance(value, Array) and isinstance(value.operand, Var):
        return [value.operand]
    if isinstance(value, Struct):
        return [leaf for item in value.items for leaf in _leaves(item)]
    return []


def _result_arrays(value: Value) -> list[Var]:
    return list(dict.fromkeys(_leaves(value)))


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
        if spec.type.dtype.kind == "c":
            raise ArgumentError(
                f"the derivative with respect to the complex argument {name!r} is not supported yet",
                remedy="pass its real and imaginary parts",
            )
        return
    items = getattr(spec, "items", ())
    if items:
        if any(_has_float(item) for item in items):
            return
    raise ArgumentError(
        f"the derivative with respect to {name!r} is not defined: it is {spec}, not floating point",
        remedy=f"convert it: {name}.astype(float) for an array, float({name}) for a number",
    )


def _has_float(spec: Spec) -> bool:
    if isinstance(spec, ArraySpec):
        return spec.type.dtype.kind == "f"
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

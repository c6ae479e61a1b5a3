"""The way through, as a list of steps, and the derivative that comes out of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from .accumulate import accumulate
from .barriers import set_barriers
from .branching import branch_out
from .conditions import condition_of
from .constants import copy_constants
from .dead import drop_dead
from .deep import deep
from .differentiate import differentiate, leaves_of
from .emit import emit
from .errors import RefusedError
from .forwards import write_forwards, write_forwards_for_jax
from .gather import gather
from .guards import drop_guards
from .hoist import hoist
from .invariants import check
from .ir import Function, Node, Repeat, walk
from .jax_free import without_jax
from .lacking import check_lacking
from .lengths import check_unwritten
from .load import load
from .merges import merge_writes
from .outline import outline
from .ownership import own
from .promote import promote
from .put_back import put_back
from .read import read
from .request import Derived, Request
from .reread import reread
from .selects import select
from .show import show_function, show_lowered
from .simplify import simplify
from .sinks import sink_additions
from .specialise import Typed, specialise
from .streams import stream
from .tape import record_for_jax, record_for_numpy, with_bound
from .values import arrays, operand_of, struct
from .vectorise import vectorise
from .whole import make_whole
from .windows import forget_stops

CHECK_EVERY_STEP = False  # the tests set it

# What follows differentiation, for each target: each step takes a function, some the user's options, and returns one.
STEPS: Mapping[str, tuple[tuple[str, Callable[..., Function]], ...]] = {
    "jax": (
        ("unguarded", drop_guards),
        ("put back", put_back),
        ("merged", merge_writes),
        ("read again", reread),
        ("made whole", make_whole),
        ("written forwards", write_forwards_for_jax),
        ("selected", select),
        ("simplified", simplify),
        ("gathered", gather),
        ("hoisted", hoist),
        ("recorded", record_for_jax),
        ("accumulated", accumulate),
        ("windowed", forget_stops),
        ("tidied", drop_dead),
        ("promoted", promote),
        ("constants copied", copy_constants),
        ("kept apart", set_barriers),
        ("outlined", outline),
    ),
    "numpy": (
        ("unguarded", drop_guards),
        ("put back", put_back),
        ("merged", merge_writes),
        ("read again", reread),
        ("written forwards", write_forwards),
        ("branched", branch_out),
        ("simplified", simplify),
        ("sunk", sink_additions),
        ("free of jax", without_jax),
        ("recorded", record_for_numpy),
        ("tidied", drop_dead),
        ("owned", own),
        ("outlined", outline),
    ),
}


WITH_OPTIONS = (record_for_jax, accumulate)


def derive(request: Request, show: bool = False) -> Derived:
    """Carry a request through all steps. `show` keeps a printed form of each."""
    return deep(lambda: _derive(request, show))


def _derive(request: Request, show: bool) -> Derived:
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
    has_loops = any(isinstance(node, Repeat) for node in walk(typed.function.body))
    if CHECK_EVERY_STEP:
        check(typed.function, "typed")
    if show:
        forms["typed"] = show_function(typed.function)
    leaves = [node for node in typed.function.body if node.origin.spelling == "path"]
    if request.target == "jax":
        typed = replace(typed, function=stream(typed.function))
        if CHECK_EVERY_STEP:
            check(typed.function, "streamed")
        if show:
            forms["streamed"] = show_function(typed.function)
        typed = replace(typed, function=vectorise(typed.function, request.loops))
        typed = replace(typed, function=with_leaves(typed.function, leaves))
        if CHECK_EVERY_STEP:
            check(typed.function, "vectorised")
        if show:
            forms["vectorised"] = show_function(typed.function)
    function, result = differentiate(request, typed)
    if CHECK_EVERY_STEP:
        check(function, "adjoint")
    if show:
        forms["adjoint"] = show_function(function)
    if request.target == "jax":
        check_lacking(function)
    for name, step in STEPS[request.target]:
        function = step(function, request.loops) if step in WITH_OPTIONS else step(function)
        if CHECK_EVERY_STEP:
            check(function, name)
        if show:
            forms[name] = show_function(function)
    check_unwritten(function)
    condition = condition_of(request.specs, function.name, request.target)
    emitted = emit(function, request.target, header(request), has_loops, condition)
    written = (storage.parameter for storage in typed.trace.written)
    return Derived(
        emitted,
        load(emitted),
        forms,
        tuple(typed.trace.dependencies.values()),
        result,
        _indexed(typed),
        frozenset(name for name in written if name is not None),
        typed.objects,
        frozenset(typed.trace.sources),
    )


def with_leaves(function: Function, leaves: Sequence[Node]) -> Function:
    """The function with all leaves of its arguments: of those that nothing reads the adjoint is zero."""
    own = {r for node in leaves for r in node.results}
    rest = (node for node in function.body if own.isdisjoint(node.results))
    return function.with_body((*leaves, *rest))


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
        v: k for k, v in enumerate(v for value in typed.params.values() for v in leaves_of(value))
    }
    found = ((places[v], size) for v, size in typed.trace.indexed if v in places)
    return tuple(dict.fromkeys(found))


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

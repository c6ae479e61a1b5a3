"""Functions in place of their calls: the user's, those that are written out for a library's, and rules."""

from __future__ import annotations

import contextlib
import sysconfig
import types
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from .errors import BackproseError, NoRuleError, RefusedError, StaticNeededError
from .frames import Frame, bind
from .ir import CallSite, Origin
from .lower import Lowered
from .read import read
from .values import Array, Value, is_written, known, operand_of

if TYPE_CHECKING:
    from .infer import Interpreter

DEEPEST_CALL = 50
LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})
RULE_DEPTH = 1_000  # names given inside a rule yield to every name of the user's


def run(interpreter: Interpreter, lowered: Lowered, frame: Frame) -> Value:
    frame.dynamic = interpreter.dynamic
    interpreter.frames.append(frame)
    interpreter.trace.sources.add(lowered.syntax.text.file)
    try:
        result = interpreter.block(lowered.body, frame)
    except NoRuleError as error:
        if not frame.written:
            raise
        what = f"{error.message} is not supported"
        raise RefusedError(what, error.span, "write it with simpler functions") from None
    finally:
        interpreter.frames.pop()
    return known(None) if result is None else result


def inline_rule(
    interpreter: Interpreter,
    function: Callable,
    args: list[Value],
    anchor: Origin,
    kwargs: dict[str, Value] | None = None,
) -> Value:
    """Inline a rule of `primitives` as part of the atom that `anchor` describes."""
    assert isinstance(function, types.FunctionType)
    lowered = read(function)
    frame = Frame(lowered.syntax, lowered.locals, depth=RULE_DEPTH, anchor=anchor)
    bind(lowered, args, kwargs or {}, {}, frame, anchor)
    try:
        return run(interpreter, lowered, frame)
    except BackproseError as error:  # at the user's line, not at ours
        raise type(error)(error.message, anchor.span, error.remedy) from None


def inline_written(
    interpreter: Interpreter,
    function: Callable,
    args: list[Value],
    kwargs: dict[str, Value],
    caller: Frame,
    anchor: Origin,
) -> Value:
    """Inline what is written out in place of a library's function, as part of the user's line."""
    assert isinstance(function, types.FunctionType)
    lowered = read(function)
    frame = Frame(
        lowered.syntax,
        lowered.locals,
        site=caller.site,
        depth=caller.depth + 1,
        anchor=anchor,
        written=True,
    )
    bind(lowered, args, kwargs, {}, frame, anchor)
    return run(interpreter, lowered, frame)


@contextlib.contextmanager
def at_the_users_call(name: str, file: str, caller: Frame, origin: Origin) -> Iterator[None]:
    """What a function of a library does that is not supported is told at the user's call of it."""
    try:
        yield
    except BackproseError as error:
        theirs = file.startswith(LIBRARIES) and not caller.syntax.text.file.startswith(LIBRARIES)
        if not theirs or caller.anchor is not None:
            raise
        message = f"in {name}, a function of a library: {error.message}"
        raise type(error)(message, origin.span, "write it yourself, or call it outside") from None


def readable(function: types.FunctionType, caller: Frame, origin: Origin) -> Lowered:
    """The untyped atoms of a function that is called."""
    with at_the_users_call(function.__name__, function.__code__.co_filename, caller, origin):
        return read(function)


def ends_by_a_computed_value(interpreter: Interpreter, lowered: Lowered) -> bool:
    """Whether a function calls itself under a branch on computed values, both sides of which are walked."""
    running = [f for f in interpreter.frames if f.syntax is lowered.syntax and f.anchor is None]
    return len(running) > 1 and interpreter.dynamic > running[0].dynamic


def inline_function(
    interpreter: Interpreter,
    lowered: Lowered,
    args: list[Value],
    kwargs: dict[str, Value],
    caller: Frame,
    origin: Origin,
    parent: Frame | None = None,
    defaults: Mapping[str, Value] | None = None,
) -> Value:
    """Inline a call of a user's function (or of a helper of a rule)."""
    if caller.depth % RULE_DEPTH > DEEPEST_CALL:
        raise RefusedError(
            f"{lowered.syntax.name} calls itself without end, or more than {DEEPEST_CALL} deep",
            origin.span,
            "write the recursion as array operations",
        )
    if ends_by_a_computed_value(interpreter, lowered):
        numbers = [a for a in args if isinstance(a, Array) and not a.type.shape]
        raise StaticNeededError(
            f"{lowered.syntax.name} calls itself until a value ends it that is not known before the function runs",
            origin.span,
            "let an int that is known decide how deep it goes, or write a loop",
            operand=numbers[0].operand if numbers else None,
        )
    around = caller if parent is None else parent
    frame = Frame(
        lowered.syntax,
        lowered.locals,
        parent=parent,
        depth=caller.depth + 1,
        anchor=None if around.written and parent is None else around.anchor,
        written=around.written and parent is not None,
    )
    if frame.anchor is None:
        signature = ", ".join(p.name for p in lowered.params)
        frame.site = CallSite(lowered.syntax.name, caller.site, origin.statement, signature)
        interpreter.trace.calls.append(frame.site)
    bind(lowered, args, kwargs, defaults or {}, frame, origin)
    if frame.site is not None:
        for name, value in frame.env.items():
            frame.site.params[name] = operand_of(value) if is_written(value) else value
    with at_the_users_call(lowered.syntax.name, lowered.syntax.text.file, caller, origin):
        result = run(interpreter, lowered, frame)
    if frame.site is not None and is_written(result):
        frame.site.result.append(operand_of(result))
    return result

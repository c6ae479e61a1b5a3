"""From untyped atoms to typed ones, for arguments of given types.

The untyped program is walked with what is known of each value. What is known entirely (shapes, ints, strings,
functions) is computed on the way and chooses the code: static tests pick their branch, calls of the user's functions
are inlined, loops over Python containers are walked. What is an array becomes a typed atom.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import replace
from typing import Any

import numpy as np

from .access import global_value, item, names_in, nearest
from .calls import call
from .certain import DIVISIONS, check_division, is_python_int
from .choices import choose, test_of
from .errors import (
    BackproseError,
    NoRuleError,
    OneByOneError,
    ProgramError,
    RefusedError,
    StaticNeededError,
)
from .frames import Frame
from .globals import lift
from .identity import identical, of_python
from .ir import Atom, Block, Branch, Loop, Origin, Return, While
from .iteration import iteration
from .journal import MISSING, Cell
from .lengths import is_unknown, without_stand_ins
from .loops import LoopWalker, depends_on
from .neutral import unchanged, without_nothing
from .operands import Global, Items, Lit, Name, Operand
from .statements import STATEMENTS
from .structure import VALUE
from .trace import Trace
from .values import (
    Array,
    Closure,
    Growing,
    Iteration,
    Known,
    Storage,
    Struct,
    Unset,
    Value,
    is_number,
    known,
    operand_of,
    struct,
)
from .values import arrays as arrays_of

LARGE = 1_000_000_000  # a number from here on might be taken for the stand-in of a length
LONGEST_WALK = 200  # items of a loop that is walked one by one because its variable has to be known


class Interpreter:
    """Walks untyped code and writes typed atoms to a trace."""

    def __init__(self, trace: Trace):
        self.trace = trace
        self.frames: list[Frame] = []  # of the functions that are running
        self.dynamic = 0  # how many branches on array values are around
        self.uncertain = 0  # how many branches, and loops that may end early, are around
        self.held: list[Value] = []  # what the loops around run over, which need not have a name

    # --- functions ---

    def visible(self, hidden: Set[Cell] = frozenset()) -> set[Storage]:
        """The storages that some name of a running function leads to, or that a loop runs over.

        Names in `hidden` do not count.
        """
        found = {a.storage for value in self.held for a in arrays_of(value)}
        todo = list(self.frames)
        seen: set[int] = set()
        while todo:
            frame = todo.pop()
            if id(frame) in seen:
                continue
            seen.add(id(frame))
            if frame.parent is not None:
                todo.append(frame.parent)
            for name, value in frame.env.items():
                if name[0] == "%" and name != VALUE.id or Cell(frame, name) in hidden:
                    continue
                if isinstance(value, Closure):
                    todo.append(value.frame)
                found.update(a.storage for a in arrays_of(value))
        return found

    def results_of(self, args: list[Value], frame: Frame, origin: Origin) -> int | None:
        """How many items the tuple has that a call returns; the call itself is forgotten."""
        mark, calls = self.trace.journal.mark(), len(self.trace.calls)
        try:
            with self.trace.region():
                result = call(self, args[0], args[1:], {}, frame, origin)
        finally:
            self.trace.journal.undo(mark)
            del self.trace.calls[calls:]
        if isinstance(result, Known) and result.value is None:
            return None
        if isinstance(result, Known) and isinstance(result.value, tuple):
            items = [lift(item, "item") for item in result.value]
        elif isinstance(result, Struct) and result.kind is tuple:
            items = list(result.items)
        else:
            items = [result]
        if not all(isinstance(i, Array) or is_number(i) for i in items):
            raise NoRuleError(
                "a function that returns a container other than a tuple of arrays", origin.span
            )
        return None if items == [result] else len(items)

    def called(
        self, function: Callable, args: list[Value], kwargs: dict[str, Value], origin: Origin
    ) -> Value:
        """A call of a library's function, in the function that is running."""
        return call(self, known(function), args, kwargs, self.frames[-1], origin)

    # --- statements ---

    def block(self, block: Block, frame: Frame) -> Value | None:
        """Walk a block; the value that it returns, or None where it runs through."""
        for statement in block:
            if isinstance(statement, Atom):
                self.atom(statement, frame)
            elif isinstance(statement, Return):
                try:
                    return self.value(statement.value, frame)
                except BackproseError as error:
                    raise error.at(error.other or frame.origin(statement.origin).span) from None
            elif isinstance(statement, Branch | Loop | While):
                try:
                    self.compound(statement, frame)
                except BackproseError as error:
                    raise error.at(frame.origin(statement.origin).span) from None
            else:
                raise TypeError(f"{statement!r} should have become a branch")
        return None

    def compound(self, statement: Branch | Loop | While, frame: Frame) -> None:
        if isinstance(statement, Branch):
            self.branch(statement, frame)
        elif isinstance(statement, Loop):
            self.for_loop(statement, frame)
        else:
            self.while_loop(statement, frame)

    def branch(self, branch: Branch, frame: Frame) -> None:
        test, origin = self.value(branch.test, frame), frame.origin(branch.origin)
        if isinstance(test, Array):
            choose(
                self,
                test,
                lambda: self.side(branch.then, frame),
                lambda: self.side(branch.orelse, frame),
                origin,
            )
        else:
            self.block(branch.then if self.truth(test, origin) else branch.orelse, frame)

    def side(self, block: Block, frame: Frame) -> None:
        self.hidden(lambda: self.block(block, frame))

    def for_loop(self, loop: Loop, frame: Frame) -> None:
        origin = frame.origin(loop.origin)
        value = self.value(loop.iterable, frame)
        unrolled = frame.anchor is not None and not frame.written
        it = None if unrolled else iteration(self, value, origin)
        items = None if it is not None else self.items(value, origin)
        held = len(self.held)
        self.held += items if it is None else it.rows  # type: ignore[arg-type]
        try:
            if items is not None:
                self.walk_items(loop, items, frame)
            elif it is not None and it.length() != 0:
                self.loop_over(loop, it, frame)
        finally:
            del self.held[held:]

    def loop_over(self, loop: Loop, it: Iteration, frame: Frame, first: bool = True) -> None:
        """A loop that stays one. `first` says that its first iteration may still be taken out of it."""
        walker = LoopWalker(self, frame, loop, it)
        length = it.length()
        try:
            walker.run()
        except (StaticNeededError, OneByOneError) as error:
            operand = error.operand if isinstance(error, StaticNeededError) else walker.index_used
            depends = operand is walker.index_used or depends_on(
                self.trace, operand, walker.index_used
            )
            if length is None or not depends or length > LONGEST_WALK:
                raise
            assert isinstance(it.start, Known) and isinstance(it.step, Known)
            begin, step = it.start.value, it.step.value
            places = range(begin, begin + length * step, step)
            self.walk_items(loop, [it.at(known(k)) for k in places], frame)
        except RefusedError:
            if not (first and walker.changed_form and length):
                raise
            assert isinstance(it.start, Known) and isinstance(it.step, Known)
            assert isinstance(loop.target, Name)
            later = replace(it, start=known(it.start.value + it.step.value))
            with frame.iteration(loop.origin, "the first iteration"):
                self.bind_name(loop.target.id, it.at(it.start), frame)
            self.iteration_alone(
                loop, frame, lambda: length > 1 and self.loop_over(loop, later, frame, first=False)
            )

    def iteration_alone(self, loop: Loop | While, frame: Frame, rest: Callable[[], Any]) -> None:
        """The first iteration in front of the loop: `total` is 0 before it, and an array from then on."""
        with frame.iteration(loop.origin, "the first iteration"):
            self.block(loop.body, frame)
        done = known(False) if loop.stop is None else self.value(loop.stop, frame)
        if isinstance(done, Array):
            choose(self, done, lambda: None, lambda: self.hidden(rest), frame.origin(loop.origin))
        elif not self.truth(done, loop.origin):
            rest()

    def hidden(self, run: Callable[[], Any]) -> None:
        """Walk what may not be reached."""
        self.dynamic, self.uncertain = self.dynamic + 1, self.uncertain + 1
        try:
            run()
        finally:
            self.dynamic, self.uncertain = self.dynamic - 1, self.uncertain - 1

    def walk_items(self, loop: Loop, items: list[Value], frame: Frame, first: int = 0) -> None:
        """Walk the body once for each item; what follows a `break` is walked on the branch that goes on."""
        assert isinstance(loop.target, Name)
        for k, value in enumerate(items):
            with frame.iteration(loop.origin, f"item {first + k + 1}"):
                self.bind_name(loop.target.id, value, frame)
                self.block(loop.body, frame)
            done = known(False) if loop.stop is None else self.value(loop.stop, frame)
            if isinstance(done, Array):
                rest = items[k + 1 :]
                origin = frame.origin(loop.origin)
                choose(
                    self,
                    done,
                    lambda: None,
                    lambda rest=rest, k=k: self.walk_items(loop, rest, frame, first + k + 1),
                    origin,
                )
                return
            if self.truth(done, loop.origin):
                return

    def while_loop(self, loop: While, frame: Frame) -> None:
        walker = LoopWalker(self, frame, loop, None)
        first = walker.first_test()
        if isinstance(first, Known) and not first.value:
            return
        try:
            walker.run()
        except RefusedError:
            if not (walker.changed_form and isinstance(first, Known)):
                raise
            self.block(loop.head, frame)
            again = LoopWalker(self, frame, loop, None)
            self.iteration_alone(loop, frame, again.run)

    def bind_name(self, name: str, value: Value, frame: Frame) -> None:
        self.store(Name(name), value, frame)

    def truth(self, value: Value, origin: Origin) -> bool:
        if isinstance(value, Known):
            return bool(value.value)
        if isinstance(value, Struct) and isinstance(value.items, Growing):
            if value.items.last.read() is not MISSING:
                return True
        if isinstance(value, Struct):
            return bool(value.items)
        if isinstance(value, Array):
            raise RefusedError(
                "this test depends on the values of an array, which are not known before the function runs",
                origin.span,
                "choose between two values with np.where(test, a, b); test shapes, dtypes and Python "
                "ints freely",
            )
        return True

    def items(self, value: Value, origin: Origin) -> list[Value]:
        """What a loop over a Python container runs through."""
        if isinstance(value, Struct) and value.kind is not dict:
            return list(value.items)
        if isinstance(value, Struct):
            return [known(key) for key in value.keys]
        if isinstance(value, Known) and isinstance(value.value, list | tuple | dict | str | range):
            return [lift(item, "item") for item in value.value]
        if isinstance(value, Array) and value.type.ndim:
            return self.rows(value, origin)
        raise RefusedError("this cannot be looped over", origin.span, "loop over a list or a tuple")

    def rows(self, value: Array, origin: Origin) -> list[Value]:
        """The rows of an array, one by one."""
        size = value.type.shape[0]
        if is_unknown(size):
            raise RefusedError(
                "how many rows this array has is not known before the function runs",
                origin.span,
                "loop over it, or index it",
            )
        return [item(self, value, known(k), origin) for k in range(size)]

    # --- atoms ---

    def atom(self, atom: Atom, frame: Frame) -> None:
        try:
            self.evaluate(atom, frame)
        except BackproseError as error:
            raise without_stand_ins(error).at(frame.origin(atom.origin).span) from None

    def evaluate(self, atom: Atom, frame: Frame) -> None:
        if not isinstance(atom.op, str):
            values = [self.value(a, frame) for a in atom.args]
            if isinstance(atom.op, np.ufunc):
                self.refuse_none(atom, values, frame)
            result = self.operation(atom.op, values, frame.origin(atom.origin))
        else:
            result = STATEMENTS[atom.op](self, atom, frame)
        if result is not None:
            self.store(atom.result, result, frame)
            if isinstance(result, Known) and result.value is None:
                frame.nones[atom.result.id] = frame.origin(atom.origin).span

    def refuse_none(self, atom: Atom, values: list[Value], frame: Frame) -> None:
        """Raise where arithmetic meets None, with the line that made it None."""
        for operand, value in zip(atom.args, values, strict=True):
            if isinstance(value, Known) and value.value is None and frame.anchor is None:
                name = operand.id if isinstance(operand, Name) and operand.id[0] != "%" else None
                raise ProgramError(
                    f"TypeError: {repr(name) if name else 'an operand'} is None here",
                    frame.origin(atom.origin).span,
                    "give it a value" if name else None,
                    frame.nones.get(getattr(operand, "id", "")),
                )

    def store(self, name: Name, value: Value, frame: Frame) -> None:
        self.trace.journal.set(frame, name.id, value)
        operand = value.operand if isinstance(value, Array | Known) else None
        var = operand if hasattr(operand, "depth") else None
        hint = name.id.split("%")[0]
        if var is not None and hint and (var.depth is None or var.depth > frame.depth):  # type: ignore[union-attr]
            var.hint, var.depth = hint, frame.depth  # type: ignore[union-attr]

    def operation(self, op: Callable, values: list[Value], origin: Origin) -> Value:
        """A Python operator on two values."""
        if self.frames and self.frames[-1].anchor is not None:
            rest = without_nothing(op, values)
            if len(rest) < len(values) and op is np.subtract and values[0] not in rest:
                return self.operation(np.negative, rest, origin) if rest else known(None)
            if len(rest) < len(values):
                return rest[0] if rest else known(None)
        if all(isinstance(v, Known) for v in values):
            numpy_scalar = any(isinstance(v.value, np.generic) for v in values)  # type: ignore[union-attr]
            if not (numpy_scalar and isinstance(op, np.ufunc)):
                return self.trace.static_operation(op, values, origin)  # type: ignore[arg-type]
        if self.frames and self.frames[-1].anchor is not None:
            same = unchanged(op, values)
            if same is not None:
                return same
        if op.__name__ in ("is_", "is_not"):
            same = identical(self.trace, values[0], values[1], origin)
            return same if op.__name__ == "is_" else self.negation(same, origin)
        if op.__name__ == "not_":
            return self.negation(values[0], origin)
        if op in DIVISIONS and not self.uncertain and all(map(is_python_int, values)):
            check_division(self.trace, operand_of(values[1]), origin)
        containers = [v for v in values if isinstance(v, Struct)]
        if containers and op is np.add and all(isinstance(v, Struct | Known) for v in values):
            kind = containers[0].kind
            parts = [item for v in values for item in self.items(v, origin)]
            return struct(kind, parts)
        if containers and op is np.multiply:
            number = next((v.value for v in values if isinstance(v, Known)), None)
            if isinstance(number, int) and not isinstance(number, bool):  # a list repeated
                return struct(containers[0].kind, containers[0].items * number)
        if containers and not any(isinstance(v, Array) for v in values):
            raise RefusedError(
                "this operation on a container is not supported",
                origin.span,
                "make it an array with np.array first",
            )
        return self.trace.apply(op, values, {}, origin)

    def negation(self, value: Value, origin: Origin) -> Value:
        """`not value`."""
        if not isinstance(value, Array):
            return known(not self.truth(value, origin))
        test = test_of(self.trace, value, origin)
        return of_python(self.trace.apply(np.logical_not, [test], {}, origin))

    # --- operands ---

    def value(self, operand: Operand, frame: Frame) -> Value:
        if isinstance(operand, Name):
            scope: Frame | None = frame
            while scope is not None:
                if operand.id in scope.env:
                    if scope.depth == 0:
                        self.trace.read.add(operand.id)
                    value = scope.env[operand.id]
                    if isinstance(value, Unset):
                        raise value.error()
                    return value
                if operand.id in scope.locals:
                    break  # unbound, whatever the functions around call by this name
                scope = scope.parent
            if self.uncertain:
                raise RefusedError(
                    f"{operand.id!r} may have no value here",
                    None,
                    "give it a value before the loop or the branch",
                )
            raise ProgramError(
                f"UnboundLocalError: {operand.id!r} has no value here",
                None,
                nearest(operand.id, names_in(frame)),
            )
        if isinstance(operand, Global):
            return global_value(self, operand.path, frame)
        if isinstance(operand, Items):
            return struct(tuple, [self.value(item, frame) for item in operand.items])
        if isinstance(operand, Lit):
            if type(operand.value) is int and operand.value > LARGE:
                self.trace.lengths.users.add(operand.value)
            return Known(operand.value, operand)
        raise TypeError(f"unexpected operand {operand!r}")

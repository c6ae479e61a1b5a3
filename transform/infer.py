"""From untyped atoms to typed ones, for arguments of given types.

The untyped program is walked with what is known of each value. What is known entirely (shapes, ints, strings,
functions) is computed on the way and chooses the code: static tests pick their branch, calls of the user's functions
are inlined, loops over Python containers are walked. What is an array becomes a typed atom.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Set
from dataclasses import replace
from typing import Any

import numpy as np

from .access import attribute, global_value, index_value, item, points_and_masks
from .affine import affine, attained
from .calls import call
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
from .ir import Atom, Block, Branch, Loop, Origin, Return, While
from .iteration import iteration
from .journal import MISSING, Cell
from .lengths import is_unknown, without_stand_ins
from .loops import LoopWalker, depends_on
from .neutral import unchanged, without_nothing
from .operands import Global, Items, Lit, Name, Operand, Star
from .result_types import axes_of
from .structure import VALUE
from .trace import Trace
from .updates import add_item, append, set_item, undecided, update
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
            elif isinstance(statement, Branch):
                self.branch(statement, frame)
            elif isinstance(statement, Loop):
                self.for_loop(statement, frame)
            elif isinstance(statement, While):
                self.while_loop(statement, frame)
            else:
                raise TypeError(f"{statement!r} should have become a branch")
        return None

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
            result = self.operation(atom.op, values, frame.origin(atom.origin))
        else:
            result = getattr(self, f"do_{atom.op}")(atom, frame)
        if len(atom.results) == 1 and atom.op != "unpack":
            self.store(atom.result, result, frame)

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
            same = values[0] is values[1]
            return known(same if op.__name__ == "is_" else not same)
        if op.__name__ == "not_":
            if isinstance(values[0], Array):
                test = test_of(self.trace, values[0], origin)
                return self.trace.apply(np.logical_not, [test], {}, origin)
            return known(not self.truth(values[0], origin))
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

    def do_alias(self, atom: Atom, frame: Frame) -> Value:
        return self.value(atom.args[0], frame)

    def do_display(self, atom: Atom, frame: Frame) -> Value:
        kind = {"list": list, "tuple": tuple, "dict": dict}[self.literal(atom.args[0])]
        if kind is dict:
            entries: dict[Any, Value] = {}
            for operand in atom.args[1:]:
                if isinstance(operand, Star):
                    entries.update(self.mapping(self.value(operand.operand, frame), atom.origin))
                else:
                    assert isinstance(operand, Items)
                    key = self.value(operand.items[0], frame)
                    if not isinstance(key, Known):
                        raise RefusedError("a dict key must be static", atom.origin.span)
                    entries[key.value] = self.value(operand.items[1], frame)
            return Struct(dict, list(entries.values()), tuple(entries))
        items = self.arguments(atom.args[1:], frame, atom.origin)[0]
        return Struct(list, items) if kind is list else struct(kind, items)

    def do_append(self, atom: Atom, frame: Frame) -> None:
        container = self.value(atom.args[0], frame)
        assert isinstance(container, Struct)
        append(self.trace, container, self.value(atom.args[1], frame), atom.origin)

    def do_forget(self, atom: Atom, frame: Frame) -> None:
        for name in self.literal(atom.args[0]):
            if name in frame.env:
                self.trace.journal.set(frame, name, MISSING)

    def do_function(self, atom: Atom, frame: Frame) -> Value:
        lowered, defaults = atom.args
        assert isinstance(defaults, Items)
        values = [self.value(item, frame) for item in defaults.items]
        return Closure(self.literal(lowered), frame, dict(zip(defaults.keys, values, strict=True)))

    def do_import(self, atom: Atom, frame: Frame) -> Value:
        module, path, renamed = (self.literal(a) for a in atom.args)
        try:
            if not module:
                found = importlib.import_module(path)
                return known(found if renamed else importlib.import_module(path.split(".")[0]))
            return known(getattr(importlib.import_module(module), path))
        except (ImportError, AttributeError) as error:
            raise ProgramError(f"import failed: {error}", atom.origin.span) from None

    def do_assert(self, atom: Atom, frame: Frame) -> None:
        test = self.value(atom.args[0], frame)
        if isinstance(test, Array):
            raise RefusedError(
                "an assertion on the values of an array cannot be checked in compiled code",
                atom.origin.span,
                "assert on shapes and dtypes here, and on values outside the differentiated function",
            )
        if not self.truth(test, atom.origin):
            message = self.literal(atom.args[1]) or "assertion failed"
            raise ProgramError(f"AssertionError: {message}", atom.origin.span)

    def do_raise(self, atom: Atom, frame: Frame) -> None:
        what = self.literal(atom.args[0])
        if self.dynamic:
            raise RefusedError(
                "an exception that depends on the values of an array cannot be raised in compiled code",
                atom.origin.span,
                "check the values before the call",
            )
        if frame.anchor is not None and what.startswith("NotImplementedError"):
            reason = " ".join(what.removeprefix("NotImplementedError").strip("()").split()).strip(
                "\"'"
            )
            raise NoRuleError(reason, frame.anchor.span)
        raise ProgramError(f"the function raises {what}", frame.origin(atom.origin).span)

    def do_contains(self, atom: Atom, frame: Frame) -> Value:
        container, item = (self.value(a, frame) for a in atom.args[:2])
        negate = self.literal(atom.args[2])
        if isinstance(container, Struct) and container.kind is dict and isinstance(item, Known):
            return known((item.value in container.keys) != negate)
        if isinstance(container, Known) and isinstance(item, Known):
            return known((item.value in container.value) != negate)
        raise RefusedError(
            "`in` on arrays is not supported", atom.origin.span, "use np.any(x == item)"
        )

    def do_unpack(self, atom: Atom, frame: Frame) -> None:
        value = self.value(atom.args[0], frame)
        star = self.literal(atom.args[1])
        origin = frame.origin(atom.origin)
        if isinstance(value, Array):
            if value.type.ndim == 0:
                raise ProgramError("a 0-dimensional array cannot be unpacked", origin.span)
            parts = self.rows(value, origin)
        elif isinstance(value, Known) and isinstance(value.value, list | tuple):
            parts = [item(self, value, known(k), origin) for k in range(len(value.value))]
        else:
            parts = self.items(value, origin)
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
            self.store(name, part, frame)

    def do_inplace(self, atom: Atom, frame: Frame) -> Value:
        ufunc, origin = self.literal(atom.args[0]), frame.origin(atom.origin)
        origin = replace(origin, spelling="operator")
        target, value = (self.value(a, frame) for a in atom.args[1:])
        if isinstance(target, Struct) and target.kind is list and ufunc is np.add:
            for part in self.items(value, origin):
                append(self.trace, target, part, origin)
            return target
        result = self.operation(ufunc, [target, value], origin)
        if not isinstance(target, Array) or target.scalar or not isinstance(result, Array):
            return result
        return self.taken_in_place(target, result, origin)

    def taken_in_place(self, target: Array, result: Array, origin: Origin) -> Value:
        """What a name holds after `target += value`: the array itself, or another where JAX has made one of the two."""
        if result.of_jax is None:
            undecided(self.trace, target, origin)
        return update(self.trace, target, result, origin) if result.of_jax is False else result

    def do_setitem(self, atom: Atom, frame: Frame) -> None:
        origin = frame.origin(atom.origin)
        target, value = self.value(atom.args[0], frame), self.value(atom.args[2], frame)
        target, index = self.indexed(target, atom.args[1], frame, origin)
        set_item(self.trace, target, index, value, origin)

    def do_inplace_item(self, atom: Atom, frame: Frame) -> None:
        ufunc, origin = self.literal(atom.args[0]), frame.origin(atom.origin)
        origin = replace(origin, spelling="operator")
        target, value = self.value(atom.args[1], frame), self.value(atom.args[3], frame)
        target, index = self.indexed(target, atom.args[2], frame, origin)
        sign = {np.add: 1, np.subtract: -1}.get(ufunc)
        if (
            isinstance(target, Array)
            and sign
            and add_item(self.trace, target, index, value, sign, origin)
        ):
            return
        before = item(self, target, index, origin)
        result = self.operation(ufunc, [before, value], origin)
        if isinstance(before, Array) and not before.scalar and isinstance(result, Array):
            if before.view is not None or not isinstance(target, Array):
                new = self.taken_in_place(before, result, origin)
                if new is not before:
                    set_item(self.trace, target, index, new, origin)
                return
        set_item(self.trace, target, index, result, origin)

    def do_attribute(self, atom: Atom, frame: Frame) -> Value:
        value = self.value(atom.args[0], frame)
        return attribute(self, value, self.literal(atom.args[1]), frame.origin(atom.origin))

    def do_item(self, atom: Atom, frame: Frame) -> Value:
        value = self.value(atom.args[0], frame)
        value, index = self.indexed(value, atom.args[1], frame, frame.origin(atom.origin))
        return item(self, value, index, frame.origin(atom.origin))

    def indexed(
        self, target: Value, operand: Operand, frame: Frame, origin: Origin
    ) -> tuple[Value, Value]:
        """What is indexed, and the index: `x[i, mask]` is `x[i][mask]`."""
        shape = target.type.shape if isinstance(target, Array) else ()
        index = index_value(self, operand, frame, origin, shape)
        rule = frame.anchor is not None and not frame.written
        if rule or not isinstance(target, Array):
            return target, index
        if not self.uncertain:
            self.check_places(index, shape, origin)
        index = self.trace.known_masks(index)
        two = points_and_masks(index) if isinstance(index, Struct) else None
        if two is None:
            return target, index
        return item(self, target, two[0], origin), two[1]

    def check_places(self, index: Value, shape: tuple[int, ...], origin: Origin) -> None:
        """Raise where a loop surely runs out of an axis; compiled code would read another element."""
        items = index.items if isinstance(index, Struct) else [index]
        axes = axes_of([operand_of(i) for i in items], len(shape))
        for part, axis in zip(items, axes, strict=True):
            if not isinstance(part, Array) or part.type.shape or axis >= len(shape):
                continue
            form = affine(part.operand, self.trace.definitions)
            found = None if form is None else attained(form, self.trace.lengths.spans)
            if found is None or is_unknown(shape[axis]):
                continue
            for place in found:
                if not -shape[axis] <= place < shape[axis]:
                    raise ProgramError(
                        f"IndexError: in this loop index {place} is out of bounds for axis {axis} "
                        f"with size {shape[axis]}",
                        origin.span,
                    )

    def do_call(self, atom: Atom, frame: Frame) -> Value:
        callee = self.value(atom.args[0], frame)
        args, extra = self.arguments(atom.args[1:], frame, atom.origin)
        kwargs = {name: self.value(v, frame) for name, v in atom.kwargs}
        for name in extra:
            if name in kwargs:
                raise ProgramError(f"two values for the keyword {name!r}", atom.origin.span)
        return call(self, callee, args, {**kwargs, **extra}, frame, frame.origin(atom.origin))

    def arguments(
        self, operands: tuple[Operand, ...], frame: Frame, origin: Origin
    ) -> tuple[list[Value], dict[str, Value]]:
        args: list[Value] = []
        kwargs: dict[str, Value] = {}
        for operand in operands:
            if isinstance(operand, Star) and operand.double:
                kwargs.update(self.mapping(self.value(operand.operand, frame), origin))
            elif isinstance(operand, Star):
                args += self.items(self.value(operand.operand, frame), origin)
            else:
                args.append(self.value(operand, frame))
        return args, kwargs

    def mapping(self, value: Value, origin: Origin) -> dict[Any, Value]:
        if isinstance(value, Struct) and value.kind is dict:
            return dict(value.entries())
        if isinstance(value, Known) and isinstance(value.value, dict):
            return {k: item(self, value, known(k), origin) for k in value.value}
        raise ProgramError("** needs a dict", origin.span)

    # --- operands ---

    def literal(self, operand: Operand) -> Any:
        assert isinstance(operand, Lit)
        return operand.value

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
                    frame.syntax.span,
                    "give it a value before the loop or the branch",
                )
            raise ProgramError(f"{operand.id!r} has no value here", frame.syntax.span)
        if isinstance(operand, Global):
            return global_value(self, operand.path, frame)
        if isinstance(operand, Items):
            return struct(tuple, [self.value(item, frame) for item in operand.items])
        if isinstance(operand, Lit):
            return Known(operand.value, operand)
        raise TypeError(f"unexpected operand {operand!r}")

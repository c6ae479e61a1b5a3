"""Loops that stay loops: what an iteration changes is carried, in forms that hold before and after every iteration.

The body is walked with variables for what is guessed to be carried. Where the walk changes more, or leaves another
type, it is taken back and done again with that; the forms only ever widen, so this ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .affine import affine
from .choices import cell_name, join_cell, link_parts, reached, test_of
from .dead import reads
from .errors import OneByOneError, RefusedError
from .ir import Atom, Block, Branch, Loop, Region, While
from .iteration import ordinal
from .journal import MISSING, Cell
from .loop_ends import Carried, LoopEnd, Walk, is_plain_number, param_variables, unread
from .operands import ArrayType, Name, Operand, Var, type_of, variables
from .regions import renamed
from .trees import (
    Leaf,
    Mismatch,
    Tree,
    instantiate,
    join,
    leaves,
    tree_of,
    variable,
)
from .values import (
    Array,
    Growing,
    Iteration,
    Known,
    Opaque,
    Storage,
    Struct,
    Unset,
    Value,
    arrays,
    birth,
    known,
    operand_of,
)
from .views import link_storages

if TYPE_CHECKING:
    from .frames import Frame
    from .infer import Interpreter

ROUNDS = 30


class LoopWalker:
    """Walks one loop of the user's: `it` for a `for` loop, `loop.head` and `loop.test` for a `while`."""

    def __init__(
        self, interpreter: Interpreter, frame: Frame, loop: Loop | While, it: Iteration | None
    ):
        self.interpreter, self.trace, self.frame = interpreter, interpreter.trace, frame
        self.loop, self.it, self.origin = loop, it, frame.origin(loop.origin)
        self.index_used: Var | None = None
        self.born = birth()
        self.entries: set[Storage] = set()  # where carried arrays lie before the loop
        self.stop = None if loop.stop is None else Cell(frame, loop.stop.id)
        self.lengths_before: dict[Cell, int] = {}  # of lists that grow
        self.optimistic = (
            False  # names of arrays are taken to stay where they are, until a walk shows otherwise
        )
        self.changed_form = (
            False  # a name has one form before the loop and another after an iteration
        )

    # --- the fixed point ---

    def run(self) -> None:
        certain = self.runs_at_least_once()
        carried = self.guess()
        for _ in range(ROUNDS):
            walk = self.walk(carried)
            if self.widen(carried, walk):
                LoopEnd(self, carried, walk, certain).write()
                return
        raise RefusedError(
            "what this loop carries does not settle on one form",
            self.origin.span,
            "keep the types and the aliases of its variables the same in every iteration",
        )

    def runs_at_least_once(self) -> bool:
        if self.it is not None:
            return (self.it.length() or 0) > 0
        test = self.first_test()
        return isinstance(test, Known) and bool(test.value)

    def first_test(self) -> Value:
        assert isinstance(self.loop, While)
        mark = self.trace.journal.mark()
        try:
            with self.trace.region():
                self.interpreter.block(self.loop.head, self.frame)
                return self.interpreter.value(self.loop.test, self.frame)
        finally:
            self.trace.journal.undo(mark)

    def guess(self) -> Carried:
        """Names that the body assigns, and arrays that it stores into."""
        carried = Carried()
        for kind, name in assigned(self.loop.body):
            cell = Cell(self.frame, name)
            value = cell.read()
            if kind != "name" and isinstance(value, Array) and not value.scalar:
                cell = Cell(value.storage, "value")
                if not isinstance(cell.read(), Unset):
                    carried.trees[cell] = Leaf(base_type(value), False)
            elif kind != "store" and (isinstance(value, Array) or is_plain_number(value)):
                carried.trees[cell] = tree_of(value)
        return carried

    # --- one walk ---

    def walk(self, carried: Carried) -> Walk:
        trace, journal = self.trace, self.trace.journal
        mark = journal.mark()
        saved, trace.written = trace.written, set()
        try:
            params = self.parameters(carried)
            with trace.region() as nodes:
                test = self.test_region(params)
                if self.stop is not None:  # or there would be no iteration
                    journal.set(self.stop.owner, self.stop.key, known(False))
                index = self.index()
                self.count_items(carried, index)
                self.body(index)
                changes = journal.changes(mark)
                state = journal.changes(mark, young=True)
            changes |= {c: c.read() for c in carried.trees}
            reach = {c: reached(v) for c, v in changes.items() if c.kind == "name"}
            written = trace.written
        finally:
            journal.undo(mark)
            trace.written = saved
        return Walk(nodes, params, changes, state, reach, index, test, written)

    def parameters(self, carried: Carried) -> dict[Cell, Value | Var]:
        """Give every carried cell its value at the start of an iteration."""
        journal, params = self.trace.journal, {}
        entries: dict[Cell, set[Storage]] = {}
        for cell, value in carried.fresh.items():
            journal.set(cell.owner, cell.key, unread(cell, value))
        for cell, tree in carried.trees.items():
            hint, depth = cell_name(self.interpreter, cell)
            entry = cell.read()
            if cell.kind == "value":
                assert isinstance(tree, Leaf)
                params[cell] = variable(tree, hint, depth)
                journal.set(cell.owner, cell.key, params[cell])
            else:
                value = instantiate(tree, lambda leaf, h=hint, d=depth: variable(leaf, h, d))
                params[cell] = value
                if cell.kind == "items":
                    assert isinstance(value, Struct | Known)
                    journal.set(cell.owner, cell.key, list(value.items))  # type: ignore[union-attr]
                else:
                    journal.set(cell.owner, cell.key, value)
                    entries[cell] = set(reached(entry))
        # After an iteration a name may hold the array that another one held before the loop.
        every = {storage for found in entries.values() for storage in found}
        for cell in entries:
            link_parts(self.trace, params[cell], every)
        together = {
            (a, b) for a in entries for b in entries if a is not b and entries[a] & entries[b]
        }
        self.entries = every
        for cell, other in carried.links | together:
            for one in arrays(params.get(cell)):
                others = (
                    [other]
                    if isinstance(other, Storage)
                    else [a.storage for a in arrays(params.get(other))]
                )
                for storage in others:
                    link_storages(self.trace, one.storage, storage)
        return params

    def index(self) -> Var | None:
        if self.it is None:
            return None
        hint = ""
        first = self.loop.body[0] if self.loop.body else None
        if self.it.counts and isinstance(first, Atom) and first.op == "alias":
            hint = first.results[0].id.split("%")[0]
        integer = ArrayType((), np.dtype(np.int64), weak=True)
        return Var(hint or "k", integer, self.frame.depth if hint else None)

    def count_items(self, carried: Carried, index: Var | None) -> None:
        """How long the growing lists are at the start of an iteration."""
        it, operation = self.it, self.interpreter.operation
        if it is None or index is None:
            return
        for cell in carried.growing:

            def count(before: int = self.lengths_before[cell]) -> Value:
                place = ordinal(self.interpreter, it, Array(index, scalar=True), self.origin)
                return operation(np.add, [place, known(before)], self.origin) if before else place

            cell.read().count = count

    def body(self, index: Var | None) -> None:
        interpreter, frame = self.interpreter, self.frame
        if self.it is not None and index is not None:
            assert isinstance(self.loop, Loop) and isinstance(self.loop.target, Name)
            start, stop = (
                affine(operand_of(b), self.trace.definitions) for b in (self.it.start, self.it.stop)
            )
            step = self.it.step.value if isinstance(self.it.step, Known) else None
            self.trace.lengths.spans[index] = start, stop, step
            self.index_used = index
            item = self.it.at(Array(index, scalar=True))
            interpreter.bind_name(self.loop.target.id, item, frame)
        certain = self.stop is None and self.it is not None and self.it.length()
        interpreter.uncertain += not certain
        try:
            interpreter.block(self.loop.body, frame)
        finally:
            interpreter.uncertain -= not certain

    def test_region(self, params: dict[Cell, Value | Var]) -> Region | None:
        """The condition for another iteration, on parameters of its own."""
        if self.it is not None and self.stop is None:
            return None
        trace, journal = self.trace, self.trace.journal
        mark = journal.mark()
        try:
            with trace.region() as nodes:
                output = self.condition()
            changed = [c for c in journal.changes(mark) if c.kind != "name" or "%" not in c.key]
        finally:
            journal.undo(mark)
        if changed:
            raise RefusedError(
                "the test of this loop changes something that lives on",
                self.origin.span,
                "loop `while True:`, and begin the body with `if not ...: break`",
            )
        own = [o for p in params.values() for o in param_variables(p)]
        return renamed(Region(tuple(own), tuple(nodes), (output,)))

    def condition(self) -> Operand:
        apply = self.trace.apply
        going: Value | None = None
        if self.stop is not None:
            flag = self.stop.read()
            if isinstance(flag, Known):
                going = known(not flag.value)
            else:
                going = apply(np.logical_not, [flag], {}, self.origin)
        if isinstance(self.loop, While):
            self.interpreter.block(self.loop.head, self.frame)
            test = self.interpreter.value(self.loop.test, self.frame)
            if isinstance(test, Array):
                test = test_of(self.trace, test, self.origin)
            else:
                test = known(self.interpreter.truth(test, self.origin))
            if going is None or (isinstance(going, Known) and going.value):
                going = test
            elif not (isinstance(test, Known) and test.value):
                going = apply(np.logical_and, [going, test], {}, self.origin)
        assert going is not None
        return operand_of(going)

    # --- comparing the state before and after ---

    def widen(self, carried: Carried, walk: Walk) -> bool:
        """Take in what a walk has shown; True where it has shown nothing new."""
        staying = [
            cell
            for cell in carried.trees
            if cell.kind == "name" and self.stays(walk.params[cell], walk.changes.get(cell), walk)
        ]
        if staying:  # the walk is done again without them
            for cell in staying:
                del carried.trees[cell]
            return False
        settled = True
        for cell, end in walk.changes.items():
            tree = carried.trees.get(cell)
            if tree is not None:
                settled &= self.widen_tree(carried, walk, cell, tree, end)
            elif cell not in carried.fresh:
                settled &= not self.take_in(carried, cell, end)
            elif (
                cell.kind == "value"
                and isinstance(end, Unset)
                and not isinstance(carried.fresh[cell], Unset)
            ):
                settled, carried.fresh[cell] = False, end
        return settled and self.widen_links(carried, walk)

    def widen_tree(self, carried: Carried, walk: Walk, cell: Cell, tree: Tree, end: Any) -> bool:
        param = walk.params[cell]
        if end is param:
            return True
        if isinstance(end, Unset):
            del carried.trees[cell]
            carried.fresh[cell] = end
            return False
        if cell.kind == "value":
            return True
        if cell.kind == "items":
            end = Struct(list, end)
        try:
            joined = join(tree, tree_of(end), (self.entry(cell), end))
        except Mismatch as mismatch:
            self.changed_form = True
            carried.fresh[cell] = self.unset(cell, str(mismatch))
            del carried.trees[cell]
            return False
        if joined != tree:
            carried.trees[cell] = joined
            return False
        return True

    def stays(self, param: Any, end: Any, walk: Walk) -> bool:
        """Whether a name that the body assigns stays with its array, which takes new values."""
        changed = isinstance(param, Array) and not param.scalar and param.storage in walk.written
        return changed and end is param

    def entry(self, cell: Cell) -> Any:
        value = cell.read()
        return value if isinstance(value, Known | Array) else None

    def take_in(self, carried: Carried, cell: Cell, end: Any) -> bool:
        """A cell that was not known to change; True where the walk has to be done again for it."""
        entry = cell.read()
        if cell.kind == "value":
            if isinstance(entry, Unset):
                carried.fresh[cell] = entry
                return False
            if isinstance(end, Unset):
                carried.fresh[cell] = end
            else:
                found = type_of(entry)
                assert isinstance(found, ArrayType)
                carried.trees[cell] = Leaf(found, False)
            return True
        if entry is MISSING or isinstance(entry, Unset):
            carried.fresh[cell] = entry
            return False
        if cell.kind == "items" and self.grows(carried, cell, entry, end):
            return True
        if cell.kind == "items" and not isinstance(end, Opaque) and len(entry) != len(end):
            carried.fresh[cell] = Unset(
                "the length of a list changes in this loop",
                self.origin.span,
                "use an array of a fixed size, and count",
            )
            return True
        found = join_cell(cell, entry, end, self.origin.span)
        if isinstance(found, Unset):
            self.changed_form = True
            carried.fresh[cell] = found
            return True
        if any(leaves(found)):
            carried.trees[cell] = found
            return True
        carried.fresh[cell] = entry
        return False

    def grows(self, carried: Carried, cell: Cell, entry: list[Value], end: list[Value]) -> bool:
        """Whether a list is longer after an iteration, with the same items before."""
        if len(end) <= len(entry) or any(a is not b for a, b in zip(entry, end, strict=False)):
            return False
        if self.it is None or self.stop is not None or self.it.length() is None:
            raise RefusedError(
                "a list grows in a loop whose number of iterations is not known",
                self.origin.span,
                "fill an array of a fixed size, np.zeros(most), and count",
            )
        if any(isinstance(item, Struct) and item.kind is list for item in end[len(entry) :]):
            raise OneByOneError(
                "a list of lists grows in a long loop",
                self.origin.span,
                "make it an array of rows",
            )
        if len(end) != len(entry) + 1:
            raise RefusedError(
                "a list grows by more than one item in an iteration",
                self.origin.span,
                "append to one list for each, or append a row",
            )
        self.lengths_before[cell] = len(entry)
        last = Cell(self.frame, f"last%{birth()}")
        if entry:
            self.trace.journal.set(last.owner, last.key, entry[-1])
        else:
            self.changed_form = True  # it has a last item from the second iteration on
        carried.growing.append(cell)
        carried.fresh[cell] = Growing(last)
        return True

    def unset(self, cell: Cell, why: str) -> Unset:
        name = cell.key.split("%")[0]
        return Unset(
            f"{name!r} {why.replace('on one way', 'before an iteration').replace('on the other', 'after it')}",
            self.origin.span,
            "give it the same type and shape before the loop and in it",
        )

    def is_read(self, walk: Walk, cell: Cell) -> bool:
        own = set(param_variables(walk.params[cell]))
        return any(v in own for v in reads(walk.nodes))

    def widen_links(self, carried: Carried, walk: Walk) -> bool:
        """Two carried names that are one array after an iteration may be one before the next."""
        before = len(carried.links)
        ends = {c: walk.changes[c] for c in carried.trees if c.kind not in ("value", "items")}
        moved = {c: e for c, e in ends.items() if e is not walk.params[c]}
        mine = {a.storage for p in walk.params.values() for a in arrays(p) if not a.scalar}  # type: ignore[arg-type]
        oldest = self.born_before(walk)
        for cell in moved:
            lying = set(walk.reach.get(cell, ())) - self.entries
            for other in ends:
                if other is not cell and lying & set(walk.reach.get(other, ())):
                    carried.links.add((cell, other))
            for storage in lying - mine:
                if storage.born < oldest:
                    carried.links.add((cell, storage))
        return len(carried.links) == before

    def born_before(self, walk: Walk) -> int:
        borns = [a.storage.born for p in walk.params.values() for a in arrays(p)]  # type: ignore[arg-type]
        return min(borns, default=0)


def base_type(array: Array) -> ArrayType:
    while array.view is not None:
        array = array.view.base
    return array.type


def assigned(block: Block) -> Iterator[tuple[str, str]]:
    """("name", "store" or "inplace", name) of everything that a block assigns or stores into, at any depth."""
    for statement in block:
        if isinstance(statement, Atom):
            if statement.op in ("setitem", "inplace_item"):
                target = statement.args[0 if statement.op == "setitem" else 1]
                if isinstance(target, Name):
                    yield "store", target.id
            elif statement.op == "inplace" and isinstance(statement.args[1], Name):
                yield "inplace", statement.args[1].id
            elif statement.op in ("alias", "unpack") or not isinstance(statement.op, str):
                yield from (("name", r.id) for r in statement.results)
            else:
                yield from (("name", r.id) for r in statement.results if r.id[:1] != "%")
        elif isinstance(statement, Branch):
            yield from assigned(statement.then)
            yield from assigned(statement.orelse)
        elif isinstance(statement, Loop | While):
            yield from assigned(statement.body)


def depends_on(trace: Any, operand: Any, index: Var | None) -> bool:
    """Whether a value is computed from the variable of a loop."""
    todo, seen = list(variables(operand)), set()
    while todo:
        v = todo.pop()
        if v is index:
            return True
        if v not in seen:
            seen.add(v)
            atom = trace.definitions.get(v)
            todo += list(atom.variables()) if atom is not None else []
    return False

"""Loops that stay loops: what an iteration changes is carried, in forms that hold before and after every iteration.

The body is walked with variables for what is guessed to be carried. Where the walk changes more, or leaves another
type, it is taken back and done again with that; the forms only ever widen, so this ends.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Set
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .affine import affine
from .choices import cell_name, cell_operands, join_cell, link_parts, reached, test_of
from .dead import reads
from .errors import RefusedError
from .ir import (
    ArrayType,
    Atom,
    Block,
    Branch,
    Lit,
    Loop,
    Name,
    Node,
    Operand,
    Origin,
    Region,
    Repeat,
    Var,
    While,
    type_of,
    variables,
)
from .iteration import ordinal
from .journal import MISSING, Cell
from .regions import renamed
from .structure import VALUE
from .trees import (
    Leaf,
    Mismatch,
    Tree,
    instantiate,
    join,
    leaves,
    operands,
    tree_of,
    variable,
    varies,
)
from .values import (
    Array,
    Growing,
    Iteration,
    Known,
    Opaque,
    Rows,
    Storage,
    Struct,
    Undecided,
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


@dataclass
class Carried:
    """What is known so far about the cells that a loop changes."""

    trees: dict[Cell, Tree] = field(default_factory=dict)
    fresh: dict[Cell, Any] = field(
        default_factory=dict
    )  # set anew in each iteration: value at its start
    links: set[tuple[Cell, Cell | Storage]] = field(default_factory=set)
    growing: list[Cell] = field(default_factory=list)  # lists that every iteration appends to


@dataclass
class Walk:
    """One walk of the body: its nodes, the parameters by cell, and the cells' values after it."""

    nodes: list[Node]
    params: dict[Cell, Value | Var]
    changes: dict[Cell, Any]
    state: dict[Cell, Any]  # the changes, with those of what the body has made itself
    reach: dict[Cell, list[Storage]]  # where the arrays of a changed cell may lie
    index: Var | None
    test: Region | None
    written: set[Any]


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
                self.finish(carried, walk, certain)
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
            for one in arrays(params.get(cell)):  # type: ignore[arg-type]
                others = (
                    [other]
                    if isinstance(other, Storage)
                    else [
                        a.storage
                        for a in arrays(params.get(other))  # type: ignore[arg-type]
                    ]
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
        if end is param or (cell.kind == "value" and end is param):
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

    # --- the loop itself ---

    def finish(self, carried: Carried, walk: Walk, certain: bool) -> None:
        trace, journal = self.trace, self.trace.journal
        cells = list(carried.trees)
        outputs: list[Operand] = []
        ends = {c: walk.changes[c] for c in cells}
        with journal.replayed(walk.state):  # what the body has made is as the iteration leaves it
            exported = self.exported(carried, walk, certain)
        with journal.replayed(walk.state), trace.region(walk.nodes):
            for cell in cells:
                outputs += cell_operands(trace, ends[cell], carried.trees[cell], self.origin)
            for cell, tree in exported.items():
                outputs += cell_operands(trace, walk.changes[cell], tree, self.origin)
            for cell in carried.growing:
                if isinstance(walk.changes[cell], Undecided):
                    walk.changes[cell].refuse()
            appended = {
                c: trace.array_like(walk.changes[c].item, self.origin) for c in carried.growing
            }
            for value in appended.values():
                outputs.append(Lit(value.value) if isinstance(value, Known) else operand_of(value))
        inits: list[Operand] = []
        params: list[Var] = []
        for cell in cells:
            params += param_variables(walk.params[cell])
            entry = cell.read()
            inits += cell_operands(trace, entry, carried.trees[cell], self.origin)
        results: list[Var] = []

        def make(leaf: Leaf, hint: str, depth: int | None) -> Var:
            results.append(variable(leaf, hint, depth))
            return results[-1]

        after: dict[Cell, Any] = {}
        for cell, tree in (*carried.trees.items(), *exported.items()):
            hint, depth = cell_name(self.interpreter, cell)
            after[cell] = instantiate(tree, lambda leaf, h=hint, d=depth: make(leaf, h, d))
        dropped = {
            v
            for c in cells
            if walk.changes[c] is walk.params[c]
            for v in param_variables(walk.params[c])
        }
        spare = [Var(r.hint, r.type) for r in results[len(inits) :]]
        for tree in exported.values():
            inits += operands_of_nothing(trace, tree, self.origin)
        test = walk.test
        if test is not None:
            more = tuple(Var(s.hint, s.type) for s in spare)
            test = Region((*test.params, *more), test.body, test.outputs)
        span = None
        if self.it is not None:
            bounds = (self.it.start, self.it.stop, self.it.step)
            span = tuple(operand_of(b) for b in bounds)
        stacked = [stacked_variable(operand, self.it) for operand in outputs[len(results) :]]
        node = Repeat(
            (*results, *stacked),
            tuple(inits),
            Region((*params, *spare), tuple(walk.nodes), tuple(outputs)),
            walk.index,
            span,  # type: ignore[arg-type]
            test,
            checkpoint=None if self.it is None else self.it.checkpoint,
            origin=self.origin,
            key=object(),
        )
        trace.add(without_fixed(node, dropped))
        self.update_state(carried, walk, after, certain)
        for cell, v in zip(carried.growing, stacked, strict=True):
            self.settle_list(cell, v, walk)

    def settle_list(self, cell: Cell, stacked: Var, walk: Walk) -> None:
        """A list that the loop has filled is one array now.

        Its items were the user's arrays themselves: what changes one of these later, changes the list.
        """
        trace, rows = self.trace, Array(stacked)
        growing = walk.changes[cell]
        lying = set(reached(growing.item))
        own = {s for p in walk.params.values() for s in reached(p)}
        for (
            carried,
            param,
        ) in walk.params.items():  # what the next iteration knows by a carried name
            if lying & set(walk.reach.get(carried, ())):
                lying |= set(reached(param))
        oldest = self.born_before(walk) if own else self.born
        if any(s in walk.written and (s in own or s.born < oldest) for s in lying):
            raise RefusedError(
                "the list holds an array that the loop changes in place later, so that the item changes with it",
                growing.origin.span,
                "append a .copy()",
            )
        link_parts(trace, rows, [s for s in lying if s not in own and s.born < oldest])
        before = cell.owner.items
        if before:
            first = trace.apply(np.array, [Struct(list, list(before))], {}, self.origin)
            both = Struct(list, [first, rows])
            rows = trace.apply(np.concatenate, [both], {}, self.origin)
        trace.journal.set(cell.owner, "rows", rows)
        trace.journal.set(cell.owner, "items", Rows())

    def exported(self, carried: Carried, walk: Walk, certain: bool) -> dict[Cell, Tree]:
        """Names that every iteration sets anew: their last value is known after a loop that surely runs."""
        found: dict[Cell, Tree] = {}
        for cell in carried.fresh:
            end = walk.changes.get(cell, MISSING)
            if cell.kind in ("value", "items", "keys") or end is MISSING or isinstance(end, Unset):
                continue
            if isinstance(end, Struct) and isinstance(end.items, Opaque):
                continue
            if cell.key[0] == "%" and cell.key != VALUE.id:
                continue  # a temporary
            if isinstance(end, Known) and "%" not in cell.key or is_rows(end):
                continue
            tree = tree_of(end)
            if (certain or "%" in cell.key) and any(leaves(tree)) and not varies(tree):
                found[cell] = tree
        return found

    def update_state(
        self, carried: Carried, walk: Walk, after: dict[Cell, Any], certain: bool
    ) -> None:
        trace, journal = self.trace, self.trace.journal
        others = self.interpreter.visible(set(after) | set(carried.fresh))
        joined: list[Cell] = []
        held = {cell: before.read() for cell, before in self.exchanged(walk, after).items()}
        for cell, value in after.items():
            if cell in held:
                self.hold(cell, held[cell], value, walk)
                after[cell] = held[cell]
                joined.append(cell)
                continue
            end, entry = walk.changes[cell], cell.read()
            if cell in carried.trees and end is walk.params[cell]:
                continue  # it was carried for nothing
            if cell.kind == "value":
                journal.set(cell.owner, "value", value.operand)
                trace.written.add(cell.owner)
                continue
            if cell.kind == "items":
                journal.set(cell.owner, "items", list(value.items))
                continue
            if (
                isinstance(end, Known)
                and is_plain_number(end)
                and self.keeps(cell, walk, end, certain)
            ):
                journal.set(cell.owner, cell.key, respelled(end))
                continue
            self.spoil(cell, walk)
            journal.set(cell.owner, cell.key, value)
            lying = (*reached(entry), *walk.reach.get(cell, ()))
            link_parts(trace, value, [s for s in lying if s in others])
            joined.append(cell)
        self.link_results(walk, {cell: after[cell] for cell in joined})
        decided = {array.storage for array in held.values()}
        for cell in carried.fresh:
            if cell in after or cell in carried.growing or cell.owner in decided:
                continue
            end = walk.changes.get(cell, MISSING)
            if cell.kind in ("value", "items", "keys"):
                journal.set(cell.owner, cell.key, unread(cell, carried.fresh[cell]))
            elif cell.key == VALUE.id and isinstance(end, Known) and is_fixed(end):
                journal.set(cell.owner, cell.key, end)  # what a `return` without an array returns
            elif end is MISSING or "%" in cell.key:
                journal.set(cell.owner, cell.key, MISSING)
            elif isinstance(end, Unset):
                journal.set(cell.owner, cell.key, end)
            elif is_rows(end):
                why = f"the list {cell.key!r} is filled inside a loop"
                again = Unset(why, self.origin.span, "make it an array with np.array in the loop")
                journal.set(cell.owner, cell.key, again)
            elif not any(leaves(tree_of(end))) and certain:
                journal.set(cell.owner, cell.key, end)
            elif isinstance(end, Known) and certain:
                journal.set(cell.owner, cell.key, respelled(end))
            else:
                why = "has no value where the loop does not run", "give it a value before the loop"
                if varies(tree_of(end)):
                    why = "has a length that changes in the loop", "read it inside the loop"
                again = Unset(f"{cell.key!r} {why[0]}", self.origin.span, why[1])
                journal.set(cell.owner, cell.key, again)

    def exchanged(self, walk: Walk, after: dict[Cell, Any]) -> dict[Cell, Cell]:
        """Names whose arrays change places, and how often is known: for each the one whose array it holds at last."""
        count = self.it.length() if self.it is not None and self.stop is None else None
        if count is None:
            return {}
        whole = [
            c
            for c in after
            if c.kind == "name"
            and all(map(is_whole, (c.read(), walk.params.get(c), walk.changes[c])))
        ]
        own = {walk.params[c].storage: c for c in whole}  # type: ignore[union-attr]
        moves = {c: own[end] for c in whole if (end := walk.changes[c].storage) in own}
        while set(moves) != set(moves.values()):
            moves = {
                c: other for c, other in moves.items() if other in moves and c in moves.values()
            }
        storages = {c.read().storage for c in moves}
        if len(storages) < len(moves) or any(s.linked for s in storages):
            return {}
        if all(c is other for c, other in moves.items()):
            return {}
        last = {c: c for c in moves}
        for _ in range(count % math.lcm(*range(1, len(moves) + 1))):
            last = {c: last[moves[c]] for c in moves}
        return last

    def hold(self, cell: Cell, array: Array, value: Array, walk: Walk) -> None:
        """Let a name hold an array from before the loop, with the value that it has now."""
        journal = self.trace.journal
        journal.set(array.storage, "value", value.operand)
        journal.set(cell.owner, cell.key, array)
        if any(a.storage in walk.written for p in walk.params.values() for a in arrays(p)):  # type: ignore[arg-type]
            self.trace.written.add(array.storage)

    def link_results(self, walk: Walk, results: dict[Cell, Any]) -> None:
        """Two names that may be one array after an iteration may be one array after the loop."""
        cells = list(results)
        for k, one in enumerate(cells):
            lying = set(walk.reach.get(one, ())) - self.entries
            for two in cells[k + 1 :]:
                if lying & set(walk.reach.get(two, ())):
                    link_parts(self.trace, results[one], reached(results[two]))

    def keeps(self, cell: Cell, walk: Walk, end: Known, certain: bool) -> bool:
        """A name that is set to one known value in each iteration, and not read before."""
        entry = cell.read()
        same = (
            isinstance(entry, Known)
            and type(entry.value) is type(end.value)
            and entry.value == end.value
        )
        return (same or certain) and cell in walk.params and not self.is_read(walk, cell)

    def spoil(self, cell: Cell, walk: Walk) -> None:
        """Where the loop has changed a carried array in place, others that see the array before it are stale."""
        if cell not in walk.params:
            return
        written = any(a.storage in walk.written for a in arrays(walk.params[cell]))  # type: ignore[arg-type]
        if not written:
            return
        stale = Unset(
            "this array may be one that the loop has changed in place, so that its value is not decided",
            self.origin.span,
            "take a .copy() before the loop",
        )
        for array in arrays(cell.read()):
            if not array.scalar:
                self.trace.journal.set(array.storage, "value", stale)


def is_whole(value: Any) -> bool:
    """Whether a value is an array that is no view, and can be changed in place."""
    return isinstance(value, Array) and value.view is None and not value.scalar


def unread(cell: Cell, value: Any) -> Any:
    """What a cell holds; the items of a container that cannot be told cannot be taken either."""
    return Undecided(value) if cell.kind == "items" and isinstance(value, Unset) else value


def base_type(array: Array) -> ArrayType:
    while array.view is not None:
        array = array.view.base
    return array.type


def is_fixed(value: Value) -> bool:
    """Whether a value has no arrays and no numbers in it: None, a string, a function."""
    return not any(leaves(tree_of(value)))


def is_rows(value: Any) -> bool:
    """Whether a value is a list that an inner loop has filled."""
    return isinstance(value, Struct) and isinstance(value.items, Opaque)


def is_plain_number(value: Any) -> bool:
    return isinstance(value, Known) and isinstance(
        value.value, bool | int | float | np.number | np.bool_
    )


def param_variables(param: Any) -> list[Var]:
    """The variables that a parameter value is made of."""
    if isinstance(param, Var):
        return [param]
    return [v for v in variables(operand_of(param))] if not isinstance(param, Unset) else []


def stacked_variable(operand: Operand, it: Iteration | None) -> Var:
    """One array for the values of an operand in all iterations."""
    found, length = type_of(operand), None if it is None else it.length()
    assert isinstance(found, ArrayType) and length is not None
    return Var("t", ArrayType((length, *found.shape), found.dtype))


def respelled(value: Known) -> Known:
    """A known value written out, for use where the statements of the loop are not seen."""
    return value if isinstance(value.operand, Lit) else known(value.value)


def operands_of_nothing(trace: Any, tree: Tree, origin: Origin) -> list[Operand]:
    return operands(trace, MISSING, tree, origin)


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


def without_fixed(node: Repeat, dropped: Set[Var]) -> Repeat:
    """Without the carries whose parameters are `dropped`: no iteration changes them."""
    carries = node.carries
    kept = [k for k, (_, _, param, _) in enumerate(carries) if param not in dropped]
    if len(kept) == len(carries):
        return node
    fixed = {param: init for _, init, param, _ in carries if param in dropped}
    rest = len(carries)
    results = [node.results[k] for k in kept] + list(node.results[rest:])
    test = node.test
    if test is not None:
        own = {test.params[k]: carries[k][1] for k in range(rest) if k not in kept}
        body = test.map(lambda v: own.get(v, v))
        test = Region(tuple(test.params[k] for k in kept), body.body, body.outputs)
    body = node.body.map(lambda v: fixed.get(v, v))
    params = [node.body.params[k] for k in kept] + list(node.body.params[rest:])
    outputs = [body.outputs[k] for k in kept] + list(body.outputs[rest:])
    return replace(
        node,
        results=tuple(results),
        inits=tuple(node.inits[k] for k in kept),
        body=Region(tuple(params), body.body, tuple(outputs)),
        test=test,
    )


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

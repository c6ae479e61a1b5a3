"""Behind a loop: the loop itself, and what it leaves in the names, arrays and lists that it changes."""

from __future__ import annotations

import math
from collections.abc import Set
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .array_like import array_like
from .choices import cell_name, cell_operands, link_parts, reached
from .errors import RefusedError
from .ir import Node, Origin, Region, Repeat
from .jax_arrays import common
from .journal import MISSING, Cell
from .operands import ArrayType, Lit, Operand, Var, type_of, variables
from .structure import VALUE
from .trees import (
    Leaf,
    Tree,
    instantiate,
    leaves,
    operands,
    tree_of,
    variable,
    varies,
)
from .values import (
    Array,
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
    known,
    operand_of,
)

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    from .loops import LoopWalker


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


class LoopEnd:
    """What becomes of one loop of the user's after its last walk: a `Repeat`, and the state behind it."""

    def __init__(self, walker: LoopWalker, carried: Carried, walk: Walk, certain: bool):
        self.interpreter, self.trace, self.origin = walker.interpreter, walker.trace, walker.origin
        self.it, self.stop, self.entries = walker.it, walker.stop, walker.entries
        self.is_read, self.born_before, self.born = walker.is_read, walker.born_before, walker.born
        self.carried, self.walk, self.certain = carried, walk, certain

    def write(self) -> None:
        """Write the loop, and give what it has changed its value behind it."""
        carried, walk = self.carried, self.walk
        trace, journal = self.trace, self.trace.journal
        cells = list(carried.trees)
        outputs: list[Operand] = []
        ends = {c: walk.changes[c] for c in cells}
        with journal.replayed(walk.state):  # what the body has made is as the iteration leaves it
            exported = self.exported()
        with journal.replayed(walk.state), trace.region(walk.nodes):
            for cell in cells:
                outputs += cell_operands(trace, ends[cell], carried.trees[cell], self.origin)
            for cell, tree in exported.items():
                outputs += cell_operands(trace, walk.changes[cell], tree, self.origin)
            for cell in carried.growing:
                if isinstance(walk.changes[cell], Undecided):
                    walk.changes[cell].refuse()
            appended = {
                c: array_like(trace, walk.changes[c].item, self.origin) for c in carried.growing
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
        self.update_state(after)
        for cell, v in zip(carried.growing, stacked, strict=True):
            self.settle_list(cell, v)

    def settle_list(self, cell: Cell, stacked: Var) -> None:
        """A list that the loop has filled is one array now.

        Its items were the user's arrays themselves: what changes one of these later, changes the list.
        """
        trace, rows = self.trace, Array(stacked)
        growing = self.walk.changes[cell]
        lying = set(reached(growing.item))
        own = {s for p in self.walk.params.values() for s in reached(p)}
        # What the next iteration knows by a carried name.
        for name, param in self.walk.params.items():
            if lying & set(self.walk.reach.get(name, ())):
                lying |= set(reached(param))
        oldest = self.born_before(self.walk) if own else self.born
        if any(s in self.walk.written and (s in own or s.born < oldest) for s in lying):
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
        assert isinstance(rows, Array)
        rows.of_jax = common([growing.item, *before])
        trace.journal.set(cell.owner, "rows", rows)
        trace.journal.set(cell.owner, "items", Rows())

    def exported(self) -> dict[Cell, Tree]:
        """Names that every iteration sets anew: their last value is known after a loop that surely runs."""
        found: dict[Cell, Tree] = {}
        for cell in self.carried.fresh:
            end = self.walk.changes.get(cell, MISSING)
            if cell.kind in ("value", "items", "keys") or end is MISSING or isinstance(end, Unset):
                continue
            if isinstance(end, Struct) and isinstance(end.items, Opaque):
                continue
            if cell.key[0] == "%" and cell.key != VALUE.id:
                continue  # a temporary
            if isinstance(end, Known) and "%" not in cell.key or is_rows(end):
                continue
            tree = tree_of(end)
            if (self.certain or "%" in cell.key) and any(leaves(tree)) and not varies(tree):
                found[cell] = tree
        return found

    def update_state(self, after: dict[Cell, Any]) -> None:
        trace, journal = self.trace, self.trace.journal
        others = self.interpreter.visible(set(after) | set(self.carried.fresh))
        joined: list[Cell] = []
        held = {cell: before.read() for cell, before in self.exchanged(after).items()}
        for cell, value in after.items():
            if cell in held:
                self.hold(cell, held[cell], value)
                after[cell] = held[cell]
                joined.append(cell)
                continue
            end, entry = self.walk.changes[cell], cell.read()
            if cell in self.carried.trees and end is self.walk.params[cell]:
                continue  # it was carried for nothing
            if cell.kind == "value":
                journal.set(cell.owner, "value", value.operand)
                trace.written.add(cell.owner)
                continue
            if cell.kind == "items":
                journal.set(cell.owner, "items", list(value.items))
                continue
            if isinstance(end, Known) and is_plain_number(end) and self.keeps(cell, end):
                journal.set(cell.owner, cell.key, respelled(end))
                continue
            self.spoil(cell)
            journal.set(cell.owner, cell.key, value)
            lying = (*reached(entry), *self.walk.reach.get(cell, ()))
            link_parts(trace, value, [s for s in lying if s in others])
            joined.append(cell)
        self.link_results({cell: after[cell] for cell in joined})
        decided = {array.storage for array in held.values()}
        for cell in self.carried.fresh:
            if cell in after or cell in self.carried.growing or cell.owner in decided:
                continue
            end = self.walk.changes.get(cell, MISSING)
            if cell.kind in ("value", "items", "keys"):
                journal.set(cell.owner, cell.key, unread(cell, self.carried.fresh[cell]))
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
            elif not any(leaves(tree_of(end))) and self.certain:
                journal.set(cell.owner, cell.key, end)
            elif isinstance(end, Known) and self.certain:
                journal.set(cell.owner, cell.key, respelled(end))
            else:
                why = "has no value where the loop does not run", "give it a value before the loop"
                if varies(tree_of(end)):
                    why = "has a length that changes in the loop", "read it inside the loop"
                again = Unset(f"{cell.key!r} {why[0]}", self.origin.span, why[1])
                journal.set(cell.owner, cell.key, again)

    def exchanged(self, after: dict[Cell, Any]) -> dict[Cell, Cell]:
        """Names whose arrays change places, and how often is known: for each the one whose array it holds at last."""
        count = self.it.length() if self.it is not None and self.stop is None else None
        if count is None:
            return {}
        whole = [
            c
            for c in after
            if c.kind == "name"
            and all(map(is_whole, (c.read(), self.walk.params.get(c), self.walk.changes[c])))
        ]
        own = {self.walk.params[c].storage: c for c in whole}  # type: ignore[union-attr]
        moves = {c: own[end] for c in whole if (end := self.walk.changes[c].storage) in own}
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

    def hold(self, cell: Cell, array: Array, value: Array) -> None:
        """Let a name hold an array from before the loop, with the value that it has now."""
        journal = self.trace.journal
        journal.set(array.storage, "value", value.operand)
        journal.set(cell.owner, cell.key, array)
        values = [p for p in self.walk.params.values() if not isinstance(p, Var)]
        if any(a.storage in self.walk.written for p in values for a in arrays(p)):
            self.trace.written.add(array.storage)

    def link_results(self, results: dict[Cell, Any]) -> None:
        """Two names that may be one array after an iteration may be one array after the loop."""
        cells = list(results)
        for k, one in enumerate(cells):
            lying = set(self.walk.reach.get(one, ())) - self.entries
            for two in cells[k + 1 :]:
                if lying & set(self.walk.reach.get(two, ())):
                    link_parts(self.trace, results[one], reached(results[two]))

    def keeps(self, cell: Cell, end: Known) -> bool:
        """A name that is set to one known value in each iteration, and not read before."""
        entry = cell.read()
        same = (
            isinstance(entry, Known)
            and type(entry.value) is type(end.value)
            and entry.value == end.value
        )
        return (
            (same or self.certain)
            and cell in self.walk.params
            and not self.is_read(self.walk, cell)
        )

    def spoil(self, cell: Cell) -> None:
        """Where the loop has changed a carried array in place, others that see the array before it are stale."""
        if cell not in self.walk.params:
            return
        written = any(a.storage in self.walk.written for a in arrays(self.walk.params[cell]))  # type: ignore[arg-type]
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
                self.trace.written.add(array.storage)


def is_whole(value: Any) -> bool:
    """Whether a value is an array that is no view, and can be changed in place."""
    return isinstance(value, Array) and value.view is None and not value.scalar


def unread(cell: Cell, value: Any) -> Any:
    """What a cell holds; the items of a container that cannot be told cannot be taken either."""
    return Undecided(value) if cell.kind == "items" and isinstance(value, Unset) else value


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

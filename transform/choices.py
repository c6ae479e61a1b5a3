"""A branch whose test is an array value: both sides are walked from the same state, and what they changed is joined."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import ProgramError, Span
from .ir import Choice, Node, Origin, Region
from .journal import MISSING, Cell
from .operands import Lit, Operand, Var, type_of
from .structure import VALUE
from .trees import (
    Fixed,
    Inner,
    Leaf,
    Mismatch,
    Tree,
    instantiate,
    join,
    operands,
    same,
    tree_of,
    variable,
    varies,
)
from .values import Array, Growing, Known, Storage, Struct, Undecided, Unset, Value, arrays, known
from .views import link_storages

if TYPE_CHECKING:
    from .infer import Interpreter
    from .trace import Trace


@dataclass
class Side:
    """What one side of a branch does: its statements and the cells that it leaves changed."""

    nodes: list[Node]
    changes: dict[Cell, Any]
    state: dict[Cell, Any]  # the changes, with those of what the side has made itself
    reach: dict[Cell, list[Storage]]  # where the arrays of a changed cell may lie

    def value(self, cell: Cell) -> Any:
        return self.changes[cell] if cell in self.changes else cell.read()


def test_of(trace: Trace, value: Array, origin: Origin) -> Array:
    """The truth of an array of one element, as NumPy's `bool` of it."""
    if value.type.size != 1:
        raise ProgramError(
            "ValueError: the truth value of an array with more than one element is ambiguous; "
            "use np.any or np.all",
            origin.span,
        )
    test: Value = value
    if value.type.ndim:
        test = trace.apply(np.reshape, [test, known(())], {}, origin)
    if value.type.dtype.kind != "b":
        test = trace.apply(np.not_equal, [test, known(0)], {}, origin)
    assert isinstance(test, Array)
    return test


def choose(
    interpreter: Interpreter,
    test: Array,
    then: Callable[[], None],
    orelse: Callable[[], None],
    origin: Origin,
) -> None:
    """Walk both sides and continue with the joined state."""
    trace = interpreter.trace
    flag = test_of(trace, test, origin)
    sides = walk_side(trace, then), walk_side(trace, orelse)
    cells = list(dict.fromkeys((*sides[0].changes, *sides[1].changes)))
    joined: dict[Cell, tuple[Tree, Value]] = {}
    results: list[Var] = []
    pairs: dict[tuple[int, int], Value] = {}
    after: dict[Cell, Any] = {}
    grown: list[tuple[Cell, Growing]] = []
    for cell in cells:
        one, two = (side.value(cell) for side in sides)
        key = id(one), id(two)
        if key in pairs:  # two names of one array on both sides
            after[cell] = pairs[key]
            continue
        if isinstance(one, Growing) and isinstance(two, Growing) and one.item and two.item:
            grown.append((cell, one))
            continue
        found = join_cell(cell, one, two, origin.span)
        if isinstance(found, Unset) or found is MISSING:
            after[cell] = found
            continue
        hint, depth = cell_name(interpreter, cell)

        def make(leaf: Leaf, hint: str = hint, depth: int | None = depth) -> Var:
            results.append(variable(leaf, hint, depth))
            return results[-1]

        value = instantiate(found, make)
        if isinstance(found, Fixed) and isinstance(value, Known) and value is not cell.read():
            value = value if isinstance(value.operand, Lit) else known(value.value)
        joined[cell] = found, value
        after[cell] = pairs[key] = value
    outputs: list[list[Operand]] = []
    for side in sides:
        with trace.journal.replayed(side.state), trace.region(side.nodes):
            others = {c: reached(side.value(c)) for c in cells if c.kind == "name"}
            side.reach = {**others, **side.reach}
            values = [(side.value(cell), tree) for cell, (tree, _) in joined.items()]
            outputs.append([o for v, t in values for o in cell_operands(trace, v, t, origin)])
    if results:
        one, two = (
            Region((), tuple(s.nodes), tuple(o)) for s, o in zip(sides, outputs, strict=True)
        )
        trace.add(Choice(tuple(results), flag.operand, one, two, origin, key=object()))
    others = interpreter.visible(set(after))
    for cell, value in after.items():
        if cell.kind == "value" and isinstance(value, Array):
            trace.journal.set(cell.owner, "value", value.operand)
            trace.written.add(cell.owner)
        elif cell.kind == "items" and isinstance(value, Unset):
            trace.journal.set(cell.owner, "items", Undecided(value))
        elif cell.kind == "items" and cell in joined:
            trace.journal.set(cell.owner, "items", list(value.items))
        else:
            trace.journal.set(cell.owner, cell.key, value)
            for side in sides:
                link_parts(trace, value, [s for s in side.reach.get(cell, ()) if s in others])
    for cell, items in grown:  # what each side has appended is the list's last item
        last = items.last.read()
        if isinstance(last, Unset):
            raise last.error().at(origin.span)
        trace.journal.set(cell.owner, "items", items.appended(last, origin))
    # Two joined names that may be one array on one side may be one array after it.
    names = [c for c, v in after.items() if c.kind == "name" and any(arrays_in(v))]
    for k, one in enumerate(names):
        for two in names[k + 1 :]:
            if any(set(s.reach.get(one, ())) & set(s.reach.get(two, ())) for s in sides):
                link_parts(trace, after[one], [a.storage for a in arrays_in(after[two])])


def walk_side(trace: Trace, run: Callable[[], None]) -> Side:
    journal = trace.journal
    mark = journal.mark()
    try:
        with trace.region() as nodes:
            run()
            changes = journal.changes(mark)
            state = journal.changes(mark, young=True)
            reach = {cell: reached(value) for cell, value in changes.items() if cell.kind == "name"}
    finally:
        journal.undo(mark)
    return Side(nodes, changes, state, reach)


def join_cell(cell: Cell, one: Any, two: Any, span: Span | None) -> Any:
    """The common form of a cell's two values, or why there is none."""
    for value in (one, two):
        if isinstance(value, Unset):
            return value
    if cell.kind == "value":
        found = type_of(one)
        return Leaf(found, False)  # type: ignore[arg-type]
    if cell.kind == "keys":
        return Unset(
            "a dict gets a key on one branch only", span, "give it the key before the branch"
        )
    if cell.kind == "items":
        if isinstance(one, Growing) or isinstance(two, Growing):
            return Unset("a list grows on one branch only", span, "append on both branches")
        if len(one) != len(two):
            return Unset("a list grows on one branch only", span, "append on both branches")
        return join_lists(one, two, span)
    if one is MISSING or two is MISSING:
        if cell.key[0] == "%" and cell.key != VALUE.id:  # a temporary of one side
            return MISSING
        if "%" in cell.key:  # a flag guards it
            found = tree_of(two if one is MISSING else one)
            why = "a value gets a length that is computed on one branch only"
            return Unset(why, span, "use an array of a fixed size") if varies(found) else found
        return Unset(
            f"{cell.key!r} gets its value on one branch only",
            span,
            "give it a value before the branch",
        )
    if same(one, two):
        return Fixed(one)
    try:
        return join(tree_of(one), tree_of(two), (one, two))
    except Mismatch as mismatch:
        name = repr(cell.key.split("%")[0]) if cell.key[0] != "%" else "the result"
        return Unset(f"{name} {mismatch}", span, "give it one type and one shape on both ways")


def join_lists(one: list[Value], two: list[Value], span: Span | None) -> Tree | Unset:
    try:
        children = tuple(
            Fixed(a) if same(a, b) else join(tree_of(a), tree_of(b), (a, b))
            for a, b in zip(one, two, strict=True)
        )
    except Mismatch as mismatch:
        return Unset(f"an item of the list {mismatch}", span, "give it one type and one shape")
    return Inner(list, (), children)


def cell_operands(trace: Trace, value: Any, tree: Tree, origin: Origin) -> list[Operand]:
    """The operands of a cell's value: an operand itself, a list of values, or a value."""
    if isinstance(value, list):
        value = Struct(list, value)
    if (
        isinstance(tree, Leaf)
        and not isinstance(value, Array | Known | Unset)
        and value is not MISSING
    ):
        return [value]
    return operands(trace, value, tree, origin)


def cell_name(interpreter: Interpreter, cell: Cell) -> tuple[str, int | None]:
    """The name, and how deep it was given, that a joined value would like to have."""
    if cell.kind in ("value", "items", "keys"):
        operand = cell.read() if cell.kind == "value" else None
        return getattr(operand, "hint", ""), getattr(operand, "depth", None)
    hint = cell.key.split("%")[0]
    return hint, getattr(cell.owner, "depth", None)


def arrays_in(value: Any) -> list[Array]:
    if isinstance(value, Unset) or value is MISSING:
        return []
    return [a for a in arrays(value) if not a.scalar]


def reached(value: Any) -> list[Storage]:
    """The storages in which the arrays of a value may lie, as the state is now."""
    if isinstance(value, list):
        return [s for item in value for s in reached(item)]
    if isinstance(value, Unset) or value is MISSING:
        return []
    own = [a.storage for a in arrays(value) if not a.scalar]
    return [*own, *(other for s in own for other in s.linked)]


def link_parts(trace: Trace, value: Any, storages: Iterable[Storage]) -> None:
    """The arrays of a value may lie in any of some storages."""
    if isinstance(value, Unset) or value is MISSING:
        return
    for a in arrays(value):
        for storage in storages:
            if not a.scalar:
                link_storages(trace, a.storage, storage)

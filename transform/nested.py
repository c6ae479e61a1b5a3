"""A window in a window is one window.

Given:
    rows = x[1:-1]
    rows = rows.at[:, 2:].set(v)
    x = x.at[1:-1].set(rows)

Then:
    x = x.at[1:-1, 2:].set(v)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..primitives import getitem
from .array_rows import slice_of
from .dead import drop_dead
from .elements import parts_of
from .intervals import static_int
from .ir import Atom, Function, Node, definitions
from .liveness import IN_PLACE, use_counts
from .operands import ArrayType, Items, Lit, Operand, Slice, Var, array_type
from .sliding import ALL


def composed(
    shape: Sequence[int], outer: Sequence[Operand], inner: Sequence[Operand]
) -> list[Operand] | None:
    """The index that gives `x[outer][inner]` at once, for an array of a shape; None where it is not a plain one."""
    found: list[Operand] = []
    rest = list(inner)
    for size, part in zip(shape, outer, strict=True):
        places = places_of(part, size)
        if places is None:
            return None
        item = rest.pop(0) if rest else ALL
        if places == range(size):
            found.append(item)
            continue
        number = static_int(item)
        within = places_of(item, len(places))
        if number is not None:
            found.append(Lit(places[number]))
        elif within is not None and len(within):
            chosen = places[within.start : within.stop : within.step] if within.step > 0 else None
            if chosen is None:
                return None
            found.append(ALL if chosen == range(size) else slice_of(chosen, size))
        else:
            return None
    while found and found[-1] == ALL:
        found.pop()
    return found


def places_of(part: Operand, size: int) -> range | None:
    """The places that a slice gives of an axis; None where they are not known, or there are none."""
    if not isinstance(part, Slice) or part.width is not None:
        return None
    ends = [part.start, part.stop, part.step]
    numbers = [None if o is None else static_int(o) for o in ends]
    if any(n is None and o is not None for n, o in zip(numbers, ends, strict=True)):
        return None
    return range(size)[slice(*numbers)] or None


def index_of(parts: Sequence[Operand]) -> Operand:
    return parts[0] if len(parts) == 1 else Items("tuple", tuple(parts))


def inner_window(
    operand: Operand, atoms: Mapping[Var, Atom], items: Sequence[Operand]
) -> tuple[Operand, list[Operand]] | None:
    """The array, and the index into it, of a read from a window of it that has no name of the user's."""
    made = atoms.get(operand) if isinstance(operand, Var) and operand.depth is None else None
    if made is None or made.op is not getitem:
        return None
    base, index = made.args
    assert isinstance(base, Var | Lit)
    shape = base.type.shape if isinstance(base, Var) and isinstance(base.type, ArrayType) else None
    outer = None if shape is None else parts_of(index, len(shape))
    if shape is None or outer is None or not all(isinstance(p, Slice) for p in outer):
        return None
    found = composed(shape, outer, items)
    return None if found is None else (base, found)


def join_windows(function: Function) -> Function:
    """The function in which what is written into a window of a window is written at once."""
    work = definitions(function.body), use_counts(function)
    return drop_dead(function.with_body(_nodes(function.body, *work)))


def _nodes(
    nodes: Sequence[Node], atoms: Mapping[Var, Atom], uses: Counter[Var]
) -> tuple[Node, ...]:
    return tuple(
        _at_once(n, atoms, uses)
        if isinstance(n, Atom)
        else n.with_regions([replace(r, body=_nodes(r.body, atoms, uses)) for r in n.regions])
        for n in nodes
    )


def _at_once(atom: Atom, atoms: Mapping[Var, Atom], uses: Counter[Var]) -> Atom:
    if atom.op not in IN_PLACE[:1]:
        return atom
    base, rows, index = atom.args
    changed = atoms.get(rows) if isinstance(rows, Var) and uses[rows] == 1 else None
    if changed is None or changed.op not in IN_PLACE:
        return atom
    window, value, place = changed.args
    read = atoms.get(window) if isinstance(window, Var) else None
    if read is None or read.op is not getitem or read.args != (base, index):
        return atom
    assert isinstance(base, Var) and isinstance(base.type, ArrayType)
    outer = parts_of(index, base.type.ndim)
    inner = parts_of(place, array_type(window).ndim)
    if outer is None or inner is None or not all(isinstance(p, Slice) for p in outer):
        return atom
    found = composed(base.type.shape, outer, inner)
    return atom if not found else replace(atom, op=changed.op, args=(base, value, index_of(found)))

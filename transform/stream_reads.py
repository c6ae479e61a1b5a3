"""The elements that a loop reads of arrays that it does not change stream in."""

from __future__ import annotations

from dataclasses import replace

from .affine import affine
from .array_rows import named_rows, rows_of
from .elements import is_number, named_after, parts_of
from .ir import Atom
from .lengths import has_unknown
from .operands import ArrayType, Items, Operand, Var, variables
from .sliding import ALL, Along, Walk, Window, element_name
from .trace import Trace


class StreamReads:
    """Finds the reads that go through an array with a loop, and the streams that serve them."""

    def __init__(self, trace: Trace, atoms: dict[Var, Atom], walked: Walk, inside: set[Var]):
        self.trace, self.atoms, self.walked, self.inside = trace, atoms, walked, inside
        self.counters: set[Var | None] = set()  # of inner loops
        self.streams: dict[tuple[object, ...], tuple[Var, Operand]] = {}
        self.is_now: dict[Var, Operand] = {}

    def access(self, atom: Atom) -> Atom | None:
        """A read in terms of an element that streams in; None where it is one."""
        array, index = atom.args
        if not isinstance(array, Var) or array in self.inside or has_unknown(array.type):
            return atom
        whole = array.type
        assert isinstance(whole, ArrayType)
        parts = parts_of(index, whole.ndim)
        for axis in range(whole.ndim if parts is not None else 0):
            assert parts is not None
            locate = Along(self.atoms, self.walked, whole, axis)
            found = locate(index)
            if found is None:
                continue
            offset, rest = found
            window = Window(self.walked, locate.factor, {offset}, set())
            if not window.fits(whole.shape[axis]):
                return atom
            fixed = rest is None or self.inside.isdisjoint(variables(rest))
            if fixed and self.walked.index not in set(variables(rest)):
                element = self.element(array, parts, axis, window, atom.result.type)
                self.is_now[atom.result] = element
                named_after(element, atom.result)
                return None
            others = [ALL if k != axis else p for k, p in enumerate(parts)]
            there = self.key(array, others, axis, window) in self.streams
            if rest is None or not (there or self.goes_on(rest)):
                return atom
            row = ArrayType(whole.shape[:axis] + whole.shape[axis + 1 :], whole.dtype)
            return replace(atom, args=(self.element(array, others, axis, window, row), rest))
        return atom

    def element(
        self, array: Var, parts: list[Operand], axis: int, window: Window, row: ArrayType
    ) -> Var:
        (offset,), factor = window.offsets, window.factor
        key = self.key(array, parts, axis, window)
        if key not in self.streams:
            name = element_name(array.hint, self.walked.index.hint, factor, offset)
            rows = named_rows(
                rows_of(self.trace, array, parts, axis, window.places(offset)), array, name
            )
            self.streams[key] = Var(name, row), rows
            self.inside.add(self.streams[key][0])
        return self.streams[key][0]

    def key(
        self, array: Var, parts: list[Operand], axis: int, window: Window
    ) -> tuple[object, ...]:
        rest = tuple(p for k, p in enumerate(parts) if k != axis)
        return array, axis, window.factor, window.offsets[0], rest

    def goes_on(self, rest: Operand) -> bool:
        """Whether an inner loop goes through the row, or a part of it is taken: not an element that data choose."""
        items = rest.items if isinstance(rest, Items) else (rest,)
        for item in items:
            form = affine(item, self.atoms) if is_number(item) else None
            if form is not None and not any(v in self.counters for v in form[0]):
                if self.walked.index in form[0] or not self.inside.isdisjoint(form[0]):
                    return False
        return True

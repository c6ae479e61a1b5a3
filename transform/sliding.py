"""Which elements of an array the iterations of a loop work on, and how they pass from one iteration to the next."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, replace

import numpy as np

from ..primitives import getitem
from .affine import affine
from .elements import is_number, parts_of
from .intervals import static_int
from .ir import Atom, Node, Origin, Repeat
from .operands import ArrayType, Items, Lit, Operand, Slice, Var
from .trace import Trace
from .values import Known, known, operand_of, value_of

ALL = Slice(None, None, None)


@dataclass(frozen=True)
class Walk:
    """What a loop goes through: `count` indices from `start` on, each `step` more; from the last on if `backwards`."""

    index: Var
    start: int
    step: int
    count: int
    backwards: bool


def ascending(trace: Trace, node: Repeat, count: int) -> tuple[Repeat, list[Node]]:
    """A loop whose index grows, from the last to the first where it used to fall; and what follows it.

    What streams in and what is stacked lies in the order of the index: it is turned around, too.
    """
    assert node.span is not None
    start, stop, step = (static_int(o) for o in node.span)
    if step is None or step > 0:
        return node, []
    places = range(start, stop, step)  # type: ignore[arg-type]
    one = known(1)
    origin = replace(node.origin, spelling="operator")
    if step == -1:
        ends = [
            trace.static_operation(np.add, [known_of(o), one], origin) for o in node.span[1::-1]
        ]
        span = (*map(operand_of, ends), Lit(1))
    else:
        span = (Lit(places[-1]), Lit(places[0] + 1), Lit(-step))
    streams = tuple(turned(trace, stream, origin) for stream in node.streams)
    first = len(node.carries)
    rows = [Var(v.hint, v.type) for v in node.results[first:]]
    late: list[Node] = []
    for v, row in zip(node.results[first:], rows, strict=True):
        with trace.region() as nodes:
            turned(trace, row, origin)
        atom = nodes[-1]
        assert isinstance(atom, Atom)
        late += [*nodes[:-1], replace(atom, results=(v,))]
    results = (*node.results[:first], *rows)
    node = replace(node, results=results, streams=streams, span=span, backwards=not node.backwards)
    return node, late


def turned(trace: Trace, rows: Operand, origin: Origin) -> Operand:
    """An array with its first axis the other way round."""
    backwards = known(slice(None, None, -1))
    return operand_of(trace.apply(getitem, [value_of(rows), backwards], {}, origin))


def known_of(operand: Operand) -> Known:
    value = value_of(operand)
    assert isinstance(value, Known)
    return value


class Window:
    """The elements `factor * index + offset` that an iteration works on, and how they pass from one to the next.

    From one iteration to the next, an element's offset falls by `move`.
    """

    def __init__(self, walked: Walk, factor: int, touched: set[int], written: set[int]):
        self.walked, self.factor = walked, factor
        self.move = factor * walked.step * (-1 if walked.backwards else 1)
        self.offsets: list[int] = []
        self.leaving: list[int] = []  # where an element is written for the last time
        self.unfinished: list[int] = []  # carried out of the last iteration and not left behind yet
        for chain in self.chains(touched):
            self.offsets += chain
            marks = [k for k, o in enumerate(chain) if o in written]
            if marks:
                self.leaving.append(chain[marks[-1]])
                self.unfinished += chain[marks[0] + 1 : marks[-1] + 1]
        inside = set(self.offsets)
        self.entering = [o for o in self.offsets if o + self.move not in inside]
        self.carried = [o for o in self.offsets if o + self.move in inside]

    def chains(self, touched: set[int]) -> list[list[int]]:
        """The offsets that one element has in turn."""
        size = abs(self.move)
        found = []
        for residue in sorted({o % size for o in touched}):
            mine = [o for o in touched if o % size == residue]
            chain = list(range(min(mine), max(mine) + 1, size))
            found.append(chain[::-1] if self.move > 0 else chain)
        return found

    def places(self, offset: int) -> range:
        """Where the elements of an offset lie, in the order of the index."""
        first, by = self.factor * self.walked.start + offset, self.factor * self.walked.step
        return range(first, first + by * self.walked.count, by)

    def first(self, offset: int) -> int:
        """Where the element lies in the first iteration."""
        return self.places(offset)[-1 if self.walked.backwards else 0]

    def beyond(self, offset: int) -> int:
        """Where the element would lie in one more iteration."""
        return self.places(offset)[0 if self.walked.backwards else -1] + self.move

    def fits(self, size: int) -> bool:
        """Whether all of it lies in an axis of a size, counted from the front."""
        ends = [p for o in self.offsets for p in (self.places(o)[0], self.places(o)[-1])]
        return min(ends) >= 0 and max(ends) < size


class Along:
    """Which element an index means: `factor * index + offset` along an axis, with one factor for all."""

    def __init__(self, atoms: dict[Var, Atom], walked: Walk, array: ArrayType, axis: int):
        self.atoms, self.walked, self.ndim, self.axis = atoms, walked, array.ndim, axis
        self.factor = 0

    def __call__(self, index: Operand) -> tuple[int, Operand | None] | None:
        parts = parts_of(index, self.ndim)
        if parts is None or not is_number(parts[self.axis]):
            return None
        form = affine(parts[self.axis], self.atoms)
        if form is None or set(form[0]) != {self.walked.index}:
            return None
        factor = form[0][self.walked.index]
        if self.factor not in (0, factor):
            return None
        self.factor = factor
        rest = [p for k, p in enumerate(parts) if k != self.axis]
        while rest and rest[-1] == ALL:
            rest.pop()
        if not rest:
            return form[1], None
        return form[1], rest[0] if len(rest) == 1 else Items("tuple", tuple(rest))


def plural(name: str) -> str:
    return f"{name}_rows" if keyword.iskeyword(f"{name}s") else f"{name}s"


def element_name(array: str, index: str, factor: int, offset: int) -> str:
    """`y_i` for `y[i]`, `y_prev` for `y[i - 1]`, `a_ij` for the `j`th element of `a_i`."""
    if factor == 1 and offset:
        word = "next" if offset > 0 else "prev"
        return f"{array}_{word}{abs(offset) if abs(offset) > 1 else ''}"
    if len(index) == 1 and re.fullmatch(r".*_[a-z]{1,2}", array):
        return array + index
    return f"{array}_{index.strip('_') or 'row'}"

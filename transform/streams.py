"""A compiled loop that goes through arrays element by element is handed the elements, one an iteration.

XLA copies an array in each iteration of a loop that reads one element of it and writes another. So what an iteration
reads of an array streams in, what it leaves behind is stacked, and what later iterations need is carried.

Given:
    for i in range(1, len(x)):
        y[i] = x[i] + np.tanh(y[i - 1]) * d

Then:
    y_prev = y[0]
    for x_i in x[1:]:
        y_i = x_i + np.tanh(y_prev) * d
        y_prev = y_i
        ys.append(y_i)
    y[1:] = ys
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..primitives import getitem, update
from .affine import affine
from .dead import drop_dead
from .elements import (
    Elements,
    NotElements,
    Place,
    accesses,
    hint_of,
    is_number,
    named_after,
    parts_of,
)
from .intervals import static_int, static_length
from .ir import (
    ArrayType,
    Atom,
    Function,
    Items,
    Lit,
    Node,
    Operand,
    Origin,
    Region,
    Repeat,
    Slice,
    Var,
    definitions,
    type_of,
    variables,
    walk,
)
from .lengths import has_unknown
from .liveness import defined_within
from .trace import Trace
from .values import Array, Known, Value, known, operand_of, value_of

ALL = Slice(None, None, None)


def stream(function: Function) -> Function:
    """The function whose loops are handed what they go through."""
    if not any(isinstance(n, Repeat) for n in walk(function.body)):
        return function
    work = _Streams(function)
    body = work.nodes(drop_dead(function).body)
    for site in function.calls:
        for name, operand in site.params.items():
            if isinstance(operand, Var):
                site.params[name] = work.is_now.get(operand, operand)
        site.result[:] = [work.is_now.get(o, o) if isinstance(o, Var) else o for o in site.result]
    return drop_dead(function.with_body(tuple(body)))


@dataclass(frozen=True)
class Walk:
    """What a loop goes through: `count` indices from `start` on, each `step` more; from the last on if `backwards`."""

    index: Var
    start: int
    step: int
    count: int
    backwards: bool


class _Streams:
    def __init__(self, function: Function):
        self.trace = Trace(lengths=function.lengths)
        self.atoms = definitions(function.body)
        self.is_now: dict[Var, Operand] = {}

    def nodes(self, nodes: Sequence[Node]) -> list[Node]:
        with self.trace.region() as out:
            for node in nodes:
                if isinstance(node, Repeat):
                    self.loop(node)
                else:
                    regions = [replace(r, body=tuple(self.nodes(r.body))) for r in node.regions]
                    self.trace.add(node.with_regions(regions))
        return out

    def inner(self, node: Repeat) -> Repeat:
        return node.with_regions([replace(r, body=tuple(self.nodes(r.body))) for r in node.regions])

    def loop(self, node: Repeat) -> None:
        length = static_length(node)
        if not length:
            self.trace.add(self.inner(node))
            return
        node = ascending(self.trace, node, length)
        assert node.span is not None and node.index is not None
        start, _, step = (static_int(o) for o in node.span)
        assert start is not None and step is not None
        walked = Walk(node.index, start, step, length, node.backwards)
        after: list[Node] = []
        for result, *_ in node.carries:
            if isinstance(result.type, ArrayType) and result.type.shape:
                for axis in range(result.type.ndim):
                    changed = self.carried(node, walked, result, axis)
                    if changed is not None:
                        node, late = changed
                        after += late
                        break
        node = self.read_only(node, walked)
        self.trace.add(self.inner(node))
        for late in after:
            self.trace.add(late)

    # --- arrays that the loop changes ---

    def carried(
        self, node: Repeat, walked: Walk, result: Var, axis: int
    ) -> tuple[Repeat, list[Node]] | None:
        """The loop with an array replaced by the elements that it works on, and what puts the array together again."""
        position = node.results.index(result)
        param = node.body.params[position]
        whole = result.type
        assert isinstance(whole, ArrayType)
        locate = _Locate(self.atoms, walked, whole, axis)
        try:
            found = [(locate(index), w) for index, w in accesses(node.body, param)]
            if not found or any(place is None for place, _ in found):
                return None
            window = Window(
                walked,
                locate.factor,
                {place[0] for place, _ in found if place},
                {place[0] for place, writes in found if place and writes},
            )
            if not window.fits(whole.shape[axis]) or not window.leaving:
                return None
            return self.replaced(node, window, position, axis, locate)
        except NotElements:
            return None

    def replaced(
        self, node: Repeat, window: Window, position: int, axis: int, locate: _Locate
    ) -> tuple[Repeat, list[Node]]:
        result, init = node.results[position], node.inits[position]
        param, origin = node.body.params[position], node.origin
        assert isinstance(result.type, ArrayType)
        axes = _Axis(self.trace, result.type, axis, origin)
        row, index = axes.row, window.walked.index.hint
        elements = {
            o: Var(element_name(param.hint, index, window.factor, o), row) for o in window.offsets
        }
        starts: dict[int, Operand] = dict(elements)
        work = Elements(self.trace, param, init, starts, locate, row)
        nodes = work.region(node.body)
        self.is_now |= work.is_now
        end = node.body.outputs[position]
        if end not in work.versions:
            raise NotElements
        assert isinstance(end, Var)
        after = work.versions[end]
        count = len(node.inits)
        keep = [k for k in range(count) if k != position]
        outputs = [work.now(o) for o in node.body.outputs]
        carried = window.carried
        first = {o: axes.element(init, window.first(o)) for o in carried}
        last = {o: Var(hint_of(elements[o]), row) for o in carried}
        streams = {
            o: named_rows(axes.rows(init, window.places(o)), init, hint_of(elements[o]))
            for o in window.entering
        }
        stacked = {
            o: Var(plural(result.hint), axes.stacked(window.walked.count)) for o in window.leaving
        }
        everything = [o for o in window.leaving if axes.whole(window.places(o))]
        if axis == 0 and everything:
            stacked = {everything[0]: result}
        changed = replace(
            node,
            results=(
                *(node.results[k] for k in keep),
                *last.values(),
                *node.results[count:],
                *stacked.values(),
            ),
            inits=(*(node.inits[k] for k in keep), *first.values()),
            streams=(*node.streams, *streams.values()),
            body=Region(
                (
                    *(node.body.params[k] for k in keep),
                    *(elements[o] for o in carried),
                    *node.body.params[count:],
                    *(elements[o] for o in streams),
                ),
                tuple(nodes),
                (
                    *(outputs[k] for k in keep),
                    *(after[o + window.move] for o in carried),
                    *outputs[count:],
                    *(after[o] for o in stacked),
                ),
            ),
        )
        if result in stacked.values():
            return changed, []
        with self.trace.region() as late:
            parts: list[tuple[Var, range | int]] = [
                (stacked[o], window.places(o)) for o in window.leaving
            ]
            parts += [(last[o], window.beyond(o)) for o in window.unfinished]
            axes.put(result, init, parts)
        return changed, late

    # --- arrays that the loop only reads ---

    def read_only(self, node: Repeat, walked: Walk) -> Repeat:
        """The loop with the elements that it reads of other arrays streamed in."""
        inside = set(defined_within(node.body))
        reader = _Reader(self.trace, self.atoms, walked, inside)
        reader.counters = {n.index for n in walk(node.body.body) if isinstance(n, Repeat)}

        def again(nodes: Sequence[Node]) -> tuple[Node, ...]:
            out: list[Node] = []
            for part in nodes:
                if not isinstance(part, Atom):
                    part = part.with_regions([replace(r, body=again(r.body)) for r in part.regions])
                elif part.op is getitem:
                    atom = reader.access(part)
                    if atom is None:
                        continue
                    part = atom
                out.append(part)
            return tuple(out)

        body = replace(node.body, body=again(node.body.body))
        if not reader.streams:
            return node
        body = replace(body, body=again(body.body))  # what lies in a row that streams in anyway
        self.is_now |= reader.is_now
        body = body.map(lambda v: reader.is_now.get(v, v))
        elements = tuple(v for v, _ in reader.streams.values())
        return replace(
            node,
            body=replace(body, params=(*body.params, *elements)),
            streams=(*node.streams, *(rows for _, rows in reader.streams.values())),
        )


class _Reader:
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
            locate = _Locate(self.atoms, self.walked, whole, axis)
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


def named_rows(rows: Operand, array: Operand, element: str) -> Operand:
    """Rows under a name of their own, unless they are all of the array."""
    if isinstance(rows, Var) and rows is not array:
        rows.hint = f"{element}s"
    return rows


def rows_of(
    trace: Trace, array: Operand, parts: Sequence[Operand], axis: int, places: range
) -> Operand:
    """What an index gives for some places along an axis, row by row."""
    whole, origin = type_of(array), Origin(spelling="operator")
    assert isinstance(whole, ArrayType)
    value, items = value_of(array), list(parts)
    if places != range(whole.shape[axis]):
        items[axis] = slice_of(places, whole.shape[axis])
    else:
        items[axis] = ALL
    source = sum(isinstance(item, Slice) for item in items[:axis])
    while items and items[-1] == ALL:
        items.pop()
    if items:
        index = items[0] if len(items) == 1 else Items("tuple", tuple(items))
        value = trace.apply(getitem, [value, value_of(index)], {}, origin)
    return operand_of(moved(trace, value, source, 0))


def moved(trace: Trace, value: Value, source: int, target: int) -> Value:
    """An array with an axis at another place."""
    if source == target:
        return value
    assert isinstance(value, Array)
    if value.type.ndim == 2:
        return trace.apply(np.transpose, [value], {}, Origin())
    return trace.apply(np.moveaxis, [value, known(source), known(target)], {}, Origin())


class _Locate:
    """Which element an index means: `factor * index + offset` along an axis, with one factor for all."""

    def __init__(self, atoms: dict[Var, Atom], walked: Walk, array: ArrayType, axis: int):
        self.atoms, self.walked, self.ndim, self.axis = atoms, walked, array.ndim, axis
        self.factor = 0

    def __call__(self, index: Operand) -> Place | None:
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


class _Axis:
    """Reads and writes rows along one axis of an array."""

    def __init__(self, trace: Trace, array: ArrayType, axis: int, origin: Origin):
        self.trace, self.array, self.axis = trace, array, axis
        self.origin = replace(origin, spelling="operator")
        self.row = ArrayType(array.shape[:axis] + array.shape[axis + 1 :], array.dtype)

    def index(self, item: Operand) -> Operand:
        return Items("tuple", (*[ALL] * self.axis, item)) if self.axis else item

    def stacked(self, count: int) -> ArrayType:
        return ArrayType((count, *self.row.shape), self.row.dtype)

    def whole(self, places: range) -> bool:
        return places == range(self.array.shape[self.axis])

    def element(self, array: Operand, place: int) -> Operand:
        index = value_of(self.index(Lit(place)))
        return operand_of(self.trace.apply(getitem, [value_of(array), index], {}, self.origin))

    def rows(self, array: Operand, places: range) -> Operand:
        parts = [ALL] * self.array.ndim
        return rows_of(self.trace, array, parts, self.axis, places)

    def put(self, result: Var, array: Operand, parts: Sequence[tuple[Var, range | int]]) -> None:
        """The array with rows put into it, as `result`."""
        for k, (rows, places) in enumerate(parts):
            after = result if k == len(parts) - 1 else Var(result.hint, result.type, result.depth)
            item: Operand = Lit(places) if isinstance(places, int) else slice_of(places, self.size)
            value = rows
            if not isinstance(places, int):
                value = operand_of(moved(self.trace, value_of(rows), 0, self.axis))
            self.trace.emit(after, update, (array, value, self.index(item)), (), self.origin)
            array = after

    @property
    def size(self) -> int:
        return self.array.shape[self.axis]


def slice_of(places: range, size: int) -> Slice:
    """The slice of an axis that gives some places; its ends are counted from the end where that is short."""
    first, by = places[0], places.step
    last = places[-1] + by if by > 0 or places[-1] + by >= 0 else None
    if by > 0:
        last = places[-1] + 1
        stop = None if last >= size else Lit(last - size if size - last < last else last)
    else:
        last = places[-1] - 1
        stop = None if last < 0 else Lit(last)
    start = None if first == (0 if by > 0 else size - 1) else Lit(first)
    return Slice(start, stop, None if by == 1 else Lit(by))


def ascending(trace: Trace, node: Repeat, count: int) -> Repeat:
    """A loop whose index grows, from the last to the first where it used to fall."""
    assert node.span is not None
    start, stop, step = (static_int(o) for o in node.span)
    if step is None or step > 0:
        return node
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
    return replace(node, span=span, backwards=not node.backwards)  # type: ignore[arg-type]


def plural(name: str) -> str:
    return f"{name}_rows" if keyword.iskeyword(f"{name}s") else f"{name}s"


def known_of(operand: Operand) -> Known:
    value = value_of(operand)
    assert isinstance(value, Known)
    return value


def element_name(array: str, index: str, factor: int, offset: int) -> str:
    """`y_i` for `y[i]`, `y_prev` for `y[i - 1]`, `a_ij` for the `j`th element of `a_i`."""
    if factor == 1 and offset:
        word = "next" if offset > 0 else "prev"
        return f"{array}_{word}{abs(offset) if abs(offset) > 1 else ''}"
    if len(index) == 1 and re.fullmatch(r".*_[a-z]{1,2}", array):
        return array + index
    return f"{array}_{index.strip('_') or 'row'}"

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

from collections.abc import Sequence
from dataclasses import replace

from ..primitives import getitem
from .affine import Ranges
from .array_rows import Axis, named_rows
from .dead import drop_dead
from .elements import Elements, NotElements, accesses, hint_of
from .held import held_apart
from .intervals import static_int, static_length
from .ir import Atom, Function, Node, Region, Repeat, definitions, walk
from .liveness import defined_within
from .operands import ArrayType, Operand, Var
from .shared_reads import share_reads
from .sliding import Along, Walk, Window, ascending, element_name, plural
from .stream_reads import StreamReads
from .trace import Trace


def stream(function: Function) -> Function:
    """The function whose loops are handed what they go through."""
    if not any(isinstance(n, Repeat) for n in walk(function.body)):
        return function
    work = _Streams(function)
    shared, work.is_now = share_reads(drop_dead(function).body)
    body = work.nodes(shared)
    for site in function.calls:
        for name, operand in site.params.items():
            if isinstance(operand, Var):
                site.params[name] = work.is_now.get(operand, operand)
        site.result[:] = [work.is_now.get(o, o) if isinstance(o, Var) else o for o in site.result]
    return drop_dead(function.with_body(tuple(body)))


class _Streams:
    def __init__(self, function: Function):
        self.trace = Trace(lengths=function.lengths)
        self.atoms = definitions(function.body)
        self.ranges = Ranges(self.atoms, function.lengths.spans)
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
        length, after = static_length(node), list[Node]()
        walked = None
        if length:
            node, after = ascending(self.trace, node, length)
            assert node.span is not None and node.index is not None
            start, _, step = (static_int(o) for o in node.span)
            assert start is not None and step is not None
            walked = Walk(node.index, start, step, length, node.backwards)
        for result, *_ in node.carries:
            if isinstance(result.type, ArrayType) and result.type.shape:
                changed = self.carried(node, walked, result) if walked is not None else None
                changed = changed or held_apart(self.trace, node, result, self.ranges, self.is_now)
                if changed is not None:
                    node, late = changed
                    after += late
        if walked is not None:
            node = self.read_only(node, walked)
        self.trace.add(self.inner(node))
        for late in after:
            self.trace.add(late)

    # --- arrays that the loop changes ---

    def carried(self, node: Repeat, walked: Walk, result: Var) -> tuple[Repeat, list[Node]] | None:
        """The loop with an array replaced by the elements that it works on, and what puts the array together again."""
        position = node.results.index(result)
        whole = result.type
        assert isinstance(whole, ArrayType)
        try:
            found = list(accesses(node.body, node.body.params[position]))
            for axis in range(whole.ndim if found else 0):
                locate = Along(self.atoms, walked, whole, axis)
                places = [(locate(index), writes) for index, writes in found]
                touched = {place[0] for place, _ in places if place is not None}
                if any(place is None for place, _ in places):
                    continue
                written = {place[0] for place, writes in places if place is not None and writes}
                window = Window(walked, locate.factor, touched, written)
                if window.fits(whole.shape[axis]) and window.leaving:
                    return self.replaced(node, window, position, axis, locate)
        except NotElements:
            pass
        return None

    def replaced(
        self, node: Repeat, window: Window, position: int, axis: int, locate: Along
    ) -> tuple[Repeat, list[Node]]:
        result, init = node.results[position], node.inits[position]
        param, origin = node.body.params[position], node.origin
        assert isinstance(result.type, ArrayType)
        axes = Axis(self.trace, result.type, axis, origin)
        row, index = axes.row, window.walked.index.hint
        elements = {
            o: Var(element_name(param.hint, index, window.factor, o), row) for o in window.offsets
        }
        work = Elements(self.trace, param, init, {**elements}, locate)
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
        reader = StreamReads(self.trace, self.atoms, walked, inside)
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

"""What the adjoint of a loop or a branch reads from inside it is saved: the to-be-recorded values, one by one.

A loop of known length stacks them, one element an iteration, and its adjoint streams them back. Where only a bound is
known, an array of that length is filled at the counter. A branch hands them out, zeros from the other side.
What is computed from the loop variable and from arrays outside alone is computed again.

Given:
    for i in range(n):
        t = np.tanh(x[i])
        s = s + t
    for i in reversed(range(n)):
        dx[i] += ds * (1 - t**2)          # the t of that iteration

Then:
    for i in range(n):
        t = np.tanh(x[i])
        s = s + t
        ts[i] = t
    for i in reversed(range(n)):
        t = ts[i]
        dx[i] += ds * (1 - t**2)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..primitives import getitem, update
from .checkpoints import replayed
from .intervals import Intervals, static_length
from .ir import Atom, Choice, Function, Node, Origin, Region, Repeat, walk
from .lengths import has_unknown, is_unknown
from .loop_parts import adjoint, index_of, kept_anyway, ordinal_of, rows_of, with_carries
from .operands import (
    ArrayType,
    ListType,
    Lit,
    Operand,
    StaticType,
    Type,
    Var,
    type_of,
)
from .options import LoopOptions
from .recomputed import Path, Recomputation
from .segments import in_segments, plan_for
from .trace import Trace
from .trees import zeros
from .values import Array, Known, Value, known, operand_of, spelled, value_of


def record_for_jax(function: Function, options: LoopOptions) -> Function:
    """Save in arrays; a `while` loop without a bound, and what would need too much, is run again from checkpoints."""
    return _Tapes(function, "jax", options).run()


def record_for_numpy(function: Function) -> Function:
    """Save in arrays, or in lists where the number of iterations is not known."""
    return _Tapes(function, "numpy", LoopOptions()).run()


def with_bound(function: Function, most: int) -> Function:
    """The function in which no `while` loop, so the user says, runs more than so often."""

    def bounded(nodes: Sequence[Node]) -> tuple[Node, ...]:
        found = []
        for node in nodes:
            node = node.with_regions([replace(r, body=bounded(r.body)) for r in node.regions])
            if isinstance(node, Repeat) and node.span is None:
                node = replace(node, bound=most)
            found.append(node)
        return tuple(found)

    return function.with_body(bounded(function.body))


@dataclass
class Saved:
    """What a primal loop or side of a branch hands out: its inner variables and where they can be read outside."""

    inner: list[Var] = field(default_factory=list)
    outer: list[Var] = field(default_factory=list)


class _Tapes:
    def __init__(self, function: Function, target: str, options: LoopOptions):
        self.function, self.target, self.options = function, target, options
        self.primals: dict[object, Node] = {}
        self.paths: dict[Var, Path] = {}
        self.atoms: dict[Var, Atom] = {}
        self.saved: dict[tuple[object, int], Saved] = {}
        self.counts: dict[object, Var] = {}
        self.intervals = Intervals(function.body)
        self.trace = Trace(lengths=function.lengths)
        self.again = Recomputation(self.atoms, self.paths)
        self.note(function.body, ())

    def run(self) -> Function:
        if not any(getattr(n, "adjoint_of", None) is not None for n in walk(self.function.body)):
            return self.function
        with self.trace.region() as nodes:
            self.adjoint_nodes(self.function.body, ())
        body = self.primal_nodes(nodes)
        return self.function.with_body(tuple(body))

    # --- what is where ---

    def note(self, nodes: Sequence[Node], path: Path) -> None:
        """Remember where each variable is defined, and each primal loop and branch."""
        for node in nodes:
            for r in node.results:
                self.paths[r] = path
                if isinstance(node, Atom):
                    self.atoms[r] = node
            if isinstance(node, Atom):
                continue
            if node.key is not None:
                self.primals[node.key] = node
            for k, region in enumerate(node.regions):
                inner = (*path, (node.key, k))
                for p in region.params:
                    self.paths[p] = inner
                if isinstance(node, Repeat) and node.index is not None:
                    self.paths[node.index] = inner
                self.note(region.body, inner)

    # --- the adjoint side ---

    def adjoint_nodes(self, nodes: Sequence[Node], path: Path) -> None:
        """Rewrite the adjoints among some statements; `path` is the primal region whose adjoint they are in."""
        for node in nodes:
            if isinstance(node, Atom) or node.adjoint_of not in self.primals:
                self.trace.add(node)
            elif isinstance(node, Choice):
                self.choice(node, path)
            else:
                self.repeat(node, path)

    def region(self, region: Region, path: Path) -> Region:
        with self.trace.region() as nodes:
            self.adjoint_nodes(region.body, path)
        return replace(region, body=tuple(nodes))

    def read_from(self, region: Region, path: Path) -> list[Var]:
        """The variables of a primal region that a region reads, in the order of reading."""
        found = dict.fromkeys(v for v in region.variables() if self.paths.get(v) == path)
        return list(found)

    def choice(self, node: Choice, path: Path) -> None:
        regions = []
        for k, region in enumerate(node.regions):
            inner = (*path, (node.adjoint_of, k))
            region = self.region(region, inner)
            region, needed = self.computed_again(region, inner, {})
            saved = self.saved.setdefault((node.adjoint_of, k), Saved())
            outer = {v: self.save(saved, v, v.type, path) for v in needed}
            regions.append(region.map(lambda v, outer=outer: outer.get(v, v)))
        self.trace.add(node.with_regions(regions))

    def save(self, saved: Saved, v: Var, wanted: Type, path: Path) -> Var:
        if v in saved.inner:
            return saved.outer[saved.inner.index(v)]
        kept = isinstance(wanted, type(v.type)) and wanted == v.type
        hint = v.hint if kept or v.hint[-1:].isdigit() else f"{v.hint}s"
        var = Var(hint, wanted, v.depth if v.depth is None or v.depth > 0 else None)
        saved.inner.append(v)
        saved.outer.append(var)
        self.paths[var] = path
        return var

    def repeat(self, node: Repeat, path: Path) -> None:
        primal = self.primals[node.adjoint_of]
        assert isinstance(primal, Repeat)
        inner = (*path, (node.adjoint_of, 0))
        body = self.region(node.body, inner)
        if primal.index is not None and node.index is not None and primal.test is None:
            index: dict[Var, Operand] = {primal.index: node.index}
            body, needed = self.computed_again(body, inner, index)
            self.stream(replace(node, body=body), primal, needed, path)
            return
        # The number of iterations is counted, and the adjoint loop counts back.
        count = self.count(node.adjoint_of, path)
        k = Var("k", ArrayType((), np.dtype(np.int64), weak=True))
        node = replace(node, span=(Lit(0), count, Lit(1)), index=k, test=None)
        index = {}
        with self.trace.region() as head:
            if primal.index is not None:
                index[primal.index] = operand_of(index_of(self.trace, primal, k))
        body, needed = self.computed_again(body, inner, index)
        body = replace(body, body=(*head, *body.body))
        node = replace(node, body=body)
        if self.target == "jax" and self.intervals.most_iterations(primal) is None:
            replayed(self.trace, node, self.rebuilt(primal), needed, count)
        else:
            self.stream(node, primal, needed, path)

    def stream(self, node: Repeat, primal: Repeat, needed: list[Var], path: Path) -> None:
        """Give the adjoint loop the saved values, element by element."""
        saved = self.saved.setdefault((node.adjoint_of, 0), Saved())
        length, most = static_length(primal), self.intervals.most_iterations(primal)
        in_list = self.target == "numpy" and length is None
        if not in_list and most is None and needed:
            replayed(
                self.trace, node, self.rebuilt(primal), needed, self.count(node.adjoint_of, path)
            )
            return
        if length is not None and self.target == "jax" and needed:
            arrays = {v: kept_anyway(primal, v, rows_of(v, length)) for v in needed}
            taped = [v for v, rows in arrays.items() if rows is None]
            wish = primal.checkpoint or self.options.checkpoint
            plan = plan_for(wish, length, taped) if taped else None
            if plan is not None:
                in_segments(self.trace, node, self.rebuilt(primal), arrays, length, plan)
                return
        if not in_list and length is None and primal.bound is not None and needed:
            node = self.poisoned(node, primal.bound, self.count(node.adjoint_of, path))
        fresh: dict[Var, Operand] = {}
        head: list[Node] = []
        streams, params = list(node.streams), list(node.body.params)
        for v in needed:
            wanted: Type = ListType(v.type)
            if not in_list and not isinstance(v.type, ListType) and not has_unknown(v.type):
                assert isinstance(v.type, ArrayType)
                size = length if length is not None else max(most or 0, 1)
                wanted = ArrayType((size, *v.type.shape), v.type.dtype)
            rows = kept_anyway(primal, v, wanted) or self.save(saved, v, wanted, path)
            element = Var(v.hint, v.type, v.depth, v.adjoint_of, v.tangent_of)
            fresh[v] = element
            if length is not None or in_list:
                streams.append(rows)
                params.append(element)
            else:
                assert node.index is not None and node.span is not None
                with self.trace.region(head):
                    place = ordinal_of(self.trace, node.span, node.index, node.origin)
                    self.trace.emit(element, getitem, (rows, operand_of(place)), (), adjoint(node))
        body = node.body.map(lambda v: fresh.get(v, v))
        body = replace(body, params=tuple(params), body=(*head, *body.body))
        self.trace.add(replace(node, body=body, streams=tuple(streams)))

    def poisoned(self, node: Repeat, bound: int, count: Var) -> Repeat:
        """The adjoint loop, entered with NaN where the loop has run longer than its values were saved."""
        origin = adjoint(node)
        operator = replace(origin, spelling="operator")
        fits = self.trace.apply(
            np.less_equal, [Array(count), Known(bound, Lit(bound))], {}, operator
        )
        nan = Known(np.nan, Lit(np.nan, "np.nan"))
        inits = []
        for init in node.inits:
            found = self.trace.apply(np.where, [fits, value_of(init), nan], {}, origin)
            wanted = type_of(init)
            assert isinstance(found, Array) and isinstance(wanted, ArrayType)
            if found.type.dtype != wanted.dtype:
                found = self.trace.cast(found, wanted.dtype, origin)
            inits.append(operand_of(found))
        return replace(node, inits=tuple(inits))

    def count(self, key: object, path: Path) -> Var:
        if key not in self.counts:
            self.counts[key] = Var("steps", ArrayType((), np.dtype(np.int64), weak=True))
            self.paths[self.counts[key]] = path
        return self.counts[key]

    def computed_again(
        self, region: Region, path: Path, index: dict[Var, Operand]
    ) -> tuple[Region, list[Var]]:
        """Put what is cheap to compute again at the head of a region; the rest of what it reads is needed."""
        fresh: dict[Var, Operand] = dict(index)
        needed: list[Var] = []
        with self.trace.region() as head:
            for v in self.read_from(region, path):
                if v in fresh:
                    continue
                chain = self.again.chain(v, path, index)
                if isinstance(v.type, StaticType):
                    fresh[v] = spelled(v.type.value)
                elif chain is not None:
                    for atom in chain:
                        if atom.result not in fresh:
                            result = atom.result
                            copy = Var(result.hint, result.type, result.depth)
                            again = atom.map(lambda u: fresh.get(u) or self.again.literal(u, path))
                            self.trace.add(replace(again, results=(copy,), origin=adjoint(atom)))
                            fresh[result] = copy
                else:
                    needed.append(v)
            if self.target == "jax":
                needed, again = self.again.from_others(needed, path, index)
                for atom in again:
                    copy = Var(atom.result.hint, atom.result.type, atom.result.depth)
                    atom_now = atom.map(lambda u: fresh.get(u) or self.again.literal(u, path))
                    self.trace.add(replace(atom_now, results=(copy,), origin=adjoint(atom)))
                    fresh[atom.result] = copy
        region = region.map(lambda v: fresh.get(v, v))
        return replace(region, body=(*head, *region.body)), needed

    # --- the primal side ---

    def primal_nodes(self, nodes: Sequence[Node]) -> list[Node]:
        """The statements with everything that is saved handed out."""
        out: list[Node] = []
        for node in nodes:
            if isinstance(node, Atom) or node.key not in self.primals:
                out.append(node)
            elif isinstance(node, Choice):
                out.append(self.saving_choice(node))
            else:
                with self.trace.region(out):
                    self.saving_loop(node)
        return out

    def inner_nodes(self, region: Region) -> Region:
        return replace(region, body=tuple(self.primal_nodes(region.body)))

    def saving_choice(self, node: Choice) -> Choice:
        regions = [self.inner_nodes(r) for r in node.regions]
        results = list(node.results)
        for k in range(2):
            saved = self.saved.get((node.key, k), Saved())
            outputs: list[list[Operand]] = [list(r.outputs) for r in regions]
            bodies = [list(r.body) for r in regions]
            outputs[k] += saved.inner
            with self.trace.region(bodies[1 - k]):
                outputs[1 - k] += [self.nothing(v, node.origin) for v in saved.inner]
            results += saved.outer
            regions = [
                replace(r, body=tuple(b), outputs=tuple(o))
                for r, b, o in zip(regions, bodies, outputs, strict=True)
            ]
        return replace(node.with_regions(regions), results=tuple(results))

    def nothing(self, v: Var, origin: Origin) -> Operand:
        """What stands for a value that was not computed."""
        if isinstance(v.type, ListType):
            return Lit(None)
        assert isinstance(v.type, ArrayType)
        if has_unknown(v.type):  # its length is not known on this way
            none = known(tuple(0 if is_unknown(n) else n for n in v.type.shape))
            empty = self.trace.apply(np.zeros, [none], {}, origin)
            assert isinstance(empty, Array) and isinstance(empty.operand, Var)
            empty.operand.type = v.type
            return empty.operand
        return zeros(self.trace, v.type, origin)

    def rebuilt(self, node: Repeat) -> Repeat:
        """A loop in which inner loops and branches hand out what is saved of them."""
        return node.with_regions([self.inner_nodes(node.body), *node.regions[1:]])

    def saving_loop(self, node: Repeat) -> None:
        saved = self.saved.get((node.key, 0), Saved())
        node = self.rebuilt(node)
        if node.key in self.counts:
            node = self.counting(node, self.counts[node.key])
        buffered = [
            k
            for k, v in enumerate(saved.outer)
            if static_length(node) is None and not isinstance(v.type, ListType)
        ]
        stacked = [k for k in range(len(saved.outer)) if k not in buffered]
        if buffered:
            node = self.counted_last(self.buffering(node, saved, buffered))
        body = replace(node.body, outputs=(*node.body.outputs, *(saved.inner[k] for k in stacked)))
        results = (*node.results, *(saved.outer[k] for k in stacked))
        self.trace.add(replace(node, body=body, results=results))

    def counting(self, node: Repeat, count: Var) -> Repeat:
        before, after = (Var("steps", count.type) for _ in range(2))
        origin = replace(node.origin, spelling="operator")
        with self.trace.region(list(node.body.body)) as nodes:
            self.trace.emit(after, np.add, (before, Lit(1)), (), origin)
        return with_carries(node, [(count, Lit(0), before, after)], nodes)

    def counted_last(self, node: Repeat) -> Repeat:
        """The counter moves on when everything is saved."""
        count = self.counts.get(node.key)
        ends = {result: output for result, _, _, output in node.carries}
        last = [n for n in node.body.body if count is not None and ends.get(count) in n.results]
        body = [n for n in node.body.body if n not in last]
        return replace(node, body=replace(node.body, body=(*body, *last)))

    def place(self, node: Repeat, origin: Origin) -> Value:
        assert node.span is not None and node.index is not None
        return ordinal_of(self.trace, node.span, node.index, origin)

    def buffering(self, node: Repeat, saved: Saved, which: list[int]) -> Repeat:
        """Arrays of the greatest possible length, filled at the counter."""
        origin = replace(node.origin, spelling="function")
        counter = None
        if node.test is not None or node.span is None:
            key = node.key
            if key not in self.counts:
                node = self.counting(node, self.count(key, ()))
            position = [r for r, *_ in node.carries].index(self.counts[key])
            counter = node.body.params[position]
        nodes = list(node.body.body)
        carries: list[tuple[Var, Operand, Var, Operand]] = []
        for k in which:
            inner, outer = saved.inner[k], saved.outer[k]
            init = zeros(self.trace, outer.type, origin)  # type: ignore[arg-type]
            param, result = (Var(outer.hint, outer.type, outer.depth) for _ in range(2))
            with self.trace.region(nodes):
                place: Value = Array(counter) if counter is not None else self.place(node, origin)
                self.trace.emit(result, update, (param, inner, operand_of(place)), (), origin)
            carries.append((outer, init, param, result))
        return with_carries(node, carries, nodes)

"""Inside a loop, an array stands for the few elements of it that an iteration works on.

Given, for the elements of `y` at `i - 1` (`before`) and at `i` (`here`):
    t = np.tanh(y[i - 1])
    y[i] = y[i] + t

Then:
    t = np.tanh(before)
    here = here + t
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..primitives import getitem
from .intervals import static_int
from .ir import Atom, Choice, Node, Origin, Region, Repeat
from .liveness import IN_PLACE
from .operands import (
    ArrayType,
    Items,
    Operand,
    Slice,
    Type,
    Var,
    array_type,
    substitute,
    variables,
)
from .trace import Trace
from .trees import cast
from .values import known, operand_of, value_of

WHOLE = None  # what stands for the rest of the array, beside its elements
Place = tuple[int | None, Operand | None]  # which element, and the index into it (None: all of it)
Locate = Callable[[Operand], Place | None]


class NotElements(Exception):
    """An array is used in another way than by its elements."""


def accesses(
    region: Region, param: Var, skip: Collection[Node] = ()
) -> Iterator[tuple[Operand, bool]]:
    """The indices at which a region reads and writes an array that it is given, and whether they write.

    Those of the statements in `skip` are left out. Raises `NotElements` where the region does anything else with the
    array, or puts another in its place.
    """
    walked = _Versions({param}, set(), skip)
    yield from walked.nodes(region.body)
    own = region.params.index(param)
    if region.outputs[own] not in walked.versions:
        raise NotElements  # another array takes its place
    if any(o in walked.versions for k, o in enumerate(region.outputs) if k != own):
        raise NotElements  # all of it is stacked, or becomes another array


@dataclass
class _Versions:
    """The values that one array has in turn; `spent` are those that have been changed since."""

    versions: set[Var]
    spent: set[Var]
    skip: Collection[Node]

    def nodes(self, nodes: Sequence[Node]) -> Iterator[tuple[Operand, bool]]:
        for node in nodes:
            if isinstance(node, Atom):
                yield from self.atom(node)
            elif isinstance(node, Repeat):
                yield from self.repeat(node)
            else:
                yield from self.choice(node)

    def atom(self, node: Atom) -> Iterator[tuple[Operand, bool]]:
        if self.versions.isdisjoint(node.variables()) or node.op is getattr:
            return
        first, *rest = node.args
        if node.op not in (getitem, *IN_PLACE) or first not in self.versions:
            raise NotElements
        if any(v in self.versions for operand in rest for v in variables(operand)):
            raise NotElements
        writes = node.op is not getitem
        if node not in self.skip:
            yield rest[-1], writes
        if writes:
            self.change(first)
            self.versions.add(node.result)

    def change(self, version: Var) -> None:
        if version in self.spent:
            raise NotElements
        self.spent.add(version)

    def repeat(self, node: Repeat) -> Iterator[tuple[Operand, bool]]:
        others = (*(node.span or ()), *node.streams)
        if any(v in self.versions for operand in others for v in variables(operand)):
            raise NotElements
        for k, init in enumerate(node.inits):
            if init in self.versions:
                self.change(init)
                self.versions.update(region.params[k] for region in node.regions)
                self.versions.add(node.results[k])
        for region in node.regions:
            found = list(self.nodes(region.body))
            yield from () if node in self.skip else found
        for result, output in zip(node.results, node.body.outputs, strict=True):
            if (output in self.versions) is not (result in self.versions):
                raise NotElements

    def choice(self, node: Choice) -> Iterator[tuple[Operand, bool]]:
        if node.test in self.versions:
            raise NotElements
        before, after = set(self.spent), set(self.spent)
        for region in node.regions:
            self.spent = set(before)
            found = list(self.nodes(region.body))
            yield from () if node in self.skip else found
            after |= self.spent
        self.spent = after
        for k, result in enumerate(node.results):
            sides = [region.outputs[k] in self.versions for region in node.regions]
            if any(sides) and not all(sides):
                raise NotElements
            if all(sides):
                self.versions.add(result)
                self.spent.update(r.outputs[k] for r in node.regions)  # type: ignore[misc]


class Elements:
    """Rewrites statements in which `locate` finds the place that an index means.

    `whole` is the array outside, whose shape may be asked for; `kinds` are the types of the elements.
    """

    def __init__(
        self,
        trace: Trace,
        param: Var,
        whole: Operand,
        elements: Mapping[int | None, Var],
        locate: Locate,
    ):
        self.trace, self.whole, self.locate = trace, whole, locate
        self.kinds = {place: element.type for place, element in elements.items()}
        self.versions: dict[Var, dict[int | None, Operand]] = {param: dict(elements)}
        self.is_now: dict[Var, Operand] = {}  # results that are elements

    def now(self, operand: Operand) -> Operand:
        return substitute(operand, lambda v: self.is_now.get(v, v))

    def region(self, region: Region) -> list[Node]:
        with self.trace.region() as nodes:
            for node in region.body:
                self.node(node)
        return nodes

    def node(self, node: Node) -> None:
        if isinstance(node, Choice):
            self.choice(node)
        elif isinstance(node, Repeat):
            self.repeat(node)
        elif self.versions.keys().isdisjoint(node.variables()):
            self.trace.add(node.map(lambda v: self.is_now.get(v, v)))
        elif node.op is getattr:
            self.trace.add(node.map(lambda v: self.whole if v in self.versions else v))
        else:
            self.access(node)

    def access(self, atom: Atom) -> None:
        found = self.locate(atom.args[-1])
        if found is None or not isinstance(atom.args[0], Var):
            raise NotElements
        place, rest = found
        elements = self.versions[atom.args[0]]
        element = elements[place]
        if atom.op is getitem:
            if rest is None:
                self.is_now[atom.result] = element
                named_after(element, atom.result)
            else:
                self.trace.add(replace(atom, args=(element, self.now(rest))))
            return
        value = self.now(atom.args[1])
        if rest is not None:
            after = Var(hint_of(element), self.kinds[place])
            args = (element, value, self.now(rest))
            self.trace.emit(after, atom.op, args, (), atom.origin)
            self.versions[atom.result] = {**elements, place: after}
            return
        if atom.op is IN_PLACE[1]:
            origin = replace(atom.origin, spelling="operator")
            total = self.trace.apply(np.add, [value_of(element), value_of(value)], {}, origin)
            value = operand_of(total)
        after = self.fitted(value, self.kinds[place], atom.origin)
        if isinstance(after, Var) and after.depth is None and isinstance(element, Var):
            after.hint = element.hint
        self.versions[atom.result] = {**elements, place: after}

    def fitted(self, value: Operand, wanted: Type, origin: Origin) -> Operand:
        """A value in the type of an element, as an assignment makes it."""
        assert isinstance(wanted, ArrayType)
        origin = replace(origin, spelling="function")
        value = cast(self.trace, value_of(value), wanted, origin)
        if array_type(value).shape != wanted.shape:
            args = [value_of(value), known(wanted.shape)]
            value = operand_of(self.trace.apply(np.broadcast_to, args, {}, origin))
        return value

    def choice(self, node: Choice) -> None:
        regions = [replace(r, body=tuple(self.region(r))) for r in node.regions]
        results: list[Var] = []
        outputs: list[list[Operand]] = [[], []]
        for k, result in enumerate(node.results):
            ends = [r.outputs[k] for r in regions]
            if not any(end in self.versions for end in ends):
                results.append(result)
                for side, end in zip(outputs, ends, strict=True):
                    side.append(self.now(end))
                continue
            if not all(end in self.versions for end in ends):
                raise NotElements
            sides = [self.versions[end] for end in ends]  # type: ignore[index]
            joined: dict[int | None, Operand] = {}
            for place in sides[0]:
                one, two = sides[0][place], sides[1][place]
                joined[place] = one
                if one != two:
                    joined[place] = Var(hint_of(one, two), self.kinds[place])
                    results.append(joined[place])  # type: ignore[arg-type]
                    outputs[0].append(one)
                    outputs[1].append(two)
            self.versions[result] = joined
        regions = [replace(r, outputs=tuple(o)) for r, o in zip(regions, outputs, strict=True)]
        if results:
            test = self.now(node.test)
            self.trace.add(replace(node, results=tuple(results), test=test).with_regions(regions))

    def repeat(self, node: Repeat) -> None:
        count = len(node.inits)
        arrays = [k for k, init in enumerate(node.inits) if init in self.versions]
        before = {k: self.versions[node.inits[k]] for k in arrays}  # type: ignore[index]
        params = {
            (part, k, place): Var(hint_of(e), self.kinds[place])
            for part in range(len(node.regions))
            for k in arrays
            for place, e in before[k].items()
        }
        for part, region in enumerate(node.regions):
            for k in arrays:
                own: dict[int | None, Operand] = {p: params[part, k, p] for p in before[k]}
                self.versions[region.params[k]] = own
        bodies = [self.region(r) for r in node.regions]
        ends = [[self.now(o) for o in r.outputs] for r in node.regions]
        if any(ends[0][k] not in self.versions for k in arrays):
            raise NotElements
        after = {k: self.versions[ends[0][k]] for k in arrays}  # type: ignore[index]
        carried = [
            (k, place)
            for k in arrays
            for place, end in after[k].items()
            if end is not params[0, k, place]
        ]
        same = {
            var: before[k][place]
            for (part, k, place), var in params.items()
            if (k, place) not in carried
        }
        others = [k for k in range(count) if k not in arrays]
        results = {(k, p): Var(hint_of(before[k][p]), self.kinds[p]) for k, p in carried}
        regions = []
        for part, (region, nodes, outputs) in enumerate(
            zip(node.regions, bodies, ends, strict=True)
        ):
            mine = [params[part, *one] for one in carried]
            kept = [region.params[k] for k in others]
            if not part:
                kept += [*mine, *region.params[count:]]
                moved = [after[k][place] for k, place in carried]
                outputs = [*(outputs[k] for k in others), *moved, *outputs[count:]]
            else:
                kept += mine
            changed = Region(tuple(kept), tuple(nodes), tuple(outputs))
            regions.append(changed.map(lambda v: same.get(v, v)))
        for k in arrays:
            self.versions[node.results[k]] = {
                place: results.get((k, place), same.get(params[0, k, place], element))
                for place, element in before[k].items()
            }
        inits = [self.now(node.inits[k]) for k in others]
        inits += [before[k][place] for k, place in carried]
        new = replace(
            node,
            results=(
                *(node.results[k] for k in others),
                *results.values(),
                *node.results[count:],
            ),
            inits=tuple(inits),
            span=None if node.span is None else tuple(map(self.now, node.span)),
            streams=tuple(map(self.now, node.streams)),
        )
        self.trace.add(new.with_regions(regions))


def hint_of(*elements: Operand) -> str:
    return next((e.hint for e in elements if isinstance(e, Var)), "t")


def named_after(element: Operand, result: Var) -> None:
    """An element has the name that the user gives it."""
    if isinstance(element, Var) and element.depth is None and result.depth is not None:
        element.hint, element.depth = result.hint, result.depth


def parts_of(index: Operand, ndim: int) -> list[Operand] | None:
    """A basic index item by item, a full slice for each axis that it leaves out; None for any other."""
    items = list(index.items) if isinstance(index, Items) and index.kind == "tuple" else [index]
    if not all(isinstance(item, Slice) or is_number(item) for item in items):
        return None
    return items + [Slice(None, None, None)] * (ndim - len(items))


def is_number(item: Operand) -> bool:
    """Whether an item of an index is one integer."""
    if isinstance(item, Var) and isinstance(item.type, ArrayType):
        return not item.type.shape and item.type.dtype.kind in "iu"
    number = static_int(item)
    return number is not None and not isinstance(number, bool)

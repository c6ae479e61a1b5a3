"""The element or the row that a loop works on apart from the rest of an array is held outside the array.

Given, in a loop over j < i:
    A[i, j] = (A[i, j] - A[i, :j] @ A[j, :j]) / A[j, j]

Then, with the rest of the array left alone:
    A_i = A[i]
    for j in range(i):
        A_i[j] = (A_i[j] - A_i[:j] @ A[j, :j]) / A[j, j]
    A[i] = A_i
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from ..primitives import getitem, update
from .affine import Form, Ranges, affine, combined
from .elements import WHOLE, Elements, NotElements, Place, accesses, is_number, parts_of
from .extents import extent_of
from .ir import Node, Origin, Region, Repeat
from .liveness import defined_within
from .operands import ArrayType, Items, Lit, Operand, Slice, Var
from .sliding import ALL
from .trace import Trace
from .values import Value, known, operand_of, value_of


def held_apart(
    trace: Trace, node: Repeat, result: Var, ranges: Ranges, is_now: dict[Var, Operand]
) -> tuple[Repeat, list[Node]] | None:
    """The loop that holds a part of an array apart, and what puts it back behind the loop; None where it cannot."""
    whole = result.type
    assert isinstance(whole, ArrayType)
    param = node.body.params[node.results.index(result)]
    inside = set(defined_within(node.body)) | {node.index}
    try:
        found = [(parts_of(index, whole.ndim), index, w) for index, w in accesses(node.body, param)]
        if any(parts is None for parts, _, _ in found):
            return None
        for held in _candidates(found, whole, inside, ranges):
            if all(held(index) is not None for _, index, _ in found):
                return _around_loop(trace, node, result, held, is_now)
        inside.discard(node.index)
        best, most = None, 1
        for held in reversed(list(_candidates(found, whole, inside, ranges))):
            places = [held(index) for _, index, _ in found]
            count = sum(p is not None and p[0] == 0 for p in places)
            if None not in places and count > most:
                best, most = held, count
        if best is not None:
            return _in_body(trace, node, result, best, is_now), []
    except NotElements:
        pass
    return None


def _candidates(
    found: Sequence[tuple[list[Operand] | None, Operand, bool]],
    whole: ArrayType,
    inside: set[Var | None],
    ranges: Ranges,
) -> Iterator[_Held]:
    """The parts that the loop writes at a place which stays: single elements first, then rows."""
    axes = range(whole.ndim)
    for count in reversed(range(1, whole.ndim + 1)):
        for chosen in combinations(axes, count):
            for parts, _, writes in found:
                if not writes or parts is None:
                    continue
                forms = {axis: _stays(parts[axis], inside, ranges) for axis in chosen}
                places = {axis: form for axis, form in forms.items() if form is not None}
                if len(places) == count:
                    yield _Held(whole, places, ranges)
                    break


def _stays(item: Operand, inside: set[Var | None], ranges: Ranges) -> Form | None:
    """The form of an index that no variable in `inside` changes."""
    form = affine(item, ranges.atoms) if is_number(item) else None
    return None if form is None or any(v in inside for v in form[0]) else form


class _Held:
    """A part of an array: the places along some axes."""

    def __init__(self, whole: ArrayType, places: dict[int, Form], ranges: Ranges):
        self.whole, self.places, self.ranges = whole, places, ranges
        shape = [n for axis, n in enumerate(whole.shape) if axis not in places]
        self.type = ArrayType(tuple(shape), whole.dtype)

    def index(self, trace: Trace, origin: Origin) -> Operand:
        """The index of the part, worked out where it stands."""
        items: list[Operand] = [ALL] * self.whole.ndim
        for axis, form in self.places.items():
            items[axis] = _spelled(trace, form, origin)
        while items[-1] == ALL:
            items.pop()
        return items[0] if len(items) == 1 else Items("tuple", tuple(items))

    def __call__(self, index: Operand) -> Place | None:
        """Where an access goes: into the part, or surely beside it; None where that is not known."""
        parts = parts_of(index, self.whole.ndim)
        extent = extent_of(index, self.whole, self.ranges)
        if parts is None or extent is None:
            return None
        if all(self.same(parts[axis], place) for axis, place in self.places.items()):
            rest = [p for axis, p in enumerate(parts) if axis not in self.places]
            while rest and rest[-1] == ALL:
                rest.pop()
            if not rest:
                return 0, None
            return 0, rest[0] if len(rest) == 1 else Items("tuple", tuple(rest))
        for axis, form in self.places.items():
            span = extent.spans[axis]
            if span is not None and self.ranges.is_natural(form):
                if self.ranges.exceeds(span[0], form) or self.ranges.exceeds(form, span[1]):
                    return WHOLE, index
        return None

    def same(self, item: Operand, place: Form) -> bool:
        form = None if isinstance(item, Slice) else affine(item, self.ranges.atoms)
        found = combined(np.subtract, [form, place]) if form is not None else None
        return found is not None and not found[0] and not found[1]


def _around_loop(
    trace: Trace, node: Repeat, result: Var, held: _Held, is_now: dict[Var, Operand]
) -> tuple[Repeat, list[Node]]:
    position = node.results.index(result)
    init, param = node.inits[position], node.body.params[position]
    origin = replace(node.origin, spelling="operator")
    index = held.index(trace, origin)
    start = operand_of(trace.apply(getitem, [value_of(init), value_of(index)], {}, origin))
    element = Var(_name(param, held), held.type)
    assert isinstance(start, Var)
    start.hint = element.hint
    rest = Var(param.hint, param.type, param.depth)
    work = Elements(trace, param, init, {0: element, WHOLE: rest}, held)
    nodes = work.region(node.body)
    test, asked = node.test, {0: Var(element.hint, held.type), WHOLE: Var(param.hint, param.type)}
    if test is not None:
        work.versions[test.params[position]] = dict(asked)
        body, ends = work.region(test), tuple(map(work.now, test.outputs))
        test = replace(test, body=tuple(body), outputs=ends)
    is_now |= work.is_now
    end = node.body.outputs[position]
    assert isinstance(end, Var)
    after = work.versions[end]
    changed = after[WHOLE] is not rest
    outputs = [work.now(o) for o in node.body.outputs]
    outputs[position] = after[0]
    last = Var(element.hint, held.type)
    beside = Var(result.hint, result.type, result.depth) if changed else init
    params, inits, results = list(node.body.params), list(node.inits), list(node.results)
    params[position], inits[position], results[position] = element, start, last
    if changed:
        count = len(inits)
        params.insert(count, rest)
        outputs.insert(count, after[WHOLE])
        inits.append(init)
        results.insert(count, beside)  # type: ignore[arg-type]
    body = Region(tuple(params), tuple(nodes), tuple(outputs))
    if test is not None:
        mine = list(test.params)
        mine[position] = asked[0]
        test = replace(test, params=(*mine, *([asked[WHOLE]] if changed else [])))
    if not changed:
        alone = {rest: init, asked[WHOLE]: init}
        body = body.map(lambda v: alone.get(v, v))
        test = None if test is None else test.map(lambda v: alone.get(v, v))
    new = replace(node, results=tuple(results), inits=tuple(inits), body=body, test=test)
    with trace.region() as late:
        trace.emit(result, update, (beside, last, index), (), origin)
    return new, late


def _in_body(
    trace: Trace, node: Repeat, result: Var, held: _Held, is_now: dict[Var, Operand]
) -> Repeat:
    """The loop whose iterations take a part out at their beginning, and put it back at their end."""
    position = node.results.index(result)
    param, origin = node.body.params[position], replace(node.origin, spelling="operator")
    element = Var(_name(param, held), held.type)
    work = Elements(trace, param, param, {0: element, WHOLE: param}, held)
    with trace.region() as nodes:
        index = held.index(trace, origin)
        trace.emit(element, getitem, (param, index), (), origin)
        for part in work.region(node.body):
            trace.add(part)
        is_now |= work.is_now
        end = node.body.outputs[position]
        assert isinstance(end, Var)
        after = work.versions[end]
        back = Var(param.hint, param.type, param.depth)
        trace.emit(back, update, (after[WHOLE], after[0], index), (), origin)
    outputs = [work.now(o) for o in node.body.outputs]
    outputs[position] = back
    return replace(node, body=replace(node.body, body=tuple(nodes), outputs=tuple(outputs)))


def _name(array: Var, held: _Held) -> str:
    """`A_i` for the row `A[i]`."""
    plain = [
        v for form in held.places.values() for v in form[0] if not form[1] and v.depth is not None
    ]
    return f"{array.hint}_{''.join(v.hint for v in plain)}" if plain else f"{array.hint}_here"


def _spelled(trace: Trace, form: Form, origin: Origin) -> Operand:
    """The operand that has the value of a form, with the operations that work it out."""
    total: Value | None = None
    for v, factor in form[0].items():
        term = value_of(v)
        if factor != 1:
            term = trace.apply(np.multiply, [known(factor), term], {}, origin)
        total = term if total is None else trace.apply(np.add, [total, term], {}, origin)
    if total is None:
        return Lit(form[1])
    if form[1]:
        sign = np.add if form[1] > 0 else np.subtract
        total = trace.apply(sign, [total, known(abs(form[1]))], {}, origin)
    return operand_of(total)

"""Compiled arrays have known sizes: a part of unknown length is kept as its whole axis, and masked where it matters.

What lies outside of the part is anything at all. It is left alone by elementwise operations, and replaced by what
changes nothing (0 in a sum, -inf in a maximum) where elements of one axis come together. Derivatives have been taken
before, so that nothing of it can reach them.

Given (i: a loop variable):
    s = np.dot(x[:i], y[:i])

Then:
    part = np.arange(5) < i
    s = np.dot(np.where(part, x, 0), np.where(part, y, 0))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..primitives import add_at, getitem, place, update
from . import whole_axes, whole_reductions  # noqa: F401  # their rules
from .affine import Form, affine, difference
from .errors import BackproseError, RefusedError
from .ir import Atom, Choice, Function, Node, Origin, Region, Repeat, walk
from .lengths import has_unknown, is_unknown
from .operands import ArrayType, Items, Operand, Slice, Var, array_type, substitute, type_of
from .parts import Part, Whole
from .result_types import mask_of
from .trace import Trace
from .values import Array, Known, Value, known, operand_of, value_of
from .whole_places import getitem_of
from .whole_rules import RULES, refuse


def make_whole(function: Function) -> Function:
    """The function without lengths that are not known."""
    if not any(has_unknown(r.type) or _has_part(n) for n in walk(function.body) for r in n.results):
        return function
    step = Wholes(function)
    step.nodes(function.body)
    output = substitute(function.output, step.resolve)
    return function.with_body(tuple(step.trace.atoms), output)


def _has_part(node: Node) -> bool:
    """Whether a statement reads or writes at an index of unknown length."""
    if not isinstance(node, Atom) or node.op not in (getitem, update, add_at, place):
        return False
    index = node.args[-1]
    items = index.items if isinstance(index, Items) else (index,)
    return any(
        mask_of(i) is not None
        or isinstance(i, Slice)
        and i.width is not None
        and is_unknown(i.width)
        for i in items
    )


class Wholes:
    """One walk. `wholes` holds what stands for each value of unknown length, `replaced` what stands for others."""

    def __init__(self, function: Function):
        self.trace = Trace(lengths=function.lengths)
        self.lengths = function.lengths
        self.wholes: dict[Var, Whole] = {}
        self.replaced: dict[Var, Operand] = {}

    def resolve(self, v: Var) -> Operand:
        return self.replaced.get(v, v)

    # --- the walk ---

    def nodes(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            if isinstance(node, Atom):
                self.atom(node)
            elif isinstance(node, Choice):
                self.choice(node)
            else:
                self.repeat(node)

    def atom(self, atom: Atom) -> None:
        concerned = any(has_unknown(v.type) for v in (*atom.variables(), *atom.results))
        if not concerned and not _has_part(atom) or atom.op is getattr:
            self.trace.add(atom.map(self.resolve))
            return
        rule = RULES.get(atom.op)
        try:
            if rule is None:
                raise refuse(atom)
            result = rule(self, atom)
        except BackproseError as error:
            raise error.at(atom.origin.span) from None
        if isinstance(result, Whole):
            if has_unknown(atom.result.type):
                self.wholes[atom.result] = result
            result = result.value
        operand = operand_of(result)
        old = atom.result
        if not has_unknown(old.type) and isinstance(operand, Var):
            self.rename(operand, old)
            return
        if isinstance(operand, Var) and operand.depth is None and old.depth is not None:
            operand.hint, operand.depth = old.hint, old.depth
        if isinstance(operand, Var) and operand.adjoint_of is None and operand.tangent_of is None:
            if not old.is_named_by(operand):
                operand.adjoint_of, operand.tangent_of = old.adjoint_of, old.tangent_of
        self.replaced[old] = operand

    def rename(self, v: Var, old: Var) -> None:
        """Let what has just been computed be the variable that it stands for."""
        last = self.trace.atoms[-1]
        if isinstance(last, Atom) and last.results == (v,) and v.type == old.type:
            self.trace.atoms[-1] = replace(last, results=(old,))
            self.trace.definitions[old] = self.trace.definitions.pop(v)
        else:
            self.replaced[old] = v

    def form(self, operand: Operand) -> Form:
        """An integer as a sum of variables."""
        found = affine(substitute(operand, self.resolve), self.trace.definitions)
        assert found is not None
        return found

    def value(self, operand: Operand) -> Value:
        return value_of(substitute(operand, self.resolve))

    def whole(self, operand: Operand) -> Whole:
        """An array with its parts; one of known sizes has none."""
        if isinstance(operand, Var) and operand in self.wholes:
            return self.wholes[operand]
        return Whole(self.value(operand), {})

    # --- branches and loops: parts begin at 0 there, and have the greatest size that they can have ---

    def choice(self, node: Choice) -> None:
        regions = []
        for region in node.regions:
            with self.trace.region() as nodes:
                self.nodes(region.body)
                outputs = tuple(self.settled(o, node.origin) for o in region.outputs)
            regions.append(Region((), tuple(nodes), outputs))
        results = tuple(self.fresh(r) for r in node.results)
        test = substitute(node.test, self.resolve)
        self.trace.add(replace(node.with_regions(regions), results=results, test=test))
        self.introduce(node.results, results, node.origin)

    def repeat(self, node: Repeat) -> None:
        inits = tuple(self.settled(o, node.origin) for o in node.inits)
        streams = tuple(substitute(o, self.resolve) for o in node.streams)
        span = None if node.span is None else tuple(substitute(o, self.resolve) for o in node.span)
        regions = []
        for region in node.regions:
            params = tuple(self.fresh(p) for p in region.params)
            with self.trace.region() as nodes:
                self.introduce(region.params, params, node.origin)
                self.nodes(region.body)
                outputs = tuple(self.settled(o, node.origin) for o in region.outputs)
            regions.append(Region(params, tuple(nodes), outputs))
        results = tuple(self.fresh(r) for r in node.results)
        new = node.with_regions(regions)
        self.trace.add(replace(new, results=results, inits=inits, streams=streams, span=span))
        self.introduce(node.results, results, node.origin)

    def fresh(self, v: Var) -> Var:
        """The variable itself, or one of known sizes in its place."""
        if not has_unknown(v.type):
            return v
        assert isinstance(v.type, ArrayType)
        shape = tuple(self.most(n, Origin()) for n in v.type.shape)
        return Var(v.hint, replace(v.type, shape=shape), v.depth, v.adjoint_of, v.tangent_of)

    def introduce(self, old: Sequence[Var], new: Sequence[Var], origin: Origin) -> None:
        for v, var in zip(old, new, strict=True):
            if v is not var:
                assert isinstance(v.type, ArrayType)
                numbers = {k: n for k, n in enumerate(v.type.shape) if is_unknown(n)}
                parts = {k: self.first_part(n, origin) for k, n in numbers.items()}
                self.wholes[v] = Whole(Array(var), parts)
                self.replaced[v] = var

    def settled(self, operand: Operand, origin: Origin) -> Operand:
        """A value of unknown length that begins at 0."""
        found = type_of(operand)
        if not isinstance(operand, Var) or not has_unknown(found):
            return substitute(operand, self.resolve)
        assert isinstance(found, ArrayType)
        whole = self.whole(operand)
        for axis, part in whole.parts.items():
            whole = self.moved(whole, axis, self.first_part(part.number, origin), origin)
        return operand_of(whole.value)

    # --- parts ---

    def most(self, size: int, origin: Origin) -> int:
        """The size of an axis, or the most that its length can be."""
        found = self.lengths.most(size)
        if found is None:
            raise RefusedError(
                "the size of this array is computed, and no greatest size is known",
                origin.span,
                "make an array of the greatest size, and use a slice of it",
            )
        return found

    def first_part(self, number: int, origin: Origin) -> Part:
        """A part that begins at 0 of an axis of the greatest size."""
        origin = replace(origin, spelling="operator")
        kind, mask = self.lengths.entries[number].origin[:2]
        most = self.most(number, origin)
        if kind == "mask":
            return Part(number, most, mask=self.value(mask))
        return Part(number, most, known(0), self.count(number, origin))

    def count(self, number: int, origin: Origin) -> Value:
        """The true length as a value."""
        found = self.lengths.value(self.trace, number, replace(origin, spelling="operator"))
        return self.value(operand_of(found))

    def moved(self, whole: Whole, axis: int, wanted: Part, origin: Origin) -> Whole:
        """The same elements at the places of another part of as many elements."""
        part = whole.parts[axis]
        if self.same_places(part, wanted):
            return whole
        if part.mask is not None or wanted.mask is not None:
            raise RefusedError(
                "what a mask selects has no places in compiled code, so that it cannot stand beside a slice",
                origin.span,
                "use one mask for both",
            )
        ndim = array_type(whole.value).ndim
        shift = self.minus(wanted.start, part.start, origin)
        if part.size == wanted.size:
            along: list[Value] = [known(axis)] if ndim > 1 else []
            function = replace(origin, spelling="function")
            value = self.apply(np.roll, [whole.value, shift, *along], {}, function)
        else:
            places = self.apply(np.arange, [known(wanted.size)], {}, origin)
            places = self.minus(places, shift, origin)
            places = self.apply(np.remainder, [places, known(part.size)], {}, origin)
            items: list[Value | None] = [None] * ndim
            items[axis] = places
            value = self.item(whole.value, items, origin)
        return Whole(value, {**whole.parts, axis: wanted})

    def same_places(self, a: Part, b: Part) -> bool:
        if a.mask is not None or b.mask is not None:
            return a.number == b.number
        definitions = self.trace.definitions
        apart = difference(operand_of(a.start), operand_of(b.start), definitions)
        return a.size == b.size and apart == 0

    def minus(self, a: Value, b: Value, origin: Origin) -> Value:
        if isinstance(b, Known) and b.value == 0:
            return a
        apart = difference(operand_of(a), operand_of(b), self.trace.definitions)
        if apart is not None and affine(operand_of(a), self.trace.definitions) is not None:
            return known(apart)
        return self.apply(np.subtract, [a, b], {}, replace(origin, spelling="operator"))

    def plus(self, a: Value, b: Value, origin: Origin) -> Value:
        for one, other in ((a, b), (b, a)):
            if isinstance(one, Known) and one.value == 0:
                return other
        if isinstance(a, Known) and isinstance(b, Known):
            return known(a.value + b.value)
        return self.apply(np.add, [a, b], {}, replace(origin, spelling="operator"))

    def apply(self, op: Any, args: list[Value], kwargs: dict[str, Value], origin: Origin) -> Any:
        return self.trace.apply(op, args, kwargs, origin)

    def item(self, value: Value, items: list[Value | None], origin: Origin) -> Any:
        """`value[items]`, where None stands for a full slice."""
        return getitem_of(self, value, items, origin)

    def inside(self, part: Part, ndim: int, axis: int, origin: Origin) -> Value:
        """Which places of an axis belong to the part, to stand beside arrays of so many axes."""
        operator = replace(origin, spelling="operator")
        if part.mask is not None:
            mask = part.mask
            if array_type(mask).ndim > 1:
                mask = self.apply(np.ravel, [mask], {}, origin)
        else:
            places = self.apply(
                np.arange, [known(part.size)], {}, replace(origin, spelling="function")
            )
            tests = []
            if not (isinstance(part.start, Known) and part.start.value <= 0):
                tests.append(self.apply(np.greater_equal, [places, part.start], {}, operator))
            if not (isinstance(part.stop, Known) and part.stop.value >= part.size):
                tests.append(self.apply(np.less, [places, part.stop], {}, operator))
            if not tests:
                tests = [self.apply(np.greater_equal, [places, known(0)], {}, operator)]
            mask = tests[0]
            for test in tests[1:]:
                mask = self.apply(np.bitwise_and, [mask, test], {}, operator)
        behind = ndim - 1 - axis
        if behind:
            axes = tuple(range(1, 1 + behind))
            mask = self.apply(np.expand_dims, [mask, known(1 if behind == 1 else axes)], {}, origin)
        return mask

    def masked(self, whole: Whole, axes: Sequence[int], fill: Any, origin: Origin) -> Value:
        """The array with `fill` outside of its parts along some axes."""
        value: Any = whole.value
        function = replace(origin, spelling="function")
        for axis in axes:
            part = whole.parts.get(axis)
            if part is not None:
                test = self.inside(part, value.type.ndim, axis, origin)
                value = self.apply(np.where, [test, value, known(fill)], {}, function)
        return value

"""What nobody reads of a value must not reach the adjoint, whatever the local derivative has made of it.

`np.where(x > 0, np.sqrt(x), 0)` computes the root of every element, and at 0 its derivative is infinite; zero times
infinity is NaN. So the adjoint of a selection's side is not cleared where the side begins, but behind the last
operation that could turn the zeros into something else: until then the selection is pending.

Given, for the adjoint dy of y:
    root = np.sqrt(x)
    y = np.where(x > 0, root, 0)

Then:
    dx = np.where(x > 0, 0.5 * dy / root, 0)

Instead of:
    droot = np.where(x > 0, dy, 0)
    dx = 0.5 * droot / root

A selection is `np.where`, a side of a branch that alone reads the value, and what takes or leaves elements by their
place (`x[mask]`, `x[rows, columns]`, `x[mask] = v`, `np.triu`). What is pending passes through an operation element by
element, or is carried over by the operation's own adjoint, applied to a mask.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..primitives import (
    COMPOSED,
    MULTILINEAR,
    NONDIFFERENTIABLE,
    astype,
    getitem,
    guard,
    is_elementwise,
    lookup,
    update,
)
from ..primitives import LINEAR as LINEAR_KIND
from .derivative import Context
from .ir import Atom, Origin
from .lengths import has_unknown
from .operands import (
    ArrayType,
    Items,
    Lit,
    Operand,
    Var,
    dtype_of,
    rank_of,
    shape_of,
    size_of,
    type_of,
    variables,
)
from .values import Array, Value, is_static, known, operand_of, static_value, value_of
from .views import is_basic

LINEAR = (np.add, np.subtract)  # their adjoints leave zero as it is
SAME_PLACE = (np.copy, np.real, np.imag, astype)  # no ufuncs, but as good
# They leave elements of their operand unread.
READING = (getitem, update, np.triu, np.tril, np.take, np.diagonal, np.max, np.min)
# Their adjoints put each element somewhere, so that they do so with a mask, too.
STRUCTURAL = (
    *READING, np.sum, np.reshape, np.ravel, np.transpose, np.swapaxes, np.moveaxis, np.expand_dims, np.squeeze,
    np.broadcast_to, np.flip, np.roll, np.sort, np.repeat,
)  # fmt: skip
MOVING = (update, np.triu, np.tril, np.reshape, np.ravel, np.transpose, np.swapaxes, np.moveaxis, np.expand_dims,
          np.squeeze, np.broadcast_to, np.flip, np.roll)  # fmt: skip  # a mask of truth values goes with them
# What a choice by value takes of each of its two arguments.
BY_VALUE = {
    np.maximum: (np.greater_equal, np.less_equal),
    np.minimum: (np.less_equal, np.greater_equal),
}
# Elementwise functions whose derivative is finite wherever their argument is.
TAME = (
    *LINEAR, *SAME_PLACE, np.multiply, np.negative, np.positive, np.square, np.absolute, np.fabs, np.sin, np.cos,
    np.tanh, np.arctan, np.sign, np.maximum, np.minimum, np.fmax, np.fmin, np.conjugate, np.where, guard,
)  # fmt: skip
LARGEST_MASK = 1_000_000  # elements of a mask that is worked out when the text is written


@dataclass(frozen=True, slots=True)
class Taken:
    """The elements for which a side of a selection is taken; equal tests are one, however often they are written."""

    meaning: Hashable
    side: bool
    test: Operand = field(compare=False)

    def __invert__(self) -> Taken:
        return Taken(self.meaning, not self.side, self.test)


@dataclass(frozen=True, slots=True)
class Through:
    """The elements of an operand that an operation hands on to what is wanted of its result.

    Nothing pending for the result (`inner`) stands for all of it: then these are the elements that the operation reads.
    """

    meaning: Hashable
    inner: Pending
    atom: Atom = field(compare=False)


@dataclass(frozen=True, slots=True)
class Either:
    """The elements that at least one of several uses of a value takes, each use all of its own."""

    uses: tuple[Pending, ...]


Key = Taken | Through | Either
Pending = tuple[Key, ...]


def chosen(atom: Atom) -> tuple[Operand, tuple[tuple[Operand, bool], ...]] | None:
    """The test of a selection, and its values with the side on which each is taken."""
    if atom.op is np.where and len(atom.args) == 3 and not atom.kwargs:
        test, one, other = atom.args
        return test, ((one, True), (other, False))
    if atom.op is guard:
        value, test, side = atom.args
        assert isinstance(side, Lit)
        return test, ((value, bool(side.value)),)
    return None


def passes(atom: Atom) -> bool:
    """Whether the adjoint of each element goes to the same element of the operands alone."""
    primitive = lookup(atom.op)
    if primitive is not None and primitive.kind == COMPOSED:  # its parts will say
        return True
    return is_elementwise(atom.op) or atom.op in SAME_PLACE or chosen(atom) is not None


class Untaken:
    """What the selections of a function leave out, and how far that has to be kept in mind."""

    def __init__(self, definitions: Mapping[Var, Atom]):
        self.definitions = definitions
        self.ends: dict[Var, bool] = {}
        self.risky: dict[bool, dict[Var, bool]] = {False: {}, True: {}}
        self.first: dict[Hashable, Operand] = {}
        for v in definitions:  # in their order, so that nothing below goes deep
            self.ends_at(v)

    def taken(self, test: Operand, side: bool) -> Taken:
        """One side of a selection."""
        return Taken(self.meaning(test), side, test)

    def meaning(self, operand: Operand) -> Operand:
        """The same operand for two tests that are written alike."""
        atom = self.definitions.get(operand) if isinstance(operand, Var) else None
        if atom is None or len(atom.results) != 1 or not is_test(operand):
            return operand
        key = (atom.op, tuple(map(self.meaning, atom.args)), atom.kwargs)
        return self.first.setdefault(key, operand)

    def reads(self, atom: Atom, inner: Pending) -> Key | None:
        """What an operation hands on to its first operand; None where it reads all of it."""
        if atom.op not in READING and not inner:
            return None
        if atom.op in (getitem, update) and not inner and rank_of(atom.args[0]):
            index = atom.args[-1]
            if is_mask_of(index, atom.args[0]):
                return self.taken(index, atom.op is getitem)
        others = tuple(map(self.meaning, atom.args[1:] if atom.op is not update else atom.args[2:]))
        shape = shape_of(atom.args[0]) if not isinstance(atom.args[0], Items) else ()
        return Through((atom.op, shape, others, atom.kwargs), inner, atom)

    def by_value(self, context: Context, atom: Atom, k: int, origin: Origin) -> Pending:
        """What `np.maximum`, `np.minimum` or `np.clip` takes of an argument, where that matters."""
        operand = atom.args[k]
        if not isinstance(operand, Var) or not self.is_risky(operand):
            return ()
        if atom.op in BY_VALUE:
            one, two = map(value_of, atom.args)
            test = context.operator(BY_VALUE[atom.op][k], [one, two], origin)
            return (self.taken(operand_of(test), True),)
        if atom.op is not np.clip or k:
            return ()
        found: list[Key] = []
        for bound, within in zip(atom.args[1:], (np.greater_equal, np.less_equal), strict=False):
            if bound != Lit(None):
                test = context.operator(within, [value_of(operand), value_of(bound)], origin)
                found.append(self.taken(operand_of(test), True))
        return tuple(found)

    def continues(self, v: Var, key: Key) -> bool:
        """Whether what is pending for the adjoint of a value goes on to what the value was computed from."""
        atom = self.definitions.get(v)
        if atom is None:
            return False
        if is_plain(key) and passes(atom) and not self.ends_at(v):
            return True
        if is_scalar(key):
            return self.is_risky(v, by_element=False)
        return self.is_risky(v) and (passes(atom) or is_structural(atom))

    def is_risky(self, v: Var, by_element: bool = True) -> bool:
        """Whether the derivative of a value may be infinite or NaN where the values themselves are not.

        By element: of some elements, for what is computed of the same elements before.
        """
        known, todo = self.risky[by_element], [v]
        while todo:
            w = todo[-1]
            atom = self.definitions.get(w)
            if w in known or atom is None or singular(atom, by_element):
                known.setdefault(w, atom is not None)
                todo.pop()
                continue
            operands = [o for o in before(atom, by_element) if isinstance(o.type, ArrayType)]
            unknown = [o for o in operands if o not in known]
            if unknown:
                todo += unknown
                continue
            known[w] = any(known[o] for o in operands)
            todo.pop()
        return known[v]

    def ends_at(self, v: Var) -> bool:
        """Whether a value's adjoint is the last place to clear: zero stays zero in what follows, element by element."""
        if v not in self.ends:
            atom = self.definitions.get(v)
            operands = [a for a in atom.args if isinstance(a, Var)] if atom is not None else []
            self.ends[v] = (
                atom is None
                or not passes(atom)
                or atom.op in LINEAR
                and len(operands) > 1
                and all(map(self.ends_at, operands))
            )
        return self.ends[v]


def shared(parts: Sequence[Pending]) -> tuple[Pending, list[Pending]]:
    """What is pending for all parts of a sum, and for each part what is pending for it beyond that.

    Where every part has something of its own, the sum is wanted where at least one of them is.
    """
    common = tuple(k for k in parts[0] if all(k in part for part in parts[1:]))
    own = [tuple(k for k in part if k not in common) for part in parts]
    if all(own) and not covers_all(own):
        return (*common, Either(tuple(dict.fromkeys(own)))), own
    return common, own


def selected(context: Context, value: Value, pending: Pending, origin: Origin) -> Value:
    """A value where it is wanted, zero elsewhere."""
    for key in pending:
        if isinstance(key, Through) and not key.inner and isinstance(value, Array):
            value = read_by(context, key.atom, value, origin)
            continue
        test, side = (key.test, key.side) if isinstance(key, Taken) else (None, True)
        wanted = where_wanted(context, key, origin) if test is None else value_of(test)
        sides = [value, known(0)] if side else [known(0), value]
        spelled = replace(origin, spelling="function")
        value = context.trace.apply(np.where, [wanted, *sides], {}, spelled)
    return value


def read_by(context: Context, atom: Atom, value: Array, origin: Origin) -> Value:
    """An array with zeros in place of the elements that an operation does not read."""
    apply = context.trace.apply
    *_, index = (value_of(a) for a in atom.args)
    if atom.op is update:
        return apply(update, [value, known(0), index], {}, origin)
    if atom.op not in (getitem, np.triu, np.tril):
        mask = handed_on(context, Through((), (), atom), origin)
        return apply(np.where, [mask, value, known(0)], {}, replace(origin, spelling="function"))
    if atom.op is getitem:
        part = apply(getitem, [value, index], {}, replace(origin, spelling="operator"))
        empty = apply(np.zeros_like, [value], {}, origin)
        return apply(update, [empty, part, index], {}, origin)
    named = {k: value_of(o) for k, o in atom.kwargs}
    return apply(atom.op, [value, *(value_of(a) for a in atom.args[1:])], named, origin)


def where_wanted(context: Context, key: Key, origin: Origin) -> Value:
    """A test for the elements that a key stands for."""
    if isinstance(key, Taken):
        test = value_of(key.test)
        if not is_test(key.test):
            test = context.operator(np.not_equal, [test, known(0)], origin)
        negation = np.invert if rank_of(key.test) else np.logical_not
        return test if key.side else context.operator(negation, [test], origin)
    if isinstance(key, Through):
        return handed_on(context, key, origin)
    found = None
    for use in key.uses:
        found = wanted_too(context, found, use, origin)
    assert found is not None
    return found


def wanted_too(context: Context, so_far: Value | None, pending: Pending, origin: Origin) -> Value:
    """The elements that are wanted so far, and those that a use takes."""
    places = [k for k in pending if isinstance(k, Through) and k.atom.op is getitem and not k.inner]
    tests = tuple(k for k in pending if k not in places)
    if so_far is None or len(places) != 1 or not all(map(is_scalar, tests)):
        test = all_wanted(context, pending, origin)
        return test if so_far is None else context.operator(np.bitwise_or, [so_far, test], origin)
    index, apply = value_of(places[0].atom.args[-1]), context.trace.apply
    taken: Value = known(True)
    if tests:
        before = apply(getitem, [so_far, index], {}, replace(origin, spelling="operator"))
        test = all_wanted(context, tests, origin)
        taken = context.operator(np.bitwise_or, [before, test], origin)
    return apply(update, [so_far, taken, index], {}, origin)


def all_wanted(context: Context, pending: Pending, origin: Origin) -> Value:
    tests = [where_wanted(context, key, origin) for key in pending]
    both = tests[0]
    for test in tests[1:]:
        both = context.operator(np.bitwise_and, [both, test], origin)
    return both


def handed_on(context: Context, key: Through, origin: Origin) -> Value:
    """A mask of an operand, from one of the result: the operation's own adjoint puts each element where it belongs."""
    atom, apply = key.atom, context.trace.apply
    shape = context.trace.attribute(Array(atom.args[0]), "shape", origin)
    index = value_of(atom.args[-1])
    if not key.inner and atom.op is getitem:
        empty = apply(np.zeros, [shape, known(np.dtype(bool))], {}, origin)
        return apply(update, [empty, known(True), index], {}, origin)
    whole = context.trace.attribute(Array(atom.result), "shape", origin)
    inner = all_wanted(context, key.inner, origin) if key.inner else known(True)
    if shape_of(operand_of(inner)) != shape_of(atom.result):
        inner = apply(np.broadcast_to, [inner, whole], {}, origin)
    if atom.op is getitem and is_basic(atom.args[-1]):
        empty = apply(np.zeros, [shape, known(np.dtype(bool))], {}, origin)
        return apply(update, [empty, inner, index], {}, origin)
    if atom.op not in MOVING:  # of several that go to one place, one is enough
        inner = context.trace.cast(inner, float, origin) if key.inner else known(1.0)  # type: ignore[arg-type]
        if not key.inner and atom.result.type.shape:
            inner = apply(np.broadcast_to, [inner, whole], {}, origin)
    primitive = lookup(atom.op)
    assert primitive is not None and primitive.adjoint is not None
    y = Array(atom.result, scalar=atom.result.type.ndim == 0)
    found = context.rule(primitive.adjoint, [inner, y], atom, primitive, "adjoint")[0]
    if shape_of(operand_of(found)) != shape_of(atom.args[0]):
        found = apply(np.broadcast_to, [found, shape], {}, origin)
    if dtype_of(operand_of(found)) != np.dtype(bool):
        found = context.operator(np.not_equal, [found, known(0)], origin)
    return found


def covers_all(uses: Sequence[Pending]) -> bool:
    """Whether the uses take all elements between them."""
    single = [use[0] for use in uses if len(use) == 1]
    if any(isinstance(k, Taken) and ~k in single for k in single):
        return True
    reads = [
        (k.atom.op, index_meaning(k)) for k in single if isinstance(k, Through) and not k.inner
    ]
    if any(op is getitem and (update, index) in reads for op, index in reads):
        return True
    masks = [m for m in map(static_mask, single) if m is not None]
    return bool(masks) and bool(np.logical_or.reduce(masks).all())


def index_meaning(key: Through) -> Hashable:
    _, shape, others, *_ = key.meaning  # type: ignore[misc]
    return shape, others[-1] if others else None


def static_mask(key: Key) -> np.ndarray | None:
    """The elements that an operation reads, where they are known when the text is written."""
    if not isinstance(key, Through) or key.inner or key.atom.op not in READING:
        return None
    atom, shape = key.atom, shape_of(key.atom.args[0])
    if has_unknown(type_of(atom.args[0])) or math.prod(shape) > LARGEST_MASK:
        return None
    if not all(map(is_static, (*atom.args[1:], *(o for _, o in atom.kwargs)))):
        return None
    mask = np.full(shape, atom.op is not getitem)
    if atom.op in (getitem, update):
        mask[static_value(atom.args[-1])] = atom.op is getitem
        return mask
    named = {k: static_value(o) for k, o in atom.kwargs}
    return atom.op(mask, *map(static_value, atom.args[1:]), **named)


def is_plain(key: Key) -> bool:
    """Whether a key is a test, or made of tests alone."""
    if isinstance(key, Either):
        return all(is_plain(k) for use in key.uses for k in use)
    return isinstance(key, Taken)


def is_scalar(key: Key) -> bool:
    """Whether a key stands for all elements or none, so that it goes through any operation."""
    if isinstance(key, Either):
        return all(is_scalar(k) for use in key.uses for k in use)
    return isinstance(key, Taken) and not rank_of(key.test)


def variables_of(key: Key) -> Iterator[Var]:
    """The variables that a mask for a key is computed of."""
    if isinstance(key, Taken):
        yield from variables(key.test)
    elif isinstance(key, Through):
        for operand in (*key.atom.args[1:], *(o for _, o in key.atom.kwargs)):
            yield from variables(operand)
    uses = key.uses if isinstance(key, Either) else (key.inner,) if isinstance(key, Through) else ()
    for inner in (k for use in uses for k in use):
        yield from variables_of(inner)


def is_structural(atom: Atom) -> bool:
    """Whether an operation only moves elements, of its first operand."""
    return atom.op in STRUCTURAL and isinstance(atom.args[0], Var)


def is_mask_of(index: Operand, array: Operand) -> bool:
    return is_test(index) and shape_of(index) == shape_of(array)


def before(atom: Atom, by_element: bool) -> Iterator[Var]:
    """What a value is computed of; by element, what has the same elements."""
    if not by_element:
        yield from atom.variables()
    elif is_structural(atom):
        yield atom.args[0]  # type: ignore[misc]
    elif passes(atom):
        size = size_of(atom.results[0])
        yield from (v for v in atom.variables() if size_of(v) == size)


def singular(atom: Atom, by_element: bool) -> bool:
    """Whether an operation's derivative may be infinite, or NaN, at finite values; by element, of some elements."""
    if any(not isinstance(r.type, ArrayType) or not r.type.inexact for r in atom.results):
        return False
    deciding: list[Operand] = list(atom.args)
    if atom.op is np.divide:
        deciding = [atom.args[1]]
    elif atom.op is np.power:
        power = atom.args[1]
        if isinstance(power, Lit) and power.value >= 1:
            return False
    else:
        primitive = lookup(atom.op)
        kind = primitive.kind if primitive is not None else None
        if kind in (LINEAR_KIND, MULTILINEAR, NONDIFFERENTIABLE) or atom.op in TAME:
            return False
    size = size_of(atom.results[0])
    found = [v for o in deciding for v in variables(o) if getattr(v.type, "inexact", False)]
    return any(size_of(v) == size for v in found) and passes(atom) if by_element else bool(found)


def is_test(operand: Operand) -> bool:
    """Whether an operand is true or false, and not a number that is taken for either."""
    found = type_of(operand)
    return isinstance(found, ArrayType) and found.dtype == bool

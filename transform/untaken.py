"""What a selection does not take must not reach the adjoint, whatever its values have made of it.

`np.where(x > 0, np.sqrt(x), 0)` computes the root of every element, and at 0 its derivative is infinite; zero times
infinity is NaN. So the adjoint of a selection's side is not cleared where the side begins, but behind the last
operation that could turn the zeros into something else, element by element: until then the selection is pending.

Given, for the adjoint dy of y:
    root = np.sqrt(x)
    y = np.where(x > 0, root, 0)

Then:
    dx = np.where(x > 0, 0.5 * dy / root, 0)

Instead of:
    droot = np.where(x > 0, dy, 0)
    dx = 0.5 * droot / root
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..primitives import COMPOSED, astype, guard, is_elementwise, lookup
from .derivative import Context
from .ir import Atom, Origin
from .operands import ArrayType, Lit, Operand, Var, type_of
from .values import Value, known, value_of

LINEAR = (np.add, np.subtract)  # their adjoints leave zero as it is
SAME_PLACE = (np.copy, np.real, np.imag, astype)  # no ufuncs, but as good


@dataclass(frozen=True, slots=True)
class Taken:
    """The elements for which a side of a selection is taken; equal tests are one, however often they are written."""

    meaning: Hashable
    side: bool
    test: Operand = field(compare=False)

    def __invert__(self) -> Taken:
        return Taken(self.meaning, not self.side, self.test)


@dataclass(frozen=True, slots=True)
class Either:
    """The elements that at least one of several uses of a value takes, each use all of its own."""

    uses: tuple[tuple[Taken | Either, ...], ...]


Pending = tuple[Taken | Either, ...]


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
        test, side = (key.test, key.side) if isinstance(key, Taken) else (None, True)
        wanted = where_wanted(context, key, origin) if test is None else value_of(test)
        sides = [value, known(0)] if side else [known(0), value]
        spelled = replace(origin, spelling="function")
        value = context.trace.apply(np.where, [wanted, *sides], {}, spelled)
    return value


def where_wanted(context: Context, key: Taken | Either, origin: Origin) -> Value:
    """A test for the elements that a key stands for."""
    if isinstance(key, Taken):
        test = value_of(key.test)
        if not is_test(key.test):
            test = context.operator(np.not_equal, [test, known(0)], origin)
        return test if key.side else context.operator(np.invert, [test], origin)
    uses = []
    for use in key.uses:
        test = where_wanted(context, use[0], origin)
        for more in use[1:]:
            both = [test, where_wanted(context, more, origin)]
            test = context.operator(np.bitwise_and, both, origin)
        uses.append(test)
    found = uses[0]
    for use in uses[1:]:
        found = context.operator(np.bitwise_or, [found, use], origin)
    return found


def covers_all(uses: Sequence[Pending]) -> bool:
    """Whether one use takes what another leaves."""
    single = [use[0] for use in uses if len(use) == 1 and isinstance(use[0], Taken)]
    return any(~k in single for k in single)


def is_test(operand: Operand) -> bool:
    """Whether an operand is true or false, and not a number that is taken for either."""
    found = type_of(operand)
    return isinstance(found, ArrayType) and found.dtype == bool

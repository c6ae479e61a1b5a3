"""Integers as sums of loop variables: `i + 2 * j - 1`. Their differences and their bounds are known where those of the
variables are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .ir import Atom, Repeat, walk
from .operands import Lit, Operand, StaticType, Var

Form = tuple[Counter, int]  # coefficients of variables, and a constant
Span = tuple[
    Form | None, Form | None, int | None
]  # where a loop variable starts and stops, its step


def affine(operand: Operand | None, definitions: Mapping[Var, Atom]) -> Form | None:
    """The form of an integer operand; a variable of which nothing is known stands for itself."""
    number = _number(operand)
    if number is not None:
        return Counter(), number
    if not isinstance(operand, Var):
        return None
    atom = definitions.get(operand)
    if atom is not None and atom.op in (np.add, np.subtract, np.multiply, np.negative):
        parts = [affine(a, definitions) for a in atom.args]
        if all(p is not None for p in parts):
            found = combined(atom.op, [p for p in parts if p is not None])
            if found is not None:
                return found
    return Counter({operand: 1}), 0


def combined(op: Any, parts: list[Form]) -> Form | None:
    (a, c), *rest = parts
    if op is np.negative:
        return _scaled(a, -1), -c
    b, d = rest[0]
    if op is np.multiply:
        if a and b:
            return None
        return (_scaled(b, c), c * d) if not a else (_scaled(a, d), c * d)
    sign = 1 if op is np.add else -1
    total = Counter(a)
    for v, k in b.items():
        total[v] += sign * k
    return Counter({v: k for v, k in total.items() if k}), c + sign * d


def _scaled(form: Counter, factor: int) -> Counter:
    return Counter({v: k * factor for v, k in form.items() if k * factor})


def _number(operand: Operand | None) -> int | None:
    value = operand.value if isinstance(operand, Lit) else None
    if isinstance(operand, Var) and isinstance(operand.type, StaticType):
        value = operand.type.value
    return int(value) if isinstance(value, int | np.integer) else None


def difference(a: Operand | None, b: Operand | None, definitions: Mapping[Var, Atom]) -> int | None:
    """`a - b` where it is the same for all values of the variables."""
    one, two = affine(a, definitions), affine(b, definitions)
    if one is None or two is None:
        return None
    found = combined(np.subtract, [one, two])
    return found[1] if found is not None and not found[0] else None


def bounds(
    operand: Operand | None, definitions: Mapping[Var, Atom], spans: Mapping[Var, Span]
) -> tuple[int, int] | None:
    """The least and the greatest value of an integer operand."""
    form = affine(operand, definitions)
    return None if form is None else bounds_of(form, spans)


def attained(form: Form, spans: Mapping[Var, Span]) -> tuple[int, int] | None:
    """The least and the greatest value that a form surely takes, where all its variables run over fixed ranges."""
    low = high = form[1]
    for v, k in form[0].items():
        start, stop, step = spans.get(v, (None, None, None))
        if start is None or stop is None or step is None or start[0] or stop[0]:
            return None
        values = range(start[1], stop[1], step)
        if not values:
            return None
        ends = k * values[0], k * values[-1]
        low, high = low + min(ends), high + max(ends)
    return low, high


def bounds_of(form: Form, spans: Mapping[Var, Span]) -> tuple[int, int] | None:
    """The least and the greatest value of a form, where the ranges of all its variables are known."""
    low = high = form[1]
    for v, k in form[0].items():
        start, stop, step = spans.get(v, (None, None, None))
        if start is None or stop is None or step is None:
            return None
        first, last = bounds_of(start, spans), bounds_of(stop, spans)
        if first is None or last is None:
            return None
        least, most = (first[0], last[1] - 1) if step > 0 else (last[0] + 1, first[1])
        most = max(least, most)
        low += min(k * least, k * most)
        high += max(k * least, k * most)
    return low, high


class Ranges:
    """Inequalities between forms, from the ranges of the loop variables in them."""

    def __init__(self, atoms: Mapping[Var, Atom], spans: dict[Var, Span]):
        self.atoms, self.spans = atoms, spans

    def exceeds(self, one: Form, other: Form) -> bool:
        """Whether a form is always greater than another."""
        found = combined(np.subtract, [one, other])
        least = None if found is None else self.least(found)
        return least is not None and least >= 1

    def is_natural(self, form: Form) -> bool:
        """Whether a form is never negative: an index that does not count from the end."""
        least = self.least(form)
        return least is not None and least >= 0

    def least(self, form: Form) -> int | None:
        """The least value of a form; None where it is not known."""
        found = self.eliminated(form, lambda v: True)
        return None if found is None or found[0] else found[1]

    def least_within(self, form: Form, loop: Repeat) -> Form | None:
        """The least value of a form while the loops within another run, in terms of the variables that stay."""
        inner = {n.index for n in walk(loop.body.body) if isinstance(n, Repeat)}
        return self.eliminated(form, lambda v: v in inner)

    def most_within(self, form: Form, loop: Repeat) -> Form | None:
        """The greatest value, likewise."""
        found = self.least_within((_scaled(form[0], -1), -form[1]), loop)
        return None if found is None else (_scaled(found[0], -1), -found[1])

    def eliminated(self, form: Form, chosen: Callable[[Var], bool]) -> Form | None:
        """A form with some variables at the end of their range where it is least; inner ones first."""
        for _ in range(len(self.spans) + 1):
            mine = [v for v in form[0] if chosen(v)]
            if not mine:
                return form
            named = {u for v in mine for end in self.ends(v) or () for u in end[0]}
            v = next((v for v in mine if v not in named), None)
            ends = self.ends(v) if v is not None else None
            if v is None or ends is None:
                return None
            factor = form[0][v]
            rest = Counter({u: k for u, k in form[0].items() if u is not v}), form[1]
            end = ends[0] if factor > 0 else ends[1]
            scaled = _scaled(end[0], factor), end[1] * factor
            total = combined(np.add, [rest, scaled])
            if total is None:
                return None
            form = total
        return None

    def ends(self, v: Var) -> tuple[Form, Form] | None:
        """The least and the greatest value of a loop variable, as forms."""
        start, stop, step = self.spans.get(v, (None, None, None))
        if start is None or stop is None or step is None:
            return None
        if step > 0:
            return start, (stop[0], stop[1] - 1)
        return (stop[0], stop[1] + 1), start

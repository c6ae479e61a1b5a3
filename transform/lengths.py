"""Lengths that are not known before the function runs: of `x[:i]` for a loop variable i, of `x[mask]`.

The type of an array needs numbers. Each such length is one: a stand-in that no axis has. Lengths that are surely
equal are one stand-in, so that shapes fit together, or do not, as they would with the true lengths.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .affine import Form, Span, affine, bounds_of, combined
from .errors import BackproseError, RefusedError
from .ir import Function, Origin, walk
from .operands import FIRST_UNKNOWN, ArrayType, Items, Lit, Operand, Type, Var, type_of
from .values import Array, Known, Value, known, operand_of, value_of

if TYPE_CHECKING:
    from .trace import Trace


APART = 1_000_003  # so that one less, or one more, is never another length
OPERATOR = Origin(spelling="operator")


def is_unknown(size: int) -> bool:
    return size >= FIRST_UNKNOWN


def has_unknown(found: Type | None) -> bool:
    """Whether a type has an axis of a length that is not known."""
    return isinstance(found, ArrayType) and any(map(is_unknown, found.shape))


@dataclass(eq=False)
class Length:
    """Where a length comes from: what it counts, and the size of the smallest axis that it is a part of."""

    origin: tuple[Any, ...]  # ("slice", start, stop, size), ("mask", operand), ("count", form)
    most: int | None


@dataclass(eq=False)
class Lengths:
    """The lengths of one function, the ranges of its loop variables, and the stand-ins for computed sizes."""

    spans: dict[Var, Span] = field(default_factory=dict)
    counted: dict[Operand, int] = field(default_factory=dict)

    users: set[int] = field(default_factory=set)  # large numbers that the user has written
    numbers: dict[Hashable, int] = field(default_factory=dict)
    entries: dict[int, Length] = field(default_factory=dict)

    def number(self, key: Hashable, origin: tuple[Any, ...], most: int | None) -> int:
        number = self.numbers.setdefault(key, FIRST_UNKNOWN + APART * len(self.numbers))
        entry = self.entries.setdefault(number, Length(origin, most))
        both = [n for n in (entry.most, most) if n is not None]
        entry.most = min(both, default=None)
        return number

    def most(self, size: int) -> int | None:
        """The number itself, or the most that an unknown length can be."""
        return self.entries[size].most if is_unknown(size) else size

    def named(self) -> set[Var]:
        """The variables that lengths are computed from."""
        parts = [part for entry in self.entries.values() for part in entry.origin[1:]]
        forms = [part[0] for part in parts if isinstance(part, tuple)]
        operands = [*parts, *self.counted, *(v for form in forms for v in form)]
        return {v for v in operands if isinstance(v, Var)}

    # --- where lengths come from ---

    def of_slice(self, trace: Trace, start: Value | None, stop: Value | None, size: int) -> int:
        """The length of `x[start:stop]` along an axis of a size."""
        first = affine(Lit(0) if start is None else operand_of(start), trace.definitions)
        last = None if stop is None else affine(operand_of(stop), trace.definitions)
        assert first is not None
        most = self.most(size)
        if not is_unknown(size):
            first = self.from_start(first, size)
            last = None if last is None else self.from_start(last, size)
        origin = ("slice", first, last, size)
        if not is_unknown(size):
            end = (Counter(), size) if last is None else last
            one, two = self.bounds(first), self.bounds(end)
            if one and two and one[0] >= 0 and 0 <= two[0] and two[1] <= size:
                return self.number(_key(_difference(end, first)), origin, most)
        elif _at_least(start, 0) and (stop is None or _at_most(stop, -1)):
            # An end that is counted from the end: the length itself, or less by a constant.
            whole = affine(operand_of(self.value(trace, size)), trace.definitions)
            assert whole is not None
            end = whole if last is None else (whole[0], whole[1] + last[1])
            return self.number(_key(_difference(end, first)), origin, most)
        return self.number(("slice", size, _key(first), _key(last)), origin, most)

    def from_start(self, form: Form, size: int) -> Form:
        """A bound that surely is counted from the end, counted from the start."""
        found = self.bounds(form)
        if found is not None and -size <= found[0] and found[1] < 0:
            return form[0], form[1] + size
        return form

    def of_mask(self, mask: Operand, size: int) -> int:
        """How many elements a mask selects, of `size`."""
        if is_unknown(size) and size not in self.entries:
            raise RefusedError(
                "a mask over several axes, one of a length that is not known before the function runs",
                remedy="use arrays of the greatest size, and masks",
            )
        return self.number(("mask", mask), ("mask", mask), self.most(size))

    def of_count(self, trace: Trace, value: Value) -> int:
        """The length that a computed integer says: `np.zeros(i)`."""
        operand = operand_of(value)
        atom = trace.definitions.get(operand) if isinstance(operand, Var) else None
        if atom is not None and atom.op is np.count_nonzero and len(atom.args) == 1:
            found = type_of(atom.args[0])
            return self.of_mask(atom.args[0], found.size if isinstance(found, ArrayType) else 1)
        if atom is not None and atom.op is np.maximum and atom.args[1] == Lit(0):
            operand = atom.args[0]
        form = affine(operand, trace.definitions)
        assert form is not None
        found = self.bounds(form)
        most = None if found is None else max(found[1], 0)
        return self.number(_key(form), ("count", form), most)

    def form(self, number: int) -> Form | None:
        """The length as a sum of loop variables, where it is one; it is 0 where that is negative."""
        kind, *rest = self.entries[number].origin
        if kind == "count":
            return rest[0]
        if kind != "slice":
            return None
        first, last, size = rest
        end = (Counter(), size) if last is None else last
        if first is None or is_unknown(size):
            return None
        one, two = self.bounds(first), self.bounds(end)
        inside = one and two and one[0] >= 0 and 0 <= two[0] and two[1] <= size
        return _difference(end, first) if inside else None

    def bounds(self, form: Form) -> tuple[int, int] | None:
        return bounds_of(form, self.spans)

    # --- the length as a value ---

    def value(self, trace: Trace, number: int, origin: Origin = OPERATOR) -> Value:
        """The true length, as a number that is computed in the function."""
        if not is_unknown(number):
            return known(number)
        found = self.computed(trace, number, origin)
        if isinstance(found, Array):
            self.counted[found.operand] = number
        return found

    def computed(self, trace: Trace, number: int, origin: Origin) -> Value:
        kind, *rest = self.entries[number].origin
        if kind == "mask":
            return trace.apply(np.count_nonzero, [value_of(rest[0])], {}, origin)
        if kind == "count":
            return self.at_least_zero(trace, rest[0], spelled_form(trace, rest[0], origin), origin)
        first, last, size = rest
        end = (Counter(), size) if last is None else last
        if not is_unknown(size):
            one, two = self.bounds(first), self.bounds(end)
            if one and two and one[0] >= 0 and 0 <= two[0] and two[1] <= size:
                form = _difference(end, first)
                return self.at_least_zero(trace, form, spelled_form(trace, form, origin), origin)
        begin, stop = self.ends(trace, first, last, size, origin)
        return self.at_least_zero(trace, None, _minus(trace, stop, begin, origin), origin)

    def at_least_zero(self, trace: Trace, form: Form | None, value: Value, origin: Origin) -> Value:
        found = None if form is None else self.bounds(form)
        if isinstance(value, Known):
            return known(max(value.value, 0))
        if found is not None and found[0] >= 0:
            return value
        return trace.apply(np.maximum, [value, known(0)], {}, origin)

    def ends(
        self, trace: Trace, start: Form | None, stop: Form | None, size: int, origin: Origin
    ) -> tuple[Value, Value]:
        """Where a slice starts and stops, counted from the start of the axis, as Python reads it."""
        first = known(0) if start is None else self.place(trace, start, size, origin)
        if stop is None:
            return first, self.value(trace, size, origin)
        return first, self.place(trace, stop, size, origin)

    def place(self, trace: Trace, form: Form, size: int, origin: Origin) -> Value:
        """A bound of a slice: negative ones are counted from the end, and none lies outside of the axis."""
        value, length = spelled_form(trace, form, origin), self.value(trace, size, origin)
        low, high = self.bounds(form) or (None, None)

        def apply(op: Any, *args: Value) -> Value:
            if all(isinstance(a, Known) for a in args):
                return known(int(op(*(a.value for a in args if isinstance(a, Known)))))
            return trace.apply(op, list(args), {}, origin)

        if low is not None and high is not None and low >= 0:
            inside = not is_unknown(size) and high <= size
            return value if inside or low == high == 0 else apply(np.minimum, value, length)
        from_end = apply(np.maximum, apply(np.add, length, value), known(0))
        if high is not None and high < 0:
            return from_end
        from_start = apply(np.minimum, value, length)
        return apply(np.where, apply(np.less, value, known(0)), from_end, from_start)


def spelled_form(trace: Trace, form: Form, origin: Origin = OPERATOR) -> Value:
    """A sum of variables as a value: `2 * i + j - 1`."""
    total: Value | None = None
    constant = form[1]
    for v, k in form[0].items():
        term: Value = value_of(v)
        if abs(k) != 1:
            term = trace.apply(np.multiply, [known(abs(k)), term], {}, origin)
        if total is None:
            if k < 0:
                total, constant = trace.apply(np.subtract, [known(constant), term], {}, origin), 0
            else:
                total = term
        else:
            total = trace.apply(np.add if k > 0 else np.subtract, [total, term], {}, origin)
    if total is None:
        return known(constant)
    if constant:
        sign, size = (np.add, constant) if constant > 0 else (np.subtract, -constant)
        return trace.apply(sign, [total, known(size)], {}, origin)
    return total


def _minus(trace: Trace, a: Value, b: Value, origin: Origin) -> Value:
    if isinstance(b, Known) and b.value == 0:
        return a
    if isinstance(a, Known) and isinstance(b, Known):
        return known(a.value - b.value)
    return trace.apply(np.subtract, [a, b], {}, origin)


def _difference(a: Form, b: Form) -> Form:
    found = combined(np.subtract, [a, b])
    assert found is not None
    return found


def _key(form: Form | None) -> Hashable:
    return None if form is None else (frozenset(form[0].items()), form[1])


def _at_least(value: Value | None, least: int) -> bool:
    return value is None or isinstance(value, Known) and value.value >= least


def _at_most(value: Value, most: int) -> bool:
    return isinstance(value, Known) and value.value <= most


def without_stand_ins(error: BackproseError) -> BackproseError:
    """An error that says `?` where a length is not known; what NumPy might accept then is refused, not wrong."""
    told, times = re.subn(r"\b(1999\d{6}|[2-9]\d{9})\b", "?", error.message)
    if not times:
        return error
    why = f"{told}, where ? is a length that is not known before the function runs"
    remedy = (
        error.remedy
        or "use slices by the same bounds, or one mask for all; or np.where over the whole axis"
    )
    return RefusedError(why, error.span, remedy)


def check_unwritten(function: Function) -> None:
    """A stand-in must not be written into a text. Raises `RefusedError`."""
    if function.lengths is None or not function.lengths.entries:
        return
    for node in walk(function.body):
        for operand in (*node.operands(), *(o for r in node.regions for o in r.outputs)):
            found = (n for n in _numbers(operand) if n not in function.lengths.users)
            if any(_is_of_a_stand_in(n, function.lengths.entries) for n in found):
                raise RefusedError(
                    "an operation needs a length that is not known before the function runs",
                    node.origin.span,
                    "use the whole axis and a mask: np.where(np.arange(n) < i, x, 0)",
                )


def _is_of_a_stand_in(number: int | float, stand_ins: Collection[int]) -> bool:
    """Whether a number was made of a stand-in: `n + 1`, `n * m`, `1 / n`."""
    if isinstance(number, int):
        return abs(number) > FIRST_UNKNOWN // 2
    return any(number * n == round(number * n) and 0 < abs(number * n) <= 64 for n in stand_ins)


def _numbers(operand: Operand | None) -> Iterator[int | float]:
    if isinstance(operand, Lit):
        values = operand.value if isinstance(operand.value, tuple | list) else (operand.value,)
        yield from (v for v in values if type(v) is int or type(v) is float and math.isfinite(v))
    elif isinstance(operand, Items):
        for item in operand.items:
            yield from _numbers(item)

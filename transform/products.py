"""Products of derivative factors in the order that a person writes them, with the fewest array operations.

Chains of `*`, `/` and unary minus are flattened into a sign, a number, factors and divisors, and written again:
numbers and scalars first and together, signs in front, quotients as quotients.

Before:
    t1 = 2 * r
    t2 = dy * t1
    dr = t2 / n          # dy and n scalars

After:
    t1 = 2 * dy
    t2 = t1 / n
    dr = t2 * r
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from .ir import ArrayType, Atom, Lit, Operand, Var, type_of
from .rewrites import operation
from .trace import Trace
from .values import Value, known, operand_of, value_of

CHAIN = (np.multiply, np.divide, np.negative)


@dataclass
class Factors:
    """A product taken apart: `sign * number * above[0] * ... / below[0] / ...`."""

    sign: int = 1
    number: Fraction = Fraction(1)
    above: list[Operand] = field(default_factory=list)
    below: list[Operand] = field(default_factory=list)


def product(trace: Trace, atom: Atom, single: Callable[[Var], bool]) -> Value | None:
    """The same product in better order, where that saves an operation on arrays."""
    if atom.op not in CHAIN or not isinstance(atom.result.type, ArrayType):
        return None
    found, visited = Factors(), []
    flatten(trace, atom, found, False, single, visited)
    mark = len(trace.atoms)
    logistic = _logistic(trace, found)
    if len(visited) < 2 and not logistic or not found.above + found.below:
        return None
    value = write(trace, atom, found)
    before, after = sum(map(cost, visited)), sum(map(cost, trace.atoms[mark:]))
    if type_of(operand_of(value)) == atom.result.type and (after < before or logistic):
        return value
    del trace.atoms[mark:]
    return None


def flatten(
    trace: Trace,
    atom: Atom,
    found: Factors,
    inverse: bool,
    single: Callable[[Var], bool],
    visited: list[Atom],
) -> None:
    """Add the factors of a chain to `found`; `visited` collects the atoms that it takes apart."""
    if atom.op not in CHAIN:
        return
    if single(atom.result) or not visited:
        visited.append(atom)
    if atom.op is np.negative:
        found.sign = -found.sign
        sides = [(atom.args[0], inverse)]
    else:
        divide = atom.op is np.divide
        sides = [(atom.args[0], inverse), (atom.args[1], inverse != divide)]
    for operand, below in sides:
        inner = trace.definitions.get(operand) if isinstance(operand, Var) else None
        if isinstance(operand, Lit) and type(operand.value) in (int, float) and operand.name is None:
            if operand.value == 0 or not np.isfinite(operand.value):
                (found.below if below else found.above).append(operand)
                continue
            number = Fraction(operand.value)
            found.sign *= -1 if number < 0 else 1
            found.number = found.number / abs(number) if below else found.number * abs(number)
        elif inner is not None and _opens(inner, single):
            flatten(trace, inner, found, below, single, visited)
        else:
            (found.below if below else found.above).append(operand)


def _opens(inner: Atom, single: Callable[[Var], bool]) -> bool:
    """Whether a factor is taken apart: not the user's own lines, and no array that something else needs too."""
    if inner.op not in CHAIN or not is_derivative(inner):
        return False
    return _size(inner.result) == 0 or single(inner.result)


def cost(atom: Atom) -> float:
    """One for an operation on an array, next to nothing for one on a scalar."""
    found = atom.result.type
    return 0.0 if not isinstance(found, ArrayType) else 1e-3 + (0.0 if not found.shape else 1.0)


def _logistic(trace: Trace, found: Factors) -> bool:
    """`y * e / (1 + e)` with `y = 1 / (1 + e)` is `y * (1 - y)`: one factor less, and finite where e is not."""
    for below in found.below:
        total = _definition(trace, below)
        if total is None or total.op is not np.add:
            continue
        e = next((b for a, b in (total.args, total.args[::-1]) if _is_one(a)), None)
        if e is None or e not in found.above:
            continue
        for y in found.above:
            quotient = _definition(trace, y)
            if quotient is None or quotient.op not in (np.divide, np.reciprocal):
                continue
            if quotient.args[-1] is below and (quotient.op is np.reciprocal or _is_one(quotient.args[0])):
                found.above.remove(e)
                found.below.remove(below)
                complement = operation(trace, np.subtract, [known(1), value_of(y)], {}, _spelling(trace, e))
                found.above.append(operand_of(complement))
                return True
    return False


def _spelling(trace: Trace, operand: Operand) -> Atom:
    from dataclasses import replace

    atom = _definition(trace, operand)
    assert atom is not None
    return replace(atom, origin=replace(atom.origin, part="adjoint"))


def _definition(trace: Trace, operand: Operand) -> Atom | None:
    return trace.definitions.get(operand) if isinstance(operand, Var) else None


def _is_one(operand: Operand) -> bool:
    return isinstance(operand, Lit) and type(operand.value) in (int, float) and operand.value == 1


def is_derivative(atom: Atom) -> bool:
    """Whether an atom is not one of the user's own lines."""
    return atom.origin.part != "primal"


def scalar_size(operand: Operand) -> bool:
    return _size(operand) == 0


def _size(operand: Operand) -> int:
    found = type_of(operand)
    return found.size if isinstance(found, ArrayType) and found.shape else 0


def write(trace: Trace, atom: Atom, found: Factors) -> Value:
    """Scalars together in front, then arrays from small to large, then divisors."""

    def op(which: Any, *args: Value) -> Value:
        return operation(trace, which, list(args), {}, atom)

    number: Any = found.number
    above = [a for a in found.above if _size(a) == 0]
    below = [b for b in found.below if _size(b) == 0]
    arrays = sorted((a for a in found.above if _size(a)), key=_size)
    divisors = sorted((b for b in found.below if _size(b)), key=_size)
    top, bottom = (number.numerator, number.denominator)
    if bottom > 1_000:  # not a fraction that anybody wrote
        top, bottom = float(number), 1
    scalar: Value | None = None
    for factor in above:
        scalar = value_of(factor) if scalar is None else op(np.multiply, scalar, value_of(factor))
    if top != 1:
        scalar = known(top) if scalar is None else op(np.multiply, known(top), scalar)
    tail = [value_of(b) for b in below]
    if bottom != 1:
        tail.insert(0, known(bottom))
    if len(tail) > 1:
        joined = tail[0]
        for divisor in tail[1:]:
            joined = op(np.multiply, joined, divisor)
        tail = [joined]
    if scalar is None and not arrays:
        scalar = known(1)
    negative = found.sign < 0
    if scalar is not None:
        if negative:
            scalar, negative = op(np.negative, scalar), False
        for divisor in tail:
            scalar = op(np.divide, scalar, divisor)
        tail = []
    result = scalar
    for factor in arrays:
        result = value_of(factor) if result is None else op(np.multiply, result, value_of(factor))
    assert result is not None
    if negative:
        result = op(np.negative, result)
    for divisor in (*map(value_of, divisors), *tail):
        result = op(np.divide, result, divisor)
    return result

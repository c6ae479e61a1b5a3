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

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from .ir import Atom, Node
from .operands import ArrayType, Lit, Operand, Var, type_of
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
    before, after = cost(visited, atom), cost(trace.atoms[mark:], atom)
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
        if (
            isinstance(operand, Lit)
            and type(operand.value) in (int, float)
            and operand.name is None
        ):
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


def cost(atoms: Sequence[Node], whole: Atom) -> float:
    """The work of some atoms: one for a pass over an array like `whole`, little for one over a small array."""
    size = _size(whole.result)
    return sum(
        1e-3 + (0.0 if not _size(a.result) else 0.1 if _is_small(a.result, size) else 1.0)
        for a in atoms
        if isinstance(a, Atom)
    )


def _logistic(trace: Trace, found: Factors) -> bool:
    """`y * e / (1 + e)` with `y = 1 / (1 + e)` is `y * (1 - y)`: one factor less, and finite where e is not."""
    for below in found.below:
        total = _definition(trace, below)
        if total is None or total.op is not np.add:
            continue
        e = next((b for a, b in (total.args, total.args[::-1]) if _is_one(a)), None)
        if e is None or e not in found.above:
            continue
        y = next(
            (f for a in found.above for f in _parts(trace, a) if _is_inverse(trace, f, below)), None
        )
        if y is not None:
            found.above.remove(e)
            found.below.remove(below)
            complement = operation(
                trace, np.subtract, [known(1), value_of(y)], {}, _spelling(trace, e)
            )
            found.above.append(operand_of(complement))
            return True
    return False


def _parts(trace: Trace, operand: Operand) -> list[Operand]:
    """A factor, and the factors that it is a product of."""
    atom = _definition(trace, operand)
    return [operand, *(atom.args if atom is not None and atom.op is np.multiply else ())]


def _is_inverse(trace: Trace, operand: Operand, of: Operand) -> bool:
    quotient = _definition(trace, operand)
    if quotient is None or quotient.args[-1] is not of:
        return False
    return quotient.op is np.reciprocal or (quotient.op is np.divide and _is_one(quotient.args[0]))


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
    """The product of the factors: what is small is joined first, so that large arrays are passed over least.

    `2 / n * x * y` for scalars 2 and n; `x * y / n` where the small factors are divisors alone; a column that
    scales a matrix is worked out as a column.
    """

    def op(which: Any, *args: Value) -> Value:
        return operation(trace, which, list(args), {}, atom)

    def joined(factors: list[Operand]) -> Value | None:
        result: Value | None = None
        for factor in sorted(factors, key=_size):
            result = (
                value_of(factor) if result is None else op(np.multiply, result, value_of(factor))
            )
        return result

    whole = max((_size(f) for f in (*found.above, *found.below)), default=0)
    above = [f for f in found.above if _is_small(f, whole)]
    below = [f for f in found.below if _is_small(f, whole)]
    large = [f for f in found.above if not _is_small(f, whole)]
    divisors = [f for f in found.below if not _is_small(f, whole)]
    top, bottom = _as_fraction(found.number)
    if top != 1 or (not above and not large):
        above.insert(0, Lit(top))
    if bottom != 1:
        below.insert(0, Lit(bottom))
    negative = found.sign < 0
    result, divisor = joined(above), joined(below)
    if result is not None:
        if negative:
            result, negative = op(np.negative, result), False
        if divisor is not None:
            result, divisor = op(np.divide, result, divisor), None
    for factor in large:
        result = value_of(factor) if result is None else op(np.multiply, result, value_of(factor))
    assert result is not None
    if negative:
        result = op(np.negative, result)
    for last in (*map(value_of, divisors), *([] if divisor is None else [divisor])):
        result = op(np.divide, result, last)
    return result


def _is_small(operand: Operand, whole: int) -> bool:
    return 2 * _size(operand) <= whole


def _as_fraction(number: Fraction) -> tuple[Any, int]:
    """A literal factor as somebody would write it: `2`, `1 / 3`, `0.1`."""
    if number.denominator > 1_000:
        return float(number), 1
    return number.numerator, number.denominator

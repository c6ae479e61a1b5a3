"""Sums of products: signs gathered, scalars that all terms share written once.

Before:
    t1 = Y * c           # c = -1 / n, a scalar
    t2 = e * c / s
    dU = t1 - t2

After:
    dU = (e / s - Y) / n
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from .ir import Atom
from .operands import ArrayType, Lit, Operand, Var, type_of
from .products import Factors, cost, flatten, is_derivative, scalar_size, write
from .rewrites import operation
from .trace import Trace
from .values import Value, operand_of

CHAIN = (np.add, np.subtract)


def total(trace: Trace, atom: Atom, single: Callable[[Var], bool]) -> Value | None:
    """The same sum with fewer operations on arrays, where there is one."""
    if atom.op not in CHAIN or not isinstance(atom.result.type, ArrayType):
        return None
    terms: list[Factors] = []
    visited: list[Atom] = []
    _terms(trace, atom, 1, terms, visited, single)
    terms = _gather_numbers(terms)
    common = _take_common(terms)
    signs = [term.sign for term in terms]
    if all(sign < 0 for sign in signs):
        common.sign = -1
        for term in terms:
            term.sign = 1
    mark = len(trace.atoms)
    ordered = [t for t in terms if t.sign > 0] + [t for t in terms if t.sign < 0]
    value: Value | None = None
    for term in ordered:
        op = np.add if term.sign > 0 else np.subtract
        part = write(trace, atom, Factors(1, term.number, term.above, term.below))
        value = part if value is None else operation(trace, op, [value, part], {}, atom)
    assert value is not None
    common.above.append(operand_of(value))
    value = write(trace, atom, common)
    fits = type_of(operand_of(value)) == atom.result.type
    if fits and cost(trace.atoms[mark:], atom) < cost(visited, atom):
        return value
    del trace.atoms[mark:]
    return None


def _terms(
    trace: Trace,
    atom: Atom,
    sign: int,
    terms: list[Factors],
    visited: list[Atom],
    single: Callable[[Var], bool],
) -> None:
    visited.append(atom)
    signs = (sign, -sign if atom.op is np.subtract else sign)
    for operand, own in zip(atom.args, signs, strict=True):
        inner = trace.definitions.get(operand) if isinstance(operand, Var) else None
        single_result = inner is not None and len(inner.results) == 1
        opens = (
            inner is not None and single_result and is_derivative(inner) and single(inner.result)
        )
        if (
            inner is not None
            and opens
            and inner.op in CHAIN
            and inner.result.type == atom.result.type
        ):
            _terms(trace, inner, own, terms, visited, single)
        else:
            factors = Factors(sign=own)
            if inner is not None and opens and isinstance(inner.result.type, ArrayType):
                flatten(trace, inner, factors, False, single, visited)
            if not factors.above and not factors.below:
                factors = Factors(sign=own, above=[operand])
            terms.append(factors)


def _gather_numbers(terms: list[Factors]) -> list[Factors]:
    """Literal terms added up, in the place of the first one."""
    literals = [t for t in terms if not t.below and len(t.above) == 1 and _is_number(t.above[0])]
    if len(literals) < 2 or len(literals) == len(terms):
        return terms
    amount = sum(t.sign * float(t.number) * t.above[0].value for t in literals)  # type: ignore[union-attr]
    literals[0].sign, literals[0].number = (1 if amount >= 0 else -1), Fraction(1)
    literals[0].above = [Lit(abs(amount))]
    return [t for t in terms if all(t is not other for other in literals[1:])]


def _is_number(operand: Operand) -> bool:
    return isinstance(operand, Lit) and type(operand.value) in (int, float) and operand.name is None


def _take_common(terms: list[Factors]) -> Factors:
    """Take out of every term the scalars that all of them have."""
    common = Factors()
    for side in ("above", "below"):
        first: list[Operand] = list(getattr(terms[0], side))
        for operand in first:
            if scalar_size(operand) and all(operand in getattr(t, side) for t in terms):
                for term in terms:
                    getattr(term, side).remove(operand)
                getattr(common, side).append(operand)
    numbers = {term.number for term in terms}
    if len(numbers) == 1:
        common.number = numbers.pop()
        for term in terms:
            term.number = Fraction(1)
    return common

"""The root of a sum of squares is a norm: where all of its squares are zero, its derivative is taken for zero.

Given:
    r = np.sqrt(np.sum(d**2))

Then, with `np.linalg.norm`'s own convention:
    dd = dr / np.where(r == 0, 1, r) * d

Instead of NaN, zero times infinity, where d is zero: of a distance to itself, say.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Set

import numpy as np

from ..primitives import astype, getitem
from .ir import Atom, Node, Repeat, walk
from .operands import Items, Lit, Operand, Var, rank_of, type_of
from .trace import Trace

ROOTS = (np.sqrt, math.sqrt)
SAME_ELEMENTS = (  # what they give is made of elements of their first argument, or of sums of those
    np.sum, np.mean, np.nansum, np.cumsum, np.expand_dims, np.reshape, np.ravel, np.transpose, np.squeeze,
    np.swapaxes, np.moveaxis, np.broadcast_to, np.copy, np.real, np.absolute, np.diagonal, np.flip, astype, getitem,
)  # fmt: skip
PRODUCTS = (np.dot, np.matmul, np.inner, np.vdot, np.vecdot)


def is_root(atom: Atom) -> bool:
    """Whether an atom takes a square root: `np.sqrt(x)`, `x**0.5`."""
    half = atom.op is np.power and isinstance(atom.args[1], Lit) and atom.args[1].value == 0.5
    return half or atom.op in ROOTS


class Squares:
    """Which values are sums of squares of real numbers, times what has no derivative (`active` has the others)."""

    def __init__(self, trace: Trace, nodes: Iterable[Node], active: Set[Var] = frozenset()):
        self.trace, self.active = trace, active
        self.carries: dict[Var, tuple[Operand, Operand, Operand]] = {}
        for node in walk(nodes):
            if isinstance(node, Repeat):
                for result, init, param, output in node.carries:
                    self.carries[result] = init, param, output

    def sums(self, operand: Operand, depth: int = 20) -> bool:
        """Whether a value is surely a sum of squares, each zero where the sum is."""
        if isinstance(operand, Lit):
            return np.ndim(operand.value) == 0 and operand.value == 0
        if not isinstance(operand, Var) or depth == 0:
            return False
        if operand in self.carries:
            init, param, output = self.carries[operand]
            atom = self.trace.definitions.get(output) if isinstance(output, Var) else None
            if atom is None or atom.op is not np.add or param not in atom.args:
                return False
            (term,) = [a for a in atom.args if a is not param] or [param]
            return self.sums(init, depth - 1) and self.sums(term, depth - 1)
        atom = self.trace.definitions.get(operand)
        if atom is None or getattr(type_of(operand), "dtype", np.dtype(complex)).kind not in "fiu":
            return False
        first, *rest = atom.args
        if atom.op is np.square:
            return is_real(first)
        if atom.op is np.power:
            power = rest[0]
            even = isinstance(power, Lit) and power.value in (2, 4, 6, 8)
            return even and (is_real(first) or self.is_modulus(first))
        if atom.op is np.multiply:
            one, two = first, rest[0]
            if self.alike(one, two):
                return is_real(one)
            return any(
                a not in self.active and self.sums(b, depth - 1)
                for a, b in ((one, two), (two, one))
            )
        if atom.op is np.divide:
            return rest[0] not in self.active and self.sums(first, depth - 1)
        if atom.op is np.where:
            return all(self.sums(side, depth - 1) for side in rest)
        if atom.op is np.add:
            return self.sums(first, depth - 1) and self.sums(rest[0], depth - 1)
        if atom.op in PRODUCTS:
            vectors = rank_of(first) == 1 or atom.op is np.vecdot
            return vectors and self.alike(first, rest[0]) and is_real(first)
        if atom.op is np.einsum:
            return self.contracts_with_itself(first, rest)
        return (
            atom.op in SAME_ELEMENTS
            and not isinstance(first, Items)
            and self.sums(first, depth - 1)
        )

    def alike(self, one: Operand, two: Operand) -> bool:
        return self.trace.same(one) == self.trace.same(two)

    def is_modulus(self, operand: Operand) -> bool:
        atom = self.trace.definitions.get(operand) if isinstance(operand, Var) else None
        return atom is not None and atom.op is np.absolute

    def contracts_with_itself(self, subscripts: Operand, arrays: list[Operand]) -> bool:
        """Whether an `einsum` is `"ij,ij->i"` of an array and itself."""
        if len(arrays) != 2 or not isinstance(subscripts, Lit):
            return False
        left = str(subscripts.value).replace(" ", "").partition("->")[0]
        one, _, two = left.partition(",")
        return one == two and self.alike(*arrays) and is_real(arrays[0])


def is_real(operand: Operand) -> bool:
    return getattr(type_of(operand), "dtype", np.dtype(complex)).kind in "fiu"

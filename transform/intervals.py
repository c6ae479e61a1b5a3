"""Between which integers a loop variable, or a number computed from loop variables, lies."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .ir import Atom, Node, Repeat, walk
from .operands import Lit, Operand, StaticType, Var

Interval = tuple[int, int]


class Intervals:
    """Answers from the loops and the index arithmetic of some statements."""

    def __init__(self, nodes: tuple[Node, ...]):
        self.loops = {
            n.index: n for n in walk(nodes) if isinstance(n, Repeat) and n.index is not None
        }
        self.atoms: Mapping[Var, Atom] = {
            r: n for n in walk(nodes) if isinstance(n, Atom) for r in n.results
        }

    def of(self, operand: Operand | None) -> Interval | None:
        """The least and the greatest value, None where nothing is known."""
        if isinstance(operand, Lit) and isinstance(operand.value, int | np.integer):
            return int(operand.value), int(operand.value)
        if not isinstance(operand, Var):
            return None
        if isinstance(operand.type, StaticType):
            value = operand.type.value
            return (value, value) if isinstance(value, int) else None
        if operand in self.loops:
            return self.of_index(self.loops[operand])
        atom = self.atoms.get(operand)
        return None if atom is None else self.of_atom(atom)

    def of_index(self, loop: Repeat) -> Interval | None:
        if loop.span is None:
            return None
        start, stop, step = (self.of(o) for o in loop.span)
        if start is None or stop is None or step is None or step[0] != step[1]:
            return None
        if step[0] > 0:
            return start[0], max(start[0], stop[1] - 1)
        return min(stop[0] + 1, start[1]), start[1]

    def of_atom(self, atom: Atom) -> Interval | None:
        if atom.op not in (np.add, np.subtract, np.multiply, np.negative, np.minimum, np.maximum):
            return None
        found = [self.of(a) for a in atom.args]
        if any(f is None for f in found):
            return None
        (a, b), *rest = [f for f in found if f is not None]
        if atom.op is np.negative:
            return -b, -a
        (c, d) = rest[0]
        if atom.op is np.add:
            return a + c, b + d
        if atom.op is np.subtract:
            return a - d, b - c
        if atom.op is np.minimum:
            return min(a, c), min(b, d)
        if atom.op is np.maximum:
            return max(a, c), max(b, d)
        products = (a * c, a * d, b * c, b * d)
        return min(products), max(products)

    def most_iterations(self, loop: Repeat) -> int | None:
        """An upper bound of the number of iterations."""
        if loop.bound is not None:
            return loop.bound
        if loop.span is None:
            return None
        start, stop, step = (self.of(o) for o in loop.span)
        if start is None or stop is None or step is None or step[0] != step[1]:
            return None
        first, last = (start[0], stop[1]) if step[0] > 0 else (start[1], stop[0])
        return len(range(first, last, step[0]))


def static_length(loop: Repeat) -> int | None:
    """The number of iterations of a loop that runs through a range known now."""
    if loop.span is None or loop.test is not None:
        return None
    values = [static_int(o) for o in loop.span]
    return None if None in values else len(range(*values))  # type: ignore[arg-type]


def static_int(operand: Operand) -> int | None:
    value = operand.value if isinstance(operand, Lit) else None
    if isinstance(operand, Var) and isinstance(operand.type, StaticType):
        value = operand.type.value
    return value if isinstance(value, int) else None

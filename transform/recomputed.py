"""What the adjoint of a loop computes again in place of reading what was saved: a few cheap operations."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..primitives import getitem
from .ir import Atom
from .lengths import has_unknown
from .operands import ArrayType, Operand, StaticType, Var, array_type, size_of
from .values import spelled

Path = tuple[tuple[object, int], ...]
CHEAP = (np.add, np.subtract, np.multiply, np.negative, np.floor_divide, np.remainder)
LONGEST_CHAIN = 6
RECOMPUTED = (np.add, np.subtract, np.multiply, np.negative, np.divide)
MOST_ON_NUMBERS, MOST_ON_ARRAYS = (
    8,
    2,
)  # operations that are done again instead of saving their result
SMALLER = 4  # times, of what is saved instead of a value that is stretched


class Recomputation:
    """The atoms of a function, and the loops and sides of branches that each value lies in."""

    def __init__(self, atoms: Mapping[Var, Atom], paths: Mapping[Var, Path]):
        self.atoms, self.paths = atoms, paths

    def from_others(
        self, needed: list[Var], path: Path, index: dict[Var, Operand]
    ) -> tuple[list[Var], list[Atom]]:
        """What has to be saved, and the operations that give the rest from that: a few sums, products, quotients."""
        derived: dict[Var, Atom] = {}
        for v in list(needed):
            found, sources = {}, set()
            if self.stretches(v, path, {*index, *needed} - {v}, found, sources, size_of(v)):
                needed = [u for u in needed if u is not v]
                needed += [u for u in self.atoms_first(sources) if u not in needed]
                derived |= found
        for v in needed:
            most = MOST_ON_ARRAYS if getattr(v.type, "shape", ()) else MOST_ON_NUMBERS
            found: dict[Var, Atom] = {}
            if self.follows(v, path, {*index, *needed} - {v}, found, most):
                derived |= {u: atom for u, atom in found.items() if u not in derived}
        kept = [v for v in needed if v not in derived]
        order = {v: k for k, v in enumerate(self.atoms)}
        return kept, [derived[v] for v in sorted(derived, key=lambda v: order[v])]

    def follows(
        self, v: Var, path: Path, known: set[Var], found: dict[Var, Atom], most: int
    ) -> bool:
        """Whether a value is computed by cheap operations, which are `found` in their order, from known ones."""
        atom = self.atoms.get(v)
        if atom is None or atom.op not in RECOMPUTED or has_unknown(v.type) or len(found) >= most:
            return False
        for u in atom.variables():
            outside = isinstance(u.type, StaticType) or self.paths.get(u) != path
            if not (outside or u in known or u in found):
                if not self.follows(u, path, known, found, most):
                    return False
        found[v] = atom
        return len(found) <= most

    def stretches(
        self,
        v: Var,
        path: Path,
        known: set[Var],
        found: dict[Var, Atom],
        sources: set[Var],
        size: int,
    ) -> bool:
        """Whether a value is a few cheap operations on `sources` much smaller than a size, as in `x[:, None] - x`."""
        atom = self.atoms.get(v)
        if atom is None or atom.op not in (*RECOMPUTED, np.expand_dims, np.broadcast_to):
            return False
        if has_unknown(v.type) or sum(a.op in RECOMPUTED for a in found.values()) > MOST_ON_ARRAYS:
            return False
        for u in atom.variables():
            outside = isinstance(u.type, StaticType) or self.paths.get(u) != path
            if outside or u in known or u in found:
                continue
            made = self.atoms.get(u)
            if size_of(u) * SMALLER <= size and (made is None or made.op is not np.expand_dims):
                sources.add(u)
            elif not self.stretches(u, path, known, found, sources, size):
                return False
        found[v] = atom
        return sum(map(size_of, sources)) * SMALLER <= size

    def atoms_first(self, variables: set[Var]) -> list[Var]:
        """Variables in the order of the text."""
        order = {v: k for k, v in enumerate(self.paths)}
        return sorted(variables, key=lambda v: order[v])

    def literal(self, v: Var, path: Path) -> Operand:
        """A static value of a region, written out."""
        static = isinstance(v.type, StaticType) and self.paths.get(v) == path
        return spelled(v.type.value) if static else v  # type: ignore[union-attr]

    def chain(self, v: Var, path: Path, index: dict[Var, Operand]) -> list[Atom] | None:
        """The few cheap operations that give a value from the loop variable and from what lies outside."""
        found: dict[Var, Atom] = {}

        def visit(u: Var) -> bool:
            if u in index or u in found or self.paths.get(u) != path:
                return True
            if isinstance(u.type, StaticType):
                return True
            atom = self.atoms.get(u)
            if atom is None or len(found) >= LONGEST_CHAIN:
                return False
            if isinstance(u.type, ArrayType) and u.type.shape and atom.op is not getitem:
                return False
            outer = (
                atom.op is getitem
                and isinstance(atom.args[0], Var)
                and not self.paths.get(atom.args[0])
            )
            if not (outer or atom.op in CHEAP and array_type(u).shape == ()):
                return False
            if not all(visit(w) for w in atom.variables()):
                return False
            found[u] = atom
            return True

        return list(found.values()) if visit(v) else None

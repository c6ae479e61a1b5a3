"""Which variables lie between an active input and the output: only these get derivatives."""

from __future__ import annotations

from collections.abc import Iterable, Set

from ..primitives import NONDIFFERENTIABLE, lookup
from .errors import RefusedError
from .ir import ArrayType, Atom, Operand, Var, variables


def active_variables(
    atoms: Iterable[Atom], wrt: Iterable[Var], output: Operand, constant: Set[Var] = frozenset()
) -> set[Var]:
    """The variables whose derivative matters. Those in `constant` are treated as if they were fixed."""
    atoms = tuple(atoms)
    varied = {v for v in wrt if is_inexact(v)}
    for atom in atoms:
        primitive = lookup(atom.op)
        if primitive is not None and primitive.kind == NONDIFFERENTIABLE:
            continue
        if any(v in varied for v in atom.variables()):
            varied.update(r for r in atom.results if is_inexact(r) and r not in constant)
    useful = set(variables(output))
    for atom in reversed(atoms):
        if any(r in useful for r in atom.results):
            useful.update(v for v in atom.variables() if v in varied)
    return varied & useful


def refuse_complex(atoms: Iterable[Atom], active: Set[Var]) -> None:
    """Raise `RefusedError` at the first complex value that a derivative would pass through."""
    for atom in atoms:
        for r in atom.results:
            if r in active and isinstance(r.type, ArrayType) and r.type.dtype.kind == "c":
                raise RefusedError(
                    "a derivative through complex numbers is not supported yet",
                    atom.origin.span,
                    "compute with real and imaginary parts",
                )


def is_inexact(v: Var) -> bool:
    """Whether a variable holds floats, so that it can have a derivative."""
    return isinstance(v.type, ArrayType) and v.type.inexact

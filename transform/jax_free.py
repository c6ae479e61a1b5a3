"""Text for NumPy alone: what only JAX can compute or differentiate is refused."""

from __future__ import annotations

from ..primitives import is_jax, lookup, name_of
from ..primitives.fallback import JaxDerivative
from .errors import RefusedError
from .ir import Atom, Function, walk


def refuse_jax(function: Function) -> Function:
    """The function unchanged; raises `RefusedError` where its text would need JAX."""
    for atom in walk(function.body):
        if not isinstance(atom, Atom):
            continue
        if isinstance(atom.op, JaxDerivative):
            raise RefusedError(
                f"{name_of(atom.op.function)} has no rule, so that only JAX can differentiate it",
                atom.origin.span,
                'use target="jax", or add a rule',
            )
        if is_jax(atom.op) and lookup(atom.op) is None:
            raise RefusedError(
                f"{name_of(atom.op)} is a function of JAX, which NumPy does not have",
                atom.origin.span,
                'use target="jax", or the function of NumPy',
            )
    return function

"""A check of text for JAX: a function of SciPy's that neither JAX nor `backprose.special` has is refused at its line.

Given, for JAX:
    y = scipy.special.struve(0, x)

Then:
    scipy.special.struve is a function that JAX does not have; remedy: target="numpy"
"""

from __future__ import annotations

from ..primitives import lookup, name_of
from .abstract import abstract_call
from .errors import BackproseError, RefusedError
from .ir import Atom, Function, walk

FOR_NUMPY = 'use target="numpy", which runs without JAX'


def check_lacking(function: Function) -> None:
    """Raises `RefusedError` where a function's text would call what JAX does not have."""
    for atom in walk(function.body):
        if isinstance(atom, Atom):
            check(atom)


def check(atom: Atom) -> None:
    primitive = lookup(atom.op)
    if primitive is None:
        return
    if primitive.like is None and not name_of(primitive.function).startswith("scipy.special"):
        return
    name, span = name_of(atom.op), atom.origin.span
    if primitive.jax is None:
        raise RefusedError(f"{name} is a function that JAX does not have", span, FOR_NUMPY)
    if name_of(primitive.jax).startswith("backprose."):
        try:
            abstract_call(primitive.jax, atom.args, atom.kwargs)
        except BackproseError as error:
            raise RefusedError(f"{name} for JAX: {error.message}", span, FOR_NUMPY) from None

"""A constant of the module is NumPy's array, which has no `.at`: where compiled code updates one, it is JAX's first.

Given, for the constant W:
    dx = update(W, 0, (1:))

Then:
    t = array(W)
    dx = update(t, 0, (1:))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..primitives import getitem
from .ir import Atom, Function, Node
from .liveness import IN_PLACE
from .operands import Lit, Operand, Var


def copy_constants(function: Function) -> Function:
    """The function in which no constant, and no part of one, is updated."""
    constants: set[Var] = set()
    body = tuple(_nodes(function.body, constants))
    return function if body == function.body else function.with_body(body)


def _nodes(nodes: Sequence[Node], constants: set[Var]) -> list[Node]:
    out: list[Node] = []
    for node in nodes:
        if isinstance(node, Atom):
            if _is_constant(node, constants):
                constants.update(node.results)
            if node.op in IN_PLACE and _is_numpys(node.args[0], constants):
                whole = node.args[0]
                name = whole if isinstance(whole, Var) else node.result
                copy = Var("t", node.result.type, None, name.adjoint_of, name.tangent_of)
                out.append(Atom((copy,), np.array, (whole,), (), node.origin))
                node = replace(node, args=(copy, *node.args[1:]))
        else:
            regions = [replace(r, body=tuple(_nodes(r.body, constants))) for r in node.regions]
            if any(new.body != old.body for new, old in zip(regions, node.regions, strict=True)):
                node = node.with_regions(regions)
        out.append(node)
    return out


def _is_constant(atom: Atom, constants: set[Var]) -> bool:
    """Whether NumPy computes a value: a part of a constant, or what Python's operators make of constants alone."""
    if atom.op is getitem:
        return _is_numpys(atom.args[0], constants)
    if not isinstance(atom.op, np.ufunc) or atom.origin.spelling != "operator":
        return False
    arrays = [_is_numpys(a, constants) for a in atom.args]
    return any(arrays) and all(
        found or isinstance(a, Lit) for found, a in zip(arrays, atom.args, strict=True)
    )


def _is_numpys(operand: Operand, constants: set[Var]) -> bool:
    if isinstance(operand, Lit):
        return isinstance(operand.value, np.ndarray)
    return operand in constants

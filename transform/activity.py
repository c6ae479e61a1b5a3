"""Which variables lie between an active input and the output: only these get derivatives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

import numpy as np

from ..primitives import NONDIFFERENTIABLE, lookup
from .errors import RefusedError
from .ir import Atom, Choice, Node
from .operands import ArrayType, Operand, Var, array_type, variables


def active_variables(
    nodes: Iterable[Node], wrt: Iterable[Var], output: Operand, constant: Set[Var] = frozenset()
) -> set[Var]:
    """The variables whose derivative matters. Those in `constant` are treated as if they were fixed."""
    nodes = tuple(nodes)
    varied = {v for v in wrt if is_inexact(v)}
    _vary(nodes, varied, constant)
    useful = set(variables(output))
    _use(nodes, useful, varied)
    return varied & useful


def check_sign(atom: Atom, varied: set[Var]) -> None:
    """Raise for the sign of a complex number, `z / abs(z)`, which is not constant."""
    of_varied = (v for v in atom.variables() if v in varied)
    if atom.op is np.sign and any(array_type(v).dtype.kind == "c" for v in of_varied):
        message = "np.sign of complex numbers has no derivative here"
        raise RefusedError(message, atom.origin.span, "write z / np.abs(z)")


def _vary(nodes: Sequence[Node], varied: set[Var], constant: Set[Var]) -> None:
    """Add what depends on a varied variable; loops are gone through until nothing is added."""
    for node in nodes:
        if isinstance(node, Atom):
            primitive = lookup(node.op)
            if primitive is not None and primitive.kind == NONDIFFERENTIABLE:
                check_sign(node, varied)
                continue
            if any(v in varied for v in node.variables()):
                varied.update(r for r in node.results if is_inexact(r) and r not in constant)
        elif isinstance(node, Choice):
            for region in node.regions:
                _vary(region.body, varied, constant)
                _pass_on(varied, region.outputs, node.results)
        else:
            params, count = node.body.params, len(node.inits)
            _pass_on(varied, (*node.inits, *node.streams), params)
            before = -1
            while before != len(varied):
                before = len(varied)
                _vary(node.body.body, varied, constant)
                _pass_on(varied, node.body.outputs[:count], params[:count])
            _pass_on(varied, params[:count], node.results[:count])
            _pass_on(varied, node.body.outputs, node.results)


def _pass_on(marked: set[Var], sources: Sequence[Operand], targets: Sequence[Operand]) -> None:
    """Mark each target whose source is marked."""
    for source, target in zip(sources, targets, strict=False):
        if isinstance(source, Var) and source in marked and isinstance(target, Var):
            if is_inexact(target):
                marked.add(target)


def _use(nodes: Sequence[Node], useful: set[Var], varied: Set[Var]) -> None:
    """Add what a useful variable is computed from."""
    for node in reversed(nodes):
        if isinstance(node, Atom):
            if any(r in useful for r in node.results):
                useful.update(v for v in node.variables() if v in varied)
        elif isinstance(node, Choice):
            for region in node.regions:
                _pass_on(useful, node.results, region.outputs)
                _use(region.body, useful, varied)
        else:
            params, count = node.body.params, len(node.inits)
            _pass_on(useful, node.results, node.body.outputs)
            _pass_on(useful, node.results[:count], node.inits)
            before = -1
            while before != len(useful):
                before = len(useful)
                _use(node.body.body, useful, varied)
                _pass_on(useful, params[:count], node.body.outputs[:count])
            _pass_on(useful, params, (*node.inits, *node.streams))


def is_complex(atom: Atom, active: Set[Var]) -> bool:
    """Whether a derivative passes through complex numbers in an operation."""
    passed = (*atom.results, *atom.variables())
    return any(v in active and array_type(v).dtype.kind == "c" for v in passed)


def is_inexact(v: Var) -> bool:
    """Whether a variable holds floats, so that it can have a derivative."""
    return isinstance(v.type, ArrayType) and v.type.inexact

"""Shifts that cancel: the `m` of `m + log(sum(exp(x - m)))`, of which the result does not depend.

For each maximum `m` the atoms after it are followed with the way in which they depend on `m`, element by
element: `v(m) = v(0) + degree * m` (additive) or `v(m) = v(0) * exp(degree * m)` (multiplicative). An
exponential turns the first into the second, a logarithm the second into the first, and what has degree 0 does
not depend on `m`. Where nothing else is met, the derivative with respect to `m` is exactly zero, and knowing
it spares the scatter to the position of the maximum.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..primitives import NONDIFFERENTIABLE, lookup
from .ir import Atom, Node
from .operands import Items, Operand, Var, shape_of, variables
from .values import is_static, static_value

Labels = tuple[int | None, ...]


@dataclass(frozen=True)
class Degree:
    """How a value depends on `m`. `labels` says which axis of `m` each of its axes runs along."""

    multiplicative: bool
    degree: int
    labels: Labels


class NotInvariant(Exception):
    """The dependence on `m` is of neither form."""


def invariant_shifts(nodes: tuple[Node, ...], output: Operand) -> set[Var]:
    """The results of max and min on which the output does not depend; none that a loop or a branch reads."""
    atoms = tuple(node for node in nodes if isinstance(node, Atom))
    inner = [node for node in nodes if not isinstance(node, Atom)]
    output = Items("tuple", (output, *(v for node in inner for v in node.variables())))
    useful = set(variables(output))
    for atom in reversed(atoms):
        if any(r in useful for r in atom.results):
            useful.update(atom.variables())
    live = [a for a in atoms if any(r in useful for r in a.results)]
    outputs = set(variables(output))
    candidates = [a.result for a in live if a.op in (np.max, np.min)]
    return {m for m in candidates if _cancels(m, live, outputs)}


def _cancels(m: Var, atoms: list[Atom], outputs: set[Var]) -> bool:
    shape = shape_of(m)
    labels = tuple(None if size == 1 else axis for axis, size in enumerate(shape))
    degrees = {m: Degree(False, 1, labels)}
    try:
        for atom in atoms:
            if any(v in degrees for v in atom.variables()):
                primitive = lookup(atom.op)
                if (
                    primitive is not None
                    and primitive.kind == NONDIFFERENTIABLE
                    or atom.op is getattr
                ):
                    continue
                found = _degree(atom, degrees)
                if found.degree != 0:
                    degrees[atom.result] = found
    except NotInvariant:
        return False
    return not any(v in degrees for v in outputs)


def _degree(atom: Atom, degrees: dict[Var, Degree]) -> Degree:
    if len(atom.results) != 1:
        raise NotInvariant
    op, args = atom.op, atom.args
    kwargs = {k: static_value(v) for k, v in atom.kwargs if is_static(v)}
    found = [degrees.get(a) if isinstance(a, Var) else None for a in args]
    if op in BINARY:
        return _binary(op, atom, found)
    x = found[0]
    if x is None or sum(v in degrees for v in atom.variables()) != 1:
        raise NotInvariant
    if op is np.negative:
        return x if x.multiplicative else replace(x, degree=-x.degree)
    if op in (np.exp, np.exp2) and not x.multiplicative and op is np.exp:
        return replace(x, multiplicative=True)
    if op is np.log and x.multiplicative:
        return replace(x, multiplicative=False)
    if op in (np.sum, np.mean, np.max, np.min):
        if x.multiplicative is (op in (np.max, np.min)):
            raise NotInvariant
        return _reduced(x, kwargs.get("axis"), bool(kwargs.get("keepdims", False)))
    if op is np.expand_dims:
        axes = static_value(args[1])
        ndim = len(shape_of(atom.result))
        new = {a % ndim for a in (axes if isinstance(axes, tuple) else (axes,))}
        rest = iter(x.labels)
        return replace(x, labels=tuple(None if k in new else next(rest) for k in range(ndim)))
    if op is np.squeeze:
        before, axes = shape_of(args[0]), kwargs.get("axis")
        gone = {k for k, size in enumerate(before) if size == 1}
        if axes is not None:
            gone = {a % len(before) for a in (axes if isinstance(axes, tuple) else (axes,))}
        return replace(x, labels=tuple(label for k, label in enumerate(x.labels) if k not in gone))
    if op is np.transpose and not kwargs:
        return replace(x, labels=x.labels[::-1])
    if op is np.broadcast_to:
        return replace(x, labels=_aligned(x.labels, len(shape_of(atom.result))))
    raise NotInvariant


def _reduced(x: Degree, axis: object, keepdims: bool) -> Degree:
    ndim = len(x.labels)
    axes = range(ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    gone = {a % ndim for a in axes}  # type: ignore[operator,union-attr]
    if any(x.labels[k] is not None for k in gone):
        raise NotInvariant
    if keepdims:
        return x
    return replace(x, labels=tuple(label for k, label in enumerate(x.labels) if k not in gone))


BINARY = (np.add, np.subtract, np.multiply, np.divide)


def _binary(op: object, atom: Atom, found: list[Degree | None]) -> Degree:
    ndim = len(shape_of(atom.result))
    known = [replace(d, labels=_aligned(d.labels, ndim)) for d in found if d is not None]
    if len({d.labels for d in known}) != 1 or len({d.multiplicative for d in known}) != 1:
        raise NotInvariant
    labels, multiplicative = known[0].labels, known[0].multiplicative
    a, b = (0 if d is None else d.degree for d in found)
    if op in (np.add, np.subtract):
        if multiplicative:
            if None in found or a != b:
                raise NotInvariant
            return known[0]
        return Degree(False, a + b if op is np.add else a - b, labels)
    if not multiplicative:
        raise NotInvariant
    return Degree(True, a + b if op is np.multiply else a - b, labels)


def _aligned(labels: Labels, ndim: int) -> Labels:
    return (None,) * (ndim - len(labels)) + labels

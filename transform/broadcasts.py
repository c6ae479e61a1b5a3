"""Keep derivatives small: a value stretched by `broadcast_to` is left unstretched as long as it can be.

Before:
    t = np.broadcast_to(1 / n, x.shape)
    dx = t * w

After:
    dx = (1 / n) * w
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..primitives import ELEMENTWISE, SCALED, getitem, lookup
from .ir import Atom
from .lengths import has_unknown
from .operands import ArrayType, Items, Lit, Operand, StaticType, Var, type_of
from .rewrites import operation
from .trace import Trace
from .values import Known, Value, is_static, operand_of, static_value, value_of


def _stretched(trace: Trace, operand: Operand) -> Atom | None:
    atom = trace.definitions.get(operand) if isinstance(operand, Var) else None
    return atom if atom is not None and atom.op is np.broadcast_to else None


def push_up(trace: Trace, atom: Atom, single: Callable[[Var], bool]) -> Value | None:
    """An elementwise operation stretches its operands anyway; where all are stretched, stretch the result."""
    primitive = lookup(atom.op)
    if primitive is None or primitive.kind not in (ELEMENTWISE, SCALED) or atom.kwargs:
        return None
    stretched = [_stretched(trace, a) for a in atom.args]
    if not any(stretched):
        return None
    small = [a if s is None else s.args[0] for a, s in zip(atom.args, stretched, strict=True)]
    mark = len(trace.atoms)
    value = operation(trace, atom.op, [value_of(a) for a in small], {}, atom)
    wanted = atom.result.type
    if type_of(operand_of(value)) == wanted:
        return value
    source = next(s for s in stretched if s is not None)
    shape = source.args[1]
    if source.result.type.shape == wanted.shape:
        value = trace.apply(np.broadcast_to, [value, value_of(shape)], {}, atom.origin)
        if type_of(operand_of(value)) == wanted:
            return value
    del trace.atoms[mark:]
    return None


def dimensions(trace: Trace, stretched: Atom, atom: Atom) -> list[Operand]:
    """The sizes that something is stretched to, each as an operand; ones as literals."""
    shape, value = stretched.args[1], stretched.result.type.shape
    if isinstance(shape, Items):
        return [Lit(1) if v == 1 else o for v, o in zip(value, shape.items, strict=True)]
    source = value_of(shape)
    assert isinstance(source, Known)
    return [
        Lit(1)
        if size == 1
        else trace.static(size, getitem, (source.operand, Lit(k)), atom.origin).operand
        for k, size in enumerate(value)
    ]


def shape_of_number(trace: Trace, atom: Atom, single: Callable[[Var], bool]) -> Value | None:
    """A stretched number, reshaped or with axes added or removed, is a number stretched to the new shape."""
    if atom.op not in (np.squeeze, np.expand_dims, np.reshape, np.transpose, np.swapaxes):
        return None
    source = _stretched(trace, atom.args[0])
    if source is None or not _is_number(source.args[0]):
        return None
    wanted = atom.result.type.shape
    before = source.result.type.shape
    sizes = [
        d for d, size in zip(dimensions(trace, source, atom), before, strict=True) if size != 1
    ]
    if tuple(s for s in before if s != 1) != tuple(s for s in wanted if s != 1):
        return None
    rest = iter(sizes)
    shape = Items("tuple", tuple(Lit(1) if size == 1 else next(rest) for size in wanted))
    return trace.apply(
        np.broadcast_to, [value_of(source.args[0]), value_of(shape)], {}, atom.origin
    )


def sum_of_number(trace: Trace, atom: Atom, single: Callable[[Var], bool]) -> Value | None:
    """The sum of a stretched number is the number times the count."""
    if atom.op is not np.sum:
        return None
    source = _stretched(trace, atom.args[0])
    if source is None or not _is_number(source.args[0]):
        return None
    kwargs: dict[str, Any] = {k: static_value(v) for k, v in atom.kwargs}
    if set(kwargs) - {"axis", "keepdims"}:
        return None
    before = source.result.type.shape
    axis = kwargs.get("axis")
    axes = range(len(before)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    gone = {a % len(before) for a in axes}
    sizes = dimensions(trace, source, atom)
    factors = [sizes[k] for k in sorted(gone) if before[k] != 1]
    total: Value = value_of(source.args[0])
    if factors:
        count = value_of(factors[0])
        for factor in factors[1:]:
            count = operation(trace, np.multiply, [count, value_of(factor)], {}, atom)
        total = operation(trace, np.multiply, [total, count], {}, atom)
    wanted = atom.result.type
    if type_of(operand_of(total)) == wanted:
        return total
    kept = tuple(
        (Lit(1) if k in gone else sizes[k])
        for k in range(len(before))
        if k not in gone or kwargs.get("keepdims")
    )
    value = trace.apply(np.broadcast_to, [total, value_of(Items("tuple", kept))], {}, atom.origin)
    return value if type_of(operand_of(value)) == wanted else None


def _is_number(operand: Operand) -> bool:
    found = type_of(operand)
    return not isinstance(found, ArrayType) or math.prod(found.shape) == 1 and found.shape == ()


def axes_first(trace: Trace, atom: Atom, single: Callable[[Var], bool]) -> Value | None:
    """`(1 / x)[:, None]` is `1 / x[:, None]`: axes are added to the array, not to a product with scalars."""
    if atom.op is not np.expand_dims or not isinstance(atom.args[0], Var):
        return None
    inner = trace.definitions.get(atom.args[0])
    if inner is None or inner.origin.part == "primal" or not single(atom.args[0]):
        return None
    if inner.op not in (np.multiply, np.divide, np.negative):
        return None
    arrays = [k for k, a in enumerate(inner.args) if not _is_number(a)]
    if len(arrays) != 1:
        return None
    args = [value_of(a) for a in inner.args]
    (k,) = arrays
    args[k] = trace.apply(np.expand_dims, [args[k], value_of(atom.args[1])], {}, atom.origin)
    return operation(trace, inner.op, args, {}, inner)


def plain_transpose(trace: Trace, atom: Atom, single: Callable[[Var], bool]) -> Value | None:
    """A transpose that permutes nothing is dropped; one of two axes is `x.T`."""
    if atom.op is not np.transpose or not atom.kwargs or not is_static(atom.kwargs[0][1]):
        return None
    axes = tuple(static_value(atom.kwargs[0][1]) or ())
    if axes == tuple(range(len(axes))):
        return value_of(atom.args[0])
    if axes == (1, 0):
        return trace.apply(np.transpose, [value_of(atom.args[0])], {}, atom.origin)
    return None


def stretched_literal(trace: Trace, atom: Atom, single: Callable[[Var], bool]) -> Value | None:
    """`full_like(x, c)` of a number is a stretched number, so that the rules above see it."""
    if atom.op is not np.full_like or atom.kwargs:
        return None
    model, number = atom.args
    if not isinstance(model, Var) or not isinstance(model.type, ArrayType):
        return None
    if has_unknown(model.type):
        return None
    shape = trace.emit(
        _static_var(model.type.shape), getattr, (model, Lit("shape")), (), atom.origin
    )
    value = trace.apply(np.broadcast_to, [value_of(number), value_of(shape)], {}, atom.origin)
    return value if type_of(operand_of(value)) == atom.result.type else None


def _static_var(value: Any) -> Var:
    return Var("t", StaticType(value))


BROADCAST_RULES = (
    push_up,
    shape_of_number,
    sum_of_number,
    axes_first,
    plain_transpose,
    stretched_literal,
)

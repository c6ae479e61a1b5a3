"""How each operation is done for all iterations at once; see `lift`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..primitives import astype, guard, is_elementwise, registered
from .accumulate import SPELLING
from .array_rows import moved
from .ir import Atom
from .lift import Lift, NotLifted, rule
from .operands import (
    ArrayType,
    Items,
    Lit,
    Operand,
    Var,
    array_type,
    dtype_of,
    rank_of,
    shape_of,
    type_of,
)
from .values import Array, Value, known, operand_of, static_value, struct, value_of

# --- elementwise ---

LIKE = (np.zeros_like, np.ones_like, np.empty_like, np.full_like)
ARRAYWISE = (np.where, np.clip, np.copy, np.asarray, np.real, np.round, astype, guard, *LIKE)


def elementwise(lift: Lift, atom: Atom) -> Value:
    rank = rank_of(atom.result)
    values = [lift.of_rank(a, rank) for a in atom.args]
    if atom.op not in ARRAYWISE:
        values = strong(lift, atom, values)
    if atom.op is np.add and atom.origin.spelling == SPELLING and is_zero(lift, values[0]):
        return values[1]
    return lift.apply(atom.op, values, keywords(lift, atom), atom)


def is_zero(lift: Lift, value: Value) -> bool:
    """Whether a sum that begins with a value is the sum alone."""
    operand = operand_of(value)
    if isinstance(operand, Lit):
        return isinstance(operand.value, int | float) and operand.value == 0
    made = lift.trace.definitions.get(operand) if isinstance(operand, Var) else None
    return made is not None and made.op in (np.zeros, np.zeros_like)


def strong(lift: Lift, atom: Atom, values: list[Value]) -> list[Value]:
    """The arguments with each Python number that differs between iterations in the dtype that NumPy makes of it."""
    types = [type_of(a) for a in atom.args]
    weak = [isinstance(t, ArrayType) and t.weak for t in types]
    dtypes = [t.dtype for t in types if isinstance(t, ArrayType) and not t.weak]
    if not dtypes:
        return values
    for k, (operand, is_weak) in enumerate(zip(atom.args, weak, strict=True)):
        if is_weak and lift.is_lifted(operand):
            number = {"b": False, "i": 0, "f": 0.0, "c": 0j}[dtype_of(operand).kind]  # type: ignore[union-attr]
            wanted = np.result_type(*dtypes, number)
            if np.result_type(*dtypes, dtype_of(operand)) != wanted:
                values[k] = lift.apply(astype, [values[k], known(wanted)])
    return values


def keywords(lift: Lift, atom: Atom) -> dict[str, Value]:
    if any(lift.is_lifted(v) for _, v in atom.kwargs):
        raise NotLifted
    return {k: lift.value(v) for k, v in atom.kwargs}


def _elementwise_rules() -> None:
    ops = [p.function for p in registered() if is_elementwise(p.function)]
    rule(*ops, *ARRAYWISE)(elementwise)


_elementwise_rules()

# --- along axes ---


def shifted(axis: Any, rank: int) -> Any:
    """The axes of an iteration's array that an argument names (None: all), in the lifted array."""
    if axis is None:
        axes = tuple(range(1, 1 + rank))
        return axes[0] if len(axes) == 1 else axes
    if isinstance(axis, tuple):
        return tuple(a if a < 0 else a + 1 for a in axis)
    return axis if axis < 0 else axis + 1


def along(lift: Lift, atom: Atom, position: int, several: bool) -> Value:
    """An operation along axes that an argument names."""
    args = [lift.value(a) for a in atom.args]
    named = keywords(lift, atom)
    rank = rank_of(atom.args[0])
    if not rank or any(lift.is_lifted(a) for a in atom.args[1:]):
        raise NotLifted
    given = atom.args[position] if position < len(atom.args) else None
    axis = static_value(given) if given is not None else static_keyword(atom, "axis")
    if axis is None and rank > 1 and not several:
        raise NotLifted
    base = transposed(lift, args[0]) if rank == 1 and atom.op in REDUCTIONS else None
    if base is not None and not named.get("keepdims"):
        return lift.apply(atom.op, [base], {**named, "axis": known(0)}, atom)
    if given is not None:
        args[position] = known(shifted(axis, rank))
    else:
        named["axis"] = known(shifted(axis, rank))
    return lift.apply(atom.op, args, named, atom)


def static_keyword(atom: Atom, name: str, default: Any = None) -> Any:
    return next((static_value(v) for k, v in atom.kwargs if k == name), default)


REDUCTIONS = (np.sum, np.mean, np.max, np.min, np.prod, np.var, np.std, np.any, np.all)


@rule(*REDUCTIONS)
def reduction(lift: Lift, atom: Atom) -> Value:
    return along(lift, atom, 1, several=True)


@rule(np.argmax, np.argmin, np.cumsum, np.cumprod)
def one_axis(lift: Lift, atom: Atom) -> Value:
    return along(lift, atom, 1, several=False)


@rule(np.flip)
def flip(lift: Lift, atom: Atom) -> Value:
    return along(lift, atom, 1, several=True)


@rule(np.expand_dims)
def expand_dims(lift: Lift, atom: Atom) -> Value:
    axis = static_value(atom.args[1])
    value = lift.value(atom.args[0])
    return lift.apply(np.expand_dims, [value, known(shifted(axis, 0))], {}, atom)


@rule(np.squeeze)
def squeeze(lift: Lift, atom: Atom) -> Value:
    return reshaped(lift, atom)


@rule(np.reshape, np.ravel)
def reshaped(lift: Lift, atom: Atom) -> Value:
    shape = (lift.count, *shape_of(atom.result))
    return lift.apply(np.reshape, [lift.value(atom.args[0]), known(shape)], {}, atom)


@rule(np.broadcast_to)
def broadcast_to(lift: Lift, atom: Atom) -> Value:
    shape = shape_of(atom.result)
    value = lift.of_rank(atom.args[0], len(shape))
    return lift.apply(np.broadcast_to, [value, known((lift.count, *shape))], {}, atom)


@rule(np.transpose)
def transpose(lift: Lift, atom: Atom) -> Value:
    rank = rank_of(atom.result)
    matrix, *given = atom.args
    axes = static_value(given[0]) if given else static_keyword(atom, "axes")
    axes = tuple(range(rank))[::-1] if axes is None else tuple(a % rank for a in axes)
    value = lift.value(matrix)
    if rank == 2 and axes == (1, 0):
        return lift.apply(np.swapaxes, [value, known(1), known(2)])
    return lift.apply(np.transpose, [value, known((0, *(a + 1 for a in axes)))])


@rule(np.swapaxes, np.moveaxis)
def exchanged(lift: Lift, atom: Atom) -> Value:
    axes = [static_value(a) for a in atom.args[1:]]
    if atom.kwargs or not all(isinstance(a, int) for a in axes):
        raise NotLifted
    value = lift.value(atom.args[0])
    return lift.apply(atom.op, [value, *(known(shifted(a, 0)) for a in axes)], {}, atom)


# --- joining ---


def pieces(lift: Lift, operand: Operand) -> list[Value]:
    """The items of a list, each with the first axis, and as many axes more as the greatest."""
    if not isinstance(operand, Items) or operand.kind not in ("list", "tuple"):
        raise NotLifted
    return [lift.repeated(item) for item in operand.items]


@rule(np.array)
def array(lift: Lift, atom: Atom) -> Value:
    (items,) = atom.args
    if rank_of(atom.result) != 1 or atom.kwargs:
        raise NotLifted
    dtype = dtype_of(atom.result)
    parts = [
        p if array_type(p).dtype == dtype else lift.apply(astype, [p, known(dtype)])
        for p in pieces(lift, items)
    ]
    return lift.apply(np.stack, [struct(list, parts)], {"axis": known(1)})


@rule(np.stack, np.concatenate)
def joined(lift: Lift, atom: Atom) -> Value:
    items, *given = atom.args
    axis = static_value(given[0]) if given else static_keyword(atom, "axis", 0)
    if not isinstance(axis, int):
        raise NotLifted
    parts = struct(list, pieces(lift, items))
    return lift.apply(atom.op, [parts], {"axis": known(shifted(axis, 0))}, atom)


# --- products ---


@rule(np.matmul, np.dot, np.vdot, np.inner)
def product(lift: Lift, atom: Atom) -> Value:
    a, b = atom.args
    ranks = rank_of(a), rank_of(b)
    if atom.op in (np.vdot, np.inner) and ranks != (1, 1) or dtype_of(atom.result).kind == "c":  # type: ignore[union-attr]
        raise NotLifted
    return multiplied(lift, ranks, [lift.value(a), lift.value(b)], [*map(lift.is_lifted, (a, b))])


def multiplied(
    lift: Lift, ranks: tuple[int, int], values: Sequence[Value], lifted: Sequence[bool]
) -> Value:
    """The product of vectors and matrices, of each iteration's or of the same in all."""
    a, b = values
    match ranks:
        case (1, 1) if all(lifted):
            return lift.apply(np.sum, [times(lift, a, b)], {"axis": known(1)})
        case (1, 1) | (2, 2) if not all(lifted):
            if ranks == (1, 1) and lifted[1]:
                return lift.apply(np.matmul, [a, turned(lift, b)])
            return lift.apply(np.matmul, [a, b])
        case (2, 2):
            return lift.apply(np.matmul, [a, b])
        case (2, 1) if not lifted[0]:
            return lift.apply(np.matmul, [b, turned(lift, a)])
        case (2, 1) if not lifted[1]:
            return lift.apply(np.matmul, [a, b])
        case (2, 1):
            b = lift.apply(np.expand_dims, [b, known(1)])
            return lift.apply(np.sum, [times(lift, a, b)], {"axis": known(2)})
        case (1, 2) if not all(lifted):
            return lift.apply(np.matmul, [a, b])
        case (1, 2):
            a = lift.apply(np.expand_dims, [a, known(2)])
            return lift.apply(np.sum, [times(lift, a, b)], {"axis": known(1)})
    raise NotLifted


def times(lift: Lift, a: Value, b: Value) -> Value:
    return lift.apply(np.multiply, [a, b])


def turned(lift: Lift, value: Value) -> Value:
    """The transposed matrix; the matrix itself where it is given transposed."""
    base = transposed(lift, value)
    assert isinstance(value, Array)
    return moved(lift.trace, value, 1, 0) if base is None else base


def transposed(lift: Lift, value: Value) -> Value | None:
    """The matrix that a matrix is the transpose of, if it was written so."""
    operand = operand_of(value)
    made = lift.trace.definitions.get(operand) if isinstance(operand, Var) else None
    if made is None or made.op is not np.transpose or made.kwargs:
        return None
    matrix, *axes = made.args
    return None if axes else value_of(matrix)


@rule(np.outer)
def outer(lift: Lift, atom: Atom) -> Value:
    a, b = atom.args
    if (rank_of(a), rank_of(b)) != (1, 1):
        raise NotLifted
    left = lift.apply(np.expand_dims, [lift.value(a), known(2 if lift.is_lifted(a) else 1)])
    right = lift.of_rank(b, 2)
    return times(lift, left, right)

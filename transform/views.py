"""Which operations return views, and how a view is read again, and written into its base, after a change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..primitives import astype, getitem, update
from .ir import Atom, Origin
from .operands import Items, Lit, Operand, Slice, StaticType, Var, array_type
from .values import Array, View, known, static_value, value_of

if TYPE_CHECKING:
    from .trace import Trace


def as_view(trace: Trace, base: Array, atom: Atom) -> Array:
    """The result of an operation that NumPy answers with a view of `base`; a linked array where that is not sure."""
    result = atom.result
    if atom.op is getitem and not is_basic(atom.args[1]):
        return Array(result)
    sure = surely_a_view(base, atom)
    if not sure:
        view = Array(result)
        link(trace, view, base)
        return view

    def read(operand: Operand) -> Operand:
        args = (operand, *atom.args[1:])
        return trace.emit(Var(result.hint, result.type), atom.op, args, atom.kwargs, atom.origin)

    def write(operand: Operand, value: Array) -> Operand:
        written = written_back(trace, atom, operand, value)
        return written.operand

    writable = atom.op in INVERSES or atom.op is getitem
    return Array(result, view=View(base, trace.journal, atom, read, write if writable else None))


def whole_view(trace: Trace, base: Array) -> Array:
    """`x[:]`, an object of its own that sees all of x."""
    view = View(
        base, trace.journal, None, lambda operand: operand, lambda operand, value: value.operand
    )
    return Array(base.operand, view=view)


def link(trace: Trace, a: Array, b: Array) -> None:
    """Note that an array may share memory with another, and with what that may share memory with."""
    for storage in (b.storage, *b.storage.linked):
        link_storages(trace, a.storage, storage)


def link_storages(trace: Trace, a: Any, b: Any) -> None:
    if a is b or b in a.linked:
        return
    trace.journal.set(a, "linked", (*a.linked, b))
    trace.journal.set(b, "linked", (*b.linked, a))


def is_basic(index: Operand) -> bool:
    """Whether an index is made of ints and slices, so that NumPy returns a view."""
    items = index.items if isinstance(index, Items) and index.kind == "tuple" else (index,)
    for item in items:
        if isinstance(item, Slice) or (isinstance(item, Var) and isinstance(item.type, StaticType)):
            continue
        if isinstance(item, Lit) and not isinstance(item.value, np.ndarray | list | bool):
            continue
        if (
            isinstance(item, Var)
            and array_type(item).shape == ()
            and array_type(item).dtype.kind in "iu"
        ):
            continue
        return False
    return True


def surely_a_view(base: Array, atom: Atom) -> bool:
    """NumPy copies where the elements cannot be reached by strides: after a transpose, say."""
    if atom.op is np.reshape:
        old, new = base.type.shape, atom.result.type.shape
        squeezed = [s for s in old if s != 1] == [s for s in new if s != 1]
        return base.contiguous or base.type.ndim <= 1 or squeezed
    if atom.op is np.ravel:
        return base.contiguous
    return atom.op in INVERSES or atom.op in (getitem, np.broadcast_to)


def _inverse_transpose(trace: Trace, atom: Atom, operand: Operand, value: Array) -> Any:
    axes = dict(atom.kwargs).get("axes")
    if axes is None or static_value(axes) is None:
        return trace.apply(np.transpose, [value], {}, atom.origin)
    places = static_value(axes)
    order = tuple(int(k) for k in np.argsort([a % value.type.ndim for a in places]))
    return trace.apply(np.transpose, [value, known(order)], {}, atom.origin)


def _inverse_reshape(trace: Trace, atom: Atom, operand: Operand, value: Array) -> Any:
    shape = trace.attribute(Array(operand), "shape", atom.origin)
    return trace.apply(np.reshape, [value, shape], {}, atom.origin)


def _again(trace: Trace, atom: Atom, operand: Operand, value: Array) -> Any:
    rest = [value_of(a) for a in atom.args[1:]]
    kwargs = {k: value_of(v) for k, v in atom.kwargs}
    return trace.apply(atom.op, [value, *rest], kwargs, atom.origin)


def _inverse_moveaxis(trace: Trace, atom: Atom, operand: Operand, value: Array) -> Any:
    source, destination = atom.args[1:]
    moved = [value, value_of(destination), value_of(source)]
    return trace.apply(np.moveaxis, moved, {}, atom.origin)


def _same(trace: Trace, atom: Atom, operand: Operand, value: Array) -> Any:
    return value


# How a new value of the view becomes a new value of its base.
INVERSES: dict[Any, Callable[[Any, Atom, Operand, Array], Any]] = {
    np.reshape: _inverse_reshape,
    np.ravel: _inverse_reshape,
    np.expand_dims: _inverse_reshape,
    np.squeeze: _inverse_reshape,
    np.transpose: _inverse_transpose,
    np.swapaxes: _again,
    np.flip: _again,
    np.moveaxis: _inverse_moveaxis,
    np.asarray: _same,
    np.real: _same,
}


def written_back(trace: Trace, atom: Atom, operand: Operand, value: Array) -> Array:
    """The base after `value` was written into the view that `atom` made of it."""
    if atom.op is getitem:
        index = value_of(atom.args[1])
        result = trace.apply(update, [value_of(operand), value, index], {}, atom.origin)
    else:
        result = INVERSES[atom.op](trace, atom, operand, value)
    assert isinstance(result, Array)
    return result


# New arrays whose elements lie in C order; other operations may keep the order of their arguments.
IN_C_ORDER = (np.zeros, np.ones, np.full, np.empty, np.eye, np.identity, np.outer)


def is_contiguous(atom: Atom) -> bool:
    """Whether a new array surely has its elements in C order."""
    listed = atom.op is np.array and isinstance(atom.args[0], Items)
    copied = (
        atom.op is np.copy and atom.origin.spelling == "method"
    )  # np.copy(x) keeps the order of x
    return atom.results[0].type.ndim <= 1 or atom.op in IN_C_ORDER or listed or copied


# Functions without a rule that never return a view of their argument.
IN_NEW_MEMORY = frozenset(
    getattr(np, name)
    for name in "roll diff cumsum cumprod sort tile repeat cross kron gradient interp convolve correlate take pad "
    "unique vander bincount histogram digitize searchsorted delete insert append partition".split()
)


def gives_new_memory(op: Any) -> bool:
    """Whether the result of a function without a rule surely lies in memory of its own."""
    module = getattr(op, "__module__", None) or ""
    return isinstance(op, np.ufunc) or op in IN_NEW_MEMORY or module.startswith("numpy.linalg")


# What returns an array also where that has no axes. Other functions return a number then.
ALWAYS_ARRAYS = (
    np.array, np.asarray, np.zeros, np.ones, np.empty, np.full, np.zeros_like, np.ones_like, np.empty_like,
    np.full_like, np.where, np.broadcast_to, np.tensordot,
)  # fmt: skip
ARRAYS_OF_ARRAYS = (*INVERSES, np.copy, astype)  # an array of an array, a number of a number


def gives_array(op: Any, args: list[Operand], of_array: bool, origin: Origin) -> bool:
    """Whether a result without axes is an array, which can be changed in place, and not one of NumPy's numbers.

    `of_array` says whether the argument is an array.
    """
    if op in (np.copy, np.reshape, np.squeeze) and origin.spelling != "method":
        return True
    return op in ALWAYS_ARRAYS or op in ARRAYS_OF_ARRAYS and of_array

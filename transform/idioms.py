"""Operations that have a shorter form than a call: `x.T`, `x[:, None]`, `x.shape`, padding for a slice's adjoint."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitives import astype, getitem, place, solve_transposed
from .ir import ArrayType, Atom, Items, Operand, StaticType, Var, type_of
from .spell import ATOM, Idiom, Speller, Text, is_array
from .values import is_static, static_value


def _attribute(speller: Speller, atom: Atom) -> Text:
    name = static_value(atom.args[1])
    return f"{speller.operand(atom.args[0], ATOM)}.{name}", ATOM


def _item(speller: Speller, atom: Atom) -> Text:
    x, index = atom.args
    static = isinstance(x, Var) and isinstance(x.type, StaticType)
    text = speller.index(index)
    return f"{speller.operand(x, ATOM)}[{text.strip() if static else text}]", ATOM


def _transpose(speller: Speller, atom: Atom) -> Text:
    x = speller.operand(atom.args[0], ATOM)
    if not atom.kwargs:
        return f"{x}.T", ATOM
    return f"{x}.transpose({speller.operand(atom.kwargs[0][1], 1)})", ATOM


def _expand_dims(speller: Speller, atom: Atom) -> Text:
    x, axis = atom.args
    ndim = atom.result.type.ndim
    if not is_array(x) or not is_static(axis) or ndim > 4:
        return f"{speller.module(speller.np)}.expand_dims({speller.arguments(atom)})", ATOM
    axes = static_value(axis)
    new = {a % ndim for a in (axes if isinstance(axes, tuple) else (axes,))}
    if not new:
        return speller.text(x)
    parts = ["None" if k in new else ":" for k in range(ndim)]
    while parts and parts[-1] == ":":
        parts.pop()
    leading = next((k for k, p in enumerate(parts) if p != ":"), 0)
    if leading >= 2 and len(parts) == ndim:
        parts = ["...", *parts[leading:]]
    return f"{speller.operand(x, ATOM)}[{', '.join(parts)}]", ATOM


def _astype(speller: Speller, atom: Atom) -> Text:
    x, dtype = atom.args
    if not is_array(x):
        return (
            f"{speller.module(speller.np)}.asarray({speller.operand(x)}, {speller.operand(dtype)})",
            ATOM,
        )
    return f"{speller.operand(x, ATOM)}.astype({speller.operand(dtype)})", ATOM


def _reshape(speller: Speller, atom: Atom) -> Text:
    x, shape = atom.args
    if atom.origin.spelling == "function" and atom.origin.part == "primal" or not is_array(x):
        return f"{speller.function(np.reshape)}({speller.arguments(atom)})", ATOM
    text = speller.operand(shape, 1)
    if isinstance(shape, Items) and shape.items:
        text = text[1:-1].rstrip(",")
    return f"{speller.operand(x, ATOM)}.reshape({text})", ATOM


def _swapaxes(speller: Speller, atom: Atom) -> Text:
    x, *axes = atom.args
    values = {static_value(a) for a in axes} if all(map(is_static, axes)) else set()
    if values == {-1, -2}:
        return f"{speller.operand(x, ATOM)}.mT", ATOM
    return (
        f"{speller.operand(x, ATOM)}.swapaxes({', '.join(speller.operand(a) for a in axes)})",
        ATOM,
    )


def _place(speller: Speller, atom: Atom) -> Text:
    """Zeros with a value at an index. Static slices of unit step are padding."""
    value, shape, index = atom.args
    source = atom.result.type
    full = static_value(shape)
    padding = _padding(index, full) if is_static(index) and is_array(value) else None
    module = speller.module(speller.np)
    if padding is not None:
        widths, points = padding
        text = speller.operand(value, ATOM if points else 1)
        if points:
            parts = ["None" if k in points else ":" for k in range(len(full))]
            while parts and parts[-1] == ":":
                parts.pop()
            text = f"{text}[{', '.join(parts)}]"
        if all(w == (0, 0) for w in widths):
            return text, ATOM
        same = len(set(widths)) == 1 and widths[0][0] == widths[0][1]
        amount = (
            str(widths[0][0]) if same else str(widths[0] if len(widths) == 1 else tuple(widths))
        )
        return f"{module}.pad({text}, {amount})", ATOM
    zeros = f"{module}.zeros({speller.operand(shape, 1)}, {speller.dtype(source.dtype)})"
    model = speller.definitions.get(shape) if isinstance(shape, Var) else None
    if model is not None and model.op is getattr and _has_dtype(model.args[0], source.dtype):
        zeros = f"{module}.zeros_like({speller.operand(model.args[0], 1)})"
    if speller.target == "jax":
        return f"{zeros}.at[{speller.index(index)}].add({speller.operand(value)})", ATOM
    speller.imports.add("place")
    return (
        f"place({speller.operand(value, 1)}, {speller.operand(shape, 1)}, {speller.operand(index, 1)})",
        ATOM,
    )


def _has_dtype(operand: Operand, dtype: np.dtype) -> bool:
    found = operand.type if isinstance(operand, Var) else None
    return isinstance(found, ArrayType) and found.dtype == dtype and not found.weak


def _padding(
    index: Operand, shape: tuple[int, ...]
) -> tuple[list[tuple[int, int]], set[int]] | None:
    """How much padding on each axis puts a slice back into its array, and which axes the index took away."""
    value = static_value(index)
    parts = list(value) if isinstance(value, tuple) else [value]
    if any(
        p is None or not isinstance(p, int | np.integer | slice | type(...)) or isinstance(p, bool)
        for p in parts
    ):
        return None
    if Ellipsis in parts:
        k = parts.index(Ellipsis)
        parts[k : k + 1] = [slice(None)] * (len(shape) - len(parts) + 1)
    parts += [slice(None)] * (len(shape) - len(parts))
    widths, points = [], set()
    for axis, (part, size) in enumerate(zip(parts, shape, strict=True)):
        if isinstance(part, slice):
            start, stop, step = part.indices(size)
            if step != 1:
                return None
            stop = max(start, stop)
        else:
            start, points = int(part) % size, points | {axis}
            stop = start + 1
        widths.append((start, size - stop))
    return widths, points


def _cholesky(speller: Speller, atom: Atom) -> Text:
    """NumPy reads the lower triangle; JAX averages the matrix with its transpose first."""
    name, x = speller.function(np.linalg.cholesky), atom.args[0]
    if speller.target == "numpy":
        return f"{name}({speller.operand(x)})", ATOM
    tril, text = f"{speller.module('jnp')}.tril", speller.operand(x, 1)
    return f"{name}({tril}({text}) + {tril}({text}, -1).mT)", ATOM


def _solve_transposed(speller: Speller, atom: Atom) -> Text:
    """In JAX from the same LU factors as `solve`, which the compiler then shares between the two."""
    a, b = atom.args
    plain = isinstance(type_of(a), ArrayType) and type_of(a).ndim == 2  # type: ignore[union-attr]
    if speller.target == "jax" and plain:
        module = "jax.scipy.linalg"
        speller.imports.add(module)
        factors = f"{module}.lu_factor({speller.operand(a, 1)})"
        return f"{module}.lu_solve({factors}, {speller.operand(b, 1)}, trans=1)", ATOM
    transposed = f"{speller.operand(a, ATOM)}.{'T' if plain else 'mT'}"
    return f"{speller.function(np.linalg.solve)}({transposed}, {speller.operand(b, 1)})", ATOM


IDIOMS: dict[Any, Idiom] = {
    getattr: _attribute,
    getitem: _item,
    np.transpose: _transpose,
    np.expand_dims: _expand_dims,
    astype: _astype,
    np.reshape: _reshape,
    np.swapaxes: _swapaxes,
    place: _place,
    np.linalg.cholesky: _cholesky,
    solve_transposed: _solve_transposed,
}

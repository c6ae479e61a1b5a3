"""Operations that have a shorter form than a call: `x.T`, `x[:, None]`, `x.shape`, padding for a slice's adjoint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.scipy.linalg
import jax.scipy.special
import numpy as np
import scipy.linalg

from ..linalg import logm
from ..primitives import (
    add_at,
    astype,
    complex_log,
    complex_root,
    cumsum_backwards,
    getitem,
    guard,
    length,
    place,
    solve_transposed,
    student_cdf,
    update,
)
from .barriers import BARRIER
from .gather import PADDED
from .ir import Atom
from .operands import (
    ArrayType,
    Items,
    Lit,
    Operand,
    StaticType,
    Var,
    array_type,
    dtype_of,
    type_of,
)
from .result_types import has_window
from .slices import padding, strides
from .spell import AND, ATOM, COMPARE, UNARY, Idiom, Speller, Text, is_array
from .values import is_static, static_value
from .window_text import updated_window, windowed


def _attribute(speller: Speller, atom: Atom) -> Text:
    found = type_of(atom.args[0]) if isinstance(atom.args[0], Var) else None
    if isinstance(found, ArrayType) and found.weak and not found.shape:  # a number of Python's
        return speller.literal(Lit(static_value(atom.result)))
    name = static_value(atom.args[1])
    return f"{speller.operand(atom.args[0], ATOM)}.{name}", ATOM


def _item(speller: Speller, atom: Atom) -> Text:
    x, index = atom.args
    static = isinstance(x, Var) and isinstance(x.type, StaticType)
    if speller.target == "jax" and has_window(index):
        return windowed(speller, x, index, atom.result.type.shape), ATOM
    text = speller.index(index)
    if speller.target == "jax" and is_numpys(speller, x) and not is_static(index):
        return f"{speller.module('jnp')}.asarray({speller.operand(x)})[{text}]", ATOM
    return f"{speller.operand(x, ATOM)}[{text.strip() if static else text}]", ATOM


def is_numpys(speller: Speller, x: Operand) -> bool:
    """Whether an array is NumPy's in compiled code: a constant, and what Python's operators make of constants."""
    if not isinstance(x, Var):
        return isinstance(x, Lit)
    made = speller.definitions.get(x)
    if made is None:
        return False
    by_python = made.origin.spelling in ("operator", "method")
    if not by_python and made.op not in (getitem, np.transpose):
        return False
    return all(is_static(a) or is_numpys(speller, a) for a in made.args)


def _transpose(speller: Speller, atom: Atom) -> Text:
    if not is_array(atom.args[0]):
        return f"{speller.function(np.transpose)}({speller.arguments(atom)})", ATOM
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
    if ndim == 1 and is_number(x) and speller.target == "numpy":  # which may be a Python number
        return f"{speller.module(speller.np)}.array([{speller.operand(x, 1)}])", ATOM
    parts = ["None" if k in new else ":" for k in range(ndim)]
    while parts and parts[-1] == ":":
        parts.pop()
    leading = next((k for k, p in enumerate(parts) if p != ":"), 0)
    if leading >= 2 and len(parts) == ndim:
        parts = ["...", *parts[leading:]]
    return f"{speller.operand(x, ATOM)}[{', '.join(parts)}]", ATOM


def _astype(speller: Speller, atom: Atom) -> Text:
    x, dtype = atom.args
    if speller.target == "numpy" and is_number(x) and is_static(dtype):
        # What Python computes of numbers, `not (x > 0)`, may have no methods.
        name = np.dtype(static_value(dtype)).name
        return f"{speller.module('np')}.{name}({speller.operand(x)})", ATOM
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
    static = is_static(index) and is_static(shape)
    full = static_value(shape) if static else ()
    found = padding(index, full) if static and is_array(value) else None
    module = speller.module(speller.np)
    if found is not None:
        widths, points = found
        text = speller.operand(value, ATOM if points else 1)
        if points and array_type(value).shape == () and speller.target == "numpy":
            text = "[" * len(full) + _number_of(speller, value, source.dtype) + "]" * len(full)
        elif points:
            parts = ["None" if k in points else ":" for k in range(len(full))]
            while parts and parts[-1] == ":":
                parts.pop()
            text = f"{text}[{', '.join(parts)}]"
        if all(w == (0, 0) for w in widths):
            return (f"{module}.array({text})" if text.startswith("[") else text), ATOM
        same = len(set(widths)) == 1 and widths[0][0] == widths[0][1]
        amount = (
            str(widths[0][0]) if same else str(widths[0] if len(widths) == 1 else tuple(widths))
        )
        return f"{module}.pad({text}, {amount})", ATOM
    if (
        atom.origin.spelling == PADDED
        or speller.target == "jax"
        and static
        and _fills(value, index, full)
    ):
        return _padded(speller, atom, full), ATOM
    zeros = f"{module}.zeros({speller.operand(shape, 1)}, {speller.dtype(source.dtype)})"
    model = speller.definitions.get(shape) if isinstance(shape, Var) else None
    if model is not None and model.op is getattr and _has_dtype(model.args[0], source.dtype):
        zeros = f"{module}.zeros_like({speller.operand(model.args[0], 1)})"
    if speller.target == "jax" and has_window(index):
        return updated_window(speller, atom, zeros), ATOM
    if speller.target == "jax":
        return f"{zeros}.at[{speller.index(index)}].add({speller.operand(value)})", ATOM
    speller.imports.add("place")
    return (
        f"place({_number_of(speller, value, source.dtype)}, {speller.operand(shape, 1)}, {speller.operand(index, 1)})",
        ATOM,
    )


def _number_of(speller: Speller, operand: Operand, dtype: np.dtype) -> str:
    """What is placed; a size, of which NumPy would make an array of integers, as a float."""
    text = speller.operand(operand, 1)
    count = is_static(operand) and type(static_value(operand)) is int
    return f"float({text})" if count and dtype.kind == "f" else text


def _fills(value: Operand, index: Operand, shape: tuple[int, ...]) -> bool:
    """Whether slices with steps spread a value over an array: padding is one pass, a scatter is not."""
    spans = strides(index, shape) if is_array(value) else None
    if (
        spans is None
        or tuple(map(len, spans)) != array_type(value).shape
        or not all(map(len, spans))
    ):
        return False
    return all(2 * len(r) * r.step >= n for r, n in zip(spans, shape, strict=True))


def _padded(speller: Speller, atom: Atom, shape: tuple[int, ...]) -> str:
    """Zeros around a value and between its elements."""
    value, _, index = atom.args
    spans, dtype = strides(index, shape), atom.result.type.dtype
    assert spans is not None
    widths = [(r[0], n - 1 - r[-1], r.step - 1) for r, n in zip(spans, shape, strict=True)]
    zero = "0.0" if dtype == np.dtype(float) else f"{speller.dtype(dtype)}(0)"
    lax = speller.module("lax")
    return f"{lax}.pad({speller.operand(value, 1)}, {zero}, {widths})"


def _has_dtype(operand: Operand, dtype: np.dtype) -> bool:
    found = operand.type if isinstance(operand, Var) else None
    return isinstance(found, ArrayType) and found.dtype == dtype and not found.weak


def _of_lower(speller: Speller, atom: Atom) -> Text:
    """NumPy reads the lower triangle; JAX averages the matrix with its transpose first."""
    name, x = speller.function(atom.op), atom.args[0]
    if speller.target == "numpy":
        return f"{name}({speller.operand(x)})", ATOM
    tril, text = f"{speller.module('jnp')}.tril", speller.operand(x, 1)
    found = type_of(x)
    assert isinstance(found, ArrayType)
    above = f"{tril}({text}, -1).mT{'.conj()' if found.dtype.kind == 'c' else ''}"
    return f"{name}({tril}({text}) + {above})", ATOM


def _cumsum_backwards(speller: Speller, atom: Atom) -> Text:
    x, axis = atom.args
    places = speller.operand(axis, 1)
    if speller.target == "jax":
        return (
            f"{speller.module('lax')}.cumsum({speller.operand(x, 1)}, axis={places}, reverse=True)",
            ATOM,
        )
    speller.module("np")
    if array_type(x).ndim == 1:
        return f"np.cumsum({speller.operand(x, ATOM)}[::-1])[::-1]", ATOM
    return (
        f"np.flip(np.cumsum(np.flip({speller.operand(x, 1)}, {places}), axis={places}), {places})",
        ATOM,
    )


def _length(speller: Speller, atom: Atom) -> Text:
    return f"{speller.function(np.linalg.norm)}({speller.arguments(atom)})", ATOM


def _of_complex(of_numpy: Callable, of_jax: Callable) -> Callable:
    """A function whose result is complex; SciPy's is where it is given complex numbers."""

    def written(speller: Speller, atom: Atom) -> Text:
        x = atom.args[0]
        if speller.target == "jax":
            return f"{speller.function(of_jax)}({speller.operand(x)})", ATOM
        found = type_of(x)
        assert isinstance(found, ArrayType)
        dtype = speller.dtype(atom.result.type.dtype)
        cast = "" if found.dtype.kind == "c" else f".astype({dtype})"
        return f"{speller.function(of_numpy)}({speller.operand(x, ATOM)}{cast})", ATOM

    return written


def _student_cdf(speller: Speller, atom: Atom) -> Text:
    x, df = atom.args
    if speller.target == "numpy":
        import scipy.stats  # late, since it takes a second

        called = speller.function(scipy.stats.t.cdf)
        text = f"{called}({speller.operand(x, 1)}, {speller.operand(df, 1)})"
        dtype = atom.result.type.dtype
        cast = "" if dtype == np.float64 else f".astype({speller.dtype(dtype)})"
        return text + cast, ATOM
    betainc, freedom = speller.function(jax.scipy.special.betainc), speller.operand(df, ATOM)
    share = f"{freedom} / ({freedom} + {speller.operand(x, ATOM)}**2)"
    tail = f"{betainc}({freedom} / 2, 0.5, {share}) / 2"
    return f"{speller.module('jnp')}.abs(({speller.operand(x, ATOM)} > 0) - {tail})", ATOM


def _solve_transposed(speller: Speller, atom: Atom) -> Text:
    """In JAX from the same LU factors as `solve`, which the compiler then shares between the two."""
    a, b = atom.args
    plain = isinstance(type_of(a), ArrayType) and array_type(a).ndim == 2
    if speller.target == "jax" and plain:
        module = "jax.scipy.linalg"
        speller.imports.add(module)
        factors = f"{module}.lu_factor({speller.operand(a, 1)})"
        return f"{module}.lu_solve({factors}, {speller.operand(b, 1)}, trans=1)", ATOM
    transposed = f"{speller.operand(a, ATOM)}.{'T' if plain else 'mT'}"
    return f"{speller.function(np.linalg.solve)}({transposed}, {speller.operand(b, 1)})", ATOM


def _update(speller: Speller, atom: Atom) -> Text:
    x, value, index = atom.args
    word = "set" if atom.op is update else "add"
    if speller.target == "jax" and has_window(index):
        return updated_window(speller, atom, speller.operand(x, 1)), ATOM
    shown = speller.operand(x, ATOM)
    return f"{shown}.at[{speller.index(index)}].{word}({speller.operand(value)})", ATOM


def _guard(speller: Speller, atom: Atom) -> Text:
    x, condition, side = (speller.operand(a, 1) for a in atom.args)
    sides = f"{x}, 0" if side == "True" else f"0, {x}"
    return f"{speller.function(np.where)}({condition}, {sides})", ATOM


def _copy(speller: Speller, atom: Atom) -> Text:
    if atom.origin.spelling != "method" or not is_array(atom.args[0]):
        return f"{speller.function(np.copy)}({speller.arguments(atom)})", ATOM
    return f"{speller.operand(atom.args[0], ATOM)}.copy()", ATOM


def _arange(speller: Speller, atom: Atom) -> Text:
    """Start, stop and step by position."""
    named = dict(atom.kwargs)
    parts = [speller.operand(atom.args[0], 1)]
    if "stop" in named:
        parts.append(speller.operand(named.pop("stop"), 1))
        if "step" in named:
            parts.append(speller.operand(named.pop("step"), 1))
    parts += [f"{key}={speller.operand(value, 1)}" for key, value in named.items()]
    return f"{speller.function(np.arange)}({', '.join(parts)})", ATOM


def _not(speller: Speller, atom: Atom) -> Text:
    """`not done` of a single flag; compiled code has no truth values, so there it is `~done`."""
    (x,) = atom.args
    if speller.target == "numpy" and atom.result.type.shape == ():
        return f"not {speller.operand(x, ATOM)}", COMPARE - 1
    if (
        atom.origin.spelling == "function"
        and atom.origin.part == "primal"
        and atom.result.type.shape
    ):
        return f"{speller.function(np.logical_not)}({speller.arguments(atom)})", ATOM
    if dtype_of(x) != np.dtype(bool):
        return f"{speller.function(np.logical_not)}({speller.operand(x, 1)})", ATOM
    return f"~{speller.operand(x, UNARY)}", UNARY


def _and(speller: Speller, atom: Atom) -> Text:
    a, b = atom.args
    if atom.result.type.shape:
        return f"{speller.function(np.logical_and)}({speller.arguments(atom)})", ATOM
    if speller.target == "numpy":
        return (
            f"{speller.operand(a, COMPARE - 1)} and {speller.operand(b, COMPARE - 1)}",
            COMPARE - 2,
        )
    return f"{speller.operand(a, ATOM)} & {speller.operand(b, ATOM)}", AND


def _barrier(speller: Speller, atom: Atom) -> Text:
    lax = speller.module("lax")
    return f"{lax}.optimization_barrier({speller.operand(atom.args[0], 1)})", ATOM


def _in_double(speller: Speller, atom: Atom) -> Text:
    """SciPy answers in 64 bits, whatever it is given."""
    text = f"{speller.function(atom.op)}({speller.arguments(atom)})"
    dtype = atom.results[0].type.dtype
    if (
        len(atom.results) > 1
        or speller.target == "jax"
        or dtype.itemsize == (16 if dtype.kind == "c" else 8)
    ):
        return text, ATOM
    return f"{text}.astype({speller.dtype(dtype)})", ATOM


IDIOMS: dict[Any, Idiom] = {
    update: _update,
    add_at: _update,
    np.arange: _arange,
    np.copy: _copy,
    guard: _guard,
    np.logical_not: _not,
    np.logical_and: _and,
    getattr: _attribute,
    getitem: _item,
    np.transpose: _transpose,
    np.expand_dims: _expand_dims,
    astype: _astype,
    np.reshape: _reshape,
    np.swapaxes: _swapaxes,
    place: _place,
    np.linalg.cholesky: _of_lower,
    np.linalg.eigh: _of_lower,
    np.linalg.eigvalsh: _of_lower,
    scipy.linalg.expm_frechet: _in_double,
    complex_root: _of_complex(scipy.linalg.sqrtm, jax.scipy.linalg.sqrtm),
    complex_log: _of_complex(scipy.linalg.logm, logm),
    length: _length,
    cumsum_backwards: _cumsum_backwards,
    solve_transposed: _solve_transposed,
    student_cdf: _student_cdf,
    BARRIER: _barrier,
}


def is_number(x: Operand) -> bool:
    return isinstance(x, Var) and isinstance(x.type, ArrayType) and not x.type.ndim

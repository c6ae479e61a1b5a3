"""Keywords that a function's rule does not have: the function without them, and what they add, in their place.

What stands here is read as if the user had written it, where one of the keywords is given.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
import scipy.special

from .asked import is_static
from .written import written

_RANKS: dict[Callable, tuple[str, tuple[int, ...], Callable]] = {}
_FORMS: dict[Callable, tuple[frozenset[str], Callable]] = {}


def with_keywords(function: Callable, *keywords: str) -> Callable:
    """Say that a Python function stands for calls of a library's function with some of these keywords."""

    def add(definition: Callable) -> Callable:
        _FORMS[function] = frozenset(keywords), definition
        return definition

    return add


def form_with(function: Any, given: Collection[str]) -> Callable | None:
    """The definition that stands for a call with these arguments, if one does."""
    keywords, definition = _FORMS.get(function, (frozenset(), None))
    return definition if keywords.intersection(given) else None


def with_ranks(function: Callable, parameter: str, *ranks: int) -> Callable:
    """Say that a Python function stands for calls of a library's function with an argument of one of these ranks."""

    def add(definition: Callable) -> Callable:
        _RANKS[function] = parameter, ranks, definition
        return definition

    return add


def form_for(function: Any, ranks: Mapping[str, int]) -> Callable | None:
    """The definition that stands for a call with arguments of these ranks, if one does."""
    parameter, chosen, definition = _RANKS.get(function, ("", (), None))
    return definition if ranks.get(parameter) in chosen else None


# --- reductions ---


@written()
def chosen(a, where, rest):
    """What a mask keeps; NumPy stretches the mask to the array, not the array to the mask."""
    if np.broadcast_shapes(np.shape(where), np.shape(a)) != np.shape(a):
        raise ValueError("where does not broadcast to the shape of the array")
    return np.where(where, a, rest)


@written()
def cast(value, x):
    """An initial value in the dtype of a result, which it does not widen."""
    fits = np.result_type(value, x.dtype) if is_static(value) else np.asarray(value).dtype
    if fits == x.dtype:
        return value
    return np.asarray(value).astype(x.dtype)


@with_keywords(np.sum, "where", "initial")
def sum_(a, axis=None, dtype=None, out=None, keepdims=False, initial=None, where: Any = None):
    kept = a if where is None else chosen(a, where, 0)
    total = np.sum(kept, axis=axis, dtype=dtype, keepdims=keepdims)
    return total if initial is None else total + cast(initial, total)


@with_keywords(np.prod, "where", "initial")
def prod(a, axis=None, dtype=None, out=None, keepdims=False, initial=None, where: Any = None):
    kept = a if where is None else chosen(a, where, 1)
    total = np.prod(kept, axis=axis, dtype=dtype, keepdims=keepdims)
    return total if initial is None else total * cast(initial, total)


@with_keywords(np.max, "where", "initial")
def max_(a, axis=None, out=None, keepdims=False, initial=None, where: Any = None):
    if initial is None:
        raise NotImplementedError("np.max with where and without initial")
    first = cast(initial, a)
    kept = a if where is None else chosen(a, where, first)
    return np.maximum(np.max(kept, axis=axis, keepdims=keepdims), first)


@with_keywords(np.min, "where", "initial")
def min_(a, axis=None, out=None, keepdims=False, initial=None, where: Any = None):
    if initial is None:
        raise NotImplementedError("np.min with where and without initial")
    first = cast(initial, a)
    kept = a if where is None else chosen(a, where, first)
    return np.minimum(np.min(kept, axis=axis, keepdims=keepdims), first)


@with_keywords(np.any, "where")
def any_(a, axis=None, out=None, keepdims=False, where: Any = None):
    return np.any(np.where(where, a, False), axis=axis, keepdims=keepdims)


@with_keywords(np.all, "where")
def all_(a, axis=None, out=None, keepdims=False, where: Any = None):
    return np.all(np.where(where, a, True), axis=axis, keepdims=keepdims)


@written()
def number_of(a, where, axis, keepdims):
    """How many elements are chosen, in the dtype of a mean."""
    dtype = np.float64
    if a.dtype.kind in "fc":
        dtype = np.real(a).dtype if np.iscomplexobj(a) else a.dtype
    return np.sum(np.broadcast_to(where, a.shape), axis=axis, dtype=dtype, keepdims=keepdims)


@with_keywords(np.mean, "where")
def mean(a, axis=None, dtype=None, out=None, keepdims=False, where: Any = None):
    if dtype is not None:
        raise NotImplementedError("np.mean with where and a dtype")
    total = np.sum(chosen(a, where, 0), axis=axis, keepdims=keepdims)
    return total / number_of(a, where, axis, keepdims)


@written()
@with_keywords(np.var, "where", "correction")
def var(
    a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, where: Any = None, correction=None
):
    less = ddof if correction is None else correction
    if where is None:
        return np.var(a, axis=axis, dtype=dtype, ddof=less, keepdims=keepdims)
    if dtype is not None or np.iscomplexobj(a):
        raise NotImplementedError("np.var with where and a dtype, or of complex numbers")
    centre = np.sum(chosen(a, where, 0), axis=axis, keepdims=True) / number_of(a, where, axis, True)
    squares = np.sum(np.where(where, (a - centre) ** 2, 0), axis=axis, keepdims=keepdims)
    return squares / (number_of(a, where, axis, keepdims) - less)


@with_keywords(np.std, "where", "correction")
def std(
    a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, where: Any = None, correction=None
):
    less = ddof if correction is None else correction
    if where is None:
        return np.std(a, axis=axis, dtype=dtype, ddof=less, keepdims=keepdims)
    variance = var(a, axis, dtype, None, less, keepdims, where)
    return np.where(variance == 0, 0, np.sqrt(variance))  # whose derivative is 0 there


@with_keywords(scipy.special.logsumexp, "b", "return_sign")
def logsumexp(a, axis=None, b=None, keepdims=False, return_sign=False):
    largest = np.max(a, axis=axis, keepdims=True)
    shift = np.where(np.isfinite(largest), largest, 0)
    terms = np.exp(a - shift) if b is None else b * np.exp(a - shift)
    total = np.sum(terms, axis=axis, keepdims=keepdims)
    if not keepdims:
        shift = np.squeeze(shift, axis=axis)
    if return_sign:
        return np.log(np.abs(total)) + shift, np.sign(total)
    return np.log(total) + shift


# --- shapes, differences, places ---


@with_keywords(np.reshape, "order")
def reshape(a, shape: Any = None, order="C"):
    if order not in ("C", "F"):
        raise NotImplementedError("np.reshape in an order other than C and F")
    sizes = (shape,) if isinstance(shape, int) else shape
    if order == "C":
        return np.reshape(a, sizes)
    return np.transpose(np.reshape(np.transpose(a), tuple([n for n in reversed(sizes)])))


@with_keywords(np.ravel, "order")
def ravel(a, order="C"):
    if order not in ("C", "F"):
        raise NotImplementedError("np.ravel in an order other than C and F")
    return np.ravel(a if order == "C" else np.transpose(a))


@with_keywords(np.trace, "offset")
def trace(a, offset=0, axis1=0, axis2=1):
    return np.sum(np.diagonal(a, offset=offset, axis1=axis1, axis2=axis2), axis=-1)


@written()
def beside(value, a, axis):
    """A number, or an array, in the shape that joins on to another along an axis."""
    if np.ndim(value) > 0:
        return value
    k = axis % a.ndim
    return np.broadcast_to(value, a.shape[:k] + (1,) + a.shape[k + 1 :])


@with_keywords(np.diff, "prepend", "append")
def diff(a, n=1, axis=-1, prepend=None, append=None):
    if n == 0:
        return a
    parts = [a]
    if prepend is not None:
        parts = [beside(prepend, a, axis), a]
    if append is not None:
        parts = [*parts, beside(append, a, axis)]
    return np.diff(np.concatenate(parts, axis=axis), n=n, axis=axis)


@with_keywords(np.ediff1d, "to_end", "to_begin")
def ediff1d(ary, to_end=None, to_begin=None):
    found = np.ediff1d(ary)
    if to_begin is not None:
        found = np.concatenate([np.ravel(to_begin).astype(found.dtype), found])
    return (
        found if to_end is None else np.concatenate([found, np.ravel(to_end).astype(found.dtype)])
    )


@with_keywords(np.interp, "left", "right", "period")
def interp(x, xp, fp, left=None, right=None, period=None):
    if period is not None:
        raise NotImplementedError("np.interp with a period")
    found = np.interp(x, xp, fp)
    if left is not None:
        found = np.where(x < xp[0], left, found)
    return found if right is None else np.where(x > xp[-1], right, found)


@with_keywords(np.take, "mode")
def take(a, indices, axis=None, out=None, mode="raise"):
    if mode not in ("clip", "wrap"):
        raise NotImplementedError("np.take in a mode other than raise, clip and wrap")
    size = a.size if axis is None else a.shape[axis]
    places = np.clip(indices, 0, size - 1) if mode == "clip" else np.remainder(indices, size)
    return np.take(a, places, axis=axis)


# --- matrices ---


@with_keywords(np.linalg.cholesky, "upper")
def cholesky(a, upper=False):
    if not upper:
        return np.linalg.cholesky(a)
    factor = np.linalg.cholesky(np.swapaxes(np.conj(a) if np.iscomplexobj(a) else a, -1, -2))
    return np.swapaxes(np.conj(factor) if np.iscomplexobj(a) else factor, -1, -2)


@with_keywords(np.linalg.pinv, "hermitian")
def pinv(a, rcond=None, hermitian=False, rtol=None):
    if rcond is not None or rtol is not None:
        raise NotImplementedError("np.linalg.pinv with a tolerance")
    if not hermitian:
        return np.linalg.pinv(a)
    above = np.swapaxes(np.tril(a, -1), -1, -2)  # only the lower triangle is read
    return np.linalg.pinv(np.tril(a) + (np.conj(above) if np.iscomplexobj(a) else above))


# --- ranks that JAX's function does not take ---


@with_ranks(np.triu, "m", 1)
def triu_of_a_vector(m, k=0):
    """NumPy stretches a vector to the rows of a square."""
    return np.triu(np.broadcast_to(m, (m.size, m.size)), k=k)


@with_ranks(np.tril, "m", 1)
def tril_of_a_vector(m, k=0):
    return np.tril(np.broadcast_to(m, (m.size, m.size)), k=k)


@with_ranks(np.polyval, "p", 2, 3)
def polynomials(p, x):
    """One polynomial for each element of what the rows of coefficients hold."""
    x = np.asarray(x)
    powers = np.arange(p.shape[0] - 1, -1, -1)
    rank = max(p.ndim - 1, x.ndim)
    rows = np.reshape(p, (p.shape[0],) + (1,) * (rank + 1 - p.ndim) + p.shape[1:])
    return np.sum(rows * x ** np.reshape(powers, (-1,) + (1,) * rank), axis=0)


@with_ranks(np.percentile, "q", 2, 3)
def percentiles_of_a_table(a, q, axis=None, keepdims=False):
    table = np.asarray(q)
    found = np.percentile(a, np.ravel(table), axis=axis, keepdims=keepdims)
    return np.reshape(found, table.shape + found.shape[1:])


@with_ranks(np.quantile, "q", 2, 3)
def quantiles_of_a_table(a, q, axis=None, keepdims=False):
    table = np.asarray(q)
    found = np.quantile(a, np.ravel(table), axis=axis, keepdims=keepdims)
    return np.reshape(found, table.shape + found.shape[1:])

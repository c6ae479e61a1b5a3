"""Functions that change an array, and sums by place, written out as assignments."""

import numpy as np

from .asked import computed, is_static
from .written import is_given, written


@written(np.fill_diagonal)
def fill_diagonal(a, val, wrap=False):
    if wrap or a.ndim != 2 or isinstance(val, list | tuple) or np.ndim(val) > 1:
        raise NotImplementedError(
            "np.fill_diagonal with wrap, of more than two axes, or with a list or a matrix"
        )
    if np.ndim(val) == 0:
        a[np.eye(a.shape[0], a.shape[1], dtype=bool)] = val
    else:
        for k in range(min(a.shape)):
            a[k, k] = val[k % len(val)]


@written(np.put_along_axis)
def put_along_axis(arr, indices, values, axis):
    if axis is None or arr.ndim > 2:
        raise NotImplementedError("np.put_along_axis without an axis, or of more than two")
    if arr.ndim == 1:
        arr[indices] = values
    else:
        given = np.broadcast_to(values, indices.shape)
        rows, places, given = (arr, indices, given) if axis % 2 else (arr.T, indices.T, given.T)
        if len(places) not in (1, len(rows)):
            raise NotImplementedError("np.put_along_axis with places for more rows than there are")
        for k in range(len(rows)):
            row, from_row = rows[k], k if len(places) > 1 else 0
            row[places[from_row]] = given[from_row]


@written(np.put)
def put(a, ind, v, mode="raise"):
    if mode != "raise" or np.ndim(v) != 0 and np.shape(v) != np.shape(ind):
        raise NotImplementedError("np.put with a mode, or with values that are repeated")
    a.reshape(-1)[ind] = v


@computed
def can_be_cast(source, target, casting):
    return np.can_cast(source, target, casting)


@written(np.copyto)
def copyto(dst, src, casting="same_kind", where=True):
    if not can_be_cast(np.asarray(src).dtype, dst.dtype, casting):
        raise TypeError("np.copyto cannot cast the values to the dtype of the array")
    dst[...] = np.where(where, src, dst)


@written(np.putmask)
def putmask(a, mask, values):
    if np.ndim(values) != 0 and np.shape(values) != np.shape(a):
        raise NotImplementedError("np.putmask with values that are repeated")
    a[...] = np.where(mask, values, a)


def at_places(ufunc, a, indices, b):
    """`ufunc.at(a, indices, b)`: one place after another, as often as it is named."""
    places = np.asarray(indices)
    if places.ndim != 1 or places.dtype.kind not in "iu":
        raise NotImplementedError("ufunc.at at other places than a vector of integers")
    values = np.broadcast_to(b, places.shape + a.shape[1:])
    for k in range(len(places)):
        a[places[k]] = ufunc(a[places[k]], values[k])


def at_places_alone(ufunc, a, indices):
    """The same of a function of one argument."""
    places = np.asarray(indices)
    if places.ndim != 1 or places.dtype.kind not in "iu":
        raise NotImplementedError("ufunc.at at other places than a vector of integers")
    for k in range(len(places)):
        a[places[k]] = ufunc(a[places[k]])


# --- numpy: sums by place ---


@written(np.bincount)
def bincount(x, weights=None, minlength=0):
    if minlength == 0:
        raise NotImplementedError(
            "np.bincount without minlength, which says how long its result is"
        )
    if not is_given(x):
        raise NotImplementedError(
            "np.bincount of computed numbers, which may be greater than minlength"
        )
    if weights is None:
        found, each = np.zeros(minlength, dtype=int), 1
    else:
        found, each = np.zeros(minlength), weights
        if np.iscomplexobj(weights):
            raise TypeError("np.bincount of complex weights")
    np.add.at(found, x, each)
    return found


@computed
def edges_of(bins, limits, dtype):
    """The edges of equal bins, as NumPy computes them."""
    if limits is None:
        raise NotImplementedError("np.histogram without a range, whose edges depend on the data")
    low, high = limits
    if low == high:
        low, high = low - 0.5, high + 0.5
    found = np.result_type(low, high, dtype)
    found = found if found.kind == "f" else np.result_type(found, float)
    return np.linspace(low, high, bins + 1, dtype=found).tolist(), found


@computed
def is_number_of(bins):
    return isinstance(bins, int | np.integer)


@written(np.histogram)
def histogram(a, bins=10, range=None, density=None, weights=None):
    x = np.ravel(a)
    if is_static(bins) and is_number_of(bins):
        limits, dtype = edges_of(bins, range, x.dtype)
        edges = np.array(limits, dtype=dtype)
    else:
        edges = np.asarray(bins)
    count = len(edges) - 1
    inside = (x >= edges[0]) & (x <= edges[-1])
    places = np.where(x == edges[-1], count - 1, np.searchsorted(edges, x, side="right") - 1)
    if weights is None:
        found, each = np.zeros(count, dtype=int), 1
    else:
        each = np.ravel(weights)
        found = np.zeros(count, dtype=each.dtype)
    np.add.at(found, np.where(inside, places, 0), np.where(inside, each, 0))
    if density:
        return found / np.diff(edges) / np.sum(found), edges
    return found, edges

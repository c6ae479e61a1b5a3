"""Reductions that pass over NaN: they are those of what is left, and NaN has the derivative 0."""

import numpy as np

from .registry import call, composed, draw

SHAPED = [
    call(draw("missing", 3, 4)),
    call(draw("missing", 3, 4), axis=0),
    call(draw("missing", 3, 4), axis=1, keepdims=True),
    call(draw("missing", 5)),
]


def filled(x, value):
    return np.where(np.isnan(x), value, x)


def counted(x, axis, keepdims):
    return np.sum(~np.isnan(x), axis=axis, keepdims=keepdims, dtype=x.dtype)


@composed(np.nansum, dtype="sum", samples=SHAPED)
def nansum(x, axis=None, keepdims=False):
    return np.sum(filled(x, 0), axis=axis, keepdims=keepdims)


@composed(np.nanprod, dtype="sum", samples=SHAPED)
def nanprod(x, axis=None, keepdims=False):
    return np.prod(filled(x, 1), axis=axis, keepdims=keepdims)


@composed(np.nanmean, dtype="float", samples=SHAPED)
def nanmean(x, axis=None, keepdims=False):
    return np.sum(filled(x, 0), axis=axis, keepdims=keepdims) / counted(x, axis, keepdims)


@composed(np.nanmax, samples=SHAPED)
def nanmax(x, axis=None, keepdims=False):
    return np.max(filled(x, -np.inf), axis=axis, keepdims=keepdims)


@composed(np.nanmin, samples=SHAPED)
def nanmin(x, axis=None, keepdims=False):
    return np.min(filled(x, np.inf), axis=axis, keepdims=keepdims)


@composed(np.nanvar, dtype="float", samples=[*SHAPED, call(draw("missing", 3, 4), ddof=1)])
def nanvar(x, axis=None, ddof=0, keepdims=False):
    number = counted(x, axis, True)
    mean = np.sum(filled(x, 0), axis=axis, keepdims=True) / number
    square = filled(x - mean, 0) ** 2
    left = number if keepdims else counted(x, axis, False)
    return np.sum(square, axis=axis, keepdims=keepdims) / (left - ddof)


@composed(np.nanstd, dtype="float", samples=[*SHAPED, call(draw("missing", 3, 4), ddof=1)])
def nanstd(x, axis=None, ddof=0, keepdims=False):
    return np.sqrt(nanvar(x, axis, ddof, keepdims))


@composed(np.nancumsum, dtype="sum", samples=SHAPED[:2])
def nancumsum(x, axis=None):
    return np.cumsum(filled(x, 0), axis=axis)


@composed(np.nancumprod, dtype="sum", samples=SHAPED[:2])
def nancumprod(x, axis=None):
    return np.cumprod(filled(x, 1), axis=axis)


@composed(
    np.average,
    dtype="float",
    wrt=["x", "weights"],
    samples=[
        call(draw("real", 3, 4)),
        call(draw("real", 3, 4), axis=0),
        call(draw("real", 3, 4), weights=draw("positive", 3, 4)),
        call(draw("real", 3, 4), axis=1, weights=draw("positive", 4)),
        call(draw("real", 3, 4), axis=0, weights=draw("positive", 3), keepdims=True),
    ],
)
def average(x, axis=None, weights=None, keepdims=False):
    if weights is None:
        return np.mean(x, axis=axis, keepdims=keepdims)
    if weights.ndim < x.ndim:
        k = axis % x.ndim
        weights = np.reshape(weights, (1,) * k + (x.shape[k],) + (1,) * (x.ndim - 1 - k))
        total = np.sum(weights)
    else:
        total = np.sum(weights, axis=axis, keepdims=keepdims)
    return np.sum(x * weights, axis=axis, keepdims=keepdims) / total

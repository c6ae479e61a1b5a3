"""Reductions: sums, means, extrema, products, variances."""

import math

import numpy as np

from .registry import adjoint, alias, call, draw, linear, nondifferentiable, real, tangent

SHAPED = [
    call(real(3, 4)),
    call(real(3, 4), axis=0),
    call(real(3, 4), axis=-1),
    call(real(3, 4), axis=1, keepdims=True),
    call(real(2, 3, 4), axis=(0, 2)),
    call(real(2, 3, 4), axis=(0, -1), keepdims=True),
    call(real(3, 4), keepdims=True),
    call(real(1)),
    call(real()),
]


def restored(dy, x, axis, keepdims):
    """`dy` with the reduced axes back as axes of size one, so that it broadcasts against `x`."""
    if axis is None or keepdims:
        return dy
    return np.expand_dims(dy, axis)


def count(x, axis):
    """How many elements are reduced to one."""
    if axis is None:
        return x.size
    if isinstance(axis, tuple):
        return math.prod([x.shape[k] for k in axis])
    return x.shape[axis]


@linear(np.sum, dtype="sum", samples=[*SHAPED, call(real(0, 3), axis=0)], hint="total")
def sum_(dy, y, x, axis=None, keepdims=False, dtype=None):
    return np.broadcast_to(restored(dy, x, axis, keepdims), x.shape)


@linear(np.mean, dtype="float", samples=SHAPED, hint="mean")
def mean(dy, y, x, axis=None, keepdims=False):
    return np.broadcast_to(restored(dy, x, axis, keepdims), x.shape) / count(x, axis)


def share(d, y, x, axis, keepdims):
    """`d` spread evenly over the elements that are equal to the extremum.

    Nothing is equal to NaN: `0 / number` is NaN then, and 0 elsewhere.
    """
    at = x == restored(y, x, axis, keepdims)
    number = np.sum(at, axis=axis, keepdims=keepdims, dtype=x.dtype)
    one, none = restored(d / number, x, axis, keepdims), restored(0 / number, x, axis, keepdims)
    return np.where(at, one, none)


def mean_at(x_dot, y, x, axis, keepdims):
    """The mean of `x_dot` over the elements that are equal to the extremum."""
    at = x == restored(y, x, axis, keepdims)
    number = np.sum(at, axis=axis, keepdims=keepdims, dtype=x.dtype)
    return np.sum(np.where(at, x_dot, 0), axis=axis, keepdims=keepdims) / number


@adjoint(np.max, samples=SHAPED, hint="largest")
def max_(dy, y, x, axis=None, keepdims=False):
    """At ties the derivative is shared evenly, as in JAX and autograd."""
    return share(dy, y, x, axis, keepdims)


@tangent(np.max)
def max_tangent(x_dot, y, x, axis=None, keepdims=False):
    return mean_at(x_dot, y, x, axis, keepdims)


@adjoint(np.min, samples=SHAPED, hint="smallest")
def min_(dy, y, x, axis=None, keepdims=False):
    """At ties the derivative is shared evenly, as in JAX and autograd."""
    return share(dy, y, x, axis, keepdims)


@tangent(np.min)
def min_tangent(x_dot, y, x, axis=None, keepdims=False):
    return mean_at(x_dot, y, x, axis, keepdims)


def others(x, axis):
    """The product of all elements but this one along an axis, right where elements are zero."""
    if isinstance(axis, tuple):
        raise NotImplementedError("the product over several axes")
    before = (slice(None),) * (axis % x.ndim)
    first, last = before + (slice(None, -1),), before + (slice(1, None),)
    one = np.ones_like(x[before + (slice(None, 1),)])
    ahead = np.cumprod(np.concatenate([one, x[first]], axis), axis)
    behind = np.flip(np.cumprod(np.flip(np.concatenate([x[last], one], axis), axis), axis), axis)
    return ahead * behind


def all_others(x, axis):
    if axis is None:
        return np.reshape(others(np.ravel(x), 0), x.shape)
    return others(x, axis)


@adjoint(
    np.prod,
    dtype="sum",
    samples=[
        call(real(3, 4)),
        call(real(3, 4), axis=0),
        call(real(3, 4), axis=1, keepdims=True),
        call(draw("zeros", 5)),
    ],
)
def prod(dy, y, x, axis=None, keepdims=False):
    return restored(dy, x, axis, keepdims) * all_others(x, axis)


@tangent(np.prod)
def prod_tangent(x_dot, y, x, axis=None, keepdims=False):
    return np.sum(x_dot * all_others(x, axis), axis=axis, keepdims=keepdims)


alias(np.amax, np.max)
alias(np.amin, np.min)

VARIED = [
    call(real(3, 4)),
    call(real(3, 4), axis=0, ddof=1),
    call(real(3, 4), axis=-1, keepdims=True),
    call(real(2, 3, 4), axis=(0, 2)),
]


@adjoint(np.var, dtype="float", samples=VARIED)
def var(dy, y, x, axis=None, ddof=0, keepdims=False):
    centred = x - np.mean(x, axis=axis, keepdims=axis is not None)
    return restored(dy, x, axis, keepdims) * (2 * centred) / (count(x, axis) - ddof)


@tangent(np.var)
def var_tangent(x_dot, y, x, axis=None, ddof=0, keepdims=False):
    centred = x - np.mean(x, axis=axis, keepdims=axis is not None)
    return 2 * np.sum(centred * x_dot, axis=axis, keepdims=keepdims) / (count(x, axis) - ddof)


@adjoint(np.std, dtype="float", samples=VARIED)
def std(dy, y, x, axis=None, ddof=0, keepdims=False):
    """Of equal elements the derivative is 0."""
    centred = x - np.mean(x, axis=axis, keepdims=axis is not None)
    scaled = dy / np.where(y == 0, 1, y)
    return restored(scaled, x, axis, keepdims) * centred / (count(x, axis) - ddof)


@tangent(np.std)
def std_tangent(x_dot, y, x, axis=None, ddof=0, keepdims=False):
    centred = x - np.mean(x, axis=axis, keepdims=axis is not None)
    total = np.sum(centred * x_dot, axis=axis, keepdims=keepdims)
    return total / ((count(x, axis) - ddof) * np.where(y == 0, 1, y))


for _function in (np.argmax, np.argmin):
    nondifferentiable(
        _function,
        lambda x, axis=None, keepdims=False: x,
        dtype="index",
        samples=[call(real(3, 4), axis=1)],
    )
for _function in (np.any, np.all):
    nondifferentiable(
        _function,
        lambda x, axis=None, keepdims=False: x,
        dtype="bool",
        samples=[call(draw("bool", 3, 4), axis=1)],
    )
nondifferentiable(
    np.argsort,
    lambda x, axis=-1, stable=None: x,
    dtype="index",
    samples=[call(real(3, 4)), call(real(3, 4), stable=True)],
)
nondifferentiable(
    np.count_nonzero,
    lambda x, axis=None, keepdims=False: x,
    dtype="index",
    samples=[call(draw("bool", 3, 4))],
)

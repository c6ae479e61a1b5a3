"""Axes: adding, moving, and spreading arrays over common ones."""

import numpy as np

from .registry import call, composed, draw, linear, real
from .shapes import place


@linear(np.atleast_1d, views=True, samples=[call(real(3)), call(real())])
def atleast_1d(dy, y, x):
    return np.reshape(dy, x.shape)


@linear(np.atleast_2d, views=True, samples=[call(real(3)), call(real()), call(real(2, 3))])
def atleast_2d(dy, y, x):
    return np.reshape(dy, x.shape)


@linear(np.atleast_3d, views=True, samples=[call(real(3)), call(real(2, 3)), call(real(2, 3, 4))])
def atleast_3d(dy, y, x):
    return np.reshape(dy, x.shape)


@composed(
    np.rollaxis,
    views=True,
    samples=[call(real(2, 3, 4), 2), call(real(2, 3, 4), 0, start=2), call(real(2, 3), -1)],
)
def rollaxis(x, axis, start=0):
    axis, start = axis % x.ndim, start + x.ndim if start < 0 else start
    return np.moveaxis(x, axis, start - 1 if axis < start else start)


@linear(np.matrix_transpose, views=True, samples=[call(real(2, 3)), call(real(2, 3, 4))])
def matrix_transpose(dy, y, x):
    return np.swapaxes(dy, -1, -2)


@composed(
    np.broadcast_arrays,
    views=True,
    wrt=["args"],
    samples=[call(real(3), real(2, 1)), call(real(2, 3), real())],
)
def broadcast_arrays(*args):
    shape = np.broadcast_shapes(*[np.shape(a) for a in args])
    return [np.broadcast_to(a, shape) for a in args]


@composed(
    np.meshgrid,
    dtype="jax",
    wrt=["xi"],
    samples=[
        call(real(3), real(2)),
        call(real(3), real(2), indexing="ij"),
        call(real(3), real(2), real(4)),
        call(real(3), real(2), sparse=True),
    ],
)
def meshgrid(*xi, indexing="xy", sparse=False):
    n = len(xi)
    order = [1, 0] + list(range(2, n)) if indexing == "xy" and n > 1 else list(range(n))
    spread = [
        np.reshape(x, (1,) * order[k] + (x.size,) + (1,) * (n - 1 - order[k]))
        for k, x in enumerate(xi)
    ]
    if sparse:
        return spread
    shape = np.broadcast_shapes(*[x.shape for x in spread])
    return [np.broadcast_to(x, shape) for x in spread]


@composed(
    np.diagonal,
    views=True,
    samples=[call(real(3, 4)), call(real(2, 3, 3), axis1=1, axis2=2), call(real(4, 3), offset=-1)],
)
def diagonal(x, offset=0, axis1=0, axis2=1):
    last = (axis1 % x.ndim, axis2 % x.ndim) == (x.ndim - 2, x.ndim - 1)
    moved = x if last else np.moveaxis(x, (axis1, axis2), (-2, -1))
    first, second = max(-offset, 0), max(offset, 0)
    n = max(0, min(moved.shape[-2] - first, moved.shape[-1] - second))
    rows = np.arange(n) if first == 0 else np.arange(first, first + n)
    columns = rows if first == second else np.arange(second, second + n)
    return moved[rows, columns] if x.ndim == 2 else moved[..., rows, columns]


@composed(np.diagflat, samples=[call(real(3)), call(real(2, 2), k=1)])
def diagflat(v, k=0):
    n = v.size + abs(k)
    rows = np.arange(v.size) + max(-k, 0)
    columns = np.arange(v.size) + max(k, 0)
    return place(np.ravel(v), (n, n), (rows, columns))


@composed(
    np.take_along_axis,
    samples=[
        call(real(3, 4), draw("index", 2, 4), 0),
        call(real(3, 4), draw("index", 3, 2), axis=1),
        call(real(5), draw("index", 7), -1),
        call(real(3, 4), draw("index", 1, 2), axis=1),
        call(real(3, 4), draw("index", 2, 1), axis=0),
        call(real(1, 4), draw("index", 3, 2), axis=1),
        call(real(3, 4), draw("index", 5), axis=None),
    ],
)
def take_along_axis(x, indices, axis=-1):
    if axis is None:
        return np.ravel(x)[indices]
    return x[
        tuple([indices if k == axis % x.ndim else every(k, x, indices) for k in range(x.ndim)])
    ]


def every(k, x, indices):
    """The places along another axis, beside those that are taken; either is stretched where its size is 1."""
    if x.shape[k] == 1 and indices.shape[k] != 1:
        return 0
    return np.reshape(np.arange(x.shape[k]), (1,) * k + (x.shape[k],) + (1,) * (x.ndim - 1 - k))


@composed(np.resize, samples=[call(real(2, 3), (3, 4)), call(real(5), 3)])
def resize(x, new_shape):
    shape = (new_shape,) if isinstance(new_shape, int) else new_shape
    size = 1
    for n in shape:
        size = size * n
    return np.reshape(np.ravel(x)[np.arange(size) % x.size], shape)

"""Shapes: reshaping, transposing, joining, broadcasting, indexing, casting, and arrays made from nothing."""

import operator

import jax.numpy as jnp
import numpy as np

from .registry import call, composed, draw, linear, nondifferentiable, real

getitem = operator.getitem


def astype(x, dtype):
    """`x.astype(dtype)` as a function."""
    return x.astype(dtype)


def place(value, shape, index):
    """An array of zeros with `value` added at `index`: the adjoint of `x[index]`."""
    out = np.zeros(shape, np.asarray(value).dtype)
    np.add.at(out, index, value)
    return out


def _place_jax(value, shape, index):
    return jnp.zeros(shape, jnp.asarray(value).dtype).at[index].add(value)


def update(x, value, index):
    """`x` after `x[index] = value`, as a new array."""
    out = np.array(x)
    out[index] = value
    return out


def add_at(x, value, index):
    """`x` after `np.add.at(x, index, value)`, as a new array."""
    out = np.array(x)
    np.add.at(out, index, value)
    return out


@linear(
    np.reshape,
    samples=[call(real(3, 4), (2, 6)), call(real(3, 4), -1), call(real(), (1, 1))],
    views=True,
)
def reshape(dy, y, x, shape):
    return np.reshape(dy, x.shape)


@linear(np.ravel, samples=[call(real(3, 4)), call(real())], views=True)
def ravel(dy, y, x):
    return np.reshape(dy, x.shape)


@linear(
    np.transpose,
    samples=[call(real(3, 4)), call(real(2, 3, 4)), call(real(2, 3, 4), (1, 2, 0)), call(real(3))],
    views=True,
)
def transpose(dy, y, x, axes=None):
    if axes is None:
        return np.transpose(dy)
    places = tuple([a % x.ndim for a in axes])
    return np.transpose(dy, tuple([places.index(k) for k in range(x.ndim)]))


@linear(np.swapaxes, samples=[call(real(2, 3, 4), 0, -1)], views=True)
def swapaxes(dy, y, x, axis1, axis2):
    return np.swapaxes(dy, axis1, axis2)


@linear(
    np.moveaxis,
    samples=[call(real(2, 3, 4), 0, -1), call(real(2, 3, 4), (0, 1), (1, 2))],
    views=True,
)
def moveaxis(dy, y, x, source, destination):
    return np.moveaxis(dy, destination, source)


@linear(
    np.expand_dims,
    samples=[call(real(3, 4), 1), call(real(3), (0, 2)), call(real(), 0)],
    views=True,
)
def expand_dims(dy, y, x, axis):
    return np.squeeze(dy, axis=axis)


@linear(
    np.squeeze,
    samples=[call(real(3, 1, 4)), call(real(1, 3, 1), axis=0), call(real(1, 1))],
    views=True,
)
def squeeze(dy, y, x, axis=None):
    if axis is None:
        return np.reshape(dy, x.shape)
    return np.expand_dims(dy, axis)


@linear(
    np.broadcast_to,
    samples=[call(real(4), (3, 4)), call(real(3, 1), (2, 3, 4)), call(real(), (2, 2))],
    views=True,
)
def broadcast_to(dy, y, x, shape):
    return dy  # summed to the shape of x by the adjoint step


@linear(np.flip, samples=[call(real(3, 4)), call(real(3, 4), axis=1)], views=True)
def flip(dy, y, x, axis=None):
    return np.flip(dy, axis)


# --- joining ---


def pieces(dy, arrays, axis):
    """The part of `dy` that belongs to each of the concatenated arrays."""
    before = (slice(None),) * axis
    sizes, last = [a.shape[axis] for a in arrays], len(arrays) - 1
    bounds = [
        (sum(sizes[:k]) if k > 0 else None, sum(sizes[: k + 1]) if k < last else None)
        for k in range(len(sizes))
    ]
    return [dy[before + (slice(start, stop),)] for start, stop in bounds]


@linear(
    np.concatenate,
    samples=[
        call([real(2, 3), real(4, 3)]),
        call([real(2, 3), real(2, 1), real(2, 2)], axis=1),
        call((real(2, 3), real(2, 3)), axis=-1),
    ],
)
def concatenate(dy, y, arrays, axis=0):
    if axis is None:
        raise NotImplementedError("np.concatenate with axis=None: np.ravel each array first")
    return (pieces(dy, arrays, axis % y.ndim),)


@linear(np.stack, samples=[call([real(2, 3), real(2, 3)]), call([real(2), real(2)], axis=-1)])
def stack(dy, y, arrays, axis=0):
    before = (slice(None),) * (axis % y.ndim)
    return ([dy[before + (k,)] for k in range(len(arrays))],)


def elements(dy, items):
    """The part of `dy` that belongs to each item of a nested list."""
    return [
        elements(dy[k], item) if isinstance(item, list | tuple) else dy[k]
        for k, item in enumerate(items)
    ]


@linear(
    np.array,
    dtype="array",
    samples=[
        call([real(), real(), real()]),
        call([[real(), 1.0], [0.0, real()]]),
        call(real(3, 4)),
    ],
)
def array(dy, y, arrays, dtype=None):
    if isinstance(arrays, list | tuple):
        return (elements(dy, arrays),)
    return dy


@linear(np.asarray, dtype="array", samples=[call(real(3, 4)), call([real(), 1.0])], views=True)
def asarray(dy, y, arrays, dtype=None):
    if isinstance(arrays, list | tuple):
        return (elements(dy, arrays),)
    return dy


@linear(np.copy, samples=[call(real(3, 4))])
def copy(dy, y, x):
    return dy


@linear(
    astype,
    dtype=lambda jax_dtype, *dtypes: jax_dtype,
    jax=lambda x, dtype: jnp.astype(x, dtype),
    samples=[call(real(3), float)],
)
def astype_(dy, y, x, dtype):
    return dy  # cast to the dtype of x by the adjoint step


# --- indexing ---


@linear(
    getitem,
    jax=getitem,
    samples=[
        call(real(4), 2),
        call(real(4), -1),
        call(real(4, 5), slice(1, -1)),
        call(real(4, 5), (slice(None, None, 2), slice(3, 0, -1))),
        call(real(4, 5), (Ellipsis, None, 1)),
        call(real(4, 5), draw("index", 6)),
        call(real(4, 5), (draw("index", 6), 2)),
        call(real(4, 5), (slice(None), draw("index", 2, 3))),
    ],
    views=True,
)
def getitem_(dy, y, x, index):
    return place(dy, x.shape, index)


@linear(
    place,
    jax=_place_jax,
    samples=[call(real(2, 4), (4, 4), slice(1, 3)), call(real(6), (3,), draw("index", 6))],
)
def place_(dy, y, value, shape, index):
    return dy[index]


@linear(
    update,
    wrt=["x", "value"],
    dtype=lambda jax_dtype, *dtypes: dtypes[0],
    jax=lambda x, value, index: jnp.asarray(x).at[index].set(value),
    samples=[
        call(real(4), real(), 2),
        call(real(4, 5), real(), (1, -1)),
        call(real(4, 5), real(5), 1),
        call(real(4, 5), real(), (slice(1, 3), slice(None, None, 2))),
        call(real(4, 5), real(4, 1), (slice(None), slice(1, -1))),
    ],
)
def update_(dy, y, x, value, index):
    dvalue = dy[index]
    return update(dy, 0, index), dvalue


@linear(
    add_at,
    wrt=["x", "value"],
    dtype=lambda jax_dtype, *dtypes: dtypes[0],
    jax=lambda x, value, index: jnp.asarray(x).at[index].add(value),
    samples=[
        call(real(4), real(), 2),
        call(real(4, 5), real(5), (slice(1, 3))),
        call(real(4, 5), real(6, 5), draw("index", 6)),
    ],
)
def add_at_(dy, y, x, value, index):
    return dy, dy[index]


@linear(np.take, samples=[call(real(4, 5), draw("index", 3), 0), call(real(4, 5), 2, 1)])
def take(dy, y, x, indices, axis=None):
    if axis is None:
        return np.reshape(place(dy, (x.size,), indices), x.shape)
    return place(dy, x.shape, (slice(None),) * (axis % x.ndim) + (indices,))


# --- arrays made from nothing ---

nondifferentiable(np.zeros, lambda shape, dtype=float: shape, dtype="jax", samples=[call((2, 3))])
nondifferentiable(np.ones, lambda shape, dtype=float: shape, dtype="jax", samples=[call((2, 3))])
nondifferentiable(np.empty, lambda shape, dtype=float: shape, dtype="jax", samples=[])
nondifferentiable(np.zeros_like, lambda x, dtype=None: x, dtype="jax", samples=[call(real(2, 3))])
nondifferentiable(np.ones_like, lambda x, dtype=None: x, dtype="jax", samples=[call(real(2, 3))])
nondifferentiable(np.empty_like, lambda x, dtype=None: x, dtype="jax", samples=[])
nondifferentiable(np.eye, lambda N, M=None, k=0, dtype=float: N, dtype="jax", samples=[call(3)])
nondifferentiable(np.identity, lambda n, dtype=float: n, dtype="jax", samples=[call(3)])
nondifferentiable(
    np.arange,
    lambda start, stop=None, step=None, dtype=None: start,
    dtype="jax",
    samples=[call(3), call(1, 6, 2), call(0.0, 1.0, 0.25)],
)


@linear(np.full, wrt=["fill_value"], dtype="jax", samples=[call((2, 3), real())])
def full(dy, y, shape, fill_value, dtype=None):
    return None, dy  # summed to the shape of the value by the adjoint step


@linear(np.full_like, wrt=["fill_value"], dtype="jax", samples=[call(np.zeros((2, 3)), real())])
def full_like(dy, y, x, fill_value, dtype=None):
    return None, dy


@linear(np.tril, samples=[call(real(3, 4)), call(real(3, 3), k=-1)])
def tril(dy, y, x, k=0):
    return np.tril(dy, k=k)


@linear(np.triu, samples=[call(real(3, 4)), call(real(3, 3), k=1)])
def triu(dy, y, x, k=0):
    return np.triu(dy, k=k)


@linear(
    np.trace, samples=[call(real(3, 3)), call(real(3, 4)), call(real(2, 3, 4), axis1=-2, axis2=-1)]
)
def trace(dy, y, x, axis1=0, axis2=1):
    if x.ndim == 2:
        return dy * np.eye(x.shape[0], x.shape[1], dtype=x.dtype)
    if axis1 == -2 and axis2 == -1:
        return dy[..., None, None] * np.eye(x.shape[-2], x.shape[-1], dtype=x.dtype)
    raise NotImplementedError("np.trace over other axes than the last two")


@linear(
    np.diag,
    views=True,
    samples=[
        call(real(3)),
        call(real(3, 3)),
        call(real(3, 4)),
        call(real(3), k=-1),
        call(real(3, 4), 2),
        call(real(3, 4), k=-1),
    ],
)
def diag(dy, y, x, k=0):
    if x.ndim == 1:
        return np.diag(dy) if k == 0 else np.diag(dy, k=k)
    rows = np.arange(y.size)
    if k == 0:
        return place(dy, x.shape, (rows, rows))
    return place(dy, x.shape, (rows + max(-k, 0), rows + max(k, 0)))


@composed(np.tri, inline=True, wrt=[])
def tri(N, M=None, k=0, dtype=float):
    return np.tril(np.ones((N, N if M is None else M), dtype=dtype), k=k)

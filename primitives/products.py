"""Products of vectors and matrices."""

import numpy as np

from .registry import call, multilinear, real

PAIRS = [
    call(real(3), real(3)),
    call(real(2, 3), real(3)),
    call(real(3), real(3, 4)),
    call(real(2, 3), real(3, 4)),
]


@multilinear(
    np.matmul,
    samples=[
        *PAIRS,
        call(real(5, 2, 3), real(3, 4)),
        call(real(2, 3), real(5, 3, 4)),
        call(real(5, 1, 2, 3), real(6, 3, 4)),
        call(real(5, 2, 3), real(3)),
        call(real(3), real(5, 3, 4)),
    ],
)
def matmul(dy, y, a, b):
    if a.ndim == b.ndim == 1:
        return dy * b, dy * a
    if a.ndim == 1:
        return (b @ dy[..., None])[..., 0], a[:, None] * dy[..., None, :]
    if b.ndim == 1:
        return dy[..., None] * b, np.swapaxes(a, -1, -2) @ dy if a.ndim == 2 else (
            np.swapaxes(a, -1, -2) @ dy[..., None]
        )[..., 0]
    if a.ndim == b.ndim == 2:
        return dy @ b.T, a.T @ dy
    return dy @ np.swapaxes(b, -1, -2), np.swapaxes(a, -1, -2) @ dy


@multilinear(
    np.dot,
    samples=[
        *PAIRS,
        call(real(), real(3)),
        call(real(5, 2, 3), real(3)),
        call(real(5, 2, 3), real(3, 4)),
        call(real(2, 3), real(5, 3, 4)),
    ],
)
def dot(dy, y, a, b):
    if a.ndim == 0 or b.ndim == 0:
        return dy * b, dy * a
    if a.ndim == b.ndim == 1:
        return dy * b, dy * a
    if a.ndim == b.ndim == 2:
        return dy @ b.T, a.T @ dy
    if a.ndim == 2 and b.ndim == 1:
        return np.outer(dy, b), a.T @ dy
    if a.ndim == 1 and b.ndim == 2:
        return b @ dy, np.outer(a, dy)
    rows = tuple(range(a.ndim - 1))
    columns = tuple(range(a.ndim - 1, y.ndim))
    if b.ndim == 1:
        return dy[..., None] * b, np.tensordot(a, dy, (rows, rows))
    free = tuple(range(b.ndim - 2)) + (b.ndim - 1,)
    return np.tensordot(dy, b, (columns, free)), np.moveaxis(np.tensordot(a, dy, (rows, rows)), 0, -2)


@multilinear(np.outer, samples=[call(real(3), real(4)), call(real(2, 2), real(3))])
def outer(dy, y, a, b):
    return np.reshape(dy @ np.ravel(b), a.shape), np.reshape(np.ravel(a) @ dy, b.shape)


@multilinear(np.inner, samples=[call(real(3), real(3)), call(real(2, 3), real(4, 3))])
def inner(dy, y, a, b):
    if a.ndim == b.ndim == 2:
        return dy @ b, dy.T @ a
    return dy * b, dy * a

"""Products of vectors and matrices."""

import numpy as np

from .conjugates import conj
from .registry import call, composed, multilinear, real

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
        if b.ndim == 2:
            return b @ dy, np.outer(a, dy)
        return (b @ dy[..., None])[..., 0], a[:, None] * dy[..., None, :]
    if b.ndim == 1:
        if a.ndim == 2:
            return np.outer(dy, b), dy @ a  # XLA would copy a.T for a.T @ dy
        return dy[..., None] * b, (np.swapaxes(a, -1, -2) @ dy[..., None])[..., 0]
    if a.ndim == b.ndim == 2:
        return dy @ b.T, a.T @ dy
    return dy @ np.swapaxes(b, -1, -2), np.swapaxes(a, -1, -2) @ dy


@multilinear(
    np.dot,
    dtype="array",
    samples=[
        *PAIRS,
        call(real(), real(3)),
        call(real(5, 2, 3), real(3)),
        call(real(5, 2, 3), real(3, 4)),
        call(real(2, 3), real(5, 3, 4)),
        call(real(3), real(5, 3, 4)),
        call(2.0, real(3)),
    ],
)
def dot(dy, y, a, b):
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return dy * b, dy * a
    if a.ndim == b.ndim == 1:
        return dy * b, dy * a
    if a.ndim == b.ndim == 2:
        return dy @ b.T, a.T @ dy
    if a.ndim == 2 and b.ndim == 1:
        return np.outer(dy, b), dy @ a  # XLA would copy a.T for a.T @ dy
    if a.ndim == 1 and b.ndim == 2:
        return b @ dy, np.outer(a, dy)
    rows = tuple(range(a.ndim - 1))
    columns = tuple(range(a.ndim - 1, y.ndim))
    if b.ndim == 1:
        return dy[..., None] * b, np.tensordot(a, dy, (rows, rows))
    free = tuple(range(b.ndim - 2)) + (b.ndim - 1,)
    return np.tensordot(dy, b, (columns, free)), np.moveaxis(
        np.tensordot(a, dy, (rows, rows)), 0, -2
    )


@multilinear(np.outer, dtype="array", samples=[call(real(3), real(4)), call(real(2, 2), real(3))])
def outer(dy, y, a, b):
    return np.reshape(dy @ np.ravel(b), np.shape(a)), np.reshape(np.ravel(a) @ dy, np.shape(b))


@multilinear(
    np.inner,
    dtype="array",
    samples=[
        call(real(3), real(3)),
        call(real(2, 3), real(4, 3)),
        call(real(2, 3), real(3)),
        call(real(3), real(2, 3)),
        call(real(2, 4, 3), real(5, 3)),
        call(real(), real(3)),
    ],
)
def inner(dy, y, a, b):
    if np.ndim(a) == 0 or np.ndim(b) == 0 or a.ndim == b.ndim == 1:
        return dy * b, dy * a
    if a.ndim == b.ndim == 2:
        return dy @ b, dy.T @ a
    rows, columns = tuple(range(a.ndim - 1)), tuple(range(a.ndim - 1, y.ndim))
    da = np.tensordot(dy, b, (columns, tuple(range(b.ndim - 1))))
    return da, np.tensordot(dy, a, (rows, rows))


def contracted(axes, a, b):
    """The axes of `a` and of `b` that are summed over, each as a tuple of non-negative ints."""
    if isinstance(axes, int):
        return tuple(range(np.ndim(a) - axes, np.ndim(a))), tuple(range(axes))
    first, second = axes
    if isinstance(first, int):
        return (first % a.ndim,), (second % b.ndim,)
    return tuple([k % a.ndim for k in first]), tuple([k % b.ndim for k in second])


def free(x, summed):
    return tuple([k for k in range(np.ndim(x)) if k not in summed])


@multilinear(
    np.tensordot,
    dtype="array",
    wrt=["a", "b"],
    samples=[
        call(real(2, 3, 4), real(3, 4, 5)),
        call(real(2, 3, 4), real(4, 2, 5), ((0, 2), (1, 0))),
        call(real(2, 3), real(3, 4), axes=1),
        call(real(2, 3), real(4, 3), ((1,), (-1,))),
    ],
)
def tensordot(dy, y, a, b, axes=2):
    ka, kb = contracted(axes, a, b)
    fa, fb = free(a, ka), free(b, kb)
    rows, columns = tuple(range(len(fa))), tuple(range(len(fa), y.ndim))
    # The free axes come first, the summed ones after them in the other factor's order.
    la = fa + tuple([ka[kb.index(k)] for k in sorted(kb)])
    lb = tuple([kb[ka.index(k)] for k in sorted(ka)]) + fb
    da = np.transpose(
        np.tensordot(dy, b, (columns, fb)), tuple([la.index(k) for k in range(np.ndim(a))])
    )
    db = np.transpose(
        np.tensordot(a, dy, (fa, rows)), tuple([lb.index(k) for k in range(np.ndim(b))])
    )
    return da, db


@multilinear(np.vdot, samples=[call(real(3), real(3)), call(real(2, 3), real(2, 3))])
def vdot(dy, y, a, b):
    """Of complex vectors it takes the conjugate of the first."""
    da, db = conj(dy * np.ravel(b)), dy * conj(np.ravel(a))
    return np.reshape(da, a.shape), np.reshape(db, b.shape)


@multilinear(np.vecdot, samples=[call(real(3), real(3)), call(real(2, 3), real(3))])
def vecdot(dy, y, a, b):
    dy = dy[..., None] if y.ndim > 0 else dy
    return conj(dy * b), dy * conj(a)


@multilinear(np.matvec, samples=[call(real(2, 3), real(3)), call(real(5, 2, 3), real(3))])
def matvec(dy, y, a, b):
    return dy[..., None] * b[..., None, :], np.vecmat(conj(dy), a)


@multilinear(np.vecmat, samples=[call(real(2), real(2, 3)), call(real(2), real(5, 2, 3))])
def vecmat(dy, y, a, b):
    return conj(np.matvec(b, dy)), conj(a)[..., None] * dy[..., None, :]


@multilinear(
    np.cross,
    samples=[
        call(real(3), real(3)),
        call(real(4, 3), real(4, 3)),
        call(real(4, 3), real(3)),
        call(real(3, 4), real(3, 4), axis=0),
    ],
)
def cross(dy, y, a, b, axis=-1):
    if a.shape[axis] != 3 or b.shape[axis] != 3:
        raise NotImplementedError("np.cross of vectors of two elements")
    return np.cross(b, dy, axis=axis), np.cross(dy, a, axis=axis)


@composed(
    np.kron,
    dtype="array",
    wrt=["a", "b"],
    samples=[call(real(2, 3), real(3, 2)), call(real(2), real(3)), call(real(), real(2, 2))],
)
def kron(a, b):
    n = max(np.ndim(a), np.ndim(b))
    if n == 0:
        return a * b
    one = (1,) * (n - np.ndim(a)) + np.shape(a)
    other = (1,) * (n - np.ndim(b)) + np.shape(b)
    rows = np.reshape(a, [m for size in one for m in (size, 1)])
    columns = np.reshape(b, [m for size in other for m in (1, size)])
    return np.reshape(rows * columns, [p * q for p, q in zip(one, other, strict=True)])

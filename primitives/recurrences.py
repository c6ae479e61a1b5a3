"""Linear recurrences along an axis, and running products, whose derivatives are recurrences.

Nothing is divided by: the derivatives are right where elements are zero, and so are theirs.
"""

import numpy as np
import scipy.linalg

from ..linalg import linear_recurrence
from . import scipy_linalg  # noqa: F401  # registered first
from .joining import along
from .registry import adjoint, call, composed, draw, holds_for_complex, real, tangent


def before(x, axis, first):
    """Along an axis each element's predecessor, `first` (0 or 1) for that of the first."""
    start = x[along(slice(None, 1), axis)]
    filled = np.ones_like(start) if first == 1 else np.zeros_like(start)
    return np.concatenate([filled, x[along(slice(None, -1), axis)]], axis=axis)


def after(x, axis):
    """Along an axis each element's successor, 0 for that of the last."""
    end = np.zeros_like(x[along(slice(None, 1), axis)])
    return np.concatenate([x[along(slice(1, None), axis)], end], axis=axis)


def in_rows(x, axis):
    """All elements, those along an axis next to each other."""
    return np.ravel(np.moveaxis(x, axis, -1))


def by_bands(a, b, axis=-1, reverse=False):
    """A recurrence as a triangular system of two bands, in which the rows of an array follow one another."""
    k = axis % b.ndim
    links, given = (a, b) if b.ndim == 1 else (in_rows(before(after(a, k), k, 0), k), in_rows(b, k))
    if not reverse:  # from the end, for no row of that system is ever exchanged with another
        links, given = np.roll(np.flip(links), 1), np.flip(given)
    found = scipy.linalg.solve_banded((0, 1), np.stack([-links, np.ones_like(links)]), given)
    found = found if reverse else np.flip(found)
    if b.ndim == 1:
        return found
    return np.moveaxis(np.reshape(found, np.moveaxis(b, k, -1).shape), -1, k)


@adjoint(
    linear_recurrence,
    jax=linear_recurrence,
    numpy=by_bands,
    samples=[
        call(real(5), real(5)),
        call(real(5), real(5), reverse=True),
        call(real(3, 4), real(3, 4), axis=0),
        call(real(2, 3, 4), real(2, 3, 4), 1, reverse=True),
        call(real(1), real(1)),
        call(draw("zeros", 5), real(5)),
    ],
)
def recurrence(dy, y, a, b, axis=-1, reverse=False):
    """The transpose of a recurrence runs the other way."""
    k = axis % b.ndim
    db = linear_recurrence(a, dy, axis=axis, reverse=not reverse)
    return before(db, k, 0) * y if reverse else db * before(y, k, 0), db


@tangent(linear_recurrence)
def recurrence_tangent(a_dot, b_dot, y, a, b, axis=-1, reverse=False):
    k = axis % b.ndim
    change = after(a_dot * y, k) if reverse else a_dot * before(y, k, 0)
    return (
        linear_recurrence(a, change, axis=axis, reverse=reverse),
        linear_recurrence(a, b_dot, axis=axis, reverse=reverse),
    )


@adjoint(
    np.cumprod,
    dtype="sum",
    samples=[
        call(real(5)),
        call(real(3, 4)),
        call(real(3, 4), axis=0),
        call(draw("zeros", 3, 4), axis=-1),
    ],
)
def cumprod(dy, y, x, axis=None, dtype=None):
    """Each element takes part in its own product and, through that, in all later ones."""
    if axis is None:
        flat = x if x.ndim == 1 else np.ravel(x)
        dx = before(y, 0, 1) * linear_recurrence(flat, dy, reverse=True)
        return dx if x.ndim == 1 else np.reshape(dx, x.shape)
    return before(y, axis % x.ndim, 1) * linear_recurrence(x, dy, axis=axis, reverse=True)


@tangent(np.cumprod)
def cumprod_tangent(x_dot, y, x, axis=None, dtype=None):
    if axis is None:
        return linear_recurrence(np.ravel(x), before(y, 0, 1) * np.ravel(x_dot))
    return linear_recurrence(x, before(y, axis % x.ndim, 1) * x_dot, axis=axis)


@composed(np.cumulative_prod, dtype="sum", samples=[call(real(5)), call(real(3, 4), axis=1)])
def cumulative_prod(x, axis=None):
    return np.cumprod(x, axis=axis)


holds_for_complex(np.cumprod, linear_recurrence)

"""Differences, running sums, interpolation, polynomials, convolutions: the calculus of sampled functions."""

from typing import Any

import jax
import numpy as np

from .asked import computed, is_complex
from .joining import along
from .registry import adjoint, call, composed, draw, linear, multilinear, real, tangent

# --- running sums and products ---


def cumsum_backwards(x, axis):
    """Running sums from the end of an axis."""
    return np.flip(np.cumsum(np.flip(x, axis), axis=axis), axis)


@linear(
    cumsum_backwards,
    jax=lambda x, axis: jax.lax.cumsum(x, axis=axis, reverse=True),
    samples=[call(real(5), 0), call(real(3, 4), 1)],
)
def cumsum_backwards_(dy, y, x, axis):
    return np.cumsum(dy, axis=axis)


@linear(
    np.cumsum,
    dtype="sum",
    samples=[call(real(5)), call(real(3, 4)), call(real(3, 4), axis=0), call(real(3, 4), axis=-1)],
)
def cumsum(dy, y, x, axis=None, dtype=None):
    if axis is None:
        return np.reshape(cumsum_backwards(dy, 0), x.shape)
    return cumsum_backwards(dy, axis % x.ndim)


@linear(np.cumulative_sum, dtype="sum", samples=[call(real(5)), call(real(3, 4), axis=1)])
def cumulative_sum(dy, y, x, axis=None):
    return cumsum_backwards(dy, 0 if axis is None else axis % x.ndim)


# --- differences ---


@computed
def borders(ndim, axis, n):
    """Widths for `np.pad`: n zeros on both sides of an axis."""
    return [(n, n) if k == axis % ndim else (0, 0) for k in range(ndim)]


@linear(
    np.diff,
    views=lambda n=1, **options: n == 0,
    samples=[
        call(real(5)),
        call(real(3, 4), axis=0),
        call(real(5), n=2),
        call(real(3, 6), n=3),
    ],
)
def diff(dy, y, x, n=1, axis=-1):
    """Differences again, with the other sign, of what has zeros on both sides."""
    if n == 0:
        return dy
    if y.shape[axis] == 0:
        return np.zeros_like(x)
    whole = np.pad(dy, borders(x.ndim, axis, n))
    return np.diff(whole, n, axis) if n % 2 == 0 else -np.diff(whole, n, axis)


@composed(np.ediff1d, samples=[call(real(5)), call(real(2, 3))])
def ediff1d(x):
    return np.diff(np.ravel(x))


def slope(f, h, axis, edge_order):
    """Central differences along an axis, and one-sided ones at its ends."""
    if np.ndim(h) != 0:
        raise NotImplementedError("np.gradient over points that are not evenly spaced")
    k = axis % f.ndim
    inner = (f[along(slice(2, None), k)] - f[along(slice(None, -2), k)]) / (2 * h)
    a, b = f[along(slice(0, 1), k)], f[along(slice(1, 2), k)]
    y, z = f[along(slice(-2, -1), k)], f[along(slice(-1, None), k)]
    if edge_order == 1:
        return np.concatenate([(b - a) / h, inner, (z - y) / h], axis=k)
    c, x = f[along(slice(2, 3), k)], f[along(slice(-3, -2), k)]
    first, last = (-3 * a + 4 * b - c) / (2 * h), (x - 4 * y + 3 * z) / (2 * h)
    return np.concatenate([first, inner, last], axis=k)


@composed(
    np.gradient,
    dtype="float",
    wrt=["f", "varargs"],
    samples=[
        call(real(5)),
        call(real(5), 0.5),
        call(real(4, 5)),
        call(real(4, 5), 0.5, 2.0),
        call(real(4, 5), axis=0),
        call(real(5), edge_order=2).without_twin(),
    ],
)
def gradient(f, *varargs, axis=None, edge_order=1):
    axes = list(range(f.ndim)) if axis is None else [axis] if isinstance(axis, int) else list(axis)
    steps = (
        list(varargs) if len(varargs) == len(axes) else [varargs[0] if varargs else 1.0] * len(axes)
    )
    found = [slope(f, h, k, edge_order) for h, k in zip(steps, axes, strict=True)]
    return found[0] if len(found) == 1 else tuple(found)


@composed(
    np.trapezoid,
    dtype="float",
    wrt=["y", "x"],
    samples=[
        call(real(5)),
        call(real(5), dx=0.5),
        call(real(5), real(5)),
        call(real(3, 5), x=real(5)),
        call(real(4, 3), axis=0),
    ],
)
def trapezoid(y, x=None, dx=1.0, axis=-1):
    k = axis % y.ndim
    width = dx if x is None else np.diff(x) if x.ndim == 1 else np.diff(x, axis=axis)
    if x is not None and x.ndim == 1:
        width = np.reshape(width, (-1,) + (1,) * (y.ndim - 1 - k))
    return (
        np.sum(width * (y[along(slice(1, None), k)] + y[along(slice(None, -1), k)]), axis=axis) / 2
    )


# --- interpolation and polynomials ---


@composed(
    np.interp,
    dtype=lambda jax_dtype, *dtypes: np.result_type(float, *dtypes),
    wrt=["x", "xp", "fp"],
    samples=[
        call(draw((-1.0, 4.0), 6), np.array([0.0, 1.0, 2.5, 3.0]), real(4)),
        call(draw((0.1, 0.9)), np.array([0.0, 1.0]), real(2)),
    ],
)
def interp(x, xp, fp):
    """Outside of the points the value is that of the nearest, and does not depend on x."""
    if xp.size == 1:
        return np.broadcast_to(fp, np.shape(x))
    k = np.clip(np.searchsorted(xp, x, side="right"), 1, xp.size - 1)
    inside = (xp[0] <= x) & (x <= xp[-1])
    t = np.where(inside, (x - xp[k - 1]) / (xp[k] - xp[k - 1]), np.where(x < xp[0], 0, 1))
    return fp[k - 1] + t * (fp[k] - fp[k - 1])


@adjoint(
    np.polyval,
    dtype="array",
    samples=[
        call(real(4), real(5)),
        call(real(3), real()),
        call(real(1), real(2)),
        call(real(3), real(2, 3)),
    ],
)
def polyval(dy, y, p, x):
    slope = p[:-1] * np.arange(p.size - 1, 0, -1)
    dx = dy * np.polyval(slope, x) if p.size > 1 else np.zeros_like(x)
    return np.ravel(dy) @ np.vander(np.ravel(x), p.size), dx


@tangent(np.polyval)
def polyval_tangent(p_dot, x_dot, y, p, x):
    slope = p[:-1] * np.arange(p.size - 1, 0, -1)
    return np.polyval(p_dot, x), x_dot * np.polyval(slope, x) if p.size > 1 else np.zeros_like(x)


@composed(
    np.vander,
    dtype=lambda jax_dtype, x: np.promote_types(x, int),
    samples=[call(real(4)), call(real(4), 3), call(real(3), increasing=True), call(real(3), N=1)],
)
def vander(x, N=None, increasing=False):
    n = x.size if N is None else N
    powers = np.arange(n) if increasing else np.arange(n - 1, -1, -1)
    return x[:, None] ** powers


@adjoint(
    np.unwrap,
    dtype="float",
    samples=[call(draw((-3.0, 3.0), 6)), call(draw((-3.0, 3.0), 3, 6), axis=0)],
)
def unwrap(dy, y, p, axis=-1):
    """Multiples of the period, which are constant, are added."""
    return dy


@tangent(np.unwrap)
def unwrap_tangent(p_dot, y, p, axis=-1):
    return p_dot


# --- convolutions ---


@computed
def within_full(mode, n, m):
    """How many elements the whole convolution has in front of, and behind, what a mode keeps."""
    kept = {"full": n + m - 1, "same": max(n, m), "valid": max(n, m) - min(n, m) + 1}[mode]
    first = {"full": 0, "same": (min(n, m) - 1) // 2, "valid": min(n, m) - 1}[mode]
    return first, n + m - 1 - kept - first


MODES = [
    call(real(6), real(3)),
    call(real(6), real(3), mode="same"),
    call(real(6), real(4), mode="same"),
    call(real(6), real(3), mode="valid"),
    call(real(3), real(6)),
    call(real(2), real(5), mode="valid"),
    call(real(3), real(6), mode="same"),
]


@multilinear(np.convolve, wrt=["a", "v"], samples=MODES)
def convolve(dy, y, a, v, mode="full"):
    before, behind = within_full(mode, a.size, v.size)
    whole = np.pad(dy, (before, behind)) if before + behind > 0 else dy
    if is_complex(whole):  # `np.correlate` takes the conjugate of its second argument
        a, v = np.conjugate(a), np.conjugate(v)
    return np.correlate(whole, v, mode="valid"), np.correlate(whole, a, mode="valid")


@composed(np.correlate, wrt=["a", "v"], samples=[call(real(6), real(3)), *MODES[:-1]])
def correlate(a, v, mode: Any = "valid"):
    if mode == "same" and a.size < v.size:
        raise NotImplementedError("np.correlate with a longer second argument")
    if mode == "valid" and a.size < v.size:
        return np.flip(np.convolve(np.flip(a), v, mode="valid"))
    return np.convolve(a, np.flip(v), mode)

"""Windows that slide over arrays: NumPy's view of them, and their sums in `jax.lax`, of which averages are made."""

import jax.lax
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .asked import computed
from .convolutions import of_input, ones_or, padding_of, reached
from .joining import along
from .registry import adjoint, call, composed, real, tangent

FEW = 8  # so many slices are written side by side; of longer windows the places are gathered


def windows_along(x, length, axis):
    """The windows along one axis, the elements of each along a new last axis."""
    if length <= FEW:
        ends = [k - length + 1 for k in range(length)]
        parts = [x[along(slice(k, e or None), axis)] for k, e in enumerate(ends)]
        return np.stack(parts, axis=-1)
    first = np.arange(x.shape[axis] - length + 1)
    windows = np.take(x, first[:, None] + np.arange(length), axis=axis)
    return windows if axis == x.ndim - 1 else np.moveaxis(windows, axis + 1, -1)


@computed
def lengths_and_axes(window_shape, axis, shape):
    """Pairs of a window's length and its axis; errors as in NumPy."""
    lengths = [window_shape] if isinstance(window_shape, int) else list(window_shape)
    axes = (
        list(range(len(shape))) if axis is None else [axis] if isinstance(axis, int) else list(axis)
    )
    if len(lengths) != len(axes):
        raise ValueError(f"{len(lengths)} windows for {len(axes)} axes")
    pairs, sizes = [], list(shape)
    for length, k in zip(lengths, axes, strict=True):
        sizes[k] -= length - 1
        if length < 0 or sizes[k] <= 0:
            raise ValueError(f"a window of {length} does not fit into the shape {tuple(shape)}")
        pairs.append((length, k % len(shape)))
    return pairs


@composed(
    sliding_window_view,
    inline=True,
    views=True,
    samples=[
        call(real(6), 3).without_twin(),
        call(real(12), 10).without_twin(),
        call(real(3, 5), (2, 3)).without_twin(),
        call(real(3, 12), (10,), axis=(1,)).without_twin(),
        call(real(12, 3), 10, 0).without_twin(),
        call(real(2, 5, 4), (2, 2), axis=(-2, -1)).without_twin(),
    ],
)
def sliding_windows(x, window_shape, axis=None):
    found = x
    for length, k in lengths_and_axes(window_shape, axis, x.shape):
        found = windows_along(found, length, k)
    return found


# --- sums over windows ---


@computed
def is_sum(computation, base_dilation):
    """Whether a reduction over windows adds; others are left to JAX."""
    return computation is jax.lax.add and all(d == 1 for d in base_dilation or ())


@computed
def none_or(dilation):
    """Strides, or spaces in a window, that are not 1 everywhere."""
    return None if all(d == 1 for d in dilation) else dilation


@adjoint(
    jax.lax.reduce_window,
    wrt=["operand"],
    samples=[
        call(real(6), 0.0, jax.lax.add, (2,)),
        call(real(3, 7), 0.0, jax.lax.add, (1, 3), (1, 2), "SAME"),
        call(real(5, 8), 0.0, jax.lax.add, (2, 3), (2, 1), [(1, 0), (2, 2)], None, (2, 1)),
    ],
)
def window_sums(
    dy,
    y,
    operand,
    init_value,
    computation,
    window_dimensions,
    window_strides=None,
    padding="VALID",
    base_dilation=None,
    window_dilation=None,
):
    """Each element is handed the adjoints of the windows that it is in: they are sums over windows, too."""
    if not is_sum(computation, base_dilation):
        raise NotImplementedError("jax.lax.reduce_window, but for sums")
    strides = ones_or(window_strides, operand.ndim)
    dilation = ones_or(window_dilation, operand.ndim)
    window = reached(window_dimensions, dilation)
    pads = padding_of(padding, operand.shape, window, strides)
    return jax.lax.reduce_window(
        dy,
        0.0,
        jax.lax.add,
        window_dimensions,
        padding=of_input(pads, operand.shape, window, reached(y.shape, strides)),
        base_dilation=none_or(strides),
        window_dilation=none_or(dilation),
    )


@tangent(jax.lax.reduce_window)
def window_sums_tangent(
    operand_dot,
    y,
    operand,
    init_value,
    computation,
    window_dimensions,
    window_strides=None,
    padding="VALID",
    base_dilation=None,
    window_dilation=None,
):
    if not is_sum(computation, base_dilation):
        raise NotImplementedError("jax.lax.reduce_window, but for sums")
    return jax.lax.reduce_window(
        operand_dot,
        0.0,
        jax.lax.add,
        window_dimensions,
        window_strides,
        padding,
        None,
        window_dilation,
    )

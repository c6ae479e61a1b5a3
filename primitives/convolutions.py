"""Convolutions of `jax.lax`: what networks call convolutions, which are correlations.

The arrays are laid out as (batch, channels, ...), the kernels as (channels out, channels in, ...). Both adjoints are
convolutions again: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning" (2016), section 4.
"""

import jax.lax
import numpy as np

from .asked import computed
from .registry import call, composed, multilinear, real


@computed
def padding_of(padding, lengths, kernel, strides):
    """How many zeros stand in front of each axis and behind it."""
    if isinstance(padding, str):
        return jax.lax.padtype_to_pads(lengths, kernel, strides, padding)
    return [tuple(p) for p in padding]


@computed
def is_plain(lhs_dilation, dimension_numbers, groups):
    """Whether a convolution is one that the rule knows; others are left to JAX."""
    usual = dimension_numbers in (None, ("NCHW", "OIHW", "NCHW"), ("NCH", "OIH", "NCH"))
    return usual and groups == (1, 1) and all(d == 1 for d in lhs_dilation or ())


@computed
def reached(lengths, dilation):
    """How far a kernel, or what lies at strides, reaches along each axis."""
    return tuple((n - 1) * d + 1 for n, d in zip(lengths, dilation, strict=True))


@computed
def of_input(pads, lengths, kernel, output):
    """The padding with which the adjoint of the input comes out in its size."""
    front = [k - 1 - p for (p, _), k in zip(pads, kernel, strict=True)]
    sizes = zip(front, lengths, kernel, output, strict=True)
    return [(f, n + k - 1 - m - f) for f, n, k, m in sizes]


@computed
def of_kernel(pads, lengths, kernel, output):
    """The padding with which the adjoint of the kernel comes out in its size."""
    sizes = zip(pads, lengths, kernel, output, strict=True)
    return [(p, k + m - 1 - n - p) for (p, _), n, k, m in sizes]


@computed
def dilations(**given):
    """Those that are not 1 everywhere, by keyword."""
    return {name: found for name, found in given.items() if set(found) != {1}}


@computed
def ones_or(dilation, count):
    return tuple(dilation) if dilation is not None else (1,) * count


@computed
def spatial(ndim):
    return tuple(range(2, ndim))


SAMPLES = [
    call(real(2, 3, 5), real(4, 3, 2), (1,), "VALID"),
    call(real(2, 3, 5, 6), real(4, 3, 3, 2), (1, 1), "SAME"),
    call(real(2, 3, 7, 6), real(4, 3, 3, 2), (2, 3), "SAME"),
    call(real(1, 2, 8, 7), real(3, 2, 3, 2), (2, 1), [(1, 2), (0, 3)], rhs_dilation=(2, 1)),
]


@multilinear(jax.lax.conv_general_dilated, wrt=["lhs", "rhs"], samples=SAMPLES)
def convolution(
    dy,
    y,
    lhs,
    rhs,
    window_strides,
    padding,
    lhs_dilation=None,
    rhs_dilation=None,
    dimension_numbers=None,
    feature_group_count=1,
    batch_group_count=1,
):
    if not is_plain(lhs_dilation, dimension_numbers, (feature_group_count, batch_group_count)):
        raise NotImplementedError("this form of jax.lax.conv_general_dilated")
    strides, dilation = tuple(window_strides), ones_or(rhs_dilation, lhs.ndim - 2)
    kernel = reached(rhs.shape[2:], dilation)
    pads = padding_of(padding, lhs.shape[2:], kernel, strides)
    output = reached(y.shape[2:], strides)
    turned = np.flip(np.swapaxes(rhs, 0, 1), axis=spatial(rhs.ndim))
    dlhs = jax.lax.conv_general_dilated(
        dy,
        turned,
        (1,) * len(strides),
        of_input(pads, lhs.shape[2:], kernel, output),
        **dilations(lhs_dilation=strides, rhs_dilation=dilation),
    )
    drhs = jax.lax.conv_general_dilated(
        np.swapaxes(lhs, 0, 1),
        np.swapaxes(dy, 0, 1),
        dilation,
        of_kernel(pads, lhs.shape[2:], kernel, output),
        **dilations(rhs_dilation=strides),
    )
    return dlhs, np.swapaxes(drhs, 0, 1)


@composed(
    jax.lax.conv, wrt=["lhs", "rhs"], samples=[call(real(2, 3, 5), real(4, 3, 2), (2,), "SAME")]
)
def conv(lhs, rhs, window_strides, padding):
    return jax.lax.conv_general_dilated(lhs, rhs, window_strides, padding)


@composed(
    jax.lax.conv_with_general_padding,
    wrt=["lhs", "rhs"],
    samples=[call(real(2, 3, 5), real(4, 3, 2), (2,), [(1, 0)], (1,), (2,))],
)
def conv_with_general_padding(lhs, rhs, window_strides, padding, lhs_dilation, rhs_dilation):
    dilation = {"lhs_dilation": lhs_dilation, "rhs_dilation": rhs_dilation}
    return jax.lax.conv_general_dilated(lhs, rhs, window_strides, padding, **dilation)

"""Fourier transforms. The matrix of a transform is symmetric, so that its adjoint is the same transform."""

import numpy as np
import scipy.fft

from .asked import computed
from .complex_numbers import part  # noqa: F401  # registered first
from .registry import alias, call, composed, draw, holds_for_complex, linear, nondifferentiable

REAL, COMPLEX = "real", "complex"
NORMS = [call(draw(COMPLEX, 4), norm="ortho"), call(draw(COMPLEX, 5), norm="forward")]
ONE = [
    call(draw(REAL, 5)),
    call(draw(COMPLEX, 4)),
    call(draw(COMPLEX, 3, 4), axis=0),
    call(draw(COMPLEX, 4), n=6),
    call(draw(REAL, 6), n=4),
    *NORMS,
]


def spectral(jax_dtype, x):
    """The dtype of a spectrum."""
    return np.result_type(x, np.complex64)


def sized(x, size, axis):
    """`x` cut, or filled up with zeros, to a size along an axis."""
    k = axis % x.ndim
    if x.shape[k] > size:
        return x[(slice(None),) * k + (slice(None, size),)]
    if x.shape[k] < size:
        return np.pad(x, [(0, size - x.shape[k]) if j == k else (0, 0) for j in range(x.ndim)])
    return x


@linear(np.fft.fft, dtype=spectral, samples=ONE)
def fft(dy, y, x, n=None, axis=-1, norm=None):
    return sized(np.fft.fft(dy, axis=axis, norm=norm), x.shape[axis], axis)


@linear(np.fft.ifft, dtype=spectral, samples=ONE)
def ifft(dy, y, x, n=None, axis=-1, norm=None):
    return sized(np.fft.ifft(dy, axis=axis, norm=norm), x.shape[axis], axis)


@linear(
    np.fft.rfft,
    dtype=spectral,
    samples=[
        call(draw(REAL, 6)),
        call(draw(REAL, 5)),
        call(draw(REAL, 3, 4), axis=0),
        call(draw(REAL, 4), n=6),
        call(draw(REAL, 6), n=3, norm="ortho"),
    ],
)
def rfft(dy, y, x, n=None, axis=-1, norm=None):
    size = x.shape[axis] if n is None else n
    return sized(np.real(np.fft.fft(dy, n=size, axis=axis, norm=norm)), x.shape[axis], axis)


@computed
def opposite(norm):
    """The norm of a forward transform that has the factor of the inverse one."""
    return {"backward": "forward", None: "forward", "forward": "backward"}.get(norm, norm)


@linear(
    np.fft.irfft,
    dtype=part,
    samples=[
        call(draw(COMPLEX, 4)),
        call(draw(COMPLEX, 4), n=7),
        call(draw(COMPLEX, 3, 4), axis=0, norm="ortho"),
        call(draw(COMPLEX, 4), n=10, norm="forward"),
        call(draw(COMPLEX, 6), n=4),
    ],
)
def irfft(dy, y, x, n=None, axis=-1, norm=None):
    """Each frequency stands for its negative, too, but for 0 and, of an even number, the highest."""
    k, size = axis % x.ndim, y.shape[axis]
    half = size // 2 + 1
    frequency = np.reshape(np.arange(half), (half,) + (1,) * (x.ndim - 1 - k))
    count = np.where((frequency == 0) | (2 * frequency == size), 1, 2)
    spectrum = np.conjugate(np.fft.rfft(dy, axis=axis, norm=opposite(norm)))
    return sized(count * spectrum, x.shape[axis], axis)


# --- two and more axes ---

MANY = [
    call(draw(COMPLEX, 3, 4)),
    call(draw(REAL, 3, 4)),
    call(draw(COMPLEX, 2, 3, 4), axes=(0, 2)),
    call(draw(COMPLEX, 3, 4), norm="ortho"),
]


@linear(np.fft.fftn, dtype=spectral, samples=MANY)
def fftn(dy, y, x, axes=None, norm=None):
    return np.fft.fftn(dy, axes=axes, norm=norm)


@linear(np.fft.ifftn, dtype=spectral, samples=MANY)
def ifftn(dy, y, x, axes=None, norm=None):
    return np.fft.ifftn(dy, axes=axes, norm=norm)


@linear(np.fft.fft2, dtype=spectral, samples=MANY)
def fft2(dy, y, x, axes=(-2, -1), norm=None):
    return np.fft.fft2(dy, axes=axes, norm=norm)


@linear(np.fft.ifft2, dtype=spectral, samples=MANY)
def ifft2(dy, y, x, axes=(-2, -1), norm=None):
    return np.fft.ifft2(dy, axes=axes, norm=norm)


REALS = [
    call(draw(REAL, 3, 4)),
    call(draw(REAL, 2, 3, 5), axes=(0, 2)),
    call(draw(REAL, 3, 4), norm="ortho"),
]


def real_forward(x, axes, norm):
    found = np.fft.rfft(x, axis=axes[-1], norm=norm)
    return found if len(axes) == 1 else np.fft.fftn(found, axes=axes[:-1], norm=norm)


def real_backward(x, axes, norm):
    found = x if len(axes) == 1 else np.fft.ifftn(x, axes=axes[:-1], norm=norm)
    return np.fft.irfft(found, axis=axes[-1], norm=norm)


@composed(np.fft.rfftn, dtype=spectral, samples=REALS)
def rfftn(x, axes=None, norm=None):
    return real_forward(x, tuple(range(x.ndim)) if axes is None else axes, norm)


@composed(np.fft.rfft2, dtype=spectral, samples=[call(draw(REAL, 3, 4)), call(draw(REAL, 2, 3, 4))])
def rfft2(x, axes=(-2, -1), norm=None):
    return real_forward(x, axes, norm)


@composed(
    np.fft.irfftn,
    dtype=part,
    samples=[call(draw(COMPLEX, 3, 4)), call(draw(COMPLEX, 2, 3, 4), axes=(0, 2), norm="ortho")],
)
def irfftn(x, axes=None, norm=None):
    return real_backward(x, tuple(range(x.ndim)) if axes is None else axes, norm)


@composed(
    np.fft.irfft2, dtype=part, samples=[call(draw(COMPLEX, 3, 4)), call(draw(COMPLEX, 2, 3, 4))]
)
def irfft2(x, axes=(-2, -1), norm=None):
    return real_backward(x, axes, norm)


@composed(np.fft.hfft, dtype=part, samples=[call(draw(COMPLEX, 4)), call(draw(COMPLEX, 4), n=7)])
def hfft(x, n=None, axis=-1, norm=None):
    return np.fft.irfft(np.conjugate(x), n=n, axis=axis, norm=opposite(norm))


@composed(np.fft.ihfft, dtype=spectral, samples=[call(draw(REAL, 6)), call(draw(REAL, 6), n=5)])
def ihfft(x, n=None, axis=-1, norm=None):
    return np.conjugate(np.fft.rfft(x, n=n, axis=axis, norm=opposite(norm)))


# --- order of frequencies ---


@linear(np.fft.fftshift, samples=[call(draw(REAL, 5)), call(draw(COMPLEX, 3, 4), axes=0)])
def fftshift(dy, y, x, axes=None):
    return np.fft.ifftshift(dy, axes=axes)


@linear(np.fft.ifftshift, samples=[call(draw(REAL, 5)), call(draw(COMPLEX, 3, 4), axes=0)])
def ifftshift(dy, y, x, axes=None):
    return np.fft.fftshift(dy, axes=axes)


nondifferentiable(
    np.fft.fftfreq, lambda n, d=1.0: n, dtype="jax", samples=[call(5), call(4, d=0.5)]
)
nondifferentiable(
    np.fft.rfftfreq, lambda n, d=1.0: n, dtype="jax", samples=[call(5), call(4, d=0.5)]
)

holds_for_complex(
    np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft, np.fft.fftn, np.fft.ifftn, np.fft.fft2, np.fft.ifft2,
    np.fft.rfftn, np.fft.irfftn, np.fft.rfft2, np.fft.irfft2, np.fft.hfft, np.fft.ihfft, np.fft.fftshift,
    np.fft.ifftshift,
)  # fmt: skip

for _name in (
    "fft ifft rfft irfft fftn ifftn fft2 ifft2 rfftn irfftn rfft2 irfft2 hfft ihfft fftshift ifftshift fftfreq rfftfreq"
).split():
    alias(getattr(scipy.fft, _name), getattr(np.fft, _name))

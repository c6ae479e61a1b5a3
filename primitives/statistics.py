"""Evenly spaced numbers, covariances and correlations."""

import numpy as np

from .asked import is_complex
from .conjugates import conj, real_part
from .registry import call, composed, draw, real

ENDS = [
    call(real(), real(), 5),
    call(real(), real(), num=4, endpoint=False),
    call(real(3), real(3), 4),
]
POSITIVE = [
    call(draw("positive"), draw("positive"), 5),
    call(draw("positive"), draw("positive"), 4, endpoint=False),
]


@composed(
    np.linspace, dtype="float", wrt=["start", "stop"], samples=[*ENDS, call(real(), real(), 1)]
)
def linspace(start, stop, num=50, endpoint=True):
    parts = num - 1 if endpoint else num
    rank = max(np.ndim(start), np.ndim(stop))
    weights = np.reshape(np.arange(num) / max(parts, 1), (num,) + (1,) * rank)
    return (1 - weights) * start + weights * stop


@composed(
    np.logspace,
    dtype="float",
    wrt=["start", "stop"],
    samples=[call(real(), real(), 5), call(real(), real(), num=4, base=2.0)],
)
def logspace(start, stop, num=50, endpoint=True, base=10.0):
    return base ** np.linspace(start, stop, num=num, endpoint=endpoint)


@composed(
    np.geomspace, dtype=lambda *dtypes: np.dtype(float), wrt=["start", "stop"], samples=POSITIVE
)
def geomspace(start, stop, num=50, endpoint=True):
    return np.exp(np.linspace(np.log(start), np.log(stop), num=num, endpoint=endpoint))


@composed(
    np.cov,
    dtype=lambda jax_dtype, *dtypes: np.result_type(float, *dtypes),
    wrt=["m", "y"],
    samples=[
        call(real(3, 5)),
        call(real(5)),
        call(real(5, 3), rowvar=False),
        call(real(3, 5), bias=True),
        call(real(3, 5), ddof=0),
        call(real(5), real(5)),
    ],
)
def cov(m, y=None, rowvar=True, bias=False, ddof=None):
    x = np.atleast_2d(m)
    if not rowvar and m.ndim == 2:
        x = x.T
    if y is not None:
        other = np.atleast_2d(y)
        x = np.concatenate([x, other if rowvar or y.ndim == 1 else other.T])
    centred = x - np.mean(x, axis=1, keepdims=True)
    lost = (0 if bias else 1) if ddof is None else ddof
    found = centred @ conj(centred).T / (x.shape[1] - lost)
    return np.reshape(found, ()) if x.shape[0] == 1 else found


@composed(
    np.corrcoef,
    dtype=lambda jax_dtype, *dtypes: np.result_type(float, *dtypes),
    wrt=["x", "y"],
    samples=[call(real(3, 5)), call(real(5), real(5)), call(real(5, 3), rowvar=False)],
)
def corrcoef(x, y=None, rowvar=True):
    c = cov(x, y, rowvar)
    if c.ndim == 0:
        return c / c
    deviation = np.sqrt(real_part(np.diagonal(c)))
    found = c / deviation[:, None] / deviation
    if is_complex(found):
        return np.clip(np.real(found), -1, 1) + 1j * np.clip(np.imag(found), -1, 1)
    return np.clip(found, -1, 1)

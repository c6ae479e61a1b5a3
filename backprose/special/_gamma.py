"""The beta function. JAX's own loses eight digits where an argument is just above 8."""

# pyright: reportGeneralTypeIssues=false
# A function's slope calls the function.

from __future__ import annotations

import jax.numpy as jnp
from jax.scipy.special import digamma, gammaln

from ._arguments import doubles, with_slopes

FAR = 10.0  # from here on Stirling's series is exact
STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400]


def _remainder(z):
    """The rest of Stirling's series, DLMF 5.11.1, for z >= 10."""
    return jnp.polyval(jnp.array(STIRLING[::-1]), 1 / (z * z)) / z


def _fall(low, high, whole):
    """`gammaln(high) - gammaln(whole)`, where whole is high + low; of large ones the great parts go by hand."""
    far = jnp.maximum(high, FAR)
    change = low - low * jnp.log(low + far) - (far - 0.5) * jnp.log1p(low / far)
    large = change + _remainder(far) - _remainder(low + far)
    return jnp.where(high < FAR, gammaln(high) - gammaln(whole), large)


def _is_pole(x):
    return (x <= 0) & (x == jnp.round(x))


def _sign_of_gamma(x):
    return jnp.where((x > 0) | (jnp.floor(x) % 2 == 0), 1.0, -1.0)


@with_slopes(
    lambda a, b: digamma(a) - digamma(a + b),
    lambda a, b: digamma(b) - digamma(a + b),
)
def betaln(a, b):
    """The logarithm of |B(a, b)|, `scipy.special.betaln`, DLMF 5.12.1; NaN for negative whole numbers.

    >>> round(float(betaln(0.3, 8.1)), 4)
    0.4813
    """
    (a, b), dtype = doubles(a, b)
    small, large = jnp.minimum(a, b), jnp.maximum(a, b)
    plain = gammaln(small) + (gammaln(large) - gammaln(small + large))
    found = gammaln(small) + _fall(jnp.maximum(small, 0.0), large, small + large)
    return jnp.where(small > 0, found, plain).astype(dtype)


@with_slopes(
    lambda a, b: beta(a, b) * (digamma(a) - digamma(a + b)),
    lambda a, b: beta(a, b) * (digamma(b) - digamma(a + b)),
)
def beta(a, b):
    """The beta function, `scipy.special.beta`; NaN for negative whole numbers.

    >>> round(float(beta(3.0, 2.0)), 4)
    0.0833
    """
    log = betaln(a, b)
    sign = _sign_of_gamma(a) * _sign_of_gamma(b) * _sign_of_gamma(jnp.asarray(a) + b)
    return (sign * jnp.exp(log)).astype(log.dtype)


@with_slopes(
    lambda z, m: poch(z, m) * (digamma(z + m) - digamma(z)),
    lambda z, m: poch(z, m) * digamma(z + m),
)
def poch(z, m):
    """Pochhammer's symbol `gamma(z + m) / gamma(z)`, `scipy.special.poch`.

    >>> round(float(poch(5.0, 2.0)), 4)
    30.0
    """
    (z, m), dtype = doubles(z, m)
    # At a pole of both: the reflection of DLMF 5.5.3.
    turned = _is_pole(z) & _is_pole(z + m)
    start, end = jnp.where(turned, 1 - z - m, z), jnp.where(turned, 1 - z, z + m)
    step = jnp.abs(m)
    log = jnp.where(end < start, _fall(step, end, start), -_fall(step, start, end))
    sign = _sign_of_gamma(start) * _sign_of_gamma(end) * jnp.where(turned & (m % 2 != 0), -1.0, 1.0)
    found = jnp.where(m == 0, 1.0, sign * jnp.exp(log))
    return jnp.where(_is_pole(z) & ~_is_pole(z + m), 0.0, found).astype(dtype)

"""Exponential integrals. JAX's own `exp1` and `expn` take seconds for each element where an argument is small."""

# pyright: reportGeneralTypeIssues=false
# A function's slope calls the function.

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy.special import gammaln

from ._arguments import computed_in_double, of_orders, with_slopes
from ._bessel import EULER

FRACTIONS = 100  # of the continued fraction, which converges slowest at 1
POWERS = 26  # of the series, below 1


def _by_fraction(n, x):
    """`exp(x) E_n(x)` for x >= 1: the even part of the fraction DLMF 8.19.17, from its far end."""

    def step(k, rest):
        i = FRACTIONS - k
        return i * (n + i - 1) / (x + n + 2 * i - rest)

    return 1 / (x + n - lax.fori_loop(0, FRACTIONS, step, jnp.zeros_like(x)))


def _by_series(n, x):
    """`E_n(x)` for 0 < x <= 1 and n >= 1, DLMF 8.19.8."""

    def step(m, state):
        power, total, harmonic = state  # (-x)**m / m!, and psi(n) + EULER
        away = jnp.where(m == n - 1, 1, m - n + 1)
        total = total - jnp.where(m == n - 1, 0.0, power / away)
        harmonic = harmonic + jnp.where((m >= 1) & (m < n), 1.0 / jnp.maximum(m, 1), 0.0)
        return power * -x / (m + 1), total, harmonic

    start = jnp.ones_like(x), jnp.zeros_like(x), jnp.zeros_like(x)
    _, total, harmonic = lax.fori_loop(0, POWERS, step, start)
    size = jnp.exp((n - 1) * jnp.log(x) - gammaln(jnp.asarray(n, x.dtype)))
    sign = jnp.where((n - 1) % 2 == 0, 1.0, -1.0)
    return sign * size * (harmonic - EULER - jnp.log(x)) + total


@with_slopes(
    None, lambda n, x: -jnp.where(n > 0, _expn(jnp.maximum(n - 1, 0), x), _expn(0, x) * (1 + 1 / x))
)
@of_orders
def _expn(n, x):
    near, far = jnp.clip(x, 1e-300, 1.0), jnp.maximum(x, 1.0)
    whole = jnp.maximum(n, 1)
    found = jnp.where(x <= 1, _by_series(whole, near), jnp.exp(-far) * _by_fraction(whole, far))
    found = jnp.where(n == 0, jnp.exp(-x) / jnp.where(x == 0, 1.0, x), found)
    at_zero = jnp.where(n > 1, 1 / jnp.maximum(n - 1, 1), jnp.inf)
    found = jnp.where(x == 0, at_zero, jnp.where(x == jnp.inf, 0.0, found))
    return jnp.where((n < 0) | (x < 0) | jnp.isnan(x), jnp.nan, found)


def expn(n, x):
    """The exponential integral of whole order n >= 0, `scipy.special.expn`; NaN below 0.

    >>> round(float(expn(2, 1.0)), 6)
    0.148496
    """
    if not isinstance(n, jax.Array) and jnp.ndim(n) == 0 and n == int(n):
        n = int(n)
    if not jnp.issubdtype(jnp.result_type(n), jnp.integer):
        raise NotImplementedError("the order of an exponential integral must be an integer")
    return _expn(n, x)


def exp1(x):
    """`E_1(x)`, `scipy.special.exp1`; inf at 0, NaN below.

    >>> round(float(exp1(1.0)), 6)
    0.219384
    """
    return _expn(1, x)


@with_slopes(lambda x: jnp.exp(x) / x)
@computed_in_double
def expi(x):
    """The exponential integral Ei, `scipy.special.expi`, DLMF 6.2.5 and 6.2.6.

    >>> round(float(expi(1.0)), 6)
    1.895118
    """
    negative, positive = jnp.where(x < 0, -x, 1.0), jnp.where(x < 0, 1.0, x)
    found = jnp.where(x < 0, -_expn(1, negative), jax.scipy.special.expi(positive))
    return jnp.where(x == 0, -jnp.inf, jnp.where(x == jnp.inf, jnp.inf, found))

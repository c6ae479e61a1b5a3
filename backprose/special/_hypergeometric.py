"""Hypergeometric functions, right or NaN. JAX's own are numbers far off where parameters or arguments are large."""

# pyright: reportGeneralTypeIssues=false
# A function's slope calls the function.

from __future__ import annotations

import jax.numpy as jnp
from jax import lax
from jax.scipy.special import gammaln, gammasgn

from ._arguments import doubles, with_slopes

TERMS = 100_000
LOST = 0.375  # of the digits; terms of a sum may be larger than the sum by so many


def _summed(upper: tuple, lower, z):
    """The series with the factors `(u + k) z / ((lower + k) (k + 1))`, and its largest term over the sum.

    NaN where it has not converged; the sum of what lies behind a term is bounded by a geometric series.
    """
    eps = jnp.finfo(z.dtype).eps

    def step(state):
        k, term, total, largest, _ = state
        factor = z / ((lower + k) * (k + 1))
        for u in upper:
            factor = factor * (u + k)
        term = term * factor
        total = total + term
        size, ratio = jnp.abs(term), jnp.abs(factor)
        settled = (size * ratio <= eps * jnp.abs(total) * (1 - ratio)) & (k > regular)
        largest = jnp.maximum(largest, size)
        return k + 1, term, total, largest, settled | (size == 0) | ~jnp.isfinite(total)

    signs = jnp.stack([jnp.abs(p) * (p < 0) for p in (*upper, lower)])
    regular = jnp.max(signs, axis=0)  # from here on no factor changes its sign
    one = jnp.ones_like(z)
    start = jnp.zeros((), z.dtype), one, one, one, z == 0
    go_on = lambda state: (state[0] < TERMS) & ~jnp.all(state[4])  # noqa: E731
    _, _, total, largest, settled = lax.while_loop(go_on, step, start)
    return jnp.where(settled, total, jnp.nan), largest / jnp.abs(total)


def _better(first, second):
    """Of two forms of one function the one that loses less, and NaN where both lose too much."""
    (one, one_lost), (other, other_lost) = first, second
    take = ~jnp.isnan(one) & ((one_lost <= other_lost) | jnp.isnan(other))
    found = jnp.where(take, one, other)
    lost = jnp.where(take, one_lost, other_lost)
    fits = lost < float(jnp.finfo(found.dtype).eps) ** -LOST
    return jnp.where(jnp.isinf(found) | fits, found, jnp.nan)


@with_slopes(None, None, lambda a, b, x: a / b * hyp1f1(a + 1, b + 1, x))
def hyp1f1(a, b, x):
    """Kummer's `M(a, b, x)`, `scipy.special.hyp1f1`, by the series DLMF 13.2.2 and the transformation 13.2.39.

    NaN where both lose more than six of the sixteen digits, and for x below -700.

    >>> round(float(hyp1f1(1.0, 2.0, -50.0)), 4)
    0.02
    """
    (a, b, x), dtype = doubles(a, b, x)
    other, lost = _summed((b - a,), b, -x)
    found = _better(_summed((a,), b, x), (jnp.exp(x) * other, lost))
    return jnp.where(x == -jnp.inf, jnp.nan, found).astype(dtype)


@with_slopes(None, None, None, lambda a, b, c, z: a * b / c * hyp2f1(a + 1, b + 1, c + 1, z))
def hyp2f1(a, b, c, z):
    """Gauss's `F(a, b; c; z)`, `scipy.special.hyp2f1`, by its series and the transformations DLMF 15.8.1.

    NaN for z between 0.9996 and 1 and where more than six of the sixteen digits are lost; inf beyond 1.

    >>> round(float(hyp2f1(1.0, 1.0, 2.0, -3.0)), 6)  # log(4) / 3
    0.462098
    """
    (a, b, c, z), dtype = doubles(a, b, c, z)
    ends = ((a <= 0) & (a == jnp.round(a))) | ((b <= 0) & (b == jnp.round(b)))  # a polynomial
    inside = jnp.where((z < 1) | ends, z, 0.0)
    direct = jnp.where((jnp.abs(inside) < 1) | ends, inside, 0.0)
    first, first_lost = _summed((a, b), c, direct)
    first = jnp.where(direct == inside, first, jnp.nan)
    # Below 0 Pfaff's transformation, above 0 Euler's.
    negative, below = inside < 0, jnp.minimum(inside, 0.0)
    place = jnp.where(negative, below / (below - 1), jnp.where(inside < 1, inside, 0.0))
    other, lost = _summed((jnp.where(negative, a, c - a), c - b), c, place)
    rest = jnp.where(inside < 1, 1 - inside, 1.0)
    other = other * rest ** jnp.where(negative, -a, c - a - b)
    found = _better((first, first_lost), (jnp.where(inside < 1, other, jnp.nan), lost))
    at_one = _quotient_at_one(a, b, c)
    outside = jnp.where(z == 1, at_one, jnp.where(z > 1, jnp.inf, jnp.nan))
    return jnp.where((z < 1) | ends, found, outside).astype(dtype)


def _quotient_at_one(a, b, c):
    """Gauss's sum, DLMF 15.4.20; inf where it diverges."""
    rest = c - a - b
    log = gammaln(c) + gammaln(rest) - gammaln(c - a) - gammaln(c - b)
    sign = gammasgn(c) * gammasgn(rest) * gammasgn(c - a) * gammasgn(c - b)
    return jnp.where(rest > 0, sign * jnp.exp(log), jnp.inf)

"""Elliptic integrals, by the parameter m, and Carlson's."""

# pyright: reportGeneralTypeIssues=false
# A function's slope calls the function.

from __future__ import annotations

import math

import jax.numpy as jnp
from jax import lax

from ._arguments import computed_in_double, doubles, with_slopes

MEANS = 16  # steps of the arithmetic-geometric mean, which doubles its digits in each
HALVINGS = 20  # steps of Carlson's duplication


def _means(b):
    """The arithmetic-geometric mean of 1 and b, DLMF 19.8.1, and the sum of 19.8.6 without its first term."""

    def step(n, state):
        a, b, total = state
        c = (a - b) / 2
        return (a + b) / 2, jnp.sqrt(a * b), total + 2.0**n * c * c

    a, _, total = lax.fori_loop(0, MEANS, step, (jnp.ones_like(b), b, jnp.zeros_like(b)))
    return a, total


@with_slopes(lambda p: (elliprd(0.0, p, 1.0) / 3 - _ellipkm1(p)) / (2 * p))
@computed_in_double
def _ellipkm1(p):
    found = math.pi / 2 / _means(jnp.sqrt(jnp.where(p > 0, p, 1.0)))[0]
    return jnp.where(p > 0, found, jnp.where(p == 0, jnp.inf, jnp.nan))


def ellipkm1(p):
    """The complete elliptic integral `K(1 - p)`, `scipy.special.ellipkm1`; inf at 0, NaN below.

    >>> round(float(ellipkm1(0.5)), 4)
    1.8541
    """
    return _ellipkm1(p)


def ellipk(m):
    """The complete elliptic integral of the first kind, `scipy.special.ellipk`; inf at 1, NaN beyond.

    >>> round(float(ellipk(0.5)), 4)
    1.8541
    """
    return ellipkm1(1 - jnp.asarray(m))


@with_slopes(lambda m: -elliprd(0.0, 1 - m, 1.0) / 6)
@computed_in_double
def _ellipe(m):
    inside = jnp.where(m < 1, m, 0.0)
    mean, total = _means(jnp.sqrt(1 - inside))
    found = math.pi / 2 / mean * (1 - inside / 2 - total)
    return jnp.where(m < 1, found, jnp.where(m == 1, 1.0, jnp.nan))


def ellipe(m):
    """The complete elliptic integral of the second kind, `scipy.special.ellipe`; 1 at 1, NaN beyond.

    >>> round(float(ellipe(0.5)), 4)
    1.3506
    """
    return _ellipe(m)


@with_slopes(
    lambda x, y, z: -elliprd(y, z, x) / 6,
    lambda x, y, z: -elliprd(z, x, y) / 6,
    lambda x, y, z: -elliprd(x, y, z) / 6,
)
def elliprf(x, y, z):
    """Carlson's symmetric integral R_F, `scipy.special.elliprf`, by duplication, DLMF 19.36.1.

    >>> round(float(elliprf(0.0, 1.0, 2.0)), 4)
    1.311
    """
    (x, y, z), dtype = doubles(x, y, z)

    def step(_, state):
        x, y, z = state
        shift = jnp.sqrt(x * y) + jnp.sqrt(y * z) + jnp.sqrt(z * x)
        return (x + shift) / 4, (y + shift) / 4, (z + shift) / 4

    x, y, z = lax.fori_loop(0, HALVINGS, step, (x, y, z))
    mean = (x + y + z) / 3
    u, v = 1 - x / mean, 1 - y / mean
    w = -u - v
    e2, e3 = u * v - w * w, u * v * w
    series = 1 - e2 / 10 + e3 / 14 + e2 * e2 / 24 - 3 * e2 * e3 / 44
    return (series / jnp.sqrt(mean)).astype(dtype)


@with_slopes(
    lambda x, y, z: _along(x, y, z),
    lambda x, y, z: _along(y, x, z),
    lambda x, y, z: -1.5 / (jnp.sqrt(x * y * z) * z) - _along(x, y, z) - _along(y, x, z),
)
def elliprd(x, y, z):
    """Carlson's integral R_D, `scipy.special.elliprd`, by duplication, DLMF 19.36.2.

    >>> round(float(elliprd(0.0, 2.0, 1.0)), 4)
    1.7972
    """
    (x, y, z), dtype = doubles(x, y, z)

    def step(n, state):
        x, y, z, total = state
        roots = jnp.sqrt(x), jnp.sqrt(y), jnp.sqrt(z)
        shift = roots[0] * roots[1] + roots[1] * roots[2] + roots[2] * roots[0]
        total = total + 4.0**-n / (roots[2] * (z + shift))
        return (x + shift) / 4, (y + shift) / 4, (z + shift) / 4, total

    x, y, z, total = lax.fori_loop(0, HALVINGS, step, (x, y, z, jnp.zeros_like(x)))
    mean = (x + y + 3 * z) / 5
    u, v = 1 - x / mean, 1 - y / mean
    w = -(u + v) / 3
    e2 = u * v - 6 * w * w
    e3 = (3 * u * v - 8 * w * w) * w
    series = 1 - 3 * e2 / 14 + e3 / 6
    return (3 * total + 4.0**-HALVINGS * series / (mean * jnp.sqrt(mean))).astype(dtype)


def _along(x, y, z):
    """The derivative of `R_D` in x, DLMF 19.18.3; NaN where x equals z."""
    return (elliprd(x, y, z) - elliprd(y, z, x)) / (2 * (z - x))


def _within_a_quarter(phi):
    """An angle as `n * pi + rest` with |rest| <= pi / 2."""
    whole = jnp.round(phi / math.pi)
    return whole, phi - whole * math.pi


def ellipkinc(phi, m):
    """The incomplete elliptic integral of the first kind, `scipy.special.ellipkinc`, DLMF 19.25.5 and 19.2.10.

    >>> round(float(ellipkinc(1.0, 0.5)), 4)
    1.0832
    """
    (phi, m), dtype = doubles(phi, m)
    whole, rest = _within_a_quarter(phi)
    sin, cos = jnp.sin(rest), jnp.cos(rest)
    part = sin * elliprf(cos * cos, 1 - m * sin * sin, jnp.ones_like(m))
    turns = jnp.where(whole == 0, 0.0, 2 * whole * ellipk(jnp.where(whole == 0, 0.0, m)))
    return (part + turns).astype(dtype)


def ellipeinc(phi, m):
    """The incomplete elliptic integral of the second kind, `scipy.special.ellipeinc`, DLMF 19.25.9 and 19.2.10.

    >>> round(float(ellipeinc(1.0, 0.5)), 4)
    0.9273
    """
    (phi, m), dtype = doubles(phi, m)
    whole, rest = _within_a_quarter(phi)
    sin, cos = jnp.sin(rest), jnp.cos(rest)
    places = cos * cos, 1 - m * sin * sin, jnp.ones_like(m)
    part = sin * elliprf(*places) - m * sin**3 / 3 * elliprd(*places)
    turns = jnp.where(whole == 0, 0.0, 2 * whole * ellipe(jnp.where(whole == 0, 0.0, m)))
    return (part + turns).astype(dtype)

"""Modified Bessel functions."""

# pyright: reportGeneralTypeIssues=false
# A function's slope calls the function.

from __future__ import annotations

import math

import jax.numpy as jnp
from jax import lax

from ._arguments import computed_in_double, is_array, known_order, of_orders, with_slopes
from ._bessel import EULER, TERMS, upwards

NODES = 128  # of the integral of K


def _i_and_scaled(v: float, x):
    """`I_v(x)` and `exp(-x) I_v(x)` for x >= 0: the series DLMF 10.25.2, and the expansion 10.40.1 for large x."""
    border = max(30.0, v * v)
    near, far = jnp.minimum(x, border), jnp.maximum(x, border)
    terms = int(border / 2 + 8 * math.sqrt(border) + 30)

    def step(k, state):
        term, total = state
        term = term * (near / 2) ** 2 / (k * (v + k))
        return term, total + term

    start = (near / 2) ** v / math.gamma(v + 1)
    # The factor is applied at the end, lest a tiny one make all terms zero.
    total = lax.fori_loop(1, terms, step, (jnp.ones_like(x), jnp.ones_like(x)))[1]
    small = start * total
    scaled, term = 1.0, 1.0
    for k in range(1, TERMS):
        term = -term * (4 * v * v - (2 * k - 1) ** 2) / (8 * k * far)
        scaled = scaled + term
    large = scaled / jnp.sqrt(2 * math.pi * far)
    is_near = x <= border
    return (
        jnp.where(is_near, small, large * jnp.exp(far / 2) * jnp.exp(far / 2)),
        jnp.where(is_near, small * jnp.exp(-near), large),
    )


def _i_of_order(v: float, x, which: int):
    v = abs(v) if v == math.floor(v) else v
    found = _i_and_scaled(v, jnp.abs(x))[which]
    if v != math.floor(v):
        return jnp.where(x < 0, jnp.nan, found)
    return jnp.where(x < 0, -found, found) if int(v) % 2 else found


@with_slopes(lambda v, x: (_iv(v - 1, x) + _iv(v + 1, x)) / 2, orders=1)
@computed_in_double
def _iv(v: float, x):
    return _i_of_order(v, x, 0)


def iv(v: float, x):
    """The modified Bessel function of the first kind of real order v, `scipy.special.iv`.

    >>> round(float(iv(2, 1.0)), 4)
    0.1357
    """
    return _iv(known_order(v), x)


@with_slopes(
    lambda v, x: (_ive(v - 1, x) + _ive(v + 1, x)) / 2 - jnp.sign(x) * _ive(v, x), orders=1
)
@computed_in_double
def _ive(v: float, x):
    return _i_of_order(v, x, 1)


def ive(v: float, x):
    """`exp(-|x|) I_v(x)`, `scipy.special.ive`.

    >>> round(float(ive(2, 1.0)), 4)
    0.0499
    """
    return _ive(known_order(v), x)


def scaled_k(v: float, x):
    """`exp(x) K_v(x)` for |v| <= 3/2 and x > 0: the integral DLMF 10.32.9 by the trapezoidal rule, which converges
    geometrically, and the first terms of 10.27.4 for tiny x."""
    clipped = jnp.maximum(x, 1e-10)
    end = jnp.arccosh(1 + 50 / clipped)
    for _ in range(4):
        end = jnp.arccosh(1 + (50 + abs(v) * end) / clipped)
    width = end / NODES

    def node(k, total):
        t = k * width
        fall = 2 * clipped * jnp.sinh(t / 2) ** 2
        return total + (jnp.exp(v * t - fall) + jnp.exp(-v * t - fall)) / 2

    found = width * lax.fori_loop(1, NODES + 1, node, jnp.full_like(clipped, 0.5))
    tiny = jnp.minimum(x, 1e-10)
    if v == 0:
        limit = -jnp.log(tiny / 2) - EULER
    else:
        limit = math.gamma(abs(v)) / 2 * (tiny / 2) ** -abs(v)
        if abs(v) < 1:
            limit = limit + math.gamma(-abs(v)) / 2 * (tiny / 2) ** abs(v)
    return jnp.where(x < 1e-10, limit * (1 + tiny), found)


def _k_of_order(v: float, x):
    """`exp(x) K_v(x)`, from orders near 0 by the recurrence DLMF 10.29.1, which is stable upwards."""
    order = abs(v)
    whole = round(order)
    positive = jnp.where(x > 0, x, 1.0)
    first = scaled_k(order - whole, positive)
    if whole:
        second = scaled_k(order - whole + 1, positive)
        for k in range(whole):
            first, second = second, first + 2 * (order - whole + k + 1) / positive * second
    return jnp.where(x > 0, first, jnp.where(x == 0, jnp.inf, jnp.nan))


@with_slopes(lambda v, x: _kve(v, x) - (_kve(v - 1, x) + _kve(v + 1, x)) / 2, orders=1)
@computed_in_double
def _kve(v: float, x):
    return _k_of_order(v, x)


@with_slopes(
    None,
    lambda n, x: _kve_of_orders(n, x) - (_kve_of_orders(n - 1, x) + _kve_of_orders(n + 1, x)) / 2,
)
@of_orders
def _kve_of_orders(n, x):
    positive = jnp.where(x > 0, x, 1.0)
    found = upwards(jnp.abs(n), scaled_k(0.0, positive), scaled_k(1.0, positive), positive, 1)
    return jnp.where(x > 0, found, jnp.where(x == 0, jnp.inf, jnp.nan))


def kve(v: float, x):
    """`exp(x) K_v(x)`, `scipy.special.kve`; inf at 0, NaN below.

    >>> round(float(kve(0.5, 2.0)), 4)
    0.8862
    """
    return _kve_of_orders(v, x) if is_array(v) else _kve(known_order(v), x)


@with_slopes(lambda v, x: -(_kv(v - 1, x) + _kv(v + 1, x)) / 2, orders=1)
@computed_in_double
def _kv(v: float, x):
    return _k_of_order(v, x) * jnp.exp(-jnp.maximum(x, 0))


def kv(v: float, x):
    """The modified Bessel function of the second kind of real order v, `scipy.special.kv`; inf at 0, NaN below.

    >>> round(float(kv(0.5, 2.0)), 4)
    0.1199
    """
    if is_array(v):
        return _kve_of_orders(v, x) * jnp.exp(-jnp.maximum(x, 0))
    return _kv(known_order(v), x)


def kn(n: int, x):
    """`K_n(x)` of whole order, `scipy.special.kn`.

    >>> round(float(kn(2, 1.0)), 4)
    1.6248
    """
    return kv(n, x)


def k0(x):
    """`K_0(x)`, `scipy.special.k0`.

    >>> round(float(k0(1.0)), 4)
    0.421
    """
    return kv(0, x)


def k1(x):
    """`K_1(x)`, `scipy.special.k1`.

    >>> round(float(k1(1.0)), 4)
    0.6019
    """
    return kv(1, x)


def k0e(x):
    """`exp(x) K_0(x)`, `scipy.special.k0e`.

    >>> round(float(k0e(1.0)), 4)
    1.1445
    """
    return kve(0, x)


def k1e(x):
    """`exp(x) K_1(x)`, `scipy.special.k1e`.

    >>> round(float(k1e(1.0)), 4)
    1.6362
    """
    return kve(1, x)

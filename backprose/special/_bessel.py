"""Bessel functions of the first and the second kind."""

# pyright: reportGeneralTypeIssues=false
# A function's slope calls the function.

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np
from jax import lax

from ._arguments import (
    GREATEST_ORDER,
    computed_in_double,
    is_array,
    known_order,
    of_orders,
    with_slopes,
)

EULER = 0.5772156649015329  # DLMF 5.2.3
NEAR = 25.0  # arguments up to here are summed, those beyond are expanded in 1 / x
TERMS = 32  # of the expansions in 1 / x, more than enough from `NEAR` on


def expanded(v: float, x):
    """`J_v` and `Y_v` for large x: Hankel's expansion, DLMF 10.17.3 and 10.17.4."""
    p, q, term = 1.0, 0.0, 1.0
    for k in range(1, TERMS):
        term = term * (4 * v * v - (2 * k - 1) ** 2) / (8 * k * x)
        if k % 2:
            q = q + term * (-1) ** (k // 2)
        else:
            p = p + term * (-1) ** (k // 2)
    phase = (v / 2 + 0.25) * math.pi
    # cos(x - phase), which is not rounded as x - phase would be.
    cos = jnp.cos(x) * math.cos(phase) + jnp.sin(x) * math.sin(phase)
    sin = jnp.sin(x) * math.cos(phase) - jnp.cos(x) * math.sin(phase)
    scale = jnp.sqrt(2 / (math.pi * x))
    return scale * (p * cos - q * sin), scale * (p * sin + q * cos)


def summed(v: float, x, weights: np.ndarray):
    """The sums `weights[s, k] * J_{v+k}(x)` over k, for v in [0, 1): Miller's backward recurrence.

    DLMF 3.6(vi), 10.6.1, and 10.23.15 for the scale.
    """
    count = weights.shape[1]
    half = np.arange((count + 1) // 2)
    norm = np.zeros(count)
    logs = np.array([math.lgamma(v + k) if k else 0.0 for k in half]) - np.array(
        [math.lgamma(k + 1.0) for k in half]
    )
    norm[::2] = np.where(half == 0, math.gamma(v + 1), (v + 2 * half) * np.exp(logs))
    rows = jnp.asarray(np.vstack([norm, weights]))

    def step(k, state):
        above, here, sums = state  # J_{v+k+1}, J_{v+k}, times an unknown factor
        place = count - 1 - k
        below = 2 * (v + place) / x * here - above
        sums = sums + rows[:, place].reshape(-1, *[1] * x.ndim) * here
        size = jnp.abs(below)
        shrink = jnp.where(size > 1e4, 1 / jnp.maximum(size, 1.0), 1.0)  # lest a tiny x lead to inf
        return here * shrink, below * shrink, sums * shrink

    start = (jnp.zeros_like(x), jnp.ones_like(x), jnp.zeros((len(rows), *x.shape)))
    sums = lax.fori_loop(0, count, step, start)[2]
    return sums[1:] / sums[0] * jnp.exp(v * jnp.log(x / 2))


def length(largest: float) -> int:
    """How far the backward recurrence starts above its argument; beyond, J_k is below rounding."""
    return int(largest + 40 + 12 * largest ** (1 / 3))


def _j_of_positive(v: float, x):
    below, order = math.floor(v), v - math.floor(v)
    border = max(NEAR, below)
    near, far = jnp.clip(x, 1e-300, border), jnp.maximum(x, border)
    if below >= 0:
        weights = np.zeros((1, length(border)))
        weights[0, below] = 1
        small = summed(order, near, weights)[0]
    else:  # below order 0 the recurrence is stable downwards
        first, second = summed(order, near, np.eye(2, length(border)))
        small = recurrence(first, second, order, below, near)
    first, second = expanded(order, far)[0], expanded(order + 1, far)[0]
    large = recurrence(first, second, order, below, far)
    at_zero = (
        1.0 if v == 0 else 0.0 if v > 0 else math.inf * math.copysign(1, _sign_of_gamma(v + 1))
    )
    return jnp.where(x == 0, at_zero, jnp.where(x <= border, small, large))


def _sign_of_gamma(v: float) -> float:
    return 1.0 if v > 0 or math.floor(v) % 2 == 0 else -1.0


def recurrence(first, second, order: float, steps: int, x):
    """The solution of `f_{k+1} = 2 k / x f_k - f_{k-1}` so many steps from the order of the first."""
    if steps >= 0:
        for k in range(steps):
            first, second = second, 2 * (order + k + 1) / x * second - first
        return first
    for k in range(-steps):
        first, second = 2 * (order - k) / x * first - second, first
    return first


@with_slopes(lambda v, x: (_jv(v - 1, x) - _jv(v + 1, x)) / 2, orders=1)
@computed_in_double
def _jv(v: float, x):
    if v != math.floor(v):
        return jnp.where(x < 0, jnp.nan, _j_of_positive(v, jnp.abs(x)))
    n = abs(int(v))
    found = _j_of_positive(float(n), jnp.abs(x))
    odd = jnp.where(x < 0, -found, found) if n % 2 else found
    return -odd if v < 0 and n % 2 else odd


def jv(v: float, x):
    """The Bessel function of the first kind of real order v, `scipy.special.jv`.

    NaN for negative x where the order is not whole.

    >>> round(float(jv(1, 2.0)), 4)
    0.5767
    """
    return _jv_of_orders(v, x) if is_array(v) else _jv(known_order(v), x)


def _y_zero_and_one(x):
    """`Y_0` and `Y_1`: Neumann's expansion DLMF 10.8.3 and its derivative, and Hankel's."""
    near, far = jnp.clip(x, 1e-300, NEAR), jnp.maximum(x, NEAR)
    count = length(NEAR)
    k = np.arange(1, (count - 1) // 2)
    weights = np.zeros((4, count))
    weights[0, 0] = weights[1, 1] = 1
    weights[2, 2 * k] = (-1.0) ** k / k
    weights[3, 2 * k - 1] += (-1.0) ** k / k
    weights[3, 2 * k + 1] -= (-1.0) ** k / k
    first, second, even, odd = summed(0.0, near, weights)
    log = jnp.log(near / 2) + EULER
    zero = 2 / math.pi * (log * first - 2 * even)
    one = 2 / math.pi * (log * second - first / near + odd)
    return (
        jnp.where(x <= NEAR, zero, expanded(0.0, far)[1]),
        jnp.where(x <= NEAR, one, expanded(1.0, far)[1]),
    )


@with_slopes(lambda n, x: (_yn(n - 1, x) - _yn(n + 1, x)) / 2, orders=1)
@computed_in_double
def _yn(n: float, x):
    order = n
    if order != math.floor(order):
        raise NotImplementedError(
            "Bessel functions of the second kind of orders that are not whole"
        )
    count = abs(int(order))
    zero, one = _y_zero_and_one(jnp.where(x > 0, x, 1.0))
    found = recurrence(zero, one, 0.0, count, jnp.where(x > 0, x, 1.0))
    found = jnp.where(jnp.isnan(found), -jnp.inf, found)  # differences of infinities, at tiny x
    found = jnp.where(x > 0, found, jnp.where(x == 0, -jnp.inf, jnp.nan))
    return -found if order < 0 and count % 2 else found


def yn(n: int, x):
    """The Bessel function of the second kind of whole order n, `scipy.special.yn`; -inf at 0, NaN below.

    >>> round(float(yn(2, 1.5)), 4)
    -0.9322
    """
    return _yn_of_orders(n, x) if is_array(n) else _yn(known_order(n), x)


def j0(x):
    """`J_0(x)`, `scipy.special.j0`.

    >>> round(float(j0(1.0)), 4)
    0.7652
    """
    return jv(0, x)


def j1(x):
    """`J_1(x)`, `scipy.special.j1`.

    >>> round(float(j1(1.0)), 4)
    0.4401
    """
    return jv(1, x)


def y0(x):
    """`Y_0(x)`, `scipy.special.y0`.

    >>> round(float(y0(1.0)), 4)
    0.0883
    """
    return yn(0, x)


def y1(x):
    """`Y_1(x)`, `scipy.special.y1`.

    >>> round(float(y1(1.0)), 4)
    -0.7812
    """
    return yn(1, x)


# --- orders that are arrays ---


def upwards(n, first, second, x, sign: int):
    """The solution of `f_{k+1} = 2 k / x f_k + sign f_{k-1}` at each element's own order n >= 0; NaN for large ones."""

    def step(k, state):
        first, second, found = state
        found = jnp.where(k == n, first, found)
        return second, 2 * (k + 1) / x * second + sign * first, found

    start = (first, second, jnp.full_like(first, jnp.nan))
    return lax.fori_loop(0, GREATEST_ORDER + 3, step, start)[2]


def signed(n, x, found):
    """A function of whole order from that of |n| and |x|: odd orders change their sign with either."""
    odd = n % 2 == 1
    return jnp.where(odd & ((n < 0) != (x < 0)), -found, found)


@with_slopes(None, lambda n, x: (_jv_of_orders(n - 1, x) - _jv_of_orders(n + 1, x)) / 2)
@of_orders
def _jv_of_orders(n, x):
    size, z = jnp.abs(n), jnp.abs(x)
    near, far = jnp.clip(z, 1e-300, NEAR), jnp.maximum(z, NEAR)
    count = length(NEAR)

    def step(k, state):
        above, here, norm, found = state
        place = count - 1 - k
        norm = norm + jnp.where(place == 0, 1.0, 2.0 * (place % 2 == 0)) * here
        found = jnp.where(place == size, here, found)
        below = 2 * place / near * here - above
        length = jnp.abs(below)
        shrink = jnp.where(length > 1e4, 1 / jnp.maximum(length, 1.0), 1.0)
        return here * shrink, below * shrink, norm * shrink, found * shrink

    zeros = jnp.zeros_like(near)
    start = (zeros, jnp.ones_like(near), zeros, zeros)
    _, _, norm, small = lax.fori_loop(0, count, step, start)
    large = upwards(size, expanded(0.0, far)[0], expanded(1.0, far)[0], far, -1)
    found = jnp.where(
        z <= NEAR, jnp.where(size <= GREATEST_ORDER + 2, small / norm, jnp.nan), large
    )
    return signed(n, x, jnp.where(z == 0, jnp.where(n == 0, 1.0, 0.0), found))


@with_slopes(None, lambda n, x: (_yn_of_orders(n - 1, x) - _yn_of_orders(n + 1, x)) / 2)
@of_orders
def _yn_of_orders(n, x):
    positive = jnp.where(x > 0, x, 1.0)
    found = upwards(jnp.abs(n), *_y_zero_and_one(positive), positive, -1)
    overflown = jnp.isnan(found) & (jnp.abs(n) <= GREATEST_ORDER + 2)
    found = jnp.where(overflown, -jnp.inf, found)  # differences of infinities, at tiny x
    found = jnp.where(x > 0, found, jnp.where(x == 0, -jnp.inf, jnp.nan))
    return signed(n, jnp.abs(x), found)

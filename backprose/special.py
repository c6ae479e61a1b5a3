"""Special functions that JAX does not have, for arrays of JAX's: Bessel functions and elliptic integrals.

The text of a derivative calls them where it runs under JAX; for NumPy it calls `scipy.special`, whose names these are.
They work on real numbers, under `jax.jit` and `jax.vmap`, on every device, in float64 where JAX has it. Orders are
numbers that are known before the function runs, up to 25; those of `jv`, `yn`, `kn`, `kv` and `kve` may also be arrays
of integers, as a loop variable is one, and the result is NaN beyond 27. `backprose.grad` and `jax.grad` know the
derivatives in the argument.

Formulas: NIST Digital Library of Mathematical Functions, dlmf.nist.gov.
"""

# pyright: reportGeneralTypeIssues=false
# A function's slope calls the function.

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.custom_derivatives import SymbolicZero

__all__ = [
    "ellipe", "ellipeinc", "ellipk", "ellipkinc", "ellipkm1", "elliprd", "elliprf", "iv", "ive", "j0", "j1", "jv",
    "k0", "k0e", "k1", "k1e", "kn", "kv", "kve", "spherical_in", "spherical_jn", "spherical_kn", "spherical_yn", "y0",
    "y1", "yn",
]  # fmt: skip

EULER = 0.5772156649015329  # DLMF 5.2.3
NEAR = 25.0  # arguments up to here are summed, those beyond are expanded in 1 / x
TERMS = 32  # of the expansions in 1 / x, more than enough from `NEAR` on
GREATEST_ORDER = 25


def _refuse_complex(*args) -> None:
    """Raises `NotImplementedError` for complex numbers, of which a cast would drop the imaginary part."""
    if any(jnp.iscomplexobj(a) for a in args):
        raise NotImplementedError("complex numbers")


def _computed_in_double(function: Callable) -> Callable:
    """Take numbers and arrays of any real dtype, compute in float64, and give the dtype of the last argument back."""

    @functools.wraps(function)
    def wrapped(*args):
        *orders, x = args
        _refuse_complex(x)
        given = jnp.asarray(x)
        wide = jax.dtypes.canonicalize_dtype(float)
        result = function(*orders, given.astype(wide))
        return result.astype(given.dtype if jnp.issubdtype(given.dtype, jnp.floating) else wide)

    return wrapped


def _with_slopes(*slopes: Callable | None, orders: int = 0) -> Callable:
    """Tell JAX the derivatives in the last arguments, lest it differentiate each iteration."""

    def add(function: Callable) -> Callable:
        known = jax.custom_jvp(function, nondiff_argnums=tuple(range(orders)))

        def jvp(*given):
            *fixed, primals, tangents = given
            moved = jnp.zeros(jnp.broadcast_shapes(*map(jnp.shape, primals)))
            for slope, tangent in zip(slopes, tangents, strict=True):
                if slope is not None and not isinstance(tangent, SymbolicZero):
                    moved = moved + tangent * slope(*fixed, *primals)
            y = known(*fixed, *primals)
            return y, moved.astype(y.dtype)

        known.defjvp(jvp, symbolic_zeros=True)
        return known

    return add


# --- Bessel functions of the first and the second kind ---


def _expanded(v: float, x):
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


def _summed(v: float, x, weights: np.ndarray):
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


def _length(largest: float) -> int:
    """How far the backward recurrence starts above its argument; beyond, J_k is below rounding."""
    return int(largest + 40 + 12 * largest ** (1 / 3))


def _j_of_positive(v: float, x):
    below, order = math.floor(v), v - math.floor(v)
    border = max(NEAR, below)
    near, far = jnp.clip(x, 1e-300, border), jnp.maximum(x, border)
    if below >= 0:
        weights = np.zeros((1, _length(border)))
        weights[0, below] = 1
        small = _summed(order, near, weights)[0]
    else:  # below order 0 the recurrence is stable downwards
        first, second = _summed(order, near, np.eye(2, _length(border)))
        small = _recurrence(first, second, order, below, near)
    first, second = _expanded(order, far)[0], _expanded(order + 1, far)[0]
    large = _recurrence(first, second, order, below, far)
    at_zero = (
        1.0 if v == 0 else 0.0 if v > 0 else math.inf * math.copysign(1, _sign_of_gamma(v + 1))
    )
    return jnp.where(x == 0, at_zero, jnp.where(x <= border, small, large))


def _sign_of_gamma(v: float) -> float:
    return 1.0 if v > 0 or math.floor(v) % 2 == 0 else -1.0


def _recurrence(first, second, order: float, steps: int, x):
    """The solution of `f_{k+1} = 2 k / x f_k - f_{k-1}` so many steps from the order of the first."""
    if steps >= 0:
        for k in range(steps):
            first, second = second, 2 * (order + k + 1) / x * second - first
        return first
    for k in range(-steps):
        first, second = 2 * (order - k) / x * first - second, first
    return first


@_with_slopes(lambda v, x: (_jv(v - 1, x) - _jv(v + 1, x)) / 2, orders=1)
@_computed_in_double
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
    return _jv_of_orders(v, x) if _is_array(v) else _jv(_order(v), x)


def _order(v: float) -> float:
    """An order as a Python number. Raises `NotImplementedError` for arrays and for orders that are too large."""
    if isinstance(v, jax.Array) or np.ndim(v):
        raise NotImplementedError(
            "the order of a Bessel function must be a number that is known in advance"
        )
    v = float(v)
    if not abs(v) <= GREATEST_ORDER:
        raise NotImplementedError(f"Bessel functions of orders beyond {GREATEST_ORDER}")
    return v


def _y_zero_and_one(x):
    """`Y_0` and `Y_1`: Neumann's expansion DLMF 10.8.3 and its derivative, and Hankel's."""
    near, far = jnp.clip(x, 1e-300, NEAR), jnp.maximum(x, NEAR)
    count = _length(NEAR)
    k = np.arange(1, (count - 1) // 2)
    weights = np.zeros((4, count))
    weights[0, 0] = weights[1, 1] = 1
    weights[2, 2 * k] = (-1.0) ** k / k
    weights[3, 2 * k - 1] += (-1.0) ** k / k
    weights[3, 2 * k + 1] -= (-1.0) ** k / k
    first, second, even, odd = _summed(0.0, near, weights)
    log = jnp.log(near / 2) + EULER
    zero = 2 / math.pi * (log * first - 2 * even)
    one = 2 / math.pi * (log * second - first / near + odd)
    return (
        jnp.where(x <= NEAR, zero, _expanded(0.0, far)[1]),
        jnp.where(x <= NEAR, one, _expanded(1.0, far)[1]),
    )


@_with_slopes(lambda n, x: (_yn(n - 1, x) - _yn(n + 1, x)) / 2, orders=1)
@_computed_in_double
def _yn(n: float, x):
    order = n
    if order != math.floor(order):
        raise NotImplementedError(
            "Bessel functions of the second kind of orders that are not whole"
        )
    count = abs(int(order))
    zero, one = _y_zero_and_one(jnp.where(x > 0, x, 1.0))
    found = _recurrence(zero, one, 0.0, count, jnp.where(x > 0, x, 1.0))
    found = jnp.where(jnp.isnan(found), -jnp.inf, found)  # differences of infinities, at tiny x
    found = jnp.where(x > 0, found, jnp.where(x == 0, -jnp.inf, jnp.nan))
    return -found if order < 0 and count % 2 else found


def yn(n: int, x):
    """The Bessel function of the second kind of whole order n, `scipy.special.yn`; -inf at 0, NaN below.

    >>> round(float(yn(2, 1.5)), 4)
    -0.9322
    """
    return _yn_of_orders(n, x) if _is_array(n) else _yn(_order(n), x)


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


def _is_array(order) -> bool:
    """Whether an order is an array of integers. Raises `NotImplementedError` for other arrays."""
    if not isinstance(order, jax.Array | np.ndarray):
        return False
    if not jnp.issubdtype(order.dtype, jnp.integer):
        raise NotImplementedError(
            "the order of a Bessel function must be known in advance, or be an integer"
        )
    return True


def _upwards(n, first, second, x, sign: int):
    """The solution of `f_{k+1} = 2 k / x f_k + sign f_{k-1}` at each element's own order n >= 0; NaN for large ones."""

    def step(k, state):
        first, second, found = state
        found = jnp.where(k == n, first, found)
        return second, 2 * (k + 1) / x * second + sign * first, found

    start = (first, second, jnp.full_like(first, jnp.nan))
    return lax.fori_loop(0, GREATEST_ORDER + 3, step, start)[2]


def _signed(n, x, found):
    """A function of whole order from that of |n| and |x|: odd orders change their sign with either."""
    odd = n % 2 == 1
    return jnp.where(odd & ((n < 0) != (x < 0)), -found, found)


def _of_orders(function: Callable) -> Callable:
    """A function of integer orders, elementwise, in float64."""

    def wrapped(n, x):
        _refuse_complex(x)
        (n, given), dtype = jnp.broadcast_arrays(n, x), jnp.asarray(x).dtype
        wide = jax.dtypes.canonicalize_dtype(float)
        result = function(n, given.astype(wide))
        return result.astype(dtype if jnp.issubdtype(dtype, jnp.floating) else wide)

    return wrapped


@_with_slopes(None, lambda n, x: (_jv_of_orders(n - 1, x) - _jv_of_orders(n + 1, x)) / 2)
@_of_orders
def _jv_of_orders(n, x):
    size, z = jnp.abs(n), jnp.abs(x)
    near, far = jnp.clip(z, 1e-300, NEAR), jnp.maximum(z, NEAR)
    count = _length(NEAR)

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
    large = _upwards(size, _expanded(0.0, far)[0], _expanded(1.0, far)[0], far, -1)
    found = jnp.where(
        z <= NEAR, jnp.where(size <= GREATEST_ORDER + 2, small / norm, jnp.nan), large
    )
    return _signed(n, x, jnp.where(z == 0, jnp.where(n == 0, 1.0, 0.0), found))


@_with_slopes(None, lambda n, x: (_yn_of_orders(n - 1, x) - _yn_of_orders(n + 1, x)) / 2)
@_of_orders
def _yn_of_orders(n, x):
    positive = jnp.where(x > 0, x, 1.0)
    found = _upwards(jnp.abs(n), *_y_zero_and_one(positive), positive, -1)
    overflown = jnp.isnan(found) & (jnp.abs(n) <= GREATEST_ORDER + 2)
    found = jnp.where(overflown, -jnp.inf, found)  # differences of infinities, at tiny x
    found = jnp.where(x > 0, found, jnp.where(x == 0, -jnp.inf, jnp.nan))
    return _signed(n, jnp.abs(x), found)


@_with_slopes(
    None,
    lambda n, x: _kve_of_orders(n, x) - (_kve_of_orders(n - 1, x) + _kve_of_orders(n + 1, x)) / 2,
)
@_of_orders
def _kve_of_orders(n, x):
    positive = jnp.where(x > 0, x, 1.0)
    found = _upwards(jnp.abs(n), _scaled_k(0.0, positive), _scaled_k(1.0, positive), positive, 1)
    return jnp.where(x > 0, found, jnp.where(x == 0, jnp.inf, jnp.nan))


# --- modified Bessel functions ---


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


@_with_slopes(lambda v, x: (_iv(v - 1, x) + _iv(v + 1, x)) / 2, orders=1)
@_computed_in_double
def _iv(v: float, x):
    return _i_of_order(v, x, 0)


def iv(v: float, x):
    """The modified Bessel function of the first kind of real order v, `scipy.special.iv`.

    >>> round(float(iv(2, 1.0)), 4)
    0.1357
    """
    return _iv(_order(v), x)


@_with_slopes(
    lambda v, x: (_ive(v - 1, x) + _ive(v + 1, x)) / 2 - jnp.sign(x) * _ive(v, x), orders=1
)
@_computed_in_double
def _ive(v: float, x):
    return _i_of_order(v, x, 1)


def ive(v: float, x):
    """`exp(-|x|) I_v(x)`, `scipy.special.ive`.

    >>> round(float(ive(2, 1.0)), 4)
    0.0499
    """
    return _ive(_order(v), x)


NODES = 128


def _scaled_k(v: float, x):
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
    first = _scaled_k(order - whole, positive)
    if whole:
        second = _scaled_k(order - whole + 1, positive)
        for k in range(whole):
            first, second = second, first + 2 * (order - whole + k + 1) / positive * second
    return jnp.where(x > 0, first, jnp.where(x == 0, jnp.inf, jnp.nan))


@_with_slopes(lambda v, x: _kve(v, x) - (_kve(v - 1, x) + _kve(v + 1, x)) / 2, orders=1)
@_computed_in_double
def _kve(v: float, x):
    return _k_of_order(v, x)


def kve(v: float, x):
    """`exp(x) K_v(x)`, `scipy.special.kve`; inf at 0, NaN below.

    >>> round(float(kve(0.5, 2.0)), 4)
    0.8862
    """
    return _kve_of_orders(v, x) if _is_array(v) else _kve(_order(v), x)


@_with_slopes(lambda v, x: -(_kv(v - 1, x) + _kv(v + 1, x)) / 2, orders=1)
@_computed_in_double
def _kv(v: float, x):
    return _k_of_order(v, x) * jnp.exp(-jnp.maximum(x, 0))


def kv(v: float, x):
    """The modified Bessel function of the second kind of real order v, `scipy.special.kv`; inf at 0, NaN below.

    >>> round(float(kv(0.5, 2.0)), 4)
    0.1199
    """
    if _is_array(v):
        return _kve_of_orders(v, x) * jnp.exp(-jnp.maximum(x, 0))
    return _kv(_order(v), x)


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


# --- spherical Bessel functions ---


def _spherical(function: Callable, n: int, z, derivative: bool, signs: tuple[int, int]):
    """`sqrt(pi / (2 z)) f_{n + 1/2}(z)`, or its derivative by DLMF 10.51.2 and 10.51.5 with their signs."""

    def of_order(n: int):
        return function(n) * jnp.sqrt(math.pi / 2 / z)

    if n < 0 or n != math.floor(n):
        raise NotImplementedError(
            "spherical Bessel functions of orders that are negative or not whole"
        )
    if not derivative:
        return of_order(n)
    below = n * of_order(n - 1) if n else 0.0
    return (signs[0] * below + signs[1] * (n + 1) * of_order(n + 1)) / (2 * n + 1)


def _regular(function: Callable, n: int, z, derivative: bool, sign: int):
    """A spherical function with its value at 0, and below 0 by its parity."""
    inside = jnp.where(z == 0, 1.0, jnp.abs(z))
    found = _spherical(lambda k: function(k + 0.5, inside), n, inside, derivative, (1, sign))
    at_zero = float(n == 0) if not derivative else (n == 1) / 3
    found = jnp.where(z == 0, at_zero, found)
    return jnp.where(z < 0, -found, found) if (n + derivative) % 2 else found


def _in_double(function: Callable, z):
    """The result of a spherical function, which is float64 whatever it is given."""
    _refuse_complex(z)
    return function(jnp.asarray(z, jax.dtypes.canonicalize_dtype(float)))


def spherical_jn(n: int, z, derivative: bool = False):
    """The spherical Bessel function of the first kind, `scipy.special.spherical_jn`, or its derivative.

    >>> round(float(spherical_jn(1, 2.0)), 4)
    0.4354
    """
    return _in_double(lambda z: _regular(jv, n, z, derivative, -1), z)


def spherical_yn(n: int, z, derivative: bool = False):
    """The spherical Bessel function of the second kind, `scipy.special.spherical_yn`, or its derivative, for z > 0.

    >>> round(float(spherical_yn(1, 2.0)), 4)
    -0.3506
    """

    def of_half_order(z):
        positive = jnp.where(z > 0, z, 1.0)
        found = _spherical(
            lambda k: (-1) ** (k + 1) * jv(-k - 0.5, positive), n, positive, derivative, (1, -1)
        )
        return jnp.where(z > 0, found, jnp.where(z == 0, at_zero, jnp.nan))

    at_zero = jnp.inf if derivative else -jnp.inf
    return _in_double(of_half_order, z)


def spherical_in(n: int, z, derivative: bool = False):
    """The modified spherical Bessel function of the first kind, `scipy.special.spherical_in`, or its derivative.

    >>> round(float(spherical_in(1, 2.0)), 4)
    0.9744
    """
    return _in_double(lambda z: _regular(iv, n, z, derivative, 1), z)


def spherical_kn(n: int, z, derivative: bool = False):
    """The modified spherical Bessel function of the second kind, `scipy.special.spherical_kn`, or its derivative.

    For z > 0.

    >>> round(float(spherical_kn(1, 2.0)), 4)
    0.1594
    """

    def of_half_order(z):
        positive = jnp.where(z > 0, z, 1.0)
        found = _spherical(lambda k: kv(k + 0.5, positive), n, positive, derivative, (-1, -1))
        return jnp.where(z > 0, found, jnp.where(z == 0, at_zero, jnp.nan))

    at_zero = -jnp.inf if derivative else jnp.inf
    return _computed_in_double(of_half_order)(z)


# --- elliptic integrals ---

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


@_with_slopes(lambda p: (elliprd(0.0, p, 1.0) / 3 - _ellipkm1(p)) / (2 * p))
@_computed_in_double
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


@_with_slopes(lambda m: -elliprd(0.0, 1 - m, 1.0) / 6)
@_computed_in_double
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


def _doubles(*args):
    """The arguments in float64, of one shape, and the dtype of the result."""
    _refuse_complex(*args)
    arrays = jnp.broadcast_arrays(*map(jnp.asarray, args))
    dtype, wide = jnp.result_type(*args), jax.dtypes.canonicalize_dtype(float)
    dtype = dtype if jnp.issubdtype(dtype, jnp.floating) else wide
    return [a.astype(wide) for a in arrays], dtype


@_with_slopes(
    lambda x, y, z: -elliprd(y, z, x) / 6,
    lambda x, y, z: -elliprd(z, x, y) / 6,
    lambda x, y, z: -elliprd(x, y, z) / 6,
)
def elliprf(x, y, z):
    """Carlson's symmetric integral R_F, `scipy.special.elliprf`, by duplication, DLMF 19.36.1.

    >>> round(float(elliprf(0.0, 1.0, 2.0)), 4)
    1.311
    """
    (x, y, z), dtype = _doubles(x, y, z)

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


@_with_slopes(
    lambda x, y, z: _along(x, y, z),
    lambda x, y, z: _along(y, x, z),
    lambda x, y, z: -1.5 / (jnp.sqrt(x * y * z) * z) - _along(x, y, z) - _along(y, x, z),
)
def elliprd(x, y, z):
    """Carlson's integral R_D, `scipy.special.elliprd`, by duplication, DLMF 19.36.2.

    >>> round(float(elliprd(0.0, 2.0, 1.0)), 4)
    1.7972
    """
    (x, y, z), dtype = _doubles(x, y, z)

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
    (phi, m), dtype = _doubles(phi, m)
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
    (phi, m), dtype = _doubles(phi, m)
    whole, rest = _within_a_quarter(phi)
    sin, cos = jnp.sin(rest), jnp.cos(rest)
    places = cos * cos, 1 - m * sin * sin, jnp.ones_like(m)
    part = sin * elliprf(*places) - m * sin**3 / 3 * elliprd(*places)
    turns = jnp.where(whole == 0, 0.0, 2 * whole * ellipe(jnp.where(whole == 0, 0.0, m)))
    return (part + turns).astype(dtype)

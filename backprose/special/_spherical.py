"""Spherical Bessel functions."""

from __future__ import annotations

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp

from ._arguments import computed_in_double, refuse_complex
from ._bessel import jv
from ._modified import iv, kv


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


def in_double(function: Callable, z):
    """The result of a spherical function, which is float64 whatever it is given."""
    refuse_complex(z)
    return function(jnp.asarray(z, jax.dtypes.canonicalize_dtype(float)))


def spherical_jn(n: int, z, derivative: bool = False):
    """The spherical Bessel function of the first kind, `scipy.special.spherical_jn`, or its derivative.

    >>> round(float(spherical_jn(1, 2.0)), 4)
    0.4354
    """
    return in_double(lambda z: _regular(jv, n, z, derivative, -1), z)


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
    return in_double(of_half_order, z)


def spherical_in(n: int, z, derivative: bool = False):
    """The modified spherical Bessel function of the first kind, `scipy.special.spherical_in`, or its derivative.

    >>> round(float(spherical_in(1, 2.0)), 4)
    0.9744
    """
    return in_double(lambda z: _regular(iv, n, z, derivative, 1), z)


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
    return computed_in_double(of_half_order)(z)

"""What the functions have in common: dtypes, orders, and the slopes that JAX is told."""

from __future__ import annotations

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero

GREATEST_ORDER = 25


def refuse_complex(*args) -> None:
    """Raises `NotImplementedError` for complex numbers, of which a cast would drop the imaginary part."""
    if any(jnp.iscomplexobj(a) for a in args):
        raise NotImplementedError("complex numbers")


def computed_in_double(function: Callable) -> Callable:
    """Take numbers and arrays of any real dtype, compute in float64, and give the dtype of the last argument back."""

    @functools.wraps(function)
    def wrapped(*args):
        *orders, x = args
        refuse_complex(x)
        given = jnp.asarray(x)
        wide = jax.dtypes.canonicalize_dtype(float)
        result = function(*orders, given.astype(wide))
        return result.astype(given.dtype if jnp.issubdtype(given.dtype, jnp.floating) else wide)

    return wrapped


def with_slopes(*slopes: Callable | None, orders: int = 0) -> Callable:
    """Tell JAX the derivatives in the last arguments, lest it differentiate each iteration."""

    def add(function: Callable) -> Callable:
        known = jax.custom_jvp(function, nondiff_argnums=tuple(range(orders)))

        def jvp(*given):
            *fixed, primals, tangents = given
            moved = jnp.zeros(jnp.broadcast_shapes(*map(jnp.shape, primals)))
            for slope, tangent in zip(slopes, tangents, strict=True):
                if isinstance(tangent, SymbolicZero) or tangent.dtype == jax.dtypes.float0:
                    continue
                if slope is None:
                    raise NotImplementedError("it has no derivative with respect to this argument")
                moved = moved + tangent * slope(*fixed, *primals)
            y = known(*fixed, *primals)
            return y, moved.astype(y.dtype)

        known.defjvp(jvp, symbolic_zeros=True)
        return known

    return add


def known_order(v: float) -> float:
    """An order as a Python number. Raises `NotImplementedError` for arrays and for orders that are too large."""
    if isinstance(v, jax.Array) or np.ndim(v):
        raise NotImplementedError(
            "the order of a Bessel function must be a number that is known in advance"
        )
    v = float(v)
    if not abs(v) <= GREATEST_ORDER:
        raise NotImplementedError(f"Bessel functions of orders beyond {GREATEST_ORDER}")
    return v


def is_array(order) -> bool:
    """Whether an order is an array of integers. Raises `NotImplementedError` for other arrays."""
    if not isinstance(order, jax.Array | np.ndarray):
        return False
    if not jnp.issubdtype(order.dtype, jnp.integer):
        raise NotImplementedError(
            "the order of a Bessel function must be known in advance, or be an integer"
        )
    return True


def of_orders(function: Callable) -> Callable:
    """A function of integer orders, elementwise, in float64."""

    def wrapped(n, x):
        refuse_complex(x)
        (n, given), dtype = jnp.broadcast_arrays(n, x), jnp.asarray(x).dtype
        wide = jax.dtypes.canonicalize_dtype(float)
        result = function(n, given.astype(wide))
        return result.astype(dtype if jnp.issubdtype(dtype, jnp.floating) else wide)

    return wrapped


def doubles(*args):
    """The arguments in float64, of one shape, and the dtype of the result."""
    refuse_complex(*args)
    arrays = jnp.broadcast_arrays(*map(jnp.asarray, args))
    dtype, wide = jnp.result_type(*args), jax.dtypes.canonicalize_dtype(float)
    dtype = dtype if jnp.issubdtype(dtype, jnp.floating) else wide
    return [a.astype(wide) for a in arrays], dtype

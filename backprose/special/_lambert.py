"""Lambert's W, which JAX does not have. R. M. Corless and others, "On the Lambert W function" (1996)."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

MOST = 60  # iterations; 3 or 4 suffice but at the branch point


def lambertw(z, k=0, tol=1e-8):
    """The complex solution `w` of `w exp(w) = z` on the branch k, `scipy.special.lambertw`.

    `tol` is there for SciPy's sake: the result is as exact as the dtype allows. At the branch point, `-1/e`, half of
    the digits are lost, as in SciPy.

    >>> round(float(lambertw(1.0).real), 6)
    0.567143
    """
    z, k = jnp.broadcast_arrays(jnp.asarray(z, complex), jnp.asarray(k))
    return _lambertw(z, k)


@jax.custom_jvp
def _lambertw(z, k):
    def step(state):
        w, _, count = state
        # Each of the two forms of the equation is used where its exponential is small.
        left = jnp.real(w) < 0
        grown = jnp.exp(jnp.where(left, w, 0))
        rest = jnp.where(left, w * grown - z, w - z * jnp.exp(jnp.where(left, 0, -w)))
        slope = jnp.where(left, grown, 1) * (w + 1)
        change = rest / (slope - (w + 2) * rest / (2 * w + 2))  # Halley's method
        return w - change, change, count + 1

    def unfinished(state):
        w, change, count = state
        moving = jnp.abs(change) > 4 * jnp.finfo(change.dtype).eps * jnp.abs(w)
        return jnp.any(moving) & (count < MOST)

    usual = jnp.isfinite(z) & (z != 0)
    z, given = jnp.where(usual, z, 1), z
    guess = _guess(z, k)
    w, _, _ = jax.lax.while_loop(unfinished, step, (guess, guess + 1, 0))
    turns = 2j * math.pi * k
    at_zero = jnp.where(k == 0, 0, -jnp.inf).astype(z.dtype)
    positive = jnp.real(given) > 0
    far = jnp.where(positive, given + turns, -given + turns + 1j * math.pi)
    unusual = jnp.where(jnp.isnan(given), given, jnp.where(given == 0, at_zero, far))
    return jnp.where(usual, w, unusual)


def _guess(z, k):
    """The series at the branch point, `log1p` near 0, and elsewhere the asymptotic expansion."""
    log = jnp.log(z) + 2j * math.pi * k
    far = log - jnp.log(jnp.where(log == 0, 1, log))
    root = jnp.sqrt(2 * (math.e * z + 1))
    series = -1 + root - root**2 / 3 + 11 / 72 * root**3
    below = -1 - root - root**2 / 3 - 11 / 72 * root**3
    at_branch_point = jnp.abs(z + 1 / math.e) < 0.3
    near = (jnp.abs(z) < 3) & (jnp.real(z) > -0.4)
    real = (jnp.imag(z) == 0) & (jnp.real(z) < 0) & (jnp.real(z) >= -1 / math.e)
    negative = jnp.where(jnp.real(z) < -0.25, below, jnp.log(jnp.where(real, -z, 1)))
    first = jnp.where(at_branch_point, series, jnp.where(near, jnp.log1p(z), far))
    return jnp.where(k == 0, first, jnp.where((k == -1) & real, negative, far))


@_lambertw.defjvp
def _jvp(primals, tangents):
    z, k = primals
    w = _lambertw(z, k)
    return w, tangents[0] * jnp.exp(-w) / (1 + w)

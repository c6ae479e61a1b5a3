"""The scaled error function. JAX's own is 0 from 26.54 to 26.64."""

# pyright: reportGeneralTypeIssues=false
# A function's slope calls the function.

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import jax.scipy.special

from ._arguments import computed_in_double, with_slopes

FAR = 10.0  # from here on the expansion's first terms are exact
EXPANSION = [1.0]  # DLMF 7.12.1: (-1)**k (2 k - 1)!! / 2**k
for _k in range(1, 17):
    EXPANSION.append(-EXPANSION[-1] * (_k - 0.5))


def erfcx(x):
    """`exp(x**2) erfc(x)`, `scipy.special.erfcx`; inf below -26.6. Of complex numbers it is JAX's.

    >>> round(float(erfcx(26.6)), 6)
    0.021195
    """
    return jax.scipy.special.erfcx(x) if jnp.iscomplexobj(x) else _erfcx(x)


@with_slopes(lambda x: 2 * x * _erfcx(x) - 2 / math.sqrt(math.pi))
@computed_in_double
def _erfcx(x):
    near, far = jnp.clip(x, -30.0, FAR), jnp.maximum(x, FAR)
    short = jnp.round(near * 16) / 16  # its square is not rounded
    rest = (near - short) * (near + short)
    direct = jnp.exp(short * short) * (jnp.exp(rest) * jax.scipy.special.erfc(near))
    series = jnp.polyval(jnp.array(EXPANSION[::-1]), 1 / (far * far)) / (far * math.sqrt(math.pi))
    return jnp.where(x < FAR, direct, series)

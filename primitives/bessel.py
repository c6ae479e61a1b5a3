"""Bessel functions and their relatives. Formulas: DLMF chapters 9 to 11, dlmf.nist.gov.

JAX has `i0`, `i1`, `i0e` and `i1e`; `backprose.special` has more for compiled code.
"""

import math

import numpy as np
from scipy import special

from .. import special as compiled
from .asked import is_static
from .registry import MISSING, Sample, call, composed, double, draw, elementwise, real

POSITIVE = draw("positive", 4)


def of_order(order: float) -> list[Sample]:
    return [call(order, draw("positive", 2, 3)).without_twin()]


# --- of whole orders ---


@elementwise(special.j0, jax=compiled.j0, samples=[call(real(3, 4)).without_twin()])
def j0(y, x):
    """DLMF 10.6.3."""
    return -special.j1(x)


@elementwise(special.j1, jax=compiled.j1, samples=[call(real(3, 4)).without_twin()])
def j1(y, x):
    return (special.j0(x) - special.jv(2, x)) / 2


@elementwise(special.y0, jax=compiled.y0, samples=[call(POSITIVE).without_twin()])
def y0(y, x):
    return -special.y1(x)


@elementwise(special.y1, jax=compiled.y1, samples=[call(POSITIVE).without_twin()])
def y1(y, x):
    return (special.y0(x) - special.yn(2, x)) / 2


@elementwise(special.yn, jax=compiled.yn, samples=of_order(2))
def yn(y, n, x):
    return MISSING, (special.yn(n - 1, x) - special.yn(n + 1, x)) / 2


@elementwise(special.k0, jax=compiled.k0, samples=[call(POSITIVE).without_twin()])
def k0(y, x):
    """DLMF 10.29.3."""
    return -special.k1(x)


@elementwise(special.k1, jax=compiled.k1, samples=[call(POSITIVE).without_twin()])
def k1(y, x):
    return -(special.k0(x) + special.kn(2, x)) / 2


@elementwise(special.k0e, jax=compiled.k0e, samples=[call(POSITIVE).without_twin()])
def k0e(y, x):
    return y - special.k1e(x)


@elementwise(special.k1e, jax=compiled.k1e, samples=[call(POSITIVE).without_twin()])
def k1e(y, x):
    return y - (special.k0e(x) + special.kve(2, x)) / 2


@elementwise(special.kn, jax=compiled.kn, samples=of_order(2))
def kn(y, n, x):
    return MISSING, -(special.kn(n - 1, x) + special.kn(n + 1, x)) / 2


# --- of real orders ---


@elementwise(special.jv, jax=compiled.jv, samples=[*of_order(2), *of_order(0.5)])
def jv(y, v, x):
    """DLMF 10.6.1; in the order it has no closed form."""
    return MISSING, (special.jv(v - 1, x) - special.jv(v + 1, x)) / 2


@elementwise(special.jve, samples=of_order(0.5))
def jve(y, v, x):
    """Of real numbers it is `jv`, whose scale is `exp(-|imag(x)|)`."""
    return MISSING, (special.jve(v - 1, x) - special.jve(v + 1, x)) / 2


@elementwise(special.yv, samples=of_order(0.5))
def yv(y, v, x):
    return MISSING, (special.yv(v - 1, x) - special.yv(v + 1, x)) / 2


@elementwise(special.yve, samples=of_order(0.5))
def yve(y, v, x):
    return MISSING, (special.yve(v - 1, x) - special.yve(v + 1, x)) / 2


@elementwise(special.iv, jax=compiled.iv, samples=[*of_order(2), *of_order(0.5)])
def iv(y, v, x):
    """DLMF 10.29.1."""
    return MISSING, (special.iv(v - 1, x) + special.iv(v + 1, x)) / 2


@elementwise(special.ive, jax=compiled.ive, samples=[*of_order(2), *of_order(0.5)])
def ive(y, v, x):
    return MISSING, (special.ive(v - 1, x) + special.ive(v + 1, x)) / 2 - np.sign(x) * y


@elementwise(special.kv, jax=compiled.kv, samples=[*of_order(2), *of_order(0.5)])
def kv(y, v, x):
    return MISSING, -(special.kv(v - 1, x) + special.kv(v + 1, x)) / 2


@elementwise(special.kve, jax=compiled.kve, samples=[*of_order(2), *of_order(0.5)])
def kve(y, v, x):
    return MISSING, y - (special.kve(v - 1, x) + special.kve(v + 1, x)) / 2


@elementwise(special.hankel1, samples=of_order(0.5))
def hankel1(y, v, z):
    return MISSING, (special.hankel1(v - 1, z) - special.hankel1(v + 1, z)) / 2


@elementwise(special.hankel2, samples=of_order(0.5))
def hankel2(y, v, z):
    return MISSING, (special.hankel2(v - 1, z) - special.hankel2(v + 1, z)) / 2


@elementwise(special.hankel1e, samples=of_order(0.5))
def hankel1e(y, v, z):
    return MISSING, (special.hankel1e(v - 1, z) - special.hankel1e(v + 1, z)) / 2 - 1j * y


@elementwise(special.hankel2e, samples=of_order(0.5))
def hankel2e(y, v, z):
    return MISSING, (special.hankel2e(v - 1, z) - special.hankel2e(v + 1, z)) / 2 + 1j * y


# --- derivatives of a given degree ---


def derivative(function, v, z, n, sign):
    """DLMF 10.6.7 and 10.29.5: the n-th difference of the functions of neighbouring orders."""
    terms = [sign**k * math.comb(n, k) * function(v - n + 2 * k, z) for k in range(n + 1)]
    return sum(terms) / 2**n


OF_DEGREE = [call(2, POSITIVE, n=2).without_twin()]


@composed(special.jvp, dtype=double, wrt=["v", "z"], samples=OF_DEGREE)
def jvp(v, z, n=1):
    return derivative(special.jv, v, z, n, -1)


@composed(special.yvp, dtype=double, wrt=["v", "z"], samples=OF_DEGREE)
def yvp(v, z, n=1):
    return derivative(special.yn if is_static(v) and v % 1 == 0 else special.yv, v, z, n, -1)


@composed(special.ivp, dtype=double, wrt=["v", "z"], samples=OF_DEGREE)
def ivp(v, z, n=1):
    return derivative(special.iv, v, z, n, 1)


@composed(special.kvp, dtype=double, wrt=["v", "z"], samples=OF_DEGREE)
def kvp(v, z, n=1):
    return (-1) ** n * derivative(special.kv, v, z, n, 1)


@composed(special.h1vp, dtype=double, wrt=["v", "z"], samples=OF_DEGREE)
def h1vp(v, z, n=1):
    return derivative(special.hankel1, v, z, n, -1)


@composed(special.h2vp, dtype=double, wrt=["v", "z"], samples=OF_DEGREE)
def h2vp(v, z, n=1):
    return derivative(special.hankel2, v, z, n, -1)


# --- spherical ones ---


SPHERICAL = [
    call(2, draw("positive", 2, 3)).without_twin(),
    call(2, POSITIVE, derivative=True).without_twin(),
]


def spherical_slope(function, modified):
    """DLMF 10.47.1, or 10.47.2 of a modified function."""

    def slope(y, n, z, derivative=False):
        if derivative:
            square = n * (n + 1) / z**2
            return None, (square + 1 if modified else square - 1) * function(n, z) - 2 / z * y
        return None, function(n, z, derivative=True)

    return slope


for _name, _dtype, _modified in (
    ("spherical_jn", double, False),
    ("spherical_yn", double, False),
    ("spherical_in", double, True),
    ("spherical_kn", "float", True),
):
    _function, _compiled = getattr(special, _name), getattr(compiled, _name)
    elementwise(_function, dtype=_dtype, wrt=["z"], jax=_compiled, samples=SPHERICAL)(
        spherical_slope(_function, _modified)
    )


def riccati(function, n, x):
    """DLMF 10.51.1: x times the spherical functions of all orders up to n, and the derivatives of that."""
    orders = range(n + 1)
    values = np.stack([x * function(k, x) for k in orders])
    return values, np.stack([function(k, x) + x * function(k, x, derivative=True) for k in orders])


@composed(special.riccati_jn, wrt=["x"], samples=[call(2, draw("positive")).without_twin()])
def riccati_jn(n, x):
    return riccati(special.spherical_jn, n, x)


@composed(special.riccati_yn, wrt=["x"], samples=[call(2, draw("positive")).without_twin()])
def riccati_yn(n, x):
    return riccati(special.spherical_yn, n, x)


# --- Struve and Kelvin functions ---


@elementwise(special.struve, samples=of_order(1.5))
def struve(y, v, x):
    """DLMF 11.4.27."""
    return MISSING, special.struve(v - 1, x) - v / x * y


@elementwise(special.modstruve, samples=of_order(1.5))
def modstruve(y, v, x):
    """DLMF 11.4.29."""
    return MISSING, special.modstruve(v - 1, x) - v / x * y


@elementwise(special.ber, samples=[call(POSITIVE).without_twin()])
def ber(y, x):
    return special.berp(x)


@elementwise(special.bei, samples=[call(POSITIVE).without_twin()])
def bei(y, x):
    return special.beip(x)


@elementwise(special.ker, samples=[call(POSITIVE).without_twin()])
def ker(y, x):
    return special.kerp(x)


@elementwise(special.kei, samples=[call(POSITIVE).without_twin()])
def kei(y, x):
    return special.keip(x)


@elementwise(special.berp, samples=[call(POSITIVE).without_twin()])
def berp(y, x):
    """DLMF 10.61.3: both parts of `w'' + w' / x = i w`."""
    return -special.bei(x) - y / x


@elementwise(special.beip, samples=[call(POSITIVE).without_twin()])
def beip(y, x):
    return special.ber(x) - y / x


@elementwise(special.kerp, samples=[call(POSITIVE).without_twin()])
def kerp(y, x):
    return -special.kei(x) - y / x


@elementwise(special.keip, samples=[call(POSITIVE).without_twin()])
def keip(y, x):
    return special.ker(x) - y / x


@elementwise(special.kelvin, samples=[call(POSITIVE).without_twin()])
def kelvin(y, x):
    """`ber + i bei`, `ker + i kei` and their derivatives, DLMF 10.61.3."""
    be, ke, be_slope, ke_slope = y
    return be_slope, ke_slope, 1j * be - be_slope / x, 1j * ke - ke_slope / x


# --- Airy functions ---


@elementwise(special.airy, samples=[call(real(4)).without_twin()])
def airy(y, z):
    """`Ai'' = z Ai` and `Bi'' = z Bi`, DLMF 9.2.1."""
    ai, ai_slope, bi, bi_slope = y
    return ai_slope, z * ai, bi_slope, z * bi


@elementwise(special.airye, samples=[call(draw("positive", 4)).without_twin()])
def airye(y, z):
    """Scaled by `exp(2/3 z**1.5)`, and Bi by one over that where it is real; of real numbers."""
    ai, ai_slope, bi, bi_slope = y
    growth, decay = np.sqrt(z), np.sqrt(np.maximum(z, 0))
    return (
        ai_slope + growth * ai,
        z * ai + growth * ai_slope,
        bi_slope - decay * bi,
        z * bi - decay * bi_slope,
    )

"""Integrals of Bessel, Struve and Airy functions in `scipy.special`: the derivative is what is integrated."""

import numpy as np
from scipy import special

from .registry import MISSING, call, draw, elementwise, real, scaled

POSITIVE = [call(draw("positive", 4)).without_twin()]


@elementwise(special.itj0y0, samples=POSITIVE)
def itj0y0(y, x):
    return special.j0(x), special.y0(x)


@elementwise(special.iti0k0, samples=POSITIVE)
def iti0k0(y, x):
    return special.i0(x), special.k0(x)


def without_one(bessel, x, t):
    """`(bessel - 1) / x` by its series near 0, where the difference would lose its digits; DLMF 10.8.3 and 10.25.2."""
    series = 1 + t / 4 * (
        1 + t / 9 * (1 + t / 16 * (1 + t / 25 * (1 + t / 36 * (1 + t / 49 * (1 + t / 64)))))
    )
    near = np.abs(x) < 1
    return np.where(near, t / np.where(x == 0, 1, x) * series, (bessel - 1) / np.where(near, 1, x))


@elementwise(special.it2j0y0, samples=POSITIVE)
def it2j0y0(y, x):
    """The integrals of `(1 - J0(t)) / t` up to x, and of `Y0(t) / t` from x on."""
    return -without_one(special.j0(x), x, -(x**2) / 4), -special.y0(x) / x


@elementwise(special.it2i0k0, samples=POSITIVE)
def it2i0k0(y, x):
    """The integrals of `(I0(t) - 1) / t` up to x, and of `K0(t) / t` from x on."""
    return without_one(special.i0(x), x, x**2 / 4), -special.k0(x) / x


@elementwise(special.itairy, samples=[call(real(4)).without_twin()])
def itairy(y, x):
    """The integrals of Ai and Bi from 0 to x, and of both at the negative of their argument."""
    ai, ai_slope, bi, bi_slope = special.airy(x)
    ai_left, ai_left_slope, bi_left, bi_left_slope = special.airy(-x)
    return ai, bi, ai_left, bi_left


@scaled(special.itstruve0, samples=POSITIVE)
def itstruve0(d, y, x):
    return d * special.struve(0, x)


@scaled(special.itmodstruve0, samples=POSITIVE)
def itmodstruve0(d, y, x):
    return d * special.modstruve(0, x)


@scaled(special.it2struve0, samples=POSITIVE)
def it2struve0(d, y, x):
    """The integral of `H0(t) / t` from x on."""
    return -d * special.struve(0, x) / x


@elementwise(special.besselpoly, samples=[call(draw("positive", 4), 0.5, 1.5).without_twin()])
def besselpoly(y, a, lmb, nu):
    """The integral of `x**lmb Jnu(2 a x)` from 0 to 1, by parts; NaN at a=0."""
    return (special.jv(nu, 2 * a) - (lmb + 1) * y) / a, MISSING, MISSING

"""How exact the derivatives of elementwise functions are: units in the last place against 50 digits of mpmath."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import scipy.special as sp

from backprose import value_and_grad

MOST = 10  # units in the last place of the exact number
mpmath.mp.dps = 50
PI, TWO = mpmath.pi, mpmath.mpf(2)


def density(x):
    return mpmath.exp(-(x**2) / 2) / mpmath.sqrt(2 * PI)


def normal_cdf(x):
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


# name: (the function, its derivative in 50 digits, from, to). Outside of a range that ends early, the derivative is a
# number near 0 that is the difference of two near 1 (`1 - y**2`), or `exp` of a large number that has been rounded.
FUNCTIONS = {
    "exp": (lambda x: np.exp(x), mpmath.exp, -700, 700),
    "exp2": (lambda x: np.exp2(x), lambda x: TWO**x * mpmath.log(2), -10, 10),
    "expm1": (lambda x: np.expm1(x), mpmath.exp, -30, 700),
    "log": (lambda x: np.log(x), lambda x: 1 / x, 1e-300, 1e300),
    "log2": (lambda x: np.log2(x), lambda x: 1 / x / mpmath.log(2), 1e-300, 1e300),
    "log10": (lambda x: np.log10(x), lambda x: 1 / x / mpmath.log(10), 1e-300, 1e300),
    "log1p": (lambda x: np.log1p(x), lambda x: 1 / (1 + x), 1e-300, 1e300),
    "sqrt": (lambda x: np.sqrt(x), lambda x: 1 / (2 * mpmath.sqrt(x)), 1e-300, 1e300),
    "cbrt": (lambda x: np.cbrt(x), lambda x: 1 / (3 * mpmath.cbrt(x) ** 2), 1e-300, 1e300),
    "square": (lambda x: np.square(x), lambda x: 2 * x, -1e100, 1e100),
    "reciprocal": (lambda x: np.reciprocal(x), lambda x: -1 / x**2, 1e-100, 1e100),
    "sin": (lambda x: np.sin(x), mpmath.cos, -1.5, 1.5),
    "cos": (lambda x: np.cos(x), lambda x: -mpmath.sin(x), 0.1, 1.5),
    "tan": (lambda x: np.tan(x), lambda x: mpmath.sec(x) ** 2, -1.5, 1.5),
    "arcsin": (
        lambda x: np.arcsin(x),
        lambda x: 1 / mpmath.sqrt((1 - x) * (1 + x)),
        -1 + 1e-9,
        1 - 1e-9,
    ),
    "arccos": (
        lambda x: np.arccos(x),
        lambda x: -1 / mpmath.sqrt((1 - x) * (1 + x)),
        -1 + 1e-9,
        1 - 1e-9,
    ),
    "arctan": (lambda x: np.arctan(x), lambda x: 1 / (1 + x**2), -1e100, 1e100),
    "sinh": (lambda x: np.sinh(x), mpmath.cosh, -10, 10),
    "cosh": (lambda x: np.cosh(x), mpmath.sinh, -10, 10),
    "tanh": (lambda x: np.tanh(x), lambda x: mpmath.sech(x) ** 2, -1, 1),
    "arcsinh": (lambda x: np.arcsinh(x), lambda x: 1 / mpmath.sqrt(1 + x**2), -1e100, 1e100),
    "arccosh": (
        lambda x: np.arccosh(x),
        lambda x: 1 / mpmath.sqrt((x - 1) * (x + 1)),
        1 + 1e-9,
        1e100,
    ),
    "arctanh": (lambda x: np.arctanh(x), lambda x: 1 / ((1 - x) * (1 + x)), -1 + 1e-9, 1 - 1e-9),
    "power 2.5": (lambda x: x**2.5, lambda x: x ** mpmath.mpf(1.5) * 2.5, 1e-100, 1e100),
    "power -3": (lambda x: x**-3, lambda x: -3 * x**-4, 1e-70, 1e70),
    "logaddexp": (
        lambda x: np.logaddexp(x, 0.0),
        lambda x: 1 / (1 + mpmath.exp(-x)),
        -10,
        15,
    ),
    "deg2rad": (lambda x: np.deg2rad(x), lambda x: PI / 180, -1e100, 1e100),
    "expit": (
        lambda x: sp.expit(x),
        lambda x: mpmath.exp(-x) / (1 + mpmath.exp(-x)) ** 2,
        -700,
        2,
    ),
    "logit": (lambda x: sp.logit(x), lambda x: 1 / (x * (1 - x)), 1e-300, 0.9),
    "erf": (
        lambda x: sp.erf(x),
        lambda x: 2 / mpmath.sqrt(PI) * mpmath.exp(-(x**2)),
        -3,
        3,
    ),
    "erfc": (
        lambda x: sp.erfc(x),
        lambda x: -2 / mpmath.sqrt(PI) * mpmath.exp(-(x**2)),
        -3,
        3,
    ),
    "ndtr": (lambda x: sp.ndtr(x), density, -5, 5),
    "log_ndtr": (lambda x: sp.log_ndtr(x), lambda x: density(x) / normal_cdf(x), -1e5, 2.5),
    "gammaln": (lambda x: sp.gammaln(x), mpmath.digamma, 3, 1e3),
    "entr": (lambda x: sp.entr(x), lambda x: -mpmath.log(x) - 1, 1e-300, 0.3),
    "xlogy": (lambda x: sp.xlogy(x, x), lambda x: mpmath.log(x) + 1, 2, 1e100),
}


def points(low: float, high: float) -> np.ndarray:
    """Random points of a range: as many of each size where it spans many."""
    rng = np.random.default_rng(1)
    if low > 0 and high > 100 * low:
        return np.exp(rng.uniform(np.log(low), np.log(high), 200))
    if low < 0 < high and high > 1e4:
        half = np.exp(rng.uniform(np.log(1e-10), np.log(high), 100))
        return np.concatenate([half, -half])
    return rng.uniform(low, high, 200)


def units(found: float, exact) -> float:
    """The error in units in the last place."""
    size = max(abs(float(exact)), np.finfo(float).tiny)
    return float(abs(mpmath.mpf(float(found)) - exact) / mpmath.mpf(float(np.spacing(size))))


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_units_in_the_last_place(name, target):
    function, exact, low, high = FUNCTIONS[name]
    x = points(low, high)
    _, slopes = value_and_grad(lambda x: np.sum(function(x)), target=target)(x)
    worst = max(
        (units(s, exact(mpmath.mpf(float(p)))), float(p)) for s, p in zip(slopes, x, strict=True)
    )
    print(f"{name}, {target}: {worst[0]:.1f} units at {worst[1]!r}")
    assert worst[0] <= MOST

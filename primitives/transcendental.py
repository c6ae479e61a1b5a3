"""Exponentials, logarithms, trigonometric and hyperbolic functions of NumPy, and of Python's `math`."""

import math

import numpy as np
import scipy.special

from .asked import is_complex
from .registry import alias, call, draw, elementwise, scaled

REAL, POSITIVE, NONZERO = "real", "positive", "nonzero"

# --- exponentials and logarithms ---


@elementwise(np.exp, domain=REAL, hint="e")
def exp(y, x):
    return y


@elementwise(np.exp2, domain=REAL)
def exp2(y, x):
    return y * np.log(2)


@elementwise(np.expm1, domain=REAL)
def expm1(y, x):
    return np.exp(x)


@scaled(np.log, domain=POSITIVE)
def log(d, y, x):
    return d / x


@scaled(np.log2, domain=POSITIVE)
def log2(d, y, x):
    return d / (x * np.log(2))


@scaled(np.log10, domain=POSITIVE)
def log10(d, y, x):
    return d / (x * np.log(10))


@scaled(np.log1p, domain=POSITIVE)
def log1p(d, y, x):
    return d / (1 + x)


@elementwise(np.logaddexp, domain=REAL)
def logaddexp(y, a, b):
    """Of two times -inf it is 0, as that of `logsumexp`."""
    largest = np.where(y == -np.inf, 0, y)
    return np.exp(a - largest), np.exp(b - largest)


# --- trigonometric and hyperbolic functions ---


@elementwise(np.sin, domain=REAL)
def sin(y, x):
    return np.cos(x)


@elementwise(np.cos, domain=REAL)
def cos(y, x):
    return -np.sin(x)


@elementwise(np.tan, domain=(-1.2, 1.2))
def tan(y, x):
    return 1 + y**2


@scaled(np.arcsin, domain=(-0.9, 0.9))
def arcsin(d, y, x):
    return d / np.sqrt((1 - x) * (1 + x))


@scaled(np.arccos, domain=(-0.9, 0.9))
def arccos(d, y, x):
    return -d / np.sqrt((1 - x) * (1 + x))


@scaled(np.arctan, domain=REAL)
def arctan(d, y, x):
    return d / (1 + x**2)


@scaled(np.arctan2, domain=NONZERO)
def arctan2(d, y, a, b):
    r = a**2 + b**2
    return d * b / r, -d * a / r


@elementwise(np.sinh, domain=REAL)
def sinh(y, x):
    return np.cosh(x)


@elementwise(np.cosh, domain=REAL)
def cosh(y, x):
    return np.sinh(x)


@elementwise(np.tanh, domain=REAL)
def tanh(y, x):
    return 1 - y**2


@scaled(np.arcsinh, domain=REAL)
def arcsinh(d, y, x):
    return d / np.sqrt(1 + x**2) if is_complex(x) else d / np.hypot(1, x)


@scaled(np.arccosh, domain=(1.1, 4.0))
def arccosh(d, y, x):
    if is_complex(x):
        return d / (np.sqrt(x - 1) * np.sqrt(x + 1))
    return d / np.sqrt((x - 1) * (x + 1))


@scaled(np.arctanh, domain=(-0.9, 0.9))
def arctanh(d, y, x):
    return d / ((1 - x) * (1 + x))


@elementwise(np.logaddexp2, domain=REAL)
def logaddexp2(y, a, b):
    """Of two times -inf it is 0."""
    largest = np.where(y == -np.inf, 0, y)
    return np.exp2(a - largest), np.exp2(b - largest)


@elementwise(np.ldexp, samples=[call(draw(REAL, 3, 4), 2), call(draw(REAL, 3), draw("integer", 3))])
def ldexp(y, x, n):
    return np.exp2(n), y * np.log(2)


@elementwise(np.deg2rad, domain=REAL)
def deg2rad(y, x):
    return np.pi / 180


@elementwise(np.radians, domain=REAL)
def radians(y, x):
    return np.pi / 180


@elementwise(np.rad2deg, domain=REAL)
def rad2deg(y, x):
    return 180 / np.pi


@elementwise(np.degrees, domain=REAL)
def degrees(y, x):
    return 180 / np.pi


@scaled(np.sinc, dtype="float", domain=NONZERO)
def sinc(d, y, x):
    """At 0 the derivative is 0."""
    return np.where(x == 0, 0, d * (np.cos(np.pi * x) - y) / np.where(x == 0, 1, x))


@elementwise(np.i0, dtype="float", domain=REAL)
def i0(y, x):
    return scipy.special.i1(x)


for _name in (
    "exp expm1 log log1p log2 log10 sqrt cbrt sin cos tan sinh cosh tanh hypot fabs floor ceil trunc exp2"
).split():
    if hasattr(math, _name):
        alias(getattr(math, _name), getattr(np, _name))
for _name, _function in {
    "asin": np.arcsin,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "degrees": np.degrees,
    "radians": np.radians,
    "fmod": np.fmod,
    "copysign": np.copysign,
    "acos": np.arccos,
    "atan": np.arctan,
    "atan2": np.arctan2,
    "pow": np.power,
    "isnan": np.isnan,
    "isinf": np.isinf,
    "isfinite": np.isfinite,
}.items():
    alias(getattr(math, _name), _function)

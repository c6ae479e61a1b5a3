"""Elementwise functions of NumPy: arithmetic, powers, choices, comparisons."""

import numpy as np

from .asked import is_complex, is_static
from .registry import alias, call, composed, draw, elementwise, nondifferentiable, scaled

REAL, POSITIVE, NONZERO = "real", "positive", "nonzero"

# --- arithmetic ---


@elementwise(np.add, domain=REAL)
def add(y, a, b):
    return 1, 1


@elementwise(np.subtract, domain=REAL)
def subtract(y, a, b):
    return 1, -1


@elementwise(np.multiply, domain=REAL)
def multiply(y, a, b):
    return b, a


@scaled(np.divide, domain=[REAL, NONZERO])
def divide(d, y, a, b):
    return d / b, -d * y / b


@elementwise(np.negative, domain=REAL)
def negative(y, x):
    return -1


@elementwise(np.positive, domain=REAL)
def positive(y, x):
    return 1


@elementwise(
    np.power,
    domain=[POSITIVE, REAL],
    samples=[call(draw(REAL, 3, 4), n) for n in (-2, -1, 0, 1, 2, 3)]
    + [call(draw(POSITIVE, 3), 0.5)],
)
def power(y, x, n):
    """For n = 0 the derivative is 0 and at x = 0 the derivative with respect to n is 0, as in JAX."""
    dn = y * np.log(np.where(x == 0, 1, x))
    if not is_static(n):
        return n * x ** np.where(n == 0, 1, n - 1), dn
    if n == 0:
        return 0, dn
    if n == 1:
        return 1, dn
    if n == 2:
        return 2 * x, dn
    return n * x ** (n - 1), dn


@elementwise(np.square, domain=REAL)
def square(y, x):
    return 2 * x


@scaled(np.sqrt, domain=POSITIVE)
def sqrt(d, y, x):
    return 0.5 * d / y


@scaled(np.cbrt, domain=POSITIVE)
def cbrt(d, y, x):
    return d / (3 * y**2)


@elementwise(np.reciprocal, domain=NONZERO)
def reciprocal(y, x):
    return -(y**2)


@elementwise(np.abs, domain=NONZERO)
def abs_(y, x):
    """At 0 the derivative is 0. Of a complex number it is `conj(x) / abs(x)`, of which the real part counts."""
    return np.conjugate(x) / np.where(y == 0, 1, y) if is_complex(x) else np.sign(x)


@elementwise(np.fabs, domain=NONZERO)
def fabs(y, x):
    return np.sign(x)


@scaled(np.hypot, domain=NONZERO)
def hypot(d, y, a, b):
    """At the origin the derivative is 0, as that of a norm."""
    length = np.where(y == 0, 1, y)
    return d * a / length, d * b / length


@elementwise(np.float_power, domain=[POSITIVE, REAL])
def float_power(y, x, n):
    return n * np.float_power(x, n - 1), y * np.log(x)


@scaled(np.copysign, domain=NONZERO)
def copysign(d, y, a, b):
    return np.copysign(d, d * a * b), None


@scaled(np.heaviside, domain=NONZERO)
def heaviside(d, y, x, h):
    return None, np.where(x == 0, d, 0)


@elementwise(np.fmod, domain=[REAL, NONZERO])
def fmod(y, a, b):
    return 1, -np.trunc(a / b)


@scaled(
    np.nan_to_num,
    dtype="promote",
    wrt=["x"],
    samples=[call(draw("missing", 3, 4)), call(draw("missing", 5), nan=2.0)],
)
def nan_to_num(d, y, x, nan=0.0, posinf=None, neginf=None):
    """What is replaced has the derivative 0."""
    return np.where(np.isfinite(x), d, 0)


@composed(np.modf, dtype="float", samples=[call(draw(NONZERO, 3, 4))])
def modf(x):
    return x - np.trunc(x), np.trunc(x)


@composed(np.divmod, wrt=["a", "b"], samples=[call(draw(REAL, 3), draw(NONZERO, 3))])
def divmod_(a, b):
    return np.floor_divide(a, b), np.remainder(a, b)


@elementwise(np.nextafter, samples=[call(draw(REAL, 3), draw(REAL, 3)).without_twin()])
def nextafter(y, x1, x2):
    return 1, 0


# --- choices ---


@scaled(np.maximum, domain=REAL, samples=[call(draw("ties", 4), 0.0)])
def maximum(d, y, a, b):
    """At a tie each argument has half of the derivative, as in JAX and autograd."""
    return np.where(a == b, d / 2, np.where(a > b, d, 0)), np.where(
        a == b, d / 2, np.where(b > a, d, 0)
    )


@scaled(np.minimum, domain=REAL, samples=[call(draw("ties", 4), 0.0)])
def minimum(d, y, a, b):
    """At a tie each argument has half of the derivative, as in JAX and autograd."""
    return np.where(a == b, d / 2, np.where(a < b, d, 0)), np.where(
        a == b, d / 2, np.where(b < a, d, 0)
    )


@scaled(
    np.fmin,
    domain=REAL,
    samples=[call(draw("ties", 4), 0.0).without_twin(), call(draw("missing", 5), draw(REAL, 5))],
)
@scaled(
    np.fmax,
    domain=REAL,
    samples=[call(draw("ties", 4), 0.0).without_twin(), call(draw("missing", 5), draw(REAL, 5))],
)
def fmax_and_fmin(d, y, a, b):
    """At a tie each argument has half of the derivative; NaN loses to a number."""
    return np.where(a == b, d / 2, np.where(y == a, d, 0)), np.where(
        a == b, d / 2, np.where(y == b, d, 0)
    )


@scaled(
    np.where,
    dtype="promote",
    wrt=["a", "b"],
    samples=[
        call(draw("bool", 3, 4), draw(REAL, 3, 4), draw(REAL, 4)),
        call(draw("bool", 3), 0.0, draw(REAL, 3)),
    ],
)
def where(d, y, condition, a, b):
    return None, np.where(condition, d, 0), np.where(condition, 0, d)


@scaled(
    np.clip,
    optional={"lower": "min", "upper": "max"},
    samples=[
        call(draw(REAL, 3, 4), -0.5, 0.5),
        call(draw(REAL, 3, 4), None, draw("positive", 4)),
        call(draw(REAL, 6), draw((0.0, 2.0), 6), draw((-2.0, 0.0), 6)),
        call(draw((-1.0, 1.0), 6), draw((2.0, 3.0), 6), draw((1.1, 1.9), 6)),
    ],
)
def clip(d, y, x, lower, upper):
    """`np.minimum(upper, np.maximum(x, lower))`; at a bound the derivative passes to x."""
    dx, dlower, dupper = d, None, None
    if upper is not None:
        raised = x if lower is None else np.maximum(x, lower)
        dx, dupper = np.where(raised > upper, 0, d), np.where(raised > upper, d, 0)
    if lower is not None:
        dx, dlower = np.where(x < lower, 0, dx), np.where(x < lower, dx, 0)
    return dx, dlower, dupper


# --- piecewise constant functions and comparisons ---

for _function in (
    np.sign,
    np.floor,
    np.ceil,
    np.trunc,
    np.rint,
    np.isnan,
    np.isinf,
    np.isfinite,
    np.logical_not,
    np.signbit,
    np.spacing,
):
    nondifferentiable(_function, lambda x: x, dtype="ufunc", samples=[call(draw(REAL, 3))])
nondifferentiable(
    np.invert, lambda x: x, dtype="ufunc", samples=[call(draw("bool", 3)), call(draw("integer", 3))]
)
COMPARISONS = (np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal)
for _function in (
    *COMPARISONS,
    np.logical_and,
    np.logical_or,
    np.logical_xor,
    np.bitwise_and,
    np.bitwise_or,
    np.bitwise_xor,
    np.left_shift,
    np.right_shift,
):
    nondifferentiable(
        _function,
        lambda a, b: a,
        dtype="ufunc",
        samples=[call(draw("integer", 3), draw("integer", 3))],
    )
alias(np.around, np.round)
alias(np.fix, np.trunc)
nondifferentiable(np.round, lambda x, decimals=0: x, samples=[call(draw(REAL, 3), decimals=1)])


@elementwise(np.remainder, domain=["real", "nonzero"])
def remainder(y, a, b):
    return 1, -np.floor(a / b)


nondifferentiable(
    np.floor_divide, lambda a, b: a, dtype="ufunc", samples=[call(draw(REAL, 3), draw(NONZERO, 3))]
)

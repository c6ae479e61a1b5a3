"""Functions of `scipy.special`. Formulas: NIST Digital Library of Mathematical Functions, dlmf.nist.gov."""

import math

import jax.numpy as jnp
import jax.scipy.special
import numpy as np
import scipy.special
from scipy.special import betaln, digamma, entr, expit, expn, gammaln, polygamma, zeta
from scipy.special import i0 as bessel_i0
from scipy.special import i0e as bessel_i0e

from .. import special as compiled
from .reductions import restored
from .registry import (
    MISSING,
    adjoint,
    alias,
    call,
    composed,
    double,
    draw,
    elementwise,
    holds_for_complex,
    scaled,
    tangent,
)

SQRT_HALF = math.sqrt(0.5)
REAL, POSITIVE, NONZERO, UNIT = "real", "positive", "nonzero", (0.1, 0.9)

# --- error functions and the normal distribution ---


@elementwise(scipy.special.erf, domain=REAL)
def erf(y, x):
    return 2 / np.sqrt(np.pi) * np.exp(-(x**2))


@elementwise(scipy.special.erfc, domain=REAL)
def erfc(y, x):
    return -2 / np.sqrt(np.pi) * np.exp(-(x**2))


@elementwise(scipy.special.erfcx, jax=compiled.erfcx, domain=REAL)
def erfcx(y, x):
    return 2 * x * y - 2 / np.sqrt(np.pi)


@elementwise(scipy.special.erfinv, domain=(-0.9, 0.9))
def erfinv(y, x):
    return np.sqrt(np.pi) / 2 * np.exp(y**2)


@composed(scipy.special.erfcinv, inline=True, samples=[call(draw((0.2, 1.8), 3)).without_twin()])
def erfcinv(x):
    return -SQRT_HALF * scipy.special.ndtri(x / 2)


@elementwise(scipy.special.dawsn, domain=REAL)
def dawsn(y, x):
    """DLMF 7.10.2."""
    return 1 - 2 * x * y


@elementwise(scipy.special.ndtr, domain=REAL)
def ndtr(y, x):
    return np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


@elementwise(scipy.special.log_ndtr, domain=REAL)
def log_ndtr(y, x):
    """The density over the distribution function, both times `exp(x**2 / 2)`."""
    return np.sqrt(2 / np.pi) / scipy.special.erfcx(-x / np.sqrt(2))


@elementwise(scipy.special.ndtri, domain=UNIT)
def ndtri(y, p):
    return np.sqrt(2 * np.pi) * np.exp(y**2 / 2)


# --- gamma and beta functions ---


@elementwise(scipy.special.gamma, domain=POSITIVE)
def gamma(y, x):
    return y * digamma(x)


@composed(scipy.special.rgamma, inline=True, samples=[call(draw((0.2, 5.0), 3)).without_twin()])
def rgamma(x):
    return 1 / scipy.special.gamma(x)


@elementwise(gammaln, domain=POSITIVE)
def gammaln_(y, x):
    return digamma(x)


@elementwise(digamma, domain=POSITIVE, jax=jax.scipy.special.digamma)
def digamma_(y, x):
    return polygamma(1, x)


@adjoint(
    polygamma,
    dtype=lambda *dtypes: np.dtype(float),
    wrt=["x"],
    samples=[call(1, draw(POSITIVE, 3)), call(2, draw(POSITIVE, 3))],
)
def polygamma_(dy, y, n, x):
    return None, dy * polygamma(n + 1, x)


@tangent(polygamma)
def polygamma_tangent(x_dot, y, n, x):
    return x_dot * polygamma(n + 1, x)


@elementwise(
    expn,
    jax=compiled.expn,
    samples=[
        call(2, draw(POSITIVE, 4)).without_twin(),
        call(np.array([1, 3]), draw(POSITIVE, 3, 2)).without_twin(),
    ],
)
def expn_(y, n, x):
    """DLMF 8.19.13; 8.19.5 for the order 0."""
    return None, -np.where(n == 0, y * (1 + 1 / x), expn(np.maximum(n - 1, 0), x))


@elementwise(scipy.special.beta, jax=compiled.beta, domain=POSITIVE)
def beta(y, a, b):
    """DLMF 5.12.1."""
    common = digamma(a + b)
    return y * (digamma(a) - common), y * (digamma(b) - common)


@elementwise(betaln, jax=compiled.betaln, domain=POSITIVE)
def betaln_(y, a, b):
    common = digamma(a + b)
    return digamma(a) - common, digamma(b) - common


INCOMPLETE = [call(2.5, draw(POSITIVE, 4)), call(np.array([0.5, 3.0]), draw(POSITIVE, 3, 2))]


@elementwise(scipy.special.gammainc, samples=INCOMPLETE)
def gammainc(y, a, x):
    """DLMF 8.8.13; in `a` it has no closed form."""
    return MISSING, np.exp(scipy.special.xlogy(a - 1, x) - x - gammaln(a))


@elementwise(scipy.special.gammaincc, samples=INCOMPLETE)
def gammaincc(y, a, x):
    return MISSING, -np.exp(scipy.special.xlogy(a - 1, x) - x - gammaln(a))


@elementwise(
    scipy.special.betainc,
    samples=[call(2.5, 1.5, draw(UNIT, 4)), call(np.array([0.5, 3.0]), 2.0, draw(UNIT, 3, 2))],
)
def betainc(y, a, b, x):
    """DLMF 8.17.1; in `a` and `b` it has no closed form."""
    powers = scipy.special.xlogy(a - 1, x) + scipy.special.xlog1py(b - 1, -x)
    return MISSING, MISSING, np.exp(powers - betaln(a, b))


@elementwise(
    zeta, samples=[call(2.5, draw(POSITIVE, 4)), call(np.array([2.0, 4.0]), draw(POSITIVE, 3, 2))]
)
def zeta_(y, x, q):
    """DLMF 25.11.17; in `x` it has no closed form."""
    return MISSING, -x * zeta(x + 1, q)


# --- logarithms of probabilities ---


@elementwise(expit, domain=REAL)
def expit_(y, x):
    return y * (1 - y)


@scaled(scipy.special.logit, domain=UNIT)
def logit(d, y, p):
    return d / (p * (1 - p))


@scaled(scipy.special.xlogy, domain=POSITIVE)
def xlogy(d, z, x, y):
    """At (0, 0) it is 0 along y, as at every other (0, y)."""
    return d * np.log(y), np.where((x == 0) & (y == 0), 0, d * x / y)


@scaled(scipy.special.xlog1py, domain=POSITIVE)
def xlog1py(d, z, x, y):
    return d * np.log1p(y), np.where((x == 0) & (y == -1), 0, d * x / (1 + y))


@elementwise(entr, domain=POSITIVE)
def entr_(y, x):
    return -np.log(x) - 1


@scaled(scipy.special.rel_entr, domain=POSITIVE)
def rel_entr(d, z, x, y):
    return d * (np.log(x / y) + 1), -np.where((x == 0) & (y == 0), 0, d * x / y)


@scaled(scipy.special.kl_div, domain=POSITIVE)
def kl_div(d, z, x, y):
    return d * np.log(x / y), d * (1 - np.where((x == 0) & (y == 0), 0, x / y))


SPREAD = [
    call(draw(REAL, 3, 4)),
    call(draw(REAL, 3, 4), axis=0),
    call(draw(REAL, 3, 4), axis=1, keepdims=True),
    call(draw(REAL, 2, 3, 4), axis=(0, 2)),
]


@adjoint(scipy.special.logsumexp, dtype="float", samples=SPREAD)
def logsumexp(dy, y, a, axis=None, keepdims=False):
    """Where all terms are `exp(-inf)`, the derivative is 0."""
    whole = restored(np.where(np.isfinite(y), y, 0), a, axis, keepdims)
    return restored(dy, a, axis, keepdims) * np.exp(a - whole)


@tangent(scipy.special.logsumexp)
def logsumexp_tangent(a_dot, y, a, axis=None, keepdims=False):
    whole = restored(np.where(np.isfinite(y), y, 0), a, axis, keepdims)
    return np.sum(a_dot * np.exp(a - whole), axis=axis, keepdims=keepdims)


holds_for_complex(scipy.special.logsumexp)

SHIFTED = [call(draw(REAL, 3, 4)), call(draw(REAL, 3, 4), axis=0), call(draw(REAL, 3, 4), axis=-1)]


@adjoint(scipy.special.softmax, dtype="float", samples=SHIFTED)
def softmax(dy, y, x, axis=None):
    return y * (dy - np.sum(dy * y, axis=axis, keepdims=True))


@tangent(scipy.special.softmax)
def softmax_tangent(x_dot, y, x, axis=None):
    return y * (x_dot - np.sum(x_dot * y, axis=axis, keepdims=True))


@adjoint(scipy.special.log_softmax, dtype="float", samples=SHIFTED)
def log_softmax(dy, y, x, axis=None):
    return dy - np.exp(y) * np.sum(dy, axis=axis, keepdims=True)


@tangent(scipy.special.log_softmax)
def log_softmax_tangent(x_dot, y, x, axis=None):
    return x_dot - np.sum(np.exp(y) * x_dot, axis=axis, keepdims=True)


# --- Bessel functions and integrals ---


@elementwise(bessel_i0, domain=REAL)
def i0(y, x):
    return scipy.special.i1(x)


@elementwise(bessel_i0e, domain=NONZERO)
def i0e(y, x):
    return scipy.special.i1e(x) - np.sign(x) * y


@elementwise(scipy.special.i1, domain=NONZERO)
def i1(y, x):
    """DLMF 10.29.2; 1/2 at 0."""
    return np.where(x == 0, 0.5, bessel_i0(x) - y / np.where(x == 0, 1, x))


@elementwise(scipy.special.i1e, domain=NONZERO)
def i1e(y, x):
    ratio = np.where(x == 0, 0.5, y / np.where(x == 0, 1, x))
    return bessel_i0e(x) - np.sign(x) * y - ratio


@scaled(scipy.special.exp1, jax=compiled.exp1, samples=[call(draw(POSITIVE, 3, 4)).without_twin()])
def exp1(d, y, x):
    return -d * np.exp(-x) / x


@scaled(scipy.special.expi, jax=compiled.expi, domain=NONZERO)
def expi(d, y, x):
    return d * np.exp(x) / x


@scaled(scipy.special.spence, samples=[call(draw((1.2, 3.0), 3, 4)).without_twin()])
def spence(d, y, x):
    """DLMF 25.12.2, for SciPy's argument 1 - z; -1 at 1."""
    return d * np.where(x == 1, -1, np.log(x) / np.where(x == 1, 1, 1 - x))


# --- functions that are made of others ---


@composed(scipy.special.exp10, samples=[call(draw(REAL, 3)).without_twin()])
def exp10(x):
    return 10.0**x


@composed(scipy.special.cosm1, samples=[call(draw(REAL, 3)).without_twin()])
def cosm1(x):
    return -2 * np.sin(x / 2) ** 2


@composed(scipy.special.log_expit, samples=[call(draw(REAL, 3)).without_twin()])
def log_expit(x):
    return -np.logaddexp(0, -x)


@composed(scipy.special.softplus, samples=[call(draw(REAL, 3)).without_twin()])
def softplus(x):
    return np.logaddexp(0, x)


@composed(
    scipy.special.huber, wrt=["delta", "r"], samples=[call(0.7, draw(REAL, 5)).without_twin()]
)
def huber(delta, r):
    return np.where(np.abs(r) <= delta, r**2 / 2, delta * (np.abs(r) - delta / 2))


@composed(
    scipy.special.pseudo_huber,
    wrt=["delta", "r"],
    samples=[call(draw(POSITIVE), draw(REAL, 5)).without_twin()],
)
def pseudo_huber(delta, r):
    return r**2 / (1 + np.sqrt(1 + (r / delta) ** 2))


@composed(scipy.special.sindg, samples=[call(draw(REAL, 3)).without_twin()])
def sindg(x):
    return np.sin(np.deg2rad(x))


@composed(scipy.special.cosdg, samples=[call(draw(REAL, 3)).without_twin()])
def cosdg(x):
    return np.cos(np.deg2rad(x))


@composed(scipy.special.tandg, samples=[call(draw(REAL, 3)).without_twin()])
def tandg(x):
    return np.tan(np.deg2rad(x))


@composed(
    scipy.special.perm,
    dtype=double,
    wrt=["N", "k"],
    samples=[call(draw((4.0, 6.0), 3), 2).without_twin()],
)
def perm(N, k, exact=False):
    """The number of arrangements, as a falling factorial."""
    if exact:
        raise NotImplementedError("scipy.special.perm with exact=True")
    there = (k <= N) & (N >= 0) & (k >= 0)
    return np.where(there, scipy.special.poch(np.where(there, N - k + 1, 1), k), 0)


@composed(scipy.special.diric, dtype=double, samples=[call(draw(REAL, 4), 5).without_twin()])
def diric(x, n):
    """Where the denominator is 0 it is 1 or -1; `n` is a whole number."""
    half = np.asarray(x) / 2
    bottom = np.sin(half)
    flat = np.abs(bottom) < 1e-9
    sign = np.where((np.round(half / np.pi) * (n - 1)) % 2 == 0, 1.0, -1.0)
    return np.where(flat, sign, np.sin(n * half) / (n * np.where(flat, 1, bottom)))


for _name in ("cbrt", "exp2", "expm1", "log1p", "round"):
    alias(getattr(scipy.special, _name), getattr(np, "rint" if _name == "round" else _name))
alias(math.erf, scipy.special.erf)
alias(math.erfc, scipy.special.erfc)
alias(math.gamma, scipy.special.gamma)
alias(math.lgamma, gammaln)


# --- distribution functions that SciPy has among its statistics ---


def student_cdf(x, df):
    """The distribution function of Student's t, in the dtype of `x`."""
    import scipy.stats  # late, since it takes a second

    return np.asarray(scipy.stats.t.cdf(x, df), np.result_type(x))


@elementwise(
    student_cdf,
    jax=lambda x, df: jnp.abs(
        (x > 0) - 0.5 * jax.scipy.special.betainc(df / 2, 0.5, df / (df + x**2))
    ),
    samples=[call(draw(REAL, 4), 2.5).without_twin()],
)
def student_cdf_(y, x, df):
    """The density; in `df` it has no closed form, and no derivative in JAX."""
    log_density = -(df + 1) / 2 * np.log1p(x**2 / df) - betaln(df / 2, 0.5) - np.log(df) / 2
    return np.exp(log_density), MISSING

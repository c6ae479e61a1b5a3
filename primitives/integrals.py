"""Integrals, confluent functions and others of `scipy.special` that JAX lacks. Formulas: DLMF, dlmf.nist.gov."""

import numpy as np
from scipy import special

from .. import special as compiled
from .registry import MISSING, call, composed, draw, elementwise, real, scaled

POSITIVE = draw("positive", 4)
ONE = [call(real(3, 4)).without_twin()]
OF_POSITIVE = [call(POSITIVE).without_twin()]


def complex128(*dtypes):
    """What Lambert's W is, whatever it is given."""
    return np.dtype(complex)


# --- made of functions that JAX has ---


@composed(special.erfi, samples=ONE)
def erfi(z):
    """DLMF 7.5.1."""
    return 2 / np.sqrt(np.pi) * np.exp(z**2) * special.dawsn(z)


@composed(special.voigt_profile, wrt=["x", "sigma", "gamma"], samples=[
    call(real(4), POSITIVE, POSITIVE).without_twin()
])  # fmt: skip
def voigt_profile(x, sigma, gamma):
    """DLMF 7.19.1; the width of the Gaussian must not be 0."""
    z = (x + 1j * gamma) / (sigma * np.sqrt(2))
    return np.real(special.wofz(z)) / (sigma * np.sqrt(2 * np.pi))


@composed(special.agm, wrt=["a", "b"], samples=[call(POSITIVE, POSITIVE).without_twin()])
def agm(a, b):
    """DLMF 19.8.5."""
    return np.pi / 4 * (a + b) / special.ellipkm1(4 * a * b / (a + b) ** 2)


@composed(special.cotdg, samples=OF_POSITIVE)
def cotdg(x):
    return 1 / np.tan(np.deg2rad(x))


@composed(
    special.radian, wrt=["d", "m", "s"], samples=[call(real(4), real(4), real(4)).without_twin()]
)
def radian(d, m, s):
    """Degrees, minutes and seconds."""
    return np.deg2rad(d + m / 60 + s / 3600)


@composed(special.powm1, wrt=["x", "y"], samples=[call(POSITIVE, real(4)).without_twin()])
def powm1(x, y):
    positive, other = np.where(x > 0, x, 1), np.where(x > 0, 1, x)
    return np.where(x > 0, np.expm1(y * np.log(positive)), other**y - 1)


def log_of_boxcox(y, lmbda):
    """`log(1 + lmbda y) / lmbda`, by its series where the parameter is 0, so that its derivatives are right there."""
    power = np.where(lmbda == 0, 1, lmbda)
    series = y - lmbda * y**2 / 2 + lmbda**2 * y**3 / 3
    return np.where(lmbda == 0, series, np.log1p(power * y) / power)


@composed(special.inv_boxcox, wrt=["y", "lmbda"], samples=[call(POSITIVE, 0.5).without_twin()])
def inv_boxcox(y, lmbda):
    return np.exp(log_of_boxcox(y, lmbda))


@composed(special.inv_boxcox1p, wrt=["y", "lmbda"], samples=[call(POSITIVE, 0.5).without_twin()])
def inv_boxcox1p(y, lmbda):
    return np.expm1(log_of_boxcox(y, lmbda))


# --- that JAX has ---


@elementwise(special.wofz, samples=[call(draw("complex", 4))])
def wofz(y, z):
    """DLMF 7.10.2 and 7.2.3."""
    return 2j / np.sqrt(np.pi) - 2 * z * y


@elementwise(special.hyp1f1, jax=compiled.hyp1f1, samples=[call(0.5, 1.5, POSITIVE).without_twin()])
def hyp1f1(y, a, b, x):
    """DLMF 13.3.15."""
    return MISSING, MISSING, a / b * special.hyp1f1(a + 1, b + 1, x)


@elementwise(
    special.hyp2f1,
    jax=compiled.hyp2f1,
    samples=[call(0.5, 1.5, 2.5, draw((-0.8, 0.8), 4)).without_twin()],
)
def hyp2f1(y, a, b, c, z):
    """DLMF 15.5.1."""
    return MISSING, MISSING, MISSING, a * b / c * special.hyp2f1(a + 1, b + 1, c + 1, z)


@elementwise(special.poch, jax=compiled.poch, domain="positive")
def poch(y, z, m):
    """DLMF 5.2.5."""
    both = special.digamma(z + m)
    return y * (both - special.digamma(z)), y * both


@elementwise(special.owens_t, samples=[call(real(4), real(4)).without_twin()])
def owens_t(y, h, a):
    """D. B. Owen, "A table of normal integrals", 1980."""
    along_h = -np.exp(-(h**2) / 2) * special.erf(a * h / np.sqrt(2)) / (2 * np.sqrt(2 * np.pi))
    return along_h, np.exp(-(h**2) * (1 + a**2) / 2) / (2 * np.pi * (1 + a**2))


# JAX's own derivative along the parameter is 0 where the parameter is 0.
POWERS = [call(POSITIVE, real(4)).without_twin(), call(POSITIVE, 0.5)]


@elementwise(special.boxcox, samples=POWERS)
def boxcox(y, x, lmbda):
    """`log(x)` times `exprel(lmbda log(x))`; of 0 it is `-1 / lmbda` for positive parameters."""
    log = np.log(np.where(x == 0, 1, x))
    slope = log**2 * special.hyp1f1(2, 3, lmbda * log) / 2
    square = np.where(lmbda == 0, 1, lmbda) ** 2
    return x ** (lmbda - 1), np.where((x == 0) & (lmbda > 0), 1 / square, slope)


@elementwise(special.boxcox1p, samples=POWERS)
def boxcox1p(y, x, lmbda):
    log = np.log1p(np.where(x == -1, 0, x))
    slope = log**2 * special.hyp1f1(2, 3, lmbda * log) / 2
    square = np.where(lmbda == 0, 1, lmbda) ** 2
    return (1 + x) ** (lmbda - 1), np.where((x == -1) & (lmbda > 0), 1 / square, slope)


# --- of SciPy alone ---


@elementwise(special.binom, samples=[call(draw((3.0, 6.0), 4), draw((0.5, 2.5), 4)).without_twin()])
def binom(y, n, k):
    """DLMF 1.2.6 and 5.2.2; NaN where the result is 0 for whole numbers."""
    rest = special.digamma(n - k + 1)
    return y * (special.digamma(n + 1) - rest), y * (rest - special.digamma(k + 1))


@elementwise(special.hyp0f1, samples=[call(1.5, POSITIVE).without_twin()])
def hyp0f1(y, v, z):
    """DLMF 16.3.1."""
    return MISSING, special.hyp0f1(v + 1, z) / v


@elementwise(special.hyperu, samples=[call(0.5, 1.5, POSITIVE).without_twin()])
def hyperu(y, a, b, x):
    """DLMF 13.3.22."""
    return MISSING, MISSING, -a * special.hyperu(a + 1, b + 1, x)


@elementwise(special.exprel, samples=ONE)
def exprel(y, x):
    """`exprel(x)` is Kummer's M(1, 2, x), DLMF 13.3.15."""
    return special.hyp1f1(2, 3, x) / 2


@scaled(special.wrightomega, samples=ONE)
def wrightomega(d, y, z):
    """`y + log(y) = z`, DLMF 4.13."""
    return d * y / (1 + y)


@elementwise(
    special.lambertw,
    wrt=["z"],
    dtype=complex128,
    jax=compiled.lambertw,
    samples=[
        call(POSITIVE).without_twin(),
        call(draw("complex", 4)).without_twin(),
        call(draw((-0.3, -0.1), 4), k=-1).without_twin(),
    ],
)
def lambertw(y, z, k=0, tol=1e-8):
    """DLMF 4.13.4; infinite at the branch point, `-1/e`."""
    return np.exp(-y) / (1 + y)


@elementwise(special.wright_bessel, samples=[call(0.5, 1.5, POSITIVE).without_twin()])
def wright_bessel(y, a, b, x):
    return MISSING, MISSING, special.wright_bessel(a, a + b, x)


@elementwise(special.log_wright_bessel, samples=[call(0.5, 1.5, POSITIVE).without_twin()])
def log_wright_bessel(y, a, b, x):
    return MISSING, MISSING, np.exp(special.log_wright_bessel(a, a + b, x) - y)


# --- several results ---


@elementwise(special.sici, samples=OF_POSITIVE)
def sici(y, x):
    """DLMF 6.2.9 and 6.2.11."""
    return np.sinc(x / np.pi), np.cos(x) / x


@elementwise(special.fresnel, samples=ONE)
def fresnel(y, z):
    """DLMF 7.2.7 and 7.2.8."""
    angle = np.pi / 2 * z**2
    return np.sin(angle), np.cos(angle)


@elementwise(special.shichi, samples=OF_POSITIVE)
def shichi(y, x):
    """DLMF 6.2.15 and 6.2.16."""
    return np.sinh(x) / x, np.cosh(x) / x


@elementwise(special.modfresnelp, samples=OF_POSITIVE)
def modfresnelp(y, x):
    """`F(x)`, the integral of `exp(i t**2)` from x on, and `exp(-i (x**2 + pi/4)) F(x) / sqrt(pi)`."""
    return -np.exp(1j * x**2), -2j * x * y[1] - np.exp(-0.25j * np.pi) / np.sqrt(np.pi)


@elementwise(special.modfresnelm, samples=OF_POSITIVE)
def modfresnelm(y, x):
    return -np.exp(-1j * x**2), 2j * x * y[1] - np.exp(0.25j * np.pi) / np.sqrt(np.pi)

"""Densities, probabilities and distribution functions of `scipy.stats`.

Loaded when the first function of `scipy.stats` is met, since importing that takes a second.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.stats
from scipy.special import (
    betainc,
    betaln,
    expit,
    gammainc,
    gammaincc,
    gammaln,
    log_ndtr,
    ndtr,
    ndtri,
    xlog1py,
    xlogy,
)

from .asked import is_integer, is_static
from .registry import Sample, call, composed, double, draw, real
from .shapes import astype
from .special import student_cdf

POSITIVE, UNIT = "positive", (0.1, 0.9)
HALF_LOG_2PI = 0.9189385332046727  # log(2 pi) / 2


# JAX averages a covariance with its transpose, where SciPy reads the lower triangle; its von Mises has no place; it
# does not differentiate its Gumbel; its counts need not be whole; NaN is outside of its intervals; and the tail of
# its Cauchy is rounded away, as are digits of its beta function. Of `log(0) * 0` its chi-squared is NaN.
LACKING = (
    "multivariate_normal vonmises gumbel_r bernoulli binom geom nbinom uniform poisson.logpmf poisson.pmf "
    "gamma.logpdf gamma.pdf chi2.logpdf chi2.pdf beta.logpdf beta.pdf truncnorm.cdf "
    "cauchy.cdf cauchy.sf cauchy.logcdf cauchy.logsf cauchy.ppf cauchy.isf"
).split()


def of(name: str, method: str, *samples: Sample, wrt: Sequence[str] | None = None) -> Callable:
    """A decorator for the rule of `scipy.stats.NAME.METHOD`; the first array parameters and loc and scale vary."""
    function = getattr(getattr(scipy.stats, name), method)
    lacking = name in LACKING or f"{name}.{method}" in LACKING
    try:
        twin = (
            None
            if lacking
            else getattr(importlib.import_module(f"jax.scipy.stats.{name}"), method, None)
        )
    except ImportError:
        twin = None

    def add(rule: Any) -> Any:
        varied = wrt or rule.__code__.co_varnames[: rule.__code__.co_argcount]
        options: dict[str, Any] = {"jax": twin} if twin is not None else {"inline": True}
        used = samples if twin is not None else [s.without_twin() for s in samples]
        return composed(function, dtype=double, wrt=varied, samples=used, **options)(rule)

    return add


def moved(domain: Any = "real", *shapes: Any) -> list[Sample]:
    """A call with a place, and a scale for each element."""
    return [call(draw(domain, 3), *shapes, draw((-0.05, 0.05)), scale=draw(POSITIVE, 3))]


def log_of_scale(scale):
    return 0 if is_static(scale) and scale == 1 else np.log(scale)


# --- the normal distribution ---


@of("norm", "logpdf", *moved())
def norm_logpdf(x, loc=0, scale=1):
    return -(((x - loc) / scale) ** 2) / 2 - log_of_scale(scale) - HALF_LOG_2PI


@of("norm", "pdf", *moved())
def norm_pdf(x, loc=0, scale=1):
    return np.exp(-(((x - loc) / scale) ** 2) / 2) / (scale * np.sqrt(2 * np.pi))


@of("norm", "cdf", *moved())
def norm_cdf(x, loc=0, scale=1):
    return ndtr((x - loc) / scale)


@of("norm", "logcdf", *moved())
def norm_logcdf(x, loc=0, scale=1):
    return log_ndtr((x - loc) / scale)


@of("norm", "sf", *moved())
def norm_sf(x, loc=0, scale=1):
    return ndtr((loc - x) / scale)


@of("norm", "logsf", *moved())
def norm_logsf(x, loc=0, scale=1):
    return log_ndtr((loc - x) / scale)


@of("norm", "ppf", *moved(UNIT))
def norm_ppf(q, loc=0, scale=1):
    return loc + scale * ndtri(q)


# --- other distributions on the line ---


@of("laplace", "logpdf", *moved("nonzero"))
def laplace_logpdf(x, loc=0, scale=1):
    return -np.abs(x - loc) / scale - np.log(2 * scale)


@of("laplace", "pdf", *moved("nonzero"))
def laplace_pdf(x, loc=0, scale=1):
    return np.exp(-np.abs(x - loc) / scale) / (2 * scale)


@of("laplace", "cdf", *moved("nonzero"))
def laplace_cdf(x, loc=0, scale=1):
    z = (x - loc) / scale
    return np.where(
        z < 0, np.exp(np.where(z < 0, z, 0)) / 2, 1 - np.exp(-np.where(z < 0, 0, z)) / 2
    )


@of("logistic", "logpdf", *moved())
def logistic_logpdf(x, loc=0, scale=1):
    z = (x - loc) / scale
    return -z - 2 * np.logaddexp(0, -z) - log_of_scale(scale)


@of("logistic", "pdf", *moved())
def logistic_pdf(x, loc=0, scale=1):
    y = expit((x - loc) / scale)
    return y * (1 - y) / scale


@of("logistic", "cdf", *moved())
def logistic_cdf(x, loc=0, scale=1):
    return expit((x - loc) / scale)


@of("logistic", "sf", *moved())
def logistic_sf(x, loc=0, scale=1):
    return expit((loc - x) / scale)


@of("cauchy", "logpdf", *moved())
def cauchy_logpdf(x, loc=0, scale=1):
    return -np.log(np.pi * scale) - np.log1p(((x - loc) / scale) ** 2)


@of("cauchy", "pdf", *moved())
def cauchy_pdf(x, loc=0, scale=1):
    return 1 / (np.pi * scale * (1 + ((x - loc) / scale) ** 2))


@of("cauchy", "cdf", *moved())
def cauchy_cdf(x, loc=0, scale=1):
    return np.arctan2(1, (loc - x) / scale) / np.pi


T = [call(real(3), draw(POSITIVE)), call(real(4), draw(POSITIVE), real(), draw(POSITIVE))]


FIXED_T = [call(real(3), 2.5), call(real(4), 3.0, loc=draw((-0.5, 0.5)), scale=draw(POSITIVE))]


@of("t", "logpdf", *T)
def t_logpdf(x, df, loc=0, scale=1):
    constant = (
        gammaln((df + 1) / 2) - gammaln(df / 2) - np.log(df * np.pi) / 2 - log_of_scale(scale)
    )
    return constant - (df + 1) / 2 * np.log1p(((x - loc) / scale) ** 2 / df)


@of("t", "pdf", *T)
def t_pdf(x, df, loc=0, scale=1):
    return np.exp(t_logpdf(x, df, loc, scale))


@of("t", "cdf", *FIXED_T)
def t_cdf(x, df, loc=0, scale=1):
    return student_cdf(astype((x - loc) / scale, np.float64), df)


@of("t", "sf", *FIXED_T)
def t_sf(x, df, loc=0, scale=1):
    return student_cdf(astype((loc - x) / scale, np.float64), df)


@of("t", "logcdf", *FIXED_T)
def t_logcdf(x, df, loc=0, scale=1):
    return np.log(student_cdf(astype((x - loc) / scale, np.float64), df))


# --- distributions on a part of the line; outside the derivative is 0 ---


def unless_nan(x, value):
    """A value that a comparison has chosen, which was false of NaN."""
    return value if is_integer(x) else np.where(np.isnan(x), np.nan, value)


@of("uniform", "logpdf", call(draw(UNIT, 3)))
def uniform_logpdf(x, loc=0, scale=1):
    z = (x - loc) / scale
    return unless_nan(z, np.where((z < 0) | (z > 1), -np.inf, -np.log(scale)))


@of("uniform", "pdf", call(draw(UNIT, 3)))
def uniform_pdf(x, loc=0, scale=1):
    z = (x - loc) / scale
    return unless_nan(z, np.where((z < 0) | (z > 1), 0, 1 / scale))


@of("uniform", "cdf", call(draw(UNIT, 3)))
def uniform_cdf(x, loc=0, scale=1):
    return np.clip((x - loc) / scale, 0, 1)


@of("expon", "logpdf", *moved(POSITIVE))
def expon_logpdf(x, loc=0, scale=1):
    z = (x - loc) / scale
    return np.where(z < 0, -np.inf, -z - log_of_scale(scale))


@of("expon", "pdf", *moved(POSITIVE))
def expon_pdf(x, loc=0, scale=1):
    z = (x - loc) / scale
    return np.where(z < 0, 0, np.exp(-z) / scale)


@of("expon", "cdf", *moved(POSITIVE))
def expon_cdf(x, loc=0, scale=1):
    z = (x - loc) / scale
    return -np.expm1(-np.where(z < 0, 0, z))


@of("expon", "sf", *moved(POSITIVE))
def expon_sf(x, loc=0, scale=1):
    z = (x - loc) / scale
    return np.exp(-np.where(z < 0, 0, z))


GAMMA = moved(POSITIVE, draw(POSITIVE))
BOUNDED = [call(draw((0.4, 0.9), 3), draw(POSITIVE), draw(POSITIVE))]
FIXED = [call(draw(POSITIVE, 3), 2.5), call(draw(POSITIVE, 4), 1.5, 0.0, draw(POSITIVE))]


def beyond(outside, value):
    """A logarithm of a density, -inf outside of its support. Of NaN no comparison is true, so that it stays."""
    return np.where(outside, -np.inf, value)


def is_below(z, power):
    """Where a density with the factor `z**power` is 0: below 0, and at 0 where the power is positive."""
    if is_static(power):
        return z <= 0 if power > 0 else z < 0
    return (z < 0) | ((z == 0) & (power > 0))


@of("gamma", "logpdf", *GAMMA)
def gamma_logpdf(x, a, loc=0, scale=1):
    z = (x - loc) / scale
    outside = is_below(z, a - 1)
    inner = np.where(outside, 1, z)
    return beyond(outside, xlogy(a - 1, inner) - inner - gammaln(a) - log_of_scale(scale))


@of("gamma", "pdf", *GAMMA)
def gamma_pdf(x, a, loc=0, scale=1):
    return np.exp(gamma_logpdf(x, a, loc, scale))


@of("gamma", "cdf", *FIXED)
def gamma_cdf(x, a, loc=0, scale=1):
    return gammainc(a, np.maximum((x - loc) / scale, 0))


@of("gamma", "sf", *FIXED)
def gamma_sf(x, a, loc=0, scale=1):
    return gammaincc(a, np.maximum((x - loc) / scale, 0))


@of("chi2", "logpdf", *GAMMA)
def chi2_logpdf(x, df, loc=0, scale=1):
    return gamma_logpdf(x, df / 2, loc, 2 * scale)


@of("chi2", "pdf", *GAMMA)
def chi2_pdf(x, df, loc=0, scale=1):
    return np.exp(gamma_logpdf(x, df / 2, loc, 2 * scale))


@of("chi2", "cdf", *FIXED)
def chi2_cdf(x, df, loc=0, scale=1):
    return gamma_cdf(x, df / 2, loc, 2 * scale)


@of("chi2", "sf", *FIXED)
def chi2_sf(x, df, loc=0, scale=1):
    return gamma_sf(x, df / 2, loc, 2 * scale)


@of("beta", "logpdf", *BOUNDED)
def beta_logpdf(x, a, b, loc=0, scale=1):
    z = (x - loc) / scale
    outside = is_below(z, a - 1) | is_below(1 - z, b - 1)
    inner = np.where(outside, 0.5, z)
    value = xlogy(a - 1, inner) + xlog1py(b - 1, -inner) - betaln(a, b) - log_of_scale(scale)
    return beyond(outside, value)


@of("beta", "pdf", *BOUNDED)
def beta_pdf(x, a, b, loc=0, scale=1):
    return np.exp(beta_logpdf(x, a, b, loc, scale))


@of("beta", "cdf", call(draw((0.2, 0.9), 3), 2.5, 1.5))
def beta_cdf(x, a, b, loc=0, scale=1):
    return betainc(a, b, np.clip((x - loc) / scale, 0, 1))


# --- distributions of vectors ---

CORNERS = [call(np.array([0.2, 0.3, 0.5]), draw(POSITIVE, 3))]
VECTORS = [
    call(real(3), real(3), draw("spd", 3, 3)).without_twin(),
    call(real(4, 3), real(3), draw("spd", 3, 3)).without_twin(),
]


@of("dirichlet", "logpdf", *CORNERS)
def dirichlet_logpdf(x, alpha):
    whole = np.reshape(alpha, (-1,) + (1,) * (x.ndim - 1))
    return np.sum(xlogy(whole - 1, x), axis=0) - np.sum(gammaln(alpha)) + gammaln(np.sum(alpha))


@of("dirichlet", "pdf", *CORNERS)
def dirichlet_pdf(x, alpha):
    return np.exp(dirichlet_logpdf(x, alpha))


def covariance(cov, n):
    """The matrix that a number, or a vector of variances, stands for."""
    if np.ndim(cov) == 2:
        return cov.astype(float)
    return cov * np.eye(n) if np.ndim(cov) == 0 else np.diag(cov)


def without_ones(found):
    """SciPy drops the axes of size one of what it returns."""
    return np.squeeze(found) if 1 in np.shape(found) else found


@of("multivariate_normal", "logpdf", *VECTORS, wrt=["x", "mean", "cov"])
def multivariate_normal_logpdf(x, mean=None, cov=1.0):
    """Like SciPy's it reads the lower triangle of the covariance."""
    if np.ndim(cov) == 0 and np.size(0.0 if mean is None else mean) == 1:
        if np.ndim(x) > 1:
            raise NotImplementedError("scipy.stats.multivariate_normal in one dimension")
        z = x if mean is None else x - mean
        return without_ones(-(z**2) / (2 * cov) - np.log(cov) / 2 - HALF_LOG_2PI)
    matrix = covariance(cov, x.shape[-1])
    factor = np.linalg.cholesky(matrix)
    z = np.linalg.solve(factor, (x if mean is None else x - mean).T)
    scale = np.sum(np.log(np.diagonal(factor)))
    return without_ones(-np.sum(z**2, axis=0) / 2 - scale - matrix.shape[0] * HALF_LOG_2PI)


@of("multivariate_normal", "pdf", *VECTORS, wrt=["x", "mean", "cov"])
def multivariate_normal_pdf(x, mean=None, cov=1.0):
    return np.exp(multivariate_normal_logpdf(x, mean, cov))


@of("multivariate_normal", "entropy", call(real(3), draw("spd", 3, 3)))
def multivariate_normal_entropy(mean, cov):
    factor = np.linalg.cholesky(cov.astype(float))
    return np.sum(np.log(np.diagonal(factor))) + cov.shape[0] * (HALF_LOG_2PI + 0.5)

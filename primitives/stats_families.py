"""More distributions of `scipy.stats`, of which JAX has few: densities, distribution functions and quantiles.

Formulas: the documentation of `scipy.stats`, which gives each for a place of 0 and a scale of 1.
"""

from __future__ import annotations

import numpy as np
from scipy.special import (
    betaln,
    cosm1,
    erf,
    erfc,
    fdtr,
    fdtrc,
    gammainc,
    gammaincc,
    gammaln,
    i0e,
    log_ndtr,
    ndtr,
    ndtri,
    xlogy,
)

from .registry import Sample, call, draw, real
from .stats import HALF_LOG_2PI, POSITIVE, UNIT, beyond, is_below, log_of_scale, of

SHAPE = draw((1.2, 2.5))


def placed(domain: object = POSITIVE, *shapes: object) -> list[Sample]:
    """A call with a place and a scale."""
    return [call(draw(domain, 3), *shapes, draw((-0.05, 0.05)), draw((0.8, 1.5)))]


# --- the normal distribution's relatives ---


@of("lognorm", "logpdf", *placed(POSITIVE, SHAPE))
def lognorm_logpdf(x, s, loc=0, scale=1):
    z = (x - loc) / scale
    log = np.log(np.where(z <= 0, 1, z))
    return beyond(z <= 0, -((log / s) ** 2) / 2 - log - np.log(s * scale) - HALF_LOG_2PI)


@of("lognorm", "pdf", *placed(POSITIVE, SHAPE))
def lognorm_pdf(x, s, loc=0, scale=1):
    return np.exp(lognorm_logpdf(x, s, loc, scale))


@of("lognorm", "cdf", *placed(POSITIVE, SHAPE))
def lognorm_cdf(x, s, loc=0, scale=1):
    z = (x - loc) / scale
    return np.where(z <= 0, 0, ndtr(np.log(np.where(z <= 0, 1, z)) / s))


@of("lognorm", "sf", *placed(POSITIVE, SHAPE))
def lognorm_sf(x, s, loc=0, scale=1):
    z = (x - loc) / scale
    return np.where(z <= 0, 1, ndtr(-np.log(np.where(z <= 0, 1, z)) / s))


@of("lognorm", "ppf", *placed(UNIT, SHAPE))
def lognorm_ppf(q, s, loc=0, scale=1):
    return loc + scale * np.exp(s * ndtri(q))


@of("halfnorm", "logpdf", *placed())
def halfnorm_logpdf(x, loc=0, scale=1):
    z = (x - loc) / scale
    return beyond(z < 0, np.log(2) - HALF_LOG_2PI - z**2 / 2 - log_of_scale(scale))


@of("halfnorm", "pdf", *placed())
def halfnorm_pdf(x, loc=0, scale=1):
    return np.exp(halfnorm_logpdf(x, loc, scale))


@of("halfnorm", "cdf", *placed())
def halfnorm_cdf(x, loc=0, scale=1):
    return erf(np.maximum((x - loc) / scale, 0) / np.sqrt(2))


@of("halfnorm", "sf", *placed())
def halfnorm_sf(x, loc=0, scale=1):
    return erfc(np.maximum((x - loc) / scale, 0) / np.sqrt(2))


@of("halfnorm", "ppf", *placed(UNIT))
def halfnorm_ppf(q, loc=0, scale=1):
    return loc + scale * ndtri((1 + q) / 2)


@of("skewnorm", "logpdf", *placed("real", real()))
def skewnorm_logpdf(x, a, loc=0, scale=1):
    z = (x - loc) / scale
    return np.log(2) - HALF_LOG_2PI - z**2 / 2 + log_ndtr(a * z) - log_of_scale(scale)


@of("skewnorm", "pdf", *placed("real", real()))
def skewnorm_pdf(x, a, loc=0, scale=1):
    return np.exp(skewnorm_logpdf(x, a, loc, scale))


TRUNCATED = [call(draw((-0.5, 1.0), 3), -1.0, 2.0, draw((-0.05, 0.05)), draw((0.9, 1.5)))]


@of("truncnorm", "logpdf", *TRUNCATED)
def truncnorm_logpdf(x, a, b, loc=0, scale=1):
    """Between bounds on one side of 0 the mass is taken from the tail, where it is not rounded away."""
    z = (x - loc) / scale
    mass = np.where(a > 0, ndtr(-a) - ndtr(-b), ndtr(b) - ndtr(a))
    return beyond((z < a) | (z > b), -(z**2) / 2 - HALF_LOG_2PI - np.log(mass * scale))


@of("truncnorm", "pdf", *TRUNCATED)
def truncnorm_pdf(x, a, b, loc=0, scale=1):
    return np.exp(truncnorm_logpdf(x, a, b, loc, scale))


@of("truncnorm", "cdf", *TRUNCATED)
def truncnorm_cdf(x, a, b, loc=0, scale=1):
    z = np.clip((x - loc) / scale, a, b)
    mass = np.where(a > 0, ndtr(-a) - ndtr(-b), ndtr(b) - ndtr(a))
    return np.where(a > 0, ndtr(-a) - ndtr(-z), ndtr(z) - ndtr(a)) / mass


@of("vonmises", "logpdf", *[call(real(3), SHAPE, draw((-0.05, 0.05)), 1.0)])
def vonmises_logpdf(x, kappa, loc=0, scale=1):
    turned = cosm1((x - loc) / scale)
    return kappa * turned - np.log(2 * np.pi * scale) - np.log(i0e(kappa))


@of("vonmises", "pdf", *[call(real(3), SHAPE, draw((-0.05, 0.05)), 1.0)])
def vonmises_pdf(x, kappa, loc=0, scale=1):
    return np.exp(kappa * cosm1((x - loc) / scale)) / (2 * np.pi * i0e(kappa) * scale)


# --- extremes, lifetimes ---


@of("weibull_min", "logpdf", *placed(POSITIVE, SHAPE))
def weibull_min_logpdf(x, c, loc=0, scale=1):
    z = (x - loc) / scale
    outside = is_below(z, c - 1)
    inner = np.where(outside, 1, z)
    return beyond(outside, np.log(c) + xlogy(c - 1, inner) - inner**c - log_of_scale(scale))


@of("weibull_min", "pdf", *placed(POSITIVE, SHAPE))
def weibull_min_pdf(x, c, loc=0, scale=1):
    return np.exp(weibull_min_logpdf(x, c, loc, scale))


@of("weibull_min", "logsf", *placed(POSITIVE, SHAPE))
def weibull_min_logsf(x, c, loc=0, scale=1):
    z = (x - loc) / scale
    return np.where(z <= 0, 0, -(np.where(z <= 0, 1, z) ** c))


@of("weibull_min", "sf", *placed(POSITIVE, SHAPE))
def weibull_min_sf(x, c, loc=0, scale=1):
    return np.exp(weibull_min_logsf(x, c, loc, scale))


@of("weibull_min", "cdf", *placed(POSITIVE, SHAPE))
def weibull_min_cdf(x, c, loc=0, scale=1):
    return -np.expm1(weibull_min_logsf(x, c, loc, scale))


@of("weibull_min", "ppf", *placed(UNIT, SHAPE))
def weibull_min_ppf(q, c, loc=0, scale=1):
    return loc + scale * (-np.log1p(-q)) ** (1 / c)


@of("rayleigh", "logpdf", *placed())
def rayleigh_logpdf(x, loc=0, scale=1):
    z = (x - loc) / scale
    return beyond(z <= 0, np.log(np.where(z <= 0, 1, z)) - z**2 / 2 - log_of_scale(scale))


@of("rayleigh", "pdf", *placed())
def rayleigh_pdf(x, loc=0, scale=1):
    z = np.maximum((x - loc) / scale, 0)
    return z * np.exp(-(z**2) / 2) / scale


@of("rayleigh", "sf", *placed())
def rayleigh_sf(x, loc=0, scale=1):
    return np.exp(-(np.maximum((x - loc) / scale, 0) ** 2) / 2)


@of("rayleigh", "cdf", *placed())
def rayleigh_cdf(x, loc=0, scale=1):
    return -np.expm1(-(np.maximum((x - loc) / scale, 0) ** 2) / 2)


@of("rayleigh", "ppf", *placed(UNIT))
def rayleigh_ppf(q, loc=0, scale=1):
    return loc + scale * np.sqrt(-2 * np.log1p(-q))


@of("gumbel_r", "logpdf", *placed("real"))
def gumbel_r_logpdf(x, loc=0, scale=1):
    z = (x - loc) / scale
    return -z - np.exp(-z) - log_of_scale(scale)


@of("gumbel_r", "pdf", *placed("real"))
def gumbel_r_pdf(x, loc=0, scale=1):
    return np.exp(gumbel_r_logpdf(x, loc, scale))


@of("gumbel_r", "logcdf", *placed("real"))
def gumbel_r_logcdf(x, loc=0, scale=1):
    return -np.exp((loc - x) / scale)


@of("gumbel_r", "cdf", *placed("real"))
def gumbel_r_cdf(x, loc=0, scale=1):
    return np.exp(-np.exp((loc - x) / scale))


@of("gumbel_r", "sf", *placed("real"))
def gumbel_r_sf(x, loc=0, scale=1):
    return -np.expm1(-np.exp((loc - x) / scale))


@of("gumbel_r", "ppf", *placed(UNIT))
def gumbel_r_ppf(q, loc=0, scale=1):
    return loc - scale * np.log(-np.log(q))


@of("pareto", "logpdf", *placed((1.2, 3.0), SHAPE))
def pareto_logpdf(x, b, loc=0, scale=1):
    z = (x - loc) / scale
    inner = np.where(z < 1, 1, z)
    return beyond(z < 1, np.log(b) - (b + 1) * np.log(inner) - log_of_scale(scale))


@of("pareto", "pdf", *placed((1.6, 3.0), SHAPE))
def pareto_pdf(x, b, loc=0, scale=1):
    return np.exp(pareto_logpdf(x, b, loc, scale))


@of("pareto", "sf", *placed((1.6, 3.0), SHAPE))
def pareto_sf(x, b, loc=0, scale=1):
    return np.maximum((x - loc) / scale, 1) ** -b


@of("pareto", "cdf", *placed((1.6, 3.0), SHAPE))
def pareto_cdf(x, b, loc=0, scale=1):
    return 1 - np.maximum((x - loc) / scale, 1) ** -b


@of("pareto", "ppf", *placed(UNIT, SHAPE))
def pareto_ppf(q, b, loc=0, scale=1):
    return loc + scale * (1 - q) ** (-1 / b)


# --- of the gamma and the beta function ---


@of("invgamma", "logpdf", *placed(POSITIVE, SHAPE))
def invgamma_logpdf(x, a, loc=0, scale=1):
    z = (x - loc) / scale
    inner = np.where(z <= 0, 1, z)
    return beyond(z <= 0, -(a + 1) * np.log(inner) - gammaln(a) - 1 / inner - log_of_scale(scale))


@of("invgamma", "pdf", *placed(POSITIVE, SHAPE))
def invgamma_pdf(x, a, loc=0, scale=1):
    return np.exp(invgamma_logpdf(x, a, loc, scale))


@of("invgamma", "cdf", *placed(POSITIVE, 2.5))
def invgamma_cdf(x, a, loc=0, scale=1):
    z = (x - loc) / scale
    return np.where(z <= 0, 0, gammaincc(a, 1 / np.where(z <= 0, 1, z)))


@of("invgamma", "sf", *placed(POSITIVE, 2.5))
def invgamma_sf(x, a, loc=0, scale=1):
    z = (x - loc) / scale
    return np.where(z <= 0, 1, gammainc(a, 1 / np.where(z <= 0, 1, z)))


@of("f", "logpdf", *placed(POSITIVE, SHAPE, SHAPE))
def f_logpdf(x, dfn, dfd, loc=0, scale=1):
    z = (x - loc) / scale
    outside = is_below(z, dfn / 2 - 1)
    inner = np.where(outside, 1, z)
    value = dfn / 2 * np.log(dfn / dfd) + xlogy(dfn / 2 - 1, inner) - betaln(dfn / 2, dfd / 2)
    return beyond(
        outside, value - (dfn + dfd) / 2 * np.log1p(dfn * inner / dfd) - log_of_scale(scale)
    )


@of("f", "pdf", *placed(POSITIVE, SHAPE, SHAPE))
def f_pdf(x, dfn, dfd, loc=0, scale=1):
    return np.exp(f_logpdf(x, dfn, dfd, loc, scale))


@of("f", "cdf", *placed(POSITIVE, 3.0, 5.0))
def f_cdf(x, dfn, dfd, loc=0, scale=1):
    return fdtr(dfn, dfd, np.maximum((x - loc) / scale, 0))


@of("f", "sf", *placed(POSITIVE, 3.0, 5.0))
def f_sf(x, dfn, dfd, loc=0, scale=1):
    return fdtrc(dfn, dfd, np.maximum((x - loc) / scale, 0))

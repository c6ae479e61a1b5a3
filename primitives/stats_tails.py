"""Complements, logarithms and inverses of the distribution functions of `scipy.stats`, beside `stats.py`.

Of the incomplete gamma and beta functions JAX has no inverse: their text is for NumPy alone.
"""

from __future__ import annotations

import numpy as np
from scipy.special import (
    betaincinv,
    gammainccinv,
    gammaincinv,
    log_expit,
    logit,
    ndtri,
    stdtrit,
)

from .registry import call, draw
from .shapes import astype
from .stats import (
    FIXED,
    FIXED_T,
    UNIT,
    beta_cdf,
    beyond,
    cauchy_cdf,
    gamma_cdf,
    gamma_sf,
    laplace_cdf,
    moved,
    of,
    t_sf,
)

PLACED = moved()[:1]
PLACED_NONZERO = [call(draw("nonzero", 3), 0.1, 1.5)]
PROBABILITY = moved(UNIT)[:1]

# --- on the line ---


@of("norm", "isf", *PROBABILITY)
def norm_isf(q, loc=0, scale=1):
    return loc - scale * ndtri(q)


@of("laplace", "sf", *PLACED_NONZERO)
def laplace_sf(x, loc=0, scale=1):
    return laplace_cdf(loc - x, 0, scale)


@of("laplace", "logcdf", *PLACED_NONZERO)
def laplace_logcdf(x, loc=0, scale=1):
    z = (x - loc) / scale
    upper = np.log1p(-np.exp(-np.where(z < 0, 0, z)) / 2)
    return np.where(z < 0, z - np.log(2), upper)


@of("laplace", "logsf", *PLACED_NONZERO)
def laplace_logsf(x, loc=0, scale=1):
    return laplace_logcdf(loc - x, 0, scale)


@of("laplace", "ppf", *PROBABILITY)
def laplace_ppf(q, loc=0, scale=1):
    upper = q > 0.5
    tail = np.where(upper, 1 - q, q)
    return loc - scale * np.where(upper, 1, -1) * np.log(2 * tail)


@of("laplace", "isf", *PROBABILITY)
def laplace_isf(q, loc=0, scale=1):
    return 2 * loc - laplace_ppf(q, loc, scale)


@of("logistic", "logcdf", *PLACED)
def logistic_logcdf(x, loc=0, scale=1):
    return log_expit((x - loc) / scale)


@of("logistic", "logsf", *PLACED)
def logistic_logsf(x, loc=0, scale=1):
    return log_expit((loc - x) / scale)


@of("logistic", "ppf", *PROBABILITY)
def logistic_ppf(q, loc=0, scale=1):
    return loc + scale * logit(q)


@of("logistic", "isf", *PROBABILITY)
def logistic_isf(q, loc=0, scale=1):
    return loc - scale * logit(q)


@of("cauchy", "sf", *PLACED)
def cauchy_sf(x, loc=0, scale=1):
    return cauchy_cdf(loc - x, 0, scale)


@of("cauchy", "logcdf", *PLACED)
def cauchy_logcdf(x, loc=0, scale=1):
    return np.log(cauchy_cdf(x, loc, scale))


@of("cauchy", "logsf", *PLACED)
def cauchy_logsf(x, loc=0, scale=1):
    return np.log(cauchy_cdf(loc - x, 0, scale))


@of("cauchy", "ppf", *PROBABILITY)
def cauchy_ppf(q, loc=0, scale=1):
    upper = q > 0.5
    tail = np.where(upper, 1 - q, q)
    return loc - scale * np.where(upper, -1, 1) / np.tan(np.pi * tail)


@of("cauchy", "isf", *PROBABILITY)
def cauchy_isf(q, loc=0, scale=1):
    return 2 * loc - cauchy_ppf(q, loc, scale)


@of("t", "logsf", *FIXED_T[1:])
def t_logsf(x, df, loc=0, scale=1):
    return np.log(t_sf(x, df, loc, scale))


@of("t", "ppf", call(draw(UNIT, 3), 2.5, 0.1, draw("positive")))
def t_ppf(q, df, loc=0, scale=1):
    return loc + scale * stdtrit(df, astype(q, np.float64))


@of("t", "isf", call(draw(UNIT, 3), 2.5, 0.1, draw("positive")))
def t_isf(q, df, loc=0, scale=1):
    return loc - scale * stdtrit(df, astype(q, np.float64))


# --- on a part of the line ---


@of("uniform", "sf", call(draw(UNIT, 3), -0.5, 2.0))
def uniform_sf(x, loc=0, scale=1):
    return np.clip((loc + scale - x) / scale, 0, 1)


@of("uniform", "logcdf", call(draw(UNIT, 3), -0.5, 2.0))
def uniform_logcdf(x, loc=0, scale=1):
    return np.log(np.clip((x - loc) / scale, 0, 1))


@of("uniform", "logsf", call(draw(UNIT, 3), -0.5, 2.0))
def uniform_logsf(x, loc=0, scale=1):
    return np.log(np.clip((loc + scale - x) / scale, 0, 1))


@of("uniform", "ppf", *PROBABILITY)
def uniform_ppf(q, loc=0, scale=1):
    return loc + scale * q


@of("uniform", "isf", *PROBABILITY)
def uniform_isf(q, loc=0, scale=1):
    return loc + scale * (1 - q)


@of("expon", "logcdf", *moved("positive")[:1])
def expon_logcdf(x, loc=0, scale=1):
    z = (x - loc) / scale
    return beyond(z <= 0, np.log(-np.expm1(-np.where(z <= 0, 1, z))))


@of("expon", "logsf", *moved("positive")[:1])
def expon_logsf(x, loc=0, scale=1):
    return -np.maximum((x - loc) / scale, 0)


@of("expon", "ppf", *PROBABILITY)
def expon_ppf(q, loc=0, scale=1):
    return loc - scale * np.log1p(-q)


@of("expon", "isf", *PROBABILITY)
def expon_isf(q, loc=0, scale=1):
    return loc - scale * np.log(q)


INVERSE = [call(draw(UNIT, 3), 2.5, 0.1, draw("positive"))]
INVERSE_BETA = [call(draw(UNIT, 3), 2.5, 1.5, 0.1, draw("positive"))]


@of("gamma", "logcdf", *FIXED[1:])
def gamma_logcdf(x, a, loc=0, scale=1):
    return np.log(gamma_cdf(x, a, loc, scale))


@of("gamma", "logsf", *FIXED[1:])
def gamma_logsf(x, a, loc=0, scale=1):
    return np.log(gamma_sf(x, a, loc, scale))


@of("gamma", "ppf", *INVERSE)
def gamma_ppf(q, a, loc=0, scale=1):
    return loc + scale * gammaincinv(a, astype(q, np.float64))


@of("gamma", "isf", *INVERSE)
def gamma_isf(q, a, loc=0, scale=1):
    return loc + scale * gammainccinv(a, astype(q, np.float64))


@of("chi2", "logcdf", *FIXED[1:])
def chi2_logcdf(x, df, loc=0, scale=1):
    return np.log(gamma_cdf(x, df / 2, loc, 2 * scale))


@of("chi2", "logsf", *FIXED[1:])
def chi2_logsf(x, df, loc=0, scale=1):
    return np.log(gamma_sf(x, df / 2, loc, 2 * scale))


@of("chi2", "ppf", *INVERSE)
def chi2_ppf(q, df, loc=0, scale=1):
    return loc + 2 * scale * gammaincinv(df / 2, astype(q, np.float64))


@of("chi2", "isf", *INVERSE)
def chi2_isf(q, df, loc=0, scale=1):
    return loc + 2 * scale * gammainccinv(df / 2, astype(q, np.float64))


@of("beta", "sf", call(draw((0.2, 0.9), 3), 2.5, 1.5))
def beta_sf(x, a, b, loc=0, scale=1):
    return beta_cdf(loc + scale - x, b, a, 0, scale)


@of("beta", "logcdf", call(draw((0.2, 0.9), 3), 2.5, 1.5))
def beta_logcdf(x, a, b, loc=0, scale=1):
    return np.log(beta_cdf(x, a, b, loc, scale))


@of("beta", "logsf", call(draw((0.2, 0.9), 3), 2.5, 1.5))
def beta_logsf(x, a, b, loc=0, scale=1):
    return np.log(beta_cdf(loc + scale - x, b, a, 0, scale))


@of("beta", "ppf", *INVERSE_BETA)
def beta_ppf(q, a, b, loc=0, scale=1):
    return loc + scale * betaincinv(a, b, astype(q, np.float64))


@of("beta", "isf", *INVERSE_BETA)
def beta_isf(q, a, b, loc=0, scale=1):
    return loc + scale * (1 - betaincinv(b, a, astype(q, np.float64)))

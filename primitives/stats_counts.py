"""Distributions of counts in `scipy.stats`; a number that is negative or not whole has the probability 0."""

from __future__ import annotations

import numpy as np
from scipy.special import bdtr, bdtrc, betainc, gammaincc, gammaln, pdtrc, xlog1py, xlogy

from .asked import is_integer
from .registry import call, draw
from .stats import POSITIVE, UNIT, beyond, of, unless_nan

COUNTS = [call(draw("integer", 4), draw(POSITIVE))]
HITS = [call(np.array([0, 1, 1, 0]), draw(UNIT))]
TRIALS = [call(draw("integer", 4), 5, draw(UNIT))]


def is_no_count(k):
    """Where a number is negative or not whole."""
    return k < 0 if is_integer(k) else (k < 0) | (np.floor(k) < k)


@of("poisson", "logpmf", *COUNTS)
def poisson_logpmf(k, mu, loc=0):
    outside = is_no_count(k - loc)
    count = np.where(outside, 0, k - loc)
    return beyond(outside, xlogy(count, mu) - gammaln(count + 1) - mu)


@of("poisson", "pmf", *COUNTS)
def poisson_pmf(k, mu, loc=0):
    return np.exp(poisson_logpmf(k, mu, loc))


@of("poisson", "cdf", *COUNTS)
def poisson_cdf(k, mu, loc=0):
    return np.where(k < loc, 0, gammaincc(np.maximum(np.floor(k - loc), 0) + 1.0, mu))


@of("bernoulli", "logpmf", *HITS)
def bernoulli_logpmf(k, p, loc=0):
    outside = is_no_count(k - loc) | (k - loc > 1)
    hit = np.where(outside, 0, k - loc)
    return beyond(outside, xlogy(hit, p) + xlog1py(1 - hit, -p))


@of("bernoulli", "pmf", *HITS)
def bernoulli_pmf(k, p, loc=0):
    return np.exp(bernoulli_logpmf(k, p, loc))


@of("binom", "logpmf", *TRIALS)
def binom_logpmf(k, n, p, loc=0):
    outside = is_no_count(k - loc) | (k - loc > n)
    hits = np.where(outside, 0, k - loc)
    ways = gammaln(n + 1) - gammaln(hits + 1) - gammaln(n - hits + 1)
    return beyond(outside, ways + xlogy(hits, p) + xlog1py(n - hits, -p))


@of("binom", "pmf", *TRIALS)
def binom_pmf(k, n, p, loc=0):
    return np.exp(binom_logpmf(k, n, p, loc))


# --- their tails ---

COUNTED = [call(np.array([0, 1, 2, 4]), draw("positive"))]


@of("poisson", "sf", *COUNTED)
def poisson_sf(k, mu, loc=0):
    return np.where(k < loc, 1, pdtrc(np.maximum(np.floor(k - loc), 0) + 0.0, mu))


@of("poisson", "logcdf", *COUNTED)
def poisson_logcdf(k, mu, loc=0):
    return np.log(poisson_cdf(k, mu, loc))


@of("poisson", "logsf", *COUNTED)
def poisson_logsf(k, mu, loc=0):
    return np.log(poisson_sf(k, mu, loc))


@of("bernoulli", "cdf", *HITS)
def bernoulli_cdf(k, p, loc=0):
    return unless_nan(k, np.where(k < loc, 0, np.where(k < loc + 1, 1 - p, 1)))


@of("bernoulli", "sf", *HITS)
def bernoulli_sf(k, p, loc=0):
    return unless_nan(k, np.where(k < loc, 1, np.where(k < loc + 1, p, 0)))


@of("binom", "cdf", *TRIALS)
def binom_cdf(k, n, p, loc=0):
    """Of n hits or more it is 1."""
    hits = np.clip(np.floor(k - loc), 0, n - 1) + 0.0
    return np.where(k < loc, 0, np.where(k >= n + loc, 1, bdtr(hits, n, p)))


@of("binom", "sf", *TRIALS)
def binom_sf(k, n, p, loc=0):
    hits = np.clip(np.floor(k - loc), 0, n - 1) + 0.0
    return np.where(k < loc, 1, np.where(k >= n + loc, 0, bdtrc(hits, n, p)))


@of("binom", "logcdf", *TRIALS)
def binom_logcdf(k, n, p, loc=0):
    return np.log(binom_cdf(k, n, p, loc))


@of("binom", "logsf", call(np.array([0, 1, 2, 4]), 5, draw(UNIT)))
def binom_logsf(k, n, p, loc=0):
    return np.log(binom_sf(k, n, p, loc))


# --- of trials until so many hits ---

UNTIL_ONE = [call(np.array([1, 2, 1, 4]), draw(UNIT))]
FAILURES = [call(np.array([0, 1, 2, 4]), draw(POSITIVE), draw(UNIT))]


@of("geom", "logpmf", *UNTIL_ONE)
def geom_logpmf(k, p, loc=0):
    outside = is_no_count(k - loc - 1)
    failures = np.where(outside, 0, k - loc - 1)
    return beyond(outside, xlog1py(failures, -p) + np.log(p))


@of("geom", "pmf", *UNTIL_ONE)
def geom_pmf(k, p, loc=0):
    return np.exp(geom_logpmf(k, p, loc))


@of("geom", "cdf", *UNTIL_ONE)
def geom_cdf(k, p, loc=0):
    return -np.expm1(xlog1py(np.maximum(np.floor(k - loc), 0), -p))


@of("geom", "sf", *UNTIL_ONE)
def geom_sf(k, p, loc=0):
    return np.exp(xlog1py(np.maximum(np.floor(k - loc), 0), -p))


@of("nbinom", "logpmf", *FAILURES)
def nbinom_logpmf(k, n, p, loc=0):
    outside = is_no_count(k - loc)
    failures = np.where(outside, 0, k - loc)
    ways = gammaln(n + failures) - gammaln(failures + 1) - gammaln(n)
    return beyond(outside, ways + n * np.log(p) + xlog1py(failures, -p))


@of("nbinom", "pmf", *FAILURES)
def nbinom_pmf(k, n, p, loc=0):
    return np.exp(nbinom_logpmf(k, n, p, loc))


@of("nbinom", "cdf", call(np.array([0, 1, 2, 4]), 2.5, draw(UNIT)))
def nbinom_cdf(k, n, p, loc=0):
    return np.where(k < loc, 0, betainc(n, np.maximum(np.floor(k - loc), 0) + 1.0, p))

"""Distribution functions of `scipy.special`: `bdtr`, `chdtr`, `stdtr` and their like, their complements and inverses.

Formulas: DLMF 8.2, 8.17, and the documentation of `scipy.special`, which writes each as an incomplete gamma or beta
function. Of the inverses, JAX has none: their text is for NumPy alone.
"""

import numpy as np
from scipy import special
from scipy.special import betaln, gammaln

from .registry import MISSING, call, composed, draw, elementwise, real
from .special import student_cdf

PROBABILITY, POSITIVE = draw((0.1, 0.9), 4), draw("positive", 4)


def spread(*parameters: object, x: object = POSITIVE) -> list:
    return [call(*parameters, x).without_twin()]


# --- distribution functions and their complements ---


@composed(special.betaincc, wrt=["a", "b", "x"], samples=spread(2.5, 1.5, x=PROBABILITY))
def betaincc(a, b, x):
    return special.betainc(b, a, 1 - x)


@composed(special.bdtr, wrt=["k", "n", "p"], samples=spread(2.0, np.array(5), x=PROBABILITY))
def bdtr(k, n, p):
    return special.betainc(n - np.floor(k), np.floor(k) + 1, 1 - p)


@composed(special.bdtrc, wrt=["k", "n", "p"], samples=spread(2.0, np.array(5), x=PROBABILITY))
def bdtrc(k, n, p):
    hits = np.maximum(np.floor(k), 0)
    return np.where(k < 0, 1, special.betainc(hits + 1, n - hits, p))


@composed(special.nbdtr, wrt=["k", "n", "p"], samples=spread(2, 5, x=PROBABILITY))
def nbdtr(k, n, p):
    return special.betainc(n, k + 1, p)


@composed(special.nbdtrc, wrt=["k", "n", "p"], samples=spread(2, 5, x=PROBABILITY))
def nbdtrc(k, n, p):
    return special.betainc(k + 1, n, 1 - p)


@composed(special.chdtr, wrt=["v", "x"], samples=spread(3))
def chdtr(v, x):
    return special.gammainc(v / 2, x / 2)


@composed(special.chdtrc, wrt=["v", "x"], samples=spread(3))
def chdtrc(v, x):
    return special.gammaincc(v / 2, x / 2)


@composed(special.gdtr, wrt=["a", "b", "x"], samples=[call(POSITIVE, 2.5, POSITIVE).without_twin()])
def gdtr(a, b, x):
    return special.gammainc(b, a * x)


@composed(
    special.gdtrc, wrt=["a", "b", "x"], samples=[call(POSITIVE, 2.5, POSITIVE).without_twin()]
)
def gdtrc(a, b, x):
    return special.gammaincc(b, a * x)


@composed(special.pdtr, wrt=["k", "m"], samples=spread(2))
def pdtr(k, m):
    return special.gammaincc(np.floor(k) + 1, m)


@composed(special.pdtrc, wrt=["k", "m"], samples=spread(2))
def pdtrc(k, m):
    return special.gammainc(np.floor(k) + 1, m)


@composed(special.fdtr, wrt=["dfn", "dfd", "x"], samples=spread(3, 5))
def fdtr(dfn, dfd, x):
    return special.betainc(dfn / 2, dfd / 2, dfn * x / (dfd + dfn * x))


@composed(special.fdtrc, wrt=["dfn", "dfd", "x"], samples=spread(3, 5))
def fdtrc(dfn, dfd, x):
    return special.betainc(dfd / 2, dfn / 2, dfd / (dfd + dfn * x))


@composed(special.stdtr, wrt=["df", "t"], samples=spread(3, x=real(4)))
def stdtr(df, t):
    return student_cdf(t, df)


@composed(special.ndtri_exp, samples=spread(x=draw((-3.0, -0.2), 4)))
def ndtri_exp(y):
    return special.ndtri(np.exp(y))


@composed(
    special.nrdtrimn,
    wrt=["p", "std", "x"],
    samples=[call(PROBABILITY, POSITIVE, real(4)).without_twin()],
)
def nrdtrimn(p, std, x):
    return x - std * special.ndtri(p)


@composed(
    special.nrdtrisd,
    wrt=["mn", "p", "x"],
    samples=[call(real(4), draw((0.6, 0.9), 4), real(4)).without_twin()],
)
def nrdtrisd(mn, p, x):
    return (x - mn) / special.ndtri(p)


# --- inverses: one over the density ---


@elementwise(special.gammaincinv, samples=spread(2.5, x=PROBABILITY))
def gammaincinv(x, a, y):
    return MISSING, np.exp(gammaln(a) + x - (a - 1) * np.log(x))


@elementwise(special.gammainccinv, samples=spread(2.5, x=PROBABILITY))
def gammainccinv(x, a, y):
    return MISSING, -np.exp(gammaln(a) + x - (a - 1) * np.log(x))


@elementwise(special.betaincinv, samples=spread(2.5, 1.5, x=PROBABILITY))
def betaincinv(x, a, b, y):
    slope = np.exp(betaln(a, b) - (a - 1) * np.log(x) - (b - 1) * np.log1p(-x))
    return MISSING, MISSING, slope


@elementwise(special.betainccinv, samples=spread(2.5, 1.5, x=PROBABILITY))
def betainccinv(x, a, b, y):
    slope = np.exp(betaln(a, b) - (a - 1) * np.log(x) - (b - 1) * np.log1p(-x))
    return MISSING, MISSING, -slope


@elementwise(special.chdtri, samples=spread(3, x=PROBABILITY))
def chdtri(x, v, p):
    """The inverse of the complement."""
    return MISSING, -2 * np.exp(gammaln(v / 2) + x / 2 - (v / 2 - 1) * np.log(x / 2))


@elementwise(special.pdtri, samples=spread(2, x=PROBABILITY))
def pdtri(m, k, y):
    return MISSING, -np.exp(gammaln(np.floor(k) + 1) + m - np.floor(k) * np.log(m))


@elementwise(special.fdtri, samples=spread(3, 5, x=PROBABILITY))
def fdtri(x, dfn, dfd, p):
    """The density of Fisher's distribution, by its logarithm."""
    density = dfn / 2 * np.log(dfn / dfd) + (dfn / 2 - 1) * np.log(x) - betaln(dfn / 2, dfd / 2)
    return MISSING, MISSING, np.exp((dfn + dfd) / 2 * np.log1p(dfn * x / dfd) - density)


@elementwise(special.stdtrit, samples=spread(3, x=PROBABILITY))
def stdtrit(t, df, p):
    """The density of Student's distribution, by its logarithm."""
    density = -(df + 1) / 2 * np.log1p(t**2 / df) - betaln(df / 2, 0.5) - np.log(df) / 2
    return MISSING, np.exp(-density)


@elementwise(special.tklmbda, samples=[call(real(4), 0.5).without_twin()])
def tklmbda(p, x, lmbda):
    """One over the derivative of the quantile function `(p**a - (1 - p)**a) / a`."""
    return 1 / (p ** (lmbda - 1) + (1 - p) ** (lmbda - 1)), MISSING


@elementwise(special.chndtr, samples=[call(POSITIVE, 5.0, POSITIVE).without_twin()])
def chndtr(y, x, df, nc):
    """The densities of df and df - 2 degrees of freedom: Johnson, Kotz and Balakrishnan, chapter 29."""
    along_x = (special.chndtr(x, df - 2, nc) - y) / 2
    return along_x, MISSING, (special.chndtr(x, df + 2, nc) - y) / 2


@elementwise(special.bdtri, samples=spread(2.0, np.array(5), x=PROBABILITY))
def bdtri(p, k, n, y):
    whole = np.floor(k)
    powers = (n - whole - 1) * np.log1p(-p) + whole * np.log(p)
    return MISSING, MISSING, -np.exp(betaln(n - whole, whole + 1) - powers)


@elementwise(special.nbdtri, samples=spread(2, 5, x=PROBABILITY))
def nbdtri(p, k, n, y):
    powers = (n - 1) * np.log(p) + k * np.log1p(-p)
    return MISSING, MISSING, np.exp(betaln(n, k + 1) - powers)


@elementwise(special.chndtrix, samples=[call(PROBABILITY, 5.0, POSITIVE).without_twin()])
def chndtrix(x, p, df, nc):
    """With the derivatives of `chndtr`."""
    twice = special.chndtr(x, df - 2, nc) - p
    return 2 / twice, MISSING, (p - special.chndtr(x, df + 2, nc)) / twice


@composed(
    special.gdtrix, wrt=["a", "b", "p"], samples=[call(POSITIVE, 2.5, PROBABILITY).without_twin()]
)
def gdtrix(a, b, p):
    return special.gammaincinv(b, p) / a


@composed(
    special.gdtria, wrt=["p", "b", "x"], samples=[call(PROBABILITY, 2.5, POSITIVE).without_twin()]
)
def gdtria(p, b, x):
    return special.gammaincinv(b, p) / x


# --- with a parameter of noncentrality ---


def student_density(y, df, nc, t):
    """From the distribution functions of df and df + 2 degrees of freedom: Johnson, Kotz, Balakrishnan, chapter 31."""
    return df / t * (special.nctdtr(df + 2, nc, t * np.sqrt(1 + 2 / df)) - y)


@elementwise(special.nctdtr, samples=[call(5.0, 0.5, POSITIVE).without_twin()])
def nctdtr(y, df, nc, t):
    """NaN at t=0."""
    return MISSING, MISSING, student_density(y, df, nc, t)


@elementwise(special.nctdtrit, samples=[call(5.0, 0.5, draw((0.5, 0.9), 4)).without_twin()])
def nctdtrit(t, df, nc, p):
    return MISSING, MISSING, 1 / student_density(p, df, nc, t)


def fisher_slopes(y, dfn, dfd, nc, f):
    """Along nc and f: a mixture of beta distributions, whose weights are those of Poisson; chapter 30 of the same."""
    once = special.ncfdtr(dfn + 2, dfd, nc, f * dfn / (dfn + 2))
    twice = special.ncfdtr(dfn + 4, dfd, nc, f * dfn / (dfn + 4))
    return (once - y) / 2, (dfn * (y - once) + nc * (once - twice)) / (2 * f)


@elementwise(special.ncfdtr, samples=[call(3.0, 5.0, POSITIVE, POSITIVE).without_twin()])
def ncfdtr(y, dfn, dfd, nc, f):
    along_nc, along_f = fisher_slopes(y, dfn, dfd, nc, f)
    return MISSING, MISSING, along_nc, along_f


@elementwise(special.ncfdtri, samples=[call(3.0, 5.0, POSITIVE, PROBABILITY).without_twin()])
def ncfdtri(f, dfn, dfd, nc, p):
    along_nc, density = fisher_slopes(p, dfn, dfd, nc, f)
    return MISSING, MISSING, -along_nc / density, 1 / density


# --- of the largest distance between distribution functions ---


def kolmogorov_slope(x):
    """The derivative of `2 sum (-1)**(k - 1) exp(-2 k**2 x**2)` over k; for small x of the same as a theta function."""
    far, near = np.expand_dims(np.maximum(x, 0.8), -1), np.expand_dims(np.clip(x, 0.03, 0.8), -1)
    k = np.arange(1, 8)
    signs = np.where(k % 2 == 1, -8.0, 8.0)
    odd = (np.pi * (2 * k - 1)) ** 2 / (4 * near**2)
    terms = (1 - odd) * np.exp(-odd / 2) / near**2
    below = np.sqrt(2 * np.pi) * np.sum(terms, axis=-1)
    above = np.sum(signs * k**2 * far * np.exp(-2 * (k * far) ** 2), axis=-1)
    return np.where(x < 0.8, np.where(x > 0.03, below, 0), above)


@elementwise(special.kolmogorov, samples=spread(x=draw((0.3, 2.0), 4)))
def kolmogorov(y, x):
    """Both sums are in G. Marsaglia, W. W. Tsang, J. Wang, "Evaluating Kolmogorov's distribution" (2003)."""
    return kolmogorov_slope(x)


@elementwise(special.kolmogi, samples=spread(x=PROBABILITY))
def kolmogi(x, p):
    return 1 / kolmogorov_slope(x)


def smirnov_slope(n, d):
    """The derivative of `sum binom(n, j) d (d + j/n)**(j - 1) (1 - d - j/n)**(n - j)` over j up to `n (1 - d)`."""
    j, at = np.arange(n + 1), np.expand_dims(d, -1)
    up, down = at + j / n, 1 - at - j / n
    inside, rest = down > 0, np.where(down > 0, down, 1)
    term = special.binom(n, j) * up ** (j - 1) * rest ** (n - j)
    slope = term * (1 + at * ((j - 1) / up - (n - j) / rest))
    return np.sum(np.where(inside, slope, 0), axis=-1)


@elementwise(special.smirnov, samples=spread(5, x=PROBABILITY))
def smirnov(y, n, d):
    """Z. W. Birnbaum, F. H. Tingey, "One-sided confidence contours for probability distribution functions" (1951)."""
    return MISSING, smirnov_slope(n, d)


@elementwise(special.smirnovi, samples=spread(5, x=PROBABILITY))
def smirnovi(d, n, p):
    return MISSING, 1 / smirnov_slope(n, d)

"""Orthogonal polynomials of `scipy.special` in their argument. Formulas: DLMF 18.9, dlmf.nist.gov.

JAX does not have them: the text is for NumPy alone.
"""

import numpy as np
from scipy import special

from .asked import is_static
from .registry import MISSING, Sample, adjoint, call, composed, draw, elementwise, real, tangent

INSIDE = draw((-0.9, 0.9), 4)


def degrees(*more: float, x: object = INSIDE) -> list[Sample]:
    """Calls with a number and an array for the degree; `more` are the other parameters."""
    several = np.array([0, 1, 2, 5])
    return [call(3, *more, x).without_twin(), call(several, *more, x).without_twin()]


def of_degree(n, slope):
    """The derivative of a polynomial of degree n, which is 0 for a constant."""
    if np.ndim(n) == 0 and is_static(n):
        return slope if n != 0 else 0
    return np.where(n == 0, 0, slope)


@elementwise(special.eval_jacobi, samples=degrees(0.5, 1.5))
def jacobi(y, n, alpha, beta, x):
    """DLMF 18.9.15."""
    slope = (n + alpha + beta + 1) / 2 * special.eval_jacobi(n - 1, alpha + 1, beta + 1, x)
    return MISSING, MISSING, MISSING, of_degree(n, slope)


@elementwise(special.eval_sh_jacobi, samples=degrees(2.5, 1.5, x=draw((0.1, 0.9), 4)))
def sh_jacobi(y, n, p, q, x):
    slope = n * special.eval_sh_jacobi(n - 1, p + 2, q + 1, x)
    return MISSING, MISSING, MISSING, of_degree(n, slope)


@elementwise(special.eval_legendre, samples=degrees())
def legendre(y, n, x):
    """DLMF 18.9.15 and 18.7.9."""
    return MISSING, of_degree(n, (n + 1) / 2 * special.eval_jacobi(n - 1, 1, 1, x))


@elementwise(special.eval_sh_legendre, samples=degrees(x=draw((0.1, 0.9), 4)))
def sh_legendre(y, n, x):
    return MISSING, of_degree(n, (n + 1) * special.eval_jacobi(n - 1, 1, 1, 2 * x - 1))


@elementwise(special.eval_gegenbauer, samples=degrees(1.5))
def gegenbauer(y, n, alpha, x):
    """DLMF 18.9.19."""
    slope = 2 * alpha * special.eval_gegenbauer(n - 1, alpha + 1, x)
    return MISSING, MISSING, of_degree(n, slope)


@elementwise(special.eval_chebyt, samples=degrees())
def chebyt(y, n, x):
    """DLMF 18.9.21."""
    return MISSING, of_degree(n, n * special.eval_chebyu(n - 1, x))


@elementwise(special.eval_chebyu, samples=degrees())
def chebyu(y, n, x):
    return MISSING, of_degree(n, 2 * special.eval_gegenbauer(n - 1, 2, x))


@elementwise(special.eval_sh_chebyt, samples=degrees(x=draw((0.1, 0.9), 4)))
def sh_chebyt(y, n, x):
    return MISSING, of_degree(n, 2 * n * special.eval_chebyu(n - 1, 2 * x - 1))


@elementwise(special.eval_sh_chebyu, samples=degrees(x=draw((0.1, 0.9), 4)))
def sh_chebyu(y, n, x):
    return MISSING, of_degree(n, 4 * special.eval_gegenbauer(n - 1, 2, 2 * x - 1))


@elementwise(special.eval_chebyc, samples=degrees())
def chebyc(y, n, x):
    return MISSING, of_degree(n, n * special.eval_chebyu(n - 1, x / 2))


@elementwise(special.eval_chebys, samples=degrees())
def chebys(y, n, x):
    return MISSING, of_degree(n, special.eval_gegenbauer(n - 1, 2, x / 2))


@elementwise(special.eval_hermite, samples=[call(3, real(4)).without_twin()])
def hermite(y, n, x):
    """DLMF 18.9.25."""
    return MISSING, of_degree(n, 2 * n * special.eval_hermite(np.maximum(n - 1, 0), x))


@elementwise(special.eval_hermitenorm, samples=[call(3, real(4)).without_twin()])
def hermitenorm(y, n, x):
    return MISSING, of_degree(n, n * special.eval_hermitenorm(np.maximum(n - 1, 0), x))


@elementwise(special.eval_laguerre, samples=degrees(x=draw("positive", 4)))
def laguerre(y, n, x):
    """DLMF 18.9.23."""
    return MISSING, of_degree(n, -special.eval_genlaguerre(n - 1, 1, x))


@elementwise(special.eval_genlaguerre, samples=degrees(0.5, x=draw("positive", 4)))
def genlaguerre(y, n, alpha, x):
    return MISSING, MISSING, of_degree(n, -special.eval_genlaguerre(n - 1, alpha + 1, x))


@composed(special.assoc_laguerre, wrt=["x"], samples=[call(INSIDE, 3, 1.5).without_twin()])
def assoc_laguerre(x, n, k=0.0):
    return special.eval_genlaguerre(n, k, x)


def of_same_degrees(n, z):
    """For the shape of the functions of all degrees, and of their slopes."""
    every = np.zeros((n + 1, *np.shape(z)))
    return every, every


def curvature(y, n, z):
    """Legendre's equation, DLMF 14.2.1, for all degrees up to n."""
    k = np.reshape(np.arange(n + 1), (-1,) + (1,) * np.ndim(z))
    return (2 * z * y[1] - k * (k + 1) * y[0]) / (1 - z**2)


@adjoint(
    special.lqn,
    dtype="float",
    wrt=["z"],
    like=of_same_degrees,
    samples=[call(3, draw((0.2, 0.8))).without_twin(), call(2, draw((1.5, 2.0), 4)).without_twin()],
)
def lqn(dy, y, n, z):
    return None, np.sum(dy[0] * y[1] + dy[1] * curvature(y, n, z), axis=0)


@tangent(special.lqn)
def lqn_tangent(z_dot, y, n, z):
    return z_dot * y[1], z_dot * curvature(y, n, z)


@elementwise(special.lpmv, samples=[call(1, 2.5, INSIDE).without_twin()])
def lpmv(y, m, v, x):
    """DLMF 14.10.4."""
    return MISSING, MISSING, (v * x * y - (v + m) * special.lpmv(m, v - 1, x)) / (x**2 - 1)

"""Functions of `scipy.linalg` and `scipy.integrate` that are NumPy's, or made of them."""

import numpy as np
import scipy.integrate
import scipy.linalg
from scipy.linalg import solve_triangular

from . import calculus, decompositions, linalg  # noqa: F401  # registered first
from .asked import computed
from .linalg import conj, hermitian, mH, mT
from .registry import alias, call, composed, draw, real
from .shapes import place

alias(scipy.linalg.inv, np.linalg.inv)
alias(scipy.linalg.det, np.linalg.det)
alias(scipy.linalg.pinv, np.linalg.pinv)
alias(scipy.linalg.norm, np.linalg.norm)
alias(scipy.integrate.trapezoid, np.trapezoid)


@composed(
    scipy.linalg.cholesky,
    inline=True,  # JAX averages the matrix with its transpose, where SciPy reads a triangle
    dtype="float",
    samples=[
        call(draw("spd", 3, 3)).without_twin(),
        call(draw("spd", 3, 3), lower=True).without_twin(),
    ],
)
def cholesky(a, lower=False):
    return np.linalg.cholesky(a) if lower else mT(np.linalg.cholesky(mT(a)))


@composed(
    scipy.linalg.cho_solve,
    inline=True,
    dtype="float",
    lists=["c_and_lower"],
    wrt=["c_and_lower", "b"],
    samples=[
        call((draw("spd", 3, 3), True), real(3)).without_twin(),
        call((draw("spd", 3, 3), False), real(3, 2)).without_twin(),
    ],
)
def cho_solve(c_and_lower, b):
    c, lower = c_and_lower
    if lower:
        return solve_triangular(conj(c), solve_triangular(c, b, lower=True), trans=1, lower=True)
    return solve_triangular(c, solve_triangular(conj(c), b, trans=1))


@composed(
    scipy.linalg.block_diag,
    wrt=["arrs"],
    samples=[call(real(2, 3), real(1, 2)), call(real(2, 2), real(3), real(1, 1))],
)
def block_diag(*arrs):
    blocks = [np.atleast_2d(a) for a in arrs]
    shape = (sum([b.shape[0] for b in blocks]), sum([b.shape[1] for b in blocks]))
    total, row, column = 0, 0, 0
    for b in blocks:
        rows, columns = slice(row, row + b.shape[0]), slice(column, column + b.shape[1])
        total = total + place(b, shape, (rows, columns))
        row, column = row + b.shape[0], column + b.shape[1]
    return total


@composed(
    scipy.linalg.toeplitz,
    wrt=["c", "r"],
    samples=[call(real(4)), call(real(3), real(4))],
)
def toeplitz(c, r=None):
    """The first element of the row is not read."""
    if np.ndim(c) != 1 or r is not None and np.ndim(r) != 1:
        raise NotImplementedError("scipy.linalg.toeplitz of more than one axis")
    row = c if r is None else r
    values = np.concatenate([np.flip(row[1:]), c])
    return values[np.arange(row.size - 1, values.size)[:, None] - np.arange(row.size)]


@computed
def structure(assume_a):
    """What is assumed of a matrix: nothing, or how one triangle gives the other."""
    kinds = {
        None: "general",
        "gen": "general",
        "general": "general",
        "sym": "symmetric",
        "symmetric": "symmetric",
        "her": "hermitian",
        "hermitian": "hermitian",
        "pos": "hermitian",
        "positive definite": "hermitian",
    }
    if assume_a not in kinds:
        raise NotImplementedError(f"scipy.linalg.solve with assume_a={assume_a!r}")
    return kinds[assume_a]


@composed(
    scipy.linalg.solve,
    inline=True,
    dtype="float",
    wrt=["a", "b"],
    samples=[
        call(draw("spd", 3, 3), real(3)).without_twin(),
        call(draw("spd", 3, 3), real(3, 2), assume_a="pos").without_twin(),
        call(draw("spd", 3, 3), real(3), lower=True, assume_a="sym").without_twin(),
    ],
)
def solve(a, b, lower=False, assume_a=None):
    """Of a symmetric matrix one triangle is read."""
    kind = structure(assume_a)
    if kind == "general":
        return np.linalg.solve(a, b)
    if kind == "hermitian":
        return np.linalg.solve(hermitian(a if lower else mH(a)), b)
    half, rest = (np.tril(a), np.tril(a, k=-1)) if lower else (np.triu(a), np.triu(a, k=1))
    return np.linalg.solve(half + mT(rest), b)


def of_bands(ab, lower, upper):
    """The matrix whose diagonals are rows, the uppermost first."""
    n = ab.shape[1]
    diagonals = []
    for k in range(max(-lower, 1 - n), min(upper, n - 1) + 1):
        row = ab[upper - k]
        diagonals.append(np.diag(row if k == 0 else row[k:] if k > 0 else row[:k], k=k))
    return sum(diagonals[1:], diagonals[0])


@composed(
    scipy.linalg.hankel,
    wrt=["c", "r"],
    samples=[call(real(4)), call(real(3), real(4))],
)
def hankel(c, r=None):
    """The first element of the row is not read."""
    if np.ndim(c) != 1 or r is not None and np.ndim(r) != 1:
        raise NotImplementedError("scipy.linalg.hankel of more than one axis")
    row = np.zeros_like(c) if r is None else r
    return np.concatenate([c, row[1:]])[np.arange(c.size)[:, None] + np.arange(row.size)]

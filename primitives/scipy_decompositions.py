"""Decompositions of `scipy.linalg`, by those of NumPy.

The vectors of `eigh` may have the other sign than SciPy's, which calls another routine of LAPACK's.
"""

import numpy as np
import scipy.linalg
from scipy.linalg import solve_triangular

from . import scipy_linalg  # noqa: F401  # registered first
from .asked import is_complex
from .decompositions import SYSTEMS
from .linalg import conj, hermitian, mH, mT
from .matrix_equations import of_half_bands
from .registry import alias, call, composed, draw, real
from .shapes import place

alias(scipy.linalg.svd, np.linalg.svd)
alias(scipy.linalg.svdvals, np.linalg.svdvals)


# --- eigenvalues ---


def as_given(a, lower):
    """The Hermitian matrix of which one triangle is read."""
    return hermitian(a if lower else mH(a))


def reduced(a, b, lower):
    """The factor of `b`, and the matrix that has the eigenvalues of `a @ v = w * b @ v`."""
    factor = np.linalg.cholesky(b if lower else mH(b))
    half = solve_triangular(factor, as_given(a, lower), lower=True)
    return factor, solve_triangular(factor, mH(half), lower=True)


@composed(
    scipy.linalg.eigh,
    inline=True,
    dtype="float",
    wrt=["a", "b"],
    samples=[
        call(draw("spd", 3, 3), eigvals_only=True).without_twin(),
        call(draw("spd", 3, 3), lower=False, eigvals_only=True).without_twin(),
        call(draw("spd", 3, 3), draw("spd", 3, 3), eigvals_only=True).without_twin(),
    ],
)
def eigh(a, b=None, lower=True, eigvals_only=False):
    """Of a pair of matrices by the Cholesky factor of the second."""
    if a.ndim != 2:
        raise NotImplementedError("scipy.linalg.eigh of a stack of matrices: np.linalg.eigh")
    if b is None:
        given = a if lower else mH(a)
        return np.linalg.eigvalsh(given) if eigvals_only else np.linalg.eigh(given)
    factor, c = reduced(a, b, lower)
    if eigvals_only:
        return np.linalg.eigvalsh(c)
    w, v = np.linalg.eigh(c)
    return w, solve_triangular(mH(factor), v)


@composed(
    scipy.linalg.eigvalsh,
    inline=True,
    dtype="float",
    wrt=["a", "b"],
    samples=[
        call(draw("spd", 3, 3)).without_twin(),
        call(draw("spd", 3, 3), draw("spd", 3, 3), lower=False).without_twin(),
    ],
)
def eigvalsh(a, b=None, lower=True):
    return eigh(a, b, lower, True)


EITHER = [call(draw("complex", 3, 3)).without_twin(), call(real(4, 4)).without_twin()]


@composed(scipy.linalg.eigvals, inline=True, samples=EITHER)
def eigvals(a):
    return eig(a)[0]


@composed(scipy.linalg.eig, inline=True, samples=EITHER)
def eig(a, b=None, left=False, right=True):
    """SciPy's are always complex."""
    if b is not None or left or not right:
        raise NotImplementedError("scipy.linalg.eig of a pair of matrices, or with left vectors")
    w, v = np.linalg.eig(a)
    return (w, v) if is_complex(a) else (w + 0j, v + 0j)


def of_diagonals(d, e):
    """The symmetric matrix with these elements beside its diagonal."""
    return np.diag(d) + np.diag(e, k=1) + np.diag(e, k=-1)


def check_all(select):
    if select not in ("a", "all"):
        raise NotImplementedError("a selection of eigenvalues: take a slice of all of them")


@composed(
    scipy.linalg.eigvalsh_tridiagonal,
    inline=True,
    dtype="float",
    wrt=["d", "e"],
    samples=[call(real(4), real(3)).without_twin()],
)
def eigvalsh_tridiagonal(d, e, select="a"):
    """As a full matrix."""
    check_all(select)
    return np.linalg.eigvalsh(of_diagonals(d, e))


@composed(
    scipy.linalg.eigh_tridiagonal,
    inline=True,
    dtype="float",
    wrt=["d", "e"],
    samples=[call(real(4), real(3), eigvals_only=True).without_twin()],
)
def eigh_tridiagonal(d, e, eigvals_only=False, select="a"):
    check_all(select)
    a = of_diagonals(d, e)
    return np.linalg.eigvalsh(a) if eigvals_only else np.linalg.eigh(a)


@composed(
    scipy.linalg.eigvals_banded,
    inline=True,
    dtype="float",
    samples=[call(real(2, 4)).without_twin(), call(real(3, 4), lower=True).without_twin()],
)
def eigvals_banded(a_band, lower=False, select="a"):
    """As a full matrix."""
    check_all(select)
    half = of_half_bands(a_band, lower)
    return np.linalg.eigvalsh(half if lower else mH(half))


@composed(
    scipy.linalg.eig_banded,
    inline=True,
    dtype="float",
    samples=[call(real(2, 4), eigvals_only=True).without_twin()],
)
def eig_banded(a_band, lower=False, eigvals_only=False, select="a"):
    check_all(select)
    half = of_half_bands(a_band, lower)
    a = half if lower else mH(half)
    return np.linalg.eigvalsh(a) if eigvals_only else np.linalg.eigh(a)


# --- triangular factors ---


@composed(
    scipy.linalg.cho_factor,
    inline=True,  # JAX gives zeros where SciPy gives what it was given
    dtype="float",
    samples=[
        call(draw("spd", 3, 3)).without_twin(),
        call(draw("spd", 3, 3), lower=True).without_twin(),
    ],
)
def cho_factor(a, lower=False):
    """The other triangle stays as it is given."""
    if lower:
        return np.linalg.cholesky(a) + np.triu(a, k=1), lower
    return mT(np.linalg.cholesky(mT(a))) + np.tril(a, k=-1), lower


@composed(
    scipy.linalg.qr,
    inline=True,
    dtype="float",
    samples=[
        call(real(3, 3)).without_twin(),
        call(real(4, 3), mode="economic").without_twin(),
        call(real(3, 3), mode="r").without_twin(),
    ],
)
def qr(a, mode="full", pivoting=False):
    if pivoting or mode == "raw":
        raise NotImplementedError("scipy.linalg.qr with pivoting, or raw")
    if mode != "economic" and a.shape[0] != a.shape[1]:
        raise NotImplementedError("scipy.linalg.qr of a matrix that is not square: mode='economic'")
    q, r = np.linalg.qr(a)
    return (r,) if mode == "r" else (q, r)


# --- what is computed from singular values ---


@composed(
    scipy.linalg.pinvh,
    inline=True,
    dtype="float",
    samples=[call(draw("spd", 3, 3)).without_twin()],
)
def pinvh(a, lower=True):
    return np.linalg.pinv(as_given(a, lower))


@composed(
    scipy.linalg.lstsq,
    inline=True,
    wrt=["a", "b"],
    samples=SYSTEMS,
)
def lstsq(a, b, cond=None):
    """For matrices of full rank."""
    if cond is not None:
        raise NotImplementedError("cond of scipy.linalg.lstsq")
    x, rest, rank, s = np.linalg.lstsq(a, b, rcond=None)
    left = rest[0] if b.ndim == 1 and a.shape[0] > a.shape[1] else rest
    return x, left, rank.astype(int), s


@composed(
    scipy.linalg.orthogonal_procrustes,
    inline=True,
    wrt=["A", "B"],
    samples=[call(real(4, 3), real(4, 3)).without_twin()],
)
def orthogonal_procrustes(A, B):
    """The orthogonal matrix that brings A closest to B, and the sum of the singular values."""
    u, s, vh = np.linalg.svd(mT(mT(B) @ conj(A)), full_matrices=False)
    return u @ vh, np.sum(s)


@composed(
    scipy.linalg.subspace_angles,
    inline=True,
    wrt=["A", "B"],
    samples=[call(real(5, 2), real(5, 2)).without_twin()],
)
def subspace_angles(A, B):
    """For matrices of full rank. A. V. Knyazev, M. E. Argentati (2002): small angles by their sines."""
    first, second = np.linalg.qr(A)[0], np.linalg.qr(B)[0]
    if first.shape[1] < second.shape[1]:
        first, second = second, first
    inside = mH(first) @ second
    cosines = np.linalg.svd(inside, compute_uv=False)
    sines = np.linalg.svd(second - first @ inside, compute_uv=False)
    wide = cosines**2 < 0.5
    angles = np.arccos(np.clip(np.where(wide, cosines, 0), -1, 1))
    return np.where(wide, angles, np.arcsin(np.where(wide, 0, np.flip(sines))))[::-1]


# --- products and shapes ---


@composed(
    scipy.linalg.khatri_rao,
    inline=True,
    wrt=["a", "b"],
    samples=[call(real(2, 3), real(4, 3)).without_twin()],
)
def khatri_rao(a, b):
    """Kronecker's product of each pair of columns."""
    return np.reshape(a[:, None, :] * b[None, :, :], (-1, a.shape[1]))


@composed(
    scipy.linalg.diagsvd, inline=True, wrt=["s"], samples=[call(real(3), 4, 3).without_twin()]
)
def diagsvd(s, M, N):
    """The singular values as a matrix."""
    k = np.arange(s.size)
    return place(s, (M, N), (k, k))

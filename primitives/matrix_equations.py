"""Equations whose unknown is a matrix, and systems whose matrix is given by a row or by bands, in `scipy.linalg`.

P. Lancaster, L. Rodman, "Algebraic Riccati Equations" (1995); N. J. Higham, "Functions of Matrices" (2008), appendix B.
"""

import numpy as np
import scipy.linalg
from scipy.linalg import solve_sylvester

from ..linalg import solve_discrete_lyapunov as compiled_discrete_lyapunov
from . import matrix_functions  # noqa: F401  # registered first
from .asked import computed, is_complex
from .linalg import conj, mH
from .registry import adjoint, call, composed, double, draw, real, tangent
from .scipy_linalg import cho_solve, of_bands, toeplitz

# --- Lyapunov and Riccati ---


@composed(
    scipy.linalg.solve_continuous_lyapunov,
    dtype="float",
    wrt=["a", "q"],
    samples=[call(draw("spd", 3, 3), real(3, 3)).without_twin()],
)
def solve_continuous_lyapunov(a, q):
    """`a @ x + x @ a.conj().T = q`."""
    return solve_sylvester(a, mH(a), q)


@adjoint(
    scipy.linalg.solve_discrete_lyapunov,
    dtype=double,
    jax=compiled_discrete_lyapunov,
    samples=[call(draw((0.0, 0.3), 3, 3), real(3, 3)).without_twin()],
)
def solve_discrete_lyapunov(dy, y, a, q, method=None):
    """`a @ y @ a.conj().T - y + q = 0`."""
    if is_complex(a) or is_complex(q):
        raise NotImplementedError("scipy.linalg.solve_discrete_lyapunov of complex matrices")
    dq = scipy.linalg.solve_discrete_lyapunov(a.T, dy)
    return dq @ a @ y.T + dq.T @ a @ y, dq


@tangent(scipy.linalg.solve_discrete_lyapunov)
def solve_discrete_lyapunov_tangent(a_dot, q_dot, y, a, q, method=None):
    if is_complex(a) or is_complex(q):
        raise NotImplementedError("scipy.linalg.solve_discrete_lyapunov of complex matrices")
    change = a_dot @ y @ a.T + a @ y @ a_dot.T
    return (
        scipy.linalg.solve_discrete_lyapunov(a, change),
        scipy.linalg.solve_discrete_lyapunov(a, q_dot),
    )


def through_feedback(both, dq, k):
    """The adjoints of a Riccati equation's matrices, from that of `a`, that of `q` and the gain."""
    return both, -both @ k.T, dq, k @ dq @ k.T


def solution(a, b, q, r, e=None, s=None, balanced=True):
    """For the shape of a Riccati equation's solution."""
    return a


def feedback(x, a, b, r):
    """The gain and the closed loop of the continuous equation."""
    k = np.linalg.solve(r, b.T @ x)
    return k, a - b @ k


def check_simple(a, e, s, balanced):
    if is_complex(a) or e is not None or s is not None or not balanced:
        raise NotImplementedError("a Riccati equation of complex matrices, or with e, s, balanced")


@adjoint(scipy.linalg.solve_continuous_are, dtype="float", like=solution)
def solve_continuous_are(dy, y, a, b, q, r, e=None, s=None, balanced=True):
    """`a.T @ y + y @ a - y @ b @ inv(r) @ b.T @ y + q = 0`; its change solves an equation of Lyapunov's."""
    check_simple(a, e, s, balanced)
    k, loop = feedback(y, a, b, r)
    dq = solve_sylvester(loop, loop.T, -dy)
    return through_feedback(y @ (dq + dq.T), dq, k)


@tangent(scipy.linalg.solve_continuous_are)
def solve_continuous_are_tangent(
    a_dot, b_dot, q_dot, r_dot, y, a, b, q, r, e=None, s=None, balanced=True
):
    check_simple(a, e, s, balanced)
    k, loop = feedback(y, a, b, r)
    moved, steered = y @ a_dot, y @ b_dot @ k
    return (
        solve_sylvester(loop.T, loop, -moved - moved.T),
        solve_sylvester(loop.T, loop, steered + steered.T),
        solve_sylvester(loop.T, loop, -q_dot),
        solve_sylvester(loop.T, loop, -k.T @ r_dot @ k),
    )


def sampled_feedback(x, a, b, r):
    """The gain and the closed loop of the discrete equation."""
    k = np.linalg.solve(r + b.T @ x @ b, b.T @ x @ a)
    return k, a - b @ k


@adjoint(scipy.linalg.solve_discrete_are, dtype="float", like=solution)
def solve_discrete_are(dy, y, a, b, q, r, e=None, s=None, balanced=True):
    """`a.T @ y @ a - y - a.T @ y @ b @ inv(r + b.T @ y @ b) @ b.T @ y @ a + q = 0`."""
    check_simple(a, e, s, balanced)
    k, loop = sampled_feedback(y, a, b, r)
    dq = scipy.linalg.solve_discrete_lyapunov(loop, dy)
    return through_feedback(y @ loop @ (dq + dq.T), dq, k)


@tangent(scipy.linalg.solve_discrete_are)
def solve_discrete_are_tangent(
    a_dot, b_dot, q_dot, r_dot, y, a, b, q, r, e=None, s=None, balanced=True
):
    check_simple(a, e, s, balanced)
    k, loop = sampled_feedback(y, a, b, r)
    moved, steered = loop.T @ y @ a_dot, loop.T @ y @ b_dot @ k
    return (
        scipy.linalg.solve_discrete_lyapunov(loop.T, moved + moved.T),
        scipy.linalg.solve_discrete_lyapunov(loop.T, -steered - steered.T),
        scipy.linalg.solve_discrete_lyapunov(loop.T, q_dot),
        scipy.linalg.solve_discrete_lyapunov(loop.T, k.T @ r_dot @ k),
    )


# --- matrices that a row and a column give ---


def full_toeplitz(c_or_cr):
    """Of a column alone, the row is its conjugate."""
    if isinstance(c_or_cr, tuple):
        c, r = c_or_cr
        return toeplitz(c, r)
    return toeplitz(c_or_cr, conj(c_or_cr))


PAIRS = [
    call(draw((1.0, 2.0), 3), real(3)).without_twin(),
    call((draw((1.0, 2.0), 3), draw((0.1, 0.5), 3)), real(3, 2)).without_twin(),
]


@composed(
    scipy.linalg.solve_toeplitz,
    inline=True,
    dtype=double,
    lists=["c_or_cr"],
    wrt=["c_or_cr", "b"],
    samples=PAIRS,
)
def solve_toeplitz(c_or_cr, b):
    """As a full matrix."""
    return np.linalg.solve(full_toeplitz(c_or_cr), b)


@composed(
    scipy.linalg.matmul_toeplitz,
    inline=True,
    dtype=double,
    lists=["c_or_cr"],
    wrt=["c_or_cr", "x"],
    samples=PAIRS,
)
def matmul_toeplitz(c_or_cr, x):
    """As a full matrix."""
    return full_toeplitz(c_or_cr) @ x


@composed(scipy.linalg.circulant, samples=[call(real(4)).without_twin()])
def circulant(c):
    n = c.shape[-1]
    return c[..., (np.arange(n)[:, None] - np.arange(n)) % n]


@composed(
    scipy.linalg.solve_circulant,
    inline=True,
    dtype="float",
    wrt=["c", "b"],
    samples=[
        call(draw((1.0, 2.0), 4), real(4)).without_twin(),
        call(draw((1.0, 2.0), 3), real(3, 2)).without_twin(),
    ],
)
def solve_circulant(c, b):
    """As a full matrix, which must not be singular."""
    if c.ndim != 1:
        raise NotImplementedError("scipy.linalg.solve_circulant of more than one matrix")
    return np.linalg.solve(circulant(c), b)


# --- Hermitian matrices by their bands ---


@computed
def below(rows):
    """How many bands there are beside the diagonal."""
    return rows - 1


def of_half_bands(ab, lower):
    """The triangle that is given."""
    bands = below(ab.shape[0])
    return of_bands(ab, bands, 0) if lower else of_bands(ab, 0, bands)


@composed(
    scipy.linalg.cho_solve_banded,
    inline=True,
    dtype="float",
    lists=["cb_and_lower"],
    wrt=["cb_and_lower", "b"],
    samples=[
        call((draw((1.0, 2.0), 2, 4), True), real(4)).without_twin(),
        call((draw((1.0, 2.0), 2, 4), False), real(4, 2)).without_twin(),
    ],
)
def cho_solve_banded(cb_and_lower, b):
    """As a full matrix."""
    cb, lower = cb_and_lower
    return cho_solve((of_half_bands(cb, lower), lower), b)


@composed(
    scipy.linalg.cholesky_banded,
    inline=True,
    dtype="float",
    wrt=["ab"],
    samples=[
        call(draw((1.0, 1.2), 1, 4)).without_twin(),
    ],
)
def cholesky_banded(ab, lower=False):
    """As a full matrix; what is outside of it stays as it is given."""
    bands = below(ab.shape[0])
    half = of_half_bands(ab, lower)
    factor = np.linalg.cholesky(half if lower else mH(half))
    factor = factor if lower else mH(factor)
    rows = []
    for row in range(bands + 1):
        k = row if lower else bands - row
        diagonal = np.diag(factor, k=-k if lower else k)
        if k == 0:
            rows.append(diagonal)
        elif lower:
            rows.append(np.concatenate([diagonal, ab[row, -k:]]))
        else:
            rows.append(np.concatenate([ab[row, :k], diagonal]))
    return np.stack(rows)

"""Functions of matrices in `scipy.linalg`, and the equations of their adjoints.

N. J. Higham, "Functions of Matrices" (2008).
"""

import jax.scipy.linalg
import numpy as np
import scipy.linalg
from scipy.linalg import expm_frechet, solve_sylvester

from ..linalg import logm as compiled_logm
from . import decompositions  # noqa: F401  # registered first
from .asked import is_complex
from .linalg import mH
from .registry import adjoint, call, composed, double, draw, real, tangent


@adjoint(
    scipy.linalg.expm, dtype="float", samples=[call(real(3, 3)), call(draw((-3.0, 3.0), 2, 2))]
)
def expm(dy, y, a):
    """Section 3.2: the adjoint of the Frechet derivative at `a` is the one at its transpose."""
    if a.ndim != 2:
        raise NotImplementedError("scipy.linalg.expm of a stack of matrices")
    return expm_frechet(a.T, dy, compute_expm=False)


@tangent(scipy.linalg.expm)
def expm_tangent(a_dot, y, a):
    if a.ndim != 2:
        raise NotImplementedError("scipy.linalg.expm of a stack of matrices")
    return expm_frechet(a, a_dot, compute_expm=False)


@adjoint(
    solve_sylvester,
    dtype="float",
    samples=[call(draw("spd", 3, 3), draw("spd", 2, 2), real(3, 2)).without_twin()],
)
def solve_sylvester_(dy, y, a, b, q):
    """The solution `y` of `a @ y + y @ b = q`, appendix B.14; its adjoint solves the transposed equation."""
    if is_complex(a) != is_complex(b) or is_complex(a) != is_complex(q):
        raise NotImplementedError("solve_sylvester of real and complex matrices")
    dq = solve_sylvester(a.T, b.T, dy)
    return -dq @ y.T, -y.T @ dq, dq


@tangent(solve_sylvester)
def solve_sylvester_tangent(a_dot, b_dot, q_dot, y, a, b, q):
    return (
        -solve_sylvester(a, b, a_dot @ y),
        -solve_sylvester(a, b, y @ b_dot),
        solve_sylvester(a, b, q_dot),
    )


def real_if_it_is(y, a):
    """A function of a real matrix, real where it has no imaginary part, and NaN elsewhere.

    What dtype SciPy's result has is not known before the function runs.
    """
    if is_complex(a):
        return y
    is_real = np.max(np.abs(np.imag(y))) <= 1e-6 * np.max(np.abs(y))
    return np.real(y) * np.where(is_real, 1.0, np.nan).astype(np.real(y).dtype)


def complex_root(a):
    """The square root of a matrix as a complex matrix."""
    return scipy.linalg.sqrtm(a.astype(np.result_type(a, np.complex64)))


@adjoint(
    complex_root,
    dtype=lambda jax_dtype, a: np.result_type(a, np.complex64),
    jax=jax.scipy.linalg.sqrtm,
    samples=[call(draw("spd", 3, 3)).without_twin()],
)
def complex_root_(dy, y, a):
    """Section 6.1: from `y @ y = a`."""
    return solve_sylvester(y.T, y.T, dy)


@tangent(complex_root)
def complex_root_tangent(a_dot, y, a):
    return solve_sylvester(y, y, a_dot.astype(y.dtype))


@composed(
    scipy.linalg.sqrtm,
    inline=True,  # JAX's is complex for any matrix, SciPy's where it has to be
    dtype="float",
    samples=[call(draw("spd", 3, 3)).without_twin()],
)
def sqrtm(A):
    """NaN for a real matrix whose root is complex."""
    return real_if_it_is(complex_root(A), A)


def complex_log(a):
    """The principal logarithm of a matrix as a complex matrix."""
    return scipy.linalg.logm(a.astype(complex))


def of_blocks(a, b):
    """The block matrix `[[a, b], [0, a]]`, whose functions have the derivative along b in the upper right corner."""
    return np.block([[a, b], [np.zeros_like(a), a]])


def upper_right(y, a):
    n = a.shape[0]
    return y[:n, n:]


@adjoint(
    complex_log,
    dtype=lambda jax_dtype, a: np.dtype(complex),
    jax=compiled_logm,
    samples=[call(draw("spd", 3, 3)).without_twin()],
)
def complex_log_(dy, y, a):
    """Section 3.2: the derivative at the transpose."""
    return upper_right(complex_log(of_blocks(a.T.astype(dy.dtype), dy)), a)


@tangent(complex_log)
def complex_log_tangent(a_dot, y, a):
    return upper_right(complex_log(of_blocks(a, a_dot)), a)


@composed(
    scipy.linalg.logm,
    inline=True,
    dtype=double,
    samples=[call(draw("spd", 3, 3)).without_twin()],
)
def logm(A):
    """NaN for a real matrix whose logarithm is complex."""
    return real_if_it_is(complex_log(A), A)


@composed(
    scipy.linalg.fractional_matrix_power,
    inline=True,
    dtype=double,
    wrt=["A", "t"],
    samples=[
        call(draw("spd", 3, 3), 0.3).without_twin(),
        call(draw("spd", 3, 3), 2).without_twin(),
    ],
)
def fractional_matrix_power(A, t):
    """NaN for a real matrix whose power is complex."""
    if isinstance(t, int):
        return np.linalg.matrix_power(A, t)
    return real_if_it_is(scipy.linalg.expm(t * complex_log(A)), A)


@composed(
    scipy.linalg.signm, inline=True, dtype="float", samples=[call(draw("spd", 3, 3)).without_twin()]
)
def signm(A):
    """Section 5.1."""
    return np.linalg.solve(scipy.linalg.sqrtm(A @ A), A)


# --- trigonometry ---

SMALL = [call(draw((-1.0, 1.0), 3, 3)).without_twin()]


def rotations(a):
    """`exp(i a)` and `exp(-i a)`."""
    return scipy.linalg.expm(1j * a), scipy.linalg.expm(-1j * a)


@composed(scipy.linalg.cosm, inline=True, dtype="float", samples=SMALL)
def cosm(A):
    """Section 12.1."""
    if not is_complex(A):
        return np.real(scipy.linalg.expm(1j * A))
    forwards, backwards = rotations(A)
    return (forwards + backwards) / 2


@composed(scipy.linalg.sinm, inline=True, dtype="float", samples=SMALL)
def sinm(A):
    if not is_complex(A):
        return np.imag(scipy.linalg.expm(1j * A))
    forwards, backwards = rotations(A)
    return -0.5j * (forwards - backwards)


@composed(scipy.linalg.tanm, inline=True, dtype="float", samples=SMALL)
def tanm(A):
    return np.linalg.solve(cosm(A), sinm(A))


@composed(scipy.linalg.coshm, inline=True, dtype="float", samples=SMALL)
def coshm(A):
    return (scipy.linalg.expm(A) + scipy.linalg.expm(-A)) / 2


@composed(scipy.linalg.sinhm, inline=True, dtype="float", samples=SMALL)
def sinhm(A):
    return (scipy.linalg.expm(A) - scipy.linalg.expm(-A)) / 2


@composed(scipy.linalg.tanhm, inline=True, dtype="float", samples=SMALL)
def tanhm(A):
    return np.linalg.solve(coshm(A), sinhm(A))


@composed(
    scipy.linalg.polar,
    dtype="float",
    samples=[call(real(3, 3)).without_twin(), call(real(3, 3), side="left").without_twin()],
)
def polar(a, side="right"):
    """Section 8.1: both factors from the singular value decomposition."""
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    if side == "right":
        return u @ vh, mH(vh) @ (s[..., :, None] * vh)
    return u @ vh, (u * s[..., None, :]) @ mH(u)

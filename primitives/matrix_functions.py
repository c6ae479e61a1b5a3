"""Functions of matrices in `scipy.linalg`: the exponential, the square root, and the equations of their adjoints.

N. J. Higham, "Functions of Matrices" (2008).
"""

import jax.scipy.linalg
import numpy as np
import scipy.linalg
from scipy.linalg import expm_frechet, solve_sylvester

from . import decompositions  # noqa: F401  # registered first
from .asked import is_complex
from .linalg import mH
from .registry import adjoint, call, composed, draw, real, tangent


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
    """NaN for a real matrix whose root is complex: what dtype it has is not known before the function runs."""
    root = complex_root(A)
    if is_complex(A):
        return root
    is_real = np.max(np.abs(np.imag(root))) <= 1e-6 * np.max(np.abs(root))
    return np.where(is_real, np.real(root), np.nan * np.real(root))


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

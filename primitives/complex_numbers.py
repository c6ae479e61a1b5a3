"""Complex numbers: their parts, and which rules hold for them."""

import numpy as np
import scipy.linalg
import scipy.special

from . import (  # noqa: F401  # registered first
    axes,
    bessel,
    calculus,
    constant,
    decompositions,
    einsum,
    elementwise,
    elliptic,
    integrals,
    joining,
    linalg,
    matrix_equations,
    missing_values,
    products,
    reductions,
    scipy_decompositions,
    scipy_linalg,
    shapes,
    sorting,
    statistics,
    transcendental,
)
from .asked import is_complex
from .linalg import length
from .matrix_functions import complex_log, complex_root
from .registry import call, composed, draw, holds_for_complex, linear, real_only, registered_now
from .registry import elementwise as elementwise_rule
from .shapes import add_at, astype, getitem, place, update

REAL, COMPLEX = "real", "complex"


def part(jax_dtype, x):
    """The dtype of the real or the imaginary part."""
    return np.real(np.zeros((), x)).dtype


@linear(np.real, views=True, dtype=part, samples=[call(draw(REAL, 3, 4)), call(draw(COMPLEX, 3))])
def real(dy, y, x):
    return dy


@linear(np.imag, views=True, dtype=part, samples=[call(draw(COMPLEX, 3)), call(draw(COMPLEX))])
def imag(dy, y, x):
    return -1j * dy if is_complex(x) else None


@linear(np.conjugate, dtype="ufunc", samples=[call(draw(REAL, 3)), call(draw(COMPLEX, 3))])
def conjugate(dy, y, x):
    return np.conjugate(dy) if is_complex(x) else dy


@elementwise_rule(np.angle, dtype=part, wrt=["x"], samples=[call(draw(COMPLEX, 3))])
def angle(y, x):
    """Of a real number it is constant."""
    return -1j / x if is_complex(x) else 0


@composed(np.real_if_close, samples=[call(draw(REAL, 3)).without_twin()])
def real_if_close(a, tol=100):
    """Of real numbers it is the array itself."""
    if is_complex(a):
        raise NotImplementedError(
            "np.real_if_close of complex numbers, whose dtype depends on values: np.real"
        )
    return a


# Holomorphic functions.
holds_for_complex(
    np.add, np.subtract, np.multiply, np.divide, np.negative, np.positive, np.power, np.square, np.sqrt, np.reciprocal,
    np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10, np.log1p, np.sin, np.cos, np.tan, np.arcsin, np.arccos,
    np.arctan, np.sinh, np.cosh, np.tanh, np.arctanh, np.matmul, np.dot, np.inner, np.outer, np.tensordot, np.einsum,
    np.kron, np.prod, np.convolve, np.polyval, np.linalg.inv, np.linalg.solve, np.linalg.det, np.linalg.matrix_power,
    np.linalg.multi_dot, scipy.linalg.solve_triangular, scipy.linalg.expm,
    scipy.linalg.solve_sylvester, scipy.special.wofz, scipy.special.hankel1, scipy.special.hankel2,
    scipy.special.hankel1e, scipy.special.hankel2e, scipy.special.yv, scipy.special.airy, scipy.special.kelvin,
    scipy.special.modfresnelp, scipy.special.modfresnelm,
    scipy.special.shichi, scipy.special.hyp0f1, scipy.special.wrightomega, scipy.special.elliprc, scipy.special.elliprg,
    scipy.special.elliprj, scipy.special.lambertw, complex_root, complex_log,
)  # fmt: skip
# Functions with a rule that says what holds for complex numbers.
holds_for_complex(
    np.interp, np.cov, np.corrcoef, np.arccosh, np.arcsinh, np.vdot, np.vecdot, np.vecmat, np.matvec, np.cross,
    np.real, np.imag, np.conjugate, np.angle, np.abs, np.max, np.min, np.linalg.cholesky, np.linalg.eig, np.linalg.eigh,
    np.linalg.eigvals, np.linalg.eigvalsh, np.linalg.svd, np.linalg.svdvals, np.linalg.pinv, length, np.linalg.norm,
    np.linalg.vector_norm, np.linalg.matrix_norm, np.linalg.cond, np.linalg.lstsq, np.extract, np.compress, np.tri,
    scipy.linalg.cholesky, scipy.linalg.cho_solve, scipy.linalg.sqrtm, scipy.linalg.solve, scipy.linalg.solve_banded,
    scipy.linalg.logm, scipy.linalg.signm, scipy.linalg.fractional_matrix_power, scipy.linalg.cosm, scipy.linalg.sinm,
    scipy.linalg.tanm, scipy.linalg.coshm, scipy.linalg.sinhm, scipy.linalg.tanhm,
    scipy.linalg.solve_continuous_lyapunov, scipy.linalg.circulant, scipy.linalg.eig, scipy.linalg.eigvals,
    scipy.linalg.eigh, scipy.linalg.eigvalsh, scipy.linalg.pinvh, scipy.linalg.khatri_rao, scipy.linalg.lstsq,
)  # fmt: skip
# Functions that move elements, choose among them by something else, or add them up.
MOVING = {module.__name__ for module in (shapes, joining, axes)}
holds_for_complex(
    *(p.function for p in registered_now() if p.adjoint is not None and p.adjoint.__module__ in MOVING),
    np.where, np.sum, np.mean, np.cumsum, np.diff, np.ediff1d, np.gradient, np.trapezoid, np.average, np.linspace,
    np.linalg.trace, np.linalg.diagonal,
    getitem, place, update, add_at, astype,
)  # fmt: skip
real_only(np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.geomspace)

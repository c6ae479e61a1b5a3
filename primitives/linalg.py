"""Linear algebra. Formulas: M. B. Giles, "An extended collection of matrix derivative results" (2008)."""

import jax.numpy as jnp
import numpy as np
from scipy.linalg import solve_triangular

from ..linalg import cofactors
from . import axes, products  # noqa: F401  # registered first
from .asked import is_complex
from .conjugates import conj, real_part
from .reductions import restored
from .registry import adjoint, alias, call, composed, draw, nondifferentiable, real, tangent


def mT(x):
    """The transpose of each matrix in a stack."""
    if x.ndim == 2:
        return x.T
    return np.swapaxes(x, -1, -2)


def mH(x):
    """The conjugate transpose of each matrix in a stack."""
    return np.conj(mT(x)) if is_complex(x) else mT(x)


def of_lower(x):
    """The adjoint of a Hermitian matrix of which only the lower triangle is read."""
    if is_complex(x):
        return np.tril(x, k=-1) + mH(np.triu(x, k=1)) + np.real(np.tril(np.triu(x)))
    return np.tril(x) + mT(np.triu(x, k=1))


def hermitian(x):
    """The Hermitian matrix with this lower triangle."""
    if is_complex(x):
        return np.tril(x, k=-1) + mH(np.tril(x, k=-1)) + np.real(np.tril(np.triu(x)))
    return np.tril(x) + mT(np.tril(x, k=-1))


def per_matrix(x, a):
    """A number for each matrix of a stack, so that it broadcasts against the matrices."""
    return x if a.ndim == 2 else x[..., None, None]


@adjoint(
    np.linalg.inv, dtype="float", samples=[call(draw("spd", 3, 3)), call(draw("spd", 2, 3, 3))]
)
def inv(dy, y, a):
    """Giles (2008), section 2.2.3."""
    return -mT(y) @ dy @ mT(y)


@tangent(np.linalg.inv)
def inv_tangent(a_dot, y, a):
    return -y @ a_dot @ y


def solve_transposed(a, b):
    """The solution of `a.T @ x = b`, for each matrix of a stack."""
    return np.linalg.solve(np.swapaxes(a, -1, -2), b)


def _solve_transposed_jax(a, b):
    return jnp.linalg.solve(a.mT, b)


@adjoint(
    solve_transposed,
    dtype="float",
    jax=_solve_transposed_jax,
    samples=[call(draw("spd", 3, 3), real(3)), call(draw("spd", 3, 3), real(3, 2))],
)
def solve_transposed_(dy, y, a, b):
    db = np.linalg.solve(a, dy)
    if b.ndim == 1:
        return -np.expand_dims(y, -1) * np.expand_dims(db, -2), db
    return -y @ mT(db), db


@tangent(solve_transposed)
def solve_transposed_tangent(a_dot, b_dot, y, a, b):
    return -solve_transposed(a, mT(a_dot) @ y), solve_transposed(a, b_dot)


@adjoint(
    np.linalg.solve,
    dtype="float",
    samples=[
        call(draw("spd", 3, 3), real(3)),
        call(draw("spd", 3, 3), real(3, 2)),
        call(draw("spd", 2, 3, 3), real(2, 3, 4)),
        call(draw("spd", 2, 3, 3), real(3, 4)),
        call(draw("spd", 3, 3, 3), real(3)),
    ],
)
def solve(dy, y, a, b):
    """Giles (2008), section 2.3.1."""
    if b.ndim == 1 and a.ndim > 2:  # one vector for all matrices
        column = solve_transposed(a, np.expand_dims(dy, -1))
        return -column * np.expand_dims(y, -2), column[..., 0]
    db = solve_transposed(a, dy)
    if b.ndim == 1:
        return -np.expand_dims(db, -1) * np.expand_dims(y, -2), db
    return -db @ mT(y), db


@tangent(np.linalg.solve)
def solve_tangent(a_dot, b_dot, y, a, b):
    if b.ndim == 1 and a.ndim > 2:
        change = np.linalg.solve(a, a_dot @ np.expand_dims(y, -1))
        return -change[..., 0], np.linalg.solve(a, b_dot)
    return -np.linalg.solve(a, a_dot @ y), np.linalg.solve(a, b_dot)


def cofactors_of_numpy(a):
    """As in `backprose.linalg`, with a shift in place of pivots."""
    size = np.max(np.abs(a)) if a.ndim == 2 else np.max(np.abs(a), axis=(-2, -1))
    tiny = np.where(size == 0, 1, size) * np.finfo(a.dtype).eps
    shift = per_matrix(np.where(np.linalg.det(a) == 0, tiny, 0), a)
    moved = a + shift * np.eye(a.shape[-1], dtype=a.dtype)
    return per_matrix(np.linalg.det(moved), a) * mT(np.linalg.inv(moved))


MATRICES = [call(draw("spd", 3, 3)), call(draw("spd", 2, 3, 3))]


@adjoint(
    cofactors,
    dtype="float",
    jax=cofactors,
    numpy=cofactors_of_numpy,
    samples=MATRICES,
)
def cofactors_(dy, y, a):
    """The derivative of `det(a) * inv(a).T`, of which a singular matrix has none here."""
    turned = mT(np.linalg.inv(a))
    return per_matrix(np.sum(dy * y, axis=(-2, -1)), a) * turned - y @ mT(dy) @ turned


@tangent(cofactors)
def cofactors_tangent(a_dot, y, a):
    turned = mT(a_dot @ np.linalg.inv(a))
    return per_matrix(np.trace(turned, axis1=-2, axis2=-1), a) * y - turned @ y


@adjoint(np.linalg.det, dtype="float", samples=MATRICES)
def det(dy, y, a):
    """Giles (2008), section 2.2.4: the cofactors, which a singular matrix has, too."""
    return per_matrix(dy, a) * cofactors(a)


@tangent(np.linalg.det)
def det_tangent(a_dot, y, a):
    return np.sum(a_dot * cofactors(a), axis=(-2, -1))


@adjoint(np.linalg.slogdet, dtype="float", samples=[call(draw("spd", 3, 3))])
def slogdet(dy, y, a):
    """Giles (2008), section 2.2.4: the logarithm's adjoint is the transposed inverse; the sign is constant."""
    if dy[1] is None:
        return np.zeros_like(a)
    return per_matrix(dy[1], a) * mT(np.linalg.inv(a))


@tangent(np.linalg.slogdet)
def slogdet_tangent(a_dot, y, a):
    return (np.zeros_like(y[0]), np.trace(np.linalg.solve(a, a_dot), axis1=-2, axis2=-1))


@adjoint(
    solve_triangular,
    dtype="float",
    wrt=["a", "b"],
    samples=[
        call(draw("spd", 3, 3), real(3), lower=True),
        call(draw("spd", 3, 3), real(3, 2)),
        call(draw("spd", 3, 3), real(3, 2), trans=1),
        call(draw("spd", 3, 3), real(3), lower=True, trans=1),
        call(draw("spd", 3, 3), real(3), lower=True, unit_diagonal=True),
    ],
)
def solve_triangular_(dy, y, a, b, trans=0, lower=False, unit_diagonal=False):
    """Giles (2008), section 2.3.1, for the triangle that is read."""
    if trans not in (0, 1):
        raise NotImplementedError("trans of scipy.linalg.solve_triangular by a letter")
    db = solve_triangular(a, dy, trans=1 - trans, lower=lower, unit_diagonal=unit_diagonal)
    left, right = (db, y) if trans == 0 else (y, db)
    da = -np.outer(left, right) if b.ndim == 1 else -left @ mT(right)
    k = 1 if unit_diagonal else 0
    return np.tril(da, k=-k) if lower else np.triu(da, k=k), db


@tangent(solve_triangular)
def solve_triangular_tangent(a_dot, b_dot, y, a, b, trans=0, lower=False, unit_diagonal=False):
    k = 1 if unit_diagonal else 0
    read = np.tril(a_dot, k=-k) if lower else np.triu(a_dot, k=k)
    change = read @ y if trans == 0 else mT(read) @ y
    options = {"trans": trans, "lower": lower, "unit_diagonal": unit_diagonal}
    return -solve_triangular(a, change, **options), solve_triangular(a, b_dot, **options)


def substituted(a, b):
    """The solution of `a @ x = b` for a lower triangular matrix, or for each of a stack."""
    return solve_triangular(a, b, lower=True) if a.ndim == 2 else np.linalg.solve(a, b)


def back_substituted(a, b):
    """The solution of `a.T @ x = b` for a lower triangular matrix, or for each of a stack."""
    if a.ndim == 2:
        return solve_triangular(a, b, trans=1, lower=True)
    return solve_transposed(a, b)


def lower_half(x):
    """The lower triangle with half of the diagonal."""
    return (np.tril(x) + np.tril(x, k=-1)) / 2


def cholesky_of_lower(a):
    """NumPy's convention in JAX: only the lower triangle is read."""
    lower = jnp.tril(a) + jnp.conj(jnp.tril(a, -1).mT)
    return jnp.linalg.cholesky(lower, symmetrize_input=False)


@adjoint(
    np.linalg.cholesky,
    dtype="float",
    jax=cholesky_of_lower,
    samples=[call(draw("spd", 3, 3)), call(draw("spd", 2, 3, 3))],
)
def cholesky(dy, y, a):
    """I. Murray, "Differentiation of the Cholesky decomposition" (2016), equation 10.

    NumPy reads only the lower triangle of `a`, so the derivative with respect to the upper one is zero and an
    off-diagonal element stands for both of its places.
    """
    inner = mT(back_substituted(conj(y), mT(lower_half(mT(y) @ dy))))
    return of_lower(back_substituted(y, inner))


@tangent(np.linalg.cholesky)
def cholesky_tangent(a_dot, y, a):
    return y @ lower_half(substituted(y, mH(substituted(y, hermitian(a_dot)))))


def length(x, axis=None, keepdims=False):
    """The root of the sum of squares: the norm of a vector, the Frobenius norm of a matrix."""
    return np.linalg.norm(x, axis=axis, keepdims=keepdims)


LENGTHS = [
    call(real(4)),
    call(real(3, 4)),
    call(real(3, 4), axis=1),
    call(real(3, 4), axis=0, keepdims=True),
]


@adjoint(
    length,
    dtype="float",
    jax=lambda x, axis=None, keepdims=False: jnp.linalg.norm(x, axis=axis, keepdims=keepdims),
    samples=LENGTHS,
)
def length_(dy, y, x, axis=None, keepdims=False):
    """At 0 the derivative is 0."""
    dy, y = restored(dy, x, axis, keepdims), restored(y, x, axis, keepdims)
    return dy * conj(x) / np.where(y == 0, 1, y)


@tangent(length)
def length_tangent(x_dot, y, x, axis=None, keepdims=False):
    total = real_part(np.sum(conj(x) * x_dot, axis=axis, keepdims=keepdims))
    return total / np.where(y == 0, 1, y)


def vector_norm_(x, ord, axis, keepdims):
    if ord is None or ord == 2:
        return length(x, axis=axis, keepdims=keepdims)
    if ord == np.inf:
        return np.max(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == -np.inf:
        return np.min(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == 0:
        return np.sum(x != 0, axis=axis, keepdims=keepdims, dtype=x.dtype)
    if ord == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdims)
    total = np.sum(np.abs(x) ** ord, axis=axis, keepdims=keepdims)
    return np.where(total == 0, 0, np.where(total == 0, 1, total) ** (1 / ord))


def matrix_norm_(x, ord, axis, keepdims):
    if ord is None or ord == "fro":
        return length(x, axis=axis, keepdims=keepdims)
    if ord == "nuc" or ord == 2 or ord == -2:
        s = np.linalg.svd(np.moveaxis(x, axis, (-2, -1)), compute_uv=False)
        y = np.sum(s, axis=-1) if ord == "nuc" else s[..., 0] if ord == 2 else s[..., -1]
        return np.expand_dims(y, axis) if keepdims else y
    row, column = axis[0] % x.ndim, axis[1] % x.ndim
    over, of = (row, column) if abs(ord) == 1 else (column, row)
    sums = np.sum(np.abs(x), axis=over, keepdims=True)
    y = np.max(sums, axis=of, keepdims=True) if ord > 0 else np.min(sums, axis=of, keepdims=True)
    return y if keepdims else np.squeeze(y, axis=axis)


@composed(
    np.linalg.norm,
    dtype="float",
    samples=[
        *LENGTHS,
        call(real(4), ord=1),
        call(real(3, 4), ord=1, axis=1),
        call(real(3, 4), ord=2, axis=1),
        call(real(3, 4), ord=np.inf, axis=0),
        call(real(4), ord=-np.inf),
        call(real(4), ord=3),
        call(real(3, 4), ord=2.5, axis=1, keepdims=True),
        call(real(3, 4), ord="fro"),
        call(real(3, 4), ord="nuc"),
        call(real(3, 4), ord=2),
        call(real(3, 4), ord=-2),
        call(real(3, 4), ord=1),
        call(real(3, 4), ord=-1, keepdims=True),
        call(real(3, 4), ord=np.inf),
        call(real(2, 3, 4), ord=2, axis=(1, 2)),
        call(real(2, 3, 4), ord=1, axis=(0, 2)),
    ],
)
def norm(x, ord=None, axis=None, keepdims=False):
    if ord is None or isinstance(axis, int):
        return vector_norm_(x, ord, axis, keepdims)
    if axis is None and x.ndim == 1:
        return vector_norm_(x, ord, axis, keepdims)
    return matrix_norm_(x, ord, (0, 1) if axis is None else axis, keepdims)


@composed(
    np.linalg.vector_norm,
    dtype="float",
    samples=[call(real(4)), call(real(3, 4)), call(real(3, 4), axis=1, ord=3)],
)
def vector_norm(x, axis=None, keepdims=False, ord=2):
    return vector_norm_(x, ord, axis, keepdims)


@composed(
    np.linalg.matrix_norm,
    dtype="float",
    samples=[call(real(3, 4)), call(real(2, 3, 4), ord=1), call(real(2, 3, 4), ord="nuc")],
)
def matrix_norm(x, keepdims=False, ord="fro"):
    return matrix_norm_(x, ord, (-2, -1), keepdims)


@composed(np.linalg.trace, dtype="sum", samples=[call(real(3, 4)), call(real(2, 3, 3), offset=1)])
def trace(x, offset=0):
    return np.sum(np.diagonal(x, offset=offset, axis1=-2, axis2=-1), axis=-1)


@composed(np.linalg.diagonal, views=True, samples=[call(real(3, 4)), call(real(2, 3, 3), offset=1)])
def diagonal(x, offset=0):
    return np.diagonal(x, offset=offset, axis1=-2, axis2=-1)


alias(np.linalg.matmul, np.matmul)
alias(np.linalg.matrix_transpose, np.matrix_transpose)
alias(np.linalg.outer, np.outer)
alias(np.linalg.tensordot, np.tensordot)
alias(np.linalg.cross, np.cross)
alias(np.linalg.vecdot, np.vecdot)

nondifferentiable(
    np.linalg.matrix_rank, lambda a: a, dtype="index", samples=[call(draw("spd", 3, 3))]
)

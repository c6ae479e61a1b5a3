"""Linear algebra for arrays of JAX's that JAX does not have: recurrences, and functions of `scipy.linalg`.

The text of a derivative calls them where it runs under JAX; for NumPy it calls `scipy.linalg`. JAX computes Schur's
form, which `logm` and `solve_discrete_lyapunov` need, on the CPU alone.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.scipy.linalg
import numpy as np

__all__ = ["cofactors", "linear_recurrence", "logm", "solve_banded", "solve_discrete_lyapunov"]

NEAR = 0.25  # a matrix so close to the identity needs no further root
MOST = 100  # roots; 60 bring any matrix of float64 close to the identity
_nodes, _weights = np.polynomial.legendre.leggauss(8)  # from -1 to 1
NODES, WEIGHTS = (_nodes + 1) / 2, _weights / 2


def cofactors(a):
    """The matrix of the cofactors of square matrices: the derivative of the determinant along each element.

    `det(a) * inv(a).T` where there is an inverse, by the same factors. Of a singular matrix those pivots that are zero
    are made as small as rounding: the cofactors are then right to rounding, its own derivative is NaN.

    >>> cofactors(jnp.array([[1.0, 2.0], [2.0, 4.0]])).round(6).tolist()
    [[4.0, -2.0], [-2.0, 1.0]]
    """
    return _cofactors(jnp.asarray(a))


@jax.custom_jvp
def _cofactors(a):
    n = a.shape[-1]
    factors, pivots, permutation = jax.lax.linalg.lu(a)
    diagonal = jnp.diagonal(factors, axis1=-2, axis2=-1)
    largest = jnp.max(jnp.abs(a), axis=(-2, -1), initial=0)[..., None]
    tiny = jnp.finfo(a.dtype).eps * jnp.where(largest == 0, 1, largest)
    safe = jnp.where(diagonal == 0, tiny.astype(a.dtype), diagonal)
    one = jnp.eye(n, dtype=a.dtype)
    factors = jnp.where(one == 1, safe[..., None, :] * one, factors)
    exchanges = jnp.sum(pivots != jnp.arange(n, dtype=pivots.dtype), axis=-1)
    det = jnp.prod(safe, axis=-1) * jnp.where(exchanges % 2 == 0, 1, -1)
    rows = jnp.take_along_axis(jnp.broadcast_to(one, a.shape), permutation[..., None], axis=-2)
    inner = jax.lax.linalg.triangular_solve(
        factors, rows, left_side=True, lower=True, unit_diagonal=True
    )
    inverse = jax.lax.linalg.triangular_solve(factors, inner, left_side=True)
    return det[..., None, None] * inverse.mT


@_cofactors.defjvp
def _cofactors_jvp(primals, tangents):
    """`inv(a)` times `det(a)`, as a product."""
    (a,), (a_dot,) = primals, tangents
    inverse, y = jnp.linalg.inv(a), _cofactors(a)
    turned = (a_dot @ inverse).mT
    return y, y * jnp.trace(turned, axis1=-2, axis2=-1)[..., None, None] - turned @ y


def linear_recurrence(a, b, axis=-1, reverse=False):
    """`y[k] = a[k] * y[k - 1] + b[k]` along an axis, from `y[0] = b[0]` on; `a[0]` is not read.

    With `reverse=True` its transpose: `y[k] = a[k + 1] * y[k + 1] + b[k]`, from the last element back. `a` and `b` are
    arrays of one shape. All elements are found at once, in a number of steps that grows as the logarithm of the length:
    G. E. Blelloch, "Prefix sums and their applications" (1990), section 1.4.

    >>> linear_recurrence(jnp.full(4, 0.5), jnp.ones(4)).tolist()
    [1.0, 1.5, 1.75, 1.875]
    """
    dtype = jnp.result_type(a, b)
    a, b = jnp.asarray(a, dtype), jnp.asarray(b, dtype)
    if a.shape != b.shape:
        raise ValueError(f"the arrays of a recurrence have the shapes {a.shape} and {b.shape}")
    axis = axis % b.ndim
    if reverse:
        a = jnp.roll(a, -1, axis)

    def joined(near, far):
        return near[0] * far[0], near[1] * far[0] + far[1]

    return jax.lax.associative_scan(joined, (a, b), reverse=reverse, axis=axis)[1]


def logm(a):
    """The logarithm of a square matrix that has no eigenvalue on the negative axis, as a complex matrix.

    By inverse scaling and squaring: square roots bring the matrix close to the identity, where Gauss' quadrature of
    `x (1 + t x)**-1` from 0 to 1 is a Pade approximant. N. J. Higham, "Functions of Matrices" (2008), sections 11.4 and
    11.5. A singular matrix gives NaN.

    >>> logm(jnp.eye(2) * jnp.e).real.round(6).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    a = jnp.asarray(a)
    if a.ndim != 2:
        raise NotImplementedError("the logarithm of a stack of matrices")
    return _logm(a.astype(complex))


@jax.custom_jvp
def _logm(a):
    one = jnp.eye(a.shape[0], dtype=a.dtype)

    def far(state):
        roots, x = state
        return (jnp.max(jnp.sum(jnp.abs(x - one), axis=0)) > NEAR) & (roots < MOST)

    def root(state):
        roots, x = state
        return roots + 1, jax.scipy.linalg.sqrtm(x)

    roots, x = jax.lax.while_loop(far, root, (0, a))
    x = x - one
    terms = (w * jnp.linalg.solve(one + t * x, x) for t, w in zip(NODES, WEIGHTS, strict=True))
    return jnp.where(roots < MOST, 2.0**roots * sum(terms), jnp.nan)


@_logm.defjvp
def _jvp(primals, tangents):
    """Higham, section 3.2: the derivative is a corner of the logarithm of a block matrix."""
    (a,), (a_dot,) = primals, tangents
    n = a.shape[0]
    blocks = jnp.block([[a, a_dot.astype(a.dtype)], [jnp.zeros_like(a), a]])
    return _logm(a), _logm(blocks)[:n, n:]


def solve_banded(l_and_u, ab, b):
    """The solution x of `a @ x = b`, where `ab[upper + i - j, j]` is `a[i, j]` and all else is zero.

    `l_and_u` are the numbers of diagonals below and above the main one, `b` is a vector or a matrix of columns. With at
    most one on each side the time grows as the length of `b`; with more the matrix is filled in and solved whole.

    >>> solve_banded((0, 1), jnp.array([[0.0, 1.0], [2.0, 4.0]]), jnp.array([5.0, 8.0])).tolist()
    [1.5, 2.0]
    """
    lower, upper = l_and_u
    ab, b = jnp.asarray(ab), jnp.asarray(b)
    n = ab.shape[1]
    if ab.shape[0] != lower + upper + 1 or b.shape[0] != n:
        raise ValueError(
            f"{lower} and {upper} diagonals beside the main one do not fit {ab.shape} and {b.shape}"
        )
    dtype = jnp.result_type(ab, b, jnp.float32)
    rows = [ab[upper - k].astype(dtype) for k in range(-lower, upper + 1)]
    if lower > 1 or upper > 1 or n < 3:
        within = [k for k in range(-lower, upper + 1) if abs(k) < n]
        full = sum(jnp.diag(rows[lower + k][max(k, 0) : n + min(k, 0)], k) for k in within)
        return jnp.linalg.solve(full, b.astype(dtype))
    none = jnp.zeros((1,), dtype)
    below = jnp.concatenate([none, rows[0][:-1]]) if lower else jnp.zeros_like(rows[0])
    above = jnp.concatenate([rows[-1][1:], none]) if upper else jnp.zeros_like(rows[0])
    columns = b.astype(dtype).reshape(n, -1)
    return jax.lax.linalg.tridiagonal_solve(below, rows[lower], above, columns).reshape(b.shape)


def solve_discrete_lyapunov(a, q, method=None):
    """The solution x of `a @ x @ a.conj().T - x + q = 0`.

    By the bilinear transform to the continuous equation, whatever `method` says: V. Simoncini, "Computational methods
    for linear matrix equations" (2016), section 6. No product of two eigenvalues of `a` may be 1.

    >>> solve_discrete_lyapunov(jnp.eye(1) / 2, jnp.eye(1) * 3).round(6).tolist()
    [[4.0]]
    """
    a, q = jnp.asarray(a), jnp.asarray(q)
    one = jnp.eye(a.shape[0], dtype=a.dtype)
    inverse = jnp.linalg.inv(a.conj().T + one)
    b = (a.conj().T - one) @ inverse
    c = 2 * jnp.linalg.solve(a + one, q) @ inverse
    return jax.scipy.linalg.solve_sylvester(b.conj().T, b, -c)

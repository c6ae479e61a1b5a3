"""Functions of `scipy.linalg` for arrays of JAX's, which does not have them.

The text of a derivative calls them where it runs under JAX; for NumPy it calls `scipy.linalg`, whose names these are.
JAX computes Schur's form, which both need, on the CPU alone.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.scipy.linalg
import numpy as np

__all__ = ["logm", "solve_discrete_lyapunov"]

NEAR = 0.25  # a matrix so close to the identity needs no further root
MOST = 100  # roots; 60 bring any matrix of float64 close to the identity
_nodes, _weights = np.polynomial.legendre.leggauss(8)  # from -1 to 1
NODES, WEIGHTS = (_nodes + 1) / 2, _weights / 2


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

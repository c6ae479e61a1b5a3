# Derived from cholesky_rows by backprose, for
#     A: float64[2, 2]
# Its loops are for arrays of exactly these shapes.
from jax import lax
import jax.numpy as jnp


def cholesky_rows_value_and_grad(A):
    """Value of cholesky_rows and its gradient with respect to A."""
    n = A.shape[0]

    def step_i(i, carry):
        A, logdet = carry

        def step_j(j, A):
            t = jnp.arange(2) < j
            t1 = A[i, j] - jnp.where(t, A[i], 0) @ jnp.where(t, A[j], 0)
            t2 = t1 / A[j, j]
            return A.at[i, j].set(t2)

        A = lax.fori_loop(0, i, step_j, A)
        t3 = jnp.where(jnp.arange(2) < i, A[i], 0)
        A = A.at[i, i].set(jnp.sqrt(A[i, i] - t3 @ t3))
        logdet += 2 * jnp.log(A[i, i])
        return A, logdet

    A, logdet = lax.fori_loop(0, n, step_i, (A, 0.0))
    t4 = jnp.tril(A, k=-1)
    value = logdet + jnp.sum(t4**2)

    # Adjoint of return logdet + np.sum(np.tril(A, -1) ** 2)
    dA = jnp.tril(2 * t4, k=-1)

    # Adjoint of for i in range(n)
    def back_i(k, dA):
        i = n - 1 - k
        # Adjoint of logdet += 2 * np.log(A[i, i])
        t5 = A[i, i]
        # Adjoint of A[i, i] = np.sqrt(A[i, i] - A[i, :i] @ A[i, :i])
        t6 = A[i]
        # Adjoint of logdet += 2 * np.log(A[i, i])
        dA = dA.at[i, i].add(2.0 / t5)
        # Adjoint of A[i, i] = np.sqrt(A[i, i] - A[i, :i] @ A[i, :i])
        dt = dA[i, i] / (2 * t5)
        dA = dA.at[i, i].set(dt)
        t7 = jnp.arange(2)
        t8 = jnp.where(t7 < i, -(dt * t6), 0)
        dA = dA.at[i].add(t8)
        dA = dA.at[i].add(t8)

        # Adjoint of for j in range(i)
        def back_j(k1, dA):
            j = i - 1 - k1
            # Adjoint of A[i, j] = (A[i, j] - A[i, :j] @ A[j, :j]) / A[j, j]
            t9 = A[j, j]
            dt2 = dA[i, j]
            dt1 = dt2 / t9
            dt3 = -dt1
            dA = dA.at[i, j].set(dt1)
            dA = dA.at[j, j].add(-(dt2 * A[i, j] / t9))
            t10 = t7 < j
            dA = dA.at[j].add(jnp.where(t10, dt3 * t6, 0))
            return dA.at[i].add(jnp.where(t10, dt3 * A[j], 0))

        return lax.fori_loop(0, i, back_j, dA)

    dA = lax.fori_loop(0, n, back_i, dA)

    return value, (dA,)

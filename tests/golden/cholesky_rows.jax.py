# Derived from cholesky_rows by backprose, for
#     A: float64[2, 2]
# Its loops are for arrays of exactly these shapes.
from jax import lax
import jax.numpy as jnp


def cholesky_rows_value_and_grad(A):
    """Value of cholesky_rows and its gradient with respect to A."""
    n = A.shape[0]

    def step_i(carry, i):
        A, logdet = carry

        def step_j(j, A_i):
            t = jnp.arange(2) < j
            t1 = A_i[j] - jnp.where(t, A_i, 0) @ jnp.where(t, A[j], 0)
            return A_i.at[j].set(t1 / A[j, j])

        A_i = lax.fori_loop(0, i, step_j, A[i])
        t2 = jnp.where(jnp.arange(2) < i, A_i, 0)
        t3 = jnp.sqrt(A_i[i] - t2 @ t2)
        A_i1 = A_i.at[i].set(t3)
        t4 = A_i1[i]
        logdet += 2 * jnp.log(t4)
        A = A.at[i].set(A_i1)
        return (A, logdet), (t4, t3, A_i)

    (A, logdet), (ts, ts1, A_is) = lax.scan(step_i, (A, 0.0), jnp.arange(n))
    t5 = jnp.tril(A, k=-1)
    value = logdet + jnp.sum(t5**2)

    # Adjoint of return logdet + np.sum(np.tril(A, -1) ** 2)
    dA = jnp.tril(2 * t5, k=-1)

    # Adjoint of for i in range(n)
    def back_i(dA, row):
        i, t4, t3, A_i = row
        dvalue = dA[i]
        # Adjoint of logdet += 2 * np.log(A[i, i])
        dvalue = dvalue.at[i].add(2.0 / t4)
        # Adjoint of A[i, i] = np.sqrt(A[i, i] - A[i, :i] @ A[i, :i])
        dt3 = dvalue[i]
        dvalue = dvalue.at[i].set(0.5 * dt3 / t3)
        t6 = jnp.arange(2)

        # Adjoint of for j in range(i)
        def back_j(k, carry):
            dA_i, dA = carry
            j = i - 1 - k
            # Adjoint of A[i, j] = (A[i, j] - A[i, :j] @ A[j, :j]) / A[j, j]
            t7 = A[j, j]
            # Adjoint of for j in range(i)
            dA_i_j = dA_i[j]
            # Adjoint of A[i, j] = (A[i, j] - A[i, :j] @ A[j, :j]) / A[j, j]
            dt1 = dA_i_j / t7
            dt = -dt1
            # Adjoint of for j in range(i)
            dA_i = dA_i.at[j].set(dt1)
            t8 = t6 < j
            dA_i = dA_i + jnp.where(t8, dt * A[j], 0)
            # Adjoint of A[i, j] = (A[i, j] - A[i, :j] @ A[j, :j]) / A[j, j]
            dA = dA.at[j, j].add(-(dA_i_j * A_i[j] / t7))
            dA = dA.at[j].add(jnp.where(t8, dt * A_i, 0))
            return dA_i, dA

        dA_i, dA = lax.fori_loop(
            0, i, back_j, (dvalue + jnp.where(t6 < i, -(dt3 / t3 * A_i), 0), dA)
        )
        # Adjoint of for i in range(n)
        dA = dA.at[i].set(dA_i)
        return dA, None

    dA, _ = lax.scan(back_i, dA, (jnp.arange(n), ts, ts1, A_is), reverse=True)

    return value, (dA,)

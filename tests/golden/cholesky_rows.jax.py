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
        A_i = A[:, i]

        def step_j(j, A_i1):
            t = jnp.arange(2) < j
            t1 = (A_i1[j] - jnp.where(t, A_i1, 0) @ jnp.where(t, A[j], 0)) / A[j, j]
            return A_i1.at[j].set(t1)

        A_i1 = lax.fori_loop(0, i, step_j, A[i])
        A = A.at[i].set(A_i1)
        t2 = jnp.where(jnp.arange(2) < i, A[i], 0)
        t3 = jnp.sqrt(A_i[i] - t2 @ t2)
        A_i = A_i.at[i].set(t3)
        t4 = A_i[i]
        logdet += 2 * jnp.log(t4)
        A = A.at[:, i].set(A_i)
        return (A, logdet), (t4, t3, A_i1)

    (A, logdet), (ts, ts1, A_is) = lax.scan(step_i, (A, 0.0), jnp.arange(n))
    t5 = jnp.tril(A, k=-1)
    value = logdet + jnp.sum(t5**2)

    # Adjoint of return logdet + np.sum(np.tril(A, -1) ** 2)
    dA = jnp.tril(2 * t5, k=-1)

    # Adjoint of for i in range(n)
    def back_i(dA, row):
        i, t4, t3, A_i1 = row
        dvalue = dA[:, i]
        dA = dA.at[:, i].set(0)
        # Adjoint of logdet += 2 * np.log(A[i, i])
        dvalue = dvalue.at[i].add(2.0 / t4)
        # Adjoint of A[i, i] = np.sqrt(A[i, i] - A[i, :i] @ A[i, :i])
        dt = dvalue[i] / (2 * t3)
        t6 = dt * A[i]
        t7 = jnp.arange(2)
        dA = dA.at[i].add(jnp.where(t7 < i, -t6 - t6, 0))
        # Adjoint of for j in range(i)
        dA_i1 = dA[i]
        dA = dA.at[i].set(0)

        def back_j(k, carry):
            dA_i1, dA = carry
            j = i - 1 - k
            # Adjoint of A[i, j] = (A[i, j] - A[i, :j] @ A[j, :j]) / A[j, j]
            t8 = A[j, j]
            dt1 = dA_i1[j]
            dt2 = dt1 / t8
            dt3 = -dt2
            dA_i1 = dA_i1.at[j].set(dt2)
            t9 = t7 < j
            dA_i1 = dA_i1 + jnp.where(t9, dt3 * A[j], 0)
            dA = dA.at[j, j].add(-(dt1 * A_i1[j] / t8))
            dA = dA.at[j].add(jnp.where(t9, dt3 * A_i1, 0))
            return dA_i1, dA

        dA_i, dA = lax.fori_loop(0, i, back_j, (dA_i1, dA))
        # Adjoint of A[i, i] = np.sqrt(A[i, i] - A[i, :i] @ A[i, :i])
        dvalue = dvalue.at[i].set(dt)
        # Adjoint of for i in range(n)
        dA = dA.at[i].add(dA_i)
        dA = dA.at[:, i].add(dvalue)
        return dA, None

    dA, _ = lax.scan(back_i, dA, (jnp.arange(n), ts, ts1, A_is), reverse=True)

    return value, (dA,)

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

        def step_j(j, carry):
            A, ts3, ts4, ts5, ts6 = carry
            t = A[i]
            t1 = A[j]
            t2 = jnp.arange(2) < j
            t3 = A[j, j]
            t4 = (A[i, j] - jnp.where(t2, t, 0) @ jnp.where(t2, t1, 0)) / t3
            A = A.at[i, j].set(t4)
            ts3 = ts3.at[j].set(t3)
            ts4 = ts4.at[j].set(t4)
            ts5 = ts5.at[j].set(t1)
            ts6 = ts6.at[j].set(t)
            return A, ts3, ts4, ts5, ts6

        A, ts3, ts4, ts5, ts6 = lax.fori_loop(
            0,
            i,
            step_j,
            (A, jnp.zeros(1), jnp.zeros(1), jnp.zeros((1, 2)), jnp.zeros((1, 2))),
        )
        t5 = A[i]
        t6 = jnp.where(jnp.arange(2) < i, t5, 0)
        t7 = jnp.sqrt(A[i, i] - t6 @ t6)
        A = A.at[i, i].set(t7)
        t8 = A[i, i]
        logdet += 2 * jnp.log(t8)
        return (A, logdet), (t8, t7, t5, ts3, ts4, ts5, ts6)

    (A, logdet), (ts, ts1, ts2, tss, tss1, tss2, tss3) = lax.scan(
        step_i, (A, 0.0), jnp.arange(n)
    )
    t9 = jnp.tril(A, k=-1)
    value = logdet + jnp.sum(t9**2)

    # Adjoint of return logdet + np.sum(np.tril(A, -1) ** 2)
    dA = jnp.tril(2 * t9, k=-1)

    # Adjoint of for i in range(n)
    def back_i(dA, row):
        i, t8, t7, t5, ts3, ts4, ts5, ts6 = row
        # Adjoint of logdet += 2 * np.log(A[i, i])
        dA = dA.at[i, i].add(2.0 / t8)
        # Adjoint of A[i, i] = np.sqrt(A[i, i] - A[i, :i] @ A[i, :i])
        dt = dA[i, i] / (2 * t7)
        dA = dA.at[i, i].set(dt)
        t10 = jnp.arange(2)
        t11 = jnp.where(t10 < i, -(dt * t5), 0)
        dA = dA.at[i].add(t11)
        dA = dA.at[i].add(t11)

        # Adjoint of for j in range(i)
        def back_j(k, dA):
            j = i - 1 - k
            t12 = ts3[j]
            # Adjoint of A[i, j] = (A[i, j] - A[i, :j] @ A[j, :j]) / A[j, j]
            dt4 = dA[i, j]
            dt1 = dt4 / t12
            dt2 = -dt1
            dA = dA.at[i, j].set(dt1)
            dA = dA.at[j, j].add(-(dt4 * ts4[j] / t12))
            t13 = t10 < j
            dA = dA.at[j].add(jnp.where(t13, dt2 * ts6[j], 0))
            return dA.at[i].add(jnp.where(t13, dt2 * ts5[j], 0))

        dA = lax.fori_loop(0, i, back_j, dA)
        return dA, None

    dA, _ = lax.scan(
        back_i, dA, (jnp.arange(n), ts, ts1, ts2, tss, tss1, tss2, tss3), reverse=True
    )

    return value, (dA,)

# Derived from matrix_sweep by backprose, for
#     a: float64[2, 3]
# Its loops are for arrays of exactly these shapes.
from jax import lax
import jax.numpy as jnp


def matrix_sweep_value_and_grad(a):
    """Value of matrix_sweep and its gradient with respect to a."""
    n = a.shape[0]
    m = a.shape[1]

    def step_i(a, i):
        def step_j(a, j):
            t = jnp.tanh(a[i, j] + 0.3 * a[i, j - 1] + 0.2 * a[i - 1, j])
            a = a.at[i, j].set(t)
            return a, t

        a, ts = lax.scan(step_j, a, jnp.arange(1, m))
        return a, ts

    a, tss = lax.scan(step_i, a, jnp.arange(1, n))
    # score(a)
    t1 = jnp.cos(jnp.arange(a.size)).reshape(a.shape)
    value = jnp.sum(t1 * a)

    # Adjoint of for i in range(1, n)
    def back_i(da, row):
        i, ts = row

        # Adjoint of for j in range(1, m)
        def back_j(da, row):
            j, t = row
            # Adjoint of a[i, j] = np.tanh(a[i, j] + 0.3 * a[i, j - 1] + 0.2 * a[i - 1, j])
            dt = da[i, j] * (1 - t**2)
            da = da.at[i, j].set(dt)
            da = da.at[i - 1, j].add(dt * 0.2)
            da = da.at[i, j - 1].add(dt * 0.3)
            return da, None

        da, _ = lax.scan(back_j, da, (jnp.arange(1, m), ts), reverse=True)
        return da, None

    da, _ = lax.scan(back_i, t1, (jnp.arange(1, n), tss), reverse=True)

    return value, (da,)

# Derived from matrix_sweep by backprose, for
#     a: float64[2, 3]
# Its loops are for arrays of exactly these shapes.
from jax import lax
import jax.numpy as jnp


def matrix_sweep_value_and_grad(a):
    """Value of matrix_sweep and its gradient with respect to a."""
    a = jnp.asarray(a)
    n = a.shape[0]
    m = a.shape[1]

    def step_i(a_prev, a_i):
        def step_j(a_i_prev, row):
            a_ij, a_prev_j = row
            a_ij = jnp.tanh(a_ij + 0.3 * a_i_prev + 0.2 * a_prev_j)
            return a_ij, a_ij

        _, a_is = lax.scan(step_j, a_i[0], (a_i[1:], a_prev[1:]))
        a_i = a_i.at[1:].set(a_is)
        return a_i, (a_i, a_is)

    a_prev, (a_rows, a_iss) = lax.scan(step_i, a[0], a[1:])
    a = a.at[1:].set(a_rows)
    # score(a)
    da = jnp.cos(jnp.arange(a.size)).reshape(a.shape)
    value = jnp.sum(da * a)

    # Adjoint of for i in range(1, n)
    def back_i(da_prev, row):
        seed, a_is = row
        da_i = da_prev + seed

        # Adjoint of for j in range(1, m)
        def back_j(da_i_prev, row):
            seed1, a_ij = row
            # Adjoint of a[i, j] = np.tanh(a[i, j] + 0.3 * a[i, j - 1] + 0.2 * a[i - 1, j])
            dt2 = (da_i_prev + seed1) * (1 - a_ij**2)
            da_prev_j = dt2 * 0.2
            da_i_prev = dt2 * 0.3
            return da_i_prev, (dt2, da_prev_j)

        dt1, (da_ijs, da_prev_js) = lax.scan(back_j, 0.0, (da_i[1:], a_is), reverse=True)
        da_prev = jnp.pad(da_prev_js, (1, 0))
        # Adjoint of for j in range(1, m)
        da_i = da_i.at[1:].set(da_ijs)
        da_i = da_i.at[0].add(dt1)
        return da_prev, da_i

    dt, da_is = lax.scan(back_i, jnp.zeros_like(a_prev), (da[1:], a_iss), reverse=True)
    da = da.at[1:].set(da_is)
    da = da.at[0].add(dt)

    return value, (da,)

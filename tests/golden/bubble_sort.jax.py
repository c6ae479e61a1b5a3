# Derived from bubble_sort by backprose, for
#     x: float64[2]
# Its loops are for arrays of exactly these shapes.
from jax import lax
import jax.numpy as jnp


def bubble_sort_value_and_grad(x):
    """Value of bubble_sort and its gradient with respect to x."""
    n = x.shape[0]

    def unfinished(carry):
        i, x, done, steps, tss = carry
        return (i < n - 1) & ~done

    def step_i(carry):
        i, x, done, steps, tss = carry

        def step_j(j, carry):
            x, swapped, ts = carry
            x_j = x[j]
            t = j + 1
            t1 = x[t]
            t2 = x_j > t1

            def then():
                x1 = x.at[t].set(x_j)
                return t1, x1, True

            def otherwise():
                return x_j, x, swapped

            x_j, x, swapped = lax.cond(t2, then, otherwise)
            x = x.at[j].set(x_j)
            ts = ts.at[j].set(t2)
            return x, swapped, ts

        x, swapped, ts = lax.fori_loop(
            0, n - 1 - i, step_j, (x, False, jnp.zeros(1, dtype=bool))
        )
        done = jnp.where(~swapped, True, False)
        tss = tss.at[steps].set(ts)
        steps += 1
        return i + 1, x, done, steps, tss

    _, x, _, steps, tss = lax.while_loop(
        unfinished, step_i, (0, x, False, 0, jnp.zeros((1, 1), dtype=bool))
    )
    # score(x)
    t3 = jnp.cos(jnp.arange(x.size)).reshape(x.shape)
    value = jnp.sum(t3 * x) + jnp.sum(x**2)

    # Adjoint of return score(x) + np.sum(x**2)
    dx = 2 * x + t3

    # Adjoint of for i in range(n - 1)
    def back(n1, dx):
        k = steps - 1 - n1
        ts1 = tss[k]

        # Adjoint of for j in range(n - 1 - i)
        def back_j(k1, dx):
            j = n - 1 - k - 1 - k1
            # Adjoint of if x[j] > x[j + 1]
            t4 = j + 1
            # Adjoint of for j in range(n - 1 - i)
            dx_j = dx[j]
            dx = dx.at[j].set(0)

            # Adjoint of if x[j] > x[j + 1]
            def then1():
                # Adjoint of x[j], x[j + 1] = x[j + 1], x[j]
                dx_j1 = dx[t4]
                dx1 = dx.at[t4].set(0)
                # Adjoint of if x[j] > x[j + 1]
                dx1 = dx1.at[t4].add(dx_j)
                return dx1, dx_j1

            def otherwise1():
                return dx, dx_j

            dx, dx_j = lax.cond(ts1[j], then1, otherwise1)
            # Adjoint of for j in range(n - 1 - i)
            return dx.at[j].add(dx_j)

        return lax.fori_loop(0, n - 1 - k, back_j, dx)

    dx = lax.fori_loop(0, steps, back, dx)

    return value, (dx,)

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
            t = x[j]
            t1 = j + 1
            t2 = x[t1]
            t3 = t > t2

            def then():
                x1 = x.at[j].set(t2)
                x1 = x1.at[t1].set(t)
                return x1, True

            def otherwise():
                return x, swapped

            x, swapped = lax.cond(t3, then, otherwise)
            ts = ts.at[j].set(t3)
            return x, swapped, ts

        x, swapped, ts = lax.fori_loop(
            0, n - 1 - i, step_j, (x, False, jnp.zeros(1, dtype=bool))
        )
        done = ~swapped
        tss = tss.at[steps].set(ts)
        steps += 1
        return i + 1, x, done, steps, tss

    _, x, _, steps, tss = lax.while_loop(
        unfinished, step_i, (0, x, False, 0, jnp.zeros((1, 1), dtype=bool))
    )
    # score(x)
    t4 = jnp.cos(jnp.arange(x.size)).reshape(x.shape)
    value = jnp.sum(t4 * x) + jnp.sum(x**2)

    # Adjoint of return score(x) + np.sum(x**2)
    dx = 2 * x + t4

    # Adjoint of for i in range(n - 1)
    def back(n1, dx):
        k = steps - 1 - n1
        ts1 = tss[k]

        # Adjoint of for j in range(n - 1 - i)
        def back_j(k1, dx):
            j = n - 1 - k - 1 - k1
            # Adjoint of if x[j] > x[j + 1]
            t5 = j + 1

            def then1():
                # Adjoint of x[j], x[j + 1] = x[j + 1], x[j]
                dt = dx[t5]
                dx1 = dx.at[t5].set(0)
                dt1 = dx1[j]
                dx1 = dx1.at[j].set(0)
                # Adjoint of if x[j] > x[j + 1]
                dx1 = dx1.at[t5].add(dt1)
                return dt, dx1

            def otherwise1():
                return 0.0, dx

            t6, dx = lax.cond(ts1[j], then1, otherwise1)
            return dx.at[j].add(t6)

        return lax.fori_loop(0, n - 1 - k, back_j, dx)

    dx = lax.fori_loop(0, steps, back, dx)

    return value, (dx,)

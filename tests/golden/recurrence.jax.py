# Derived from recurrence by backprose, for
#     x: float64[2], d: float
# Its loops are for arrays of exactly these shapes.
from jax import lax
import jax.numpy as jnp


def recurrence_value_and_grad(x, d):
    """Value of recurrence and its gradient with respect to x and d."""
    x = jnp.asarray(x)
    y = jnp.zeros_like(x)
    y = y.at[0].set(x[0])

    def step_i(y, i):
        t = jnp.tanh(y[i - 1])
        y = y.at[i].set(x[i] + t * d)
        return y, t

    y, ts = lax.scan(step_i, y, jnp.arange(1, x.shape[0]))
    value = jnp.sum(y**2)

    # Adjoint of return np.sum(y**2)
    dy = 2 * y
    # Adjoint of for i in range(1, len(x))
    dx = jnp.zeros_like(x)

    def back_i(carry, row):
        dy, dx, dd = carry
        i, t = row
        # Adjoint of y[i] = x[i] + np.tanh(y[i - 1]) * d
        dt = dy[i]
        dy = dy.at[i].set(0)
        dy = dy.at[i - 1].add(dt * d * (1 - t**2))
        dx = dx.at[i].add(dt)
        dd += dt * t
        return (dy, dx, dd), None

    (dy, dx, dd), _ = lax.scan(
        back_i, (dy, dx, 0.0), (jnp.arange(1, x.shape[0]), ts), reverse=True
    )
    # Adjoint of y[0] = x[0]
    dx = dx + jnp.pad(dy[0][None], (0, 1))

    return value, (dx, dd)

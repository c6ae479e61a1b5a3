# Derived from recurrence by backprose, for
#     x: float64[2], d: float
# Its loops are for arrays of exactly these shapes.
from jax import lax
import jax.numpy as jnp


def recurrence_value_and_grad(x, d):
    """Value of recurrence and its gradient with respect to x and d."""
    y = jnp.zeros_like(x)
    y = y.at[0].set(x[0])

    def step_i(y_prev, x_i):
        t = jnp.tanh(y_prev)
        y_i = x_i + t * d
        return y_i, (y_i, t)

    _, (ys, ts) = lax.scan(step_i, y[0], x[1:])
    y = y.at[1:].set(ys)
    value = jnp.sum(y**2)

    # Adjoint of return np.sum(y**2)
    dy = 2 * y
    # Adjoint of for i in range(1, len(x))
    dys = dy[1:]
    dy = dy.at[1:].set(0)

    def back_i(carry, row):
        dy_prev, dd = carry
        seed, t = row
        dy_i = dy_prev + seed
        # Adjoint of y[i] = x[i] + np.tanh(y[i - 1]) * d
        dy_prev = dy_i * d * (1 - t**2)
        dd += dy_i * t
        return (dy_prev, dd), dy_i

    (dt, dd), dx_is = lax.scan(back_i, (0.0, 0.0), (dys, ts), reverse=True)
    dy = dy.at[0].add(dt)
    # Adjoint of y[0] = x[0]
    dx = jnp.concatenate([dy[0][None], dx_is])

    return value, (dx, dd)

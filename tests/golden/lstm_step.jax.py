# Derived from lstm_step by backprose, for
#     x: float64[40, 4], h: float64[40, 6], c: float64[40, 6], target: float64[40, 6],
#     W: float64[10, 24], b: float64[24]
import jax.numpy as jnp


def logistic(q):
    return 1 / (1 + jnp.exp(-q))


def lstm_step_value_and_grad(x, h, c, target, W, b):
    """Value of lstm_step and its gradient with respect to W and b."""
    H = h.shape[1]
    t = jnp.concatenate([x, h], axis=1)
    z = t @ W + b
    i = logistic(z[:, :H])
    f = logistic(z[:, H : 2 * H])
    o = logistic(z[:, 2 * H : 3 * H])
    g = jnp.tanh(z[:, 3 * H :])
    c_new = f * c + i * g
    t1 = jnp.tanh(c_new)
    h_new = o * t1
    t2 = h_new - target
    value = 0.5 * jnp.sum(t2**2)

    # Adjoint of h_new = o * np.tanh(c_new)
    dc_new = t2 * o * (1 - t1**2)
    # Adjoint of c_new = f * c + i * g
    dg = dc_new * i
    # Adjoint of f = logistic(z[:, H : 2 * H])
    dt = dc_new * c * f * (1 - f)
    # Adjoint of i = logistic(z[:, :H])
    dt1 = dc_new * g * i * (1 - i)
    dz = jnp.concatenate([dt1, dt, t2 * t1 * o * (1 - o), dg * (1 - g**2)], axis=1)
    # Adjoint of z = np.concatenate([x, h], axis=1) @ W + b
    db = jnp.sum(dz, axis=0)
    dW = t.T @ dz

    return value, (dW, db)

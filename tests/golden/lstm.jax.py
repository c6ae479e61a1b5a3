# Derived from lstm by backprose, for
#     X: float64[1, 3], h: float64[4], c: float64[4], W: float64[3, 16], U: float64[4, 16],
#     b: float64[16]
# Its loops are for arrays of exactly these shapes.
from jax import lax
import jax.numpy as jnp


def lstm_value_and_grad(X, h, c, W, U, b):
    """Value of lstm and its gradient with respect to X, h, c, W, U and b."""
    H = h.shape[0]

    def step_t(carry, X_t):
        c, h, loss = carry
        z = X_t @ W + h @ U + b
        # sigmoid(z[:H])
        i = 1 / (1 + jnp.exp(-z[:H]))
        # sigmoid(z[H : 2 * H])
        f = 1 / (1 + jnp.exp(-z[H : 2 * H]))
        # sigmoid(z[2 * H : 3 * H])
        o = 1 / (1 + jnp.exp(-z[2 * H : 3 * H]))
        g = jnp.tanh(z[3 * H :])
        c1 = f * c + i * g
        t1 = jnp.tanh(c1)
        h1 = o * t1
        loss += jnp.mean(h1**2)
        return (c1, h1, loss), (o, t1, i, f, g, c, h)

    (c, h, loss), (os, ts, is_, fs, gs, cs, hs) = lax.scan(step_t, (c, h, 0.0), X)
    # score(h)
    t2 = jnp.cos(jnp.arange(h.size)).reshape(h.shape)
    # score(c)
    t3 = jnp.cos(jnp.arange(c.size)).reshape(c.shape)
    value = loss + jnp.sum(t2 * h) + jnp.sum(t3 * c)

    # Adjoint of for t in range(X.shape[0])
    db = jnp.zeros_like(b)

    def back_t(carry, row):
        dc, dh, db = carry
        o, t1, i, f, g, c = row
        # Adjoint of h = o * np.tanh(c)
        h = o * t1
        # Adjoint of loss += np.mean(h**2)
        dh1 = dh + 2 / h.size * h
        # Adjoint of h = o * np.tanh(c)
        dc1 = dc + dh1 * o * (1 - t1**2)
        # Adjoint of c = f * c + i * g
        dg = dc1 * i
        dc = dc1 * f
        # Adjoint of f = sigmoid(z[H : 2 * H])
        dt = dc1 * c * f * (1 - f)
        # Adjoint of i = sigmoid(z[:H])
        dt1 = dc1 * g * i * (1 - i)
        dz = jnp.concatenate([dt1, dt, dh1 * t1 * o * (1 - o), dg * (1 - g**2)])
        # Adjoint of z = X[t] @ W + h @ U + b
        dh = U @ dz
        db = db + dz
        return (dc, dh, db), dz

    (dc, dh, db), dzs = lax.scan(
        back_t, (t3, t2, db), (os, ts, is_, fs, gs, cs), reverse=True
    )
    # All iterations at once: the terms are added up in another order.
    dW = X.T @ dzs
    dU = hs.T @ dzs
    dX = dzs @ W.T

    return value, (dX, dh, dc, dW, dU, db)

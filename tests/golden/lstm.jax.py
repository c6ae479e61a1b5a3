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
        return (c1, h1, loss), (h1, o, t1, i, f, g, c, h)

    (c, h, loss), (hs, os, ts, is_, fs, gs, cs, hs1) = lax.scan(step_t, (c, h, 0.0), X)
    # score(h)
    t2 = jnp.cos(jnp.arange(h.size)).reshape(h.shape)
    # score(c)
    t3 = jnp.cos(jnp.arange(c.size)).reshape(c.shape)
    value = loss + jnp.sum(t2 * h) + jnp.sum(t3 * c)

    # Adjoint of for t in range(X.shape[0])
    dW = jnp.zeros_like(W)
    dU = jnp.zeros_like(U)
    db = jnp.zeros_like(b)

    def back_t(carry, row):
        dc, dh, dW, dU, db = carry
        h, o, t1, i, f, g, c, h1, X_t1 = row
        # Adjoint of loss += np.mean(h**2)
        dh1 = dh + 2 / h.size * h
        # Adjoint of h = o * np.tanh(c)
        dc1 = dc + dh1 * o * (1 - t1**2)
        # Adjoint of c = f * c + i * g
        dg = dc1 * i
        dc = dc1 * f
        # Adjoint of g = np.tanh(z[3 * H :])
        dz = jnp.pad(dg * (1 - g**2), (12, 0))
        # Adjoint of i = sigmoid(z[:H])
        dz = dz.at[8:12].add(dh1 * t1 * o * (1 - o))
        dz = dz.at[H:8].add(dc1 * c * f * (1 - f))
        dz = dz.at[:H].add(dc1 * g * i * (1 - i))
        # Adjoint of z = X[t] @ W + h @ U + b
        t4 = dz[:, None]
        dh = (U @ t4)[..., 0]
        t5 = dz[None]
        dX_t = (W @ t4)[..., 0]
        dW = dW + X_t1[:, None] * t5
        dU = dU + h1[:, None] * t5
        db = db + dz
        return (dc, dh, dW, dU, db), dX_t

    (dc, dh, dW, dU, db), dX = lax.scan(
        back_t, (t3, t2, dW, dU, db), (hs, os, ts, is_, fs, gs, cs, hs1, X), reverse=True
    )

    return value, (dX, dh, dc, dW, dU, db)

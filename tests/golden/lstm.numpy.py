# Derived from lstm by backprose, for
#     X: float64[1, 3], h: float64[4], c: float64[4], W: float64[3, 16], U: float64[4, 16],
#     b: float64[16]
# Its loops are for arrays of exactly these shapes.
import numpy as np


def lstm_value_and_grad(X, h, c, W, U, b):
    """Value of lstm and its gradient with respect to X, h, c, W, U and b."""
    H = h.shape[0]
    loss = 0.0
    hs = np.empty((1, 4))
    os = np.empty((1, 4))
    ts = np.empty((1, 4))
    is_ = np.empty((1, 4))
    fs = np.empty((1, 4))
    gs = np.empty((1, 4))
    cs = np.empty((1, 4))
    hs1 = np.empty((1, 4))
    for t in range(X.shape[0]):
        cs[t] = c
        hs1[t] = h
        z = X[t] @ W + h @ U + b
        # sigmoid(z[:H])
        i = 1 / (1 + np.exp(-z[:H]))
        is_[t] = i
        # sigmoid(z[H : 2 * H])
        f = 1 / (1 + np.exp(-z[H : 2 * H]))
        fs[t] = f
        # sigmoid(z[2 * H : 3 * H])
        o = 1 / (1 + np.exp(-z[2 * H : 3 * H]))
        os[t] = o
        g = np.tanh(z[3 * H :])
        gs[t] = g
        c1 = f * c + i * g
        t1 = np.tanh(c1)
        ts[t] = t1
        h1 = o * t1
        hs[t] = h1
        loss += np.mean(h1**2)
        c = c1
        h = h1
    # score(h)
    t2 = np.cos(np.arange(h.size)).reshape(h.shape)
    # score(c)
    t3 = np.cos(np.arange(c.size)).reshape(c.shape)
    value = loss + np.sum(t2 * h) + np.sum(t3 * c)

    # Adjoint of for t in range(X.shape[0])
    dX = np.zeros_like(X)
    dW = np.zeros_like(W)
    dU = np.zeros_like(U)
    db = np.zeros_like(b)
    dc = t3
    dh = t2
    for t in reversed(range(X.shape[0])):
        h = hs[t]
        o = os[t]
        t1 = ts[t]
        i = is_[t]
        f = fs[t]
        g = gs[t]
        c = cs[t]
        h1 = hs1[t]
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
        dz = np.concatenate([dt1, dt, dh1 * t1 * o * (1 - o), dg * (1 - g**2)])
        # Adjoint of z = X[t] @ W + h @ U + b
        dh = U @ dz
        dX[t] += W @ dz
        dW = dW + np.outer(X[t], dz)
        dU = dU + np.outer(h1, dz)
        db = db + dz

    return value, (dX, dh, dc, dW, dU, db)

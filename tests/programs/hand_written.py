"""The gradients of `straight_line`, as a person derives and writes them.

Each function computes what it needs of the primal, then, under the line `# Adjoint`, the gradient.
"""

import jax.numpy as np  # counted and timed as JAX code


def logistic(q):
    return 1 / (1 + np.exp(-q))


def softmax(Z):
    E = np.exp(Z - np.max(Z, axis=1)[:, None])
    return E / np.sum(E, axis=1)[:, None]


def cost(X, Y, W, V):
    Z = logistic(np.dot(X, V))
    U = np.dot(Z, W)
    # Adjoint
    dU = (softmax(U) - Y) / U.shape[0]
    dW = Z.T @ dU
    dV = X.T @ (dU @ W.T * Z * (1 - Z))
    return dW, dV


def linear_regression(X, y, w, b):
    residual = X @ w + b - y
    # Adjoint
    d = 2 / len(y) * residual
    return X.T @ d, np.sum(d)


def logistic_regression(X, y, w, b):
    z = X @ w + b
    # Adjoint
    d = (logistic(z) - y) / len(y)
    return X.T @ d, np.sum(d)


def cross_entropy(logits, labels):
    # Adjoint
    total = np.sum(labels, axis=1, keepdims=True)
    return ((softmax(logits) * total - labels) / logits.shape[0],)


def rnn_step(x, h, target, Wx, Wh, b):
    h_new = np.tanh(x @ Wx + h @ Wh + b)
    # Adjoint
    d = (h_new - target) * (1 - h_new**2)
    return x.T @ d, h.T @ d, np.sum(d, axis=0)


def lstm_step(x, h, c, target, W, b):
    H = h.shape[1]
    xh = np.concatenate([x, h], axis=1)
    z = xh @ W + b
    i, f, o = logistic(z[:, :H]), logistic(z[:, H : 2 * H]), logistic(z[:, 2 * H : 3 * H])
    g = np.tanh(z[:, 3 * H :])
    c_new = f * c + i * g
    s = np.tanh(c_new)
    h_new = o * s
    # Adjoint
    dh = h_new - target
    dc = dh * o * (1 - s**2)
    dz = np.concatenate(
        [dc * g * i * (1 - i), dc * c * f * (1 - f), dh * s * o * (1 - o), dc * i * (1 - g**2)],
        axis=1,
    )
    return xh.T @ dz, np.sum(dz, axis=0)


def mixture(X, logits, means, log_scales):
    difference = X[:, None, :] - means[None, :, :]
    distances = np.sum(difference**2, axis=2)
    precision = np.exp(-2 * log_scales)
    joint = logits - 0.5 * distances * precision - X.shape[1] * log_scales
    # Adjoint
    r = softmax(joint)
    count = np.sum(r, axis=0)
    weights = np.exp(logits)
    dlogits = count - X.shape[0] * weights / np.sum(weights)
    dmeans = np.sum((r * precision)[:, :, None] * difference, axis=0)
    dlog_scales = precision * np.sum(r * distances, axis=0) - X.shape[1] * count
    return dlogits, dmeans, dlog_scales


def kernel_likelihood(X, y, log_length, log_noise):
    distances = np.sum((X[:, None, :] - X[None, :, :]) ** 2, axis=2)
    E = np.exp(-0.5 * distances * np.exp(-2 * log_length))
    noise, identity = np.exp(2 * log_noise), np.eye(len(y))
    K = E + noise * identity
    alpha = np.linalg.solve(K, y)
    # Adjoint
    dK = 0.5 * (np.outer(np.linalg.solve(K.T, y), alpha) - np.linalg.inv(K).T)
    dlog_length = np.exp(-2 * log_length) * np.sum(dK * E * distances)
    return dlog_length, 2 * noise * np.sum(dK * identity)


def layer_norm(x, gain, bias, target):
    centred = x - np.mean(x, axis=1, keepdims=True)
    scale = np.sqrt(np.mean(centred**2, axis=1, keepdims=True) + 1e-5)
    z = centred / scale
    y = gain * z + bias
    # Adjoint
    dy = y - target
    dz = dy * gain
    mean_dz = np.mean(dz, axis=1, keepdims=True)
    dx = (dz - mean_dz - z * np.mean(dz * z, axis=1, keepdims=True)) / scale
    return dx, np.sum(dy * z, axis=0), np.sum(dy, axis=0)

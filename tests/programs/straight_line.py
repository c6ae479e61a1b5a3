"""Nine functions of straight-line NumPy whose derivatives are well known."""

import numpy as np

# --- two-layer softmax network ---


def logistic(q):
    return 1 / (1 + np.exp(-q))


def logsumexp(Z):
    Zmax = np.max(Z, axis=1)[:, None]
    return Zmax + np.log(np.sum(np.exp(Z - Zmax), axis=1))[:, None]


def cost(X, Y, W, V):
    Z = logistic(np.dot(X, V))
    U = np.dot(Z, W)
    return -np.mean(np.sum(U * Y, axis=1)[:, None] - logsumexp(U))


# --- linear and logistic regression ---


def linear_regression(X, y, w, b):
    residual = X @ w + b - y
    return np.mean(residual**2)


def logistic_regression(X, y, w, b):
    # y is 0 or 1
    z = X @ w + b
    return np.mean(np.log1p(np.exp(z)) - y * z)


# --- softmax cross-entropy ---


def cross_entropy(logits, labels):
    shifted = logits - np.max(logits, axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    return -np.sum(labels * log_probabilities) / logits.shape[0]


# --- one step of recurrent networks, scored against a target ---


def rnn_step(x, h, target, Wx, Wh, b):
    h_new = np.tanh(x @ Wx + h @ Wh + b)
    return 0.5 * np.sum((h_new - target) ** 2)


def lstm_step(x, h, c, target, W, b):
    H = h.shape[1]
    z = np.concatenate([x, h], axis=1) @ W + b
    i = logistic(z[:, :H])
    f = logistic(z[:, H : 2 * H])
    o = logistic(z[:, 2 * H : 3 * H])
    g = np.tanh(z[:, 3 * H :])
    c_new = f * c + i * g
    h_new = o * np.tanh(c_new)
    return 0.5 * np.sum((h_new - target) ** 2)


# --- log-likelihoods ---


def mixture(X, logits, means, log_scales):
    """Log-likelihood of a mixture of isotropic Gaussians."""
    n, d = X.shape
    distances = np.sum((X[:, None, :] - means[None, :, :]) ** 2, axis=2)
    log_weights = logits - np.log(np.sum(np.exp(logits)))
    joint = log_weights - 0.5 * distances * np.exp(-2 * log_scales) - d * log_scales
    return np.sum(logsumexp(joint)) - 0.5 * n * d * np.log(2 * np.pi)


def kernel_likelihood(X, y, log_length, log_noise):
    """Log-likelihood of a Gaussian process with a squared-exponential kernel."""
    n = X.shape[0]
    distances = np.sum((X[:, None, :] - X[None, :, :]) ** 2, axis=2)
    K = np.exp(-0.5 * distances * np.exp(-2 * log_length)) + np.exp(2 * log_noise) * np.eye(n)
    alpha = np.linalg.solve(K, y)
    sign, logdet = np.linalg.slogdet(K)
    return -0.5 * (y @ alpha) - 0.5 * logdet - 0.5 * n * np.log(2 * np.pi)


# --- layer normalisation, scored against a target ---


def layer_norm(x, gain, bias, target):
    centred = x - np.mean(x, axis=1, keepdims=True)
    scale = np.sqrt(np.mean(centred**2, axis=1, keepdims=True) + 1e-5)
    y = gain * (centred / scale) + bias
    return 0.5 * np.sum((y - target) ** 2)


def one_hot(rng, n, k):
    return np.eye(k)[rng.integers(0, k, n)]


def arguments(rng, size=1):
    """`name → (function, argument names to differentiate, arguments)`."""
    n = 40 * size
    normal = lambda *shape: rng.normal(size=shape)  # noqa: E731
    return {
        "cost": (
            cost,
            ("W", "V"),
            (normal(n, 3), one_hot(rng, n, 3), normal(16, 3), normal(3, 16)),
        ),
        "linear_regression": (
            linear_regression,
            ("w", "b"),
            (normal(n, 5), normal(n), normal(5), 0.3),
        ),
        "logistic_regression": (
            logistic_regression,
            ("w", "b"),
            (normal(n, 5), (normal(n) > 0).astype(float), normal(5), 0.3),
        ),
        "cross_entropy": (cross_entropy, ("logits",), (normal(n, 7), one_hot(rng, n, 7))),
        "rnn_step": (
            rnn_step,
            ("Wx", "Wh", "b"),
            (normal(n, 4), normal(n, 6), normal(n, 6), normal(4, 6), normal(6, 6), normal(6)),
        ),
        "lstm_step": (
            lstm_step,
            ("W", "b"),
            (normal(n, 4), normal(n, 6), normal(n, 6), normal(n, 6), normal(10, 24), normal(24)),
        ),
        "mixture": (
            mixture,
            ("logits", "means", "log_scales"),
            (normal(n, 3), normal(4), normal(4, 3), 0.1 * normal(4)),
        ),
        "kernel_likelihood": (
            kernel_likelihood,
            ("log_length", "log_noise"),
            (normal(n, 2), normal(n), 0.2, -0.5),
        ),
        "layer_norm": (
            layer_norm,
            ("x", "gain", "bias"),
            (normal(n, 8), normal(8), normal(8), normal(n, 8)),
        ),
    }

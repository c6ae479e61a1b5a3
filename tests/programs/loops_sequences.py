"""Loops over time and over rows: recurrent networks, filters, alignments, lists."""

import numpy as np


def score(x):
    """A weighted sum of all elements, so that no two count alike."""
    return np.sum(np.cos(np.arange(x.size)).reshape(x.shape) * x)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# --- recurrences ---


def recurrence(x, d):
    y = np.zeros_like(x)
    y[0] = x[0]
    for i in range(1, len(x)):
        y[i] = x[i] + np.tanh(y[i - 1]) * d
    return np.sum(y**2)


def lstm(X, h, c, W, U, b):
    """One row of X a time step."""
    H = len(h)
    loss = 0.0
    for t in range(X.shape[0]):
        z = X[t] @ W + h @ U + b
        i = sigmoid(z[:H])
        f = sigmoid(z[H : 2 * H])
        o = sigmoid(z[2 * H : 3 * H])
        g = np.tanh(z[3 * H :])
        c = f * c + i * g
        h = o * np.tanh(c)
        loss += np.mean(h**2)
    return loss + score(h) + score(c)


def horner(coefficients, x):
    result = np.zeros_like(x)
    for c in coefficients[::-1]:
        result = result * x + c
    return score(result)


# --- probability over time ---


def hidden_markov(initial, transition, emission, observations):
    """Log-likelihood by the forward algorithm; `observations` are ints."""
    alpha = initial * emission[:, observations[0]]
    total = np.sum(alpha)
    alpha = alpha / total
    likelihood = np.log(total)
    for o in observations[1:]:
        alpha = (alpha @ transition) * emission[:, o]
        total = np.sum(alpha)
        alpha /= total
        likelihood += np.log(total)
    return likelihood


def kalman(Y, F, H, Q, R):
    """Negative log-likelihood of observations, one a row."""
    n = F.shape[0]
    x = np.zeros(n)
    P = np.eye(n)
    nll = 0.0
    for y in Y:
        x = F @ x
        P = F @ P @ F.T + Q
        S = H @ P @ H.T + R
        residual = y - H @ x
        K = P @ H.T @ np.linalg.inv(S)
        sign, logdet = np.linalg.slogdet(S)
        nll += 0.5 * (residual @ np.linalg.solve(S, residual) + logdet)
        x = x + K @ residual
        P = (np.eye(n) - K @ H) @ P
    return nll + score(P)


# --- alignment ---


def time_warping(x, y):
    n, m = len(x), len(y)
    D = np.full((n + 1, m + 1), np.inf)
    D[0, 0] = 0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost = (x[i - 1] - y[j - 1]) ** 2
            D[i, j] = cost + np.minimum(D[i - 1, j - 1], np.minimum(D[i - 1, j], D[i, j - 1]))
    return D[n, m]


# --- lists, rows, enumerate and zip ---


def moving_average(x, decay):
    level = 0.0
    levels = []
    for value in x:
        level = decay * level + (1 - decay) * value
        levels.append(level)
    return np.sum(np.array(levels) ** 2)


def moments_of_rows(X):
    """Welford's running mean and variance."""
    count = 0
    mean = np.zeros(X.shape[1])
    squares = np.zeros(X.shape[1])
    for row in X:
        count += 1
        delta = row - mean
        mean += delta / count
        squares += delta * (row - mean)
    return score(mean) + np.sum(np.sqrt(squares / count + 0.1))


def online_regression(X, y, w, rate):
    """Logistic regression by one pass of stochastic gradient descent."""
    loss = 0.0
    for k, (row, target) in enumerate(zip(X, y)):
        prediction = sigmoid(row @ w)
        loss += (prediction - target) ** 2
        w = w - rate / (1 + k) * (prediction - target) * row
    return loss + score(w)


def layers_of_different_widths(layers, x):
    for W, b in layers:
        x = np.tanh(x @ W + b)
    return score(x)

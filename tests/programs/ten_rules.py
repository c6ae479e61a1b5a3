"""One function for each of the rules that docs/rules.md shows."""

import numpy as np
from jax import lax
from scipy.linalg import solve_triangular
from scipy.special import logsumexp


def batched(A, B):
    return np.sum(np.tanh(A @ B))


def cycle(A, B, C):
    return np.einsum("ij,jk,ki->", A, B, C)


def gaussian(K, y):
    L = np.linalg.cholesky(K)
    z = solve_triangular(L, y, lower=True)
    return np.sum(z**2) / 2 + np.sum(np.log(np.diag(L)))


def first_direction(A, b):
    u, s, vh = np.linalg.svd(A, full_matrices=False)
    return (b @ u[:, 0]) ** 2 / s[0]


def power_spectrum(x, weights):
    return np.sum(weights * np.abs(np.fft.fft(x)) ** 2)


def smoothed(x, kernel, y):
    return np.sum((np.convolve(x, kernel, mode="same") - y) ** 2)


def strided(images, kernel):
    features = lax.conv_general_dilated(images, kernel, (2, 2), "SAME")
    return np.sum(np.maximum(features, 0))


def rooted(x):
    return np.sum(np.where(x > 0, np.sqrt(x), 0))


def peaks(x):
    return np.sum(np.max(x, axis=1) ** 2)


def distances(x, y):
    return np.sum(np.linalg.norm(x - y, axis=1))


def evidence(scores):
    return np.sum(logsumexp(scores, axis=1))


def table(x, values):
    return np.sum(np.interp(x, np.array([0.0, 1.0, 2.0, 4.0]), values) ** 2)

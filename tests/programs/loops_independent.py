"""Loops whose iterations do not need each other, as people write them down from a formula."""

import numpy as np


def score(x):
    """A weighted sum of all elements, so that no two count alike."""
    return np.sum(np.cos(np.arange(x.size)).reshape(x.shape) * x)


def pair_energy(positions, charges):
    """Coulomb energy and a repulsion at short range."""
    n = len(positions)
    energy = 0.0
    for i in range(n):
        for j in range(n):
            # no particle acts on itself
            if i != j:
                distance = np.sqrt(np.sum((positions[i] - positions[j]) ** 2))
                energy += 0.5 * charges[i] * charges[j] / distance
                if distance < 1.0:
                    energy += (1.0 - distance) ** 3
    return energy


def filtered(image, kernel):
    """Convolution element by element."""
    kh, kw = kernel.shape
    out = np.zeros((image.shape[0] - kh + 1, image.shape[1] - kw + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            for a in range(kh):
                for b in range(kw):
                    out[i, j] += image[i + a, j + b] * kernel[a, b]
    return score(np.tanh(out))


def kernel_matrix(X, Y, length):
    """A kernel with two bounds, element by element."""
    K = np.zeros((len(X), len(Y)))
    for i in range(len(X)):
        for j in range(len(Y)):
            r = X[i] - Y[j]
            K[i, j] = np.exp(-0.5 * np.dot(r, r) / length**2)
            if K[i, j] < 0.05:
                K[i, j] = 0.0
    return score(K)


def normalised_rows(X, gain):
    out = np.empty_like(X)
    for i in range(X.shape[0]):
        row = X[i] - np.mean(X[i])
        out[i] = gain * row / np.sqrt(np.mean(row**2) + 1e-3)
    return score(out)


def binned(values, weights, bins):
    """Sums of what falls into each bin, and of what does not."""
    sums, rest = np.zeros(5), 0.0
    for i in range(len(values)):
        if bins[i] >= 0:
            sums[bins[i]] += weights[i] * np.sqrt(values[i])
        else:
            rest += values[i] ** 2
    return score(sums**2) + rest

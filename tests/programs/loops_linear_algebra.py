"""Loops over matrices: factorisations, solvers and sums over pairs."""

import numpy as np


def score(x):
    """A weighted sum of all elements, so that no two count alike."""
    return np.sum(np.cos(np.arange(x.size)).reshape(x.shape) * x)


# --- Cholesky factorisation, element by element and row by row ---


def cholesky_elements(A):
    n = A.shape[0]
    L = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            total = A[i, j]
            for k in range(j):
                total -= L[i, k] * L[j, k]
            if i == j:
                L[i, j] = np.sqrt(total)
            else:
                L[i, j] = total / L[j, j]
    return score(L)


def cholesky_rows(A):
    """Overwrites the lower triangle of its argument."""
    n = len(A)
    logdet = 0.0
    for i in range(n):
        for j in range(i):
            A[i, j] = (A[i, j] - A[i, :j] @ A[j, :j]) / A[j, j]
        A[i, i] = np.sqrt(A[i, i] - A[i, :i] @ A[i, :i])
        logdet += 2 * np.log(A[i, i])
    return logdet + np.sum(np.tril(A, -1) ** 2)


# --- orthogonal columns ---


def gram_schmidt(A):
    m, n = A.shape
    Q = np.zeros((m, n))
    for j in range(n):
        v = A[:, j].copy()
        for i in range(j):
            v -= np.dot(Q[:, i], v) * Q[:, i]
        Q[:, j] = v / np.linalg.norm(v)
    return score(Q)


# --- solvers ---


def triangular_solve(L, b):
    n = len(b)
    x = np.zeros_like(b)
    for i in range(n):
        x[i] = (b[i] - np.dot(L[i, :i], x[:i])) / L[i, i]
    return score(x)


def thomas(lower, diagonal, upper, rhs):
    """A tridiagonal system; overwrites `diagonal` and `rhs`."""
    n = len(rhs)
    for i in range(1, n):
        w = lower[i - 1] / diagonal[i - 1]
        diagonal[i] = diagonal[i] - w * upper[i - 1]
        rhs[i] = rhs[i] - w * rhs[i - 1]
    x = np.empty(n)
    x[-1] = rhs[-1] / diagonal[-1]
    for i in range(n - 2, -1, -1):
        x[i] = (rhs[i] - upper[i] * x[i + 1]) / diagonal[i]
    return score(x)


def gauss_seidel(A, b, sweeps):
    n = len(b)
    x = np.zeros(n)
    for sweep in range(sweeps):
        for i in range(n):
            s = b[i]
            for j in range(n):
                if j != i:
                    s -= A[i, j] * x[j]
            x[i] = s / A[i, i]
    return score(x) + np.sum(x**2)


# --- sums over pairs of columns ---


def covariance(X):
    n, m = X.shape
    mean = np.zeros(m)
    for j in range(m):
        for i in range(n):
            mean[j] += X[i, j]
        mean[j] /= n
    cov = np.zeros((m, m))
    for i in range(m):
        for j in range(i, m):
            for k in range(n):
                cov[i, j] += (X[k, i] - mean[i]) * (X[k, j] - mean[j])
            cov[i, j] /= n - 1.0
            cov[j, i] = cov[i, j]
    return score(cov)


# --- shortest paths ---


def floyd_warshall(D):
    """Overwrites the lengths of edges by those of shortest paths."""
    n = D.shape[0]
    for k in range(n):
        for i in range(n):
            for j in range(n):
                D[i, j] = np.minimum(D[i, j], D[i, k] + D[k, j])
    return score(D)

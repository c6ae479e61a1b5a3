"""Small programs with slices of varying length and masks that select: f(x, y) of two vectors, or f(A) of a matrix.

They are written as one would write them in NumPy; each returns a number.
"""

import numpy as np


def prefix_products(x, y):
    s = 0.0
    for i in range(len(x)):
        s += np.dot(x[:i], y[:i]) * x[i]
    return s


def suffix_means(x, y):
    s = 0.0
    for i in range(len(x)):
        s += np.mean(np.sin(x[i:]) * y[i:])
    return s


def moving_windows(x, y):
    s = 0.0
    for i in range(len(x)):
        s += (x[max(0, i - 1) : i + 2] ** 2).mean() * y[i]
    return s


def windows_over_the_ends(x, y):
    s = 0.0
    for i in range(len(x)):
        s += np.sum(x[i : i + 3]) * y[i]
    return s


def from_the_end(x, y):
    s = 0.0
    for i in range(1, len(x)):
        s += np.sum(x[-i:] * y[:i]) + x[:-i].sum() ** 2
    return s


def shifted(x, y):
    n = len(x)
    for i in range(1, n):
        x[i:] += 0.5 * y[: n - i]
        y[:i] = np.cos(x[n - i :])
    return np.sum(x * y)


def extrema(x, y):
    s = 0.0
    for i in range(1, len(x) + 1):
        s += np.max(x[:i]) * np.min(y[i - 1 :]) + np.argmax(x[:i]) * y[0]
    return s


def spreads(x, y):
    s = 0.0
    for i in range(2, len(x) + 1):
        s += np.var(x[:i]) + np.std(y[:i]) + np.linalg.norm(x[:i])
    return s


def part_of_a_part(x, y):
    s = 0.0
    for i in range(3, len(x) + 1):
        v = x[:i] * y[:i]
        s += np.sum(v[1:] - v[:-1] ** 2) + v[0] * v[-1] + v[i - 2]
    return s


def changed_part(x, y):
    s = 0.0
    for i in range(2, len(x) + 1):
        v = x[:i].copy()
        v[0] = y[0]
        v[1:] *= 2.0
        s += np.sum(v**2) / v.size
    return s


def view_of_a_part(x, y):
    for i in range(1, len(x)):
        v = x[:i]
        v *= 1.1
        v += y[i]
    return np.sum(x**2)


def new_arrays(x, y):
    s = 0.0
    for i in range(1, len(x) + 1):
        w = np.ones(i)
        w[0] = x[0]
        s += np.sum(w * y[:i]) + np.sum(np.arange(i) * x[:i]) + np.sum(np.zeros((2, i)) + x[:i])
    return s


def reversed_part(x, y):
    s = 0.0
    for i in range(len(x)):
        s += np.dot(np.flip(x[: i + 1]), y[: i + 1])
    return s


def loop_over_a_part(x, y):
    s = 0.0
    for i in range(len(x)):
        for v in x[:i]:
            s += v * y[i]
    return s


def length_of_a_part(x, y):
    s = 0.0
    for i in range(len(x)):
        v = x[i:]
        for k in range(len(v)):
            s += v[k] * y[k] / v.shape[0]
    return s


def branch_on_a_part(x, y):
    s = 0.0
    for i in range(1, len(x)):
        v = x[:i] * 1.5
        if np.sum(v) > 0:
            v = v * y[:i]
        else:
            v = v - y[i]
        s += np.sum(np.sin(v))
    return s


def inner_loop_changes_a_part(x, y):
    s = 0.0
    for i in range(1, len(x)):
        v = x[:i].copy()
        for k in range(3):
            v = np.sin(v) + y[k]
        s += v.sum()
    return s


def helper(v, w):
    v -= np.dot(v, w) * w
    return np.max(np.abs(v))


def part_to_a_helper(x, y):
    s = 0.0
    for i in range(1, len(x)):
        s += helper(x[:i], y[:i])
    return s + np.sum(x)


def rank_one_updates(A):
    n = len(A)
    for k in range(n):
        A[k + 1 :, k] /= A[k, k] + 3
        A[k + 1 :, k + 1 :] -= np.outer(A[k + 1 :, k], A[k, k + 1 :])
    return np.sum(A**2)


def cholesky_columns(A):
    n = A.shape[0]
    A = A @ A.T + n * np.eye(n)
    L = np.zeros((n, n))
    for j in range(n):
        L[j, j] = np.sqrt(A[j, j] - L[j, :j] @ L[j, :j])
        L[j + 1 :, j] = (A[j + 1 :, j] - L[j + 1 :, :j] @ L[j, :j]) / L[j, j]
    return np.sum(np.log(np.diag(L))) + L[-1, 0]


def back_substitution(A):
    n = len(A)
    x = np.zeros(n)
    for i in range(n - 1, -1, -1):
        x[i] = (1 - A[i, i + 1 :] @ x[i + 1 :]) / (A[i, i] + 4)
    return np.sum(x**2)


def corner_sums(A):
    s = 0.0
    for i in range(1, len(A) + 1):
        s += np.sum(np.tril(A[:i, :i]) @ A[:i, 0]) + A[:i, :i].T[0].sum() + A[:i].mean(axis=0)[0]
    return s


def columns_of_parts(A):
    s = 0.0
    for i in range(1, len(A)):
        B = A[:i]
        s += np.sum(B[:, None, :] * B[None, :, :1]) + np.sum(B.reshape(B.shape) - B[0])
    return s


def log_of_positive(x, y):
    m = x > 0
    x[m] = np.log(x[m])
    y[~m] *= 2
    return np.sum(x * y)


def statistics_of_selected(x, y):
    m = x > 0
    return x[m].mean() + y[m].sum() * x[m].max() + y[~m].min() + np.var(x[m]) + m.sum() * y[0]


def selected_products(x, y):
    m = y > x
    return np.dot(x[m], np.exp(y[m])) + np.linalg.norm(x[m]) + np.sum(x[y > x] ** 2)


def selected_twice(x, y):
    x[x > 0] = y[x > 0] ** 2
    x[x < 0.1] += 1.0
    x[x > 0.5] -= y[x > 0.5]
    return np.sum(np.sin(x))


def root_of_what_is_positive(x, y):
    """NaN on the side that the mask leaves out."""
    out = np.zeros_like(x)
    out[x > 0] = np.sqrt(x[x > 0])
    return np.sum(out * y)


def masks_in_a_loop(x, y):
    for k in range(3):
        m = x > 0.2 * k
        x[m] = x[m] * np.cos(y[m])
        y[~m] = y[~m].sum()
    return np.sum(x + y)


def nothing_selected(x, y):
    m = x > 100
    x[m] = np.log(x[m] * y[m])
    return np.sum(x) + x[m].sum()


def masked_matrix(A):
    m = A > 0.2
    A[m] = np.sqrt(A[m])
    A[A < 0] **= 2
    return np.sum(A) + A[m].mean() * A[~m].sum()


def masked_rows(A):
    keep = A[:, 0] > 0
    A[keep] = A[keep] * 2 + A[0]
    A[keep, 1:] -= 1
    return np.sum(np.sin(A)) + A[keep].mean(axis=0)[1] + np.sum(A[keep] @ A[0])


VECTORS = [
    f
    for name, f in list(globals().items())
    if callable(f)
    and getattr(f, "__module__", "") == __name__
    and f.__code__.co_varnames[:2] == ("x", "y")
]
MATRICES = [
    f
    for name, f in list(globals().items())
    if getattr(f, "__module__", "") == __name__ and f.__code__.co_argcount == 1
]

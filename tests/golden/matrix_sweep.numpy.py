# Derived from matrix_sweep by backprose, for
#     a: float64[2, 3]
# Its loops are for arrays of exactly these shapes.
import numpy as np


def matrix_sweep_value_and_grad(a):
    """Value of matrix_sweep and its gradient with respect to a."""
    n = a.shape[0]
    m = a.shape[1]
    a = a.copy()
    for i in range(1, n):
        for j in range(1, m):
            a[i, j] = np.tanh(a[i, j] + 0.3 * a[i, j - 1] + 0.2 * a[i - 1, j])
    # score(a)
    t = np.cos(np.arange(a.size)).reshape(a.shape)
    value = np.sum(t * a)

    # Adjoint of for i in range(1, n)
    da = t
    for i in reversed(range(1, n)):
        # Adjoint of for j in range(1, m)
        for j in reversed(range(1, m)):
            # Adjoint of a[i, j] = np.tanh(a[i, j] + 0.3 * a[i, j - 1] + 0.2 * a[i - 1, j])
            dt = da[i, j] * (1 - a[i, j] ** 2)
            da[i, j] = dt
            da[i - 1, j] += dt * 0.2
            da[i, j - 1] += dt * 0.3

    return value, (da,)

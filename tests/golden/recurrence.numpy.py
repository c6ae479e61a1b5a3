# Derived from recurrence by backprose, for
#     x: float64[2], d: float
# Its loops are for arrays of exactly these shapes.
import numpy as np


def recurrence_value_and_grad(x, d):
    """Value of recurrence and its gradient with respect to x and d."""
    y = np.zeros_like(x)
    y[0] = x[0]
    ts = np.empty(1)
    for i in range(1, x.shape[0]):
        t = np.tanh(y[i - 1])
        ts[i - 1] = t
        y[i] = x[i] + t * d
    value = np.sum(y**2)

    # Adjoint of return np.sum(y**2)
    dy = 2 * y
    # Adjoint of for i in range(1, len(x))
    dx = np.zeros_like(x)
    dd = 0.0
    for i in reversed(range(1, x.shape[0])):
        t = ts[i - 1]
        # Adjoint of y[i] = x[i] + np.tanh(y[i - 1]) * d
        dt = dy[i]
        dy[i] = 0
        dy[i - 1] += dt * d * (1 - t**2)
        dx[i] += dt
        dd += dt * t
    # Adjoint of y[0] = x[0]
    dx = dx + np.pad([dy[0]], (0, 1))

    return value, (dx, dd)

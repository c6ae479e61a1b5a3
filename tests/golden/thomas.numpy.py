# Derived from thomas by backprose, for
#     lower: float64[1], diagonal: float64[2], upper: float64[1], rhs: float64[2]
# Its loops are for arrays of exactly these shapes.
import numpy as np


def thomas_value_and_grad(lower, diagonal, upper, rhs):
    """Value of thomas and its gradient with respect to lower, diagonal, upper and rhs."""
    n = rhs.shape[0]
    diagonal = diagonal.copy()
    rhs = rhs.copy()
    ws = np.empty(1)
    for i in range(1, n):
        t = i - 1
        w = lower[t] / diagonal[t]
        ws[i - 1] = w
        diagonal[i] = diagonal[i] - w * upper[t]
        rhs[i] = rhs[i] - w * rhs[t]
    x = np.empty(n)
    t1 = diagonal[-1]
    t2 = rhs[-1] / t1
    x[-1] = t2
    for i in range(n - 2, -1, -1):
        x[i] = (rhs[i] - upper[i] * x[i + 1]) / diagonal[i]
    # score(x)
    t3 = np.cos(np.arange(x.size)).reshape(x.shape)
    value = np.sum(t3 * x)

    # Adjoint of for i in range(n - 2, -1, -1)
    drhs = np.zeros_like(rhs)
    dupper = np.zeros_like(upper)
    ddiagonal = np.zeros_like(diagonal)
    dx = t3
    for i in reversed(range(n - 2, -1, -1)):
        # Adjoint of x[i] = (rhs[i] - upper[i] * x[i + 1]) / diagonal[i]
        t4 = i + 1
        t5 = diagonal[i]
        dt = dx[i]
        dx[i] = 0
        dt1 = dt / t5
        dt2 = -dt1
        dx[t4] += dt2 * upper[i]
        drhs[i] += dt1
        dupper[i] += dt2 * x[t4]
        ddiagonal[i] -= dt * x[i] / t5
    # Adjoint of x[-1] = rhs[-1] / diagonal[-1]
    dt2_1 = dx[-1]
    ddiagonal = ddiagonal + np.pad([-(dt2_1 * t2 / t1)], (1, 0))
    drhs = drhs + np.pad([dt2_1 / t1], (1, 0))
    # Adjoint of for i in range(1, n)
    dlower = np.zeros_like(lower)
    for i in reversed(range(1, n)):
        w = ws[i - 1]
        # Adjoint of w = lower[i - 1] / diagonal[i - 1]
        t6 = i - 1
        t7 = diagonal[t6]
        # Adjoint of rhs[i] = rhs[i] - w * rhs[i - 1]
        dt3 = -drhs[i]
        # Adjoint of diagonal[i] = diagonal[i] - w * upper[i - 1]
        dt4 = -ddiagonal[i]
        dw = dt3 * rhs[t6] + dt4 * upper[t6]
        # Adjoint of w = lower[i - 1] / diagonal[i - 1]
        ddiagonal[t6] -= dw * w / t7
        # Adjoint of rhs[i] = rhs[i] - w * rhs[i - 1]
        drhs[t6] += dt3 * w
        # Adjoint of w = lower[i - 1] / diagonal[i - 1]
        dlower[t6] += dw / t7
        # Adjoint of diagonal[i] = diagonal[i] - w * upper[i - 1]
        dupper[t6] += dt4 * w

    return value, (dlower, ddiagonal, dupper, drhs)

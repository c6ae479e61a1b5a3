# Derived from thomas by backprose, for
#     lower: float64[1], diagonal: float64[2], upper: float64[1], rhs: float64[2]
# Its loops are for arrays of exactly these shapes.
import numpy as np


def thomas_value_and_grad(lower, diagonal, upper, rhs):
    """Value of thomas and its gradient with respect to lower, diagonal, upper and rhs."""
    n = rhs.shape[0]
    diagonal = diagonal.copy()
    rhs = rhs.copy()
    ts = np.empty(1)
    ws = np.empty(1)
    ts1 = np.empty(1)
    for i in range(1, n):
        t = i - 1
        t1 = diagonal[t]
        ts1[i - 1] = t1
        w = lower[t] / t1
        ws[i - 1] = w
        diagonal[i] = diagonal[i] - w * upper[t]
        t2 = rhs[t]
        ts[i - 1] = t2
        rhs[i] = rhs[i] - w * t2
    x = np.empty(n)
    t3 = diagonal[-1]
    t4 = rhs[-1] / t3
    x[-1] = t4
    ts2 = np.empty(1)
    ts3 = np.empty(1)
    for i in range(n - 2, -1, -1):
        t5 = x[i + 1]
        ts3[n - 2 - i] = t5
        t6 = (rhs[i] - upper[i] * t5) / diagonal[i]
        ts2[n - 2 - i] = t6
        x[i] = t6
    # score(x)
    t7 = np.cos(np.arange(x.size)).reshape(x.shape)
    value = np.sum(t7 * x)

    # Adjoint of for i in range(n - 2, -1, -1)
    drhs = np.zeros_like(rhs)
    dupper = np.zeros_like(upper)
    ddiagonal = np.zeros_like(diagonal)
    dx = t7
    for i in reversed(range(n - 2, -1, -1)):
        t6 = ts2[n - 2 - i]
        t5 = ts3[n - 2 - i]
        # Adjoint of x[i] = (rhs[i] - upper[i] * x[i + 1]) / diagonal[i]
        t8 = diagonal[i]
        dt6 = dx[i]
        dx[i] = 0
        dt = dt6 / t8
        dt1 = -dt
        dx[i + 1] += dt1 * upper[i]
        drhs[i] += dt
        dupper[i] += dt1 * t5
        ddiagonal[i] -= dt6 * t6 / t8
    # Adjoint of x[-1] = rhs[-1] / diagonal[-1]
    dt4 = dx[-1]
    ddiagonal = ddiagonal + np.pad([-(dt4 * t4 / t3)], (1, 0))
    drhs = drhs + np.pad([dt4 / t3], (1, 0))
    # Adjoint of for i in range(1, n)
    dlower = np.zeros_like(lower)
    for i in reversed(range(1, n)):
        t2 = ts[i - 1]
        w = ws[i - 1]
        t1 = ts1[i - 1]
        # Adjoint of w = lower[i - 1] / diagonal[i - 1]
        t9 = i - 1
        # Adjoint of rhs[i] = rhs[i] - w * rhs[i - 1]
        dt2 = -drhs[i]
        # Adjoint of diagonal[i] = diagonal[i] - w * upper[i - 1]
        dt3 = -ddiagonal[i]
        dw = dt2 * t2 + dt3 * upper[t9]
        # Adjoint of w = lower[i - 1] / diagonal[i - 1]
        ddiagonal[t9] -= dw * w / t1
        # Adjoint of rhs[i] = rhs[i] - w * rhs[i - 1]
        drhs[t9] += dt2 * w
        # Adjoint of w = lower[i - 1] / diagonal[i - 1]
        dlower[t9] += dw / t1
        # Adjoint of diagonal[i] = diagonal[i] - w * upper[i - 1]
        dupper[t9] += dt3 * w

    return value, (dlower, ddiagonal, dupper, drhs)

# Derived from power_iteration by backprose, for
#     A: float64[5, 5], tol: float
# Its loops are for arrays of exactly these shapes.
import numpy as np


def power_iteration_value_and_grad(A, tol):
    """Value of power_iteration and its gradient with respect to A."""
    n = A.shape[0]
    v = np.ones(n) / np.sqrt(n)
    change = 1.0
    steps = 0
    ts = []
    ws = []
    ws1 = []
    vs = []
    while change > tol:
        vs.append(v.copy())
        w = A @ v
        ws1.append(w)
        t = np.linalg.norm(w)
        ts.append(t)
        w1 = w / t
        ws.append(w1.copy())
        change = np.linalg.norm(w1 - v)
        steps += 1
        v = w1
    t1 = v @ A
    # score(v)
    t2 = np.cos(np.arange(v.size)).reshape(v.shape)
    value = t1 @ v + np.sum(t2 * v)

    # Adjoint of return v @ A @ v + score(v)
    dA = np.outer(v, v)
    dv = t2 + t1 + A @ v
    # Adjoint of while change > tol
    for k in reversed(range(steps)):
        t = ts[k]
        w = ws[k]
        w1 = ws1[k]
        v = vs[k]
        # Adjoint of w = w / np.linalg.norm(w)
        dw = dv / t - np.sum(dv * w / t) / np.where(t == 0, 1, t) * w1
        # Adjoint of w = A @ v
        dv = dw @ A
        dA = dA + np.outer(dw, v)

    return value, (dA,)

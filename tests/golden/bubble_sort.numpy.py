# Derived from bubble_sort by backprose, for
#     x: float64[2]
# Its loops are for arrays of exactly these shapes.
import numpy as np


def bubble_sort_value_and_grad(x):
    """Value of bubble_sort and its gradient with respect to x."""
    n = x.shape[0]
    x = x.copy()
    done = False
    steps = 0
    tss = []
    for i in range(n - 1):
        swapped = False
        ts = []
        for j in range(n - 1 - i):
            t = x[j]
            t1 = j + 1
            t2 = x[t1]
            t3 = t > t2
            ts.append(t3)
            if t3:
                x[j] = t2
                x[t1] = t
                swapped = True
        tss.append(ts)
        done = not swapped
        steps += 1
        if done:
            break
    # score(x)
    t4 = np.cos(np.arange(x.size)).reshape(x.shape)
    value = np.sum(t4 * x) + np.sum(x**2)

    # Adjoint of return score(x) + np.sum(x**2)
    dx = 2 * x + t4
    # Adjoint of for i in range(n - 1)
    for k in reversed(range(steps)):
        ts = tss[k]
        # Adjoint of for j in range(n - 1 - i)
        for j in reversed(range(n - 1 - k)):
            t3 = ts[j]
            # Adjoint of if x[j] > x[j + 1]
            t5 = j + 1
            if t3:
                # Adjoint of x[j], x[j + 1] = x[j + 1], x[j]
                dt = dx[t5]
                dx[t5] = 0
                dt1 = dx[j]
                dx[j] = 0
                # Adjoint of if x[j] > x[j + 1]
                dx[t5] += dt1
                dx[j] += dt

    return value, (dx,)

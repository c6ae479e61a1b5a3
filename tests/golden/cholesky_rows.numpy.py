# Derived from cholesky_rows by backprose, for
#     A: float64[2, 2]
# Its loops are for arrays of exactly these shapes.
import numpy as np


def cholesky_rows_value_and_grad(A):
    """Value of cholesky_rows and its gradient with respect to A."""
    n = A.shape[0]
    A = A.copy()
    logdet = 0.0
    ts = np.empty(2)
    ts1 = np.empty(2)
    ts2 = []
    tss = []
    tss1 = []
    tss2 = []
    tss3 = []
    for i in range(n):
        ts3 = []
        ts4 = []
        ts5 = []
        ts6 = []
        for j in range(i):
            t = A[i, :j].copy()
            ts6.append(t)
            t1 = A[j, :j].copy()
            ts5.append(t1)
            t2 = A[j, j]
            ts3.append(t2)
            t3 = (A[i, j] - t @ t1) / t2
            ts4.append(t3)
            A[i, j] = t3
        tss.append(ts3)
        tss1.append(ts4)
        tss2.append(ts5)
        tss3.append(ts6)
        t4 = A[i, :i].copy()
        ts2.append(t4)
        t5 = np.sqrt(A[i, i] - t4 @ t4)
        ts1[i] = t5
        A[i, i] = t5
        t6 = A[i, i]
        ts[i] = t6
        logdet += 2 * np.log(t6)
    t7 = np.tril(A, k=-1)
    value = logdet + np.sum(t7**2)

    # Adjoint of return logdet + np.sum(np.tril(A, -1) ** 2)
    dA = np.tril(2 * t7, k=-1)
    # Adjoint of for i in range(n)
    for i in reversed(range(n)):
        t6 = ts[i]
        t5 = ts1[i]
        t4 = ts2[i]
        ts3 = tss[i]
        ts4 = tss1[i]
        ts5 = tss2[i]
        ts6 = tss3[i]
        # Adjoint of logdet += 2 * np.log(A[i, i])
        dA[i, i] += 2.0 / t6
        # Adjoint of A[i, i] = np.sqrt(A[i, i] - A[i, :i] @ A[i, :i])
        dt = dA[i, i] / (2 * t5)
        dt4 = -(dt * t4)
        dA[i, i] = dt
        dA[i, :i] += dt4
        dA[i, :i] += dt4
        # Adjoint of for j in range(i)
        for j in reversed(range(i)):
            t2 = ts3[j]
            t3 = ts4[j]
            t1 = ts5[j]
            t = ts6[j]
            # Adjoint of A[i, j] = (A[i, j] - A[i, :j] @ A[j, :j]) / A[j, j]
            dt3 = dA[i, j]
            dt1 = dt3 / t2
            dt2 = -dt1
            dA[i, j] = dt1
            dA[j, j] -= dt3 * t3 / t2
            dA[j, :j] += dt2 * t
            dA[i, :j] += dt2 * t1

    return value, (dA,)

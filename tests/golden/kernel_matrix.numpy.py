# Derived from kernel_matrix by backprose, for
#     X: float64[4, 2], Y: float64[5, 2], length: float
# Its loops are for arrays of exactly these shapes.
import numpy as np


def kernel_matrix_value_and_grad(X, Y, length):
    """Value of kernel_matrix and its gradient with respect to X, Y and length."""
    K = np.zeros((X.shape[0], Y.shape[0]))
    tss = np.empty((4, 5), bool)
    ess = np.empty((4, 5))
    tss1 = np.empty((4, 5))
    tss2 = np.empty((4, 5))
    rss = np.empty((4, 5, 2))
    for i in range(X.shape[0]):
        ts = np.empty(5, bool)
        es = np.empty(5)
        ts1 = np.empty(5)
        ts2 = np.empty(5)
        rs = np.empty((5, 2))
        for j in range(Y.shape[0]):
            r = X[i] - Y[j]
            rs[j] = r
            t = length**2
            ts2[j] = t
            t1 = -0.5 * np.dot(r, r) / t
            ts1[j] = t1
            e = np.exp(t1)
            es[j] = e
            K[i, j] = e
            t2 = K[i, j] < 0.05
            ts[j] = t2
            if t2:
                K[i, j] = 0.0
        tss[i] = ts
        ess[i] = es
        tss1[i] = ts1
        tss2[i] = ts2
        rss[i] = rs
    # score(K)
    t3 = np.cos(np.arange(K.size)).reshape(K.shape)
    value = np.sum(t3 * K)

    # Adjoint of for i in range(len(X))
    dY = np.zeros_like(Y)
    dX = np.zeros_like(X)
    dK = t3
    dlength = 0.0
    for i in reversed(range(X.shape[0])):
        ts = tss[i]
        es = ess[i]
        ts1 = tss1[i]
        ts2 = tss2[i]
        rs = rss[i]
        # Adjoint of for j in range(len(Y))
        for j in reversed(range(Y.shape[0])):
            t2 = ts[j]
            e = es[j]
            t1 = ts1[j]
            t = ts2[j]
            r = rs[j]
            # Adjoint of if K[i, j] < 0.05
            if t2:
                # Adjoint of K[i, j] = 0.0
                dK[i, j] = 0
            # Adjoint of K[i, j] = np.exp(-0.5 * np.dot(r, r) / length**2)
            de = dK[i, j]
            dK[i, j] = 0
            dt1 = de * e
            dt = dt1 / t * r
            dr = -dt
            # Adjoint of r = X[i] - Y[j]
            dX[i] += dr
            dY[j] += dt
            # Adjoint of K[i, j] = np.exp(-0.5 * np.dot(r, r) / length**2)
            dlength -= dt1 * t1 / t * (2 * length)

    return value, (dX, dY, dlength)

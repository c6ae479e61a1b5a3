# Derived from cholesky_rows by backprose, for
#     A: float64[2, 2]
# Its loops are for arrays of exactly these shapes.
import numpy as np


def cholesky_rows_value_and_grad(A):
    """Value of cholesky_rows and its gradient with respect to A."""
    n = A.shape[0]
    A = A.copy()
    logdet = 0.0
    for i in range(n):
        for j in range(i):
            A[i, j] = (A[i, j] - A[i, :j] @ A[j, :j]) / A[j, j]
        t = A[i, :i]
        A[i, i] = np.sqrt(A[i, i] - t @ t)
        logdet += 2 * np.log(A[i, i])
    t1 = np.tril(A, k=-1)
    value = logdet + np.sum(t1**2)

    # Adjoint of return logdet + np.sum(np.tril(A, -1) ** 2)
    dA = np.tril(2 * t1, k=-1)
    # Adjoint of for i in range(n)
    for i in reversed(range(n)):
        # Adjoint of logdet += 2 * np.log(A[i, i])
        t2 = A[i, i]
        dA[i, i] += 2.0 / t2
        # Adjoint of A[i, i] = np.sqrt(A[i, i] - A[i, :i] @ A[i, :i])
        dt = dA[i, i]
        dt1 = -(dt / (2 * t2) * A[i, :i])
        dA[i, i] = 0.5 * dt / t2
        dA[i, :i] += dt1
        dA[i, :i] += dt1
        # Adjoint of for j in range(i)
        for j in reversed(range(i)):
            # Adjoint of A[i, j] = (A[i, j] - A[i, :j] @ A[j, :j]) / A[j, j]
            t3 = A[j, j]
            dt2 = dA[i, j]
            dt3 = dt2 / t3
            dt4 = -dt3
            dA[i, j] = dt3
            dA[j, j] -= dt2 * A[i, j] / t3
            dA[j, :j] += dt4 * A[i, :j]
            dA[i, :j] += dt4 * A[j, :j]

    return value, (dA,)

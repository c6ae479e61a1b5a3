# Derived from logistic_regression by backprose, for
#     X: float64[40, 5], y: float64[40], w: float64[5], b: float
import numpy as np


def logistic_regression_value_and_grad(X, y, w, b):
    """Value of logistic_regression and its gradient with respect to w and b."""
    # y is 0 or 1
    z = X @ w + b
    e = np.exp(z)
    value = np.mean(np.log1p(e) - y * z)

    # Adjoint of return np.mean(np.log1p(np.exp(z)) - y * z)
    dz = (e / (1 + e) - y) / z.size
    # Adjoint of z = X @ w + b
    db = np.sum(dz)
    dw = dz @ X

    return value, (dw, db)

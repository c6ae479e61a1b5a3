# Derived from linear_regression by backprose, for
#     X: float64[40, 5], y: float64[40], w: float64[5], b: float
import numpy as np


def linear_regression_value_and_grad(X, y, w, b):
    """Value of linear_regression and its gradient with respect to w and b."""
    residual = X @ w + b - y
    value = np.mean(residual**2)

    # Adjoint of return np.mean(residual**2)
    dresidual = 2 / residual.size * residual
    # Adjoint of residual = X @ w + b - y
    db = np.sum(dresidual)
    dw = dresidual @ X

    return value, (dw, db)

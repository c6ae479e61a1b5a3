# Derived from rnn_step by backprose, for
#     x: float64[40, 4], h: float64[40, 6], target: float64[40, 6], Wx: float64[4, 6],
#     Wh: float64[6, 6], b: float64[6]
import numpy as np


def rnn_step_value_and_grad(x, h, target, Wx, Wh, b):
    """Value of rnn_step and its gradient with respect to Wx, Wh and b."""
    h_new = np.tanh(x @ Wx + h @ Wh + b)
    t = h_new - target
    value = 0.5 * np.sum(t**2)

    # Adjoint of h_new = np.tanh(x @ Wx + h @ Wh + b)
    dt = t * (1 - h_new**2)
    db = np.sum(dt, axis=0)
    dWh = h.T @ dt
    dWx = x.T @ dt

    return value, (dWx, dWh, db)

# Derived from layer_norm by backprose, for
#     x: float64[40, 8], gain: float64[8], bias: float64[8], target: float64[40, 8]
import numpy as np


def layer_norm_value_and_grad(x, gain, bias, target):
    """Value of layer_norm and its gradient with respect to x, gain and bias."""
    centred = x - np.mean(x, axis=1, keepdims=True)
    scale = np.sqrt(np.mean(centred**2, axis=1, keepdims=True) + 1e-05)
    t = centred / scale
    y = gain * t + bias
    t1 = y - target
    value = 0.5 * np.sum(t1**2)

    # Adjoint of y = gain * (centred / scale) + bias
    dbias = np.sum(t1, axis=0)
    dt = t1 * gain
    dgain = np.sum(t1 * t, axis=0)
    # Adjoint of scale = np.sqrt(np.mean(centred**2, axis=1, keepdims=True) + 1e-5)
    t2 = np.sum(dt * t / scale, axis=1, keepdims=True) / (centred.shape[1] * scale) * centred
    dcentred = dt / scale - t2
    # Adjoint of centred = x - np.mean(x, axis=1, keepdims=True)
    dx = dcentred - np.sum(dcentred, axis=1, keepdims=True) / x.shape[1]

    return value, (dx, dgain, dbias)

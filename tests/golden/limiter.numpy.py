# Derived from limiter by backprose, for
#     signal: float64[1], low: float, high: float
# Its loops are for arrays of exactly these shapes.
import numpy as np


def limiter_value_and_grad(signal, low, high):
    """Value of limiter and its gradient with respect to signal, low and high."""
    out = signal.copy()
    ts = np.empty(1, bool)
    ts1 = np.empty(1)
    ts2 = np.empty(1, bool)
    ts3 = np.empty(1)
    for i in range(signal.shape[0]):
        t = signal[i]
        t1 = t > high
        ts[i] = t1
        if t1:
            t2 = np.tanh(t - high)
            out[i] = high + t2 / 2
            t3 = False
            t4 = 0.0
        else:
            t3 = t < low
            if t3:
                t4 = np.tanh(t - low)
                out[i] = low + t4 / 2
            else:
                t4 = 0.0
            t2 = 0.0
        ts1[i] = t2
        ts2[i] = t3
        ts3[i] = t4
    # score(out)
    t5 = np.cos(np.arange(out.size)).reshape(out.shape)
    value = np.sum(t5 * out)

    # Adjoint of for i in range(len(signal))
    dsignal = np.zeros_like(signal)
    dout = t5
    dhigh = 0.0
    dlow = 0.0
    for i in reversed(range(signal.shape[0])):
        t1 = ts[i]
        t2 = ts1[i]
        t3 = ts2[i]
        t4 = ts3[i]
        # Adjoint of if signal[i] > high
        if t1:
            # Adjoint of out[i] = high + np.tanh(signal[i] - high) / 2
            dt = dout[i]
            dout[i] = 0
            dt1 = dt / 2 * (1 - t2**2)
            # Adjoint of if signal[i] > high
            dhigh1 = dt - dt1
            dsignal[i] += dt1
            dhigh += dhigh1
        elif t3:
            # Adjoint of out[i] = low + np.tanh(signal[i] - low) / 2
            dt2 = dout[i]
            dout[i] = 0
            dt3 = dt2 / 2 * (1 - t4**2)
            # Adjoint of elif signal[i] < low
            dlow1 = dt2 - dt3
            dsignal[i] += dt3
            dlow += dlow1
    # Adjoint of out = signal.copy()
    dsignal1 = dsignal + dout

    return value, (dsignal1, dlow, dhigh)

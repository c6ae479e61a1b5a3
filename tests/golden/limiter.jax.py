# Derived from limiter by backprose, for
#     signal: float64[1], low: float, high: float
# Its loops are for arrays of exactly these shapes.
from jax import lax
import jax.numpy as jnp


def limiter_value_and_grad(signal, low, high):
    """Value of limiter and its gradient with respect to signal, low and high."""
    out = signal.copy()

    def step_i(_, row):
        out_i, signal_i = row
        t = signal_i > high
        t1 = jnp.tanh(signal_i - high)
        t2 = signal_i < low
        t3 = jnp.tanh(signal_i - low)
        out_i = jnp.where(t, high + t1 / 2, jnp.where(t2, low + t3 / 2, out_i))
        return None, (out_i, t, t1, t3, t2)

    _, (out1, ts, ts1, ts2, ts3) = lax.scan(step_i, None, (out, signal))
    # score(out1)
    t4 = jnp.cos(jnp.arange(out1.size)).reshape(out1.shape)
    value = jnp.sum(t4 * out1)

    # Adjoint of for i in range(len(signal))
    def back_i(carry, row):
        dhigh, dlow = carry
        dout_i, t, t1, t3, t2 = row

        # Adjoint of if signal[i] > high
        def then():
            # Adjoint of out[i] = high + np.tanh(signal[i] - high) / 2
            dt = dout_i / 2 * (1 - t1**2)
            # Adjoint of if signal[i] > high
            dhigh1 = dout_i - dt
            return dhigh1, dt, 0.0, 0.0

        def otherwise():
            # Adjoint of out[i] = low + np.tanh(signal[i] - low) / 2
            dt1 = dout_i / 2 * (1 - t3**2)
            # Adjoint of elif signal[i] < low
            dlow1 = dout_i - dt1
            dlow1 = jnp.where(t2, dlow1, 0.0)
            dsignal_i = jnp.where(t2, dt1, 0.0)
            dout_i1 = jnp.where(t2, 0.0, dout_i)
            return 0.0, dsignal_i, dlow1, dout_i1

        dhigh1, dsignal_i, dlow2, dout_i1 = lax.cond(t, then, otherwise)
        dhigh += dhigh1
        dlow += dlow2
        return (dhigh, dlow), (dout_i1, dsignal_i)

    (dhigh, dlow), (dout, dsignal_is) = lax.scan(
        back_i, (0.0, 0.0), (t4, ts, ts1, ts2, ts3), reverse=True
    )
    # Adjoint of out = signal.copy()
    dsignal = dsignal_is + dout

    return value, (dsignal, dlow, dhigh)

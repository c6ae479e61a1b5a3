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

        def then1():
            t1 = jnp.tanh(signal_i - high)
            out_i = high + t1 / 2
            return out_i, t1, False, 0.0

        def otherwise1():
            t2 = signal_i < low

            def then():
                t3 = jnp.tanh(signal_i - low)
                out_i1 = low + t3 / 2
                return out_i1, t3

            def otherwise():
                return out_i, 0.0

            out_i1, t3 = lax.cond(t2, then, otherwise)
            return out_i1, 0.0, t2, t3

        out_i, t1, t2, t3 = lax.cond(t, then1, otherwise1)
        return None, (out_i, t, t1, t2, t3)

    _, (out1, ts, ts1, ts2, ts3) = lax.scan(step_i, None, (out, signal))
    # score(out1)
    t4 = jnp.cos(jnp.arange(out1.size)).reshape(out1.shape)
    value = jnp.sum(t4 * out1)

    # Adjoint of for i in range(len(signal))
    def back_i(carry, row):
        dhigh, dlow = carry
        dout_i, t, t1, t2, t3 = row

        # Adjoint of if signal[i] > high
        def then3():
            # Adjoint of out[i] = high + np.tanh(signal[i] - high) / 2
            dt = dout_i / 2 * (1 - t1**2)
            # Adjoint of if signal[i] > high
            dhigh1 = dout_i - dt
            return dhigh1, dt, 0.0, 0.0

        def otherwise3():
            # Adjoint of elif signal[i] < low
            def then2():
                # Adjoint of out[i] = low + np.tanh(signal[i] - low) / 2
                dt = dout_i / 2 * (1 - t3**2)
                # Adjoint of elif signal[i] < low
                dlow1 = dout_i - dt
                return dlow1, dt, 0.0

            def otherwise2():
                return 0.0, 0.0, dout_i

            dlow1, dsignal_i, dout_i1 = lax.cond(t2, then2, otherwise2)
            return 0.0, dsignal_i, dlow1, dout_i1

        dhigh1, dsignal_i, dlow1, dout_i = lax.cond(t, then3, otherwise3)
        dhigh += dhigh1
        dlow += dlow1
        return (dhigh, dlow), (dout_i, dsignal_i)

    (dhigh, dlow), (dout, dsignal_is) = lax.scan(
        back_i, (0.0, 0.0), (t4, ts, ts1, ts2, ts3), reverse=True
    )
    # Adjoint of out = signal.copy()
    dsignal = dsignal_is + dout

    return value, (dsignal, dlow, dhigh)

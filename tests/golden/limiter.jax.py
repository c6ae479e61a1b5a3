# Derived from limiter by backprose, for
#     signal: float64[1], low: float, high: float
# Its loops are for arrays of exactly these shapes.
from jax import lax
import jax.numpy as jnp


def limiter_value_and_grad(signal, low, high):
    """Value of limiter and its gradient with respect to signal, low and high."""
    signal = jnp.asarray(signal)
    out = signal.copy()

    def step_i(out, i):
        t = signal[i]
        t1 = t > high

        def then1():
            t2 = jnp.tanh(t - high)
            out1 = out.at[i].set(high + t2 / 2)
            return out1, t2, False, 0.0

        def otherwise1():
            t3 = t < low

            def then():
                t4 = jnp.tanh(t - low)
                out1 = out.at[i].set(low + t4 / 2)
                return out1, t4

            def otherwise():
                return out, 0.0

            out1, t4 = lax.cond(t3, then, otherwise)
            return out1, 0.0, t3, t4

        out, t2, t3, t4 = lax.cond(t1, then1, otherwise1)
        return out, (t1, t2, t3, t4)

    out, (ts, ts1, ts2, ts3) = lax.scan(step_i, out, jnp.arange(signal.shape[0]))
    # score(out)
    t5 = jnp.cos(jnp.arange(out.size)).reshape(out.shape)
    value = jnp.sum(t5 * out)

    # Adjoint of for i in range(len(signal))
    dsignal = jnp.zeros_like(signal)

    def back_i(carry, row):
        dout, dsignal, dhigh, dlow = carry
        i, t1, t2, t3, t4 = row

        # Adjoint of if signal[i] > high
        def then3():
            # Adjoint of out[i] = high + np.tanh(signal[i] - high) / 2
            dt = dout[i]
            dout1 = dout.at[i].set(0)
            dt1 = dt / 2 * (1 - t2**2)
            # Adjoint of if signal[i] > high
            dhigh1 = dt - dt1
            return dout1, dhigh1, dt1, 0.0, 0.0

        def otherwise3():
            # Adjoint of elif signal[i] < low
            def then2():
                # Adjoint of out[i] = low + np.tanh(signal[i] - low) / 2
                dt2 = dout[i]
                dout1 = dout.at[i].set(0)
                dt3 = dt2 / 2 * (1 - t4**2)
                # Adjoint of elif signal[i] < low
                dlow1 = dt2 - dt3
                return dout1, dlow1, dt3

            def otherwise2():
                return dout, 0.0, 0.0

            dout1, dlow1, t6 = lax.cond(t3, then2, otherwise2)
            return dout1, 0.0, 0.0, t6, dlow1

        dout, dhigh1, t7, t6, dlow1 = lax.cond(t1, then3, otherwise3)
        dsignal = dsignal.at[i].add(t7)
        dsignal = dsignal.at[i].add(t6)
        dhigh += dhigh1
        dlow += dlow1
        return (dout, dsignal, dhigh, dlow), None

    (dout, dsignal, dhigh, dlow), _ = lax.scan(
        back_i,
        (t5, dsignal, 0.0, 0.0),
        (jnp.arange(signal.shape[0]), ts, ts1, ts2, ts3),
        reverse=True,
    )
    # Adjoint of out = signal.copy()
    dsignal1 = dsignal + dout

    return value, (dsignal1, dlow, dhigh)

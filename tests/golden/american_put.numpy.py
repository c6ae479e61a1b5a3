# Derived from american_put by backprose, for
#     spot: float, strike: float, volatility: float, rate: float, steps: 1
# Its loops are for arrays of exactly these shapes.
import numpy as np


def place(value, shape, index):
    """Zeros of a shape with `value` added at `index`: the adjoint of `x[index]`."""
    out = np.zeros(shape, np.asarray(value).dtype)
    np.add.at(out, index, value)
    return out


def american_put_value_and_grad(spot, strike, volatility, rate, steps):
    """Value of american_put and its gradient with respect to spot, strike, volatility and rate."""
    assert steps == 1, "written for steps = 1"
    t = np.sqrt(1.0)
    up = np.exp(volatility * t)
    discount = np.exp(-rate * 1.0)
    t1 = 1 / discount
    t2 = 1 / up
    t3 = up - t2
    p = (t1 - t2) / t3
    t4 = np.arange(-steps, steps + 1, 2)
    t5 = up**t4
    prices = spot * t5
    t6 = strike - prices
    values = np.maximum(t6, 0)
    holds = []
    ts = []
    ts1 = []
    ts2 = []
    ts3 = []
    for step in range(steps, 0, -1):
        t7 = prices[:step].copy()
        ts3.append(t7)
        prices[:step] = t7 * up
        t8 = values[:step].copy()
        ts2.append(t8)
        t9 = p * values[1 : step + 1] + (1 - p) * t8
        ts1.append(t9)
        hold = discount * t9
        holds.append(hold)
        t10 = strike - prices[:step]
        ts.append(t10)
        values[:step] = np.maximum(hold, t10)
    value = values[0]

    # Adjoint of return values[0]
    dvalues = place(1.0, values.shape, 0)
    # Adjoint of for step in range(steps, 0, -1)
    dprices = np.zeros_like(prices)
    dup = 0.0
    dp = 0.0
    ddiscount = 0.0
    dstrike = 0.0
    for step in reversed(range(steps, 0, -1)):
        hold = holds[steps - step]
        t10 = ts[steps - step]
        t9 = ts1[steps - step]
        t8 = ts2[steps - step]
        t7 = ts3[steps - step]
        # Adjoint of hold = discount * (p * values[1 : step + 1] + (1 - p) * values[:step])
        t11 = step + 1
        # Adjoint of values[:step] = np.maximum(hold, strike - prices[:step])
        dt = dvalues[:step]
        t12 = hold == t10
        t13 = dt / 2
        dhold = np.where(t12, t13, np.where(hold > t10, dt, 0))
        dt10 = np.where(t12, t13, np.where(t10 > hold, dt, 0))
        # Adjoint of hold = discount * (p * values[1 : step + 1] + (1 - p) * values[:step])
        dt9 = dhold * discount
        # Adjoint of values[:step] = np.maximum(hold, strike - prices[:step])
        dprices[:step] -= dt10
        # Adjoint of prices[:step] = prices[:step] * up
        dt1 = dprices[:step]
        t14 = dt1 * t7
        dprices[:step] = dt1 * up
        # Adjoint of hold = discount * (p * values[1 : step + 1] + (1 - p) * values[:step])
        dvalues[:step] = dt9 * (1 - p)
        dvalues[1:t11] += dt9 * p
        # Adjoint of prices[:step] = prices[:step] * up
        dup += np.sum(t14)
        # Adjoint of hold = discount * (p * values[1 : step + 1] + (1 - p) * values[:step])
        dp = dp - np.sum(dt9 * t8) + np.sum(dt9 * values[1:t11])
        ddiscount += np.sum(dhold * t9)
        # Adjoint of values[:step] = np.maximum(hold, strike - prices[:step])
        dstrike += np.sum(dt10)
    # Adjoint of values = np.maximum(strike - prices, 0)
    dt6 = np.where(t6 == 0, dvalues / 2, np.where(t6 > 0, dvalues, 0))
    dstrike = dstrike + np.sum(dt6)
    dprices = dprices - dt6
    # Adjoint of prices = spot * up ** np.arange(-steps, steps + 1, 2)
    dspot = np.sum(dprices * t5)
    # Adjoint of p = (1 / discount - 1 / up) / (up - 1 / up)
    dt2 = dp / t3
    dt3 = dp * p / t3
    ddiscount = ddiscount - dt2 * t1 / discount
    # Adjoint of discount = np.exp(-rate * dt)
    drate = -(ddiscount * discount)
    # Adjoint of p = (1 / discount - 1 / up) / (up - 1 / up)
    dup = (
        dup
        + np.sum(dprices * spot * (t4 * up ** np.where(t4 == 0, 1, t4 - 1)))
        - dt3
        - dt3 * t2 / up
        + dt2 * t2 / up
    )
    # Adjoint of up = np.exp(volatility * np.sqrt(dt))
    dvolatility = dup * up * t

    return value, (dspot, dstrike, dvolatility, drate)

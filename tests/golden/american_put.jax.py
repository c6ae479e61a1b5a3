# Derived from american_put by backprose, for
#     spot: float, strike: float, volatility: float, rate: float, steps: 1
# Its loops are for arrays of exactly these shapes.
from jax import lax
import jax.numpy as jnp


def american_put_value_and_grad(spot, strike, volatility, rate, steps):
    """Value of american_put and its gradient with respect to spot, strike, volatility and rate."""
    assert steps == 1, "written for steps = 1"
    t = jnp.sqrt(1.0)
    up = jnp.exp(volatility * t)
    discount = jnp.exp(-rate * 1.0)
    t1 = 1 / discount
    t2 = 1 / up
    t3 = up - t2
    p = (t1 - t2) / t3
    t4 = jnp.arange(-steps, steps + 1, 2)
    t5 = up**t4
    prices = spot * t5
    t6 = strike - prices
    values = jnp.maximum(t6, 0)

    def step1(carry, step):
        prices, values = carry
        t7 = jnp.arange(2) < step
        prices1 = jnp.where(t7, prices * up, prices)
        t8 = jnp.roll(p * values, -1) + (1 - p) * values
        hold = discount * t8
        t9 = strike - prices1
        values1 = jnp.where(t7, jnp.maximum(hold, t9), values)
        return (prices1, values1), (t9, t8, values, prices)

    (prices, values), (ts, ts1, valuess, pricess) = lax.scan(
        step1, (prices, values), jnp.arange(1, steps + 1), reverse=True
    )
    value = values[0]

    # Adjoint of return values[0]
    dvalues = jnp.zeros_like(values).at[0].add(1.0)
    # Adjoint of for step in range(steps, 0, -1)
    dprices = jnp.zeros_like(prices)

    def back(carry, row):
        dprices, dvalues, dup, dp, ddiscount, dstrike = carry
        step, t9, t8, values1, prices = row
        # Adjoint of hold = discount * (p * values[1 : step + 1] + (1 - p) * values[:step])
        hold = discount * t8
        # Adjoint of values[:step] = np.maximum(hold, strike - prices[:step])
        t10 = hold == t9
        t11 = dvalues / 2
        dhold = jnp.where(t10, t11, jnp.where(hold > t9, dvalues, 0))
        dt = jnp.where(t10, t11, jnp.where(t9 > hold, dvalues, 0))
        # Adjoint of hold = discount * (p * values[1 : step + 1] + (1 - p) * values[:step])
        dt1 = dhold * discount
        t12 = jnp.arange(2)
        t13 = t12 < step
        # Adjoint of values[:step] = np.maximum(hold, strike - prices[:step])
        dprices1 = dprices + jnp.where(t13, -dt, 0)
        # Adjoint of prices[:step] = prices[:step] * up
        dprices = jnp.where(t13, dprices1 * up, dprices1)
        # Adjoint of hold = discount * (p * values[1 : step + 1] + (1 - p) * values[:step])
        t14 = jnp.where((t12 >= 1) & (t12 < step + 1), jnp.roll(dt1 * p, 1), 0)
        dvalues = jnp.where(t13, dt1 * (1 - p), dvalues) + t14
        # Adjoint of prices[:step] = prices[:step] * up
        dup += jnp.sum(jnp.where(t13, dprices1 * prices, 0))
        # Adjoint of hold = discount * (p * values[1 : step + 1] + (1 - p) * values[:step])
        dp = (
            dp
            - jnp.sum(jnp.where(t13, dt1 * values1, 0))
            + jnp.sum(jnp.where(t13, dt1 * jnp.roll(values, -1), 0))
        )
        ddiscount += jnp.sum(jnp.where(t13, dhold * t8, 0))
        # Adjoint of values[:step] = np.maximum(hold, strike - prices[:step])
        dstrike += jnp.sum(jnp.where(t13, dt, 0))
        return (dprices, dvalues, dup, dp, ddiscount, dstrike), None

    (dprices, dvalues, dup, dp, ddiscount, dstrike), _ = lax.scan(
        back,
        (dprices, dvalues, 0.0, 0.0, 0.0, 0.0),
        (jnp.arange(1, steps + 1), ts, ts1, valuess, pricess),
    )
    # Adjoint of values = np.maximum(strike - prices, 0)
    dt6 = jnp.where(t6 == 0, dvalues / 2, jnp.where(t6 > 0, dvalues, 0))
    dstrike = dstrike + jnp.sum(dt6)
    dprices = dprices - dt6
    # Adjoint of prices = spot * up ** np.arange(-steps, steps + 1, 2)
    dspot = jnp.sum(dprices * t5)
    # Adjoint of p = (1 / discount - 1 / up) / (up - 1 / up)
    dt2 = dp / t3
    dt3 = dp * p / t3
    ddiscount = ddiscount - dt2 * t1 / discount
    # Adjoint of discount = np.exp(-rate * dt)
    drate = -(ddiscount * discount)
    # Adjoint of p = (1 / discount - 1 / up) / (up - 1 / up)
    dup = (
        dup
        + jnp.sum(dprices * spot * (t4 * up ** jnp.where(t4 == 0, 1, t4 - 1)))
        - dt3
        - dt3 * t2 / up
        + dt2 * t2 / up
    )
    # Adjoint of up = np.exp(volatility * np.sqrt(dt))
    dvolatility = dup * up * t

    return value, (dspot, dstrike, dvolatility, drate)

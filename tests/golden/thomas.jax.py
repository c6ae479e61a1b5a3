# Derived from thomas by backprose, for
#     lower: float64[1], diagonal: float64[2], upper: float64[1], rhs: float64[2]
# Its loops are for arrays of exactly these shapes.
from jax import lax
import jax.numpy as jnp


def thomas_value_and_grad(lower, diagonal, upper, rhs):
    """Value of thomas and its gradient with respect to lower, diagonal, upper and rhs."""
    lower = jnp.asarray(lower)
    upper = jnp.asarray(upper)
    n = rhs.shape[0]

    def step_i(carry, i):
        diagonal, rhs = carry
        t = i - 1
        t1 = diagonal[t]
        w = lower[t] / t1
        diagonal = diagonal.at[i].set(diagonal[i] - w * upper[t])
        t2 = rhs[t]
        rhs = rhs.at[i].set(rhs[i] - w * t2)
        return (diagonal, rhs), (t2, w, t1)

    (diagonal, rhs), (ts, ws, ts1) = lax.scan(step_i, (diagonal, rhs), jnp.arange(1, n))
    x = jnp.empty(n)
    t3 = diagonal[-1]
    t4 = rhs[-1] / t3
    x = x.at[-1].set(t4)

    def step_i1(x, i):
        t5 = x[i + 1]
        t6 = (rhs[i] - upper[i] * t5) / diagonal[i]
        x = x.at[i].set(t6)
        return x, (t6, t5)

    x, (ts2, ts3) = lax.scan(step_i1, x, jnp.arange(n - 2, -1, -1))
    # score(x)
    t7 = jnp.cos(jnp.arange(x.size)).reshape(x.shape)
    value = jnp.sum(t7 * x)

    # Adjoint of for i in range(n - 2, -1, -1)
    drhs = jnp.zeros_like(rhs)
    dupper = jnp.zeros_like(upper)
    ddiagonal = jnp.zeros_like(diagonal)

    def back_i(carry, row):
        dx, drhs, dupper, ddiagonal = carry
        i, t6, t5 = row
        # Adjoint of x[i] = (rhs[i] - upper[i] * x[i + 1]) / diagonal[i]
        t8 = diagonal[i]
        dt6 = dx[i]
        dx = dx.at[i].set(0)
        dt = dt6 / t8
        dt1 = -dt
        dx = dx.at[i + 1].add(dt1 * upper[i])
        drhs = drhs.at[i].add(dt)
        dupper = dupper.at[i].add(dt1 * t5)
        ddiagonal = ddiagonal.at[i].add(-(dt6 * t6 / t8))
        return (dx, drhs, dupper, ddiagonal), None

    (dx, drhs, dupper, ddiagonal), _ = lax.scan(
        back_i,
        (t7, drhs, dupper, ddiagonal),
        (jnp.arange(n - 2, -1, -1), ts2, ts3),
        reverse=True,
    )
    # Adjoint of x[-1] = rhs[-1] / diagonal[-1]
    dt4 = dx[-1]
    ddiagonal = ddiagonal + jnp.pad((-(dt4 * t4 / t3))[None], (1, 0))
    drhs = drhs + jnp.pad((dt4 / t3)[None], (1, 0))
    # Adjoint of for i in range(1, n)
    dlower = jnp.zeros_like(lower)

    def back_i1(carry, row):
        ddiagonal, drhs, dlower, dupper = carry
        i, t2, w, t1 = row
        # Adjoint of w = lower[i - 1] / diagonal[i - 1]
        t9 = i - 1
        # Adjoint of rhs[i] = rhs[i] - w * rhs[i - 1]
        dt2 = -drhs[i]
        # Adjoint of diagonal[i] = diagonal[i] - w * upper[i - 1]
        dt3 = -ddiagonal[i]
        dw = dt2 * t2 + dt3 * upper[t9]
        # Adjoint of w = lower[i - 1] / diagonal[i - 1]
        ddiagonal = ddiagonal.at[t9].add(-(dw * w / t1))
        # Adjoint of rhs[i] = rhs[i] - w * rhs[i - 1]
        drhs = drhs.at[t9].add(dt2 * w)
        # Adjoint of w = lower[i - 1] / diagonal[i - 1]
        dlower = dlower.at[t9].add(dw / t1)
        # Adjoint of diagonal[i] = diagonal[i] - w * upper[i - 1]
        dupper = dupper.at[t9].add(dt3 * w)
        return (ddiagonal, drhs, dlower, dupper), None

    (ddiagonal, drhs, dlower, dupper), _ = lax.scan(
        back_i1,
        (ddiagonal, drhs, dlower, dupper),
        (jnp.arange(1, n), ts, ws, ts1),
        reverse=True,
    )

    return value, (dlower, ddiagonal, dupper, drhs)

# Derived from thomas by backprose, for
#     lower: float64[1], diagonal: float64[2], upper: float64[1], rhs: float64[2]
# Its loops are for arrays of exactly these shapes.
from jax import lax
import jax.numpy as jnp


def thomas_value_and_grad(lower, diagonal, upper, rhs):
    """Value of thomas and its gradient with respect to lower, diagonal, upper and rhs."""
    diagonal = jnp.asarray(diagonal)
    rhs = jnp.asarray(rhs)
    n = rhs.shape[0]

    def step_i(carry, row):
        diagonal_prev, rhs_prev = carry
        diagonal_i, rhs_i, lower_prev, upper_prev = row
        w = lower_prev / diagonal_prev
        diagonal_i = diagonal_i - w * upper_prev
        rhs_i = rhs_i - w * rhs_prev
        return (diagonal_i, rhs_i), (diagonal_i, rhs_i, rhs_prev, w, diagonal_prev)

    (_, _), (diagonals, rhss, rhs_prevs, ws, diagonal_prevs) = lax.scan(
        step_i, (diagonal[0], rhs[0]), (diagonal[1:], rhs[1:], lower, upper)
    )
    diagonal = diagonal.at[1:].set(diagonals)
    rhs = rhs.at[1:].set(rhss)
    x = jnp.empty(n)
    t = diagonal[-1]
    t1 = rhs[-1] / t
    x = x.at[-1].set(t1)
    diagonal_is = diagonal[:1]

    def step_i1(x_next, row):
        rhs_i1, upper_i, diagonal_i1 = row
        x_i = (rhs_i1 - upper_i * x_next) / diagonal_i1
        return x_i, (x_i, x_next)

    _, (xs, x_nexts) = lax.scan(step_i1, x[1], (rhs[:1], upper, diagonal_is), reverse=True)
    x = x.at[:1].set(xs)
    # score(x)
    dx = jnp.cos(jnp.arange(x.size)).reshape(x.shape)
    value = jnp.sum(dx * x)

    # Adjoint of for i in range(n - 2, -1, -1)
    dxs = dx[:1]
    dx = dx.at[:1].set(0)

    def back_i(dx_next, row):
        seed, diagonal_i2, x_i, x_next, upper_i1 = row
        dx_i = dx_next + seed
        # Adjoint of x[i] = (rhs[i] - upper[i] * x[i + 1]) / diagonal[i]
        dt1 = dx_i / diagonal_i2
        ddiagonal_i1 = -(dx_i * x_i / diagonal_i2)
        dt2 = -dt1
        dupper_i = dt2 * x_next
        dx_next = dt2 * upper_i1
        return dx_next, (dt1, dupper_i, ddiagonal_i1)

    dt, (drhs_is, dupper_is, ddiagonal_is) = lax.scan(
        back_i, 0.0, (dxs, diagonal_is, xs, x_nexts, upper)
    )
    dx = dx.at[1].add(dt)
    # Adjoint of x[-1] = rhs[-1] / diagonal[-1]
    dt1_1 = dx[-1]
    drhs = jnp.concatenate([drhs_is, (dt1_1 / t)[None]])
    ddiagonal = jnp.concatenate([ddiagonal_is, (-(dt1_1 * t1 / t))[None]])

    # Adjoint of for i in range(1, n)
    def back_i1(carry, row):
        ddiagonal_prev, drhs_prev = carry
        seed1, seed2, rhs_prev, w, upper_prev1, diagonal_prev = row
        drhs_i = drhs_prev + seed2
        # Adjoint of rhs[i] = rhs[i] - w * rhs[i - 1]
        dt5 = -drhs_i
        drhs_prev = dt5 * w
        # Adjoint of for i in range(1, n)
        ddiagonal_i = ddiagonal_prev + seed1
        # Adjoint of diagonal[i] = diagonal[i] - w * upper[i - 1]
        dt6 = -ddiagonal_i
        dupper_prev = dt6 * w
        dw = dt5 * rhs_prev + dt6 * upper_prev1
        # Adjoint of w = lower[i - 1] / diagonal[i - 1]
        dlower_prev = dw / diagonal_prev
        ddiagonal_prev = -(dw * w / diagonal_prev)
        return (ddiagonal_prev, drhs_prev), (ddiagonal_i, drhs_i, dlower_prev, dupper_prev)

    (dt3, dt4), (ddiagonal_is1, drhs_is1, dlower, dupper_prevs) = lax.scan(
        back_i1,
        (0.0, 0.0),
        (ddiagonal[1:], drhs[1:], rhs_prevs, ws, upper, diagonal_prevs),
        reverse=True,
    )
    dupper = dupper_is + dupper_prevs
    ddiagonal = ddiagonal.at[1:].set(ddiagonal_is1)
    ddiagonal = ddiagonal.at[0].add(dt3)
    drhs = drhs.at[1:].set(drhs_is1)
    drhs = drhs.at[0].add(dt4)

    return value, (dlower, ddiagonal, dupper, drhs)

# Derived from power_iteration by backprose, for
#     A: float64[5, 5], tol: float
# Its loops are for arrays of exactly these shapes.
from jax import lax
import jax.numpy as jnp


def power_iteration_value_and_grad(A, tol):
    """Value of power_iteration and its gradient with respect to A."""
    n = A.shape[0]
    v = jnp.ones(n) / jnp.sqrt(n)

    def unfinished(carry):
        change, v1, steps = carry
        return change > tol

    def step(carry):
        change, v1, steps = carry
        w = A @ v1
        w = w / jnp.linalg.norm(w)
        change = jnp.linalg.norm(w - v1)
        steps += 1
        return change, w, steps

    _, v1, steps = lax.while_loop(unfinished, step, (1.0, v, 0))
    t = v1 @ A
    # score(v1)
    t1 = jnp.cos(jnp.arange(v1.size)).reshape(v1.shape)
    value = t @ v1 + jnp.sum(t1 * v1)

    # Adjoint of return v @ A @ v + score(v)
    dA = jnp.outer(v1, v1)
    dv1 = t1 + t + A @ v1
    # Adjoint of while change > tol
    blocks = (steps + 1023) // 1024
    apart = jnp.maximum((blocks + 1023) // 1024, 1)
    distance = apart * 1024

    def save(s, carry):
        v, saved = carry
        saved = saved.at[s].set(v)

        def again(_, v):
            w = A @ v
            return w / jnp.linalg.norm(w)

        v = lax.fori_loop(0, jnp.minimum(distance, steps - s * distance), again, v)
        return v, saved

    _, saved = lax.fori_loop(
        0, (steps + (distance - 1)) // distance, save, (v, jnp.zeros((1024, 5)))
    )

    def back_block(k2, carry):
        dv1, dA = carry
        b = blocks - 1 - k2

        def again1(_, v1):
            w = A @ v1
            return w / jnp.linalg.norm(w)

        v2 = lax.fori_loop(0, b % apart * 1024, again1, saved[b // apart])
        length = jnp.minimum(1024, steps - b * 1024)

        def record(k, carry):
            v1, ts, ws, vs = carry
            w = A @ v1
            t2 = jnp.linalg.norm(w)
            w1 = w / t2

            # Adjoint of while change > tol
            ts = ts.at[k].set(t2)
            ws = ws.at[k].set(w)
            vs = vs.at[k].set(v1)
            return w1, ts, ws, vs

        _, ts, ws, vs = lax.fori_loop(
            0,
            length,
            record,
            (v2, jnp.zeros(1024), jnp.zeros((1024, 5)), jnp.zeros((1024, 5))),
        )

        def back(k3, carry):
            dv1, dA = carry
            k1 = length - 1 - k3
            t3 = ts[k1]
            t4 = ws[k1]
            # Adjoint of w = w / np.linalg.norm(w)
            w = t4 / t3
            dw = dv1 / t3 - jnp.sum(dv1 * w / t3) / jnp.where(t3 == 0, 1, t3) * t4
            # Adjoint of w = A @ v
            dv1 = dw @ A
            dA = dA + jnp.outer(dw, vs[k1])
            return dv1, dA

        dv1, dA = lax.fori_loop(0, length, back, (dv1, dA))
        return dv1, dA

    _, dA = lax.fori_loop(0, blocks, back_block, (dv1, dA))

    return value, (dA,)

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
    t2 = v1[:, None]
    dA = t2 * v1[None]
    dv1 = t1 + t + (A @ t2)[..., 0]
    # Adjoint of while change > tol
    blocks = (steps + 1023) // 1024
    apart = jnp.maximum((blocks + 1023) // 1024, 1)
    distance = apart * 1024

    def back(s, carry):
        v, saved = carry
        saved = saved.at[s].set(v)

        def back1(_, v):
            w = A @ v
            return w / jnp.linalg.norm(w)

        v = lax.fori_loop(0, jnp.minimum(distance, steps - s * distance), back1, v)
        return v, saved

    _, saved = lax.fori_loop(
        0, (steps + (distance - 1)) // distance, back, (v, jnp.zeros((1024, 5)))
    )

    def back2(k2, carry):
        dv1, dA = carry
        b = blocks - 1 - k2
        def back3(_, v1):
            w = A @ v1
            return w / jnp.linalg.norm(w)

        v2 = lax.fori_loop(0, b % apart * 1024, back3, saved[b // apart])
        t3 = jnp.minimum(1024, steps - b * 1024)

        def back4(k, carry):
            v1, w1, t4, w2, v3 = carry
            w = A @ v1
            t5 = jnp.linalg.norm(w)
            w3 = w / t5

            # Adjoint of while change > tol
            w1 = w1.at[k].set(w3)
            t4 = t4.at[k].set(t5)
            w2 = w2.at[k].set(w)
            v3 = v3.at[k].set(v1)
            return w3, w1, t4, w2, v3

        _, w1, t4, w2, v3 = lax.fori_loop(
            0,
            t3,
            back4,
            (v2, jnp.zeros((1024, 5)), jnp.zeros(1024), jnp.zeros((1024, 5)), jnp.zeros((1024, 5))),
        )

        def back5(k3, carry):
            dv1, dA = carry
            k1 = t3 - 1 - k3
            t6 = t4[k1]
            # Adjoint of w = w / np.linalg.norm(w)
            dw = (dv1 - jnp.sum(dv1 * w1[k1] / t6) * w2[k1]) / t6
            # Adjoint of w = A @ v
            dv1 = dw @ A
            dA = dA + jnp.outer(dw, v3[k1])
            return dv1, dA

        dv1, dA = lax.fori_loop(0, t3, back5, (dv1, dA))
        return dv1, dA

    _, dA = lax.fori_loop(0, blocks, back2, (dv1, dA))

    return value, (dA,)

# Derived from jacobi_2d by backprose, for
#     u: float64[6, 5], f: float64[6, 5], steps: 1
# Its loops are for arrays of exactly these shapes.
from jax import lax
import jax.numpy as jnp


def jacobi_2d_value_and_grad(u, f, steps):
    """Value of jacobi_2d and its gradient with respect to u and f."""
    assert steps == 1, "written for steps = 1"
    v = u.copy()

    def step1(_, carry):
        u, v = carry
        t = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - f[1:-1, 1:-1]
        v = v.at[1:-1, 1:-1].set(0.25 * t)
        return v, u

    u, v = lax.fori_loop(0, steps, step1, (u, v))
    # score(u)
    t1 = jnp.cos(jnp.arange(u.size)).reshape(u.shape)
    value = jnp.sum(t1 * u) + 0.5 * jnp.sum(v**2)

    # Adjoint of for step in range(steps)
    df = jnp.zeros_like(f)

    def back(_, carry):
        du, dv, df = carry
        # Adjoint of v[1:-1, 1:-1] = 0.25 * ( u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:...
        dt = du[1:-1, 1:-1]
        du = du.at[1:-1, 1:-1].set(0)
        t2 = jnp.pad(dt * 0.25, 2)
        du1 = dv + t2[1:-1, :-2] + t2[1:-1, 2:] + t2[:-2, 1:-1] + t2[2:, 1:-1]
        df = df - t2[1:-1, 1:-1]
        return du1, du, df

    du, dv, df = lax.fori_loop(0, steps, back, (t1, v, df))
    # Adjoint of v = u.copy()
    du = du + dv

    return value, (du, df)

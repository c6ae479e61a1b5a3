# Derived from jacobi_2d by backprose, for
#     u: float64[6, 5], f: float64[6, 5], steps: 1
# Its loops are for arrays of exactly these shapes.
import numpy as np


def jacobi_2d_value_and_grad(u, f, steps):
    """Value of jacobi_2d and its gradient with respect to u and f."""
    assert steps == 1, "written for steps = 1"
    v = u.copy()
    u = u.copy()
    for _ in range(steps):
        t = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - f[1:-1, 1:-1]
        v[1:-1, 1:-1] = 0.25 * t
        u, v = v, u
    # score(u)
    t1 = np.cos(np.arange(u.size)).reshape(u.shape)
    value = np.sum(t1 * u) + 0.5 * np.sum(v**2)

    # Adjoint of for step in range(steps)
    df = np.zeros_like(f)
    du = t1
    dv = v
    for _ in reversed(range(steps)):
        # Adjoint of v[1:-1, 1:-1] = 0.25 * ( u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:...
        dt = du[1:-1, 1:-1].copy()
        du[1:-1, 1:-1] = 0
        dt1 = dt * 0.25
        dv[1:-1, 2:] += dt1
        dv[1:-1, :-2] += dt1
        dv[2:, 1:-1] += dt1
        dv[:-2, 1:-1] += dt1
        df[1:-1, 1:-1] -= dt1
        du, dv = dv, du
    # Adjoint of v = u.copy()
    du = du + dv

    return value, (du, df)

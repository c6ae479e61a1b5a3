"""The loop kernels of `loops.py`, in plain NumPy, with arguments at three sizes each.

Most are programs of the test corpus; what it lacks stands here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path[:0] = [str(Path(__file__).parents[1] / "tests")]

from programs import loops_grids, loops_iterations, loops_linear_algebra, loops_sequences


def relaxation(u, f, sweeps):
    """Gauss-Seidel sweeps over a grid, in place."""
    n, m = u.shape
    for _ in range(sweeps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                u[i, j] = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - f[i, j])
    return np.sum(u**2)


def horizontal_diffusion(field, coefficient):
    """A Laplacian, its limited fluxes, and their divergence, as in weather models."""
    lap = 4 * field[1:-1, 1:-1] - (
        field[2:, 1:-1] + field[:-2, 1:-1] + field[1:-1, 2:] + field[1:-1, :-2]
    )
    flux_x = lap[1:, 1:-1] - lap[:-1, 1:-1]
    flux_x = np.where(flux_x * (field[2:-1, 2:-2] - field[1:-2, 2:-2]) > 0, 0.0, flux_x)
    flux_y = lap[1:-1, 1:] - lap[1:-1, :-1]
    flux_y = np.where(flux_y * (field[2:-2, 2:-1] - field[2:-2, 1:-2]) > 0, 0.0, flux_y)
    out = field[2:-2, 2:-2] - coefficient * (
        flux_x[1:, :] - flux_x[:-1, :] + flux_y[:, 1:] - flux_y[:, :-1]
    )
    return np.sum(out**2)


def conditional_write(x):
    """Halves on the way, refreshed by what is large."""
    y = np.zeros_like(x)
    for i in range(1, len(x)):
        if x[i] > 0.5:
            y[i] = 0.5 * y[i - 1] + x[i]
        else:
            y[i] = y[i - 1]
    return np.sum(y**2)


def square_root(x, rate, tol):
    """Newton's method, damped so that it takes many steps."""
    y = x
    while abs(y * y - x) > tol:
        y = y - rate * (y * y - x) / (2 * y)
    return y


def n_body(positions, velocities, masses, dt, steps):
    """Leapfrog steps of all pairs at once, without the pull of a body on itself."""
    for _ in range(steps):
        r = positions[None, :, :] - positions[:, None, :]
        squares = np.sum(r**2, axis=2)
        inverse = np.where(squares > 0, np.where(squares > 0, squares, 1.0) ** -1.5, 0.0)
        velocities = velocities + dt * np.sum((masses * inverse)[:, :, None] * r, axis=1)
        positions = positions + dt * velocities
    return np.sum(positions**2) + np.sum(velocities**2)


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def uniform(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(size=shape)


def positive_definite(n: int) -> np.ndarray:
    B = draw(n, n)
    return B @ B.T / n + np.eye(n)


def tridiagonal(n: int) -> tuple[np.ndarray, ...]:
    return 0.5 * draw(n - 1), 4 + uniform(n), 0.5 * draw(n - 1, seed=1), draw(n, seed=2)


def cells(T: int) -> tuple[np.ndarray, ...]:
    n, H = 16, 32
    weights = 0.2 * draw(n, 4 * H), 0.2 * draw(H, 4 * H, seed=1), 0.1 * draw(4 * H)
    return draw(T, n), draw(H), draw(H, seed=2), *weights


def cavity(n: int) -> tuple[Any, ...]:
    u, v, p = 0.1 * draw(3, n, n)
    return u, v, p, 0.1, 10, 20, 0.0005


la, grids, seqs, its = loops_linear_algebra, loops_grids, loops_sequences, loops_iterations

# name: (function, arguments to differentiate by, arguments of a size, three sizes)
Kernel = tuple[Callable, tuple[str, ...], Callable[[int], tuple[Any, ...]], list[int]]


def system(n: int) -> tuple[np.ndarray, ...]:
    return draw(n, n) + 2 * n * np.eye(n), draw(n)


def bodies(n: int) -> tuple[Any, ...]:
    return draw(n, 3), 0.1 * draw(n, 3, seed=1), uniform(n), 1e-4, 20


def decay(n: int) -> tuple[Any, ...]:
    return draw(3), 1.0 + uniform(3), 5.0, 1 / n


MANY, SOME = [10_000, 40_000, 100_000], [50, 100, 200]
KERNELS: dict[str, Kernel] = {
    "recurrence": (seqs.recurrence, ("x", "d"), lambda n: (uniform(n), 0.5), MANY),
    "matrix sweep": (grids.matrix_sweep, ("a",), lambda n: (draw(n, n),), [100, 200, 400]),
    "gauss-seidel": (relaxation, ("u", "f"), lambda n: (*draw(2, n, n), 10), SOME),
    "jacobi 2d": (grids.jacobi_2d, ("u", "f"), lambda n: (*draw(2, n, n), 50), [100, 200, 400]),
    "heat 3d": (grids.heat_3d, ("u",), lambda n: (draw(n, n, n), 0.1, 20), [20, 40, 80]),
    "diffusion": (
        horizontal_diffusion,
        ("field",),
        lambda n: (draw(n, n), 0.025),
        [250, 500, 1000],
    ),
    "cholesky": (la.cholesky_rows, ("A",), lambda n: (positive_definite(n),), SOME),
    "gram-schmidt": (la.gram_schmidt, ("A",), lambda n: (draw(2 * n, n),), [25, 50, 100]),
    "triangular solve": (la.triangular_solve, ("L", "b"), system, [100, 200, 400]),
    "thomas": (la.thomas, ("lower", "diagonal", "upper", "rhs"), tridiagonal, MANY),
    "covariance": (la.covariance, ("X",), lambda n: (draw(2 * n, n),), [20, 40, 80]),
    "conditional write": (conditional_write, ("x",), lambda n: (uniform(n),), MANY),
    "convolution": (
        grids.convolution,
        ("image", "kernel"),
        lambda n: (draw(n, n), draw(5, 5)),
        SOME,
    ),
    "lstm": (seqs.lstm, ("X", "h", "c", "W", "U", "b"), cells, [100, 400, 1000]),
    "n-body": (n_body, ("positions", "velocities", "masses"), bodies, [25, 50, 100]),
    "cavity flow": (grids.cavity_flow, ("u", "v", "p"), cavity, [41, 81, 161]),
    "newton while": (square_root, ("x",), lambda n: (2.0, 21 / n, 1e-9), [10**3, 10**5, 10**6]),
    "adaptive ode": (its.adaptive_heun, ("y", "rates"), decay, [10**3, 10**5, 10**7]),
}

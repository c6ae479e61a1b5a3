"""The loop kernels written anew for `jax.numpy` and `lax`, loop by loop, as one ports NumPy code with care.

A loop that fills an array is a `fori_loop` with `.at[i].set`; what is a state from one iteration to the next is a
carry; bounds that depend on an outer loop are masks, since `jax.grad` refuses loops whose length is traced. `while` is
a `while_loop`, which `jax.grad` refuses.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import jax.numpy as jnp
from jax import lax

sys.path[:0] = [str(Path(__file__).parents[1] / "tests")]

from programs import loop_ports


def score(x):
    return jnp.sum(jnp.cos(jnp.arange(x.size)).reshape(x.shape) * x)


def recurrence(x, d):
    step = lambda i, y: y.at[i].set(x[i] + jnp.tanh(y[i - 1]) * d)
    return jnp.sum(lax.fori_loop(1, x.size, step, jnp.zeros_like(x).at[0].set(x[0])) ** 2)


def matrix_sweep(a):
    n, m = a.shape

    def element(i, j, a):
        return a.at[i, j].set(jnp.tanh(a[i, j] + 0.3 * a[i, j - 1] + 0.2 * a[i - 1, j]))

    row = lambda i, a: lax.fori_loop(1, m, lambda j, a: element(i, j, a), a)
    return score(lax.fori_loop(1, n, row, a))


def relaxation(u, f, sweeps):
    n, m = u.shape

    def element(i, j, u):
        total = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - f[i, j]
        return u.at[i, j].set(0.25 * total)

    row = lambda i, u: lax.fori_loop(1, m - 1, lambda j, u: element(i, j, u), u)
    sweep = lambda _, u: lax.fori_loop(1, n - 1, row, u)
    return jnp.sum(lax.fori_loop(0, sweeps, sweep, u) ** 2)


def heat_3d(u, alpha, steps):
    def step(_, u):
        inner = u[1:-1, 1:-1, 1:-1]
        return u.at[1:-1, 1:-1, 1:-1].add(
            alpha
            * (
                (u[2:, 1:-1, 1:-1] - 2 * inner + u[:-2, 1:-1, 1:-1])
                + (u[1:-1, 2:, 1:-1] - 2 * inner + u[1:-1, :-2, 1:-1])
                + (u[1:-1, 1:-1, 2:] - 2 * inner + u[1:-1, 1:-1, :-2])
            )
        )

    return score(lax.fori_loop(0, steps, step, u) ** 2)


def horizontal_diffusion(field, coefficient):
    lap = 4 * field[1:-1, 1:-1] - (
        field[2:, 1:-1] + field[:-2, 1:-1] + field[1:-1, 2:] + field[1:-1, :-2]
    )
    flux_x = lap[1:, 1:-1] - lap[:-1, 1:-1]
    flux_x = jnp.where(flux_x * (field[2:-1, 2:-2] - field[1:-2, 2:-2]) > 0, 0.0, flux_x)
    flux_y = lap[1:-1, 1:] - lap[1:-1, :-1]
    flux_y = jnp.where(flux_y * (field[2:-2, 2:-1] - field[2:-2, 1:-2]) > 0, 0.0, flux_y)
    change = flux_x[1:, :] - flux_x[:-1, :] + flux_y[:, 1:] - flux_y[:, :-1]
    return jnp.sum((field[2:-2, 2:-2] - coefficient * change) ** 2)


def cholesky(A):
    n = len(A)
    places = jnp.arange(n)

    def row(i, carry):
        A, logdet = carry

        def element(j, row):
            inner = jnp.where(places < j, row * A[j], 0).sum()
            return row.at[j].set(jnp.where(j < i, (row[j] - inner) / A[j, j], row[j]))

        row = lax.fori_loop(0, n, element, A[i])
        pivot = jnp.sqrt(row[i] - jnp.where(places < i, row**2, 0).sum())
        return A.at[i].set(row.at[i].set(pivot)), logdet + 2 * jnp.log(pivot)

    A, logdet = lax.fori_loop(0, n, row, (A, 0.0))
    return logdet + jnp.sum(jnp.tril(A, -1) ** 2)


def gram_schmidt(A):
    n = A.shape[1]

    def column(j, Q):
        take_off = lambda i, v: jnp.where(i < j, v - (Q[:, i] @ v) * Q[:, i], v)
        v = lax.fori_loop(0, n, take_off, A[:, j])
        return Q.at[:, j].set(v / jnp.linalg.norm(v))

    return score(lax.fori_loop(0, n, column, jnp.zeros_like(A)))


def triangular_solve(L, b):
    step = lambda i, x: x.at[i].set((b[i] - L[i] @ x) / L[i, i])  # x is zero from i on
    return score(lax.fori_loop(0, len(b), step, jnp.zeros_like(b)))


def thomas(lower, diagonal, upper, rhs):
    n = len(rhs)

    def down(i, carry):
        diagonal, rhs = carry
        w = lower[i - 1] / diagonal[i - 1]
        diagonal = diagonal.at[i].set(diagonal[i] - w * upper[i - 1])
        return diagonal, rhs.at[i].set(rhs[i] - w * rhs[i - 1])

    diagonal, rhs = lax.fori_loop(1, n, down, (diagonal, rhs))

    def up(k, x):
        i = n - 2 - k
        return x.at[i].set((rhs[i] - upper[i] * x[i + 1]) / diagonal[i])

    x = jnp.zeros(n).at[-1].set(rhs[-1] / diagonal[-1])
    return score(lax.fori_loop(0, n - 1, up, x))


def covariance(X):
    n, m = X.shape
    total = lambda j, mean: mean.at[j].set(lax.fori_loop(0, n, lambda i, s: s + X[i, j], 0.0) / n)
    mean = lax.fori_loop(0, m, total, jnp.zeros(m))

    def element(i, j, cov):
        product = lambda k, s: s + (X[k, i] - mean[i]) * (X[k, j] - mean[j])
        new = lax.fori_loop(0, n, product, 0.0) / (n - 1.0)
        return jnp.where(j >= i, cov.at[i, j].set(new).at[j, i].set(new), cov)

    row = lambda i, cov: lax.fori_loop(0, m, lambda j, cov: element(i, j, cov), cov)
    return score(lax.fori_loop(0, m, row, jnp.zeros((m, m))))


def conditional_write(x):
    def step(i, y):
        return y.at[i].set(jnp.where(x[i] > 0.5, 0.5 * y[i - 1] + x[i], y[i - 1]))

    return jnp.sum(lax.fori_loop(1, len(x), step, jnp.zeros_like(x)) ** 2)


def convolution(image, kernel):
    (h, w), (kh, kw) = image.shape, kernel.shape
    n, m = h - kh + 1, w - kw + 1

    def element(i, j, out):
        window = lax.dynamic_slice(image, (i, j), (kh, kw))
        return out.at[i, j].set(jnp.sum(window * kernel))

    row = lambda i, out: lax.fori_loop(0, m, lambda j, out: element(i, j, out), out)
    return score(lax.fori_loop(0, n, row, jnp.zeros((n, m))))


def n_body(positions, velocities, masses, dt, steps):
    def step(_, state):
        positions, velocities = state
        r = positions[None, :, :] - positions[:, None, :]
        squares = jnp.sum(r**2, axis=2)
        inverse = jnp.where(squares > 0, jnp.where(squares > 0, squares, 1.0) ** -1.5, 0.0)
        velocities = velocities + dt * jnp.sum((masses * inverse)[:, :, None] * r, axis=1)
        return positions + dt * velocities, velocities

    positions, velocities = lax.fori_loop(0, steps, step, (positions, velocities))
    return jnp.sum(positions**2) + jnp.sum(velocities**2)


def square_root(x, rate, tol):
    step = lambda y: y - rate * (y * y - x) / (2 * y)
    return lax.while_loop(lambda y: jnp.abs(y * y - x) > tol, step, x)


PORTS: dict[str, Callable] = {
    "recurrence": recurrence,
    "matrix sweep": matrix_sweep,
    "gauss-seidel": relaxation,
    "jacobi 2d": loop_ports.jacobi_2d,
    "heat 3d": heat_3d,
    "diffusion": horizontal_diffusion,
    "cholesky": cholesky,
    "gram-schmidt": gram_schmidt,
    "triangular solve": triangular_solve,
    "thomas": thomas,
    "covariance": covariance,
    "conditional write": conditional_write,
    "convolution": convolution,
    "lstm": loop_ports.lstm,
    "n-body": n_body,
    "cavity flow": loop_ports.cavity_flow,
    "newton while": square_root,
    "adaptive ode": loop_ports.adaptive_heun,
}

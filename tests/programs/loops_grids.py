"""Loops over grids: stencils, convolution, pooling and a flow in a box."""

import numpy as np


def score(x):
    """A weighted sum of all elements, so that no two count alike."""
    return np.sum(np.cos(np.arange(x.size)).reshape(x.shape) * x)


# --- stencils ---


def jacobi_1d(u, f, steps):
    """Two buffers, element by element; overwrites `u`."""
    n = len(u)
    new = u.copy()
    for step in range(steps):
        for i in range(1, n - 1):
            new[i] = 0.5 * (u[i - 1] + u[i + 1] + f[i])
        for i in range(1, n - 1):
            u[i] = new[i]
    return score(u) + np.sum(u**2)


def jacobi_2d(u, f, steps):
    """Two buffers that swap names."""
    v = u.copy()
    for step in range(steps):
        v[1:-1, 1:-1] = 0.25 * (
            u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - f[1:-1, 1:-1]
        )
        u, v = v, u
    return score(u) + 0.5 * np.sum(v**2)


def heat_3d(u, alpha, steps):
    """Overwrites `u`."""
    for step in range(steps):
        inner = u[1:-1, 1:-1, 1:-1]
        u[1:-1, 1:-1, 1:-1] = inner + alpha * (
            (u[2:, 1:-1, 1:-1] - 2 * inner + u[:-2, 1:-1, 1:-1])
            + (u[1:-1, 2:, 1:-1] - 2 * inner + u[1:-1, :-2, 1:-1])
            + (u[1:-1, 1:-1, 2:] - 2 * inner + u[1:-1, 1:-1, :-2])
        )
    return score(u**2)


def matrix_sweep(a):
    """Every element waits for those to its left and above it; overwrites `a`."""
    n, m = a.shape
    for i in range(1, n):
        for j in range(1, m):
            a[i, j] = np.tanh(a[i, j] + 0.3 * a[i, j - 1] + 0.2 * a[i - 1, j])
    return score(a)


# --- images ---


def convolution(image, kernel):
    h, w = image.shape
    kh, kw = kernel.shape
    out = np.zeros((h - kh + 1, w - kw + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = np.sum(image[i : i + kh, j : j + kw] * kernel)
    return score(out)


def max_pooling(image, size):
    h, w = image.shape
    out = np.zeros((h // size, w // size))
    for i in range(h // size):
        for j in range(w // size):
            patch = image[i * size : (i + 1) * size, j * size : (j + 1) * size]
            out[i, j] = np.max(patch)
    return np.sum(out**2) + score(out)


# --- flow in a box with a moving lid ---


def divergence_source(u, v, rho, dt, dx, dy):
    ux = (u[1:-1, 2:] - u[1:-1, :-2]) / (2 * dx)
    uy = (u[2:, 1:-1] - u[:-2, 1:-1]) / (2 * dy)
    vx = (v[1:-1, 2:] - v[1:-1, :-2]) / (2 * dx)
    vy = (v[2:, 1:-1] - v[:-2, 1:-1]) / (2 * dy)
    b = np.zeros_like(u)
    b[1:-1, 1:-1] = rho * ((ux + vy) / dt - ux**2 - 2 * uy * vx - vy**2)
    return b


def pressure_poisson(p, b, dx, dy, nit):
    """Changes p in place."""
    for q in range(nit):
        pn = p.copy()
        p[1:-1, 1:-1] = (
            (pn[1:-1, 2:] + pn[1:-1, :-2]) * dy**2
            + (pn[2:, 1:-1] + pn[:-2, 1:-1]) * dx**2
            - b[1:-1, 1:-1] * dx**2 * dy**2
        ) / (2 * (dx**2 + dy**2))
        p[:, -1] = p[:, -2]
        p[0, :] = p[1, :]
        p[:, 0] = p[:, 1]
        p[-1, :] = 0


def advance(field, u, v, nu, dt, dx, dy):
    """One explicit step of advection and diffusion of the inner points of a field."""
    inner = field[1:-1, 1:-1]
    west, east = field[1:-1, :-2], field[1:-1, 2:]
    south, north = field[:-2, 1:-1], field[2:, 1:-1]
    return (
        inner
        - u[1:-1, 1:-1] * dt / dx * (inner - west)
        - v[1:-1, 1:-1] * dt / dy * (inner - south)
        + nu * dt / dx**2 * (east - 2 * inner + west)
        + nu * dt / dy**2 * (north - 2 * inner + south)
    )


def cavity_flow(u, v, p, nu, nt, nit, dt):
    """Overwrites the velocities and the pressure."""
    ny, nx = u.shape
    dx, dy, rho = 2 / (nx - 1), 2 / (ny - 1), 1.0
    for n in range(nt):
        un = u.copy()
        vn = v.copy()
        b = divergence_source(un, vn, rho, dt, dx, dy)
        pressure_poisson(p, b, dx, dy, nit)
        u[1:-1, 1:-1] = advance(un, un, vn, nu, dt, dx, dy)
        u[1:-1, 1:-1] -= dt / (2 * rho * dx) * (p[1:-1, 2:] - p[1:-1, :-2])
        v[1:-1, 1:-1] = advance(vn, un, vn, nu, dt, dx, dy)
        v[1:-1, 1:-1] -= dt / (2 * rho * dy) * (p[2:, 1:-1] - p[:-2, 1:-1])
        u[0, :] = u[:, 0] = u[:, -1] = 0
        u[-1, :] = 1
        v[0, :] = v[-1, :] = v[:, 0] = v[:, -1] = 0
    return score(u) + 0.5 * np.sum(v**2) + 0.1 * score(p)

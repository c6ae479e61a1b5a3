"""The loop programs written anew for JAX, as independent references for their derivatives.

They update nothing in place: loops are `lax.scan`, `lax.fori_loop`, `lax.while_loop`, or a closed
form of linear algebra. Those with a `while_loop` have forward mode only.
"""

import functools

import jax
import jax.numpy as jnp
from jax import lax


def score(x):
    return jnp.sum(jnp.cos(jnp.arange(x.size)).reshape(x.shape) * x)


def repeat(steps, body, state):
    """`state` after `steps` (an int) applications of `body`."""
    return lax.scan(lambda s, _: (body(s), None), state, None, length=steps)[0]


# --- linear algebra ---


def cholesky_elements(A):
    lower = jnp.tril(A)
    return score(jnp.linalg.cholesky(lower + jnp.tril(A, -1).T))


def cholesky_rows(A):
    L = jnp.linalg.cholesky(jnp.tril(A) + jnp.tril(A, -1).T)
    return 2 * jnp.sum(jnp.log(jnp.diag(L))) + jnp.sum(jnp.tril(L, -1) ** 2)


def gram_schmidt(A):
    Q, R = jnp.linalg.qr(A)
    return score(Q * jnp.sign(jnp.diag(R)))


def gauss_seidel(A, b, sweeps):
    """Each sweep solves with the lower triangle."""
    sweep = lambda x: jax.scipy.linalg.solve_triangular(A, b - jnp.triu(A, 1) @ x, lower=True)
    x = repeat(sweeps, sweep, jnp.zeros_like(b))
    return score(x) + jnp.sum(x**2)


def floyd_warshall(D):
    through = lambda D, k: (jnp.minimum(D, D[:, k, None] + D[None, k, :]), None)
    return score(lax.scan(through, D, jnp.arange(D.shape[0]))[0])


# --- grids ---


def jacobi_1d(u, f, steps):
    step = lambda u: u.at[1:-1].set(0.5 * (u[:-2] + u[2:] + f[1:-1]))
    u = repeat(steps, step, u)
    return score(u) + jnp.sum(u**2)


def jacobi_2d(u, f, steps):
    def step(state):
        u, v = state
        total = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]
        return v.at[1:-1, 1:-1].set(0.25 * (total - f[1:-1, 1:-1])), u

    u, v = repeat(steps, step, (u, u))
    return score(u) + 0.5 * jnp.sum(v**2)


def heat_3d(u, alpha, steps):
    kernel = jnp.zeros((3, 3, 3)).at[1, 1].set(1.0).at[1, :, 1].set(1.0).at[:, 1, 1].set(1.0)
    kernel = kernel.at[1, 1, 1].set(-6.0)

    def step(u):
        change = jax.scipy.signal.convolve(u, kernel, mode="valid")
        return u.at[1:-1, 1:-1, 1:-1].add(alpha * change)

    return score(repeat(steps, step, u) ** 2)


def matrix_sweep(a):
    def row(above, row):
        def element(left, pair):
            new = jnp.tanh(pair[0] + 0.3 * left + 0.2 * pair[1])
            return new, new

        new = lax.scan(element, row[0], jnp.stack([row[1:], above[1:]], axis=1))[1]
        new = jnp.concatenate([row[:1], new])
        return new, new

    return score(jnp.concatenate([a[:1], lax.scan(row, a[0], a[1:])[1]]))


def convolution(image, kernel):
    return score(jax.scipy.signal.correlate(image, kernel, mode="valid"))


def max_pooling(image, size):
    window = (size, size)
    out = lax.reduce_window(image, -jnp.inf, lax.max, window, window, "VALID")
    return jnp.sum(out**2) + score(out)


def cavity_flow(u, v, p, nu, nt, nit, dt):
    ny, nx = u.shape
    dx, dy = 2 / (nx - 1), 2 / (ny - 1)
    east = lambda f: f[1:-1, 2:]
    west = lambda f: f[1:-1, :-2]
    north = lambda f: f[2:, 1:-1]
    south = lambda f: f[:-2, 1:-1]
    inner = lambda f: f[1:-1, 1:-1]
    ddx = lambda f: (east(f) - west(f)) / (2 * dx)
    ddy = lambda f: (north(f) - south(f)) / (2 * dy)

    def laplace(f):
        return (east(f) - 2 * inner(f) + west(f)) / dx**2 + (
            north(f) - 2 * inner(f) + south(f)
        ) / dy**2

    def step(state):
        u, v, p = state
        b = (ddx(u) + ddy(v)) / dt - ddx(u) ** 2 - 2 * ddy(u) * ddx(v) - ddy(v) ** 2

        def relax(p):
            middle = (east(p) + west(p)) * dy**2 + (north(p) + south(p)) * dx**2
            middle = (middle - b * dx**2 * dy**2) / (2 * (dx**2 + dy**2))
            # The edges as they are after all four have been written: only the last row is zero.
            p = jnp.pad(middle, ((1, 0), (1, 1)), mode="edge")
            return jnp.pad(p, ((0, 1), (0, 0)))

        p = repeat(nit, relax, p)

        def moved(f):
            advection = inner(u) * (inner(f) - west(f)) / dx + inner(v) * (inner(f) - south(f)) / dy
            return inner(f) + dt * (nu * laplace(f) - advection)

        u, v = (
            jnp.pad(moved(u) - dt * ddx(p), 1).at[-1].set(1.0),
            jnp.pad(moved(v) - dt * ddy(p), 1),
        )
        return u, v, p

    u, v, p = repeat(nt, step, (u, v, p))
    return score(u) + 0.5 * jnp.sum(v**2) + 0.1 * score(p)


# --- sequences ---


def recurrence(x, d):
    def step(y, x):
        y = x + jnp.tanh(y) * d
        return y, y

    return x[0] ** 2 + jnp.sum(lax.scan(step, x[0], x[1:])[1] ** 2)


def lstm(X, h, c, W, U, b):
    def step(state, x):
        h, c = state
        i, f, o, g = jnp.split(x @ W + h @ U + b, 4)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), jnp.mean(h**2)

    (h, c), losses = lax.scan(step, (h, c), X)
    return jnp.sum(losses) + score(h) + score(c)


def hidden_markov(initial, transition, emission, observations):
    """With logarithms in place of scaling."""

    def step(alpha, o):
        alpha = jax.nn.logsumexp(alpha[:, None] + jnp.log(transition), axis=0)
        return alpha + jnp.log(emission[:, o]), None

    start = jnp.log(initial) + jnp.log(emission[:, observations[0]])
    return jax.nn.logsumexp(lax.scan(step, start, observations[1:])[0])


def kalman(Y, F, H, Q, R):
    n = F.shape[0]

    def step(state, y):
        x, P = state
        x, P = F @ x, F @ P @ F.T + Q
        S = H @ P @ H.T + R
        K = jnp.linalg.solve(S.T, H @ P.T).T
        residual = y - H @ x
        loss = 0.5 * residual @ jnp.linalg.inv(S) @ residual + 0.5 * jnp.log(jnp.linalg.det(S))
        return (x + K @ residual, P - K @ H @ P), loss

    (x, P), losses = lax.scan(step, (jnp.zeros(n), jnp.eye(n)), Y)
    return jnp.sum(losses) + score(P)


def time_warping(x, y):
    n, m = len(x), len(y)
    D = jnp.full((n + 1, m + 1), jnp.inf).at[0, 0].set(0.0)

    def cell(k, D):
        i, j = k // m, k % m
        before = jnp.min(jnp.stack([D[i, j], D[i, j + 1], D[i + 1, j]]))
        return D.at[i + 1, j + 1].set((x[i] - y[j]) ** 2 + before)

    return lax.fori_loop(0, n * m, cell, D)[n, m]


def moments_of_rows(X):
    return score(jnp.mean(X, axis=0)) + jnp.sum(jnp.sqrt(jnp.var(X, axis=0) + 0.1))


def online_regression(X, y, w, rate):
    def step(w, sample):
        k, row, target = sample
        error = jax.nn.sigmoid(row @ w) - target
        return w - rate / (1 + k) * error * row, error**2

    w, losses = lax.scan(step, w, (jnp.arange(len(y)), X, y))
    return jnp.sum(losses) + score(w)


def layers_of_different_widths(layers, x):
    return score(functools.reduce(lambda x, layer: jnp.tanh(x @ layer[0] + layer[1]), layers, x))


# --- iterations ---


def runge_kutta(y0, times, rates):
    growth, hunting, death, feeding = rates
    flow = lambda y: jnp.stack([(growth - hunting * y[1]) * y[0], (feeding * y[0] - death) * y[1]])

    def step(y, h):
        k1 = flow(y)
        k2 = flow(y + h / 2 * k1)
        k3 = flow(y + h / 2 * k2)
        k4 = flow(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        return y, y

    return score(jnp.concatenate([y0[None], lax.scan(step, y0, jnp.diff(times))[1]]))


def adaptive_heun(y, rates, t_end, tol):
    flow = lambda t, y: jnp.sin(3 * t) - rates * y

    def step(state):
        t, h, y = state
        h = jnp.where(t + h > t_end, t_end - t, h)
        k1 = flow(t, y)
        k2 = flow(t + h, y + h * k1)
        error = 0.5 * h * jnp.max(jnp.abs(k2 - k1))
        accepted = error < tol
        factor = jnp.where(error < 0.25 * tol, 2.0, jnp.where(accepted, 1.0, 0.5))
        y = jnp.where(accepted, y + 0.5 * h * (k1 + k2), y)
        return jnp.where(accepted, t + h, t), factor * h, y

    y = lax.while_loop(lambda s: s[0] < t_end, step, (0.0, 0.125, y))[2]
    return jnp.sum(y**2) + score(y)


def n_body(positions, velocities, masses, dt, steps):
    n = len(masses)

    def potential(x):
        i, j = jnp.triu_indices(n, 1)
        return -jnp.sum(masses[i] * masses[j] / jnp.linalg.norm(x[i] - x[j], axis=1))

    def kick(x, v):
        return v - 0.5 * dt * jax.grad(potential)(x) / masses[:, None]

    def step(state):
        x, v = state
        v = kick(x, v)
        x = x + dt * v
        return x, kick(x, v)

    x, v = repeat(steps, step, (positions, velocities))
    return 0.5 * jnp.sum(masses[:, None] * v**2) + potential(x) + score(x)


def newton(coefficients, x, tol):
    def step(state):
        x, _ = state
        value = jnp.polyval(coefficients, x)
        change = value / jnp.polyval(jnp.polyder(coefficients), x)
        return x - change, change

    return lax.while_loop(lambda s: jnp.abs(s[1]) > tol, step, (x, 1.0))[0] ** 2


def power_iteration(A, tol):
    n = A.shape[0]

    def step(state):
        v, _ = state
        w = A @ v
        w = w / jnp.sqrt(w @ w)
        return w, jnp.sqrt(jnp.sum(lax.stop_gradient(w - v) ** 2))

    v = lax.while_loop(lambda s: s[1] > tol, step, (jnp.full(n, n**-0.5), 1.0))[0]
    return v @ A @ v + score(v)


def pagerank(links, damping, tol):
    n = links.shape[0]

    def step(state):
        r, _ = state
        new = damping * (links @ (r / jnp.sum(links, axis=0))) + (1 - damping) / n
        return new, jnp.sum(jnp.abs(lax.stop_gradient(new - r)))

    return n * score(lax.while_loop(lambda s: s[1] > tol, step, (jnp.full(n, 1 / n), 1.0))[0])


def logistic_map(x, r, steps):
    def step(x, _):
        x = r * x * (1 - x)
        return x, x**2

    x, squares = lax.scan(step, x, None, length=steps)
    return jnp.sum(squares) + x


def american_put(spot, strike, volatility, rate, steps):
    """Every level of the tree at full width: what is beyond the level is never read."""
    dt = 1 / max(steps, 1)
    up = jnp.exp(volatility * dt**0.5)
    discount = jnp.exp(-rate * dt)
    p = (1 / discount - 1 / up) / (up - 1 / up)
    k = jnp.arange(steps + 1)

    def level(values, step):
        hold = discount * (p * jnp.roll(values, -1) + (1 - p) * values)
        now = strike - spot * jnp.exp(volatility * dt**0.5 * (2 * k - step))
        return jnp.where(k <= step, jnp.maximum(hold, now), 0.0), None

    last = jnp.maximum(strike - spot * jnp.exp(volatility * dt**0.5 * (2 * k - steps)), 0.0)
    return lax.scan(level, last, jnp.arange(steps - 1, -1, -1))[0][0]


# --- control ---


def bubble_sort(x):
    return score(jnp.sort(x)) + jnp.sum(x**2)


def escape(c_re, c_im, limit):
    def step(state):
        z, n = state
        inside = jnp.sum(z**2, axis=0) < 4
        new = jnp.stack([z[0] ** 2 - z[1] ** 2 + c_re, 2 * z[0] * z[1] + c_im])
        return jnp.where(inside, new, z), n + inside

    z, n = repeat(limit, step, (jnp.zeros((2, *c_re.shape)), jnp.ones(c_re.shape)))
    return score(jnp.log(1 + jnp.sum(z**2, axis=0)) / n) + score(z[0])


# --- independent iterations ---


def pair_energy(positions, charges):
    """Over the pairs i < j, each of which counts twice."""
    i, j = jnp.triu_indices(len(positions), 1)
    distance = jnp.linalg.norm(positions[i] - positions[j], axis=1)
    near = jnp.maximum(1.0 - distance, 0) ** 3
    return jnp.sum(charges[i] * charges[j] / distance + 2 * near)


def filtered(image, kernel):
    out = lax.conv(image[None, None], kernel[None, None], (1, 1), "VALID")
    return score(jnp.tanh(out[0, 0]))


def kernel_matrix(X, Y, length):
    squares = jnp.sum(X**2, 1)[:, None] - 2 * X @ Y.T + jnp.sum(Y**2, 1)
    K = jnp.exp(squares / (-2 * length**2))
    return score(K * (K >= 0.05))


def normalised_rows(X, gain):
    def row(x):
        return gain * (x - jnp.mean(x)) / jnp.sqrt(jnp.var(x) + 1e-3)

    return score(jax.vmap(row)(X))


def binned(values, weights, bins):
    terms = weights * jnp.sqrt(values)
    sums = jnp.stack([jnp.sum(jnp.where(bins == k, terms, 0)) for k in range(5)])
    return score(sums**2) + jnp.sum(jnp.where(bins < 0, values**2, 0))

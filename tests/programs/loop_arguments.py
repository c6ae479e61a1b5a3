"""Arguments of the loop programs: functions of a size and a seed."""

from collections.abc import Callable
from typing import Any

import numpy as np


def normal(seed: int) -> Callable[..., Any]:
    rng = np.random.default_rng(seed)
    return lambda *shape: rng.normal(size=shape)


def uniform(seed: int) -> Callable[..., Any]:
    rng = np.random.default_rng(seed)
    return lambda low, high, *shape: rng.uniform(low, high, size=shape)


def positive_definite(n, seed):
    B = normal(seed)(n, n)
    return {"A": B @ B.T / n + np.eye(n)}


def lower_system(n, seed):
    draw = normal(seed)
    return {"L": 0.3 * draw(n, n) + 2 * np.eye(n), "b": draw(n)}


def tridiagonal(n, seed):
    draw = normal(seed)
    lower, upper = 0.5 * draw(n - 1), 0.5 * draw(n - 1)
    return {"lower": lower, "diagonal": 4 + 0.5 * draw(n), "upper": upper, "rhs": draw(n)}


def dominant_system(sweeps, seed):
    draw, n = normal(seed), 6
    return {"A": 0.3 * draw(n, n) + 3 * np.eye(n), "b": draw(n), "sweeps": sweeps}


def line(steps, seed):
    u, f = normal(seed)(2, 9)
    return {"u": u, "f": 0.2 * f, "steps": steps}


def plate(steps, seed):
    u, f = normal(seed)(2, 6, 5)
    return {"u": u, "f": 0.2 * f, "steps": steps}


def heat(steps, seed):
    return {"u": normal(seed)(5, 4, 6), "alpha": 0.11, "steps": steps}


def cavity(nt, seed):
    u, v, p = 0.3 * normal(seed)(3, 7, 8)
    return {"u": u, "v": v, "p": p, "nu": 0.1, "nt": nt, "nit": 4, "dt": 0.002}


def lstm(T, seed):
    draw, H, n = normal(seed), 4, 3
    return {
        "X": draw(T, n),
        "h": draw(H),
        "c": draw(H),
        "W": 0.5 * draw(n, 4 * H),
        "U": 0.5 * draw(H, 4 * H),
        "b": draw(4 * H),
    }


def hidden_markov(T, seed):
    draw = uniform(seed)
    rows = lambda *shape: (lambda p: p / np.sum(p, axis=-1, keepdims=True))(draw(0.2, 1, *shape))
    observations = np.random.default_rng(seed).integers(0, 4, T)
    return {
        "initial": rows(3),
        "transition": rows(3, 3),
        "emission": rows(3, 4),
        "observations": observations,
    }


def kalman(T, seed):
    draw = normal(seed)
    rotation = np.array([[0.9, 0.3], [-0.3, 0.9]])
    return {
        "Y": draw(T, 2),
        "F": rotation + 0.05 * draw(2, 2),
        "H": np.eye(2) + 0.2 * draw(2, 2),
        "Q": np.array([[0.3, 0.1], [0.1, 0.2]]),
        "R": np.array([[0.5, 0.05], [0.05, 0.4]]),
    }


def labelled_rows(n, seed):
    draw = normal(seed)
    return {"X": draw(n, 4), "y": (draw(n) > 0).astype(float), "w": draw(4), "rate": 0.5}


def layers(count, seed):
    draw = normal(seed)
    widths = [3, 5, 2, 4, 6, 3, 2][: count + 1]
    pairs = [(draw(m, n), 0.3 * draw(n)) for m, n in zip(widths, widths[1:])]
    return {"layers": pairs, "x": draw(3)}


def populations(n, seed):
    times = np.cumsum(uniform(seed)(0.02, 0.06, n + 1))
    return {"y0": np.array([1.2, 0.7]), "times": times, "rates": np.array([1.1, 0.9, 0.8, 0.6])}


def stiffness(size, seed):
    """The last step ends between dyadic numbers; with size 0 the end lies before the start."""
    t_end, tol = {0: (-1.0, 1e-3), 1: (0.1, 1e-1), 2: (0.9, 2e-3), 3: (5.3, 5e-5)}[size]
    rates = uniform(seed)(0.5, 4, 3)
    return {"y": normal(seed)(3), "rates": rates, "t_end": t_end, "tol": tol}


def planets(steps, seed):
    corners = np.array([[1.0, 0.1], [-0.2, 1.3], [-1.1, -0.3], [0.4, -1.2]])
    draw = normal(seed)
    masses = uniform(seed)(0.3, 1, 4)
    return {
        "positions": corners + 0.1 * draw(4, 2),
        "velocities": 0.3 * draw(4, 2),
        "masses": masses,
        "dt": 0.01,
        "steps": steps,
    }


def tolerance(size: int) -> float:
    """So large that the loop is not entered, so large that it is left at once, and small."""
    return {0: 2.0, 1: 0.9, 2: 1e-3, 3: 1e-11}[size]


def root(size, seed):
    coefficients = np.array([1.0, 0.2, -2.0, -5.0]) + 0.1 * normal(seed)(4)
    return {"coefficients": coefficients, "x": 2.6, "tol": tolerance(size)}


def symmetric(size, seed):
    B = uniform(seed)(0, 1, 5, 5)
    return {"A": B + B.T, "tol": tolerance(size)}


def links(size, seed):
    return {"links": uniform(seed)(0.1, 1, 6, 6) ** 3, "damping": 0.85, "tol": tolerance(size)}


def option(steps, seed):
    return {"spot": 1.0, "strike": 0.97, "volatility": 0.23, "rate": 0.04, "steps": steps}


def signed(n, seed):
    """Numbers that keep their distance from zero."""
    x = normal(seed)(n)
    return x + 0.2 * np.sign(x)


def complex_plane(size, seed):
    """Without iterations, with one, some points inside for ever, all outside soon."""
    draw = uniform(seed)
    inside = draw(-0.3, 0.2, 2, 3, 2)
    outside = draw(0.6, 1.4, 2, 3, 4)
    c = np.concatenate([inside, outside], axis=2) if size < 3 else outside
    return {"c_re": c[0], "c_im": c[1], "limit": {0: 0, 1: 1, 2: 12, 3: 50}[size]}


def prices(n, seed):
    return {"prices": np.exp(np.cumsum(0.1 * normal(seed)(n)))}


def distances(n, seed):
    """No zeros on the diagonal, so that no path ties with another."""
    return {"D": uniform(seed)(0.2, 1.5, n, n) ** 2}


def image_and_kernel(n, seed):
    draw = normal(seed)
    return {"image": draw(n, n + 1), "kernel": draw(3, 2)}


def pair_of_series(n, seed):
    draw = normal(seed)
    return {"x": draw(n), "y": draw(n + 1)}


def products(size, seed):
    """The threshold is passed at once, later, never."""
    x, y = uniform(seed)(0.2, 1, 2, 12)
    x[7], y[5] = 2.0, 3.0
    threshold = {0: 0.01, 1: 5.0, 2: 50.0}[size]
    return {"x": x, "y": y, "threshold": threshold}


def charged(n, seed):
    draw = normal(seed)
    return {"positions": draw(n, 3), "charges": draw(n)}


def two_clouds(n, seed):
    draw = normal(seed)
    return {"X": draw(n, 2), "Y": draw(n + 1, 2), "length": 1.3}


def in_bins(n, seed):
    rng = np.random.default_rng(seed)
    return {
        "values": rng.uniform(0.2, 2, n),
        "weights": rng.normal(size=n),
        "bins": rng.integers(-2, 5, n),
    }

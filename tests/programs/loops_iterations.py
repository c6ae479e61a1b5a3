"""Loops that march or converge: integrators, root finders, eigenvectors, prices."""

import numpy as np


def score(x):
    """A weighted sum of all elements, so that no two count alike."""
    return np.sum(np.cos(np.arange(x.size)).reshape(x.shape) * x)


# --- differential equations ---


def predator_prey(y, rates):
    growth, hunting, death, feeding = rates
    return np.array([growth * y[0] - hunting * y[0] * y[1], feeding * y[0] * y[1] - death * y[1]])


def runge_kutta(y0, times, rates):
    y = np.zeros((len(times), len(y0)))
    y[0] = y0
    for k in range(len(times) - 1):
        h = times[k + 1] - times[k]
        k1 = predator_prey(y[k], rates)
        k2 = predator_prey(y[k] + h / 2 * k1, rates)
        k3 = predator_prey(y[k] + h / 2 * k2, rates)
        k4 = predator_prey(y[k] + h * k3, rates)
        y[k + 1] = y[k] + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return score(y)


def decay(t, y, rates):
    return -rates * y + np.sin(3 * t)


def adaptive_heun(y, rates, t_end, tol):
    t = 0.0
    h = 0.125
    while t < t_end:
        if t + h > t_end:
            h = t_end - t
        k1 = decay(t, y, rates)
        k2 = decay(t + h, y + h * k1, rates)
        error = 0.5 * h * np.max(np.abs(k2 - k1))
        if error < tol:
            t = t + h
            y = y + 0.5 * h * (k1 + k2)
            if error < 0.25 * tol:
                h = 2 * h
        else:
            h = 0.5 * h
    return np.sum(y**2) + score(y)


def accelerations(positions, masses):
    n = len(masses)
    result = np.zeros_like(positions)
    for i in range(n):
        for j in range(n):
            if i == j:
                continue
            r = positions[j] - positions[i]
            result[i] += masses[j] * r / np.sum(r**2) ** 1.5
    return result


def n_body(positions, velocities, masses, dt, steps):
    """Leapfrog steps, then the energy; overwrites positions and velocities."""
    for step in range(steps):
        velocities += 0.5 * dt * accelerations(positions, masses)
        positions += dt * velocities
        velocities += 0.5 * dt * accelerations(positions, masses)
    energy = 0.5 * np.sum(masses[:, None] * velocities**2)
    for i in range(len(masses)):
        for j in range(i):
            distance = np.sqrt(np.sum((positions[i] - positions[j]) ** 2))
            energy -= masses[i] * masses[j] / distance
    return energy + score(positions)


# --- iteration until nothing changes ---


def polynomial(coefficients, x):
    value, slope = 0.0, 0.0
    for c in coefficients:
        slope = slope * x + value
        value = value * x + c
    return value, slope


def newton(coefficients, x, tol):
    step = 1.0
    while abs(step) > tol:
        value, slope = polynomial(coefficients, x)
        step = value / slope
        x = x - step
    return x**2


def power_iteration(A, tol):
    n = A.shape[0]
    v = np.ones(n) / np.sqrt(n)
    change = 1.0
    while change > tol:
        w = A @ v
        w = w / np.linalg.norm(w)
        change = np.linalg.norm(w - v)
        v = w
    return v @ A @ v + score(v)


def pagerank(links, damping, tol):
    n = links.shape[0]
    M = links / np.sum(links, axis=0)
    rank = np.ones(n) / n
    err = 1.0
    while err > tol:
        new = damping * (M @ rank) + (1 - damping) / n
        err = np.sum(np.abs(new - rank))
        rank = new
    return n * score(rank)


def logistic_map(x, r, steps):
    total = 0.0
    for _ in range(steps):
        x = r * x * (1 - x)
        total += x**2
    return total + x


# --- prices of options by backward induction ---


def european_call(spot, strike, volatility, rate, steps):
    dt = 1.0 / max(steps, 1)
    up = np.exp(volatility * np.sqrt(dt))
    discount = np.exp(-rate * dt)
    p = (1 / discount - 1 / up) / (up - 1 / up)
    values = np.zeros(steps + 1)
    for i in range(steps + 1):
        values[i] = np.maximum(spot * up ** (2 * i - steps) - strike, 0)
    for step in range(steps - 1, -1, -1):
        for i in range(step + 1):
            values[i] = discount * (p * values[i + 1] + (1 - p) * values[i])
    return values[0]


def american_put(spot, strike, volatility, rate, steps):
    dt = 1.0 / max(steps, 1)
    up = np.exp(volatility * np.sqrt(dt))
    discount = np.exp(-rate * dt)
    p = (1 / discount - 1 / up) / (up - 1 / up)
    prices = spot * up ** np.arange(-steps, steps + 1, 2)
    values = np.maximum(strike - prices, 0)
    for step in range(steps, 0, -1):
        prices[:step] = prices[:step] * up
        hold = discount * (p * values[1 : step + 1] + (1 - p) * values[:step])
        values[:step] = np.maximum(hold, strike - prices[:step])
    return values[0]

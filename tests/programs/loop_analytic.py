"""Gradients of some loop programs by hand, in closed form, by the name of the argument."""

import math

import numpy as np


def weights(*shape):
    """The weights with which the programs sum up their results."""
    return np.cos(np.arange(math.prod(shape))).reshape(shape)


def triangular_solve(L, b):
    L = np.tril(L)
    adjoint = np.linalg.solve(L.T, weights(len(b)))
    return {"L": -np.tril(np.outer(adjoint, np.linalg.solve(L, b))), "b": adjoint}


def thomas(lower, diagonal, upper, rhs):
    T = np.diag(lower, -1) + np.diag(diagonal) + np.diag(upper, 1)
    adjoint = np.linalg.solve(T.T, weights(len(rhs)))
    dT = -np.outer(adjoint, np.linalg.solve(T, rhs))
    return {
        "lower": np.diag(dT, -1),
        "diagonal": np.diag(dT),
        "upper": np.diag(dT, 1),
        "rhs": adjoint,
    }


def covariance(X):
    n, m = X.shape
    centred = X - np.mean(X, axis=0)
    return {"X": centred @ (weights(m, m) + weights(m, m).T) / (n - 1)}


def convolution(image, kernel):
    kh, kw = kernel.shape
    h, w = image.shape[0] - kh + 1, image.shape[1] - kw + 1
    dimage, dkernel = np.zeros_like(image), np.zeros_like(kernel)
    for a in range(kh):
        for b in range(kw):
            dimage[a : a + h, b : b + w] += kernel[a, b] * weights(h, w)
            dkernel[a, b] = np.sum(weights(h, w) * image[a : a + h, b : b + w])
    return {"image": dimage, "kernel": dkernel}


def horner(coefficients, x):
    k = np.arange(len(coefficients))
    derivative = np.array([np.sum(k[1:] * coefficients[1:] * t ** (k[1:] - 1)) for t in x])
    return {"coefficients": weights(len(x)) @ x[:, None] ** k, "x": weights(len(x)) * derivative}


def moving_average(x, decay):
    """`level[i]` is the sum of `(1 - decay) * decay**(i - k) * x[k]` over `k <= i`."""
    n = len(x)
    lag = np.subtract.outer(np.arange(n), np.arange(n))
    past = lag >= 0
    power = np.where(past, decay ** np.where(past, lag, 0), 0)
    slope = np.where(lag > 0, lag * decay ** (np.where(lag > 0, lag, 1) - 1.0), 0)
    levels = (1 - decay) * power @ x
    by_decay = (1 - decay) * slope @ x - power @ x
    return {"x": 2 * (1 - decay) * levels @ power, "decay": 2 * np.sum(levels * by_decay)}


def european_call(spot, strike, volatility, rate, steps):
    """The binomial formula, differentiated term by term."""
    dt = 1 / max(steps, 1)
    up = math.exp(volatility * math.sqrt(dt))
    growth = math.exp(rate * dt)
    p = (growth - 1 / up) / (up - 1 / up)
    dup = up * math.sqrt(dt)  # by volatility; of 1 / up it is -dup / up**2
    p_rate = growth * dt / (up - 1 / up)
    p_volatility = (dup / up**2 - p * (dup + dup / up**2)) / (up - 1 / up)
    discount = math.exp(-rate * dt * steps)
    total = {"spot": 0.0, "strike": 0.0, "volatility": 0.0, "rate": 0.0}
    for i in range(steps + 1):
        moves = 2 * i - steps
        payoff = spot * up**moves - strike
        if payoff <= 0:
            continue
        chance = math.comb(steps, i) * p**i * (1 - p) ** (steps - i)
        slope = chance * (i / p - (steps - i) / (1 - p))
        total["spot"] += discount * chance * up**moves
        total["strike"] -= discount * chance
        total["volatility"] += discount * slope * p_volatility * payoff
        total["volatility"] += discount * chance * spot * moves * up**moves * math.sqrt(dt)
        total["rate"] += discount * (slope * p_rate - dt * steps * chance) * payoff
    return total


def bubble_sort(x):
    rank = np.argsort(np.argsort(x))
    return {"x": weights(len(x))[rank] + 2 * x}


def sum_of_logs(x, weights):
    positive = x > 0
    y = np.where(positive, x, 1)
    return {"x": np.where(positive, weights / y, 0), "weights": np.log(y)}


def first_large_product(x, y, threshold):
    product = np.outer(x, y).ravel()
    large = np.flatnonzero(product > threshold)
    slope = np.cos(product)
    if len(large):
        slope[large[0]] = 2 * product[large[0]]
        slope[large[0] + 1 :] = 0
    slope = slope.reshape(len(x), len(y))
    return {"x": slope @ y, "y": x @ slope}


def limiter(signal, low, high):
    w = weights(len(signal))
    above, below = signal > high, signal < low
    bound = np.where(above, high, low)
    outside = above | below
    slope = np.where(outside, 0.5 / np.cosh(np.where(outside, signal - bound, 0)) ** 2, 1)
    rest = w * (1 - slope)
    return {"signal": w * slope, "low": np.sum(rest[below]), "high": np.sum(rest[above])}


def largest_drawdown(prices):
    peaks = np.maximum.accumulate(prices)
    fall = (peaks - prices) / peaks
    end = int(np.argmax(fall))
    start = int(np.argmax(prices[: end + 1]))
    gradient = np.zeros_like(prices)
    gradient[start] += 0.5
    gradient[end] += 0.5
    if fall[end] > 0:
        gradient[start] += prices[end] / prices[start] ** 2
        gradient[end] -= 1 / prices[start]
    else:
        gradient[:] = 0
        gradient[0] = 1
    return {"prices": gradient}

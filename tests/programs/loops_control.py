"""Loops with break, continue, early returns, conditional writes and masks."""

import numpy as np


def score(x):
    """A weighted sum of all elements, so that no two count alike."""
    return np.sum(np.cos(np.arange(x.size)).reshape(x.shape) * x)


def bubble_sort(x):
    """Overwrites `x`; stops when a pass has swapped nothing."""
    n = len(x)
    for i in range(n - 1):
        swapped = False
        for j in range(n - 1 - i):
            if x[j] > x[j + 1]:
                x[j], x[j + 1] = x[j + 1], x[j]
                swapped = True
        if not swapped:
            break
    return score(x) + np.sum(x**2)


def sum_of_logs(x, weights):
    total = 0.0
    for i in range(len(x)):
        if x[i] <= 0:
            continue
        total += weights[i] * np.log(x[i])
    return total


def first_large_product(x, y, threshold):
    total = 0.0
    for i in range(len(x)):
        for j in range(len(y)):
            product = x[i] * y[j]
            if product > threshold:
                return product**2 + total
            total = total + np.sin(product)
    return total


def limiter(signal, low, high):
    out = signal.copy()
    for i in range(len(signal)):
        if signal[i] > high:
            out[i] = high + np.tanh(signal[i] - high) / 2
        elif signal[i] < low:
            out[i] = low + np.tanh(signal[i] - low) / 2
    return score(out)


def largest_drawdown(prices):
    """The largest fall from a running peak, with the mean price between the two."""
    peak, peak_at = prices[0], 0
    worst, start, end = 0.0, 0, 0
    for i, price in enumerate(prices):
        if price > peak:
            peak, peak_at = price, i
        drawdown = (peak - price) / peak
        if drawdown > worst:
            worst, start, end = drawdown, peak_at, i
    return worst + 0.5 * (prices[start] + prices[end])


def escape(c_re, c_im, limit):
    """Iterations of z**2 + c that stop, each for itself, when they are outside a circle."""
    z_re = np.zeros_like(c_re)
    z_im = np.zeros_like(c_im)
    counts = np.ones(c_re.shape)
    for k in range(limit):
        mask = z_re**2 + z_im**2 < 4.0
        if not np.any(mask):
            break
        re = z_re[mask] ** 2 - z_im[mask] ** 2 + c_re[mask]
        im = 2 * z_re[mask] * z_im[mask] + c_im[mask]
        z_re[mask] = re
        z_im[mask] = im
        counts[mask] += 1
    return score(np.log(1 + z_re**2 + z_im**2) / counts) + score(z_re)

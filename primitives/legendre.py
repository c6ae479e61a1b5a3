"""Legendre functions and spherical harmonics of `scipy.special`, of degrees and orders that are known before the run.

Recurrences in the degree: DLMF 14.10.3, from the functions of the least degree, 14.7.15, dlmf.nist.gov.
"""

import math

import numpy as np
from scipy import special

from .asked import computed, is_static
from .registry import call, composed, double, draw

INSIDE, ANGLES = draw((-0.9, 0.9), 4), draw((0.2, 3.0), 4)
LEADING = np.ndim(
    special.legendre_p(0, 0.0)
)  # SciPy 1.17 has an axis of length 1 in front, for the derivatives


def check_known(n, m):
    if not (is_static(n) and is_static(m)) or n < 0:
        raise NotImplementedError(
            "Legendre functions of degrees or orders that are arrays, or below 0"
        )


@computed
def scale(n, m, norm):
    """What the functions are multiplied by: for a negative order, to normalise them, and on the sphere."""
    size = abs(m)
    ratio = math.factorial(n - size) / math.factorial(n + size) if size <= n else 0.0
    sign = (-1) ** size if m < 0 else 1
    if norm:
        return sign * math.sqrt((2 * n + 1) / 2 * ratio / (2 * math.pi if norm == "sphere" else 1))
    return sign * ratio if m < 0 else 1


@computed
def double_factorial(k):
    return math.prod(range(k, 0, -2))


def least(m, z, root):
    """Of degree m and order m, DLMF 14.7.15."""
    if m == 0:
        return np.ones_like(z)
    power = root if m == 1 else root**m
    return (-power if m % 2 == 1 else power) * double_factorial(2 * m - 1)


def associated(n, m, z, root, norm=None):
    """The functions of degree n and order m at z, where `root` is `sqrt(1 - z**2)`."""
    check_known(n, m)
    size, factor = abs(m), scale(n, m, norm)
    if size > n:
        return np.zeros_like(z)
    below, here = 0, least(size, z, root)
    for k in range(size + 1, n + 1):
        below, here = here, ((2 * k - 1) * z * here - (k + size - 1) * below) / (k - size)
    return factor * here


def with_front(y):
    return np.expand_dims(y, 0) if LEADING else y


def no_derivative(diff_n):
    if diff_n != 0:
        raise NotImplementedError("diff_n of a Legendre function")


@composed(
    special.legendre_p,
    dtype=double,
    wrt=["z"],
    samples=[call(3, INSIDE).without_twin(), call(0, INSIDE).without_twin()],
)
def legendre_p(n, z, diff_n=0):
    no_derivative(diff_n)
    return with_front(associated(n, 0, z, 1))


@composed(
    special.assoc_legendre_p,
    dtype=double,
    wrt=["z"],
    samples=[
        call(3, 1, INSIDE).without_twin(),
        call(3, -2, INSIDE).without_twin(),
        call(4, 2, INSIDE, norm=True).without_twin(),
    ],
)
def assoc_legendre_p(n, m, z, branch_cut=2, norm=False, diff_n=0):
    """Of real numbers from -1 to 1. SciPy forgets to normalise them at -1 and 1."""
    no_derivative(diff_n)
    if branch_cut != 2:
        raise NotImplementedError("branch_cut of scipy.special.assoc_legendre_p")
    return with_front(associated(n, m, z, np.sqrt(1 - z**2), norm))


def on_sphere(n, m, theta):
    """At the poles the derivative is that from inside."""
    sin = np.sin(theta)
    return associated(n, m, np.cos(theta), np.where(sin < 0, -sin, sin), "sphere")


ORDERS = [(3, 1), (2, -2), (2, 0)]


@composed(
    special.sph_legendre_p,
    dtype=double,
    wrt=["theta"],
    samples=[call(n, m, ANGLES).without_twin() for n, m in ORDERS],
)
def sph_legendre_p(n, m, theta, diff_n=0):
    no_derivative(diff_n)
    return with_front(on_sphere(n, m, theta))


@composed(
    special.sph_harm_y,
    dtype=double,
    inline=True,  # JAX wants degrees as arrays, and one number more
    wrt=["theta", "phi"],
    samples=[call(n, m, ANGLES, draw("real", 4)).without_twin() for n, m in ORDERS],
)
def sph_harm_y(n, m, theta, phi, diff_n=0):
    no_derivative(diff_n)
    return on_sphere(n, m, theta) * np.exp(1j * m * phi)


# --- of all degrees up to one ---


@composed(special.legendre_p_all, wrt=["z"], samples=[call(3, INSIDE).without_twin()])
def legendre_p_all(n, z, diff_n=0):
    no_derivative(diff_n)
    return with_front(np.stack([associated(k, 0, z, 1) for k in range(n + 1)]))


@computed
def orders(m):
    """The orders in the order of indices: those below 0 come last."""
    return [*range(m + 1), *range(-m, 0)]


@composed(
    special.assoc_legendre_p_all,
    dtype=double,
    wrt=["z"],
    samples=[call(2, 1, INSIDE).without_twin(), call(1, 1, INSIDE, norm=True).without_twin()],
)
def assoc_legendre_p_all(n, m, z, branch_cut=2, norm=False, diff_n=0):
    no_derivative(diff_n)
    if branch_cut != 2:
        raise NotImplementedError("branch_cut of scipy.special.assoc_legendre_p_all")
    root = np.sqrt(1 - z**2)
    rows = [np.stack([associated(k, j, z, root, norm) for j in orders(m)]) for k in range(n + 1)]
    return with_front(np.stack(rows))


@composed(
    special.sph_legendre_p_all,
    wrt=["theta"],
    samples=[call(2, 1, ANGLES).without_twin()],
)
def sph_legendre_p_all(n, m, theta, diff_n=0):
    no_derivative(diff_n)
    rows = [np.stack([on_sphere(k, j, theta) for j in orders(m)]) for k in range(n + 1)]
    return with_front(np.stack(rows))


@composed(
    special.sph_harm_y_all,
    wrt=["theta", "phi"],
    samples=[call(2, 1, ANGLES, draw("real", 4)).without_twin()],
)
def sph_harm_y_all(n, m, theta, phi, diff_n=0):
    no_derivative(diff_n)
    rows = [
        np.stack([on_sphere(k, j, theta) * np.exp(1j * j * phi) for j in orders(m)])
        for k in range(n + 1)
    ]
    return np.stack(rows)

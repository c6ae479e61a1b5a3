"""Functions of `scipy.special` that come with their slope: Weber, Mathieu and spheroidal wave functions.

Each is a pair. The slope of the second comes from the differential equation that the first solves: DLMF chapters 12, 28
and 30, dlmf.nist.gov. Along their orders and parameters they have no closed form. The radial functions of the second
kind have no rule, since SciPy's slopes of them are off: `obl_rad2(1, 2, 1.5, 1.25)` has 0.40, and SciPy says -10.99.
"""

import numpy as np
from scipy import special

from .asked import computed
from .registry import MISSING, call, composed, double, draw, elementwise, real

WEBER = [call(1.5, real(4)).without_twin()]


@elementwise(special.pbdv, samples=WEBER)
@elementwise(special.pbvv, samples=WEBER)
def weber(y, v, x):
    """DLMF 12.2.2, with `v = -a - 1/2`."""
    return MISSING, (y[1], (x**2 / 4 - v - 0.5) * y[0])


@elementwise(special.pbwa, samples=WEBER)
def pbwa(y, a, x):
    """DLMF 12.2.3."""
    return MISSING, (y[1], (a - x**2 / 4) * y[0])


@computed
def orders_up_to(v):
    """The orders from between 0 and 1 up to v. SciPy's lists of negative orders have a slope of 0 at their end."""
    if v < 0:
        raise NotImplementedError("a sequence of negative orders")
    return [v - int(v) + k for k in range(max(1, int(v)) + 1)]


@composed(
    special.pbdv_seq, dtype=double, wrt=["x"], samples=[call(2.5, draw("positive")).without_twin()]
)
def pbdv_seq(v, x):
    pairs = [special.pbdv(order, x) for order in orders_up_to(v)]
    return np.stack([p[0] for p in pairs]), np.stack([p[1] for p in pairs])


@composed(
    special.pbvv_seq, dtype=double, wrt=["x"], samples=[call(2.5, draw("positive")).without_twin()]
)
def pbvv_seq(v, x):
    pairs = [special.pbvv(order, x) for order in orders_up_to(v)]
    return np.stack([p[0] for p in pairs]), np.stack([p[1] for p in pairs])


# --- Mathieu functions ---

ORDERS = [call(2, draw("positive", 3)).without_twin()]


def perturbation(wave, x):
    """The mean of `2 cos(2 x)`, weighted by the square of an eigenfunction, at equal steps of an angle."""
    return 4 * np.mean(np.cos(2 * np.deg2rad(x)) * wave**2, axis=-1)


@elementwise(special.mathieu_a, samples=ORDERS)
def mathieu_a(y, m, q):
    """The eigenvalue's perturbation; exact for orders below 32."""
    x = np.arange(0, 360, 3)
    return MISSING, perturbation(special.mathieu_cem(m, np.expand_dims(q, -1), x)[0], x)


@elementwise(special.mathieu_b, samples=ORDERS)
def mathieu_b(y, m, q):
    x = np.arange(0, 360, 3)
    return MISSING, perturbation(special.mathieu_sem(m, np.expand_dims(q, -1), x)[0], x)


DEGREES = [call(2, 1.5, draw((5.0, 85.0), 4)).without_twin()]


def mathieu(y, a, q, x):
    """The slopes of a solution of Mathieu's equation, DLMF 28.2.1, for x in degrees."""
    degree = np.pi / 180
    return y[1] * degree, (2 * q * np.cos(2 * degree * x) - a) * y[0] * degree


@elementwise(special.mathieu_cem, samples=DEGREES)
def mathieu_cem(y, m, q, x):
    return MISSING, MISSING, mathieu(y, special.mathieu_a(m, q), q, x)


@elementwise(special.mathieu_sem, samples=DEGREES)
def mathieu_sem(y, m, q, x):
    return MISSING, MISSING, mathieu(y, special.mathieu_b(m, q), q, x)


RADIAL = [call(2, 1.5, draw((0.3, 1.5), 4)).without_twin()]


def modified_mathieu(y, a, q, x):
    """The slopes of a solution of the modified equation, DLMF 28.20.1."""
    return y[1], (a - 2 * q * np.cosh(2 * x)) * y[0]


@elementwise(special.mathieu_modcem1, samples=RADIAL)
@elementwise(special.mathieu_modcem2, samples=RADIAL)
def mathieu_modcem(y, m, q, x):
    return MISSING, MISSING, modified_mathieu(y, special.mathieu_a(m, q), q, x)


@elementwise(special.mathieu_modsem1, samples=RADIAL)
@elementwise(special.mathieu_modsem2, samples=RADIAL)
def mathieu_modsem(y, m, q, x):
    return MISSING, MISSING, modified_mathieu(y, special.mathieu_b(m, q), q, x)


# --- spheroidal wave functions ---


def mean_square(wave, x, weights):
    """The mean of `x**2`, weighted by the square of an eigenfunction."""
    return np.sum(weights * x**2 * wave**2, axis=-1) / np.sum(weights * wave**2, axis=-1)


VALUES = [call(1, 2, draw("positive", 3)).without_twin()]


@elementwise(special.pro_cv, samples=VALUES)
def pro_cv(y, m, n, c):
    """The eigenvalue's perturbation by `(c x)**2`; exact for degrees below 60."""
    x, weights = special.roots_legendre(64)
    wave = special.pro_ang1(m, n, np.expand_dims(c, -1), x)[0]
    return MISSING, MISSING, 2 * c * mean_square(wave, x, weights)


@elementwise(special.obl_cv, samples=VALUES)
def obl_cv(y, m, n, c):
    x, weights = special.roots_legendre(64)
    wave = special.obl_ang1(m, n, np.expand_dims(c, -1), x)[0]
    return MISSING, MISSING, -2 * c * mean_square(wave, x, weights)


@composed(special.pro_cv_seq, wrt=["c"], samples=[call(1, 3, draw("positive")).without_twin()])
def pro_cv_seq(m, n, c):
    return np.stack([special.pro_cv(m, k, c) for k in range(m, n + 1)])


@composed(special.obl_cv_seq, wrt=["c"], samples=[call(1, 3, draw("positive")).without_twin()])
def obl_cv_seq(m, n, c):
    return np.stack([special.obl_cv(m, k, c) for k in range(m, n + 1)])


ANGLES, BEYOND = draw((-0.9, 0.9), 4), draw((1.2, 3.0), 4)


def prolate(y, m, c, value, x):
    """The slopes of a solution of the spheroidal equation, DLMF 30.2.1, in SciPy's characteristic value."""
    square = 1 - x**2
    return y[1], (2 * x * y[1] - (value - (c * x) ** 2 - m**2 / square) * y[0]) / square


def oblate(y, m, c, value, x):
    """The same for an imaginary c."""
    square = 1 - x**2
    return y[1], (2 * x * y[1] - (value + (c * x) ** 2 - m**2 / square) * y[0]) / square


def oblate_radial(y, m, c, value, x):
    """The same for an imaginary c and an imaginary x."""
    square = 1 + x**2
    return y[1], ((value - (c * x) ** 2 - m**2 / square) * y[0] - 2 * x * y[1]) / square


@elementwise(special.pro_ang1, samples=[call(1, 2, 1.5, ANGLES).without_twin()])
@elementwise(special.pro_rad1, samples=[call(1, 2, 1.5, BEYOND).without_twin()])
def pro(y, m, n, c, x):
    return MISSING, MISSING, MISSING, prolate(y, m, c, special.pro_cv(m, n, c), x)


@elementwise(
    special.pro_ang1_cv, samples=[call(1, 2, 1.5, 6.944784813644279, ANGLES).without_twin()]
)
@elementwise(
    special.pro_rad1_cv, samples=[call(1, 2, 1.5, 6.944784813644279, BEYOND).without_twin()]
)
def pro_with_value(y, m, n, c, cv, x):
    return MISSING, MISSING, MISSING, MISSING, prolate(y, m, c, cv, x)


@elementwise(special.obl_ang1, samples=[call(1, 2, 1.5, ANGLES).without_twin()])
def obl_ang1(y, m, n, c, x):
    return MISSING, MISSING, MISSING, oblate(y, m, c, special.obl_cv(m, n, c), x)


@elementwise(
    special.obl_ang1_cv, samples=[call(1, 2, 1.5, 5.015885665256057, ANGLES).without_twin()]
)
def obl_ang1_cv(y, m, n, c, cv, x):
    return MISSING, MISSING, MISSING, MISSING, oblate(y, m, c, cv, x)


@elementwise(special.obl_rad1, samples=[call(1, 2, 1.5, BEYOND).without_twin()])
def obl_rad(y, m, n, c, x):
    return MISSING, MISSING, MISSING, oblate_radial(y, m, c, special.obl_cv(m, n, c), x)


@elementwise(
    special.obl_rad1_cv, samples=[call(1, 2, 1.5, 5.015885665256057, BEYOND).without_twin()]
)
def obl_rad_cv(y, m, n, c, cv, x):
    return MISSING, MISSING, MISSING, MISSING, oblate_radial(y, m, c, cv, x)

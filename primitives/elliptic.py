"""Elliptic integrals, by the parameter m. Formulas: DLMF chapter 19, dlmf.nist.gov.

The derivatives are written in Carlson's integrals, which lose no digits where `K - E` would: at m near 0.
"""

import numpy as np
from scipy import special
from scipy.special import elliprd

from .. import special as compiled
from .registry import adjoint, call, draw, elementwise, tangent

PARAMETER = draw((-2.0, 0.9), 3, 4)
POSITIVE = [draw("positive", 4) for _ in range(3)]


@elementwise(special.ellipk, jax=compiled.ellipk, samples=[call(PARAMETER).without_twin()])
def ellipk(y, m):
    """DLMF 19.4.1 and 19.25.1."""
    return (y - elliprd(0, 1 - m, 1) / 3) / (2 * (1 - m))


@elementwise(special.ellipkm1, jax=compiled.ellipkm1, samples=[call(POSITIVE[0]).without_twin()])
def ellipkm1(y, p):
    return (elliprd(0, p, 1) / 3 - y) / (2 * p)


@elementwise(special.ellipe, jax=compiled.ellipe, samples=[call(PARAMETER).without_twin()])
def ellipe(y, m):
    """DLMF 19.4.2 and 19.25.1."""
    return -elliprd(0, 1 - m, 1) / 6


INCOMPLETE = [
    call(draw((-1.4, 1.4), 4), draw((-2.0, 0.9), 4)).without_twin(),
    call(draw((2.0, 9.0), 4), draw((-2.0, 0.9))).without_twin(),
]


def difference(phi, m):
    """`(F - E) / m`, DLMF 19.25.10, for any angle."""
    turns = np.round(phi / np.pi)
    sin, cos = np.sin(phi - turns * np.pi), np.cos(phi)
    part = sin**3 * elliprd(cos**2, 1 - m * sin**2, 1)
    return (part + 2 * turns * elliprd(0, 1 - m, 1)) / 3


@elementwise(special.ellipkinc, jax=compiled.ellipkinc, samples=INCOMPLETE)
def ellipkinc(y, phi, m):
    """DLMF 19.4.3."""
    sin, cos = np.sin(phi), np.cos(phi)
    root = np.sqrt(1 - m * sin**2)
    return 1 / root, (y - difference(phi, m) - sin * cos / root) / (2 * (1 - m))


@elementwise(special.ellipeinc, jax=compiled.ellipeinc, samples=INCOMPLETE)
def ellipeinc(y, phi, m):
    """DLMF 19.4.5."""
    return np.sqrt(1 - m * np.sin(phi) ** 2), -difference(phi, m) / 2


@elementwise(special.elliprf, jax=compiled.elliprf, samples=[call(*POSITIVE).without_twin()])
def elliprf(y, u, v, w):
    """DLMF 19.18.1."""
    return -elliprd(v, w, u) / 6, -elliprd(w, u, v) / 6, -elliprd(u, v, w) / 6


@elementwise(elliprd, jax=compiled.elliprd, samples=[call(*POSITIVE).without_twin()])
def elliprd_(y, u, v, w):
    """DLMF 19.18.3 and 19.18.8; NaN where `w` equals one of the others."""
    along_u = (y - elliprd(v, w, u)) / (2 * (w - u))
    along_v = (y - elliprd(w, u, v)) / (2 * (w - v))
    return along_u, along_v, -1.5 / (np.sqrt(u * v * w) * w) - along_u - along_v


@elementwise(special.elliprc, samples=[call(*POSITIVE[:2]).without_twin()])
def elliprc(y, x, other):
    """Of `elliprf(x, y, y)`, DLMF 19.16.6."""
    return -elliprd(other, other, x) / 6, -elliprd(x, other, other) / 3


@elementwise(special.elliprg, samples=[call(*POSITIVE).without_twin()])
def elliprg(y, u, v, w):
    """From the integral in DLMF 19.16.9."""
    first = special.elliprf(u, v, w)
    return (
        (first - u * elliprd(v, w, u) / 3) / 4,
        (first - v * elliprd(w, u, v) / 3) / 4,
        (first - w * elliprd(u, v, w) / 3) / 4,
    )


@elementwise(special.elliprj, samples=[call(*POSITIVE, draw("positive", 4)).without_twin()])
def elliprj(y, u, v, w, p):
    """From the integral in DLMF 19.16.2 and its degree of -3/2; NaN where `p` equals one of the others."""
    along_u = (y - elliprd(v, w, u)) / (2 * (p - u))
    along_v = (y - elliprd(w, u, v)) / (2 * (p - v))
    along_w = (y - elliprd(u, v, w)) / (2 * (p - w))
    rest = u * along_u + v * along_v + w * along_w
    return along_u, along_v, along_w, -(1.5 * y + rest) / p


# --- Jacobi's elliptic functions ---

ARGUMENTS = [
    call(draw((-2.0, 2.0), 4), draw((0.1, 0.9), 4)).without_twin(),
    call(draw((-2.0, 2.0), 4), 0.5).without_twin(),
]


@adjoint(special.ellipj, dtype="ufunc", samples=ARGUMENTS)
def ellipj(dy, y, u, m):
    """DLMF 22.13.1 to 22.13.3 in u; in m through the amplitude, of which u is the integral: 22.16.1 and 19.4.3."""
    sn, cn, dn, ph = y
    d_amplitude = dy[0] * cn - dy[1] * sn - dy[2] * m * sn * cn / dn + dy[3]
    slope = (dn * (difference(ph, m) - u) + sn * cn) / (2 * (1 - m))
    return d_amplitude * dn, d_amplitude * slope - dy[2] * sn**2 / (2 * dn)


@tangent(special.ellipj)
def ellipj_tangent(u_dot, m_dot, y, u, m):
    sn, cn, dn, ph = y
    slope = (dn * (difference(ph, m) - u) + sn * cn) / (2 * (1 - m))
    ph_dot = u_dot * dn + m_dot * slope
    dn_dot = -(m_dot * sn / 2 + m * cn * ph_dot) * sn / dn
    return ph_dot * cn, -ph_dot * sn, dn_dot, ph_dot

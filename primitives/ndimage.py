"""Interpolation on a grid: `scipy.ndimage.map_coordinates`."""

import itertools

import numpy as np
import scipy.ndimage

from .asked import computed
from .registry import call, composed, draw, real

INSIDE = draw((0.1, 1.9), 2, 5)


@computed
def corners(ndim):
    """The corners of a cell, as 0 and 1 for each axis."""
    return list(itertools.product((0, 1), repeat=ndim))


@composed(
    scipy.ndimage.map_coordinates,
    inline=True,  # JAX mixes the border with what lies outside, and knows no other order
    wrt=["x", "coordinates"],
    dtype="float",
    samples=[
        call(real(3, 3), INSIDE, order=1).without_twin(),
        call(real(4), draw((-1.0, 4.0), 1, 6), order=1, cval=2.0).without_twin(),
        call(real(4), draw((-1.0, 4.0), 1, 6), order=1, mode="nearest").without_twin(),
    ],
)
def map_coordinates(x, coordinates, order=3, mode="constant", cval=0.0):
    """Linear between the points of the grid. Outside the value is constant, and does not depend on the place."""
    if order != 1 or mode not in ("constant", "nearest"):
        raise NotImplementedError(
            "map_coordinates but for order=1 and the modes constant and nearest"
        )
    lasts = [n - 1 for n in x.shape]
    inside = [(coordinates[k] >= 0) & (coordinates[k] <= last) for k, last in enumerate(lasts)]
    places = [np.clip(coordinates[k], 0, last) for k, last in enumerate(lasts)]
    bases = [np.clip(np.floor(c), 0, max(n - 2, 0)) for c, n in zip(places, x.shape, strict=True)]
    shares = [c - base for c, base in zip(places, bases, strict=True)]
    cells = [base.astype(int) for base in bases]
    total = np.zeros(coordinates.shape[1:], x.dtype)
    for corner in corners(x.ndim):
        weight, index = 1.0, []
        for k, side in enumerate(corner):
            weight = weight * (shares[k] if side == 1 else 1 - shares[k])
            index = index + [np.minimum(cells[k] + side, lasts[k])]
        total = total + weight * x[tuple(index)]
    if mode == "nearest":
        return total.astype(x.dtype)
    whole = inside[0]
    for other in inside[1:]:
        whole = whole & other
    return np.where(whole, total, cval).astype(x.dtype)

"""Systems whose matrix is given by its diagonals: `ab[upper + i - j, j]` is `a[i, j]`.

As for `solve`: Giles (2008), section 2.3.1. Only the diagonals are ever formed.
"""

import numpy as np
import scipy.linalg

from ..linalg import solve_banded as compiled_solve
from .asked import computed, is_complex
from .registry import adjoint, call, composed, draw, holds_for_complex, real, tangent


def lowered(v, k):
    """A vector's elements, or a matrix's rows, k places further down: zeros follow them."""
    if k == 0:
        return v
    none = np.zeros_like(v[: abs(k)])
    return np.concatenate([none, v[:-k]] if k > 0 else [v[-k:], none])


def transposed(ab, lower, upper):
    """The diagonals of the transpose."""
    rows = [
        ab[upper + k] if k == 0 else np.roll(ab[upper + k], k) for k in range(lower, -upper - 1, -1)
    ]
    return np.stack(rows)


def times(ab, x, upper):
    """The product of a matrix of bands with a vector or a matrix."""
    rows = [row if x.ndim == 1 else row[:, None] for row in ab]
    terms = [lowered(row * x, k - upper) for k, row in enumerate(rows)]
    return sum(terms[1:], terms[0])


@adjoint(
    scipy.linalg.solve_banded,
    jax=compiled_solve,
    dtype="float",
    wrt=["ab", "b"],
    samples=[
        call((1, 1), draw((1.0, 2.0), 3, 4), real(4)).without_twin(),
        call((0, 1), draw((1.0, 2.0), 2, 4), real(4, 2)).without_twin(),
        call((2, 1), draw((1.0, 2.0), 4, 5), real(5, 2)).without_twin(),
    ],
)
def solve_banded(dy, y, l_and_u, ab, b):
    if ab.ndim != 2 or b.ndim > 2:
        raise NotImplementedError("scipy.linalg.solve_banded of several matrices")
    lower, upper = l_and_u
    db = scipy.linalg.solve_banded((upper, lower), transposed(ab, lower, upper), dy)
    products = [-lowered(db, upper - k) * y for k in range(lower + upper + 1)]
    dab = np.stack(products if b.ndim == 1 else [np.sum(p, axis=1) for p in products])
    return None, dab, db


@tangent(scipy.linalg.solve_banded)
def solve_banded_tangent(ab_dot, b_dot, y, l_and_u, ab, b):
    if ab.ndim != 2 or b.ndim > 2:
        raise NotImplementedError("scipy.linalg.solve_banded of several matrices")
    change = scipy.linalg.solve_banded(l_and_u, ab, -times(ab_dot, y, l_and_u[1]))
    return change, scipy.linalg.solve_banded(l_and_u, ab, b_dot)


@computed
def on_one_side(rows):
    return rows - 1


def whole(ab, lower):
    """The diagonals of a Hermitian matrix that is given by those on one side."""
    n = on_one_side(ab.shape[0])
    main = ab[0] if lower else ab[n]
    main = np.real(main) if is_complex(ab) else main
    given = [ab[k] for k in (range(1, n + 1) if lower else range(n))]
    if is_complex(ab):
        mirrored = [np.conj(row) for row in reversed(given)]
    else:
        mirrored = list(reversed(given))
    if lower:
        return np.stack([*[np.roll(row, n - k) for k, row in enumerate(mirrored)], main, *given])
    return np.stack([*given, main, *[np.roll(row, -k - 1) for k, row in enumerate(mirrored)]])


@composed(
    scipy.linalg.solveh_banded,
    inline=True,
    dtype="float",
    wrt=["ab", "b"],
    samples=[call(draw((1.0, 2.0), 1, 4), real(4)).without_twin()],
)
def solveh_banded(ab, b, lower=False):
    """As a matrix whose diagonals are given on both sides."""
    n = on_one_side(ab.shape[0])
    return scipy.linalg.solve_banded((n, n), whole(ab, lower), b)


holds_for_complex(scipy.linalg.solve_banded, scipy.linalg.solveh_banded)

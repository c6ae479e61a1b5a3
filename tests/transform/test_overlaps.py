"""Assignments whose two sides lie in the same memory: as NumPy does them, or refused where NumPy goes wrong."""

import itertools

import numpy as np
import pytest
from backprose.transform.overlaps import collide

from backprose import RefusedError, grad


def test_where_nothing_collides_numpy_is_right():
    """Every pair of slices of seven elements with different steps."""
    places = np.arange(7)
    slices = [slice(a, None, s) for a in range(7) for s in (1, 2, 3)]
    counts = {True: 0, False: 0}
    for to, source in itertools.product(slices, slices):
        length = min(len(places[to]), len(places[source]))
        to = slice(to.start, places[to][length - 1] + 1, to.step)
        source = slice(source.start, places[source][length - 1] + 1, source.step)
        if to.step == source.step:
            continue
        found, wanted = places.copy(), places.copy()
        found[to], wanted[to] = found[source], wanted[source].copy()
        collision = collide(places[to].tolist(), places[source].tolist(), in_order=True)
        counts[collision] += 1
        assert collision or np.array_equal(found, wanted), (to, source)
    assert min(counts.values()) >= 7


def every_third(x, b):
    x[::2] = x[:3]
    return np.sum(x * np.arange(5.0))


def column_into_row(x, b):
    b[1] = b[:, 2]
    return np.sum(b**2)


def through_a_name(x, b):
    r = b[:, 0]
    b[1] = r
    return np.sum(b**2)


def into_a_view(x, b):
    r = b.T[1]
    r[:] = b[0]
    return np.sum(b**2)


def at_places_that_are_computed(x, b):
    for i in range(3):
        b[i] = b[:, i - 1]
    return np.sum(b**2)


REFUSED = [every_third, column_into_row, through_a_name, into_a_view, at_places_that_are_computed]


@pytest.mark.parametrize("function", REFUSED, ids=lambda f: f.__name__)
def test_an_overlap_that_numpy_may_get_wrong_is_refused(function):
    with pytest.raises(RefusedError, match="NumPy may overwrite") as error:
        grad(function, argnums=(0, 1))(np.arange(5.0), np.arange(9.0).reshape(3, 3))
    assert ".copy()" in str(error.value) and f"{__file__}:" in str(error.value)


def a_shift(x, b):
    x[1:] = x[:-1]
    return np.sum(x * np.arange(5.0))


def the_odd_from_the_even(x, b):
    x[1::2] = x[:-1:2]
    return np.sum(x * np.arange(5.0))


def a_symmetric_matrix(x, b):
    for i in range(3):
        b[i] = b[:, i]
    return np.sum(b * np.arange(9.0).reshape(3, 3))


def a_triangle(x, b):
    for i in range(3):
        b[i, :i] = b[:i, i]
    return np.sum(b * np.arange(9.0).reshape(3, 3))


def a_row_from_a_copy(x, b):
    b[1] = b[:, 2].copy()
    return np.sum(b * np.arange(9.0).reshape(3, 3))


def a_transpose_of_two_axes(x, b):
    b[:] = b.T
    return np.sum(b * np.arange(9.0).reshape(3, 3))


RIGHT = [
    a_shift,
    the_odd_from_the_even,
    a_symmetric_matrix,
    a_triangle,
    a_row_from_a_copy,
    a_transpose_of_two_axes,
]


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize("function", RIGHT, ids=lambda f: f.__name__)
def test_other_overlaps_are_as_in_numpy(function, target):
    """All are linear: the gradient times the argument is the value."""
    rng = np.random.default_rng(0)
    x, b = rng.normal(size=5), rng.normal(size=(3, 3))
    value = function(x.copy(), b.copy())
    dx, db = grad(function, argnums=(0, 1), target=target)(x, b)
    np.testing.assert_allclose(np.sum(dx * x) + np.sum(db * b), value, rtol=1e-12)
    for k in range(3):  # a column of the matrix at a time
        e = np.zeros((3, 3))
        e[:, k] = rng.normal(size=3)
        wanted = function(np.zeros(5), e.copy())
        np.testing.assert_allclose(np.sum(db * e), wanted, rtol=1e-12, atol=1e-15)

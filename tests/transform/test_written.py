"""Functions that are written out in Python: what JAX and NumPy make of them is the reference."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from programs.references import assert_gradient

from backprose import RefusedError, grad, lower, value_and_grad


def scanned(A, w):
    def body(carry, row):
        carry = jnp.tanh(carry * row + w)
        return carry, jnp.sum(carry**2)

    carry, sums = lax.scan(body, jnp.ones(3), A)
    return jnp.sum(carry) + jnp.sum(sums * jnp.arange(4.0))


def scanned_backwards(A, w):
    def body(carry, row):
        return carry * row + w, (carry, carry[0] * row)

    carry, (befores, products) = lax.scan(body, jnp.ones(3), A, reverse=True)
    return jnp.sum(carry) + jnp.sum(befores * products * jnp.arange(4.0)[:, None])


def scanned_pairs(A, w):
    def body(carry, pair):
        (c, n), (row, factor) = carry, pair
        return (jnp.sin(c * row) * factor, n + 1.0), None

    (c, n), nothing = lax.scan(body, (w, 0.0), (A, jnp.arange(4.0)))
    assert nothing is None
    return jnp.sum(c) * n


def scanned_over_nothing(A, w):
    carry, rows = lax.scan(lambda c, _: (jnp.sin(c * A[1]) + w, c), w, None, length=5)
    return jnp.sum(carry * rows[2])


def fori(A, w):
    return jnp.sum(lax.fori_loop(0, 4, lambda k, c: jnp.tanh(c + A[k] * w), jnp.zeros(3)))


def while_(A, w):
    def more(state):
        return jnp.sum(state[0] ** 2) < 50.0

    def body(state):
        x, k = state
        return 1.5 * x + A[0] ** 2, k + 1

    x, k = lax.while_loop(more, body, (w, 0))
    return jnp.sum(x) * k


def condition(A, w):
    return lax.cond(jnp.sum(A) > 0, lambda a, b: jnp.sum(a @ b), lambda a, b: jnp.sum(a * b), A, w)


def switched(A, w):
    def at(k):
        return lax.switch(k, [jnp.sum, lambda a: jnp.sum(a**2), functools.partial(jnp.dot, w)], w)

    return at(0) + 2 * at(1) + 3 * at(2) + at(-5) + at(7)


def switched_by_data(A, w):
    k = jnp.argmax(A[0])
    return lax.switch(k, [jnp.sum, lambda a: jnp.sum(a**2), lambda a: jnp.sum(a**3)], w) * A[0, 0]


def mapped(A, w):
    return jnp.sum(lax.map(lambda row: jnp.sin(row) @ w, A) ** 2)


def vectorised(A, w):
    def length(row, w):
        return jnp.sqrt(jnp.sum((row * w) ** 2)), row * 2

    lengths, doubled = jax.vmap(length, in_axes=(0, None))(A, w)
    return jnp.sum(lengths) + jnp.sum(doubled**2) + jnp.sum(jax.vmap(jnp.sin, 1, 1)(A) * A)


def compiled(A, w):
    def inner(a):
        return jnp.sin(a) * w

    return jnp.sum(jax.checkpoint(jax.jit(inner))(A)) + jnp.sum(jax.jit(lambda a: a**2)(A))


def nested_streams(A, w):
    def body(c, rows):
        row, (first, [second, _]) = rows
        return c + row * first * second[0], c[:2]

    B = A * 2
    c, ys = lax.scan(body, w, (A, (A[:, 0], [B, None])))
    return jnp.sum(c) + jnp.sum(ys**2)


def rebound(A, w):
    """JAX's arrays cannot be changed: `+=` gives a name another one, and nothing else changes."""

    def body(c, row):
        before = c
        c += row
        return c, before * c

    def doubled(v):
        v *= 2
        return jnp.sum(v**2)

    start = w * 1.0
    c, products = lax.scan(body, start, A)
    total = jnp.sum(c * start) + jnp.sum(products) + jnp.sum(jax.vmap(doubled)(A)) + jnp.sum(A)
    branch = lax.cond(w[0] > 0, doubled, doubled, start)
    return total + branch + jnp.sum(lax.fori_loop(0, 2, lambda k, v: body(v, w)[1], start) * start)


OF_JAX = [
    rebound,
    nested_streams,
    scanned,
    scanned_backwards,
    scanned_pairs,
    scanned_over_nothing,
    fori,
    condition,
    switched,
    switched_by_data,
    mapped,
    vectorised,
    compiled,
]


@pytest.fixture
def arguments(rng):
    return rng.normal(size=(4, 3)), rng.uniform(0.5, 1.5, size=3)


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize("function", OF_JAX, ids=lambda f: f.__name__)
def test_the_control_of_jax(function, target, arguments, x64):
    value, gradients = value_and_grad(function, (0, 1), target=target)(*arguments)
    expected, references = jax.value_and_grad(function, (0, 1))(*arguments)
    assert value == pytest.approx(float(expected), rel=1e-13)
    for ours, theirs in zip(gradients, references, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("target", ["jax", "numpy"])
def test_a_while_loop_that_jax_cannot_differentiate(target, arguments, rng, x64):
    gradients = grad(while_, (0, 1), target=target)(*arguments)
    assert_gradient(while_, gradients, arguments, [0, 1], rng)


def of_rows(A, w):
    def normal(row, power):
        return row / np.sum(row**power)

    sums = np.apply_along_axis(np.sum, 0, A)
    return np.sum(np.apply_along_axis(normal, 1, A**2, power=2) * w) + np.sum(sums * w)


def with_axes(A, w):
    cube = np.reshape(np.outer(A, w), (4, 3, 3))
    found = np.apply_along_axis(lambda v: np.outer(v, v[:2]), 1, cube)
    return np.sum(found * np.arange(found.size).reshape(found.shape))


def by_places(A, w):
    return np.sum(np.fromfunction(lambda i, j: i * j + 1, (4, 3)) * A * w)


def in_pieces(A, w):
    x = A[:, 0]
    y = np.piecewise(x, [x < 0, x > 0.5], [lambda v: np.sqrt(-v), lambda v: v * np.mean(v), 7.0])
    z = np.piecewise(x, [x > 0], [np.sin])
    return np.sum(y * x) + np.sum(z)


def with_a_diagonal(A, w):
    B, C = A @ A.T, A.copy()
    np.fill_diagonal(B, w[0])
    np.fill_diagonal(C, w**2)
    return np.sum(B**2) + np.sum(np.sin(C))


def with_places(A, w):
    B, places = A.copy(), np.array([[0, 2], [1, 0], [2, 1], [0, 1]])
    np.put_along_axis(B, places, A[:, :2] ** 2, axis=1)
    C = A.copy()
    np.put_along_axis(C, np.array([[3, 0, 1]]), w, axis=0)
    D = w.copy()
    np.put_along_axis(D, np.array([2, 0]), np.array([5.0, 6.0]), 0)
    return np.sum(B**2) + np.sum(C**3) + np.sum(D**2)


def overwritten(A, w):
    B, C, D = A.copy(), A * 2, A.copy()
    np.copyto(B, w**2)
    np.copyto(C, w, where=A > 0)
    np.putmask(D, D < 0, 3.0)
    np.put(D, [1, 5], w[:2])
    return np.sum(B * A) + np.sum(C**2) + np.sum(D**2)


def counted(A, w):
    labels = np.array([0, 2, 2, 1, 0, 0, 4, 1, 2, 0, 1, 4])
    sums = np.bincount(labels, weights=(A * w).ravel(), minlength=6)
    counts = np.bincount(labels, minlength=6)
    return np.sum(sums**2) + np.sum(counts * sums)


def binned(A, w):
    x = np.linspace(-1.0, 1.0, 12)
    one, _ = np.histogram(x, bins=5, range=(-0.8, 1.0), weights=(A * w).ravel())
    two, edges = np.histogram(A, bins=np.int64(4), range=(-1, 1), weights=np.outer(A[:, 0] ** 2, w))
    three, _ = np.histogram(A.ravel(), bins=np.array([-1.0, 0.0, 0.5]), density=True)
    return np.sum(one**2) + np.sum(two**2) + np.sum(edges) + np.sum(three)


OF_NUMPY = [
    of_rows,
    with_axes,
    by_places,
    in_pieces,
    with_a_diagonal,
    with_places,
    overwritten,
    counted,
    binned,
]


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize("function", OF_NUMPY, ids=lambda f: f.__name__)
def test_functions_of_numpy(function, target, arguments, rng, x64):
    value, gradients = value_and_grad(function, (0, 1), target=target)(*arguments)
    assert value == pytest.approx(function(*arguments), rel=1e-13)
    assert_gradient(function, gradients, arguments, [0, 1], rng)


def overwrite(function, array, *args):
    function(array, *args)
    return array


def test_what_a_function_changes_in_place_is_seen_by_every_alias():
    def f(x):
        y = x * 2
        view = y[:, 0]
        np.fill_diagonal(y, 0.0)
        return np.sum(view**2)

    np.testing.assert_allclose(grad(f)(np.ones((2, 2))), [[0, 0], [8, 0]])


def test_histograms_count_as_numpy_does_on_the_edges():
    """The edges are NumPy's own numbers, in the dtype that it gives them."""

    def weighed(x, w):
        counts, edges = np.histogram(x, bins=10, range=(0, 1), weights=w)
        return np.sum(counts * np.arange(10)) + np.sum(edges), counts

    for dtype in (np.float64, np.float32):
        x = np.linspace(0, 1, 21).astype(dtype)
        w = np.arange(21.0)
        for target in ("jax", "numpy"):
            (value, counts), _ = value_and_grad(weighed, 1, has_aux=True, target=target)(x, w)
            np.testing.assert_array_equal(counts, np.histogram(x, 10, (0, 1), weights=w)[0])
            assert value == pytest.approx(weighed(x, w)[0], rel=1e-6)  # a sum in the dtype of x
    for x in (np.arange(7), np.arange(7, dtype=np.uint8)):
        counts = lower(lambda x: np.histogram(x, bins=10, range=(0, 6))[0])(x)
        np.testing.assert_array_equal(counts, np.histogram(x, bins=10, range=(0, 6))[0])

    def of_complex(w):
        return np.sum(
            np.abs(np.histogram(np.array([-1.0, 0.4, 2.0]), 2, (0, 3), weights=w * 1j)[0])
        )

    w = np.array([-1.0, 0.4, 2.0])
    assert of_complex(w) == value_and_grad(of_complex)(w)[0] == pytest.approx(2.4)
    np.testing.assert_allclose(grad(of_complex)(w), [0, 1, 1])


def test_bincount_checks_an_argument():
    def f(x, k):
        return np.sum(np.bincount(k, weights=x, minlength=3) ** 2)

    x = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(grad(f)(x, np.array([0, 2, 2])), [2, 10, 10])
    with pytest.raises((IndexError, ValueError)):
        grad(f)(x, np.array([0, 2, 3]))


def counted_in_a_loop(x):
    places, total = np.array([0, 1]), 0.0
    for _ in range(2):
        total += np.bincount(places, weights=x, minlength=3)[1]
        places[0] += 1
    return total


def cast_without_asking(x):
    counts = np.zeros(2, dtype=int)
    np.copyto(counts, x)
    return np.sum(counts * x)


REFUSED = [
    (counted_in_a_loop, "computed numbers"),
    (cast_without_asking, "cannot cast"),
    (
        lambda x: np.sum(np.bincount((x * 2).astype(int), weights=x, minlength=3)),
        "computed numbers",
    ),
    (lambda x: np.sum(np.histogram(x, weights=x)[0]), "without a range"),
    (lambda x: jnp.sum(jax.vmap(lambda t: t[0] * t[1])((x, x))), "a container"),
    (lambda x: jnp.sum(jax.vmap(lambda r: [r, r * r])(x)[1]), "a tuple of arrays"),
    (lambda x: jnp.sum(lax.scan(lambda c, r: (c, (c, (r, r))), 0.0, x)[1][0]), "a tuple of arrays"),
    (lambda x: lax.scan(lambda c, r: (c + r, (c, None)), 0.0, x)[0], "a tuple of arrays"),
    (lambda x: lax.scan(lambda c, r: (c + r, c), 0.0, x, length=3)[0], "different lengths"),
    (lambda x: jnp.sum(jax.vmap(jnp.multiply)(x, x[:1])), "different lengths"),
    (lambda x: lax.scan(lambda c, r: (c + r, c), 0.0, x[:0])[0], "a loop over nothing"),
    (lambda x: np.sum(overwrite(np.putmask, np.outer(x, x), x[:, None] > 0, x)), "repeated"),
    (lambda x: np.sum(overwrite(np.put, x * 2, [0, 1], [1.0])), "repeated"),
    (lambda x: np.sum(np.bincount(np.array([0, 1]), weights=x)), "minlength"),
    (lambda x: np.fill_diagonal(x.reshape(1, 1, 2), 0.0), "fill_diagonal"),
    (lambda x: jnp.sum(jax.vmap(jnp.sin, in_axes=None)(x)), "vmap"),
    (lambda x: jnp.sum(lax.scan(lambda c, y: (c, y), 0.0, {"a": x})[0]), "a dict"),
    (lambda x: jnp.sum(lax.fori_loop(0, 2, lambda k: x, x)), "arguments"),
]


@pytest.mark.parametrize(("function", "why"), REFUSED)
def test_what_is_refused_points_at_the_users_line(function, why):
    with pytest.raises((RefusedError, ValueError), match=why) as caught:
        grad(function)(np.ones(2))
    assert caught.value.span is not None and caught.value.span.file == __file__

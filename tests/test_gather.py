"""Adjoints of windows: padded once, read at mirrored offsets; and loops whose arrays change places."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from backprose import RefusedError, check_grads, grad, lower, value_and_grad

U = np.random.default_rng(5).normal(size=(9, 8))


def laplacian(u):
    return 4 * u[1:-1, 1:-1] - u[2:, 1:-1] - u[:-2, 1:-1] - u[1:-1, 2:] - u[1:-1, :-2]


def laplacian_of_one_row(u):
    return np.sum((u[1:] - u[:-1]) ** 2) + np.sum((2 * u[:, 1:] - u[:, :-1]) ** 2)


def two_stages(u):
    return 0.5 * np.sum(laplacian(np.sin(laplacian(u))) ** 2)


def coefficients(u, k):
    return np.sum((k[1:] * u[1:] - k[:-1] * u[:-1]) ** 2) + np.sum(u[3:] * u[:-3])


def three_axes(u):
    w = u[:, None, :] * np.cos(u)[None, :, ::-1]
    return np.sum((w[1:, :-1, 1:] - 2 * w[:-1, 1:, :-1]) ** 2) + np.sum(w[:, :, 1:] * w[:, :, :-1])


def in_a_loop(u, f):
    v = u.copy()
    for _ in range(5):
        v[1:-1, 1:-1] = 0.25 * (
            u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - f[1:-1, 1:-1]
        )
        u, v = v, u
    return np.sum(np.sin(u)) + np.sum(v**2)


def rows_of_a_loop(A):
    for i in range(1, A.shape[0]):
        A[i, 1:-1] += 0.3 * (A[i - 1, :-2] - 2 * A[i - 1, 1:-1] + A[i - 1, 2:])
    return np.sum(np.sin(A))


COEFFICIENTS = np.cos(np.arange(42.0)).reshape(7, 6)


def array_from_outside(u):
    v = u**2
    for _ in range(2):
        v[1:-1, 1:-1] += 0.1 * np.sin(v[2:, 1:-1] * COEFFICIENTS + v[:-2, 1:-1] * 2.0 - v[1:-1, 2:])
    return np.sum(v) + np.sum((u[2:, 1:-1] * COEFFICIENTS + u[:-2, 1:-1]) ** 2)


def restricted(u):
    """From a fine grid to one with half as many points."""
    c = u[1:-1:2, 1:-1:2] - 0.5 * u[:-2:2, 1:-1:2] - 0.5 * u[2::2, 1:-1:2]
    return np.sum(np.sin(c) * c[::-1])


def weighted(u):
    """The two windows of one product, and the third with another factor."""
    c = 0.25 * u[:-2:2] + 0.5 * u[1:-1:2] + 0.25 * u[2::2]
    return np.sum(np.sin(c))


def in_threes(u):
    return np.sum((u[:-2:3, ::2] * u[1:-1:3, ::2] - u[2::3, ::2]) ** 3) + np.sum(u[::3] * u[2::3])


CASES = [
    (restricted, (U[:, :7],)),
    (restricted, (U[:3, :3],)),
    (weighted, (U[:, 0],)),
    (weighted, (U,)),
    (in_threes, (U,)),
    (array_from_outside, (U,)),
    (laplacian_of_one_row, (U[:1],)),
    (laplacian_of_one_row, (U[:, :1],)),
    (two_stages, (U,)),
    (coefficients, (U, np.cos(U))),
    (three_axes, (U[:4, :6],)),
    (in_a_loop, (U, np.cos(U))),
    (rows_of_a_loop, (U,)),
]


@pytest.mark.parametrize("function, point", CASES, ids=lambda x: getattr(x, "__name__", "at"))
def test_gradients(function, point):
    every = tuple(range(len(point)))
    check_grads(function, point)
    for one, two in zip(
        grad(function, every)(*point), grad(function, every, target="numpy")(*point), strict=True
    ):
        np.testing.assert_allclose(one, two, rtol=1e-12, atol=1e-13)


def test_an_array_is_padded_once():
    text = value_and_grad(two_stages).source_for(U)
    assert text.count("jnp.pad") == 2 and ".at[" not in text
    stencil = "-t2[1:-1, 2:] - t2[1:-1, :-2] - t2[2:, 1:-1] - t2[:-2, 1:-1] + t2[1:-1, 1:-1] * 4"
    assert f"t2 = jnp.pad(t1, 2)\n    dt = {stencil}" in text


def test_windows_with_steps_are_read_from_one_padded_array():
    text = value_and_grad(weighted).source_for(U[:, 0])
    assert "t = lax.pad(dc, 0.0, [(2, 2, 1)])" in text
    assert "t[:-2] * 0.25 + t[1:-1] * 0.5 + t[2:] * 0.25" in text and ".at[" not in text


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_of_padding(dtype):
    point = U[:, 0].astype(dtype)
    found, expected = grad(weighted)(point), grad(weighted, target="numpy")(point)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, expected, rtol=8 * np.finfo(dtype).eps)


def test_the_sum_is_the_same_to_the_last_bit():
    """The additions come in the same order as those of the NumPy text, which adds window by window."""
    found = grad(in_a_loop, (0, 1))(U, np.cos(U))
    expected = grad(in_a_loop, (0, 1), target="numpy")(U, np.cos(U))
    for one, two in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, two, rtol=4e-16, atol=4e-16)


def test_a_small_window_is_added_in_place():
    def edges(u):
        for _ in range(3):
            u[0:2] += np.sin(u[2:4])
            u[5:7] += np.sin(u[2:4])
        return np.sum(u**2)

    assert "jnp.pad" not in grad(edges).source_for(U)


def test_loops_that_exchange_arrays_run_two_iterations_at_a_time():
    text = value_and_grad(in_a_loop, (0, 1)).source_for(U, U)
    assert text.count(", unroll=2)") == 2 and text.count("# Two at a time") == 2
    assert "unroll" not in value_and_grad(rows_of_a_loop).source_for(U)


def test_rows_that_are_passed_on_are_no_exchange():
    def relaxed(u):
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                u[i, j] = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1])
        return np.sum(u**2)

    assert "unroll" not in value_and_grad(relaxed).source_for(U)


@pytest.mark.parametrize("steps", range(6))
def test_exchanges_of_any_number_of_iterations(steps):
    def exchanged(u, v):
        for k in range(steps):
            u[1:] = np.sin(v[:-1]) + 0.1 * k
            u, v = v, u
        return np.sum(u * np.arange(4.0)) + np.sum(v**2)

    u, v = np.arange(4.0), np.cos(np.arange(4.0))
    ours, theirs = (u.copy(), v.copy()), (u.copy(), v.copy())
    assert np.isclose(lower(exchanged)(*ours), exchanged(*theirs), rtol=1e-14)
    for one, two in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-14)
    check_grads(exchanged, (u, v))


@pytest.mark.parametrize("steps", range(7))
def test_three_arrays_in_a_ring_and_one_that_stays(steps):
    def ring(u, v, w, x):
        first, part = u, v[1:]
        for k in range(steps):
            u[k % 4] += np.sin(w[1]) + x[0]
            x[1] = x[1] * u[2]
            u, v, w = v, w, u
        return np.sum(first * u) + np.sum(part**2) + np.sum(v * np.arange(4.0)) - np.sum(w) + x[1]

    point = tuple(np.cos(np.arange(4.0) + k) for k in range(4))
    ours, theirs = [x.copy() for x in point], [x.copy() for x in point]
    assert np.isclose(lower(ring)(*ours), ring(*theirs), rtol=1e-13)
    np.testing.assert_allclose(ours, theirs, rtol=1e-13)
    check_grads(ring, point)


def test_arrays_that_may_be_one_are_not_followed():
    def unclear(x):
        u, w = x * 1, x * 2
        v = w
        if x[0] > 0:
            v = u
        for _ in range(3):
            v[0] = u[1] * 2
            u, v = v, u
        return np.sum(u) + np.sum(w) + np.sum(v**2)

    with pytest.raises(RefusedError, match="may share memory|may be one"):
        grad(unclear)(np.arange(3.0))


def test_no_array_is_copied_where_two_change_places(x64):
    """In the optimised program: the loops of the Jacobi iteration copy nothing but what they read and write at once."""
    compiled = (
        jax.jit(lambda u, f: lower(in_a_loop).pure(u, f)[0])
        .lower(jnp.asarray(U), jnp.asarray(U))
        .compile()
    )
    bodies = compiled.as_text().split("\n\n")
    loops = [body for body in bodies if "while/body" in body and not body.startswith("%fused")]
    assert loops and all(body.count(" copy(") <= 1 for body in loops)

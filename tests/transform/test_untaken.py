"""What a selection does not take never reaches the adjoint, whatever its values have made of it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from backprose import grad, lower

NAN, INF = np.nan, np.inf


def root(x):
    return np.sum(np.where(x > 0, np.sqrt(x), 0.0))


def other_side(x):
    return np.sum(np.where(x <= 0, 0.0, np.log(x) * x))


def elu(x, a):
    return np.sum(np.where(x > 0, x, a * (np.exp(x) - 1)))


def missing(mu, y, w):
    observed = ~np.isnan(y)
    return np.sum(np.where(observed, w * (y - mu) ** 2, 0.0))


def judged_by_itself(x):
    inverse = 1 / x
    return np.sum(np.where(np.isfinite(inverse), inverse, 0.0))


def nested(x):
    return np.sum(np.where(x < 4, np.where(x > 1, np.sqrt(x - 1) / (4 - x), 0.0), 0.0))


def selected(x):
    return np.sum(np.select([x < 0, x == 0], [np.sqrt(-x), 2 * x], np.log(x)))


def used_twice(x):
    """Each use takes elements of its own; the root is wanted where at least one of them does."""
    s = np.sqrt(x)
    return np.sum(np.where(x > 1, s, 0.0) + np.where(x > 0, s**3, 0.0))


def used_on_both_sides(x):
    s = np.sqrt(x)
    return np.sum(np.where(x > 1, s, 2 * s))


def same_test_twice(x, y):
    inverse = 1 / x
    return np.sum(np.where(x > 0, inverse * y, 0.0)) + np.sum(np.where(x > 0, inverse, 0.0))


def stretched(a, x):
    """The factor has one element, and is summed over those that are taken alone."""
    return np.sum(np.where(x > 0, a / x, 0.0))


def changed_in_a_loop(x):
    total = 0.0
    for k in range(3):
        total += np.sum(np.where(x > k, np.sqrt(x - k), 0.0))
    return total


def carried_in_a_loop(x):
    y = x
    for _ in range(2):
        y = np.where(y > 0, np.sqrt(y), 0.0)
    return np.sum(y)


def in_a_branch(x, n):
    y = np.where(x > 0, np.sqrt(x), 0.0)
    if x[0] > n:
        y = np.where(y > 0, 1 / y, y)
    return np.sum(y)


def of_a_row(x):
    """What goes through a sum is cleared before it."""
    lengths = np.sqrt(np.sum(x**2, axis=1))
    return np.sum(np.where(lengths > 0, 1 / lengths, 0.0))


def three_uses(x):
    r = np.sqrt(x)
    q = r + 1
    total = np.sum(np.where(x > 0, q, 0)) + np.sum(np.where(x > 1, q * q, 0))
    return total + np.sum(np.where(x > 0.2, r, 0))


def numbers_for_tests(x, n):
    r = np.sqrt(x)
    return np.sum(np.where(n, r, 0)) + np.sum(np.where(n - 1, 0, r))


def copied_and_cast(x):
    y = np.where(x > 0, np.sqrt(x).copy(), 0) + np.where(x > 0, np.sqrt(x).astype(np.float32), 0)
    return np.sum(y) + np.sum(np.where(x > 0, np.real(np.sqrt(x) + 0j * x), 0))


E1 = np.exp(-1.0)
CASES = [
    (three_uses, 0, ([-1.0, 0.0, 0.25, 4.0],), [0.0, 0.0, 2.0, 0.25 * (1 + 6 + 1)]),
    (numbers_for_tests, 0, ([-1.0, 0.25, 4.0], np.array([0, 1, 1])), [0.0, 2.0, 0.5]),
    (numbers_for_tests, 0, ([-1.0, 0.25, 4.0], np.array([2, 1, 1])), [np.nan, 2.0, 0.5]),
    (numbers_for_tests, 0, ([0.25, 4.0, 1.0], np.array([0, 2, 1])), [0.0, 0.25, 1.0]),
    (copied_and_cast, 0, ([-1.0, 0.0, 4.0],), [0.0, 0.0, 0.75]),
    (root, 0, ([0.0, 4.0, -1.0],), [0.0, 0.25, 0.0]),
    (other_side, 0, ([0.0, 1.0, -1.0],), [0.0, 1.0, 0.0]),
    (elu, 0, ([1000.0, -1.0], 2.0), [1.0, 2 * E1]),
    (elu, 1, ([1000.0, -1.0], 2.0), E1 - 1),
    (missing, 0, (1.0, [NAN, 3.0, 4.0], [1.0, 2.0, 1.0]), -14.0),
    (missing, 2, (1.0, [NAN, 3.0, 4.0], [1.0, 2.0, 1.0]), [0.0, 4.0, 9.0]),
    (judged_by_itself, 0, ([0.0, 2.0],), [0.0, -0.25]),
    (nested, 0, ([0.0, 1.0, 2.0, 4.0],), [0.0, 0.0, 0.5, 0.0]),
    (selected, 0, ([-4.0, 0.0, 2.0],), [-0.25, 2.0, 0.5]),
    (used_twice, 0, ([0.0, 0.25, 4.0],), [0.0, 0.75, 3.25]),
    (used_on_both_sides, 0, ([0.25, 4.0],), [2.0, 0.25]),
    (same_test_twice, 0, ([0.0, 2.0], [1.0, 3.0]), [0.0, -1.0]),
    (stretched, 0, ([2.0], [0.0, 2.0, 4.0]), [0.75]),
    (stretched, 1, ([2.0], [0.0, 2.0, 4.0]), [0.0, -0.5, -0.125]),
    (changed_in_a_loop, 0, ([0.0, 1.0, 4.0],), [0.0, 0.5, 0.25 + 0.5 / 3**0.5 + 0.5 / 2**0.5]),
    (carried_in_a_loop, 0, ([0.0, 16.0],), [0.0, 0.25 * 16**-0.75]),
    (in_a_branch, 0, ([4.0, 0.0], 1.0), [-0.0625, 0.0]),
    (in_a_branch, 0, ([4.0, 0.0], 5.0), [0.25, 0.0]),
    (of_a_row, 0, ([[3.0, 4.0], [0.0, 0.0]],), [[-3 / 125, -4 / 125], [0.0, 0.0]]),
]


@pytest.mark.filterwarnings("ignore:invalid value", "ignore:divide by zero", "ignore:overflow")
@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize(("function", "argnum", "args", "expected"), CASES)
def test_the_gradient_is_that_of_what_is_taken(function, argnum, args, expected, target):
    args = [np.asarray(a) if isinstance(a, list) else a for a in args]
    found = grad(function, argnum, target=target)(*args)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.filterwarnings("ignore:invalid value", "ignore:divide by zero", "ignore:overflow")
def test_a_nan_that_is_taken_stays():
    x = np.array([-1.0, 4.0])
    np.testing.assert_array_equal(
        grad(lambda x: np.sum(np.where(x < 5, np.sqrt(x), 0.0)))(x), [NAN, 0.25]
    )


@pytest.mark.filterwarnings("ignore:invalid value", "ignore:divide by zero")
def test_second_derivatives_and_tangents_do_not_leak_either():
    x = jnp.array([0.0, 4.0])
    twice = jax.jacfwd(jax.grad(lower(root)))(x)
    np.testing.assert_allclose(twice, [[0.0, 0.0], [0.0, -0.03125]])
    _, tangent = jax.jvp(lower(root), (x,), (jnp.ones(2),))
    np.testing.assert_allclose(tangent, 0.25)


def test_the_text_selects_once_and_last():
    text = grad(root).source_for(np.ones(3))
    assert "dx = jnp.where(x > 0, 0.5 / jnp.sqrt(x), 0)" in text


def test_what_keeps_zeros_is_cleared_in_front_of_it():
    """The residual's adjoint is cleared once, not that of each of its terms."""

    def f(x, a, b):
        return np.sum(np.where(x > 0, (x - a - b) ** 2, 0.0))

    text = grad(f, (0, 1, 2)).source_for(np.ones(3), np.ones(3), np.ones(3))
    assert text.count("jnp.where(") == 1, text

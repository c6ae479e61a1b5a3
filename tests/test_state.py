"""State that programs keep in containers, in arrays without axes, and behind branches: as in NumPy, or refused."""

import numpy as np
import pytest

from backprose import ArgumentError, RefusedError, value_and_grad

X, S = np.array([1.0, 2.0, 3.0]), 0.7
STEP = 1e-6


def doubled_in_a_list(p):
    p[0] *= 2
    return np.sum(p[0] ** 2)


def swapped_in_a_list(p):
    p[0], p[1] = p[1], p[0]
    return np.sum(2 * p[0] + p[1] ** 2)


def replaced_in_a_dict(p):
    p["s"] = p["s"] * 2
    return p["s"] ** 2


def added_to_a_dict(p):
    p["t"] = p["w"] * 2
    return np.sum(p["t"] ** 2)


@pytest.mark.parametrize("target", ["numpy", "jax"])
@pytest.mark.parametrize(
    ("function", "argument", "wanted"),
    [
        (doubled_in_a_list, [X], [8 * X]),
        (swapped_in_a_list, [X, X + 1], [2 * X, np.full(3, 2.0)]),
        (replaced_in_a_dict, {"s": S}, {"s": 8 * S}),
        (added_to_a_dict, {"w": X}, {"w": 8 * X}),
    ],
)
def test_the_derivative_is_that_of_a_container_as_it_was_passed(function, argument, wanted, target):
    _, found = value_and_grad(function, target=target)(argument)
    pairs = (
        zip(found, wanted, strict=True)
        if isinstance(found, list)
        else [(found[k], wanted[k]) for k in wanted]
    )
    for one, two in pairs:
        np.testing.assert_allclose(one, two, rtol=1e-12)
    assert set(argument) == set(wanted) if isinstance(argument, dict) else argument[0] is X


def test_two_arrays_of_one_argument_in_one_memory_are_refused_where_one_is_changed():
    def f(p):
        p[0][0] = p[1][1] * 2
        return np.sum(p[0] * p[1])

    with pytest.raises(ArgumentError, match="two of its arrays share memory"):
        value_and_grad(f)([X, X])


def test_an_array_deep_in_an_argument_is_changed():
    def f(t):
        t[0][0][0] = 1.0
        return np.sum(t[0][0]) * t[1]

    value, ((d,), factor) = value_and_grad(f)(([X], 2.0))
    np.testing.assert_allclose([value, *d, factor], [12.0, 0.0, 2.0, 2.0, 6.0], rtol=1e-12)


def bump(z, s):
    z[0] += s
    return z[0]


def test_a_test_of_while_that_changes_something_is_refused():
    def f(x, s):
        z, n = x.copy(), 0
        while bump(z, s) < 3 and n < 3:
            n += 1
        return z[0]

    with pytest.raises(RefusedError, match="test of this loop changes") as error:
        value_and_grad(f)(X, S)
    assert "while True" in str(error.value)


def test_a_write_through_a_result_of_a_function_without_a_rule_is_refused():
    def f(x, s):
        z = x.copy()
        a, b = np.split(z, [1])
        b[0] = s
        return np.sum(z)

    with pytest.raises(RefusedError, match="may share memory"):
        value_and_grad(f)(X, S)


# Arrays without axes.


def an_element_as_an_array(x, s):
    z = x.copy()
    v = z[1, ...]
    v *= s
    return np.sum(z)


def elements_as_arrays_in_a_loop(x, s):
    z = x.copy()
    for i in range(3):
        v = z[i, ...]
        v += s * z[i - 1]
    return np.sum(z * z)


def an_element_read_before_it_is_written(x, s):
    z = x.copy()
    v, w = z[1, ...], z[1]
    z[1] = s
    return np.sum(z) * v + w


def a_squeezed_view(x, s):
    z = x.copy()
    v = z[1:2].squeeze()
    w = v * 1
    v *= s
    return np.sum(z) * w + v


def a_total_with_two_names(x, s):
    t = np.zeros(())
    u = t
    t += s
    return u * x[0]


def add(total, value):
    total += value


def a_total_that_a_helper_changes(x, s):
    t = np.zeros(())
    for i in range(3):
        add(t, x[i] * x[i])
    return t * s


def numbers_made_arrays(x, s):
    w = np.asarray(s)
    v = w
    v += x[0]
    t = np.array(s)
    t[()] = x[1]
    t[...] = t * 2
    return w * s + t


def a_number_stays_a_number(x, s):
    t = x[0]
    u = t
    t += s
    return u * t + x[:1].item()


# Elements that are there on one side of a branch alone.


def past_the_end(x, s):
    t = 0.0
    for i in range(4):
        if i == 3:
            t += s
        else:
            t += x[i] * s
    return t


def a_guard(x, s):
    t = 0.0
    for i in range(5):
        if i < 3 and x[i] > 1.5:
            t += x[i] ** 2 * s
    return t


def a_choice(x, s):
    t = 0.0
    for i in range(5):
        following = x[i] if i < 3 else s
        t += following * s
    return t


def neighbours(x, s):
    a, t = np.outer(x, x), 0.0
    for i in range(3):
        for j in range(3):
            for di, dj in [(0, 1), (1, 0), (0, -1), (-1, 0)]:
                k, m = i + di, j + dj
                if 0 <= k < 3 and 0 <= m < 3:
                    t += s * a[i, j] * a[k, m]
    return t


def the_first_of_nothing(x, s):
    t = 0.0
    for i in range(3):
        z = x[:i]
        if len(z) > 0:
            t += z[0] * s
    return t


# Containers that loops change.


def an_array_in_a_dict(x, s):
    state = {"u": x.copy(), "n": 0.0}
    for i in range(3):
        state["u"] = state["u"] * s
        state["n"] += x[i]
    return state["u"].sum() * state["n"]


def a_number_in_a_dict(x, s):
    state = {"n": 0.0}
    for i in range(3):
        state["n"] += x[i] * s
    return state["n"]


def appended_on_both_sides(x, s):
    out = []
    for i in range(3):
        if x[i] > 1.5:
            out.append(x[i] * s)
        else:
            out.append(x[i])
    return sum(out)


def unpacked_alone(x, s):
    (a,) = x[:1]
    (b,) = (s,)
    return a * b


def ints_and_bools(x, s):
    t = 0.0
    for i in range(3):
        if (i % 2 and x[i] > 0) or not x[i] > 2:
            t += x[i] * s
    return t


def two_shapes_of_a_copy(x, s):
    b = np.outer(x, x).copy()
    f = b.reshape(-1)
    f[0] = s
    g = b.ravel()
    return np.sum(g * g)


# Names that hold views, and that nothing reads again.


def rows_named_before_they_change(x, s):
    t = 0.0
    for k in range(2):
        for i in range(3):
            c = x[i : i + 1]
            t += np.sum(c) * s
        x[k] = s
    return t + np.sum(x)


def centres(x, s):
    rows, t = np.outer(x, x) * s, 0.0
    for i in range(2):
        t += sum([np.sum(c**2) for c in rows])
        for c in rows:
            t += np.max(c)
        rows[i] = x
    return t


FUNCTIONS = [
    rows_named_before_they_change,
    centres,
    an_element_as_an_array,
    elements_as_arrays_in_a_loop,
    an_element_read_before_it_is_written,
    a_squeezed_view,
    a_total_with_two_names,
    a_total_that_a_helper_changes,
    numbers_made_arrays,
    a_number_stays_a_number,
    past_the_end,
    a_guard,
    a_choice,
    neighbours,
    the_first_of_nothing,
    an_array_in_a_dict,
    a_number_in_a_dict,
    appended_on_both_sides,
    unpacked_alone,
    ints_and_bools,
    two_shapes_of_a_copy,
]


@pytest.mark.parametrize("target", ["numpy", "jax"])
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_value_and_gradient(function, target):
    value, (dx, ds) = value_and_grad(function, argnums=(0, 1), target=target)(X, S)
    np.testing.assert_allclose(value, function(X.copy(), S), rtol=1e-12)
    u = np.random.default_rng(0).normal(size=4)
    ahead = function(X + STEP * u[:3], S + STEP * u[3])
    behind = function(X - STEP * u[:3], S - STEP * u[3])
    along = np.sum(dx * u[:3]) + ds * u[3]
    np.testing.assert_allclose(along, (ahead - behind) / (2 * STEP), rtol=1e-6, atol=1e-8)


def test_a_list_whose_length_changes_in_a_loop_is_refused():
    def f(x, s):
        queue, t = [0, 1], 0.0
        while queue:
            t += x[queue.pop()] * s
        return t

    with pytest.raises(RefusedError, match="length of a list changes"):
        value_and_grad(f)(X, S)


def test_what_a_branch_adds_is_added_in_the_branch():
    text = value_and_grad(a_guard, target="numpy").source_for(X, S)
    adjoint = text.split("# Adjoint of for")[1]
    assert "dx[i] +=" in adjoint and "= 0.0\n" not in adjoint.split("if ")[1], text


def test_an_array_of_places_whose_number_is_not_known_is_refused():
    def f(x, s):
        order, t = np.argsort(x), 0.0
        for i in range(3):
            t += np.sum(x[order[:i]]) * s
        return t

    with pytest.raises(RefusedError, match="how many places") as error:
        value_and_grad(f)(X, S)
    assert "loop over the places" in str(error.value)

"""Compiled loops whose iterations do not need each other: arrays, sums, selections, and what stays a loop."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from programs.loop_checks import check_program
from programs.three_arguments import POINT, program, text_of

from backprose import check_grads, checkpoint, grad, value_and_grad

COMMENT = "# All iterations at once: the terms are added up in another order."
LOOPS = ("lax.scan(", "lax.fori_loop(", "lax.while_loop(")


AT_ONCE = {
    "elements": ["for i in range(7):", "    a[i] = np.tanh(a[i]) * c"],
    "a part, backwards": ["for i in range(4, 0, -1):", "    a[i] *= a[i] + i"],
    "every second": ["for i in range(1, 7, 2):", "    a[i] = a[i - 1] * c"],
    "every second of a copy": [
        "d = a.copy()",
        "for i in range(1, 7, 2):",
        "    b[i - 1] = b[i - 1] * d[i] - d[i - 1]",
    ],
    "two places with an axis between": [
        "d = np.reshape(b, (3, 2, 5))",
        "s = np.zeros(2)",
        "for i in range(3):",
        "    s += d[i * 2 % 3, :, i + 1] ** 2",
        "c = np.sum(s * np.arange(2.0))",
    ],
    "the other way round": [
        "d = a.copy()",
        "for i in range(7):",
        "    a[i] = d[-1 - i] * d[6 - i]",
    ],
    "around the end": ["d = a.copy()", "for i in range(7):", "    a[i] = d[i - 2] * c"],
    "rows": ["for i in range(6):", "    b[i] = b[i] / (1 + np.sum(b[i] ** 2)) + a[i]"],
    "columns": ["for j in range(1, 5):", "    b[:, j] = b[:, j] - np.mean(b[:, j]) * c"],
    "elements of a matrix": [
        "d = b.copy()",
        "for i in range(1, 5):",
        "    for j in range(1, 4):",
        "        b[i, j] = d[i - 1, j] * d[i + 1, j] - d[i, j - 1] + c * d[i, j + 1]",
    ],
    "the diagonal": ["s = 0.0", "for i in range(5):", "    s += b[i, i] ** 2", "c = c * s"],
    "the last value": ["for i in range(1, 6):", "    t = np.sin(a[i])", "c = c * t * i"],
    "the last of a backward loop": ["for i in range(5, 2, -1):", "    t = a[i] * b[i, 0]", "c = t"],
    "a value that is handed on as it is": [
        "t = c",
        "for i in range(7):",
        "    u = t",
        "    a[i] *= u",
        "    t = u",
    ],
    "one iteration": ["for i in range(3, 4):", "    a[i] = a[i] ** 2 * c"],
    "a sum of rows": ["s = np.zeros(5)", "for row in b:", "    s += row * c", "c = np.sum(s**3)"],
    "two sums, one subtracted": [
        "s, t = 1.0, 0.0",
        "for i in range(6):",
        "    s -= a[i] * b[i, 1]",
        "    t = np.cos(a[i]) + t - c",
        "c = s * t",
    ],
    "a product of matrices": [
        "d = np.zeros((6, 6))",
        "for i in range(6):",
        "    for j in range(6):",
        "        for k in range(5):",
        "            d[i, j] += b[i, k] * b[j, k]",
        "c = np.sum(d**2)",
    ],
    "a matrix and vectors": [
        "d = b[:5] * c",
        "for i in range(6):",
        "    b[i] = np.tanh(d @ b[i]) + b[i] @ d - np.dot(d.T, a[:5])",
    ],
    "vectors": [
        "s = 0.0",
        "for i in range(6):",
        "    s += b[i] @ b[5 - i] + a[:5] @ b[i]",
        "c *= s",
    ],
    "outer products": [
        "d = np.zeros((5, 5))",
        "for i in range(6):",
        "    d += np.outer(b[i], b[i] * c)",
        "c = np.sum(d**2)",
    ],
    "pairs": [
        "s = 0.0",
        "for i in range(6):",
        "    for j in range(6):",
        "        if i != j:",
        "            s += a[i] * a[j] / np.sqrt(np.sum((b[i] - b[j]) ** 2))",
        "c = s",
    ],
    "a branch": [
        "for i in range(7):",
        "    if a[i] > 0:",
        "        a[i] = np.sqrt(a[i])",
        "    elif i < 4:",
        "        a[i] = c / a[i]",
    ],
    "a branch that writes two rows": [
        "for i in range(6):",
        "    if np.sum(b[i]) > 0.3:",
        "        b[i] = np.log1p(b[i] ** 2) * b[i, 0]",
        "        a[i] = 2 * a[i]",
    ],
    "sums in branches": [
        "s = 0.0",
        "for i in range(7):",
        "    if a[i] > 0.2:",
        "        s += np.log(a[i])",
        "        s -= c * a[i]",
        "    elif a[i] < -0.5:",
        "        s -= c / a[i]",
        "c = s",
    ],
    "a histogram": [
        "h = np.zeros((3, 5))",
        "for i in range(6):",
        "    h[i * 5 % 3] += b[i] * c",
        "    h[i % 2, 1:] += a[i]",
        "c = np.sum(h**2)",
    ],
    "a histogram in a branch": [
        "h = np.zeros(3)",
        "for i in range(7):",
        "    if a[i] > 0:",
        "        h[i % 3] += np.sqrt(a[i])",
        "c = np.sum(h**2)",
    ],
    "places from an array": [
        "k = np.array([3, 0, 2, 3])",
        "s = 0.0",
        "for i in range(4):",
        "    s += a[k[i]] * b[k[i], i]",
        "c = s",
    ],
    "pairs below the diagonal": [
        "s = 0.0",
        "for i in range(6):",
        "    for j in range(i):",
        "        s += a[i] * a[j] / np.sqrt(np.sum((b[i] - b[j]) ** 2))",
        "c = s",
    ],
    "pairs above the diagonal": [
        "s, h = 0.0, np.zeros(5)",
        "for i in range(4):",
        "    for j in range(i + 1, 5):",
        "        if a[i] > a[j]:",
        "            s -= np.log(a[i] - a[j])",
        "        h[j] += np.sqrt(j - i) * a[j]",
        "c = s + np.sum(h**2)",
    ],
    "sums over what is left": [
        "s, g = 0.0, a[:4] * c",
        "for i in range(4):",
        "    for j in range(4 - i):",
        "        s += g[i + j] * g[-1 - i] * b[i, j]",
        "c = s",
    ],
    "a band": [
        "s = 0.0",
        "for i in range(2, 5):",
        "    for j in range(i - 2, i + 2):",
        "        s += b[i, i - j + 1] * a[j]",
        "c = s",
    ],
    "a test that is the same for all": [
        "for i in range(7):",
        "    if c > 0:",
        "        a[i] = a[i] * c",
        "    else:",
        "        a[i] = 0.0",
    ],
    "arrays made in an iteration": [
        "for i in range(6):",
        "    d = np.zeros(5)",
        "    d[i % 5] = a[i]",
        "    e = np.array([a[i], c, 1.0, b[i, 0], 2 * c])",
        "    b[i] = b[i] * d + e[::-1]",
    ],
    "stacks and reshapes": [
        "for i in range(6):",
        "    d = np.stack([b[i], a[:5] * c])",
        "    e = np.concatenate([d.T.reshape(10), b[i]])",
        "    b[i] = e[::3] * np.flip(b[i]) + np.max(d, axis=0)",
    ],
}

INSIDE = {
    "a recurrence for each row": [
        "d = np.zeros((20, 5))",
        "for i in range(20):",
        "    for j in range(1, 5):",
        "        d[i, j] = np.tanh(d[i, j - 1] + b[i % 6, j]) * c",
        "c = np.sum(d**2)",
    ],
    "a polynomial at each place": [
        "s = 0.0",
        "for i in range(20):",
        "    v = 0.0",
        "    for k in range(5):",
        "        v = v * 0.1 * i + a[k]",
        "    s += v * c",
        "c = s",
    ],
    "sums over windows": [
        "x, d = np.zeros((30, 30)), np.zeros((28, 27))",
        "x[:6, 20:25] = b",
        "for i in range(28):",
        "    for j in range(27):",
        "        for k in range(3):",
        "            for l in range(4):",
        "                d[i, j] += x[i + k, j + l] * a[k + l]",
        "c = np.sum(d**2)",
    ],
}

LOOPS_STILL = {
    "what the next iteration reads": ["for i in range(1, 7):", "    a[i] = a[i] * a[i - 1]"],
    "a sum that is read": [
        "s = 0.0",
        "for i in range(7):",
        "    s += a[i]",
        "    a[i] = s",
        "c = s",
    ],
    "a sum that is scaled": ["s = 0.0", "for i in range(7):", "    s = 0.5 * s + a[i]", "c = s"],
    "a sum in a test": [
        "s = 0.0",
        "for i in range(7):",
        "    if s < 1:",
        "        s += a[i]",
        "c = s",
    ],
    "a sum on one side, another value on the other": [
        "s = 0.0",
        "for i in range(7):",
        "    if a[i] > 0:",
        "        s += a[i]",
        "    else:",
        "        s = c",
        "c = s",
    ],
    "a sum that starts with its own negative": [
        "s = c",
        "for i in range(7):",
        "    s = a[i] - s",
        "c = s",
    ],
    "a place that two iterations write": ["for i in range(7):", "    a[i * 3 % 4] = a[i] * c"],
    "a decomposition": [
        "for i in range(2):",
        "    b[i] = np.linalg.solve(np.outer(b[i], b[i]) + 9 * np.eye(5), b[i])",
    ],
}


@pytest.mark.parametrize(
    "lines",
    [*AT_ONCE.values(), *INSIDE.values(), *LOOPS_STILL.values()],
    ids=[*AT_ONCE, *INSIDE, *LOOPS_STILL],
)
def test_values_and_derivatives(lines):
    outcome = check_program(program(*lines), POINT)
    assert outcome.status == "checked" and outcome.smooth


@pytest.mark.parametrize("lines", AT_ONCE.values(), ids=AT_ONCE)
def test_no_loop_is_left(lines, tmp_path):
    text = text_of(lines, tmp_path)
    assert not any(word in text for word in LOOPS)


@pytest.mark.parametrize("told, loops", [*zip(INSIDE, (2, 2, 4), strict=True)])
def test_the_loop_inside_is_left(told, loops, tmp_path):
    text = text_of(INSIDE[told], tmp_path)
    assert sum(text.count(word) for word in LOOPS) == loops


@pytest.mark.parametrize("lines", LOOPS_STILL.values(), ids=LOOPS_STILL)
def test_what_stays_a_loop(lines, tmp_path):
    assert "lax.scan(" in text_of(lines, tmp_path)


def test_sums_stay_where_the_user_wants_their_order(tmp_path):
    lines = AT_ONCE["two sums, one subtracted"]
    assert COMMENT in text_of(lines, tmp_path)
    text = text_of(lines, tmp_path, reassociate=False)
    assert COMMENT not in text and "lax.scan(" in text
    text = text_of(AT_ONCE["elements of a matrix"], tmp_path, reassociate=False)
    assert not any(word in text for word in LOOPS)


def rooted(x, w):
    s = 0.0
    for i in range(len(x)):
        if x[i] > 0:
            s += np.sqrt(x[i]) * np.log(x[i]) * w / x[i]
        else:
            s += w
    return s


def test_nothing_leaks_from_iterations_that_take_the_other_side():
    x = np.array([4.0, 0.0, -1.0, 1.0])
    dx, dw = grad(rooted, (0, 1))(x, 2.0)
    # s = w * log(x) / sqrt(x), so ds/dx = w * (1 - log(x) / 2) / x**1.5
    np.testing.assert_allclose(dx, [2 * (1 - np.log(2.0)) / 8, 0, 0, 2.0], rtol=1e-14)
    assert dw == pytest.approx(np.log(4.0) / 2 + 2)


def apart(points, limit):
    s = 0.0
    for i in range(len(points)):
        for j in range(len(points)):
            distance = np.sqrt(np.sum((points[i] - points[j]) ** 2))
            if distance > limit:
                s += 1 / distance
    return s


def test_a_root_of_zero_outside_of_the_branch_does_not_leak():
    points = np.array([[0.0, 1.0], [2.0, 1.0], [0.5, -1.0]])
    apart_by = points[:, None] - points
    cubes = np.sum(apart_by**2, axis=2) ** 1.5 + np.eye(3)  # a point and itself are not far apart
    expected = -2 * np.sum(apart_by / cubes[..., None], axis=1)
    np.testing.assert_allclose(grad(apart)(points, 0.1), expected, rtol=1e-13)


def scaled(x, n):
    y = np.zeros_like(x)
    for i in range(n):
        y[i] = x[i] * (i / 3) + 2 * i - i // 2
    return y


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes(dtype):
    def total(x):
        y = scaled(x, 5)
        s = x[0]
        for i in range(5):
            s += y[i] * y[i]
        return s

    x = np.arange(1, 6, dtype=dtype) / 3
    value, gradient = value_and_grad(total)(x)
    assert gradient.dtype == dtype and np.asarray(value).dtype == dtype
    np.testing.assert_allclose(value, total(x), rtol=1e-6 if dtype == np.float32 else 1e-14)
    check_grads(value_and_grad(total), (x.astype(float),))


def test_a_loop_under_checkpoint_stays_a_loop():
    def total(x):
        s = 0.0
        for i in checkpoint(range(len(x)), 4):
            s += np.sin(x[i]) * x[i]
        return s

    x = np.linspace(0, 1, 20)
    assert "lax." in value_and_grad(total).source_for(x)
    check_grads(value_and_grad(total), (x,))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_that_some_iterations_of_a_loop_inside_put_in_place_of_an_element(dtype):
    def replaced(x, c):
        y = np.zeros(20, x.dtype)
        for i in range(20):
            v = x[i % 6]
            for k in range(4):
                if k > c[0]:
                    v = 0.0
                else:
                    v = v * 0.5
            y[i] = v
        return np.sum(y**2)

    x, c = np.linspace(-1, 1, 6).astype(dtype), np.full(1, 5, dtype)
    value, gradient = value_and_grad(replaced)(x, c)
    np.testing.assert_allclose(value, replaced(x, c), rtol=1e-6)
    assert gradient.dtype == dtype
    counts = np.array([4, 4, 3, 3, 3, 3])  # how often each element is used
    np.testing.assert_allclose(gradient, 2 * x * counts / 256, rtol=1e-6)


def test_a_loop_whose_values_would_be_much_larger_than_its_arrays_stays_a_loop():
    def pairs(x, y):
        s = 0.0
        for i in range(len(x)):
            s += np.sum(np.exp(-((x[i] - y) ** 2)))
        return s

    small, large = np.linspace(0, 1, 100), np.linspace(0, 1, 1000)
    assert "lax.scan(" not in grad(pairs).source_for(small, small)
    assert "lax.scan(" in grad(pairs).source_for(large, large)


def test_a_range_with_steps_that_depends_on_the_loop_around_stays_a_loop():
    def thinned(x):
        s = 0.0
        for i in range(20):
            for j in range(i, 20, 2):
                s += x[i] * x[j] ** 2
        return s

    x = np.linspace(0.5, 1, 20)
    assert "lax." in value_and_grad(thinned).source_for(x)
    check_grads(value_and_grad(thinned), (x,))


def test_a_narrow_band_stays_a_loop():
    def banded(x):
        s = 0.0
        for i in range(3, len(x)):
            for j in range(i - 3, i):
                s += x[i] * x[j]
        return s

    def triangular(x):
        s = 0.0
        for i in range(len(x)):
            for j in range(i):
                s += x[i] * x[j]
        return s

    x = np.linspace(0, 1, 100)
    assert "lax.fori_loop(" in value_and_grad(banded).source_for(x)
    assert "lax." not in value_and_grad(triangular).source_for(x)
    check_grads(value_and_grad(banded), (x,))
    check_grads(value_and_grad(triangular), (x,))


def test_the_text_says_for_which_shapes_it_is(tmp_path):
    text = text_of(AT_ONCE["elements"], tmp_path)
    assert "# Its loops are for arrays of exactly these shapes.\n" in text


def test_the_users_comments_stay():
    def commented(x):
        s = 0.0
        # the energy of each spring
        for i in range(len(x) - 1):
            # Hooke's law
            s += 0.5 * (x[i + 1] - x[i]) ** 2
        return s

    text = value_and_grad(commented).source_for(np.ones(4))
    assert "    # the energy of each spring\n    # Hooke's law\n" in text


@st.composite
def independent_loops(draw):
    """A loop, or a loop in a loop, that reads copies and writes, adds up or chooses in each iteration."""
    inner = draw(st.booleans())
    first = draw(st.integers(0, 1))
    span = f"range({first}, {draw(st.integers(first + 1, 5))}, {draw(st.sampled_from([1, 1, 2]))})"
    span = draw(st.sampled_from([span, f"reversed({span})"]))
    place = "i, j" if inner else "i"
    across = draw(st.sampled_from(["1, 4", "1, 4", "i", "i + 1, 4", "max(i - 1, 0), 4", "4 - i"]))

    def number(depth=2):
        if depth == 0 or draw(st.integers(0, 3)) == 0:
            k = draw(st.sampled_from(["", " + 1", " - 1", " * 2 % 5"]))
            elements = [f"d[i{k}]", "c", "0.1 * i", f"e[i{k}, {draw(st.integers(0, 4))}]"]
            if inner:
                elements += [f"e[i, j{k}]", f"e[j, i{k}]", "0.2 * j", f"d[i - j{k}]"]
            if inner and across == "4 - i":
                elements += ["g[i + j]", "g[3 - i - j]"] * 3
            return draw(st.sampled_from(elements))
        one, other = number(depth - 1), number(depth - 1)
        return draw(
            st.sampled_from(
                [
                    f"({one} + {other})",
                    f"({one}) * ({other})",
                    f"np.sin({one})",
                    f"({one}) / (1.5 + np.cos({other}))",
                    f"np.sum(e[i] * ({other}))",
                    f"np.mean(e[:, i]) * ({one})",
                    f"(e[i] @ e[i - 1]) * ({one})",
                ]
            )
        )

    statements = [
        lambda: [f"s += {number()}"],
        lambda: [f"s -= {number()}"],
        lambda: [f"b[{place}] = {number()}"],
        lambda: [f"b[{place}] += {number()}"],
        lambda: [f"h[i * {draw(st.integers(1, 3))} % 4] += {number()}"],
        lambda: [f"t = {number()}", f"s += t * {number(1)}"],
    ]

    def branch():
        side = draw(st.sampled_from(statements))()
        other = draw(st.sampled_from(statements))()
        test = f"{number(1)} > {draw(st.sampled_from([-0.31, 0.02, 0.29]))}"
        lines = [f"if {test}:", *(f"    {line}" for line in side)]
        if draw(st.booleans()):
            lines += ["else:", *(f"    {line}" for line in other)]
        return lines

    body: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        body += branch() if draw(st.integers(0, 2)) == 0 else draw(st.sampled_from(statements))()
    indent = "        " if inner else "    "
    head = [f"for i in {span}:", *([f"    for j in range({across}):"] if inner else [])]
    lines = [
        "s, t, d, e, h = c * 0.5, 0.0, a * 1.1, b * 0.9, np.zeros(4)",
        "g = a[:4] * 0.8",
        *head,
    ]
    return [*lines, *(indent + line for line in body), "c = s + np.sum(np.cos(h)) + t"]


@settings(max_examples=16, deadline=None, derandomize=True)
@given(independent_loops())
def test_any_loop_of_independent_iterations(lines):
    assert check_program(program(*lines), POINT).status == "checked"

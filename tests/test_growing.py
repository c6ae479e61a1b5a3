"""What a loop begins without: names whose form changes with the first iteration, and lists that it fills and reads."""

import numpy as np
import pytest
from backprose.transform.arguments import spec_of
from backprose.transform.emitted import Emitted
from backprose.transform.load import load
from backprose.transform.pipeline import derive
from backprose.transform.request import Request
from programs.loop_checks import check_program
from programs.references import assert_gradient

from backprose import value_and_grad

A = np.array([0.3, -0.4, 0.5])
B = np.array([[0.2, -0.8, 0.3], [1.3, -1.1, 0.7], [0.1, 0.7, 0.2]])
C = np.float64(0.8)

PROGRAMS = {
    "a sum that begins with 0": """
def f(a, b, c):
    total = 0
    for i in range(3):
        total = total + b[i] * a
    return np.sum(np.sin(total)) * c
""",
    "a sum in place that begins with 0": """
def f(a, b, c):
    total = 0
    for r in b:
        total += r * a
    return np.sum(np.sin(total)) * c
""",
    "nothing before the first item": """
def f(a, b, c):
    last, s = None, 0.0
    for r in b:
        if last is not None:
            s += np.sum(r * last)
        last = r * c
    return s + np.sum(last) + a[0]
""",
    "the best so far": """
def f(a, b, c):
    best = None
    for x in a:
        y = np.sin(x) * c
        if best is None or y > best:
            best = y
    return best + np.sum(b)
""",
    "a break behind the first iteration": """
def f(a, b, c):
    x = 0
    for r in b:
        x = x + r
        if np.sum(x) > 0.3:
            break
    return np.sum(x * a) * c
""",
    "an error that is not there yet": """
def f(a, b, c):
    err, x = None, a
    while err is None or err > 0.01:
        y = np.cos(x) * 0.3
        err = np.sum((y - x) ** 2)
        x = y
    return np.sum(x * b) * c
""",
    "while True with the value before": """
def f(a, b, c):
    old = None
    k = 0
    while True:
        new = np.cos(a) * 0.3
        if old is not None and np.max(np.abs(new - old)) < 1e-3:
            break
        old = new
        a = new
        k += 1
    return np.sum(new * b) * c + k
""",
    "a loop of one iteration": """
def f(a, b, c):
    t = 0
    for i in range(1):
        t = t + a
    return np.sum(t) * c + np.sum(b)
""",
    "a state of several things": """
def f(a, b, c):
    state = (0, None)
    for r in b:
        s, p = state
        s = s + r
        if p is not None:
            s = s * p[0]
        state = (s, r)
    return np.sum(state[0]) * c + np.sum(b)
""",
    "an int that becomes a float": """
def f(a, b, c):
    s = 0
    for i in range(3):
        s = s + a[i]
    m = 1
    for i in range(3):
        m *= c
    return s * m + np.sum(b)
""",
}


@pytest.mark.parametrize("told", PROGRAMS)
def test_value_gradient_and_tangent(told):
    outcome = check_program("import numpy as np\n\n" + PROGRAMS[told], (A, B, C))
    assert outcome.status == "checked" and outcome.smooth


def text_of(told):
    function = load(Emitted("import numpy as np\n\n" + PROGRAMS[told], "f"))
    specs = {name: spec_of(x) for name, x in zip("abc", (A, B, C), strict=True)}
    return derive(Request(function, specs, ("a", "b", "c"), single=False)).emitted.text


def test_the_text_says_so():
    text = text_of("a sum that begins with 0")
    first = "# for i in range(3): the first iteration\n    t = b[0]\n    total = 0 + t * a\n"
    assert first in text and "total = total + jnp.sum(" in text


def test_a_loop_that_needs_no_such_thing_stays_whole():
    assert "the first iteration" not in text_of("an int that becomes a float")


def test_a_form_that_changes_with_every_iteration_is_refused():
    text = """
import numpy as np


def f(a, b, c):
    t = a[:1]
    for i in range(3):
        t = np.concatenate([t, a[:1]])
    return np.sum(t) * c + np.sum(b)
"""
    outcome = check_program(text, (A, B, C))
    assert outcome.status == "refused"
    assert "has shape (2,) before an iteration and (3,) after it" in outcome.message


LISTS = {
    "the last state of an integration": """
def f(a, b, c):
    ys = [a]
    for i in range(5):
        ys.append(ys[-1] + 0.1 * np.sin(ys[-1]) * c)
    return np.sum(np.array(ys)) + np.sum(b)
""",
    "numbers": """
def f(a, b, c):
    xs = [c]
    for r in b:
        xs.append(xs[-1] * r[0] + 1)
    return np.sum(np.array(xs) ** 2) + np.sum(a) + xs[-1]
""",
    "an empty list": """
def f(a, b, c):
    xs = []
    for r in b:
        if xs:
            xs.append(np.sin(xs[-1] + r))
        else:
            xs.append(r * c)
    return np.sum(np.array(xs) ** 2) + np.sum(a)
""",
    "its length": """
def f(a, b, c):
    xs, s = [c], 0.0
    for r in b:
        s += len(xs) * r[0]
        xs.append(r[1] * c)
        s += len(xs) * r[1]
    return np.sum(np.array(xs) ** 2) + np.sum(a) + s
""",
    "two lists": """
def f(a, b, c):
    xs, ys = [c], [a]
    for r in b:
        xs.append(np.sum(ys[-1]) * xs[-1])
        ys.append(ys[-1] * r + xs[-1])
    return np.sum(np.array(xs)) + np.sum(np.stack(ys) * b[0])
""",
    "the last item is changed": """
def f(a, b, c):
    ys = [a * 1]
    for r in b:
        ys.append(ys[-1] * r)
        ys[-1][0] = c
    return np.sum(np.stack(ys) * b[0]) + c
""",
    "a list in an inner loop": """
def f(a, b, c):
    s = 0.0
    for r in b:
        xs = [c]
        for x in r:
            xs.append(np.tanh(xs[-1] + x))
        s += xs[-1] * np.sum(np.array(xs))
    return s + np.sum(a)
""",
}


@pytest.mark.parametrize("told", LISTS)
def test_a_list_that_is_read_in_the_loop_that_fills_it(told):
    outcome = check_program("import numpy as np\n\n" + LISTS[told], (A, B, C))
    assert outcome.status == "checked" and outcome.smooth


def falling(x):
    """Its lists are filled from the last row to the first."""
    c, befores, products, picked = np.ones(3), [], [], []
    for k in range(len(x) - 1, -1, -1):
        befores.append(c)
        products.append(c[0] * x[k])
        c = np.sin(c * x[k])
    for k in range(3, -1, -2):
        picked.append(x[k] ** 2 * k)
    weights = np.arange(1.0, 13.0).reshape(4, 3)
    total = np.sum(np.array(befores) * weights) + np.sum(np.array(products)[::-1] * weights**2)
    return total + np.sum(np.array(picked) * weights[:2])


def falling_beside_rows(x):
    c = np.zeros(3)
    for k, row in zip(range(3, -1, -1), x, strict=True):
        c = np.sin(c * row) + x[k] * k
    return np.sum(c)


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize("function", [falling, falling_beside_rows])
def test_what_a_falling_loop_appends_and_streams(function, target, rng):
    x = rng.normal(size=(4, 3))
    value, gradient = value_and_grad(function, target=target)(x)
    assert value == pytest.approx(function(x), rel=1e-13)
    assert_gradient(function, [gradient], [x], [0], rng)

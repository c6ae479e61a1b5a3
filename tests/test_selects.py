"""Cheap branches of compiled code are selections; those that cost something, or that may fail, stay branches."""

import numpy as np
import pytest
from programs.loop_checks import check_program

from backprose import grad, value_and_grad


def halved(x, limit):
    s = 0.0
    for i in range(3):
        if x[i] > limit:
            s += x[i] / 2 + np.sin(x[i])
        elif x[i] > 0:
            s -= x[i] ** 2
    return s


def root(x, limit):
    s = 0.0
    for i in range(3):
        if x[i] > limit + 0 * s:  # the sum is read, so that the loop stays a loop
            s += np.sqrt(x[i])
    return s


def doubled_array(x, limit):
    y = x * 1
    if limit > 0:
        y = 2 * y
    return np.sum(y**2)


X = np.array([0.5, -0.3, 1.4])


def test_a_cheap_branch_is_a_selection():
    text = grad(halved).source_for(X, 1.0)
    assert "jnp.where(" in text and "lax.cond(" not in text.split("# Adjoint of")[0]
    assert "lax.cond(" not in grad(halved, target="numpy").source_for(X, 1.0)


def test_what_may_fail_stays_a_branch():
    assert "lax.cond(" in grad(root).source_for(X, 1.0)
    assert grad(root)(X, 1.0) == pytest.approx([0, 0, 0.5 / np.sqrt(1.4)])


def test_an_array_is_not_computed_for_nothing():
    assert "lax.cond(" in value_and_grad(doubled_array).source_for(np.ones(100), 1.0)


def test_what_overflows_on_the_other_side_leaves_no_trace():
    def f(x):
        y = x[0] * 1e300
        if x[0] < 1.0:
            y = y * y
        return y * 1e-300

    assert grad(f)(np.array([1e10])) == pytest.approx([1.0])


def test_against_differences():
    source = """
import numpy as np


def f(a, b, c):
    s = 0.0
    for i in range(3):
        k = i if a[i] > c else 2 - i
        t = a[k] * c if a[i] < 0 else np.tanh(a[i])
        if t > 0.1 and not b[i, 0] > 0.5:
            s = s + t * b[k, 1]
        elif t < -0.1:
            s, t = -s, s
        s += t
    return s
"""
    arguments = (X, np.random.default_rng(1).normal(size=(3, 2)), np.float64(0.4))
    outcome = check_program(source, arguments)
    assert outcome.status == "checked" and outcome.smooth

"""Where XLA would overwrite what it has yet to read (openxla/xla issue 49176)."""

import jax
import numpy as np
import pytest
from backprose.transform.arguments import spec_of
from backprose.transform.pipeline import derive
from backprose.transform.request import Request
from programs.loop_checks import check_program

X = np.random.default_rng(3).normal(size=(5, 7))


def shifted(x):
    b = np.cumsum(x, axis=1)
    b[1:] += b[:-1].copy()
    return b[None]


def spread(x):
    b = x[0] + 1
    b[1:] = b[1:] + b[:-1]
    return b[:, None]


def between(x):
    b = np.cumsum(x, axis=0)
    b[1:] += 2 * b[:-1].copy()
    return b.reshape(5, 1, 7)


def first_row(x):
    b = np.cumsum(x[:1] + 1, axis=1)
    b[0, 1:] += b[0, :-1].copy()
    return b[0]


def turned(x):
    b = np.cumsum(x, axis=1)
    b[1:] += b[1:, ::-1].copy()
    return b[None]


def stretched(x):
    b = np.cumsum(x, axis=1)
    b[1:] += b[1:, :1].copy()
    return b[None]


def one_number(x):
    b = np.cumsum(x, axis=1)
    b[1] += b[1, 0]
    return b[None]


def lifted(x):
    b = np.cumsum(x, axis=1)
    if b[0, 0] > 0:
        b[1:] += b[:-1].copy()
    else:
        b[:-1] += b[1:].copy()
    return b[None]


PROGRAMS = [shifted, spread, between, first_row, turned, stretched, one_number, lifted]


@pytest.mark.parametrize("function", PROGRAMS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("sign", [1, -1])
def test_an_array_that_is_updated_from_itself_keeps_its_values(function, sign):
    expected = function(sign * X)
    with jax.enable_x64(True):
        request = Request(function, {"x": spec_of(X)}, ("x",), "primal")
        assert np.array_equal(jax.jit(derive(request).function)(sign * X), expected)


def test_no_barrier_where_the_same_place_is_read():
    def plain(x):
        b = np.cumsum(x, axis=1)
        b[1:] *= 2
        return b[None]

    text = derive(Request(plain, {"x": spec_of(X)}, ("x",), "primal")).emitted.text
    assert "barrier" not in text


def test_a_barrier_comes_with_its_reason():
    text = derive(Request(shifted, {"x": spec_of(X)}, ("x",), "primal")).emitted.text
    before, line = text.split("\n    b = lax.optimization_barrier(b)\n")[0].rsplit("\n", 1)
    assert "openxla/xla issue 49176" in line and before


def test_the_adjoint_of_a_turned_row():
    text = """import numpy as np


def f(a, b, c):
    for k in range(1):
        e = b[k]
        for i in range(3):
            if b[0, i - 1] <= 0.87:
                v = e + 0.0
                e[-2::-1] -= np.sin(v[:2])
    return np.sum(np.cos(b) * np.arange(1.0, 4.0)) + c + a[0]
"""
    b = np.array([[-0.82222586, 1.5525607, -0.14787029]])
    outcome = check_program(text, (np.ones(2), b, np.float64(0.5)))
    assert outcome.status == "checked" and outcome.smooth

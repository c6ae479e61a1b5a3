"""What a function reads from outside is compared at each call: no stale derivative, and none derived twice."""

import dataclasses
import functools
import gc
import linecache
import os
import weakref

import jax
import numpy as np
import pytest
from backprose.transform import pipeline
from scipy.stats import norm, poisson

from backprose import grad

X = np.arange(3.0)
TABLE, LIST, NESTED = np.ones(5), [1, 2.0, "three"], {"a": {"b": [1.0, np.ones(2)]}}
CONF = {"a": 2.0}


class Equal:
    """Equal to all of its class, whatever it holds."""

    def __init__(self, k):
        self.k = k

    def __eq__(self, other):
        return isinstance(other, Equal)

    def __hash__(self):
        return 1


@dataclasses.dataclass(frozen=True)
class Hidden:
    k: float
    more: float = dataclasses.field(default=1.0, compare=False)


class Slotted:
    __slots__ = ("k",)

    def __init__(self, k):
        self.k = k


class Model:
    k = 2.0

    def loss(self, x):
        return np.sum(x) * self.k

    @classmethod
    def scaled(cls, x):
        return 3 * np.sum(x)


MODEL = Model()


@pytest.fixture
def derivations(monkeypatch):
    """How often the pipeline has run."""
    counted, derive = [], pipeline.derive
    monkeypatch.setattr(pipeline, "derive", lambda *a, **k: (counted.append(1), derive(*a, **k))[1])
    return counted


def scaled(x, c):
    return np.sum(x) * c.k * getattr(c, "more", 1.0)


@pytest.mark.parametrize(
    "one, two, factors",
    [
        (Equal(2.0), Equal(5.0), (2.0, 5.0)),
        (Hidden(2.0, 3.0), Hidden(2.0, 5.0), (6.0, 10.0)),
        (Slotted(2.0), Slotted(5.0), (2.0, 5.0)),
    ],
    ids=["equal", "hidden field", "slots"],
)
def test_objects_are_compared_by_what_they_hold(one, two, factors, derivations):
    derivative = grad(scaled)
    for _ in range(2):
        for argument, factor in zip((one, two), factors, strict=True):
            np.testing.assert_array_equal(derivative(X, argument), np.full(3, factor))
    assert len(derivations) == 2


def test_an_object_that_changes_between_calls():
    derivative, c = grad(scaled), Equal(2.0)
    np.testing.assert_array_equal(derivative(X, c), np.full(3, 2.0))
    c.k = 7.0
    np.testing.assert_array_equal(derivative(X, c), np.full(3, 7.0))
    np.testing.assert_array_equal(derivative(X, Equal(2.0)), np.full(3, 2.0))


def called(x, f):
    return f(x)


def test_partial_functions_are_compared_by_their_arguments():
    def times(a, x):
        return np.sum(a * x)

    derivative = grad(called)
    for factor in (3.0, 4.0):
        found = derivative(X, functools.partial(times, factor))
        np.testing.assert_array_equal(found, np.full(3, factor))


def of_a_table(x):
    return np.sum(x) * TABLE[1]


def of_a_list(x):
    return np.sum(x) * LIST[1]


def of_a_nest(x):
    return np.sum(x) * NESTED["a"]["b"][1][0]


def of_the_environment(x):
    return np.sum(x) * float(os.environ["BACKPROSE_TEST"])


def of_a_model(x):
    return MODEL.loss(x)


def of_numpy(x):
    return np.sum(np.sin(x) * 0 + np.cosh(0.0 * x) * x)


def set_item(container, key):
    return lambda value: container.__setitem__(key, value)


@pytest.mark.parametrize(
    "function, change",
    [
        (of_a_table, set_item(TABLE, 1)),
        (of_a_list, set_item(LIST, 1)),
        (of_a_nest, set_item(NESTED["a"]["b"][1], 0)),
        (of_the_environment, lambda value: os.environ.update(BACKPROSE_TEST=str(value))),
        (of_a_model, lambda value: setattr(Model, "k", value)),
    ],
    ids=lambda v: getattr(v, "__name__", "") if "of_" in getattr(v, "__name__", "") else "",
)
@pytest.mark.parametrize("target", ["jax", "numpy"])
def test_what_is_read_is_watched(function, change, target, derivations, monkeypatch):
    monkeypatch.setenv("BACKPROSE_TEST", "1.0")
    derivative = grad(function, target=target)
    for value in (2.0, 5.0):
        change(value)
        for _ in range(3):
            np.testing.assert_array_equal(derivative(X), np.full(3, value))
    assert len(derivations) == 2


def test_a_patched_function_of_a_library(monkeypatch):
    derivative = grad(of_numpy)
    before = derivative(X)
    monkeypatch.setattr(np, "sin", np.exp)
    monkeypatch.setattr(np, "cosh", lambda x: x * 0 + 2.0)
    np.testing.assert_allclose(derivative(X), 2 * before)


def density(x):
    return -np.sum(norm.logpdf(x, loc=0.3, scale=2.0))


def counts(x):
    return np.sum(poisson.logpmf(np.array([1, 0, 3]), x + 1))


def of_a_class(x):
    return MODEL.scaled(x)


def of_a_dict(x):
    return np.sum(x) * CONF.get("a") + CONF.get("n", 1)


@pytest.mark.parametrize("function", [density, counts, of_a_model, of_a_class, of_a_dict])
def test_methods_are_no_reason_to_derive_again(function, derivations):
    derivative = grad(function)
    for _ in range(3):
        derivative(X)
    assert len(derivations) == 1


def test_numbers_are_not_confused():
    def power(x, n):
        return np.sum(x) * (2.0 if n is True else 1.0)

    derivative = grad(power)
    assert derivative(X, 1)[0] == 1.0
    assert derivative(X, True)[0] == 2.0


def test_what_is_not_used_any_more_goes():
    lines, derivative = len(linecache.cache), grad(scaled)
    alive = []
    for k in range(40):
        c = Equal(float(k))
        alive.append(weakref.ref(c))
        derivative(X, c)
    del c
    gc.collect()
    assert sum(ref() is not None for ref in alive) <= 16
    del derivative
    jax.clear_caches()
    gc.collect()
    assert len(linecache.cache) <= lines

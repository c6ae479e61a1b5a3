"""The checker must accept right gradients and reject wrong ones."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from backprose import ArgumentError, check_grads, grad, value_and_grad
from backprose import checking as module
from backprose.checking import TOLERANCES, Row, compare, failures, report


def model(X, w, b):
    return np.mean(np.tanh(X @ w + b) ** 2)


def model_gradient(X, w, b):
    """The gradient of `model` by hand: with respect to X, w and b."""
    t = np.tanh(X @ w + b)
    dz = 2 * t * (1 - t**2) / t.size
    return np.outer(dz, w), X.T @ dz, np.sum(dz)


@pytest.fixture
def point(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.float64]:
    return rng.normal(size=(5, 3)), rng.normal(size=3), np.float64(0.3)


def verdicts(rows: list[Row]) -> dict[str, bool]:
    return {row.argument: row.ok for row in rows}


# --- right gradients -----------------------------------------------------------------------------


def test_a_right_gradient_passes_with_room_to_spare(point):
    rows = compare(model, model_gradient, point)
    assert verdicts(rows) == {"X": True, "w": True, "b": True}
    assert max(row.relative for row in rows) < 1e-9


def test_ours_passes_for_both_targets(point):
    for target in ("jax", "numpy"):
        check_grads(model, point, target=target)
        assert max(row.relative for row in report(model, point, target=target)) < 1e-9


def test_rows_are_the_value_and_each_floating_argument(point):
    rows = report(lambda X, n, w: np.sum(X**n) * w, (point[0], 2, 0.5))
    assert [row.argument for row in rows] == ["<lambda>(...)", "X", "w"]


@pytest.mark.parametrize("argnums", [1, "w", (1,), ["w"], -2])
def test_argnums_choose_by_position_or_name(point, argnums):
    assert [row.argument for row in report(model, point, argnums=argnums)][1:] == ["w"]


def test_arguments_by_name(point):
    check_grads(model, dict(zip(("X", "w", "b"), point, strict=True)))


def test_an_argument_that_nothing_depends_on(point):
    check_grads(lambda X, w: np.sum(w**2), point[:2])


def test_a_large_argument_is_checked_along_random_directions(rng):
    x = rng.normal(size=(40, 30))
    check_grads(lambda x: np.sum(np.sin(x) * x), (x,))
    wrong = compare(lambda x: np.sum(np.sin(x)), lambda x: np.cos(x) * 1.001, (x,))
    assert verdicts(wrong) == {"x": False}
    assert "random" in wrong[0].worst[0].place


def test_one_wrong_entry_among_many_is_found(rng):
    x = rng.normal(size=1000)

    def gradient(x):
        g = np.cos(x)
        g[17] *= 1.001
        return g

    assert not compare(lambda x: np.sum(np.sin(x)), gradient, (x,))[0].ok


def test_steps_shrink_near_kinks_and_ends_of_the_domain():
    near = np.array([1e-4, -2e-5, 3.0])
    right = compare(lambda x: np.sum(np.maximum(x, 0)), lambda x: (x > 0) * 1.0, (near,))
    assert verdicts(right) == {"x": True}
    positive = np.array([1e-4, 0.5])
    assert compare(lambda x: np.sum(np.log(x)), lambda x: 1 / x, (positive,))[0].ok


def test_arguments_stay_as_they_are(point):
    def mutating(x):
        x *= 2
        return np.sum(x**2)

    x = point[1].copy()
    compare(mutating, lambda x: 8 * x, (x,))
    assert np.array_equal(x, point[1])


# --- wrong gradients -----------------------------------------------------------------------------


def factor(X, w, b):
    dX, dw, db = model_gradient(X, w, b)
    return dX, dw * 1.001, db


def no_unbroadcast(X, w, b):
    t = np.tanh(X @ w + b)
    dz = 2 * t * (1 - t**2) / t.size
    return np.outer(dz, w), X.T @ dz, dz


def overwritten(X, w, b):
    """The last row only, where the rows' parts belong added."""
    t = np.tanh(X @ w + b)
    dz = 2 * t * (1 - t**2) / t.size
    return np.outer(dz, w), X[-1] * dz[-1], np.sum(dz)


def wrong_sign(X, w, b):
    dX, dw, db = model_gradient(X, w, b)
    return dX, dw, -db


def shifted(X, w, b):
    dX, dw, db = model_gradient(X, w, b)
    return dX + 1e-6, dw, db


def with_nan(X, w, b):
    dX, dw, db = model_gradient(X, w, b)
    dX[2, 1] = np.nan
    return dX, dw, db


def missing(X, w, b):
    return None, *model_gradient(X, w, b)[1:]


def single_precision(X, w, b):
    dX, dw, db = model_gradient(X, w, b)
    return dX.astype(np.float32), dw, db


@pytest.mark.parametrize(
    ("gradient", "rejected"),
    [
        (factor, {"w"}),
        (no_unbroadcast, {"b"}),
        (overwritten, {"w"}),
        (wrong_sign, {"b"}),
        (shifted, {"X"}),
        (with_nan, {"X"}),
        (missing, {"X"}),
        (single_precision, {"X"}),
    ],
)
def test_wrong_gradients_are_rejected(point, gradient, rejected):
    rows = compare(model, gradient, point)
    assert {row.argument for row in rows if not row.ok} == rejected
    assert rejected.pop() in failures(rows)


def test_swapped_arguments_are_rejected(rng):
    def product(a, b):
        return np.sum(a * b**2)

    a, b = rng.normal(size=4), rng.normal(size=4)
    rows = compare(product, lambda a, b: (2 * a * b, b**2), (a, b))
    assert verdicts(rows) == {"a": False, "b": False}


def test_a_gradient_of_too_few_arguments_is_rejected(point):
    rows = compare(model, lambda X, w, b: model_gradient(X, w, b)[:2], point)
    assert len(rows) == 1 and not rows[0].ok and "tuple of 3" in rows[0].note


def test_failure_raises_with_a_table_of_the_worst_entries(point, monkeypatch):
    def wrong(f, argnums, **options):
        right = value_and_grad(f, argnums, **options)

        def changed(*args: Any) -> Any:
            value, (dX, dw, db) = right(*args)
            dw[1] += 0.25
            return value, (dX, dw, db)

        return changed

    monkeypatch.setattr(module, "value_and_grad", wrong)
    with pytest.raises(AssertionError, match=r"(?s)derivative of model.*w\[1\].*0\.25") as caught:
        check_grads(model, point)
    assert len(str(caught.value).splitlines()) == 3


def test_a_wrong_value_is_found(point, monkeypatch):
    def wrong(f, argnums, **options):
        right = value_and_grad(f, argnums, **options)
        return lambda *args: (right(*args)[0] * (1 + 1e-9), right(*args)[1])

    monkeypatch.setattr(module, "value_and_grad", wrong)
    rows = report(model, point)
    assert verdicts(rows) == {"model(...)": False, "X": True, "w": True, "b": True}


# --- special values ------------------------------------------------------------------------------


def test_nan_agrees_with_nan_in_the_same_place_only():
    x = np.array([1.0, np.nan])

    def function(x):
        return np.sum(np.where(np.isnan(x), 0.0, x**2))

    assert compare(function, lambda x: np.array([2.0, 0.0]), (x,))[0].ok
    assert not compare(function, lambda x: np.array([2.0, np.nan]), (x,))[0].ok
    assert not compare(lambda x: np.sum(x), lambda x: np.ones(2), (x,))[0].ok
    assert compare(lambda x: np.sum(x), lambda x: np.full(2, np.nan), (x,))[0].ok


def test_a_kink_at_the_point_is_said_to_be_one():
    rows = compare(lambda x: np.sqrt(np.abs(x)), lambda x: 1.0, (0.0,))
    rows += compare(lambda x: np.floor(x), lambda x: 0.0, (1.0,))
    assert "do not converge" in failures(rows)


def test_an_empty_argument_passes():
    rows = compare(lambda x: np.sum(x), lambda x: np.ones(0), (np.ones(0),))
    assert rows == [Row("x", 0.0, 0.0, TOLERANCES[np.dtype(float)].derivative, True)]


# --- kinds of arguments --------------------------------------------------------------------------


class Layer(NamedTuple):
    W: np.ndarray
    b: float


def test_nested_arguments_are_compared_leaf_by_leaf(rng):
    layers = [Layer(rng.normal(size=(3, 2)), 0.5), {"W": rng.normal(size=2), "size": 2}]

    def network(layers):
        first, second = layers
        return np.sum(np.tanh(first.W @ second["W"] + first.b))

    def gradient(layers):
        first, second = layers
        dz = 1 - np.tanh(first.W @ second["W"] + first.b) ** 2
        return [Layer(np.outer(dz, second["W"]), np.sum(dz)), {"W": first.W.T @ dz, "size": None}]

    rows = compare(network, gradient, (layers,))
    assert verdicts(rows) == {"layers[0][0]": True, "layers[0][1]": True, "layers[1]['W']": True}


def test_short_dtypes_are_differenced_in_64_bits(rng):
    x = rng.normal(size=6).astype(np.float32)

    def function(x):
        assert x.dtype == np.float64
        return np.sum(np.exp(x))

    row = compare(function, lambda x: np.exp(x), (x,))[0]
    assert row.ok and row.tolerance == TOLERANCES[np.dtype(np.float32)].derivative
    assert row.relative < 1e-6
    assert not compare(function, lambda x: np.float32(1.001) * np.exp(x), (x,))[0].ok


def test_a_function_computed_in_32_bits_can_be_checked(rng):
    x = rng.normal(size=4).astype(np.float32)

    def function(x):
        return np.sum(np.sin(x.astype(np.float32)))

    assert compare(function, np.cos, (x,), rtol=1e-2)[0].ok


def test_tolerances_can_be_given():
    def function(x):
        return np.exp(x)

    def off(x):
        return np.exp(x) * (1 + 1e-5)

    assert not compare(function, off, (0.5,))[0].ok
    assert compare(function, off, (0.5,), rtol=1e-4)[0].ok
    assert compare(function, off, (0.5,), rtol=0, atol=1e-3)[0].ok
    assert not compare(function, function, (0.5,), rtol=0, atol=0)[0].ok


def test_a_decorated_function_is_checked_for_what_it_differentiates(point):
    @grad(argnums=("w", "b"), has_aux=True)
    def with_aux(X, w, b):
        return np.mean((X @ w + b) ** 2), X

    rows = report(with_aux, point)
    assert verdicts(rows) == {"with_aux(...)": True, "w": True, "b": True}


# --- mistakes ------------------------------------------------------------------------------------


def test_mistakes_are_argument_errors(point):
    with pytest.raises(ArgumentError, match=r"real scalar; <lambda> returns float64\[5, 3\]"):
        check_grads(lambda X: X * 2, point[:1])
    with pytest.raises(ArgumentError, match="returns int64"):
        check_grads(lambda x: np.argmax(x), (point[1],))
    with pytest.raises(ArgumentError, match="order=2 is not supported"):
        check_grads(model, point, order=2)
    with pytest.raises(ArgumentError, match="modes=.*fwd"):
        check_grads(model, point, modes=("fwd", "rev"))
    with pytest.raises(ArgumentError, match="missing a required argument"):
        check_grads(model, point[:2])
    with pytest.raises(ArgumentError, match="no floating-point argument"):
        check_grads(lambda n: 1.0 * n, (3,))
    with pytest.raises(ArgumentError, match="argnums has 'q'"):
        check_grads(model, point, argnums="q")

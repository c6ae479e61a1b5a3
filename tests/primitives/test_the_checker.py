"""The registry's checks reject wrong rules: each rule here has one mistake, of a kind that people make."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg
import test_registry as checks
from backprose.primitives import call, draw, lookup, real
from backprose.primitives import registry as rules
from backprose.transform import reverse

REAL, POSITIVE = "real", "positive"


def factor(y, x):
    return 1.001 * np.cos(x)


def sign(y, x):
    return -np.cos(x)


def swapped(y, a, b):
    return a, b


def one_argument(y, a, b):
    return b, 0


def summed(dy, y, x, axis=None, keepdims=False):
    """Right for a sum over everything, and over the first axis; wrong for any other."""
    return np.broadcast_to(dy, x.shape)


def not_transposed(dy, y, a):
    return -y @ dy @ y


def for_one_matrix(dy, y, a):
    """Right for a matrix, not for a stack of them."""
    return -y.T @ dy @ y.T


def without_conjugate(y, x):
    return np.sign(x)


def both_triangles(dy, y, a):
    w, v = np.linalg.eigh(a)
    return (v * dy[..., None, :]) @ np.swapaxes(v, -1, -2)


def nothing_at_a_tie(d, y, a, b):
    return np.where(a > b, d, 0), np.where(b > a, d, 0)


FIRST_ORDER = [
    (np.sin, factor, call(draw(REAL, 3)), "a factor of 1.001"),
    (np.sin, sign, call(draw(REAL, 3)), "a sign"),
    (np.multiply, swapped, call(draw(REAL, 3), draw(POSITIVE, 3)), "swapped arguments"),
    (np.multiply, one_argument, call(draw(REAL, 3), draw(REAL, 3)), "an argument left out"),
    (np.sum, summed, call(real(3, 3), axis=1), "an axis that is not looked at"),
    (np.linalg.inv, not_transposed, call(draw("spd", 3, 3)), "a transpose left out"),
    (np.linalg.inv, for_one_matrix, call(draw("spd", 2, 3, 3)), "no stacks of matrices"),
    (np.abs, without_conjugate, call(draw("complex", 3)), "a conjugate left out"),
    (np.linalg.eigvalsh, both_triangles, call(draw("spd", 3, 3)), "both triangles"),
    (np.maximum, nothing_at_a_tie, call(draw("ties", 4), 0.0), "ties"),
]


def with_rule(monkeypatch, function, **changes):
    wrong = replace(lookup(function), **changes)
    monkeypatch.setitem(rules._REGISTRY, function, wrong)
    return wrong


def rejects(check, *args):
    with pytest.raises((AssertionError, ValueError, TypeError)):
        check(*args)


@pytest.mark.parametrize(
    ("function", "rule", "sample"), [pytest.param(*c[:3], id=c[3]) for c in FIRST_ORDER]
)
def test_a_wrong_adjoint_is_rejected(function, rule, sample, monkeypatch, x64):
    checks.check_reverse_mode(lookup(function), sample, np.float64)  # the right one is not
    rejects(
        checks.check_reverse_mode,
        with_rule(monkeypatch, function, adjoint=rule),
        sample,
        np.float64,
    )


@pytest.mark.parametrize("has_twin", [True, False], ids=["jax", "differences"])
def test_each_reference_alone_suffices(has_twin, monkeypatch, x64):
    sample = call(draw(REAL, 3))
    sample = sample if has_twin else sample.without_twin()
    if has_twin:
        monkeypatch.setattr(checks, "difference", lambda case, directions, dys: 0.0)
        monkeypatch.setattr(checks, "FINITE_DIFFERENCES", np.inf)
    rejects(
        checks.check_reverse_mode,
        with_rule(monkeypatch, np.sin, adjoint=factor),
        sample,
        np.float64,
    )


def test_a_missing_unbroadcast_is_rejected(monkeypatch, x64):
    sample = call(draw(REAL, 3, 4), draw(REAL, 4))
    monkeypatch.setattr(reverse._Reverse, "fit", lambda self, value, v, origin: value)
    rejects(checks.check_reverse_mode, lookup(np.multiply), sample, np.float64)


def test_overwriting_instead_of_adding_is_rejected(monkeypatch, x64):
    sample = call(real(3, 4), axis=0)
    checks.check_reverse_mode(lookup(np.ptp), sample, np.float64)
    monkeypatch.setattr(reverse, "collect", lambda context, parts, *rest: parts[-1])
    rejects(checks.check_reverse_mode, lookup(np.ptp), sample, np.float64)


def test_a_wrong_value_is_rejected(monkeypatch, x64):
    def always_lower(a, lower=False):
        return np.linalg.cholesky(a)

    function, sample = scipy.linalg.cholesky, call(draw("spd", 3, 3)).without_twin()
    checks.check_reverse_mode(lookup(function), sample, np.float64)
    wrong = with_rule(monkeypatch, function, adjoint=always_lower)
    rejects(checks.check_reverse_mode, wrong, sample, np.float64)


def test_a_tangent_that_is_not_the_transpose_is_rejected(monkeypatch, x64):
    sample = call(draw("spd", 3, 3))
    check = checks.test_forward_mode_is_the_transpose_of_reverse_mode
    check(lookup(np.linalg.inv), sample, x64)

    def tangent(a_dot, y, a):
        return y @ a_dot @ y

    rejects(check, with_rule(monkeypatch, np.linalg.inv, tangent=tangent), sample, x64)


def test_a_wrong_second_derivative_is_rejected(monkeypatch, x64):
    """The rule gives the right number, through a function whose own derivative is zero."""

    def rounded(y, x):
        return np.round(np.cos(x), 15)

    sample = call(draw(REAL, 3))
    checks.test_second_order(lookup(np.sin), sample, x64)
    wrong = with_rule(monkeypatch, np.sin, adjoint=rounded)
    checks.check_reverse_mode(wrong, sample, np.float64)
    rejects(checks.test_second_order, wrong, sample, x64)

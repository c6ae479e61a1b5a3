"""The reference itself: known derivatives, kinks, poles, functions not defined everywhere."""

from __future__ import annotations

import math

import numpy as np
import pytest

from backprose.differences import first_step, slope

STEP = first_step(np.finfo(float).eps)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda t: math.exp(3 * t), 3.0),
        (lambda t: math.sin(10 * t + 1), 10 * math.cos(1)),
        (lambda t: 1 / (0.01 + t), -1e4),
        (lambda t: 7.0 * t, 7.0),
        (lambda t: 5.0, 0.0),
    ],
)
def test_smooth_functions(function, expected):
    found = slope(function, STEP, noise=1e-16)
    assert found.value == pytest.approx(expected, rel=1e-9, abs=1e-10)
    assert found.uncertainty <= 1e-8 * max(abs(expected), 1)


def test_a_kink_beside_the_point_does_no_harm():
    assert slope(lambda t: max(t + 1e-5, 0.0), STEP, noise=1e-16).value == pytest.approx(1.0)


def test_the_end_of_the_domain_beside_the_point_does_no_harm():
    def root(t):
        return math.sqrt(t + 1e-3) if t > -1e-3 else math.nan

    assert slope(root, STEP, noise=1e-16).value == pytest.approx(0.5 / math.sqrt(1e-3), rel=1e-8)


def test_a_jump_does_not_settle():
    assert slope(lambda t: float(t > 0), STEP, noise=1e-16).uncertainty > 1


def test_nothing_finite_gives_nan():
    found = slope(lambda t: math.nan, STEP, noise=0.0)
    assert math.isnan(found.value) and math.isinf(found.uncertainty)

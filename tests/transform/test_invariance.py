"""Shifts that cancel: recognised where they do, and only there."""

import numpy as np
import pytest
from programs.references import assert_gradient

from backprose import grad


def logsumexp_keepdims(A):
    m = np.max(A, axis=1, keepdims=True)
    return np.sum((m + np.log(np.sum(np.exp(A - m), axis=1, keepdims=True))) ** 2)


def logsumexp_over_columns(A):
    m = A.max(axis=0)
    return np.sum(np.sin(np.log(np.sum(np.exp(A - m), axis=0)) + m))


def logsumexp_of_all(A):
    m = np.max(A)
    return m + np.log(np.sum(np.exp(A - m)))


def softmax(A):
    e = np.exp(A - np.max(A, axis=-1)[:, None])
    return np.sum((e / np.sum(e, axis=-1)[:, None]) ** 2)


def log_softmax(A):
    s = A - np.max(A, axis=1, keepdims=True)
    return np.sum((s - np.log(np.sum(np.exp(s), axis=1, keepdims=True))) * A)


def weighted_mean(A):
    w = np.exp(A - np.max(A))
    return np.sum(w * A) / np.sum(w)


def by_the_minimum(A):
    m = np.min(A, axis=1, keepdims=True)
    return np.sum(np.log(np.mean(np.exp(A - m), axis=1, keepdims=True)) + m)


def transposed(A):
    e = np.exp(A.T - np.max(A, axis=1))
    return np.sum((e / np.sum(e, axis=0)).T * A**2)


CANCELLING = [
    logsumexp_keepdims, logsumexp_over_columns, logsumexp_of_all, softmax, log_softmax, weighted_mean,
    by_the_minimum, transposed,
]  # fmt: skip


def shift_left_in(A):
    m = np.max(A, axis=1, keepdims=True)
    return np.sum(np.exp(A - m))


def shift_used_twice(A):
    m = np.max(A, axis=1, keepdims=True)
    return np.sum(m + np.log(np.sum(np.exp(A - m), axis=1, keepdims=True))) + np.sum(m**2)


def summed_over_the_wrong_axis(A):
    m = np.max(A, axis=1, keepdims=True)
    return np.sum(np.log(np.sum(np.exp(A - m), axis=0)))


def added_along_the_wrong_axis(A):
    m = np.max(A, axis=1)
    return np.sum(m + np.log(np.sum(np.exp(A - m[:, None]), axis=1))[:, None])


def subtracted_twice(A):
    m = np.max(A, axis=1, keepdims=True)
    return np.sum(m + np.log(np.sum(np.exp(A - 2 * m), axis=1, keepdims=True)))


def nonlinear_between(A):
    m = np.max(A, axis=1, keepdims=True)
    return np.sum(np.tanh(A - m) + m)


def different_degrees(A):
    m = np.max(A)
    return np.sum(np.exp(A - m)) + np.sum(np.exp(A - m) ** 2)


def normalised_over_the_wrong_axis(A):
    e = np.exp(A - np.max(A, axis=1, keepdims=True))
    return np.sum((e / np.sum(e, axis=0, keepdims=True)) ** 2)


def ratio_of_different_degrees(A):
    e = np.exp(A - np.max(A))
    return np.sum(e * e) / np.sum(e)


NOT_CANCELLING = [
    shift_left_in, shift_used_twice, summed_over_the_wrong_axis, added_along_the_wrong_axis, subtracted_twice,
    nonlinear_between, different_degrees, ratio_of_different_degrees,
    normalised_over_the_wrong_axis,
]  # fmt: skip


@pytest.mark.parametrize("function", CANCELLING + NOT_CANCELLING, ids=lambda f: f.__name__)
@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (4, 1), (1, 1)])
def test_gradient(function, shape, rng):
    A = rng.normal(size=shape)
    assert_gradient(function, [grad(function, jit=False)(A)], [A], [0], rng)


@pytest.mark.parametrize("function", CANCELLING, ids=lambda f: f.__name__)
def test_a_shift_that_cancels_has_no_derivative(function, rng):
    source = grad(function).source_for(rng.normal(size=(3, 4)))
    assert "==" not in source and "where" not in source


@pytest.mark.parametrize("function", NOT_CANCELLING, ids=lambda f: f.__name__)
def test_any_other_maximum_keeps_its_derivative(function, rng):
    source = grad(function).source_for(rng.normal(size=(3, 4)))
    assert "==" in source

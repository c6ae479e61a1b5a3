"""What an adjoint takes out of an array is put back where nothing in between touches its place."""

import numpy as np
import pytest

from backprose import check_grads, value_and_grad

A = np.random.default_rng(3).normal(size=(5, 5)) + 4 * np.eye(5)


def factored(A):
    for i in range(5):
        for j in range(i):
            A[i, j] = (A[i, j] - A[i, :j] @ A[j, :j]) / A[j, j]
        A[i, i] = np.sqrt(A[i, i] ** 2 + A[i, :i] @ A[i, :i])
    return np.sum(np.sin(A))


def beside_and_back(A):
    for i in range(1, 5):
        for j in range(i):
            A[i] = A[i] + 0.1 * np.sin(A[j])
        A[i, 0] *= A[i, i]
    return np.sum(A**2)


def touched(A):
    for i in range(1, 5):
        for j in range(i + 1):
            A[i] = A[i] + 0.1 * np.sin(A[j])
        A[i, 0] *= A[i, i]
    return np.sum(A**2)


def touched_by_an_element_of_the_loop(A):
    for i in range(5):
        t = A[i, i]
        for j in range(5):
            t = t + 0.1 * np.sin(A[i, j]) * t
        A[i, i] = t
    return np.sum(A**2)


def touched_in_between(A):
    for i in range(4):
        row = A[i]
        for j in range(4):
            row = row * np.cos(A[j + 1])
        A[i] = row + A[i + 1] * A[i, i]
    return np.sum(A**2)


def touched_by_one_element(A):
    for i in range(4):
        s = A[i, 0] + A[i, i + 1] ** 2
        for j in range(5):
            s = s + np.sin(A[4, j]) * s
        A[i, i + 1] = s * A[i, 1]
    return np.sum(A**2)


def read_by_the_loop_up_to_it(A):
    for i in range(5):
        row = A[i]
        for j in range(i + 1):
            row = np.tanh(row + A[j])
        A[i] = row
    return np.sum(A**2)


def read_by_the_loop_from_it_on(A):
    for i in range(4):
        row = A[i]
        for j in range(i, 5):
            row = np.tanh(row + A[j])
        A[i] = row
    return np.sum(A**2)


TOUCHED = [
    read_by_the_loop_up_to_it,
    read_by_the_loop_from_it_on,
    touched,
    touched_by_an_element_of_the_loop,
    touched_in_between,
    touched_by_one_element,
]


@pytest.mark.parametrize("function", [factored, beside_and_back, *TOUCHED])
@pytest.mark.parametrize("target", ["jax", "numpy"])
def test_gradients(function, target):
    check_grads(value_and_grad(function, target=target), (A,))


@pytest.mark.parametrize("function", [factored, beside_and_back])
def test_the_row_is_put_back(function):
    text = value_and_grad(function).source_for(A)
    back = text[text.index("# Adjoint of for i") :]
    assert "dA = dA.at[i].set(dA_i)" in back and ".set(0)" not in back


def test_not_where_the_loop_works_on_the_row_itself():
    text = value_and_grad(touched).source_for(A)
    back = text[text.index("# Adjoint of for i") :]
    assert "dA = dA.at[i].set(dA_i)" not in back

"""`is`, `type` and `isinstance` of what is computed: Python, running the function, is the reference."""

import math

import numpy as np
import pytest

from backprose import RefusedError, value_and_grad

X = np.array([1.0, 2.0, 3.0])


def until_false(a):
    done = False
    while done is False:
        a = a * 2.0
        if a > 3.0:
            done = True
    return a


def set_in_a_branch(x):
    total, found = 0.0, False
    for i in range(3):
        if x[i] > 1.5:
            found = True
        if found is not False:
            total += x[i] ** 2
    return total


def truth_of_numpy(x):
    """NumPy's truth values are never Python's constants."""
    return np.sum(x**2) if (x[0] > 0) is True else np.sum(x)


def truth_of_python(a):
    return a**2 if (a > 0) is True else a


def made_pythons(x):
    return np.sum(x**2) if bool(x[0] > 0) is True else np.sum(x)


def negated(x):
    return np.sum(x**2) if (not x[0] > 5) is True else np.sum(x)


def asked_of_math(a):
    return a**2 if math.isnan(a) is False else a


def all_close(x):
    return np.sum(x**2) if np.allclose(x, x[::-1]) is False else np.sum(x)


def type_of_a_test(a):
    return a**2 if type(a > 1) is bool else a


def instance(a):
    return a**2 if isinstance(not a, bool) and not isinstance(a, np.floating) else a


def scalar_of_numpy(x):
    return np.sum(x**2) if isinstance(x[0], np.floating) and type(x[0]) is not float else np.sum(x)


def same_name(x):
    y = x
    return np.sum(y**2) if y is x else np.sum(y)


def copied(x):
    y = x.copy()
    return np.sum(y**2) if y is x else np.sum(y)


def no_none(x):
    y = np.sum(x)
    return y**2 if y is not None else y


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize(
    "function, argument, gradient",
    [
        (until_false, 1.1, 4.0),
        (set_in_a_branch, X, [0.0, 4.0, 6.0]),
        (truth_of_numpy, X, [1.0, 1.0, 1.0]),
        (truth_of_python, 3.0, 6.0),
        (made_pythons, X, 2 * X),
        (negated, X, 2 * X),
        (asked_of_math, 3.0, 6.0),
        (all_close, X, 2 * X),
        (type_of_a_test, 3.0, 6.0),
        (instance, 3.0, 6.0),
        (scalar_of_numpy, X, 2 * X),
        (same_name, X, 2 * X),
        (copied, X, [1.0, 1.0, 1.0]),
        (no_none, X, [12.0, 12.0, 12.0]),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_what_python_decides(function, argument, gradient, target):
    value, found = value_and_grad(function, target=target)(argument)
    assert value == function(argument)
    np.testing.assert_allclose(found, gradient, rtol=1e-12)


def pythons_or_numpys(x):
    flag = False
    if x[0] > 0:
        flag = x[1] > 0
    return np.sum(x) if flag is True else np.sum(x**2)


def type_of_either(x):
    step = 1.0
    if x[0] > 0:
        step = x[0]
    return step if type(step) is float else step**2


def two_arguments(x, y):
    return np.sum(x * y) if x is y else np.sum(x)


@pytest.mark.parametrize(
    "function, arguments, message",
    [
        (pythons_or_numpys, (X,), "whether this is bool or np.bool depends on the way"),
        (type_of_either, (X,), "whether this is float or np.float64 depends on the way"),
        (two_arguments, (X, X), "whether these are one object is not known"),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_what_nobody_can_know_is_refused(function, arguments, message):
    with pytest.raises(RefusedError, match=message):
        value_and_grad(function)(*arguments)

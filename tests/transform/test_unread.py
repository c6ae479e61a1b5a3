"""What nobody reads of a value never reaches the adjoint: branches, masks, places, triangles, choices by value.

Each program computes something singular everywhere (a root, a logarithm, a quotient), and reads it elsewhere only.
"""

import numpy as np
import pytest

from backprose import value_and_grad

X = np.array([0.0, 1.0, 4.0, 2.0])
M = np.array([[0.0, 1.0, 2.0], [3.0, 0.0, 1.0], [2.0, 5.0, 0.0]])
PROGRAMS = []


def program(argument):
    def add(function):
        PROGRAMS.append((function, argument))
        return function

    return add


@program(X)
def slice_log(x):
    return np.sum(np.log(x)[1:])


@program(X)
def slice_inv(x):
    r = 1 / x
    return np.sum(r[1:] ** 2) + r[2]


@program(X)
def int_read(x):
    r = np.sqrt(x)
    return r[1] * r[2]


@program(X)
def two_slices(x):
    r = np.sqrt(x)
    return np.sum(r[1:3] * r[2:])


@program(X)
def fancy(x):
    r = np.log(x)
    return np.sum(r[[1, 3]])


@program(M)
def triu_log(m):
    return np.sum(np.triu(np.log(m + np.eye(3) * 0), 1))


@program(M)
def tril_sum(m):
    return np.sum(np.tril(np.sqrt(m), -1))


@program(M)
def filld(m):
    r = np.log(m)
    np.fill_diagonal(r, 0)
    return np.sum(r**2)


@program(M)
def mask_set(m):
    r = np.log(m)
    r[m == 0] = 0
    return np.sum(r)


@program(M)
def mask_isinf(m):
    r = 1 / m
    r[np.isinf(r)] = 0
    return np.sum(r)


@program(M)
def off_diag_mask(m):
    r = np.sqrt(m)
    off = ~np.eye(3, dtype=bool)
    return np.sum(r[off])


@program(M)
def row_sum(m):
    r = np.sqrt(m)
    np.fill_diagonal(r, 1.0)
    return np.sum(np.sum(r, axis=1) ** 2)


@program(M)
def where_after_sum(m):
    s = np.sum(np.log(m), axis=1)
    return np.sum(np.where(np.isfinite(s), s, 0.0))


@program(X)
def where_after_reshape(x):
    s = np.log(x).reshape(2, 2)
    return np.sum(np.where(np.isfinite(s), s, 0.0))


@program(X)
def ifs(x):
    s = 0.0
    for i in range(4):
        q = np.log(x[i])
        r = np.sqrt(x[i])
        if x[i] > 0:
            if i > 1:
                s += q * r
            else:
                s -= q
        elif i == 100:
            s += r
    return s


@program(X)
def nested_inner(x):
    s = 0.0
    for i in range(4):
        q = np.log(x[i])
        if i < 3:
            if x[i] > 0:
                s += q**2
    return s


@program(X)
def two_ifs(x):
    s = 0.0
    for i in range(4):
        q = np.log(x[i])
        if x[i] > 0:
            s += q**2
        if x[i] > 1.5:
            s += q
    return s


@program(X)
def outside_loop(x):
    q = np.log(x)
    s = 0.0
    for i in range(4):
        if x[i] > 0:
            s += q[i] ** 2
    return s


@program(X)
def outside_scalar(x):
    s = 0.0
    for i in range(4):
        q = np.log(x[i])
        for j in range(3):
            if x[i] > 0:
                s += q * x[j]
    return s


@program(X)
def cont(x):
    s = 0.0
    for i in range(4):
        q = np.log(x[i])
        if x[i] == 0:
            continue
        s += q
    return s


@program(X)
def earlyret(x):
    n = np.log(x[0])
    if x[0] == 0:
        return np.sum(x**2)
    return n


@program(X)
def pyfloat(x):
    s = 0.0
    for i in range(1, 4):
        s += np.log(x)[i]
    return s


@program(0.0)
def pf(a):
    b = 1 / (a + 0.0) if a != 0 else 1.0
    return b * a


@program(0.0)
def pf2(a):
    b = a**0.5
    c = np.log(a)
    if a > 0:
        return b + c
    return a


@program(X)
def arr_branch(x):
    r = np.log(x)
    if x[0] > 0:
        return np.sum(r)
    return np.sum(x)


@program(X)
def while_g(x):
    i = 0
    s = 0.0
    while i < 4:
        r = np.sqrt(x[i])
        if x[i] > 0:
            s += 1 / r
        i += 1
    return s


@program(X)
def concat(x):
    r = np.log(x)
    return np.sum(np.concatenate([r[1:], x]))


@program(X)
def put_idx(x):
    r = np.log(x)
    r[0] = 0.0
    return np.sum(r**2)


@program(X)
def set_slice(x):
    r = np.log(x)
    r[:1] = 5.0
    return np.sum(r**2)


@program(X)
def masked_assign(x):
    out = np.zeros(4)
    m = x > 0
    out[m] = np.log(x[m])
    return np.sum(out)


@program(X)
def nansum(x):
    return np.nansum(np.where(x > 0, np.log(x), np.nan))


@program(X)
def extract(x):
    return np.sum(np.extract(x > 0, np.log(x)))


@program(X)
def boolmul(x):
    r = np.log(x)
    return np.sum(r[x > 0]) * 2


@program(X)
def maxsel(x):
    r = np.log(x)
    return np.max(r)


@program(X)
def sortsel(x):
    r = np.log(x)
    return np.sort(r)[1]


@program(X)
def takesel(x):
    return np.take(np.log(x), [1, 2]).sum()


@program(X)
def minabs(x):
    return np.sum(np.clip(np.sqrt(x), 0.5, 10))


@program(M)
def rowsel(m):
    return np.sum(np.sqrt(m)[:, 1][[0, 2]])


@program(M)
def diagonal_of(m):
    return np.sum(np.diagonal(np.sqrt(m + 0.0)[:, ::-1])[[0, 2]])


@program(M)
def trace_off(m):
    return np.trace(np.log(m), offset=1)


@program(M)
def matmul_then(m):
    r = np.log(m + np.eye(3))
    q = np.sqrt(m)
    np.fill_diagonal(q, 0.0)
    return np.sum((q @ r) ** 2)


@program(np.array([[0.5, 1.0], [0.5, 1.0], [2.0, -1.0]]))
def root_of_squares(P):
    d = P[:, None] - P
    return np.sum(np.sqrt(np.sum(d**2, axis=2)))


@program(np.array([0.0, 0.0, 1.0]))
def root_of_squares_in_loops(x):
    s = 0.0
    for i in range(3):
        for j in range(3):
            q = 0.0
            for k in range(2):
                q += (x[i] - x[j]) ** 2
            s += q**0.5
    return s


def compared(argument):
    return np.copy(argument) if isinstance(argument, np.ndarray) else argument


@pytest.mark.filterwarnings("ignore:invalid value", "ignore:divide by zero")
@pytest.mark.parametrize("function, argument", PROGRAMS, ids=lambda v: getattr(v, "__name__", ""))
def test_what_is_not_read_leaks_nothing(function, argument):
    """Finite, alike in both targets, and equal to differences wherever the argument is not at the singular place."""
    value = function(compared(argument))
    found = {}
    for target in ("jax", "numpy"):
        primal, found[target] = value_and_grad(function, target=target)(compared(argument))
        np.testing.assert_allclose(primal, value, rtol=1e-12)
        assert np.all(np.isfinite(found[target])), found[target]
    np.testing.assert_allclose(found["jax"], found["numpy"], rtol=1e-12)
    at, step = np.asarray(argument, float), 1e-5
    for place in zip(*np.nonzero(np.atleast_1d(at) if at.ndim else np.zeros(1)), strict=True):
        if function.__name__.startswith("root_of_squares") and place[0] < 2:
            continue  # a kink
        high, low = at.copy(), at.copy()
        high[place] += step
        low[place] -= step
        difference = (function(high) - function(low)) / (2 * step)
        np.testing.assert_allclose(found["jax"][place], difference, rtol=1e-6, atol=1e-7)


def test_a_branch_that_is_not_taken_reads_as_one():
    def energy(x):
        total = 0.0
        for i in range(len(x)):
            root = np.sqrt(x[i])
            if x[i] > 0:
                total += 1 / root
        return total

    text = value_and_grad(energy, target="numpy").source_for(X)
    assert "        if t1:\n" in text and "np.where" not in text


def test_an_infinite_derivative_that_is_read_stays_infinite():
    found = value_and_grad(lambda x: np.sum(np.sqrt(x)), target="numpy")
    with np.errstate(divide="ignore"):
        np.testing.assert_array_equal(found(X)[1], [np.inf, 0.5, 0.25, 0.5 / np.sqrt(2.0)])

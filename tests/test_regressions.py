"""Programs that once gave a wrong answer, or an error from inside the compiler."""

import collections
import math

import jax
import jax.scipy.special
import numpy as np
import pytest
from programs.references import assert_gradient

from backprose import ArgumentError, ProgramError, RefusedError, grad, value_and_grad

X = np.array([1.0, -2.0, 0.5, 3.0])
A = np.arange(9.0).reshape(3, 3) ** 1.3 + 0.1


def default_of_inner_function(x):
    y = x * 2

    def g(a=y):
        return np.sum(a * x)

    y = x * 5
    return g() + np.sum(y)


def array_default_called_twice(x):
    def g(a, k=np.ones(4) * 3):  # noqa: B008
        return a * k

    return np.sum(g(x)) * np.sum(g(x * 2))


def list_default(x):
    def g(a, k=[2.0, 3.0], e={"u": 3.0}, none=[]):  # noqa: B006
        return a * k[1] * len(k) * e["u"] + len(none)

    return np.sum(g(x)) * np.sum(g(x * 2))


def lambdas_in_a_comprehension(x):
    bound = [(lambda y, k=k: y * k) for k in (1.0, 2.0, 3.0)]
    last = [(lambda y: y**k) for k in (1, 2, 3)]  # noqa: B023
    return sum([np.sum(f(x)) for f in bound]) + sum([np.sum(f(x)) for f in last])


def size_times_element(x):
    return x.shape[0] * x[0] + np.size(x) * x[-1]


def dot_with_a_number(x):
    return np.sum(np.dot(2.0, x) ** 2)


def items(x):
    return x.item(2) * x[:, None].item((1, 0)) + x.item(3) ** 2


def static_extremum(x):
    return np.sum(x) * max([2, x.shape[0]])


def no_axes(x):
    return np.sum(np.sum(x, axis=()) ** 2)


def mean_of_nothing(x):
    return np.sum(np.mean(x[:0, None], axis=1)) + np.sum(x)


def joined_with_other_lengths(x):
    return np.sum(np.hstack([x, x[:2]]) ** 2)


VECTOR = [
    default_of_inner_function, array_default_called_twice, list_default, lambdas_in_a_comprehension,
    size_times_element, dot_with_a_number, items, static_extremum, no_axes, mean_of_nothing,
]  # fmt: skip


def inner_of_matrix_and_vector(M):
    b = np.array([1.0, 2.0, 3.0])
    return (
        np.sum(np.inner(M, b) ** 2)
        + np.sum(np.inner(b, M) ** 3)
        + np.sum(np.inner(M[None], M) ** 2)
    )


def positions_are_numpys(M):
    return (
        np.sum(np.sum(M, 1, float) * M)
        + np.sum(M.mean(1, None) * M)
        + np.sum(np.var(M, 1, None) * M[0])
    )


def dot_of_vector_and_stack(M):
    return np.sum(np.dot(M[0], np.stack([M, M.T, 2 * M])) ** 2)


def swapped_axes_of_a_trace(M):
    return np.trace(M[:2], axis1=1, axis2=0) + np.sum(np.tensordot(M, M, axes=0))


MATRIX = [
    inner_of_matrix_and_vector,
    positions_are_numpys,
    dot_of_vector_and_stack,
    swapped_axes_of_a_trace,
]


@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:invalid value")
@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize(
    "function", [*VECTOR, *MATRIX, joined_with_other_lengths], ids=lambda f: f.__name__
)
def test_value_and_gradient(function, target, rng):
    argument = A if function in MATRIX else X
    value, gradient = value_and_grad(function, target=target)(argument)
    assert value == pytest.approx(float(function(argument)), rel=1e-12)
    assert_gradient(function, [gradient], [argument], [0], rng)


def test_a_position_that_a_rule_does_not_know_is_refused():
    with pytest.raises(RefusedError, match="'s'"):
        grad(lambda M: np.sum(np.abs(np.fft.fft2(M, (4, 4)))))(A)
    np.testing.assert_array_equal(grad(lambda M: np.trace(M, 1, 0))(A), np.eye(3, k=1))


@pytest.mark.parametrize("axis", [(0, 2), (1, 2)])
def test_rules_that_do_not_cover_a_case_fall_back(axis, rng):
    x = rng.normal(size=(2, 3, 4))
    f = grad(lambda x: np.sum(np.prod(x, axis=axis) ** 2))
    assert_gradient(lambda x: np.sum(np.prod(x, axis=axis) ** 2), [f(x)], [x], [0], rng)
    assert "# No rule for np.prod" in f.source
    g = grad(lambda x: np.linalg.norm(x[0], ord=2))
    assert_gradient(lambda x: np.linalg.norm(x[0], ord=2), [g(x)], [x], [0], rng)


def test_clip_where_the_bounds_cross():
    f = grad(lambda x, low, high: np.sum(np.clip(x, low, high)), argnums=(0, 1, 2))
    for x in (-1.0, 1.0, 3.0):
        dx, dl, du = f(np.array([x]), np.array([2.0]), np.array([0.0]))
        assert (dx[0], dl[0], du[0]) == (0.0, 0.0, 1.0)


def test_functions_that_jax_reexports():
    f = grad(lambda x: jax.scipy.special.logsumexp(x))
    np.testing.assert_allclose(f(X), np.exp(X) / np.sum(np.exp(X)), rtol=1e-6)


def test_auxiliary_results_that_are_no_arrays():
    gradient, (name, n, y) = grad(
        lambda x: (np.sum(x), ("a name", x.shape[0], x * 2)), has_aux=True
    )(X)
    assert (name, n) == ("a name", 4) and type(n) is int
    np.testing.assert_allclose(y, 2 * X)
    np.testing.assert_allclose(gradient, np.ones(4))


def test_dicts_keep_their_order_and_their_keys():
    for target in ("jax", "numpy"):
        d = grad(lambda p: np.sum(p["b"] * 2 + p["a"] * 3 + p[1]), target=target)(
            {"b": X, 1: X, "a": X}
        )
        assert list(d) == ["b", 1, "a"]
        assert (d["b"][0], d["a"][0], d[1][0]) == (2.0, 3.0, 1.0)


def test_other_containers_are_refused():
    with pytest.raises(ArgumentError, match="OrderedDict"):
        grad(lambda p: np.sum(p["b"]))(collections.OrderedDict(b=X))


def test_other_mistakes_are_reported():
    with pytest.raises(ArgumentError, match="argnums"):
        grad(size_times_element, argnums=1.5)
    np.testing.assert_allclose(grad(size_times_element, argnums=np.int64(0))(X), [4, 0, 0, 4])
    with pytest.raises(ArgumentError, match="while JAX traces"):
        jax.jit(grad(size_times_element, target="numpy"))(X)
    with pytest.raises(ArgumentError, match="byte order"):
        grad(size_times_element)(X.astype(">f8"))
    with pytest.raises(RefusedError, match="given a function"):
        grad(lambda x: np.sum(jax.lax.associative_scan(lambda a, b: a * b, x)))(X)

    class Model:
        def loss(self, x):
            return np.sum(x)

    with pytest.raises(ArgumentError, match="bound method"):
        grad(Model().loss)

    async def f(x):
        return np.sum(x)

    with pytest.raises(RefusedError, match="async"):
        grad(f)(X)


def test_a_default_that_cannot_be_written_out():
    @value_and_grad
    def f(x, n=2, w=np.arange(4.0)):  # noqa: B008
        return np.sum(x**n * w)

    value, gradient = f(X)
    np.testing.assert_allclose(gradient, 2 * X * np.arange(4.0))
    assert "def f_value_and_grad(x, n=2, w=None):" in f.source


def test_the_comment_of_a_one_line_function():
    @grad
    def f(x): return np.sum(x**2)  # fmt: skip  # noqa: E704

    f(X)
    assert "# Adjoint of return np.sum(x**2)" in f.source


@pytest.mark.parametrize("index", [[0, 9], [-5, 0], [[1, 2], [3, 4]]])
def test_an_index_that_is_out_of_range(index):
    """NumPy raises IndexError; compiled code would read another element."""
    with pytest.raises(ProgramError, match="out of bounds"):
        grad(lambda x: np.sum(x[np.array(index)]))(X)
    f = grad(lambda x, i: np.sum(x[None, ..., i] ** 2))
    with pytest.raises(ProgramError, match="out of bounds for an axis of size 4"):
        f(X, np.array(index))
    np.testing.assert_allclose(f(X, np.array([0, -4, 3])), [4 * X[0], 0, 0, 2 * X[3]])


PARTS = np.arange(1.0, 11.0)


@pytest.mark.parametrize(
    "chosen",
    [
        lambda k: PARTS[:4][k],
        lambda k: (PARTS * 2)[k],
        lambda k: PARTS.reshape(5, 2)[k, 0],
        lambda k: PARTS[:8].reshape(2, 4).T[k, 1],
        lambda k: PARTS.copy()[k],
    ],
)
def test_parts_of_a_constant_at_computed_places(chosen):
    """What is made of NumPy's constants by operators and methods is NumPy's, which cannot be indexed by a tracer."""

    def f(x):
        return np.sum(chosen(np.argsort(x)) * x)

    value, gradient = value_and_grad(f)(X)
    assert value == pytest.approx(f(X))
    np.testing.assert_allclose(gradient, chosen(np.argsort(X)))


@pytest.mark.parametrize("target", ["jax", "numpy"])
def test_pythons_numbers_leave_float32_alone(target):
    """`math.sqrt` of a number is a Python float, which takes the dtype of what it meets; `np.sqrt` gives a float64."""
    x = np.array([0.5, 1.0], np.float32)

    def of_math(x):
        return math.sqrt(2 / math.pi) * x

    def of_numpy(x):
        return np.sqrt(2 / np.pi) * x

    for function in (of_math, of_numpy):
        value, dx = value_and_grad(lambda x, f=function: np.sum(f(x)), target=target)(x)
        assert np.asarray(value).dtype == function(x).dtype
        assert dx.dtype == np.float32
        np.testing.assert_allclose(dx, math.sqrt(2 / math.pi), rtol=1e-6)

"""`lower`: in NumPy's place, and inside programs of JAX's."""

import copy

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from programs.loop_corpus import CORPUS

from backprose import ArgumentError, RefusedError, grad, lower

LOOPS = {program.name: program for program in CORPUS}
FIVE = ["recurrence", "gauss_seidel", "lstm", "power_iteration", "adaptive_heun"]


def maps(name, sizes=slice(None)):
    """A loop program and its port, of their float arrays alone, and a point."""
    program = LOOPS[name]
    arguments = program.at(program.sizes[1])
    lowered = lower(program.function)
    names = list(program.wrt)

    def ours(*arrays):
        return lowered.pure(**{**arguments, **dict(zip(names, arrays, strict=True))})[0]

    def theirs(*arrays):
        return program.port(**{**arguments, **dict(zip(names, arrays, strict=True))})

    return ours, theirs, [np.asarray(arguments[n]) for n in names], program.forward


def agree(found, expected, rtol=1e-9):
    for one, two in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, two, rtol=rtol, atol=1e-9 * (1 + np.max(np.abs(two))))


@pytest.mark.parametrize("name", FIVE)
def test_derivatives_of_the_first_order(name, x64):
    ours, theirs, point, _ = maps(name)
    every = tuple(range(len(point)))
    agree(jax.jit(ours)(*point), theirs(*point))
    expected = jax.jit(jax.jacfwd(theirs, every))(*point)
    agree(jax.jit(jax.grad(ours, every))(*point), expected)
    agree(jax.jacfwd(ours, every)(*point), expected)
    along = [np.cos(x) for x in point]
    found = jax.jvp(ours, tuple(point), tuple(along))
    agree(found, jax.jvp(theirs, tuple(point), tuple(along)))


@pytest.mark.parametrize("name", FIVE)
def test_second_derivatives(name, x64):
    ours, theirs, point, forward = maps(name)
    x, rest = point[0], point[1:]
    one, two = (lambda x: ours(x, *rest)), (lambda x: theirs(x, *rest))
    expected = jax.jit(jax.jacfwd(jax.jacfwd(two)))(x)
    agree(jax.jit(jax.hessian(one))(x), expected, rtol=1e-7)
    agree(jax.jit(jax.jacrev(jax.jacrev(one)))(x), expected, rtol=1e-7)
    agree(jax.jit(jax.jacrev(jax.jacfwd(one)))(x), expected, rtol=1e-7)
    agree(jax.jit(jax.jacfwd(jax.jacfwd(one)))(x), expected, rtol=1e-7)


@pytest.mark.parametrize("name", FIVE)
def test_batches(name, x64):
    ours, theirs, point, forward = maps(name)
    x, rest = np.stack([point[0], 1.1 * point[0], point[0] - 0.01], axis=-1), point[1:]
    batched = lambda f: jax.vmap(lambda x, *rest: f(x, *rest), (-1, *(None for _ in rest)))
    agree(batched(ours)(x, *rest), batched(theirs)(x, *rest))
    total = lambda f: lambda *all_of: jnp.sum(jnp.sin(batched(f)(*all_of)))
    every = tuple(range(len(point)))
    expected = jax.jit(jax.jacfwd(total(theirs), every))(x, *rest)
    agree(jax.jit(jax.grad(total(ours), every))(x, *rest), expected)
    of_each = lambda f: jax.vmap(jax.jacfwd(f), (-1, *(None for _ in rest)))
    found = jax.vmap(jax.grad(ours), (-1, *(None for _ in rest)))(x, *rest)
    agree(found, of_each(theirs)(x, *rest))


def smoothed(series, rate):
    """Exponential smoothing, in place."""
    for i in range(1, len(series)):
        series[i] = (1 - rate) * series[i - 1] + rate * series[i]
    return series


def test_a_batch_of_hessians_with_a_shared_argument(x64):
    f = lower(smoothed)
    loss = lambda x, r: jnp.sum(jnp.tanh(jax.vmap(lambda x: f.pure(x, r)[0])(x)) ** 2)

    def port(x, r):
        step = lambda before, new: (y := (1 - r) * before + r * new, y)
        rows = jax.vmap(lambda x: jnp.append(x[:1], jax.lax.scan(step, x[0], x[1:])[1]))(x)
        return jnp.sum(jnp.tanh(rows) ** 2)

    x, r = np.random.default_rng(2).normal(size=(3, 5)), 0.4
    for second in (jax.hessian, lambda g, w: jax.jacrev(jax.jacrev(g, w), w)):
        agree(second(loss, (0, 1))(x, r), second(port, (0, 1))(x, r))


def test_mixed_second_derivatives(x64):
    """Of arguments of different shapes, one after the other."""
    ours, theirs, point, _ = maps("recurrence")
    for one, two in ((0, 1), (1, 0)):
        expected = jax.jacfwd(jax.jacfwd(theirs, one), two)(*point)
        for outer, inner in (
            (jax.jacrev, jax.jacrev),
            (jax.jacfwd, jax.jacrev),
            (jax.jacrev, jax.jacfwd),
        ):
            agree(outer(inner(ours, one), two)(*point), expected)


def test_a_training_step_with_optax(x64):
    lowered, rng = lower(LOOPS["lstm"].function), np.random.default_rng(0)
    arguments = LOOPS["lstm"].at(4)
    fixed = {name: arguments[name] for name in ("X", "h", "c")}
    weights = {name: jnp.asarray(arguments[name]) for name in ("W", "U", "b")}
    X = np.asarray(rng.normal(size=(6, *np.shape(fixed["X"]))))
    optimizer = optax.adam(1e-2)

    def train(cell):
        def loss(weights, X):
            values = jax.vmap(lambda x: cell(**{**fixed, "X": x}, **weights))(X)
            return jnp.mean((values - 1.0) ** 2)

        @jax.jit
        def step(weights, state):
            value, gradient = jax.value_and_grad(loss)(weights, X)
            updates, state = optimizer.update(gradient, state)
            return optax.apply_updates(weights, updates), state, value

        now, state, values = weights, optimizer.init(weights), []
        for _ in range(5):
            now, state, value = step(now, state)
            values.append(float(value))
        return values

    ours = train(lambda **given: lowered.pure(**given)[0])
    assert ours[-1] < ours[0]
    np.testing.assert_allclose(ours, train(LOOPS["lstm"].port), rtol=1e-8)


# --- in NumPy's place ---


def test_arrays_are_changed_as_the_function_changes_them():
    x, y = np.arange(5.0), np.arange(5.0)
    found = lower(smoothed)(x, 0.25)
    assert found is x
    smoothed(y, 0.25)
    np.testing.assert_allclose(x, y, rtol=1e-15)


def busy(state, log):
    state["w"][1:] *= 2.0
    state["v"] = state["v"] + state["w"]
    state["w"], state["u"] = state["u"], state["w"]
    state["n"] = 4
    log.append(np.sum(state["v"]))
    return log[-1], state["u"]


def test_containers_are_left_as_the_function_leaves_them():
    def given():
        state = {"w": np.ones(3), "v": np.arange(3.0), "u": np.zeros(2), "n": 3}
        return state, [1.0, np.ones(2)]

    ours, expected = given(), given()
    w, u = ours[0]["w"], ours[0]["u"]
    found = lower(busy)(*ours)
    result = busy(*expected)
    assert ours[0]["u"] is w and ours[0]["w"] is u and found[1] is w
    for one, two in zip(
        jax.tree.leaves((found, *ours)), jax.tree.leaves((result, *expected)), strict=True
    ):
        np.testing.assert_array_equal(one, two)
    assert len(ours[1]) == 3 and ours[0]["n"] == 4


def test_an_array_that_is_changed_and_dropped_is_refused():
    def drop(state):
        state["w"][0] = 5.0
        state["w"] = np.zeros(2)

    with pytest.raises(RefusedError, match="another takes its place"):
        lower(drop)({"w": np.ones(2)})


def test_pure_leaves_everything_alone():
    x = np.arange(5.0)
    result, changed = lower(smoothed).pure(x, 0.25)
    np.testing.assert_array_equal(x, np.arange(5.0))
    np.testing.assert_array_equal(result, changed["series"])
    assert isinstance(result, np.ndarray) and list(changed) == ["series"]
    assert lower(lambda v: v * 2).pure(x)[1] == {}


def test_the_state_that_pure_returns_has_derivatives(x64):
    f = lower(smoothed)
    found = jax.grad(lambda x: jnp.sum(f.pure(x, 0.25)[1]["series"] ** 2))(np.arange(5.0))
    expected = grad(lambda x: np.sum(smoothed(x, 0.25) ** 2))(np.arange(5.0))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_an_array_that_comes_out_twice_counts_twice(x64):
    f = lower(lambda x: (x * 3, [x * 3, x]))
    f2 = lower(twice)
    value = lambda x: sum(jnp.sum(y) for y in jax.tree.leaves(f2.pure(x)[0][:2]))
    np.testing.assert_allclose(jax.grad(value)(np.ones(3)), 7.0)
    value = lambda x: sum(jnp.sum(y) for y in jax.tree.leaves(f(x)))
    np.testing.assert_allclose(jax.grad(value)(np.ones(3)), 7.0)


def twice(x):
    y = x * 3
    return y, [y, x], 2.0, "text", None


def test_results_that_are_no_arrays_stay_what_they_are(x64):
    assert lower(twice)(np.ones(2))[2:] == (2.0, "text", None)
    assert jax.jit(lambda x: lower(twice)(x)[0])(np.ones(2)).shape == (2,)


def test_integers_have_no_derivative(x64):
    def chosen(x, k):
        return x[k] * 2, k + 1

    f = lower(chosen)
    k = jnp.array([1, 0])
    (value, tangent) = jax.jvp(lambda x: f(x, k)[0], (np.arange(3.0),), (np.ones(3),))
    np.testing.assert_array_equal(tangent, [2.0, 2.0])
    gradient = jax.grad(lambda x: jnp.sum(f(x, k)[0] * f(x, k)[1]))(np.arange(3.0))
    np.testing.assert_array_equal(gradient, [2.0, 4.0, 0.0])
    assert jax.jacfwd(lambda x: f(x, k)[1])(np.arange(3.0)).sum() == 0


def test_an_array_of_jax_cannot_be_changed():
    with pytest.raises(ArgumentError, match="changes 'series' in place") as caught:
        lower(smoothed)(jnp.arange(5.0), 0.25)
    assert "pure" in str(caught.value)
    with pytest.raises(ArgumentError, match="in place"):
        jax.grad(lambda x: lower(smoothed)(x, 0.25).sum())(jnp.arange(5.0))


def test_arguments_in_one_memory_are_refused():
    x = np.arange(6.0)

    def both(a, b):
        a[0] = b[1]
        return a.sum()

    with pytest.raises(ArgumentError, match="shares memory"):
        lower(both)(x[:3], x[1:4])


def test_a_lowered_function_is_differentiated_like_the_function():
    f = lower(lambda x: np.sum(np.sin(x) ** 2))
    x = np.arange(3.0)
    np.testing.assert_allclose(grad(f)(x), np.sin(2 * x), rtol=1e-12)
    np.testing.assert_allclose(grad(lambda x: f(x) * 2)(x), 2 * np.sin(2 * x), rtol=1e-12)


def test_single_precision_without_64_bits():
    f = lower(LOOPS["recurrence"].function)
    x = jnp.linspace(0, 1, 8, dtype=jnp.float32)
    found = jax.grad(lambda x: f(x, 0.5))(x)
    assert found.dtype == jnp.float32
    expected = grad(LOOPS["recurrence"].function)(np.linspace(0, 1, 8), 0.5)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_the_text_and_the_name():
    f = lower(smoothed)
    with pytest.raises(ArgumentError, match="no source yet"):
        _ = f.source
    assert "lax.scan" in f.source_for(np.ones(4), 0.5)
    assert f.__name__ == "smoothed" and repr(f) == "<backprose.lower of smoothed>"


def test_a_method():
    class Filter:
        @lower
        def run(self, x):
            return x * 2

    np.testing.assert_array_equal(Filter().run(np.ones(2)), [2.0, 2.0])


def test_copies_are_independent():
    f = lower(lambda x: (x, x + 0))
    x = np.ones(2)
    one, two = f(x)
    assert one is x and two is not x
    two[0] = 5
    assert x[0] == 1 and copy.copy(x)[0] == 1

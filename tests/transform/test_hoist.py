"""What no iteration changes is computed once; what is only stretched is saved as what it is stretched from."""

import numpy as np

from backprose import check_grads, value_and_grad

RNG = np.random.default_rng(4)
D, U = RNG.normal(size=(5, 5)), RNG.normal(size=5)


def diffused(D, u):
    for _ in range(4):
        K = np.exp(-D)
        u = np.tanh(K @ u) * 2.0
    return np.sum(u)


def test_a_value_that_the_adjoint_reads_is_computed_in_front_of_the_loop():
    derivative = value_and_grad(diffused, (0, 1))
    text = derivative.source_for(D, U)
    assert text.index("K = jnp.exp(-D)") < text.index("def step") and text.count("jnp.exp(") == 1
    check_grads(derivative, (D, U))


def test_out_of_loops_within_loops():
    def twice(D, u):
        for _ in range(2):
            s = np.sum(u)
            for _ in range(3):
                K, r = np.exp(-D), np.cos(s * D)
                u = np.tanh((K + r) @ u)
        return np.sum(u)

    derivative = value_and_grad(twice, (0, 1))
    text = derivative.source_for(D, U)
    outer, inner = text.index("def step("), text.index("def step1(")
    outer, inner = min(outer, inner), max(outer, inner)
    assert text.index("K = jnp.exp(-D)") < outer < text.index("r = jnp.cos(s * D)") < inner
    check_grads(derivative, (D, U))


def test_what_the_loop_alone_reads_stays_where_it_is():
    def moved(D, u):
        for _ in range(4):
            shift = np.exp(-D[0])
            u = 2 * u + shift
        return np.sum(u)

    text = value_and_grad(moved, 1).source_for(D, U)
    assert text.index("def step") < text.index("jnp.exp(")
    check_grads(value_and_grad(moved, (0, 1)), (D, U))


def test_a_value_that_changes_is_not_moved():
    def changing(D, u):
        for i in range(4):
            K = np.exp(-D * i)
            u = np.tanh(K @ u)
            D = D + 0.1
        return np.sum(u)

    check_grads(value_and_grad(changing, (0, 1)), (D, U))


def repelled(x, w):
    for _ in range(3):
        r = x[:, None] - x
        x = x + 0.1 * np.sum(np.tanh(r) * r * w, axis=1)
    return np.sum(x**2)


def test_differences_of_all_pairs_are_computed_again():
    derivative = value_and_grad(repelled, (0, 1))
    text = derivative.source_for(U, D)
    assert [line.strip() for line in text.splitlines()].count("r = x[:, None] - x") == 2
    check_grads(derivative, (U, D))

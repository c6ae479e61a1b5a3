"""Functions of `backprose.special` that JAX has too, but not right everywhere: against mpmath with 40 digits."""

import jax
import mpmath
import numpy as np
import pytest
import scipy.special

from backprose import RefusedError, grad, lower, special

RNG = np.random.default_rng(5)


def spread(low, high, count=60):
    """As many numbers of each size."""
    return np.exp(RNG.uniform(np.log(low), np.log(high), count))


def errors(ours, function, *args):
    """The relative errors; infinite where the result is not a number."""
    with mpmath.workdps(40):
        for found, *point in zip(np.asarray(ours), *args, strict=True):
            exact = function(*(mpmath.mpf(float(p)) for p in point))
            if 1e-290 < abs(exact) < 1e290:
                yield float(abs(mpmath.mpf(float(found)) - exact) / abs(exact))


def scaled_erfc(x):
    return mpmath.exp(x**2) * mpmath.erfc(x)


POSITIVE, REAL = spread(1e-6, 60), RNG.uniform(-20, 20, 60)
CASES = {
    # JAX's own is 0 from 26.54 to 26.64, and loses digits below 0.
    "erfcx": (
        scaled_erfc,
        [np.concatenate([[26.55, 26.6, 9.99, 10.01], np.linspace(-26, 40, 60)])],
    ),
    # JAX's own are 3e-7 off.
    "betaln": (lambda a, b: mpmath.log(mpmath.beta(a, b)), [POSITIVE, np.linspace(7, 12, 60)]),
    "beta": (mpmath.beta, [spread(1e-6, 60), spread(1e-6, 60)]),
    # JAX's own overflows where the result does not.
    "poch": (mpmath.rf, [spread(1e-6, 1e4), RNG.uniform(-20, 20, 60)]),
    # JAX's own take seconds.
    "exp1": (mpmath.e1, [np.concatenate([[0.999, 1.0, 1.001], spread(1e-9, 600)])]),
    "expi": (mpmath.ei, [spread(1e-9, 600) * RNG.choice([-1, 1], 60)]),
    # JAX's own are numbers far off.
    "hyp1f1": (mpmath.hyp1f1, [spread(0.1, 10), spread(0.2, 100), RNG.uniform(-300, 100, 60)]),
    "hyp2f1": (
        mpmath.hyp2f1,
        [spread(0.1, 20), RNG.uniform(-5, 5, 60), spread(0.2, 30), RNG.uniform(-20, 0.99, 60)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_values(name, x64):
    function, args = CASES[name]
    ours = jax.jit(getattr(special, name))(*args)
    assert max(errors(ours, function, *args)) < 1e-11


@pytest.mark.parametrize("name", ["beta", "poch"])
def test_negative_arguments(name, x64):
    args = REAL, REAL[::-1] + 0.37
    expected = {"beta": mpmath.beta, "poch": mpmath.rf}[name]
    assert max(errors(getattr(special, name)(*args), expected, *args)) < 1e-12


@pytest.mark.parametrize("order", [0, 1, 2, 7, 29])
def test_exponential_integrals(order, x64):
    x = np.concatenate([[0.999, 1.0, 1.001], spread(1e-9, 600)])
    expected = lambda x: mpmath.expint(order, x)  # noqa: E731
    assert max(errors(special.expn(order, x), expected, x)) < 1e-13
    orders = np.full(x.shape, order)
    np.testing.assert_array_equal(special.expn(orders, x), special.expn(order, x))


EDGES = {
    "erfcx": [[-30.0], [-np.inf], [np.inf], [np.nan], [0.0]],
    "exp1": [[-1.0], [0.0], [np.inf], [np.nan]],
    "expi": [[0.0], [-np.inf], [np.inf], [np.nan]],
    "expn": [[2, 0.0], [1, 0.0], [0, 0.0], [2, -1.0], [-1, 1.0], [3, np.inf], [2, np.nan]],
    "poch": [[-2.0, 1.0], [0.0, 0.0], [-1.5, 3.0], [-1.0, 0.5], [2.5, -1.5], [-3.0, -2.0]],
    "betaln": [[0.0, 1.0], [np.nan, 1.0]],
    "hyp1f1": [[1.0, 2.0, 0.0], [1.0, -2.0, 0.5], [-2.0, 3.0, 5.0], [1.0, 2.0, np.nan]],
    "hyp2f1": [
        [0.5, 1.5, 2.5, 1.0],
        [-2.0, 1.5, 2.5, 3.0],
        [0.5, 1.5, 2.5, 2.0],
        [1.0, 2.0, 0.0, 0.5],
        [1.0, 2.0, 3.0, np.nan],
    ],
}


@pytest.mark.parametrize("name", EDGES)
def test_edges_are_those_of_scipy(name, x64):
    for args in EDGES[name]:
        expected = getattr(scipy.special, name)(*args)
        found = getattr(special, name)(*args)
        np.testing.assert_allclose(found, expected, rtol=1e-13, err_msg=str(args))


def test_what_cannot_be_summed_is_nan(x64):
    """Terms that cancel, and a series that converges too slowly; a number would be far off."""
    assert np.isnan(special.hyp1f1(167.6, 6.8e-5, -56.21))
    assert np.isnan(special.hyp2f1(0.5, 1.5, 2.2, 1 - 1e-7))


@pytest.mark.parametrize("name", CASES)
def test_jax_knows_their_derivatives(name, x64):
    """Against differences: JAX would go through their loops, or not at all."""
    function, last = getattr(special, name), {"hyp2f1": 0.3}.get(name, 1.7)
    args = {"hyp1f1": (0.5, 1.5), "hyp2f1": (0.5, 1.5, 2.5)}.get(name, ())
    args = args or ((0.8,) if name in ("beta", "betaln", "poch") else ())
    slope = jax.grad(lambda x: function(*args, x))(last)
    difference = (function(*args, last + 1e-5) - function(*args, last - 1e-5)) / 2e-5
    np.testing.assert_allclose(slope, difference, rtol=1e-8)


def test_a_program_gets_the_right_value(x64):
    """SciPy's name in a program leads here, not to JAX's function."""

    def program(a, b):
        return scipy.special.betaln(a, b)

    assert abs(lower(program)(0.3, 8.1) - scipy.special.betaln(0.3, 8.1)) < 1e-14


@pytest.mark.parametrize("place", [0, 1])
def test_parameters_without_a_derivative_are_refused(place, x64):
    """They are not taken for constants."""
    with pytest.raises(NotImplementedError, match="derivative"):
        jax.grad(special.hyp1f1, argnums=place)(0.5, 1.5, 2.0)

    def program(a, b):
        return scipy.special.hyp1f1(a, b, 2.0)

    with pytest.raises(RefusedError, match="derivative"):
        grad(program, argnums=place)(0.5, 1.5)

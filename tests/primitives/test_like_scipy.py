"""Functions that are written in others have SciPy's values, also at the ends of their domains and of NaN."""

from __future__ import annotations

import importlib
import itertools

import numpy as np
import pytest
import scipy.special
import scipy.stats
from backprose.primitives import registered

from backprose import RefusedError, grad, lower

PLACES = [-np.inf, -2.0, -1.0, -0.5, 0.0, 0.3, 0.5, 1.0, 2.0, 3.0, 7.5, 50.0, np.inf, np.nan]
SHAPES = [0.3, 1.0, 2.0, 2.5, 7.0]
# Of numbers, not of arrays; or with conditions on their arguments as a whole.
OTHERS = ("multivariate_normal", "dirichlet")
# Infinite where SciPy has 0, 1 or inf, after `inf * 0`; a number near 0 where SciPy has 0 on purpose.
EXACT_IN_SCIPY = {
    "scipy.special.erfi": np.isinf,
    "scipy.special.cotdg": np.isinf,
    "scipy.special.sindg": np.isinf,
    "scipy.special.cosdg": np.isinf,
    "scipy.special.tandg": np.isinf,
    "scipy.special.rgamma": lambda x: (x < 0) & ~(x % 1 > 0),
}


def functions():
    for primitive in registered():
        library, _, rest = primitive.name.partition(".")
        if library != "scipy" or primitive.kind != "composed" or any(o in rest for o in OTHERS):
            continue
        alone = rest.startswith("special") and len(primitive.signature.parameters) == 1
        if rest.startswith("stats") or alone:
            yield pytest.param(primitive, id=primitive.name)


def grid(primitive) -> dict[str, np.ndarray]:
    """All combinations of places, shapes, and two locations and scales."""
    own = {"loc": [0.0, 1.0], "scale": [1.0, 1.5]}
    names = list(primitive.signature.parameters)
    if primitive.name.startswith("scipy.stats.truncnorm"):
        own |= {"a": [-1.0, 0.3], "b": [0.5, 2.0, np.inf]}
    if {"p"} & set(names):
        own |= {"p": [0.0, 0.3, 1.0], "n": [1.0, 2.0, 7.0]}
    columns = [PLACES if k == 0 else own.get(n, SHAPES) for k, n in enumerate(names)]
    values = np.array(list(itertools.product(*columns))).T
    return dict(zip(names, values, strict=True))


def program(name: str, parameters):
    """`lambda x, a: scipy.stats.gamma.pdf(x, a)`, from a function's name."""
    owner, _, method = name.rpartition(".")
    module, _, distribution = owner.rpartition(".")
    if module == "scipy":
        function = getattr(scipy.special, method)
    else:
        function = getattr(getattr(importlib.import_module(module), distribution), method)
    programs = {
        1: lambda a: function(a),
        2: lambda a, b: function(a, b),
        3: lambda a, b, c: function(a, b, c),
        4: lambda a, b, c, d: function(a, b, c, d),
        5: lambda a, b, c, d, e: function(a, b, c, d, e),
    }
    return function, programs[len(parameters)]


@pytest.mark.filterwarnings("ignore")  # SciPy's, of overflow and of log(0)
@pytest.mark.parametrize("primitive", list(functions()))
def test_values(primitive, x64):
    args = grid(primitive)
    function, written = program(primitive.name, args)
    expected = np.asarray(function(*args.values()))
    try:
        found = np.asarray(lower(written)(*args.values()))
    except RefusedError as error:
        assert "JAX does not have" in str(error)  # for NumPy's text alone
        return
    first = next(iter(args.values()))
    # SciPy answers NaN for parameters outside of their domain, which are not checked here.
    compared = ~np.isnan(expected) | np.isnan(first)
    compared &= ~(np.isinf(first) & np.isnan(found))  # of `inf - inf`
    compared &= ~EXACT_IN_SCIPY.get(primitive.name, np.zeros_like)(first).astype(bool)
    assert compared.any()
    wrong = compared & ~np.isclose(found, expected, rtol=1e-9, atol=1e-14, equal_nan=True)
    shown = [
        ({n: float(v[k]) for n, v in args.items()}, float(found[k]), float(expected[k]))
        for k in np.flatnonzero(wrong)[:5]
    ]
    assert not wrong.any(), shown


METHODS = (".logpdf", ".logpmf", ".cdf", ".logsf", ".ppf")  # the others are made of these


def distributions():
    return [p for p in functions() if p.id.startswith("scipy.stats") and p.id.endswith(METHODS)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("primitive", distributions())
def test_shapes_that_are_known_and_places_that_are_not_given(primitive, x64):
    first, *others = primitive.signature.parameters
    known = {"p": 0.3, "n": 7.0, "a": 0.3, "b": 2.5}
    shapes = [known.get(n, 1.5) for n in others if n not in ("loc", "scale")]
    x = np.array(PLACES)
    function, _ = program(primitive.name, [first])
    programs = {
        0: lambda x: function(x),
        1: lambda x: function(x, shapes[0]),
        2: lambda x: function(x, shapes[0], shapes[1]),
    }
    expected = function(x, *shapes)
    try:
        found = np.asarray(lower(programs[len(shapes)])(x))
    except RefusedError as error:
        assert "JAX does not have" in str(error)
        return
    compared = ~np.isnan(expected) & ~(np.isinf(x) & np.isnan(found))
    np.testing.assert_allclose(found[compared], expected[compared], rtol=1e-9, atol=1e-14)


# A density is cut off at the end of its support, where it is finite, positive and has derivatives from inside.
ENDS = {
    "gamma.logpdf": (scipy.stats.gamma.logpdf, 0.0, (1.0,), {"scale": -1 / 1.5}),
    "gamma.pdf": (scipy.stats.gamma.pdf, 0.0, (1.0,), {"scale": -1 / 1.5**2}),
    "beta.logpdf": (scipy.stats.beta.logpdf, 0.0, (1.0, 3.0), {"b": 1 / 3, "scale": -1 / 1.5}),
    "weibull_min.logpdf": (scipy.stats.weibull_min.logpdf, 0.0, (1.0,), {"scale": -1 / 1.5}),
    "gamma.pdf of 0": (scipy.stats.gamma.pdf, 0.0, (2.5,), {"a": 0.0, "scale": 0.0}),
}


@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize("case", ENDS)
def test_slopes_at_the_end_of_a_support(case, target, x64):
    function, x, shapes, expected = ENDS[case]
    if len(shapes) == 1:
        written = lambda x, a, scale: np.sum(function(x, a, 0.0, scale))  # noqa: E731
        names = ["x", "a", "scale"]
    else:
        written = lambda x, a, b, scale: np.sum(function(x, a, b, 0.0, scale))  # noqa: E731
        names = ["x", "a", "b", "scale"]
    args = np.array([x]), *(np.array([s]) for s in shapes), np.array([1.5])
    for name, slope in expected.items():
        found = grad(written, argnums=names.index(name), target=target)(*args)
        np.testing.assert_allclose(found, [slope], rtol=1e-12, err_msg=name)

"""Every function of NumPy and SciPy that is left to JAX: its value is NumPy's, and its derivative that of the value."""

import importlib

import numpy as np
import pytest
from backprose.primitives.catalogue import FALLBACK, catalogue
from backprose.transform.emitted import Emitted
from backprose.transform.load import load

from backprose import value_and_grad

V = np.array([0.31, 0.72, 0.55, 0.88])
W = np.array([1.4, 0.6, 2.2, 0.9])
N = np.array([2, 3, 1, 4])
A = np.array([[1.2, -0.4, 0.3], [0.5, 2.0, -0.7], [-0.2, 0.6, 1.7]])
S = A @ A.T + 3 * np.eye(3)
GIVEN = {
    "np.frexp": "x",
    "np.histogram_bin_edges": "x, 3",
    "np.lexsort": "(x, W)",
    "np.nanmedian": "np.where(N == 3, np.nan, x)",
    "np.nanpercentile": "np.where(N == 3, np.nan, x), 30.0",
    "np.nanquantile": "np.where(N == 3, np.nan, x), 0.3",
    "np.poly": "x",
    "np.polyadd": "x, W[:2]",
    "np.polyder": "x, 2",
    "np.polyfit": "W, x, 2",
    "np.polyint": "x",
    "np.polymul": "x, W",
    "np.polysub": "x, W[:2]",
    "np.sort_complex": "x",
    "np.apply_over_axes": "np.sum, np.outer(x, W), [0, 1]",
    "scipy.special.comb": "x + 3, W",
    "scipy.special.factorial": "x",
    "scipy.special.gammasgn": "x",
    "scipy.special.loggamma": "x",
    "scipy.special.multigammaln": "x + 2, 3",
    "scipy.linalg.companion": "x",
    "scipy.linalg.convolution_matrix": "x, 3",
    "scipy.linalg.expm_frechet": "A, x[:3] * S",
    "scipy.linalg.fiedler": "x",
    "scipy.linalg.fiedler_companion": "x",
    "scipy.linalg.leslie": "x, W[:3]",
    "scipy.linalg.lu": "A + x[0]",
    "scipy.linalg.lu_factor": "A + x[0]",
    "scipy.linalg.lu_solve": None,  # takes what lu_factor gives: below
    "np.astype": None,  # takes a dtype: the rule of the method, under another name
}
# What is made of sizes alone.
OF_SIZES = """
np.diag_indices_from np.tril_indices_from np.triu_indices_from np.kaiser scipy.linalg.dft
scipy.linalg.hadamard scipy.linalg.helmert scipy.linalg.hilbert scipy.linalg.invhilbert scipy.linalg.invpascal
scipy.linalg.pascal
""".split()
CONSTANT = {"np.frexp", "np.lexsort", "scipy.special.gammasgn"}
# JAX's result is complex for any matrix, SciPy's where it has to be.
COMPLEX = {"np.poly"}


def names():
    found = {e.name for e in catalogue() if e.kind == FALLBACK}
    return {name for name in found if not name.startswith("jax.")}


def test_every_fallback_is_here():
    assert names() == {*GIVEN, *OF_SIZES}


@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning")
@pytest.mark.parametrize("name", [name for name, text in GIVEN.items() if text is not None])
def test_value_and_derivative(name, x64):
    module, _, attribute = name.replace("np", "numpy", 1).rpartition(".")
    function = getattr(importlib.import_module(module), attribute)
    source = f"def call(x):\n    return fn({GIVEN[name]})\n"
    constants = {"fn": function, "np": np, "V": V, "W": W, "N": N, "A": A, "S": S}
    call = load(Emitted(source, "call", constants))
    expected = call(V)
    single = not isinstance(expected, tuple | list)
    results = [np.asarray(r) for r in ([expected] if single else expected)]
    rng = np.random.default_rng(1)
    weights = [rng.normal(size=r.shape) for r in results]

    def total(x):
        found = call(x)
        parts = [found] if single else list(found)
        return sum([np.sum(np.real(p) * w) for p, w in zip(parts, weights, strict=True)])

    def with_results(x):
        return total(x), call(x)

    (value, found), gradient = value_and_grad(with_results, has_aux=True)(V)
    assert value == pytest.approx(float(total(V)), rel=1e-8)
    for ours, theirs in zip([found] if single else found, results, strict=True):
        if name not in COMPLEX:
            assert np.asarray(ours).dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10)
    direction, step = rng.normal(size=V.shape), 1e-6
    slope = (float(total(V + step * direction)) - float(total(V - step * direction))) / (2 * step)
    if name not in CONSTANT:
        assert np.sum(gradient * direction) == pytest.approx(slope, rel=1e-5, abs=1e-6)

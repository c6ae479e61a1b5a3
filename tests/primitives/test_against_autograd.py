"""Every function that HIPS autograd differentiates: the same derivative, but where autograd has none or NaN."""

from __future__ import annotations

import inspect
from typing import Any

import autograd
import autograd.numpy
import autograd.numpy.fft
import autograd.numpy.linalg
import autograd.scipy.linalg
import autograd.scipy.signal
import autograd.scipy.special
import autograd.scipy.stats
import numpy as np
import pytest
from autograd.core import primitive_vjps
from backprose.primitives import NONDIFFERENTIABLE, Primitive, Sample, lookup, registered
from backprose.transform.emitted import Emitted
from backprose.transform.load import load
from test_registry import Case, seeds

THEIRS = {
    own.function: theirs
    for theirs in primitive_vjps
    if (own := lookup(getattr(theirs, "__wrapped__", None) or getattr(theirs, "fun", None)))
}
TOLERANCE = 1e-10

# Where autograd gives NaN or another number; the registry test holds ours against differences.
LOWER = "it takes the matrix for symmetric, where NumPy and SciPy read the lower triangle"
WRONG = {
    "np.fft.rfft-3": "a transform of another length than the array's",
    "np.fft.irfft-3": "the factor of norm='forward'",
    "np.prod-3": "NaN where elements are zero",
    "np.linalg.norm-7": "NaN for the order inf",
    "np.tile-3": "a number of repetitions for a matrix: it adds up along the wrong axis",
    "np.linalg.cholesky-0": LOWER,
    "np.linalg.cholesky-1": LOWER,
    "scipy.linalg.solve_triangular-4": "the unit diagonal, which is not read",
    "scipy.stats.multivariate_normal.logpdf-0": LOWER,
    "scipy.stats.multivariate_normal.logpdf-1": LOWER,
    "scipy.stats.multivariate_normal.pdf-0": LOWER,
    "scipy.stats.multivariate_normal.pdf-1": LOWER,
    "scipy.stats.multivariate_normal.entropy-0": LOWER,
}
# Samples that autograd raises an error for: keywords, axes and shapes that it does not know.
MOST_REFUSED = 98


def their_pullback(case: Case, theirs: Any) -> Any:
    """autograd's adjoints of a sample's floating arrays."""
    text = inspect.getsource(case.function)
    function = load(Emitted(text, "call", {**case.constants, "fn": theirs}))

    def of_floats(floats: Any) -> Any:
        values = iter(floats)
        return function(*[next(values) if a.dtype.kind in "fc" else a for a in case.arrays])

    return autograd.make_vjp(of_floats)(tuple(case.floats))


def cases() -> list[tuple[str, Primitive, Sample]]:
    return [
        (f"{p.name}-{k}", p, s)
        for p in registered()
        if p.function in THEIRS and p.kind != NONDIFFERENTIABLE
        for k, s in enumerate(p.samples)
    ]


def compared(primitive: Primitive, sample: Sample) -> str:
    """ "same", "other", or "refused" where autograd raises an error."""
    case, rng = Case(primitive, sample), np.random.default_rng(3)
    expected = case.function(*case.arrays)
    if isinstance(expected, tuple | list):
        return "refused"  # autograd takes one array for a result
    dys = seeds(expected, rng)
    _, ours = case.derivative("vjp", "numpy")(*case.arrays, *dys)
    assert all(np.all(np.isfinite(gradient)) for gradient in ours)
    try:
        theirs = their_pullback(case, THEIRS[primitive.function])[0](dys[0])
    except Exception:  # whatever it raises, inside its own code
        return "refused"
    pairs = zip(ours, theirs, strict=True)
    same = [np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE) for a, b in pairs]
    return "same" if all(same) else "other"


@pytest.mark.filterwarnings("ignore")  # what autograd warns of where it is wrong
def test_the_same_derivatives():
    found = {name: compared(primitive, sample) for name, primitive, sample in cases()}
    assert {name for name, how in found.items() if how == "other"} == set(WRONG)
    refused = sum(how == "refused" for how in found.values())
    assert len(found) - refused - len(WRONG) > 500 and refused <= MOST_REFUSED

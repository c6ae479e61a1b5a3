"""The table of `backprose rules`: nothing is missing from it, and what it says is so."""

import warnings

import autograd.numpy.fft
import autograd.numpy.linalg
import autograd.scipy.linalg
import autograd.scipy.special  # noqa: F401
import numpy as np
import pytest
import scipy.linalg
import scipy.special
from autograd.core import primitive_vjps
from backprose.primitives import NONDIFFERENTIABLE, lookup, registered
from backprose.primitives.catalogue import FALLBACK, REASONS, catalogue, refusal, unclassified
from click.testing import CliRunner

from backprose import RefusedError, grad
from backprose.cli import main

LEAST = 220  # functions with a rule


def test_every_public_function_is_classified():
    assert unclassified() == []


def test_there_are_many_rules():
    rules = {p.function for p in registered() if p.kind != NONDIFFERENTIABLE}
    assert len(rules) >= LEAST


def test_a_refusal_says_why():
    names = [n for names in REASONS.values() for n in names.split() if n != "test"]  # an object
    functions = [
        f for m in (np, scipy.special, scipy.linalg) for n in names if (f := vars(m).get(n))
    ]
    assert len(functions) > 90
    assert all(refusal(f) for f in functions)
    with pytest.raises(RefusedError, match="changes its argument") as caught:
        grad(lambda x: np.sum(np.place(x, x > 0, 1.0)))(np.ones(3))
    assert "np.place(x, x > 0, 1.0)" in str(caught.value) and caught.value.remedy


@pytest.mark.parametrize(
    "function",
    [
        lambda x: np.sum(scipy.linalg.schur(np.outer(x, x))[0]),
        lambda x: np.polydiv(x, x[:2])[0][0],
    ],
    ids=["schur", "polydiv"],
)
def test_what_jax_computes_otherwise_is_refused(function):
    with pytest.raises(RefusedError, match="gives other values"):
        grad(function)(np.arange(4.0))


def test_tri_is_numpys():
    def f(x):
        return np.sum(np.tri(3, 4, 1) * x) + np.sum(np.tri(4) * x[0])

    x = np.arange(4.0)
    np.testing.assert_allclose(grad(f)(x), np.tri(3, 4, 1).sum(0) + np.eye(4)[0] * 10)


def test_the_command_prints_the_table_and_a_rule():
    runner = CliRunner()
    text = runner.invoke(main, ["rules"]).output
    assert len(text.splitlines()) > len(catalogue())
    text = runner.invoke(main, ["rules", "np.linalg.inv"]).output
    assert "general" in text and "def inv(dy, y, a):" in text and "def inv_tangent(" in text
    text = runner.invoke(main, ["rules", "np.linalg", "--count"]).output
    assert "composed" in text and "multilinear" in text


def test_what_falls_back_is_said_so_in_the_text():
    names = {entry.name for entry in catalogue() if entry.kind == FALLBACK}
    assert "np.polyint" in names
    text = grad(lambda x: np.sum(np.polyint(x))).source_for(np.ones(3))
    assert "# No rule for np.polyint: JAX differentiates this operation.\n" in text


# What autograd differentiates and we do not: its own helpers, and functions that JAX does not have, or not so.
NOT_HERE = {
    "odeint": "a solver, not a function of arrays: write its loop",
}


def test_whatever_autograd_differentiates():
    missing = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        known = {entry.name.rpartition(".")[2] for entry in catalogue() if entry.kind != "refused"}
    for primitive in primitive_vjps:
        function = getattr(primitive, "__wrapped__", None) or getattr(primitive, "fun", None)
        module = getattr(function, "__module__", None) or "numpy"
        if module.startswith("autograd") or function is None:  # its own helpers
            continue
        name = primitive.__name__
        owner = type(getattr(function, "__self__", None)).__name__
        name = f"{owner.removesuffix('_gen')}.{name}" if owner.endswith("_gen") else name
        if lookup(function) is None and name not in known and name not in NOT_HERE:
            missing.append(f"{module}.{name}")
    assert missing == []

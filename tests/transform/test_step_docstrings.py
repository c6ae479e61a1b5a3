"""Before and After in the docstrings of the steps are code: both run, and agree on what both compute."""

import ast
import importlib
import pkgutil
import re
import textwrap

import backprose.transform
import jax.numpy as jnp
import numpy as np
import pytest

NUMBERS = {"n": 5.0, "c": -0.2, "dy": 1.5}


def blocks(text):
    found = {}
    for name in ("Before", "After"):
        match = re.search(rf"^{name}[^\n]*:\n((?:    .*\n?|\n)+)", text, re.MULTILINE)
        if match:
            found[name] = textwrap.dedent(match[1]).strip()
    return found


STEPS = {}
for _module in pkgutil.iter_modules(backprose.transform.__path__):
    _doc = importlib.import_module(f"backprose.transform.{_module.name}").__doc__ or ""
    if "\nBefore" in _doc:
        STEPS[_module.name] = blocks(_doc)


def test_the_steps_have_examples():
    assert {"lower", "reverse", "forward", "broadcasts", "products", "sums", "promote"} <= set(
        STEPS
    )


@pytest.mark.parametrize("step", STEPS)
def test_before_and_after_agree(step, x64):
    before, after = STEPS[step]["Before"], STEPS[step]["After"].replace("call ", "")
    assert before and after
    rng = np.random.default_rng(0)
    given = {"np": np, "jnp": jnp}
    for code in (before, after):
        assigned = set()
        for statement in ast.parse(code).body:
            for node in ast.walk(statement):
                if (
                    isinstance(node, ast.Name)
                    and isinstance(node.ctx, ast.Load)
                    and node.id not in assigned
                ):
                    given.setdefault(node.id, NUMBERS.get(node.id, rng.normal(size=5)))
            assigned |= {
                n.id
                for n in ast.walk(statement)
                if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
    given["i"] = np.arange(5, dtype=np.int32)
    if step == "promote":
        given["x"] = given["x"].astype(np.float32)
    first, second = dict(given), dict(given)
    exec(before, first)
    exec(after, second)
    common = {
        n for n in set(first) & set(second) if n not in given and not n.startswith(("_", "t"))
    }
    assert common, "the two sides share a name"
    for name in common:
        np.testing.assert_allclose(np.asarray(first[name]), np.asarray(second[name]), rtol=1e-12)
        assert np.asarray(first[name]).dtype == np.asarray(second[name]).dtype

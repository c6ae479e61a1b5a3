"""The gradient of `sum(f(x) * w)` for common functions, compiled, against `jax.jit(jax.grad(...))`.

Run:  python benchmarks/primitives.py [--only NAME] [--json FILE]

One run, interleaved: medians of the two, and their ratio; the geometric mean of the ratios at the end. The gradients
are compared first. `jax.grad` differentiates the same source on jax.numpy.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import jax.scipy.special as jsp
import numpy as np
import scipy.special as sp

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "tests")]

from interleaved import medians

from backprose import grad

RNG = np.random.default_rng(0)
LONG, MATRIX, STACK = (
    RNG.normal(size=200_000),
    RNG.normal(size=(300, 300)),
    RNG.normal(size=(60, 8, 8)),
)
POSITIVE, UNIT = np.abs(LONG) + 0.3, RNG.uniform(0.1, 0.9, size=200_000)
SQUARE = RNG.normal(size=(120, 120))
SPD = SQUARE @ SQUARE.T + 120 * np.eye(120)
SIGNAL, KERNEL = RNG.normal(size=20_000), RNG.normal(size=30)

# name: (function of NumPy's names, the same of JAX's, the argument)
FUNCTIONS = {
    "exp": (lambda x: np.exp(x), lambda x: jnp.exp(x), LONG),
    "log": (lambda x: np.log(x), lambda x: jnp.log(x), POSITIVE),
    "sqrt": (lambda x: np.sqrt(x), lambda x: jnp.sqrt(x), POSITIVE),
    "sin": (lambda x: np.sin(x), lambda x: jnp.sin(x), LONG),
    "tanh": (lambda x: np.tanh(x), lambda x: jnp.tanh(x), LONG),
    "abs": (lambda x: np.abs(x), lambda x: jnp.abs(x), LONG),
    "power 3": (lambda x: x**3, lambda x: x**3, LONG),
    "power 2.5": (lambda x: x**2.5, lambda x: x**2.5, POSITIVE),
    "arctan": (lambda x: np.arctan(x), lambda x: jnp.arctan(x), LONG),
    "log1p": (lambda x: np.log1p(x), lambda x: jnp.log1p(x), POSITIVE),
    "logaddexp": (lambda x: np.logaddexp(x, 0.5), lambda x: jnp.logaddexp(x, 0.5), LONG),
    "maximum": (lambda x: np.maximum(x, 0.1), lambda x: jnp.maximum(x, 0.1), LONG),
    "clip": (lambda x: np.clip(x, -1, 1), lambda x: jnp.clip(x, -1, 1), LONG),
    "where": (lambda x: np.where(x > 0, x**2, x), lambda x: jnp.where(x > 0, x**2, x), LONG),
    "expit": (lambda x: sp.expit(x), lambda x: jsp.expit(x), LONG),
    "erf": (lambda x: sp.erf(x), lambda x: jsp.erf(x), LONG),
    "gammaln": (lambda x: sp.gammaln(x), lambda x: jsp.gammaln(x), POSITIVE),
    "mean of rows": (lambda x: np.mean(x, axis=1), lambda x: jnp.mean(x, axis=1), MATRIX),
    "var of rows": (lambda x: np.var(x, axis=1), lambda x: jnp.var(x, axis=1), MATRIX),
    "max of rows": (lambda x: np.max(x, axis=1), lambda x: jnp.max(x, axis=1), MATRIX),
    "norm of rows": (
        lambda x: np.linalg.norm(x, axis=1),
        lambda x: jnp.linalg.norm(x, axis=1),
        MATRIX,
    ),
    "softmax": (lambda x: sp.softmax(x, axis=1), lambda x: jsp.softmax(x, axis=1), MATRIX),
    "logsumexp": (lambda x: sp.logsumexp(x, axis=1), lambda x: jsp.logsumexp(x, axis=1), MATRIX),
    "cumsum": (lambda x: np.cumsum(x), lambda x: jnp.cumsum(x), SIGNAL),
    "sort": (lambda x: np.sort(x), lambda x: jnp.sort(x), SIGNAL),
    "roll and diff": (
        lambda x: np.diff(np.roll(x, 3)),
        lambda x: jnp.diff(jnp.roll(x, 3)),
        LONG,
    ),
    "concatenate": (
        lambda x: np.concatenate([x, x[::2], x * 2]),
        lambda x: jnp.concatenate([x, x[::2], x * 2]),
        LONG,
    ),
    "matmul": (lambda x: x @ x, lambda x: x @ x, MATRIX),
    "batched matmul": (lambda x: x @ x, lambda x: x @ x, STACK),
    "einsum": (
        lambda x: np.einsum("bij,bkj->bik", x, x),
        lambda x: jnp.einsum("bij,bkj->bik", x, x),
        STACK,
    ),
    "inv": (lambda x: np.linalg.inv(x), lambda x: jnp.linalg.inv(x), SPD),
    "slogdet": (lambda x: np.linalg.slogdet(x)[1], lambda x: jnp.linalg.slogdet(x)[1], SPD),
    "cholesky": (
        lambda x: np.linalg.cholesky(x),
        lambda x: jnp.linalg.cholesky(jnp.tril(x) + jnp.tril(x, -1).T, symmetrize_input=False),
        SPD,
    ),
    "fft": (
        lambda x: np.abs(np.fft.fft(x)) ** 2,
        lambda x: jnp.abs(jnp.fft.fft(x)) ** 2,
        SIGNAL,
    ),
    "convolve": (
        lambda x: np.convolve(x, KERNEL, mode="same"),
        lambda x: jnp.convolve(x, KERNEL, mode="same"),
        SIGNAL,
    ),
}


def measured(name):
    """The medians, in microseconds, of our gradient and of JAX's."""
    function, port, x = FUNCTIONS[name]
    weights = np.random.default_rng(1).normal(size=np.shape(function(x)))

    def ours_of(x, weights):
        return np.sum(function(x) * weights)

    x_, weights_ = jnp.asarray(x), jnp.asarray(weights)
    ours = jax.jit(grad(ours_of).derived_for(x, weights).function)
    theirs = jax.jit(jax.grad(lambda x, weights: jnp.sum(port(x) * weights)))
    expected = theirs(x_, weights_)
    scale = float(jnp.max(jnp.abs(expected)))
    np.testing.assert_allclose(ours(x_, weights_), expected, rtol=1e-8, atol=1e-9 * scale)
    found = medians(
        {
            "ours": lambda: jax.block_until_ready(ours(x_, weights_)),
            "theirs": lambda: jax.block_until_ready(theirs(x_, weights_)),
        }
    )
    return found["ours"] * 1e6, found["theirs"] * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", help="functions with this in their name")
    parser.add_argument("--json", type=Path, help="write the numbers there")
    options = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    print(f"{'gradient of':16}{'backprose':>12}{'jax.grad':>12}{'ratio':>8}   (microseconds)")
    rows = {}
    for name in FUNCTIONS:
        if options.only and options.only not in name:
            continue
        ours, theirs = measured(name)
        rows[name] = {"ours": ours, "theirs": theirs, "ratio": ours / theirs}
        print(f"{name:16}{ours:12.1f}{theirs:12.1f}{ours / theirs:8.2f}", flush=True)
    ratios = [row["ratio"] for row in rows.values()]
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    print(f"{'geometric mean':40}{mean:8.2f}\n{'largest':40}{max(ratios):8.2f}")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Nine gradients of straight-line code: compiled against jax.grad, in NumPy against HIPS autograd, and transformed.

Run:  python benchmarks/straight_line.py [--size 25]

1. The emitted gradient under jax.jit against jax.jit(jax.grad(f)) of the same function on jax.numpy: ratio of medians.
2. target="numpy", called as a user calls it, against autograd on the same function at small sizes.
3. The time from source to emitted text, without XLA, in a process that has transformed nothing yet but is warm with
   respect to imports.
"""

from __future__ import annotations

import argparse
import sys
import time
import types
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "tests")]

from interleaved import medians
from programs import straight_line

from backprose import grad


def on(module, name):
    """The corpus with `np` replaced by another module: the functions of a fresh copy."""
    copy = types.ModuleType(f"straight_line_{name}")
    text = Path(straight_line.__file__).read_text().replace("import numpy as np", "")
    copy.__dict__["np"] = module
    exec(compile(text, f"<straight_line on {name}>", "exec"), copy.__dict__)
    return copy


def compiled(size):
    jax.config.update("jax_enable_x64", True)
    port = on(jnp, "jax.numpy")
    print(f"compiled gradient, n = {40 * size}: medians in microseconds\n")
    print(f"{'':22}{'backprose':>10}{'jax.grad':>10}{'ratio':>8}")
    ratios = []
    for name, (function, wrt, args) in straight_line.arguments(
        np.random.default_rng(0), size
    ).items():
        names = function.__code__.co_varnames
        arrays = [jnp.asarray(a) for a in args]
        ours = jax.jit(grad(function, argnums=wrt).derived_for(*args).function)
        positions = tuple(names.index(w) for w in wrt)
        theirs = jax.jit(jax.grad(getattr(port, name), argnums=positions))
        for a, b in zip(ours(*arrays), theirs(*arrays), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)
        found = medians(
            {
                "ours": lambda: jax.block_until_ready(ours(*arrays)),
                "theirs": lambda: jax.block_until_ready(theirs(*arrays)),
            }
        )
        ratios.append(found["ours"] / found["theirs"])
        print(f"{name:22}{found['ours'] * 1e6:10.1f}{found['theirs'] * 1e6:10.1f}{ratios[-1]:8.2f}")
    print(f"{'geometric mean':22}{np.exp(np.mean(np.log(ratios))):28.2f}\n")


def plain_numpy():
    import autograd
    import autograd.numpy as anp

    port = on(anp, "autograd")
    print("target='numpy', small sizes: medians in microseconds\n")
    print(f"{'':22}{'backprose':>10}{'autograd':>10}{'speedup':>9}")
    for name, (function, wrt, args) in straight_line.arguments(np.random.default_rng(0)).items():
        names = function.__code__.co_varnames
        ours = grad(function, argnums=wrt, target="numpy")
        theirs = autograd.grad(getattr(port, name), argnum=tuple(names.index(w) for w in wrt))
        for a, b in zip(ours(*args), theirs(*args), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)
        found = medians({"ours": lambda: ours(*args), "theirs": lambda: theirs(*args)}, rounds=21)
        speedup = found["theirs"] / found["ours"]
        print(f"{name:22}{found['ours'] * 1e6:10.1f}{found['theirs'] * 1e6:10.1f}{speedup:8.1f}x")
    print()


def transformation():
    print("from source to text, without XLA: seconds\n")
    for name, (function, wrt, args) in straight_line.arguments(np.random.default_rng(0)).items():
        start = time.perf_counter()
        grad(function, argnums=wrt).source_for(*args)
        print(f"{name:22}{time.perf_counter() - start:10.3f}")
    print()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=25, help="rows in units of 40")
    options = parser.parse_args()
    transformation()
    plain_numpy()
    compiled(options.size)

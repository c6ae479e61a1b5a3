"""The loop kernels of `loop_kernels.py`: NumPy itself, the compiled primal, and the compiled value and gradient.

Run:  python benchmarks/loops.py [KERNEL ...] [--json loops.json]

Medians of interleaved runs in milliseconds, at three sizes each, and the seconds that transforming and compiling the
gradient takes.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from backprose.transform.arguments import leaves, rebuild, spec_of
from backprose.transform.pipeline import Request, derive
from interleaved import medians
from loop_kernels import KERNELS

HEAD = (
    f"{'kernel':18}{'size':>8}{'NumPy':>11}{'primal':>10}{'gradient':>10}{'ratio':>7}{'compile':>9}"
)


def compiled(function: Any, wrt: tuple[str, ...], args: tuple[Any, ...], mode: str) -> tuple:
    """A compiled form of a function, its array arguments, and the seconds until it was compiled."""
    names = function.__code__.co_varnames
    values = dict(zip(names, args, strict=False))
    specs = {name: spec_of(value, name) for name, value in values.items()}
    start = time.perf_counter()
    emitted = derive(Request(function, specs, wrt, mode)).function

    def call(arrays: list[Any]) -> Any:
        parts = iter(arrays)
        return emitted(**{name: rebuild(spec, parts) for name, spec in specs.items()})

    arrays = [jnp.asarray(x) for name, spec in specs.items() for x in leaves(values[name], spec)]
    found = jax.jit(call).lower(arrays).compile()
    return found, arrays, time.perf_counter() - start


def measured(name: str, size: int) -> dict[str, Any]:
    """One row of the table."""
    function, wrt, make, _ = KERNELS[name]
    args = make(size)
    primal, arrays, _ = compiled(function, wrt, args, "primal")
    gradient, _, seconds = compiled(function, wrt, args, "value_and_grad")
    expected = function(*copy.deepcopy(args))
    np.testing.assert_allclose(gradient(arrays)[0], expected, rtol=1e-9)
    start = time.perf_counter()
    function(*copy.deepcopy(args))
    numpy = time.perf_counter() - start
    times = medians(
        {
            "primal": lambda: jax.block_until_ready(primal(arrays)),
            "gradient": lambda: jax.block_until_ready(gradient(arrays)),
        },
        rounds=11,
    )
    return {"kernel": name, "size": size, "numpy": numpy, **times, "compile": seconds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kernels", nargs="*", help=f"some of: {', '.join(KERNELS)}")
    parser.add_argument("--json", type=Path, help="write the rows to this file, too")
    options = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    rows = []
    print(f"milliseconds; compile in seconds\n\n{HEAD}")
    for name in options.kernels or KERNELS:
        for size in KERNELS[name][3]:
            row = measured(name, size)
            rows.append(row)
            ms = [1e3 * row[key] for key in ("numpy", "primal", "gradient")]
            print(
                f"{name:18}{size:8}{ms[0]:11.2f}{ms[1]:10.3f}{ms[2]:10.3f}"
                f"{ms[2] / ms[1]:7.1f}{row['compile']:9.2f}",
                flush=True,
            )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()

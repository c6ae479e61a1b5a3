"""The loop kernels of `loop_kernels.py`: NumPy itself, the compiled primal, our gradient, and what others make of it.

Run:  python benchmarks/loops.py [KERNEL ...] [--json loops.json] [--slowest 60]

One run, three sizes each, medians of interleaved calls in milliseconds; `primal` is `lower`, `gradient` our value and
gradient, `jax.grad` the value and gradient of the port in `loop_ports.py` by JAX. HIPS autograd and tangent-ad, where
installed, are given the same NumPy source. "no" is a refusal or a wrong value, "slow" a gradient that one size
earlier took so long that it is not tried again. The memory is the temporary one that XLA states for the gradient.
"""

from __future__ import annotations

import argparse
import copy
import importlib
import json
import math
import time
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from backprose.transform.arguments import leaves, rebuild, spec_of
from backprose.transform.pipeline import derive
from backprose.transform.request import Request
from interleaved import medians
from loop_kernels import KERNELS
from loop_ports import PORTS

COLUMNS = ("numpy", "primal", "gradient", "jax.grad", "autograd", "tangent-ad")
HEAD = (
    f"{'kernel':18}{'size':>9}" + "".join(f"{c:>11}" for c in COLUMNS) + f"{'grad/primal':>13}"
    f"{'jax/ours':>10}{'compile':>9}{'MB':>8}"
)
Compiled = tuple[Callable[[], Any], Any, float]


class Refused(Exception):
    """A gradient that a library does not give."""


def ours(function: Any, wrt: tuple[str, ...], args: tuple[Any, ...], mode: str) -> Compiled:
    """A compiled call, the compiled program, and the seconds until it was there."""
    names = function.__code__.co_varnames
    values = dict(zip(names, args, strict=False))
    specs = {name: spec_of(value, name) for name, value in values.items()}
    start = time.perf_counter()
    emitted = derive(Request(function, specs, wrt, mode, single=False)).function

    def call(arrays: list[Any]) -> Any:
        parts = iter(arrays)
        return emitted(**{name: rebuild(spec, parts) for name, spec in specs.items()})

    arrays = [jnp.asarray(x) for name, spec in specs.items() for x in leaves(values[name], spec)]
    found = jax.jit(call).lower(arrays).compile()
    seconds = time.perf_counter() - start
    return (lambda: jax.block_until_ready(found(arrays))), found, seconds


def ported(name: str, wrt: tuple[str, ...], args: tuple[Any, ...]) -> Callable[[], Any]:
    """The value and gradient of the port by JAX."""
    port = PORTS[name]
    names = port.__code__.co_varnames[: port.__code__.co_argcount]
    values = dict(zip(names, args, strict=False))
    fixed = {n: x for n, x in values.items() if isinstance(x, int)}
    arrays = {n: jnp.asarray(x) for n, x in values.items() if n not in fixed}
    chosen = {n: arrays[n] for n in wrt}
    function = jax.jit(jax.value_and_grad(lambda chosen, rest: port(**{**rest, **chosen, **fixed})))
    try:
        found = function.lower(chosen, arrays).compile()
    except ValueError as error:
        raise Refused(str(error)) from None
    return lambda: jax.block_until_ready(found(chosen, arrays))


def by_library(
    library: str, function: Any, wrt: tuple[str, ...], args: tuple[Any, ...]
) -> Callable[[], Any]:
    """The gradient of the NumPy source by autograd or tangent-ad."""
    places = [list(function.__code__.co_varnames).index(name) for name in wrt]
    try:
        module = importlib.import_module({"tangent-ad": "tangent"}.get(library, library))
        if library == "autograd":
            numpy = importlib.import_module("autograd.numpy")

            def moved(f: Any) -> Any:
                others = {
                    n: moved(g) if isinstance(g, types.FunctionType) and n != f.__name__ else g
                    for n, g in f.__globals__.items()
                    if n in f.__code__.co_names
                }
                return types.FunctionType(f.__code__, {**f.__globals__, **others, "np": numpy})

            gradient = module.grad(moved(function), places[0] if len(places) == 1 else places)
        else:
            gradient = module.grad(function, wrt=tuple(places))
    except Exception as error:
        raise Refused(f"{type(error).__name__}: {error}") from None
    return lambda: gradient(*copy.deepcopy(args))


def once(call: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    found = call()
    return found, time.perf_counter() - start


def agrees(found: Any, expected: Any) -> bool:
    one, two = (
        np.concatenate([np.ravel(x) for x in jax.tree.leaves(y)]) for y in (found, expected)
    )
    return one.shape == two.shape and np.allclose(
        one, two, rtol=1e-6, atol=1e-6 * np.max(np.abs(two))
    )


def measured(name: str, size: int, slowest: float, before: dict[str, Any]) -> dict[str, Any]:
    """One row of the table. What took longer than `slowest` seconds at the size before is left out."""
    function, wrt, make, _ = KERNELS[name]
    args = make(size)
    row: dict[str, Any] = {"kernel": name, "size": size}
    primal, _, _ = ours(function, wrt, args, "primal")
    gradient, program, row["compile"] = ours(function, wrt, args, "value_and_grad")
    row["megabytes"] = program.memory_analysis().temp_size_in_bytes / 1e6
    expected, row["numpy"] = once(lambda: function(*copy.deepcopy(args)))
    value, gradients = gradient()
    np.testing.assert_allclose(value, expected, rtol=1e-9)
    calls = {"primal": primal, "gradient": gradient}
    others: dict[str, Callable[[], Callable[[], Any]]] = {
        "jax.grad": lambda: ported(name, wrt, args),
        "autograd": lambda: by_library("autograd", function, wrt, args),
        "tangent-ad": lambda: by_library("tangent-ad", function, wrt, args),
    }
    for library, make_call in others.items():
        if before.get(library) in ("no", "slow") or before.get(library, 0) > slowest:
            row[library] = "slow" if before.get(library) != "no" else "no"
            continue
        try:
            call = make_call()
            found, seconds = once(call)
            if library == "jax.grad":
                found = [found[1][name] for name in wrt]
            if not agrees(found, gradients):
                raise Refused("wrong")
        except Exception as error:  # whatever a library raises, it gives no gradient
            row[library] = "no"
            row[f"{library} says"] = f"{type(error).__name__}: {error}"[:200]
            continue
        if seconds > 1:
            row[library] = seconds
        else:
            calls[library] = call
    row |= medians(calls, rounds=9)
    return row


def shown(row: dict[str, Any]) -> str:
    cells = [row.get(c) for c in COLUMNS]
    texts = [f"{1e3 * c:.3f}" if isinstance(c, float) else str(c) for c in cells]
    other = row["jax.grad"]
    faster = f"{other / row['gradient']:.1f}" if isinstance(other, float) else ""
    return (
        f"{row['kernel']:18}{row['size']:9}"
        + "".join(f"{t:>11}" for t in texts)
        + f"{row['gradient'] / row['primal']:13.1f}{faster:>10}{row['compile']:9.2f}{row['megabytes']:8.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kernels", nargs="*", help=f"some of: {', '.join(KERNELS)}")
    parser.add_argument("--json", type=Path, help="write the rows to this file, too")
    parser.add_argument("--slowest", type=float, default=20, help="seconds, see above")
    options = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    warnings.simplefilter("ignore")  # of the other libraries
    rows, factors = [], []
    print(f"milliseconds; compile in seconds\n\n{HEAD}")
    for name in options.kernels or KERNELS:
        row: dict[str, Any] = {}
        for size in KERNELS[name][3]:
            row = measured(name, size, options.slowest, row)
            rows.append(row)
            print(shown(row), flush=True)
        if isinstance(row["jax.grad"], float):
            factors.append(row["jax.grad"] / row["gradient"])
    if factors:
        mean = math.exp(sum(map(math.log, factors)) / len(factors))
        print(
            f"\njax.grad of the port / ours at the largest sizes, geometric mean of {len(factors)}: {mean:.1f}"
        )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()

"""Loops inside a larger program of JAX's: `lower(f)` against a port with `lax`, under JAX's own transformations.

Run:  python benchmarks/lowered.py [KERNEL ...]

The program computes the first array of a kernel of `loop_kernels.py` from four parameters. One run, medians of
interleaved calls in milliseconds: the program itself, its `jax.grad`, `jax.jvp` and `jax.hessian`, `jax.vmap` of the
gradient over eight points, and a step of Adam by optax. "slow" is what takes the port longer than ten seconds.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from interleaved import medians
from loop_kernels import KERNELS
from loop_ports import PORTS

from backprose import lower

SIZES = {
    "recurrence": 10_000,
    "matrix sweep": 100,
    "gauss-seidel": 50,
    "thomas": 2_000,
    "conditional write": 10_000,
}
PARAMETERS, BATCH, SLOWEST = 4, 8, 10.0
WAYS = ("program", "grad", "jvp", "hessian", "vmap(grad)", "adam")


def programs(name: str) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """The program of four parameters, with the lowered kernel and with the port."""
    function, _, make, *_ = KERNELS[name]
    first, *rest = make(SIZES[name])
    bases = 0.1 * np.random.default_rng(0).normal(size=(PARAMETERS, *np.shape(first)))
    ours, port = lower(function), PORTS[name]

    rest = [jnp.asarray(x) if isinstance(x, np.ndarray) else x for x in rest]

    def built(kernel: Callable[..., Any]) -> Callable[[Any], Any]:
        return lambda theta: kernel(first + jnp.tensordot(jnp.sin(theta), bases, 1), *rest)

    return built(lambda *args: ours.pure(*args)[0]), built(port)


def ways(program: Callable[[Any], Any]) -> dict[str, Callable[[], Any]]:
    """Calls of the program and of what JAX makes of it."""
    theta = jnp.linspace(0.1, 0.4, PARAMETERS)
    points = theta + jnp.linspace(-0.1, 0.1, BATCH)[:, None]
    optimiser = optax.adam(1e-3)

    def step(theta: Any, state: Any) -> Any:
        updates, state = optimiser.update(jax.grad(program)(theta), state, theta)
        return optax.apply_updates(theta, updates), state

    state = optimiser.init(theta)
    made = {
        "program": (program, theta),
        "grad": (jax.grad(program), theta),
        "jvp": (lambda x: jax.jvp(program, (x,), (jnp.ones(PARAMETERS),)), theta),
        "hessian": (jax.hessian(program), theta),
        "vmap(grad)": (jax.vmap(jax.grad(program)), points),
        "adam": (step, theta, state),
    }
    return {way: called(jax.jit(f), *args) for way, (f, *args) in made.items()}


def called(compiled: Callable[..., Any], *args: Any) -> Callable[[], Any]:
    return lambda: jax.block_until_ready(compiled(*args))


def seconds(call: Callable[[], Any]) -> float:
    call()
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    print(f"{'kernel':18}{'size':>8}{'':10}" + "".join(f"{way:>12}" for way in WAYS))
    for name in sys.argv[1:] or SIZES:
        ours, theirs = map(ways, programs(name))
        for way in WAYS:
            one, other = (jax.tree.leaves(side[way]()) for side in (ours, theirs))
            for a, b in zip(one, other, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-9)
        slow = {way for way in WAYS if seconds(theirs[way]) > SLOWEST}
        calls = {("lower", way): ours[way] for way in WAYS}
        calls |= {("port", way): theirs[way] for way in WAYS if way not in slow}
        times = medians({f"{k} {way}": call for (k, way), call in calls.items()}, rounds=9)
        for kind in ("lower", "port"):
            row = [times.get(f"{kind} {way}") for way in WAYS]
            shown = "".join(f"{'slow' if t is None else f'{t * 1e3:.2f}':>12}" for t in row)
            print(f"{name if kind == 'lower' else '':18}{SIZES[name]:8}{kind:>10}{shown}")
        pairs = [(times.get(f"port {way}"), times[f"lower {way}"]) for way in WAYS]
        ratios = ["" if a is None else f"{a / b:.1f}x" for a, b in pairs]
        print(f"{'':36}" + "".join(f"{ratio:>12}" for ratio in ratios), flush=True)


if __name__ == "__main__":
    with jax.enable_x64(True):
        main()

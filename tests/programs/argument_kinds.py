"""Every function of the catalogue at arguments of every kind: complex, empty, 0-d, of size 1, float32, integers beside
floats, not contiguous. Plain NumPy is the reference for values, differences for derivatives.

    python tests/programs/argument_kinds.py                     # all, both targets
    python tests/programs/argument_kinds.py --kind complex --only np.interp -v
"""

from __future__ import annotations

import argparse
import importlib
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np

KINDS = (
    "complex",
    "one complex",
    "empty",
    "0-d",
    "size-1",
    "float32",
    "integers",
    "whole numbers",
    "strided",
)
TOLERANCE = {"float32": (3e-4, 3e-4, 5e-2)}  # value, and differences: of float32
DEFAULT = (1e-8, 1e-9, 2e-5)


ONE = [0]  # which argument is complex


# Vectors up to a factor of modulus 1, which LAPACK chooses anew at each point (tests/primitives/
# test_complex_matrices.py).
UP_TO_A_PHASE = ("np.linalg.eigh", "np.linalg.svd", "scipy.linalg.eigh")


# SciPy's spheroidal functions never return for some float32 arguments (SciPy 1.17).
ENDLESS = (
    "obl_cv",
    "obl_ang1",
    "obl_rad1",
    "obl_rad2",
    "pro_cv",
    "pro_ang1",
    "pro_rad1",
    "pro_rad2",
)
# What is not held to, with the reason.
OF_VALUES = "the dtype or the shape of SciPy's result depends on values"
KNOWN = {
    ("np.fft.irfft", "empty"): "NumPy hands out memory that nobody has written",
    ("scipy.linalg.matmul_toeplitz", "empty"): "SciPy drops an axis",
    ("scipy.linalg.fiedler", "empty"): "SciPy drops an axis",
    ("scipy.linalg.fiedler_companion", "size-1"): "SciPy drops an axis",
    ("scipy.linalg.fiedler_companion", "0-d"): "SciPy drops an axis",
    ("np.fft.fftn", "0-d"): "over no axes NumPy returns the number itself",
    ("np.fft.ifftn", "0-d"): "over no axes NumPy returns the number itself",
    (
        "scipy.linalg.fractional_matrix_power",
        "float32",
    ): "SciPy answers in 32 bits for whole powers alone",
    ("scipy.special.assoc_legendre_p_all", "whole numbers"): "SciPy's own errors at -1 and 1",
    (
        "scipy.linalg.orthogonal_procrustes",
        "integers",
    ): "a product that is singular leaves the rotation open",
    ("np.sort_complex", "float32"): "JAX answers in 32 bits",
    ("np.polyder", "whole numbers"): "JAX answers in floats",
    (
        "scipy.special.expn",
        "float32",
    ): "an order that is not an integer is refused when the text runs",
    ("scipy.linalg.eig", "size-1"): OF_VALUES,
    ("scipy.linalg.eig", "whole numbers"): OF_VALUES,
    ("np.linalg.lstsq", "whole numbers"): OF_VALUES,
    ("scipy.linalg.lstsq", "whole numbers"): OF_VALUES,
}


class Unfit(Exception):
    """The kind makes no sense for the function: NumPy refuses it, or the result is not a number."""


def changed(value: np.ndarray, kind: str, rng: np.random.Generator, position: int) -> Any:
    """An array of a sample as one of another kind."""
    if kind == "complex":
        return value + 0.3j * rng.normal(size=value.shape) if value.dtype.kind == "f" else value
    if kind == "one complex":
        return changed(value, "complex", rng, position) if position == ONE[0] else value
    if kind == "empty":
        return value[:0] if value.ndim else value
    if kind == "0-d":
        return value.reshape(-1)[0] if value.size else value
    if kind == "size-1":
        return value[tuple(slice(0, 1) for _ in value.shape)].copy()
    if kind == "float32":
        return value.astype(np.float32) if value.dtype.kind == "f" else value
    if kind == "integers":
        small = value.dtype.kind == "f" and position > 0
        return np.asarray(np.ceil(np.abs(value)), dtype=int)[()] if small else value
    if kind == "whole numbers":
        if value.dtype.kind != "f":
            return value
        return np.asarray(np.ceil(np.abs(np.nan_to_num(value))), dtype=int)[()]
    if kind == "strided":
        if value.ndim == 0:
            return value
        wide = np.empty((*value.shape[:-1], 2 * value.shape[-1]), value.dtype)
        wide[..., ::2] = value
        return wide[..., ::2]
    raise ValueError(kind)


def results_of(found: Any) -> list[np.ndarray]:
    """The numbers in a result, as arrays."""
    if isinstance(found, tuple | list):
        return [r for item in found for r in results_of(item)]
    if isinstance(found, bool):
        raise Unfit
    array = np.asarray(found)
    if array.dtype.kind not in "biufc":
        raise Unfit
    return [array]


def verdict(make: Callable, arrays: list[Any], kind: str, target: str) -> tuple[str, str]:
    """`make(*arrays)` calls the function; "right", "refused", "unfit", or what is wrong."""
    from backprose.transform.emitted import Emitted
    from backprose.transform.errors import BackproseError
    from backprose.transform.load import load

    from backprose import value_and_grad

    try:
        expected = make(*arrays)
        parts = results_of(expected)
    except Unfit:
        return "unfit", ""
    except Exception:  # noqa: BLE001  # NumPy itself does not take it
        return "unfit", ""
    if not all(np.all(np.isfinite(p)) for p in parts):
        return "unfit", ""
    if any(p.dtype in (np.float16, np.longdouble, np.clongdouble) for p in parts):
        return "unfit", ""
    rng = np.random.default_rng(3)
    weights = [rng.normal(size=p.shape) for p in parts]
    single = not isinstance(expected, tuple | list)
    names = [f"x{k}" for k in range(len(arrays))]
    factor = ""
    if kind == "whole numbers":  # nothing else has a derivative
        arrays, names, factor = [*arrays, 1.5], [*names, "factor"], "factor * "
    terms = " + ".join(
        f"np.sum(np.real(r{k} * w{k}) + np.imag(r{k} * w{k}))" for k in range(len(parts))
    )
    nested = not single and any(isinstance(e, tuple | list) for e in expected)
    if nested:
        return "unfit", ""
    heads = ", ".join(f"r{k}" for k in range(len(parts))) + ("" if single else ",")
    if not parts:
        return "unfit", ""
    source = (
        f"def total({', '.join(names)}):\n    {heads} = make({', '.join(n for n in names if n != 'factor')})\n"
        f"    return {factor}({terms}), ({heads if not single else 'r0'})\n"
    )
    constants = {"np": np, "make": make, **{f"w{k}": w for k, w in enumerate(weights)}}
    total = load(Emitted(source, "total", constants))
    if "frechet" in source or "cho_factor" in getattr(make.__globals__.get("fn"), "__name__", ""):
        return "unfit", ""  # several results, one of them no array
    wrt = [k for k, a in enumerate(arrays) if np.asarray(a).dtype.kind in "fc"]
    if not wrt:
        return "unfit", ""
    value, relative, slopes = TOLERANCE.get(kind, DEFAULT)
    try:
        derivative = value_and_grad(total, tuple(wrt), has_aux=True, target=target, jit=False)
        (primal, given), gradients = derivative(
            *[np.array(a) if kind != "strided" else a for a in arrays]
        )
    except BackproseError as error:
        return "refused", str(error)
    except Exception as error:  # noqa: BLE001
        return "CRASHED", f"{type(error).__name__}: {error}"
    for ours, theirs in zip(results_of(given), parts, strict=True):
        if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
            return "WRONG", f"result {ours.dtype}{ours.shape}, NumPy {theirs.dtype}{theirs.shape}"
        if not np.allclose(ours, theirs, rtol=value, atol=value):
            return "WRONG", f"value {ours.tolist()}, NumPy {theirs.tolist()}"
    for k, gradient in zip(wrt, gradients, strict=True):
        own, found = np.asarray(arrays[k]), np.asarray(gradient)
        if own.shape != found.shape or own.dtype != found.dtype:
            return "WRONG", f"gradient {found.dtype}{found.shape} for {own.dtype}{own.shape}"
        if own.size == 0 or kind == "float32" and own.dtype != np.float32:
            continue
        wide = [np.asarray(a) for a in arrays]
        wide = [
            a.astype(np.result_type(a, np.float64)) if a.dtype.kind in "fc" else a for a in wide
        ]
        for unit in (1.0, 1j) if own.dtype.kind == "c" else (1.0,):
            direction = unit * rng.normal(size=own.shape)
            step = 1e-6
            moved = []
            for sign in (1, -1):
                point = [*wide]
                point[k] = (wide[k] + sign * step * direction)[()]
                try:
                    moved.append(float(total(*point)[0]))
                except Exception:  # noqa: BLE001  # at the edge of what NumPy takes
                    return "right", ""
            slope = (moved[0] - moved[1]) / (2 * step)
            ours = float(np.real(np.sum(found * direction)))
            if (
                not np.isfinite(slope) or abs(slope) > 1e4
            ):  # a jump: of the larger of two complex numbers
                continue
            if not abs(ours - slope) <= slopes * max(1.0, abs(slope)):
                return "WRONG", f"slope along argument {k} {ours}, by differences {slope}"
    return "right", ""


def samples() -> Iterator[tuple[str, Callable, list[Any]]]:
    """(name, call, arrays) of each registered function's samples, and of those that are left to JAX."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "primitives"))
    from backprose.transform.emitted import Emitted
    from backprose.transform.load import load
    from test_fallbacks import GIVEN, A, N, S, V, W
    from test_registry import WITHOUT_SAMPLES, Case, registered

    for primitive in registered():
        if primitive.function in WITHOUT_SAMPLES or primitive.name.startswith(("jax", "backprose")):
            continue
        for sample in primitive.samples[:2]:
            case = Case(primitive, sample)
            if case.arrays:
                yield primitive.name, case.function, case.arrays
    for name, text in GIVEN.items():
        if text is None:
            continue
        module, _, attribute = name.replace("np", "numpy", 1).rpartition(".")
        function = getattr(importlib.import_module(module), attribute)
        source = f"def call(x):\n    return fn({text})\n"
        constants = {"fn": function, "np": np, "V": V, "W": W, "N": N, "A": A, "S": S}
        yield name, load(Emitted(source, "call", constants)), [V]


def run(
    kinds: tuple[str, ...], only: str | None = None, share: tuple[int, int] = (0, 1)
) -> Iterator[tuple]:
    """(name, kind, target, verdict, why); `share` takes every n-th sample."""
    for count, (name, call, arrays) in enumerate(samples()):
        if only is not None and name not in only.split(",") or count % share[1] != share[0]:
            continue
        for kind in kinds:
            rng = np.random.default_rng(5)
            ONE[0] = len(arrays) - 1
            given = [changed(np.asarray(a), kind, rng, k) for k, a in enumerate(arrays)]
            endless = kind == "float32" and name.rpartition(".")[2] in ENDLESS
            if endless or "complex" in kind and name in UP_TO_A_PHASE:
                continue
            if kind in ("integers", "one complex") and all(
                np.array_equal(a, b) for a, b in zip(given, arrays, strict=True)
            ):
                continue
            for target in ("jax", "numpy"):
                with warnings.catch_warnings(), np.errstate(all="ignore"):
                    warnings.simplefilter("ignore")
                    found, why = verdict(call, given, kind, target)
                if found != "unfit":
                    yield name, kind, target, found, why


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--kind", choices=KINDS)
    options.add_argument("--only")
    options.add_argument("--share", default="0/1")
    options.add_argument("-v", action="store_true", help="say why something is refused, too")
    options = options.parse_args()
    first, _, step = options.share.partition("/")
    counts: Counter[tuple[str, str]] = Counter()
    kinds = (options.kind,) if options.kind else KINDS
    for name, kind, target, found, why in run(kinds, options.only, (int(first), int(step))):
        counts[kind, found] += 1
        if sum(counts.values()) % 500 == 0:
            jax.clear_caches()
        if (
            found not in ("right", "refused")
            and (name, kind) not in KNOWN
            or options.v
            and found == "refused"
        ):
            print(
                f"{found:8} {kind:9} {target:5} {name}: {' '.join(why.split())[:220]}", flush=True
            )
    for kind in kinds:
        line = ", ".join(f"{n} {what}" for (k, what), n in sorted(counts.items()) if k == kind)
        print(f"{kind}: {line}")


if __name__ == "__main__":
    main()

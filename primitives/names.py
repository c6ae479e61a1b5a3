"""What functions are called, and which one of JAX's is the same."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

# Where JAX's functions are public; their `__module__` often names a private place.
JAX_MODULES = (
    "jax.numpy",
    "jax.numpy.linalg",
    "jax.numpy.fft",
    "jax.nn",
    "jax.lax",
    "jax.lax.linalg",
    "jax.scipy.special",
    "jax.scipy.linalg",
    "jax.scipy.signal",
    "jax.scipy.ndimage",
    "jax.scipy.stats.norm",
    "jax.scipy.integrate",
    "jax.image",
    "jax",
)


def name_of(function: Callable) -> str:
    """A function's public dotted name: `np.linalg.inv`, `scipy.special.erf`, `jax.nn.gelu`."""
    name = getattr(function, "__name__", str(function))
    module = getattr(function, "__module__", None) or "numpy"
    owner = type(getattr(function, "__self__", None)).__name__
    if module.startswith("scipy.stats") and owner.endswith("_gen"):
        return f"scipy.stats.{owner.removesuffix('_gen')}.{name}"
    if isinstance(function, np.ufunc):
        module = "numpy" if getattr(np, name, None) is function else "scipy.special"
    places = [module.replace("._src", ""), *_enclosing(module.replace("._src", "")), *JAX_MODULES]
    public = next((p for p in places if _holds(p, name, function)), module.split("._")[0])
    return f"{public.replace('numpy', 'np', 1) if public.startswith('numpy') else public}.{name}"


def _enclosing(module: str) -> list[str]:
    """The packages around a module, the innermost first."""
    parts = [p for p in module.split(".") if not p.startswith("_")]
    return [".".join(parts[:k]) for k in range(len(parts), 0, -1)]


def _holds(module: str, name: str, function: Callable) -> bool:
    if any(part.startswith("_") for part in module.split(".")):
        return False
    try:
        return getattr(importlib.import_module(module), name, None) is function
    except ImportError:
        return False


def jax_twin(function: Callable) -> Callable | None:
    """The function of the same name in jax.numpy, jax.numpy.linalg, ... or the function itself if it is jax's."""
    module, name = getattr(function, "__module__", None) or "", getattr(function, "__name__", "")
    if isinstance(function, np.ufunc):
        module = "numpy" if getattr(np, name, None) is function else "scipy.special"
    root = module.split(".")[0]
    if root == "jax":
        return function
    if root == "numpy":
        place: Any = jnp
        for part in module.split(".")[1:]:
            if not part.startswith("_"):
                place = getattr(place, part, None)
        return getattr(place, name, None)
    if root == "scipy":
        parts = [part for part in module.split(".") if not part.startswith("_")]
        try:
            return getattr(importlib.import_module("jax." + ".".join(parts)), name, None)
        except ImportError:
            return None
    return None


# Functions of ours for arrays of JAX's.
OURS = ("backprose.special", "backprose.linalg")


def is_array_function(function: Any) -> bool:
    """Whether a callable belongs to numpy, scipy or jax and takes arrays."""
    if isinstance(function, np.ufunc):
        return True
    module = getattr(function, "__module__", None) or ""
    return callable(function) and module.split(".")[0] in ("numpy", "jax", "scipy", "jaxlib")


def is_jax(function: Any) -> bool:
    """Whether a callable is JAX's own, or ours for arrays of JAX's."""
    module = getattr(function, "__module__", None) or ""
    return (
        module.startswith(OURS)
        or module.split(".")[0] in ("jax", "jaxlib")
        or isinstance(function, jax.custom_jvp)
    )

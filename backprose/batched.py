"""64 bits under `jax.vmap`, which takes NumPy's float64 arrays for float32 where JAX is not in 64-bit mode.

What it hands on still holds the array itself; in 64-bit mode, a tracer for that array is made anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import jax
from jax.core import Tracer

from .transform.arguments import NarrowedError, is_narrowed
from .transform.errors import ArgumentError

Result = TypeVar("Result")


def in_64_bits(run: Callable[..., Result], args: tuple, kwargs: dict[str, Any]) -> Result:
    """`run(*args, **kwargs)`, in 64-bit mode where `jax.vmap` has narrowed an argument."""
    try:
        return run(*args, **kwargs)
    except NarrowedError:
        pass
    with jax.enable_x64(True):
        args, kwargs = jax.tree.map(widened, (args, kwargs))
        return run(*args, **kwargs)


def widened(value: Any) -> Any:
    """A tracer of `jax.vmap` for the array as it was given."""
    if not isinstance(value, Tracer) or not is_narrowed(value):
        return value
    try:
        return type(value)(value._trace, widened(value.val), value.batch_dim)  # type: ignore[attr-defined, call-arg]
    except (AttributeError, TypeError):
        raise ArgumentError(
            "jax.vmap hands on NumPy's 64-bit arrays as 32-bit ones outside of JAX's 64-bit mode",
            remedy="call jax.vmap under `with jax.enable_x64(True):`",
        ) from None

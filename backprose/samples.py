"""Random arguments of given shapes and dtypes, to check a derivative at."""

from __future__ import annotations

from typing import Any

import numpy as np

from .transform.arguments import ArraySpec, Spec, StaticSpec


def draw(spec: Spec, rng: np.random.Generator, positive: bool = False) -> Any:
    """A value of the kind that `spec` describes.

    Floating-point numbers are standard normal, or uniform on [0.5, 1.5) where `positive`; ints are
    0 or 1, which index every axis of two entries or more.
    """
    if isinstance(spec, StaticSpec):
        return spec.value
    if not isinstance(spec, ArraySpec):
        items = [draw(item, rng, positive) for item in spec.items]
        if spec.kind is dict:
            return dict(zip(spec.keys, items, strict=True))
        return spec.kind(*items) if hasattr(spec.kind, "_fields") else spec.kind(items)
    shape, dtype = spec.type.shape, spec.type.dtype
    if dtype.kind in "biu":
        value = rng.integers(0, 2, shape)
    elif positive:
        value = rng.uniform(0.5, 1.5, shape)
    else:
        value = rng.standard_normal(shape)
    if spec.type.weak:
        return dtype.type(value).item()
    return np.asarray(value).astype(dtype)[() if spec.scalar else ...]

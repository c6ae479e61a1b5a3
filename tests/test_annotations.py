"""What annotations say of shapes and dtypes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from backprose import ArgumentError
from backprose.annotations import spec_from_annotation


def jaxtyping(kind: str, dims: str) -> Any:
    """What `Float[Array, "3 4"]` looks like from outside."""
    return SimpleNamespace(dtype=type(kind, (), {}), dim_str=dims)


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("f64[150,2]", "float64[150, 2]"),
        ("'f32[3]'", "float32[3]"),
        ("float32[3, 4]", "float32[3, 4]"),
        ("f64", "float64"),
        ("float", "float"),
        (float, "float"),
        ("Float[Array, '150 2']", "float64[150, 2]"),
        ('jt.Float32[np.ndarray, "150 2"]', "float32[150, 2]"),
        ("Int[Array, '5']", "int64[5]"),
        ("Float[Array, '']", "float64"),
        (jaxtyping("Float", "rows=150 2"), "float64[150, 2]"),
        (jaxtyping("UInt8", "7"), "uint8[7]"),
        (jaxtyping("UInt64", "7"), None),
        (np.ndarray, None),
        ("np.ndarray", None),
        ("Sequence[int]", None),
        (list[float], None),
    ],
)
def test_annotations(annotation, expected):
    found = spec_from_annotation(annotation, "x")
    assert (None if found is None else str(found)) == expected


@pytest.mark.parametrize("annotation", ["Float[Array, 'n 2']", jaxtyping("Float", "... 3")])
def test_a_shape_that_is_not_fixed_asks_for_one(annotation):
    with pytest.raises(ArgumentError, match="does not fix its shape.*\n.*--arg x=float64"):
        spec_from_annotation(annotation, "x")


@pytest.mark.parametrize("annotation", [int, "int", bool, str, "str"])
def test_a_value_that_must_be_known_asks_for_it(annotation):
    with pytest.raises(ArgumentError, match="depends on the value of n.*\n.*--arg n="):
        spec_from_annotation(annotation, "n")

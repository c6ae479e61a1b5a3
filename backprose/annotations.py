"""Shapes and dtypes from annotations: `Float[Array, "150 2"]`, `"f64[150,2]"`, `float`."""

from __future__ import annotations

import re
from typing import Any

from .transform.arguments import Spec, parse_spec
from .transform.errors import ArgumentError

# What jaxtyping calls an array of a dtype; a family stands for its 64-bit member.
DTYPES = {
    "Float": "float64",
    "Inexact": "float64",
    "Num": "float64",
    "Real": "float64",
    "Shaped": "float64",
    "Int": "int64",
    "Integer": "int64",
    "Complex": "complex128",
    "Bool": "bool",
    "Float64": "float64",
    "Float32": "float32",
    "Float16": "float16",
    "Int64": "int64",
    "Int32": "int32",
    "Int16": "int16",
    "Int8": "int8",
    "UInt8": "uint8",
    "Complex128": "complex128",
    "Complex64": "complex64",
}
JAXTYPING = re.compile(r"""(?:\w+\.)*(\w+)\[[^"']*,\s*["']([^"']*)["']\s*\]""")
SHORT = re.compile(r"(?:f|i|float|int|complex|bool)\d*(\[[\d,\s]*\])?")


def spec_from_annotation(annotation: Any, name: str) -> Spec | None:
    """What the annotation of argument `name` says of it; None where it says nothing of its shape.

    Raises `ArgumentError` for a size that is not a number, and for an int, bool or string, on whose
    value the derivative depends.
    """
    if isinstance(annotation, type) and annotation in (int, bool, str):
        annotation = annotation.__name__
    if annotation is float:
        return parse_spec("float", name)
    dims = getattr(annotation, "dim_str", None)
    if isinstance(dims, str):
        return _jaxtyping(getattr(annotation.dtype, "__name__", ""), dims, name)
    if not isinstance(annotation, str):
        return None
    text = annotation.strip().strip("\"'")
    if text in ("int", "bool", "str"):
        example = {"int": "int=3", "bool": "bool=True", "str": "str=relu"}[text]
        raise ArgumentError(
            f"the derivative depends on the value of {name}, which is of type {text}",
            remedy=f"give it: --arg {name}={example}",
        )
    match = JAXTYPING.fullmatch(annotation.strip())
    if match:
        return _jaxtyping(match[1], match[2], name)
    return parse_spec(text, name) if SHORT.fullmatch(text) else None


def _jaxtyping(kind: str, dims: str, name: str) -> Spec | None:
    if kind not in DTYPES:
        return None
    sizes = [dim.rpartition("=")[2] for dim in dims.split()]
    unknown = [size for size in sizes if not size.isdigit()]
    if unknown:
        raise ArgumentError(
            f"the annotation of {name} does not fix its shape: {unknown[0]!r} is not a number",
            remedy=f"give it: --arg {name}={DTYPES[kind]}[{','.join('3' for _ in sizes)}]",
        )
    return parse_spec(f"{DTYPES[kind]}[{','.join(sizes)}]", name)

"""What is known of the arguments of a call: shapes and dtypes of arrays, values of ints, strings and functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from jax.core import Tracer

from .errors import ArgumentError
from .operands import ArrayType
from .watched import Watched, watched


@dataclass(frozen=True, slots=True)
class ArraySpec:
    """An array argument. `scalar` marks NumPy and Python scalars, which nothing changes in place."""

    type: ArrayType
    scalar: bool = False

    def __str__(self) -> str:
        if self.type.weak:
            return {"f": "float", "i": "int", "c": "complex"}[self.type.dtype.kind]
        return str(self.type) if self.type.shape else self.type.dtype.name


@dataclass(frozen=True, slots=True, eq=False)
class StaticSpec:
    """A value that is fixed by the transformation. Equal are those of one type that hold the same (`watched`).

    `before` is what it held when a derivative was written for it.
    """

    value: Any
    kind: type
    before: Watched | None = None

    def __str__(self) -> str:
        return getattr(self.value, "__name__", None) or repr(self.value)

    def kept(self) -> StaticSpec:
        """The spec with what its value holds now, for comparing later ones with it."""
        return StaticSpec(self.value, self.kind, watched(self.value, whole=True))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StaticSpec) or self.kind is not other.kind:
            return False
        one, two = (self, other) if self.before is not None else (other, self)
        before = one.before or watched(one.value, whole=True)
        return before.same(two.value)

    def __hash__(self) -> int:
        if self.kind in (bool, int, str, type(None)):
            return hash((self.kind, self.value))
        return hash(self.kind)


@dataclass(frozen=True, slots=True)
class TreeSpec:
    """A list, tuple, dict or namedtuple of arguments."""

    kind: type
    keys: tuple[Any, ...]
    items: tuple[Spec, ...]

    def __str__(self) -> str:
        if self.kind is dict:
            entries = ", ".join(f"{k!r}: {v}" for k, v in zip(self.keys, self.items, strict=True))
            return f"{{{entries}}}"
        left, right = ("[", "]") if self.kind is list else ("(", ")")
        return left + ", ".join(map(str, self.items)) + right


Spec = ArraySpec | StaticSpec | TreeSpec


def kept(spec: Spec) -> Spec:
    """A spec as the key of a cache, which what happens to an argument later does not change."""
    if isinstance(spec, StaticSpec):
        return spec.kept()
    return replace(spec, items=tuple(map(kept, spec.items))) if isinstance(spec, TreeSpec) else spec


def spec_of(value: Any, name: str = "argument") -> Spec:
    """What the transformation may know of an argument.

    Arrays, NumPy scalars, Python floats and complex numbers are values of the run; ints, bools, strings, None
    and functions are fixed. Raises `ArgumentError` for what is neither.
    """
    if isinstance(value, Tracer | jax.Array):
        if isinstance(value, Tracer) and is_narrowed(value):
            raise NarrowedError
        aval = jax.typeof(value)
        if jax.numpy.issubdtype(aval.dtype, jax.dtypes.prng_key):
            raise ArgumentError(
                f"argument {name!r} is a key of JAX's, not an array of numbers",
                remedy="draw the numbers outside and pass them, or pass jax.random.key_data(key)",
            )
        return ArraySpec(
            ArrayType(tuple(aval.shape), np.dtype(aval.dtype), bool(aval.weak_type)), aval.ndim == 0
        )
    if isinstance(value, np.generic):
        _check_dtype(value.dtype, name)
        return ArraySpec(ArrayType((), value.dtype), True)
    if isinstance(value, np.ndarray):
        if type(value) is not np.ndarray and not isinstance(value, np.memmap):
            raise ArgumentError(
                f"argument {name!r} is a {type(value).__name__}, whose operators differ from an array's",
                remedy="pass np.asarray(x)",
            )
        _check_dtype(value.dtype, name)
        return ArraySpec(ArrayType(value.shape, value.dtype))
    if isinstance(value, float | complex):
        return ArraySpec(ArrayType((), np.dtype(type(value)), weak=True), True)
    if isinstance(value, dict | list | tuple) and not _is_plain_container(value):
        raise ArgumentError(
            f"argument {name!r} is a {type(value).__name__}, which is not supported",
            remedy="pass a dict, list, tuple or namedtuple",
        )
    if isinstance(value, dict):
        items = tuple(spec_of(v, f"{name}[{k!r}]") for k, v in value.items())
        return TreeSpec(dict, tuple(value), items)
    if isinstance(value, list | tuple):
        items = tuple(spec_of(v, f"{name}[{k}]") for k, v in enumerate(value))
        return TreeSpec(type(value), tuple(range(len(items))), items)
    return StaticSpec(value, type(value))


class NarrowedError(Exception):
    """`jax.vmap` has taken a 64-bit array of NumPy's for a 32-bit one."""


def is_narrowed(tracer: Tracer) -> bool:
    """Whether a tracer of `jax.vmap` has fewer bits than the array that it stands for."""
    found: Any = tracer
    while isinstance(found, Tracer):
        found = getattr(found, "val", None)
    return isinstance(found, np.ndarray | np.generic) and found.dtype != tracer.dtype


def _is_plain_container(value: Any) -> bool:
    return (
        type(value) in (dict, list, tuple) or isinstance(value, tuple) and hasattr(value, "_fields")
    )


def _check_dtype(dtype: np.dtype, name: str) -> None:
    if not dtype.isnative:
        raise ArgumentError(
            f"argument {name!r} has the byte order of another machine ({dtype.str})",
            remedy="convert it: x.astype(x.dtype.newbyteorder('='))",
        )
    if dtype.kind not in "biufc" or dtype.itemsize > 16 or dtype == np.dtype(np.longdouble):
        if dtype.kind != "c" or dtype.itemsize != 16:
            raise ArgumentError(
                f"argument {name!r} has dtype {dtype}, which cannot be compiled",
                remedy="convert it to float64, float32 or an integer type",
            )


def leaves(value: Any, spec: Spec) -> Iterator[Any]:
    """The array leaves of an argument, in the order of its spec."""
    if isinstance(spec, ArraySpec):
        yield value
    elif isinstance(spec, TreeSpec):
        for key, item in zip(spec.keys, spec.items, strict=True):
            yield from leaves(value[key], item)


def leaf_count(spec: Spec) -> int:
    """How many array leaves an argument has."""
    if isinstance(spec, ArraySpec):
        return 1
    return sum(map(leaf_count, spec.items)) if isinstance(spec, TreeSpec) else 0


def rebuild(spec: Spec, values: Iterator[Any]) -> Any:
    """The argument with the given array leaves; the inverse of `leaves`."""
    if isinstance(spec, ArraySpec):
        return next(values)
    if isinstance(spec, StaticSpec):
        return spec.value
    items = [rebuild(item, values) for item in spec.items]
    if spec.kind is dict:
        return dict(zip(spec.keys, items, strict=True))
    if hasattr(spec.kind, "_fields"):
        return spec.kind(*items)
    return spec.kind(items)


def parse_spec(text: str, name: str = "argument") -> Spec:
    """A spec written as text: `f64[150,2]`, `float32[3]`, `f64`, `i64[4]`, `int=3`, `str=relu`."""
    literals: dict[str, Any] = {"True": True, "False": False}
    if text.strip() in literals or text.strip().lstrip("-").isdigit():
        value = literals.get(text.strip())
        value = int(text) if value is None else value
        return StaticSpec(value, type(value))
    short = {
        "f64": "float64",
        "f32": "float32",
        "f16": "float16",
        "i64": "int64",
        "i32": "int32",
        "bool": "bool",
    }
    head, _, rest = text.strip().partition("[")
    if "=" in head:
        kind, _, value = head.partition("=")
        readers = {"int": int, "str": str, "bool": lambda v: v == "True"}
        if kind in readers:
            try:
                parsed = readers[kind](value)
            except ValueError:
                parsed = None
            if parsed is not None:
                return StaticSpec(parsed, type(parsed))
        raise ArgumentError(
            f"{name}: cannot read {text!r}; static values are int=3, bool=True, str=relu"
        )
    if head == "float":
        return ArraySpec(ArrayType((), np.dtype(float), weak=True), True)
    dtype = short.get(head, head)
    if dtype not in (*short.values(), "complex128", "complex64", "int8", "int16", "uint8"):
        raise ArgumentError(
            f"{name}: unknown dtype {head!r} in {text!r}; write f64[3,4], f32, i64[5], int=3"
        )
    sizes = rest.rstrip("]")
    if rest and not rest.endswith("]"):
        raise ArgumentError(f"{name}: missing ']' in {text!r}")
    try:
        shape = tuple(int(s) for s in sizes.split(",") if s.strip())
    except ValueError:
        raise ArgumentError(f"{name}: sizes must be ints in {text!r}") from None
    if any(s < 0 for s in shape):
        raise ArgumentError(f"{name}: negative size in {text!r}")
    return ArraySpec(ArrayType(shape, np.dtype(dtype)), not shape)

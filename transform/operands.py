"""The operands of the intermediate representation: values, what they are called, and their types."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

# --- types -------------------------------------------------------------------------------------------


FIRST_UNKNOWN = 2_000_000_089  # 16 GB of float64 along one axis


@dataclass(frozen=True, slots=True)
class ArrayType:
    """An array of known shape and dtype. `weak` marks a Python number or bool, which bows to its partner's dtype.

    Sizes from FIRST_UNKNOWN on stand in for lengths that are not known before the function runs (see `lengths`).
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    weak: bool = False

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def inexact(self) -> bool:
        return self.dtype.kind in "fc"

    def __str__(self) -> str:
        sizes = ("?" if n >= FIRST_UNKNOWN else str(n) for n in self.shape)
        return f"{self.dtype.name}[{', '.join(sizes)}]"


@dataclass(frozen=True, slots=True)
class StaticType:
    """A Python value known at transformation time, spelled by an atom (`X.shape[0]`)."""

    value: Any

    def __str__(self) -> str:
        return f"static {self.value!r}"


@dataclass(frozen=True, slots=True)
class StructType:
    """A container that the caller passes in (a dict of weights, a list of layers); atoms take it apart."""

    description: str

    def __str__(self) -> str:
        return self.description


@dataclass(frozen=True, slots=True)
class ListType:
    """A Python list of values of one type, one for each iteration of a loop."""

    item: Type

    def __str__(self) -> str:
        return f"list of {self.item}"


Type = ArrayType | StaticType | StructType | ListType

# --- operands ----------------------------------------------------------------------------------------


@dataclass(eq=False, slots=True)
class Var:
    """A value with one definition. Identity is what counts; `hint` is the name it would like to have.

    `depth` says who named it: 0 the differentiated function, deeper an inlined callee, None nobody.
    `adjoint_of` and `tangent_of` name a value by the one that it belongs to.
    """

    hint: str
    type: Type
    depth: int | None = None
    adjoint_of: Var | None = None
    tangent_of: Var | None = None

    def is_named_by(self, other: Var) -> bool:
        """Whether a variable has its name from another; of `a * b`, say, each may be the other's derivative."""
        v: Var | None = self
        while v is not None and v is not other:
            v = v.adjoint_of or v.tangent_of
        return v is other

    def __repr__(self) -> str:
        return f"<{self.hint}: {self.type}>"


@dataclass(frozen=True, slots=True)
class Name:
    """A local variable or temporary of the untyped form."""

    id: str


@dataclass(frozen=True, slots=True)
class Global:
    """A dotted path whose root is not local: `np.linalg.norm`."""

    path: str


@dataclass(frozen=True, slots=True, eq=False)
class Lit:
    """A literal. `name` is the global constant that it came from, if any.

    Literals are equal where they are written alike: 1 is neither True nor 1.0. Arrays are compared by identity.
    """

    value: Any
    name: str | None = None

    def key(self) -> tuple[Any, ...]:
        value = self.value
        return type(value), id(value) if isinstance(value, np.ndarray) else repr(value), self.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lit) and self.key() == other.key()

    def __hash__(self) -> int:
        return hash(self.key())


@dataclass(frozen=True, slots=True)
class Items:
    """A tuple, list or dict display (`keys` for a dict)."""

    kind: str
    items: tuple[Operand, ...]
    keys: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Slice:
    """`start:stop:step`. `width` is the number of elements where that is known and the bounds are not."""

    start: Operand | None
    stop: Operand | None
    step: Operand | None
    width: int | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Star:
    """`*x` (or `**x` where `double`) in a call or a display."""

    operand: Operand
    double: bool = False


Operand = Var | Name | Global | Lit | Items | Slice | Star


def variables(operand: Operand | None) -> Iterator[Var]:
    """Every `Var` inside an operand, left to right."""
    if isinstance(operand, Var):
        yield operand
    elif isinstance(operand, Items):
        for item in operand.items:
            yield from variables(item)
    elif isinstance(operand, Slice):
        for part in (operand.start, operand.stop, operand.step):
            yield from variables(part)


def substitute(operand: Any, change: Callable[[Var], Operand]) -> Any:
    """The operand with `change` applied to each `Var` in it."""
    if isinstance(operand, Var):
        return change(operand)
    if isinstance(operand, Items):
        return replace(operand, items=tuple(substitute(item, change) for item in operand.items))
    if isinstance(operand, Slice):
        parts = (operand.start, operand.stop, operand.step)
        return Slice(
            *(None if p is None else substitute(p, change) for p in parts), width=operand.width
        )
    return operand


# --- what an operand is ---


def type_of(operand: Operand) -> Type:
    """The type of a typed operand; Python numbers are weak scalars."""
    if isinstance(operand, Var):
        return operand.type
    if isinstance(operand, Lit):
        value = operand.value
        if isinstance(value, np.ndarray | np.generic):
            return ArrayType(value.shape, value.dtype)
        if isinstance(value, bool | int | float | complex):
            return ArrayType((), np.dtype(type(value)), weak=True)
        return StaticType(value)
    return StaticType(operand)


def array_type(found: Any) -> ArrayType:
    """The type of what is known to be an array or a number: an operand, or a value of the user's program."""
    found = found.type if hasattr(found, "type") else type_of(found)
    assert isinstance(found, ArrayType), f"an array, not {found}"
    return found


def shape_of(operand: Operand) -> tuple[int, ...]:
    """The shape of an array; () of anything else."""
    found = type_of(operand)
    return found.shape if isinstance(found, ArrayType) else ()


def rank_of(operand: Operand) -> int:
    return len(shape_of(operand))


def size_of(operand: Operand) -> int:
    """How many elements an array has; 0 for anything else."""
    found = type_of(operand)
    return found.size if isinstance(found, ArrayType) else 0


def dtype_of(operand: Operand) -> np.dtype | None:
    found = type_of(operand)
    return found.dtype if isinstance(found, ArrayType) else None

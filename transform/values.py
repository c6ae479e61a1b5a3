"""What `infer` knows of a value: a Python value, an array's type, a container of values, or a function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .ir import ArrayType, Items, Lit, Operand, Slice, StaticType, Type, Var, type_of
from .lower import Lowered


@dataclass(frozen=True, eq=False, slots=True)
class Known:
    """A Python value known now, and the operand that spells it in the output."""

    value: Any
    operand: Operand

    def __repr__(self) -> str:
        return f"Known({self.value!r})"


@dataclass(eq=False, slots=True)
class Storage:
    """The memory of an array. Two `Array`s with one storage are views of each other."""

    parameter: str | None = None
    members: int = 0


@dataclass(eq=False, slots=True)
class Array:
    """An array object of the user's program. An in-place operation changes `operand`, for every alias."""

    operand: Operand
    storage: Storage = field(default_factory=Storage)
    scalar: bool = False  # NumPy's scalars cannot be changed in place

    def __post_init__(self) -> None:
        self.storage.members += 1

    @property
    def type(self) -> ArrayType:
        found = type_of(self.operand)
        assert isinstance(found, ArrayType)
        return found


@dataclass(eq=False, slots=True)
class Struct:
    """A container with arrays in it. `kind` is tuple, list, dict or a namedtuple class."""

    kind: type
    items: list[Value]
    keys: tuple[Any, ...] = ()

    def entries(self) -> list[tuple[Any, Value]]:
        keys = self.keys or tuple(range(len(self.items)))
        return list(zip(keys, self.items, strict=True))


@dataclass(frozen=True, eq=False, slots=True)
class Closure:
    """An inner function or lambda, with the frame that it sees and the defaults of its parameters."""

    lowered: Lowered
    frame: Any
    defaults: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, slots=True)
class Method:
    """A method looked up but not called yet: `x.sum`."""

    receiver: Array | Struct
    name: str


Value = Known | Array | Struct | Closure | Method


def known(value: Any) -> Known:
    return Known(value, spelled(value))


def spelled(value: Any) -> Operand:
    """The operand that writes a Python value out."""
    if type(value) is tuple:
        return Items("tuple", tuple(map(spelled, value)))
    if isinstance(value, slice):
        bounds = (value.start, value.stop, value.step)
        return Slice(*(None if b is None else Lit(b) for b in bounds))
    return Lit(value)


def is_number(value: Value) -> bool:
    """A Python number or a NumPy scalar (not a bool)."""
    return (
        isinstance(value, Known)
        and isinstance(value.value, int | float | complex | np.number)
        and not isinstance(value.value, bool | np.bool_)
    )


def struct(kind: type, items: list[Value], keys: tuple[Any, ...] = ()) -> Struct | Known:
    """A container of values; a known one where all of them are."""
    if kind in (tuple, dict) and all(isinstance(item, Known) for item in items):
        values = [item.value for item in items if isinstance(item, Known)]
        operand = Items(kind.__name__, tuple(operand_of(item) for item in items), keys)
        return Known(
            tuple(values) if kind is tuple else dict(zip(keys, values, strict=True)), operand
        )
    return Struct(kind, items, keys)


def settled(value: Value) -> Value:
    """A list whose items are all known, as a known list."""
    if isinstance(value, Struct) and value.kind is list:
        items = [settled(item) for item in value.items]
        if all(isinstance(item, Known) for item in items):
            operand = Items("list", tuple(operand_of(item) for item in items))
            return Known([item.value for item in items if isinstance(item, Known)], operand)
    return value


def is_operand(value: Value) -> bool:
    """Whether a value can stand in an atom: not a function, and no container with one."""
    if isinstance(value, Struct):
        return all(map(is_operand, value.items))
    return isinstance(value, Known | Array)


def operand_of(value: Value) -> Operand:
    """The operand that stands for a value in an atom."""
    if isinstance(value, Known | Array):
        return value.operand
    if isinstance(value, Struct):
        name = value.kind.__name__ if value.kind in (tuple, list, dict) else "tuple"
        return Items(name, tuple(operand_of(item) for item in value.items), value.keys)
    raise TypeError(f"a {type(value).__name__.lower()} cannot be an operand")


def value_of(operand: Operand) -> Value:
    """The value that an operand of a typed atom stands for; the inverse of `operand_of`."""
    if isinstance(operand, Var):
        if isinstance(operand.type, StaticType):
            return Known(operand.type.value, operand)
        return Array(operand)
    if isinstance(operand, Lit):
        return (
            Array(operand)
            if isinstance(operand.value, np.ndarray)
            else Known(operand.value, operand)
        )
    if isinstance(operand, Items):
        kind = {"tuple": tuple, "list": list, "dict": dict}[operand.kind]
        return struct(kind, [value_of(item) for item in operand.items], operand.keys)
    value = static_value(operand)
    return Known(value, operand)


def static_value(operand: Any) -> Any:
    """The Python value of an operand in which nothing is an array; KeyError where something is."""
    if operand is None:
        return None
    if isinstance(operand, Lit):
        return operand.value
    if isinstance(operand, Var):
        if isinstance(operand.type, StaticType):
            return operand.type.value
        raise KeyError(operand.hint)
    if isinstance(operand, Items):
        values = [static_value(item) for item in operand.items]
        if operand.kind == "dict":
            return dict(zip(operand.keys, values, strict=True))
        return tuple(values) if operand.kind == "tuple" else values
    return slice(*(static_value(p) for p in (operand.start, operand.stop, operand.step)))


def is_static(operand: Any) -> bool:
    try:
        static_value(operand)
    except KeyError:
        return False
    return True


def types_of(value: Value) -> list[Type]:
    """The types of the arrays in a value."""
    if isinstance(value, Array):
        return [value.type]
    if isinstance(value, Struct):
        return [t for item in value.items for t in types_of(item)]
    return []

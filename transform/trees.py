"""Joining what is known of a value on two ways through the program: two sides of a branch, two ends of an iteration.

A tree describes the common form: a leaf is an array (or a number) of a type, everything else is fixed. Values of that
form are made from variables, and the operands of a value are read off in the tree's order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .ir import Origin
from .journal import MISSING
from .lengths import has_unknown
from .operands import ArrayType, Lit, Operand, Var, type_of
from .trace import Trace
from .values import Array, Known, Opaque, Struct, Unset, Value, known, operand_of, struct


class Mismatch(Exception):
    """Two values have no common form; the text says in what they differ."""


@dataclass(frozen=True)
class Leaf:
    """An array or a number."""

    type: ArrayType
    scalar: bool
    of_jax: bool | None = False


@dataclass(frozen=True, eq=False)
class Fixed:
    """A value that is the same on both ways: a function, a string, None, an untouched array."""

    value: Value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fixed) and same(self.value, other.value)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Inner:
    """A container."""

    kind: type
    keys: tuple[Any, ...]
    children: tuple[Tree, ...]


Tree = Leaf | Fixed | Inner


def same(a: Any, b: Any) -> bool:
    """Whether two values are surely one: one object, or equal plain Python values of one type."""
    if a is b:
        return True
    if isinstance(a, Known) and isinstance(b, Known):
        if isinstance(a.value, np.ndarray) or type(a.value) is not type(b.value):
            return a.value is b.value
        try:
            return a.value is b.value or (
                bool(a.value == b.value) and repr(a.value) == repr(b.value)
            )
        except (TypeError, ValueError):
            return False
    if isinstance(a, Struct) and isinstance(b, Struct):
        return (
            a.kind is tuple
            and b.kind is tuple
            and len(a.items) == len(b.items)
            and all(map(same, a.items, b.items))
        )
    return False


def tree_of(value: Value) -> Tree:
    """The form of one value."""
    if isinstance(value, Array):
        return Leaf(value.type, value.scalar, value.of_jax)
    if is_number(value):
        assert isinstance(value, Known)
        found = type_of(Lit(value.value))
        assert isinstance(found, ArrayType)
        return Leaf(found, True)
    if isinstance(value, Struct) and isinstance(value.items, Opaque):
        raise Mismatch("is a list that a loop fills")
    if isinstance(value, Struct):
        return Inner(value.kind, value.keys, tuple(map(tree_of, value.items)))
    if isinstance(value, Known) and isinstance(value.value, tuple) and type(value.value) is tuple:
        return Inner(tuple, (), tuple(tree_of(known(v)) for v in value.value))
    return Fixed(value)


def is_number(value: Value) -> bool:
    return isinstance(value, Known) and isinstance(
        value.value, bool | int | float | np.generic | complex
    )


def join(a: Tree, b: Tree, values: tuple[Value | None, Value | None] = (None, None)) -> Tree:
    """The common form; raises `Mismatch`. `values`, where given, tell which numbers can bow to a small dtype."""
    if isinstance(a, Fixed) and isinstance(b, Fixed) and a == b:
        return a
    if isinstance(a, Leaf) and isinstance(b, Leaf):
        of_jax = a.of_jax if a.of_jax is b.of_jax else None
        return Leaf(join_types(a.type, b.type, values), a.scalar and b.scalar, of_jax)
    if isinstance(a, Inner) and isinstance(b, Inner):
        if a.kind is not b.kind or a.keys != b.keys or len(a.children) != len(b.children):
            raise Mismatch(f"is {describe(a)} on one way and {describe(b)} on the other")
        pairs = zip(a.children, b.children, strict=True)
        return Inner(a.kind, a.keys, tuple(join(x, y) for x, y in pairs))
    raise Mismatch(f"is {describe(a)} on one way and {describe(b)} on the other")


def varies(tree: Tree) -> bool:
    """Whether a tree has an array whose length is not known before the function runs."""
    return any(has_unknown(leaf.type) for leaf in leaves(tree))


def describe(tree: Tree) -> str:
    if isinstance(tree, Leaf):
        return str(tree.type) if tree.type.shape else f"a {tree.type.dtype.name} number"
    if isinstance(tree, Inner):
        return f"a {tree.kind.__name__} of {len(tree.children)}"
    if isinstance(tree.value, Known):
        value = tree.value.value
        return repr(value) if value is None or isinstance(value, str) else type(value).__name__
    return "a function"


def join_types(
    a: ArrayType, b: ArrayType, values: tuple[Value | None, Value | None] = (None, None)
) -> ArrayType:
    """The type that holds values of both types exactly, as NumPy would go on computing with them."""
    if a.shape != b.shape:
        raise Mismatch(f"has shape {a.shape} on one way and {b.shape} on the other")
    if a.dtype == b.dtype:
        return ArrayType(a.shape, a.dtype, a.weak and b.weak)
    if a.weak and b.weak:
        return ArrayType(a.shape, np.result_type(a.dtype, b.dtype), True)
    joined = np.result_type(a.dtype, b.dtype)
    for one, other, value in ((a, b, values[0]), (b, a, values[1])):
        if one.weak and other.dtype.kind >= "f" and one.dtype.kind in "if":
            exact = value is not None and _exact(value, other.dtype)
            if other.dtype == joined or exact:
                return ArrayType(a.shape, other.dtype)
    kinds = {a.dtype.kind, b.dtype.kind}
    if joined in (a.dtype, b.dtype) and (len(kinds) > 1 or kinds <= {"i", "u"}):
        return ArrayType(a.shape, joined)
    raise Mismatch(f"is {a.dtype.name} on one way and {b.dtype.name} on the other")


def _exact(value: Value, dtype: np.dtype) -> bool:
    return isinstance(value, Known) and bool(dtype.type(value.value) == value.value)


def instantiate(tree: Tree, make: Callable[[Leaf], Operand]) -> Value:
    """A value of a form, with new storages, from an operand for each leaf."""
    if isinstance(tree, Leaf):
        return Array(make(tree), scalar=tree.scalar, of_jax=tree.of_jax)
    if isinstance(tree, Inner):
        return struct(tree.kind, [instantiate(child, make) for child in tree.children], tree.keys)
    return tree.value


def leaves(tree: Tree) -> Iterator[Leaf]:
    if isinstance(tree, Leaf):
        yield tree
    elif isinstance(tree, Inner):
        for child in tree.children:
            yield from leaves(child)


def operands(trace: Trace, value: Any, tree: Tree, origin: Origin) -> list[Operand]:
    """The operands of a value in the form of a tree; zeros for a value that is not there."""
    if isinstance(tree, Fixed):
        return []
    if value is MISSING or isinstance(value, Unset):
        return [zeros(trace, leaf.type, origin) for leaf in leaves(tree)]
    if isinstance(tree, Leaf):
        return [cast(trace, value, tree.type, origin)]
    items = value.items if isinstance(value, Struct) else [known(v) for v in value.value]
    pairs = zip(items, tree.children, strict=True)
    return [o for item, child in pairs for o in operands(trace, item, child, origin)]


def cast(trace: Trace, value: Value, wanted: ArrayType, origin: Origin) -> Operand:
    if isinstance(value, Known):
        number = value.value
        if wanted.weak or wanted.dtype in (np.dtype(float), np.dtype(int), np.dtype(bool)):
            converted = wanted.dtype.type(number).item()
            if type(converted) is type(number) and isinstance(value.operand, Lit):
                return value.operand
            return Lit(converted)
        same = _dtype(number) == wanted.dtype and isinstance(value.operand, Lit)
        return value.operand if same else Lit(wanted.dtype.type(number))
    assert isinstance(value, Array)
    if value.type.dtype != wanted.dtype:
        return operand_of(trace.cast(value, wanted.dtype, origin))
    return value.operand


def _dtype(number: Any) -> np.dtype | None:
    return number.dtype if isinstance(number, np.generic) else None


def zeros(trace: Trace, wanted: ArrayType, origin: Origin) -> Operand:
    """A value of a type that nobody reads."""
    if wanted.shape == ():
        zero = wanted.dtype.type(0)
        return Lit(
            zero.item()
            if wanted.weak or wanted.dtype.itemsize == 8 or wanted.dtype.kind == "b"
            else zero
        )
    sizes = [
        trace.lengths.value(trace, n, replace(origin, spelling="operator")) for n in wanted.shape
    ]
    args: list[Value] = [sizes[0] if wanted.ndim == 1 else struct(tuple, sizes)]
    if wanted.dtype != np.dtype(float):
        args.append(known(wanted.dtype.type))
    return operand_of(trace.apply(np.zeros, args, {}, origin))


def variable(leaf: Leaf, hint: str, depth: int | None) -> Var:
    return Var(hint or "t", leaf.type, depth if hint else None)

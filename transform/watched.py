"""What a function reads from outside, and noticing when it changes.

A derivative is written for the values that the function read: globals, items, attributes, the functions that it
called. At each call they are read again and compared, by what tells most cheaply whether they are the same:

    numbers, strings, and containers of nothing else    by their bytes, as `marshal` writes them, so that 1 is
                                                        neither 1.0 nor True, and 0.0 not -0.0
    arrays                                              by their bits; where nobody can write to one, by identity
    methods                                             by their function and their owner: each time that an attribute
                                                        is read, Python makes another object of a method
    everything else                                     by identity; what the function reads of an object, it watches

A user's `__eq__` is never asked: what it calls equal may hold different values.
"""

from __future__ import annotations

import functools
import marshal
import types
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

PLAIN = (int, float, complex, bool, str, bytes, type(None), type(...), tuple, list, dict)
DEEPEST = 20  # of containers and objects inside each other


class Watched:
    """A value as it was; `same` says whether another is equal to it."""

    def same(self, now: Any) -> bool:
        raise NotImplementedError


@dataclass(frozen=True, eq=False, slots=True)
class Identity(Watched):
    value: Any

    def same(self, now: Any) -> bool:
        return now is self.value


@dataclass(frozen=True, eq=False, slots=True)
class Plain(Watched):
    """What `marshal` can write."""

    kind: type
    bytes: bytes

    def same(self, now: Any) -> bool:
        return type(now) is self.kind and _marshalled(now) == self.bytes


@dataclass(frozen=True, eq=False, slots=True)
class Bits(Watched):
    """An array that may be written to."""

    array: np.ndarray

    def same(self, now: Any) -> bool:
        before = self.array
        if type(now) is not type(before) or now.dtype != before.dtype or now.shape != before.shape:
            return False
        return same_bits(now, before)


@dataclass(frozen=True, eq=False, slots=True)
class Number(Watched):
    """A scalar of NumPy's, a subclass of a number or of a string."""

    kind: type
    text: str

    def same(self, now: Any) -> bool:
        return type(now) is self.kind and repr(now) == self.text


@dataclass(frozen=True, eq=False, slots=True)
class Method(Watched):
    """A bound method, of Python's or built in; of a container it reads what that holds."""

    function: Any  # the function, or the name of a built-in one
    owner: Watched

    def same(self, now: Any) -> bool:
        return _method(now) is not None and (
            _method(now) == self.function and self.owner.same(now.__self__)
        )


@dataclass(frozen=True, eq=False, slots=True)
class Container(Watched):
    """A list, a tuple or a dict with other things than plain ones in it."""

    kind: type
    keys: tuple[Watched, ...]
    items: tuple[Watched, ...]

    def same(self, now: Any) -> bool:
        if type(now) is not self.kind or len(now) != len(self.items):
            return False
        if isinstance(now, dict):
            keys, values = list(now), list(now.values())
            return all(w.same(k) for w, k in zip(self.keys, keys, strict=True)) and all(
                w.same(v) for w, v in zip(self.items, values, strict=True)
            )
        return all(w.same(v) for w, v in zip(self.items, now, strict=True))


@dataclass(frozen=True, eq=False, slots=True)
class Instance(Watched):
    """An object that is given as an argument: by its class and by all that it holds."""

    kind: type
    names: tuple[str, ...]
    held: tuple[Watched, ...]

    def same(self, now: Any) -> bool:
        if type(now) is not self.kind:
            return False
        found = _attributes(now)
        if found is None or tuple(found) != self.names:
            return False
        return all(w.same(v) for w, v in zip(self.held, found.values(), strict=True))


def watched(value: Any, whole: bool = False, depth: int = 0) -> Watched:
    """A value as it is now. `whole` looks into objects, too: of an argument, all of it may be read."""
    if isinstance(value, np.ndarray):
        return Identity(value) if is_fixed(value) else Bits(value.copy())
    if type(value) in PLAIN and (found := _marshalled(value)) is not None:
        return Plain(type(value), found)
    if isinstance(value, np.generic | int | float | complex | str) and not isinstance(value, Enum):
        return Number(type(value), repr(value))
    if depth > DEEPEST:
        return Identity(value)
    if isinstance(value, list | tuple):
        return Container(type(value), (), tuple(watched(v, whole, depth + 1) for v in value))
    if isinstance(value, dict):
        parts = [tuple(watched(v, whole, depth + 1) for v in p) for p in (value, value.values())]
        return Container(type(value), *parts)
    if (name := _method(value)) is not None:
        owner: Any = value
        return Method(name, watched(owner.__self__, whole, depth + 1))
    if whole and isinstance(value, functools.partial):
        inner = watched((value.func, value.args, value.keywords), True, depth + 1)
        return _Partial(inner)
    if whole and (attributes := _attributes(value)) is not None:
        held = tuple(watched(v, True, depth + 1) for v in attributes.values())
        return Instance(type(value), tuple(attributes), held)
    return Identity(value)


@dataclass(frozen=True, eq=False, slots=True)
class _Partial(Watched):
    inner: Watched

    def same(self, now: Any) -> bool:
        return isinstance(now, functools.partial) and self.inner.same(
            (now.func, now.args, now.keywords)
        )


def same_bits(one: np.ndarray, two: np.ndarray) -> bool:
    """Whether two arrays of one shape and dtype hold the same bits: NaN is NaN, and 0.0 is not -0.0."""
    if one.size == 0:
        return True
    one, two = np.ascontiguousarray(one), np.ascontiguousarray(two)
    if one.dtype.hasobject:
        return bool(np.array_equal(one, two))
    word = next(w for w in (8, 4, 2, 1) if one.nbytes % w == 0)
    left, right = (a.reshape(-1).view(f"u{word}") for a in (one, two))
    step = 1 << 16  # so that a difference is found early, and nothing large is allocated
    return all(
        np.array_equal(left[k : k + step], right[k : k + step]) for k in range(0, left.size, step)
    )


def is_fixed(array: np.ndarray) -> bool:
    """Whether nobody can write to an array, nor to the array that it is a view of."""
    owner: Any = array
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            return False
        if owner.base is None:
            return False  # its owner may make it writeable again
        owner = owner.base
    return isinstance(owner, bytes)


def _marshalled(value: Any) -> bytes | None:
    try:
        return marshal.dumps(value, 2)  # later versions note which objects are shared
    except ValueError:
        return None


def _method(value: Any) -> Any:
    """What a bound method does; None for what is none."""
    if isinstance(value, types.MethodType):
        return value.__func__
    if isinstance(value, types.BuiltinMethodType | types.MethodWrapperType):
        owner = getattr(value, "__self__", None)
        if owner is not None and not isinstance(owner, types.ModuleType):
            return value.__name__
    return None


def _attributes(value: Any) -> dict[str, Any] | None:
    """What an ordinary object holds; None for functions, classes, modules, and what keeps its state elsewhere."""
    if isinstance(value, type | types.ModuleType | types.FunctionType | Enum) or callable(
        getattr(value, "source_function", None)
    ):
        return None
    kind = type(value)
    if kind.__module__.split(".")[0] in ("builtins", "numpy", "jax", "jaxlib"):
        return None
    slots = [
        name
        for cls in kind.__mro__
        for name in _names(cls.__dict__.get("__slots__", ()))
        if name not in ("__dict__", "__weakref__")
    ]
    if not hasattr(value, "__dict__") and not slots:
        return None
    found = {name: getattr(value, name) for name in slots if hasattr(value, name)}
    return {**found, **getattr(value, "__dict__", {})}


def _names(slots: Any) -> tuple[str, ...]:
    return (slots,) if isinstance(slots, str) else tuple(slots)


@dataclass(frozen=True, eq=False, slots=True)
class Dependency:
    """Something that a function has read from outside: how to read it again, and what it was."""

    read: Callable[[], Any]
    before: Watched

    def holds(self) -> bool:
        try:
            return self.before.same(self.read())
        except (KeyError, IndexError, AttributeError):
            return False


Dependencies = dict[Hashable, Dependency]

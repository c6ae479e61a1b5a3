"""What `infer` knows of a value: a Python value, an array's type, a container of values, or a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .errors import RefusedError, Span
from .ir import Atom, Origin
from .journal import Cell, Journal, birth
from .lower import Lowered
from .operands import ArrayType, Items, Lit, Operand, Slice, StaticType, Type, Var, type_of


@dataclass(frozen=True, eq=False, slots=True)
class Known:
    """A Python value known now, and the operand that spells it in the output."""

    value: Any
    operand: Operand

    def __repr__(self) -> str:
        return f"Known({self.value!r})"


@dataclass(frozen=True, eq=False, slots=True)
class Unset:
    """What a name or an array holds where its value cannot be told; reading it is an error."""

    message: str
    span: Span | None = None
    remedy: str | None = None

    def error(self) -> RefusedError:
        return RefusedError(self.message, None, self.remedy, self.span)


@dataclass(eq=False, slots=True)
class Storage:
    """The memory of an array: its value now. `linked` are storages that may be the same memory.

    `parameter` names the argument that it came with, `outside` the global.
    """

    value: Operand | Unset | None = None
    parameter: str | None = None
    outside: str | None = None
    linked: tuple[Storage, ...] = ()
    born: int = field(default_factory=birth)


@dataclass(frozen=True, eq=False, slots=True)
class View:
    """How a view is read from the array that it is a part of, and written into it (None: read-only).

    `atom` made it; None for all of the array.
    """

    base: Array
    journal: Journal
    atom: Atom | None
    read: Callable[[Operand], Operand]
    write: Callable[[Operand, Array], Operand] | None = None


class Array:
    """An array object of the user's program; aliases are one object, views share its storage."""

    __slots__ = ("_memo", "born", "contiguous", "of_jax", "scalar", "storage", "type", "view")

    def __init__(
        self,
        operand: Operand,
        storage: Storage | None = None,
        scalar: bool = False,
        view: View | None = None,
        of_jax: bool | None = False,
    ):
        found = type_of(operand)
        assert isinstance(found, ArrayType)
        self.type: ArrayType = found
        self.scalar = scalar  # NumPy's scalars, and JAX's arrays, cannot be changed in place
        self.of_jax = of_jax  # None where that depends on the way through the program
        self.view = view
        self.contiguous = found.ndim <= 1 and view is None  # in C order, as far as is known
        self.born = birth()
        if view is None:
            self.storage = storage or Storage()
            self.storage.value = operand
            self._memo = None
        else:
            self.storage = view.base.storage
            self._memo = (view.base.operand, operand)

    @property
    def operand(self) -> Operand:
        """The value now. Raises `RefusedError` where an update may have changed it."""
        if self.view is not None:
            base = self.view.base.operand
            if self._memo is None or self._memo[0] is not base:
                self.view.journal.set(self, "_memo", (base, self.view.read(base)))
            assert self._memo is not None
            return self._memo[1]
        value = self.storage.value
        if isinstance(value, Unset):
            raise value.error()
        assert value is not None
        return value

    def __repr__(self) -> str:
        return f"Array({self.type})"


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class KnownRange(Known):
    """A range that is known now, with its bounds as they are spelled."""

    bounds: tuple[Known, Known, Known]


class Opaque(list):
    """The items of a list that cannot be taken one by one."""

    reason = ""

    def refuse(self, *args: Any) -> Any:
        raise RefusedError(self.reason, None, "make it an array with np.array(list) after the loop")

    __iter__ = __getitem__ = __len__ = __bool__ = __add__ = __mul__ = refuse


class Growing(Opaque):
    """A list while a loop appends to it: what this iteration has appended, if it has.

    `last` is where its last item is kept, and `count` gives how many it had before this iteration.
    """

    reason = "a list is read in the loop that fills it, at another place than its end"

    def __init__(self, last: Cell, item: Value | None = None, origin: Origin | None = None):
        super().__init__()
        self.last, self.item, self.origin = last, item, origin
        self.count: Callable[[], Value] | None = None

    def appended(self, value: Value, origin: Origin) -> Growing:
        after = Growing(self.last, value, origin)
        after.count = self.count
        return after


class Undecided(Opaque):
    """The items of a list of which the two sides of a branch leave different ones."""

    def __init__(self, why: Unset):
        super().__init__()
        self.why = why

    def refuse(self, *args: Any) -> Any:
        raise self.why.error()

    __iter__ = __getitem__ = __len__ = __bool__ = __add__ = __mul__ = refuse


class Rows(Opaque):
    """A list that a loop has filled."""

    reason = "the items of a list that a loop has filled are the rows of one array"


@dataclass(eq=False, slots=True)
class Struct:
    """A container with arrays in it. `kind` is tuple, list, dict or a namedtuple class.

    A list that a loop has filled is kept as one array, `rows`, of which its items are the rows.
    """

    kind: type
    items: list[Value]
    keys: tuple[Any, ...] = ()
    rows: Array | None = None
    born: int = field(default_factory=birth)

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


@dataclass(frozen=True, eq=False, slots=True)
class Iteration:
    """A loop over `range(start, stop, step)` in which `at` gives the item for the index."""

    start: Value
    stop: Value
    step: Value
    at: Callable[[Value], Value]
    counts: bool = False  # the item is the index itself
    rows: tuple[Array, ...] = ()  # the arrays whose rows are the items
    checkpoint: str | int | None = None  # what is saved of the loop

    def length(self) -> int | None:
        """The number of items, where it is known."""
        bounds = (self.start, self.stop, self.step)
        if all(isinstance(b, Known) for b in bounds):
            return len(range(*(b.value for b in bounds if isinstance(b, Known))))
        return None


@dataclass(frozen=True, eq=False, slots=True)
class Window:
    """A slice of known width whose place is computed: `i : i + 3`."""

    operand: Slice


Value = Known | Array | Struct | Closure | Method | Iteration | Window


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
    """A list, a tuple or a dict whose items are all known, as a known one."""
    if isinstance(value, Struct) and value.kind is tuple and not isinstance(value.items, Opaque):
        return struct(tuple, list(map(settled, value.items)))
    if isinstance(value, Struct) and value.kind is dict and not isinstance(value.items, Opaque):
        return struct(dict, list(map(settled, value.items)), value.keys)
    if isinstance(value, Struct) and value.kind is list and value.rows is None:
        items = [settled(item) for item in value.items]
        if all(isinstance(item, Known) for item in items):
            operand = Items("list", tuple(operand_of(item) for item in items))
            return Known([item.value for item in items if isinstance(item, Known)], operand)
    return value


def is_operand(value: Value) -> bool:
    """Whether a value can stand in an atom: not a function, and no container with one."""
    if isinstance(value, Struct):
        return value.rows is not None or all(map(is_operand, value.items))
    return isinstance(value, Known | Array | Window)


def is_written(value: Value) -> bool:
    """Whether a value can be written out: an operand, with no list in it that a loop has filled."""
    if isinstance(value, Struct):
        return value.rows is None and all(map(is_written, value.items))
    return is_operand(value)


def operand_of(value: Value) -> Operand:
    """The operand that stands for a value in an atom."""
    if isinstance(value, Known | Array | Window):
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
    if isinstance(operand, Slice) and operand.width is not None:
        return Window(operand)
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
    if operand.width is not None:
        raise KeyError("a slice at a computed place")
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


def arrays(value: Value | None) -> Iterator[Array]:
    """The array objects in a value."""
    if isinstance(value, Array):
        yield value
    elif isinstance(value, Struct) and value.rows is not None:
        yield value.rows
    elif isinstance(value, Struct):
        items = [value.items.item] if isinstance(value.items, Growing) else value.items
        for item in items:
            yield from arrays(item)


def is_literal(operand: Any) -> bool:
    """Whether an operand is written out in full, with no name in it."""
    if isinstance(operand, Items):
        return all(map(is_literal, operand.items))
    return isinstance(operand, Lit) and operand.name is None


def is_plain(value: Any) -> bool:
    """Whether a value can be written as a literal."""
    if isinstance(value, tuple | list):
        return all(is_plain(v) for v in value)
    return value is None or isinstance(
        value, bool | int | float | complex | str | np.dtype | type(...)
    )

"""Where `infer` writes: the growing list of typed atoms, and the one way to add an operation to it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..primitives import (
    Primitive,
    add_at,
    astype,
    getitem,
    lookup,
    name_of,
    place,
    update,
)
from .array_like import array_like, counted, index_like, joined, of_rows
from .binding import bind, has_default
from .errors import BackproseError, ProgramError, RefusedError, StaticNeededError
from .index_forms import new_axes, without_dots
from .ir import Atom, CallSite, Node, Origin, definitions
from .jax_arrays import like
from .journal import Journal
from .lengths import Lengths, has_unknown, is_unknown, without_stand_ins
from .operands import (
    FIRST_UNKNOWN,
    ArrayType,
    Items,
    Lit,
    Operand,
    Slice,
    StaticType,
    Var,
    array_type,
)
from .ranges import check_known, index_parts
from .result_types import axes_of, mask_of, python_operator, result_type
from .values import (
    Array,
    Known,
    Struct,
    Value,
    Window,
    arrays,
    is_literal,
    is_operand,
    is_plain,
    known,
    operand_of,
    settled,
    spelled,
    struct,
    value_of,
)
from .views import as_view, gives_array, gives_new_memory, is_contiguous, link, whole_view
from .watched import Dependencies, Dependency, watched

TEMPORARY = "t"
# Functions that make an array of a given shape; a length may be computed.
JOINING = (np.concatenate, np.stack, np.vstack, np.hstack, np.dstack, np.column_stack)
SIZED = (np.zeros, np.ones, np.empty, np.full, np.broadcast_to, np.reshape, np.arange, place)
LIKE = (np.zeros_like, np.ones_like, np.empty_like, np.full_like)
NUMPYS_OWN = ("out", "where", "casting", "order", "subok")  # keywords that JAX does not have
SIZES = ("shape", "start", "stop")


def as_float(value: Value, others: list[Value]) -> Value:
    """A Python int that no integer of NumPy's holds, beside floats the float that NumPy makes of it."""
    number = value.value if isinstance(value, Known) else None
    if type(number) is not int or -(2**63) <= number < 2**64:
        return value
    if not any(isinstance(o, Array) and o.type.inexact for o in others):
        raise ProgramError(f"OverflowError: Python integer {number} out of bounds for int64")
    try:
        return known(float(number))
    except OverflowError as error:
        raise ProgramError(f"OverflowError: {error}") from None


@dataclass
class Trace:
    """Typed atoms in the making, the inlined calls, and the globals that the function read."""

    atoms: list[Node] = field(default_factory=list)
    calls: list[CallSite] = field(default_factory=list)
    dependencies: Dependencies = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)  # the files that functions were read from

    definitions: dict[Var, Atom] = field(default_factory=dict)
    arguments: set[Var] = field(default_factory=set)  # the arrays that the function was given
    contents: dict[Var, np.ndarray] = field(
        default_factory=dict
    )  # integer arrays that are written out
    indexed: list[tuple[Var, int]] = field(
        default_factory=list
    )  # index arrays and the sizes of their axes
    journal: Journal = field(default_factory=Journal)
    written: set[Any] = field(default_factory=set)  # storages that some update has changed
    lengths: Lengths = None  # type: ignore[assignment]  # new ones, if none are handed on
    masks: dict[Hashable, Operand] = field(default_factory=dict)  # used as indices here and around

    def __post_init__(self) -> None:
        if self.lengths is None:
            self.lengths = Lengths()
        self.definitions.update(definitions(self.atoms))

    def add(self, node: Node) -> None:
        self.atoms.append(node)
        if isinstance(node, Atom):
            self.definitions.update(dict.fromkeys(node.results, node))
        else:
            self.definitions.update(definitions([node]))

    @contextmanager
    def region(self, atoms: list[Node] | None = None) -> Iterator[list[Node]]:
        """Write to another list for the time of a `with` block: the body of a loop, a side of a branch."""
        saved, self.atoms = self.atoms, [] if atoms is None else atoms
        masks, self.masks = self.masks, dict(self.masks)
        try:
            yield self.atoms
        finally:
            self.atoms, self.masks = saved, masks

    def emit(self, result: Var, op: Any, args: tuple, kwargs: tuple, origin: Origin) -> Var:
        self.add(Atom((result,), op, args, kwargs, origin))
        return result

    def watch(self, key: Hashable, read: Callable[[], Any], value: Any) -> None:
        """Note what the function has read from outside; the first time counts."""
        if key not in self.dependencies:
            self.dependencies[key] = Dependency(read, watched(value))

    # --- static values ---

    def static(self, value: Any, op: Any, args: tuple, origin: Origin) -> Known:
        """A known value; spelled by an atom unless it is made of plain literals."""
        if is_plain(value) and all(map(is_literal, args)):
            return known(value)
        return Known(value, self.emit(Var(TEMPORARY, StaticType(value)), op, args, (), origin))

    def static_operation(self, op: Any, values: list[Known], origin: Origin) -> Known:
        function = python_operator(op) or op
        try:
            value = function(*(v.value for v in values))
        except ZeroDivisionError as error:
            if origin.part == "primal":
                raise ProgramError(f"{type(error).__name__}: {error}", origin.span) from None
            value = float("nan")  # one over the size of an empty array: NumPy's answer
        except (ArithmeticError, TypeError, ValueError) as error:
            raise ProgramError(f"{type(error).__name__}: {error}", origin.span) from None
        operands = [v.operand for v in values]
        if op is np.add and all(isinstance(o, Items) for o in operands):
            items = tuple(i for o in operands if isinstance(o, Items) for i in o.items)
            return Known(value, Items("tuple", items))
        if isinstance(value, tuple) and not value:
            return known(())
        if op is np.multiply and isinstance(value, tuple) and not is_plain(value):
            items = next(o.items for o in operands if isinstance(o, Items))
            return Known(value, Items("tuple", items * (len(value) // max(1, len(items)))))
        if isinstance(value, bool) or not is_plain(value):  # only its value matters
            return known(value)
        return self.static(value, op, tuple(v.operand for v in values), origin)

    def attribute(self, array: Array, name: str, origin: Origin) -> Value:
        """`x.shape`, `x.ndim`, `x.size`, `x.dtype`, `x.nbytes`, `x.itemsize`."""
        found = array.type
        if has_unknown(found) and name in ("shape", "size", "nbytes"):
            return self.computed_size(array, name, replace(origin, spelling="operator"))
        sizes = {"nbytes": found.size * found.dtype.itemsize, "itemsize": found.dtype.itemsize}
        value = sizes[name] if name in sizes else getattr(found, name)
        if name == "ndim" or not found.shape and name in ("shape", "size"):
            return known(value)
        if found.weak:  # a number of Python's has no attributes
            return known(value)
        args = (array.operand, Lit(name))
        return Known(value, self.emit(Var(TEMPORARY, StaticType(value)), getattr, args, (), origin))

    def computed_size(self, array: Array, name: str, origin: Origin) -> Value:
        """The shape or the size of an array of which a length is not known before the function runs."""
        dims: list[Value] = [self.lengths.value(self, n, origin) for n in array.type.shape]
        if name == "shape":
            return struct(tuple, dims)
        if name == "nbytes":
            dims.append(known(array.type.dtype.itemsize))
        size = dims[0]
        for dim in dims[1:]:
            if not (isinstance(dim, Known) and dim.value == 1):
                size = self.apply(np.multiply, [size, dim], {}, origin)
        return size

    # --- array operations ---

    def apply(
        self, op: Callable, args: list[Value], kwargs: dict[str, Value], origin: Origin
    ) -> Value:
        """Add `op(*args, **kwargs)` and return its result. Raises where the call cannot be typed."""
        try:
            result = self.plain(op, args, kwargs, origin)
        except BackproseError as error:
            raise without_stand_ins(error).at(origin.span) from None
        if op is getitem:
            return like(args[:1], result)
        return like(args, result) if origin.spelling in ("operator", "method") else result

    def plain(
        self, op: Callable, args: list[Value], kwargs: dict[str, Value], origin: Origin
    ) -> Value:
        """As `apply`; an error has no place yet, and whether JAX's function made the result is not noted."""
        if any(isinstance(v, Struct) and v.rows is not None for v in (*args, *kwargs.values())):
            return of_rows(self, op, args, kwargs, origin)
        if not all(map(is_operand, (*args, *kwargs.values()))):
            raise RefusedError(
                f"{name_of(op)} is given a function, which is not supported",
                remedy="call the function yourself",
            )
        if op in (getitem, place, update, add_at) and args:
            args = list(args)
            if isinstance(args[0], Array) and op is not place and has_unknown(args[0].type):
                args[-1] = self.measured(args[-1], args[0].type.shape)
        if isinstance(op, np.ufunc):
            args = [as_float(a, args) for a in args]
        if op is np.arange and any(isinstance(a, Array) for a in args):
            args, first = counted(self, args, origin)
            if first is not None:
                count = self.plain(op, args, kwargs, origin)
                return self.plain(np.add, [count, first], {}, replace(origin, spelling="operator"))
        if op is getitem and isinstance(args[0], Array):
            simpler = self.item(args[0], args[1], origin)
            if simpler is not None:
                return simpler
        primitive = lookup(op)
        if primitive is None:
            return self.without_rule(op, args, kwargs, origin)
        op = primitive.function
        bound = bind(primitive, args, kwargs)
        positional, named = self.operands(primitive, bound, origin)
        weak = origin.spelling == "operator"
        typed = tuple(map(self.as_typed, positional)) if op in SIZED else positional
        types = result_type(op, primitive, typed, named, weak, self.lengths.of_mask)
        self.check_lengths(types)
        if op in (np.reshape, np.squeeze) and origin.part == "primal" and types.shape == ():
            whole = bound["x"]
            if isinstance(whole, Array) and whole.type.ndim:
                return self.element(whole, known((0,) * whole.type.ndim), origin)
        result = self.results(types, op, positional, named, origin, primitive.hint)
        if op in (np.array, np.asarray, np.arange) and isinstance(result, Array):
            self.note_contents(result, op, [*map(settled, args)], kwargs)
        if op in (getitem, update, add_at):
            shape = array_type(positional[0]).shape
            check_known(positional[-1], shape, self.contents)
            self.indexed += index_parts(positional[-1], shape)
        return self.sharing(result, primitive, bound, positional, origin)

    def item(self, array: Array, index: Value, origin: Origin) -> Value | None:
        """What an index gives that picks one element, picks everything or adds axes; None for others."""
        if not array.type.ndim and isinstance(index, Known) and index.value == ():
            return Array(array.operand, scalar=True)
        if array.type.ndim and (inner := without_dots(index, array.type.ndim)):
            return self.element(array, inner, origin)
        axes = new_axes(index, array.type.ndim)
        if axes == () and not array.scalar:
            return whole_view(self, array)
        if axes:
            axis = known(axes[0] if len(axes) == 1 else axes)
            return self.plain(np.expand_dims, [array, axis], {}, origin)
        return None

    def without_rule(
        self, op: Callable, args: list[Value], kwargs: dict[str, Value], origin: Origin
    ) -> Value:
        """A call of a function of which nothing is known but its types."""
        positional = tuple(operand_of(v) for v in args)
        named = tuple((k, operand_of(v)) for k, v in kwargs.items())
        of_numpy = (getattr(op, "__module__", None) or "numpy").startswith("numpy")
        if of_numpy and any(k in NUMPYS_OWN for k, _ in named):
            raise RefusedError(f"a keyword of {name_of(op)} is not supported")
        types = result_type(op, None, positional, named)
        self.check_lengths(types)
        result = self.results(types, op, positional, named, origin)
        if not gives_new_memory(op):  # what it returns may be a view of what it was given
            self.link_all(result, struct(tuple, [*args, *kwargs.values()]))
        return result

    def operands(
        self, primitive: Primitive, bound: dict[str, Value], origin: Origin
    ) -> tuple[tuple[Operand, ...], tuple[tuple[str, Operand], ...]]:
        """The arguments by position and by name, those that have their default left out."""
        op, positional, named = primitive.function, [], []
        arrays_too = (*primitive.wrt, "indices", "condition")
        for param in primitive.signature.parameters.values():
            if param.name not in bound:
                continue
            value, sized = bound[param.name], param.name in SIZES and op in SIZED
            if param.kind is param.VAR_POSITIONAL:
                many: Any = value
                positional += [operand_of(array_like(self, item, origin)) for item in many]
                continue
            if param.name in primitive.lists:
                value = joined(self, value, origin) if op in JOINING else value
            elif param.name in arrays_too or op in LIKE and param.name == "x":
                value = array_like(self, value, origin)
            elif param.name == "index":
                value = index_like(self, value, origin)
            elif not sized:
                value = settled(value)
            if sized:
                value = self.sizes(value)
            if param.default is param.empty:
                if param.name not in (*arrays_too, "index", "x"):
                    self._check_static(primitive, param.name, value)
                positional.append(operand_of(value))
            elif not has_default(value, param.default):
                self._check_static(primitive, param.name, value)
                named.append((param.name, operand_of(value)))
        return tuple(positional), tuple(named)

    def sharing(
        self,
        result: Value,
        primitive: Primitive,
        bound: dict[str, Value],
        positional: tuple[Operand, ...],
        origin: Origin,
    ) -> Value:
        """A result that knows which memory it shares with what it was computed from."""
        op, shares = primitive.function, primitive.views
        if callable(shares):
            shares = shares(**{k: v.value for k, v in bound.items() if isinstance(v, Known)})
        given: list[Any] = [bound.get(name) for name in primitive.wrt]
        taken = [v for g in given for v in (g if isinstance(g, tuple) else (g,))]
        if not isinstance(result, Array):
            for array in taken if shares else ():
                if isinstance(array, Array):
                    self.link_all(result, array)
            return result
        first = next((v for v in taken if isinstance(v, Array)), None)
        whole = first is None or not first.scalar
        if not result.type.ndim:
            result.scalar = not gives_array(op, list(positional), whole, origin)
        part = op in (np.real, np.imag)
        if part and first is not None and first.type.dtype.kind == "c":
            link(self, result, first)
            return result
        same = first is not None and first.type.dtype == result.type.dtype  # else NumPy has copied
        if shares and first is not None and whole and same and not result.scalar:
            return as_view(self, first, self.atoms[-1])  # type: ignore[arg-type]
        result.contiguous = is_contiguous(self.atoms[-1])  # type: ignore[arg-type]
        return result

    def link_all(self, result: Value, given: Value) -> None:
        """Note that the arrays of a result may share their memory with those that were given."""
        for source in arrays(given):
            for array in arrays(result):
                if not array.scalar:
                    link(self, array, source)

    def element(self, array: Array, index: Value, origin: Origin) -> Value:
        """One element as an array without axes, which is a view: `x[1, ...]`, `x[:1].squeeze()`."""
        element = self.apply(getitem, [array, index], {}, replace(origin, spelling="operator"))
        atom = self.atoms[-1]
        assert isinstance(element, Array) and isinstance(atom, Atom)
        return as_view(self, array, atom)

    def known_masks(self, index: Value) -> Value:
        """An index in which a mask that is computed again is the one that was used before."""
        if isinstance(index, Struct) and index.kind is tuple:
            return struct(tuple, list(map(self.known_masks, index.items)))
        if not isinstance(index, Array) or mask_of(index.operand) is None:
            return index
        key = self.same(index.operand)
        if key not in self.masks:
            self.masks[key] = index.operand
        return index if self.masks[key] is index.operand else Array(self.masks[key])

    def measured(self, index: Value, shape: tuple[int, ...]) -> Value:
        """An index in which slices of axes of unknown length say how long what they give is."""
        several = isinstance(index.value if isinstance(index, Known) else None, tuple)
        if isinstance(index, Known) and several:
            items: list[Value] = [value_of(o) for o in spelled(index.value).items]  # type: ignore[union-attr]
        else:
            several = isinstance(index, Struct) and index.kind is tuple
            items = list(index.items) if isinstance(index, Struct) and several else [index]
        axes = axes_of([operand_of(i) for i in items], len(shape))
        for k, (item, axis) in enumerate(zip(items, axes, strict=True)):
            value = item.value if isinstance(item, Known) else None
            if isinstance(value, slice) and value != slice(None) and is_unknown(shape[axis]):
                if value.step not in (None, 1):
                    raise RefusedError(
                        "a slice with a step of an array whose length is not known is not supported",
                        remedy="reverse it with np.flip, or write a loop",
                    )
                start, stop = (None if b is None else known(b) for b in (value.start, value.stop))
                width = self.lengths.of_slice(self, start, stop, shape[axis])
                first, last = (None if b is None else b.operand for b in (start, stop))
                items[k] = Window(Slice(first, last, None, width=width))
        return struct(tuple, items) if several else items[0]

    def same(self, operand: Operand | None, depth: int = 8) -> Hashable:
        """A key that two operands share only if they surely have the same value."""
        if isinstance(operand, Items):
            return (operand.kind, *(self.same(i, depth) for i in operand.items))
        if isinstance(operand, Slice):
            three = (operand.start, operand.stop, operand.step)
            return (operand.width, *(self.same(p, depth) for p in three))
        atom = self.definitions.get(operand) if isinstance(operand, Var) else None
        if atom is None or depth == 0 or len(atom.results) != 1:
            return operand
        parts = [self.same(a, depth - 1) for a in atom.operands()]
        return (atom.op, *parts, *(k for k, _ in atom.kwargs))

    def sizes(self, value: Value) -> Value:
        """A shape or a size in which computed integers are lengths."""
        parts = value.items if isinstance(value, Struct) and value.kind is tuple else [value]
        for part in parts:
            if isinstance(part, Array) and part.type.shape == () and part.type.dtype.kind in "iu":
                counted = self.lengths.counted
                if part.operand not in counted:
                    counted[part.operand] = self.lengths.of_count(self, part)
        return value

    def as_typed(self, operand: Operand) -> Operand:
        """An operand with the stand-ins for the lengths that it names."""
        if isinstance(operand, Items):
            return replace(operand, items=tuple(map(self.as_typed, operand.items)))
        number = self.lengths.counted.get(operand)
        return operand if number is None else Lit(number)

    def check_lengths(self, types: Any) -> None:
        """A size that is computed from a stand-in stands for nothing."""
        for found in types if isinstance(types, tuple | list) else (types,):
            for size in getattr(found, "shape", ()):
                if size > FIRST_UNKNOWN // 2 and size not in self.lengths.entries:
                    raise RefusedError(
                        "the size of the result follows from a length that is not known before the function runs",
                        remedy="use arrays of the greatest size, and masks",
                    )

    def note_contents(
        self, result: Array, op: Callable, args: list[Value], kwargs: dict[str, Value]
    ) -> None:
        """Remember an integer array that is written out, for checking it where it is an index."""
        if result.type.dtype.kind in "iu" and all(
            isinstance(v, Known) for v in (*args, *kwargs.values())
        ):
            named = {k: v.value for k, v in kwargs.items() if isinstance(v, Known)}
            if isinstance(result.operand, Var) and result.type.size <= 1_000_000:
                self.contents[result.operand] = op(
                    *(a.value for a in args if isinstance(a, Known)), **named
                )

    def _check_static(self, primitive: Primitive, name: str, value: Value) -> None:
        if name in SIZES and primitive.function in SIZED and self.is_size(value):
            return
        given = (*primitive.wrt, *primitive.lists, *primitive.integers)
        if name not in given and not isinstance(value, Known):
            raise StaticNeededError(
                f"argument {name!r} of {primitive.name} depends on an array",
                remedy="it must be known before the function runs: an int, a tuple, a string",
                operand=operand_of(value),
            )

    def is_size(self, value: Value) -> bool:
        parts = value.items if isinstance(value, Struct) else [value]
        return all(isinstance(p, Known) or operand_of(p) in self.lengths.counted for p in parts)

    def results(
        self, types: Any, op: Any, args: tuple, kwargs: tuple, origin: Origin, hint: str = ""
    ) -> Value:
        """One atom with the results that `types` describes."""
        if isinstance(types, ArrayType):
            var = Var(hint or TEMPORARY, types)
            self.emit(var, op, args, kwargs, origin)
            return Array(var, scalar=types.ndim == 0)
        variables = tuple(Var(TEMPORARY, t) for t in types)
        self.add(Atom(variables, op, args, kwargs, origin))
        return Struct(type(types), [Array(v, scalar=array_type(v).ndim == 0) for v in variables])

    def cast(self, array: Array, dtype: Any, origin: Origin) -> Value:
        return self.apply(astype, [array, known(np.dtype(dtype))], {}, origin)

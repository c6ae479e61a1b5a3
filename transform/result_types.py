"""The type of an operation's result: NumPy decides the dtype, `jax.eval_shape` the shape."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import numpy as np

from ..primitives import Primitive, add_at, array_params, jax_twin, name_of, place, update
from .abstract import abstract_call
from .errors import ProgramError, RefusedError
from .operands import FIRST_UNKNOWN, ArrayType, Items, Lit, Operand, Slice, StaticType, Var, type_of
from .values import is_static, spelled, static_value

Selected = Callable[[Operand, int], int]
INTEGER_SUM = {"b": np.dtype(np.int64), "i": np.dtype(np.int64), "u": np.dtype(np.uint64)}


def result_type(
    op: Callable,
    primitive: Primitive | None,
    args: tuple,
    kwargs: tuple,
    weak: bool = False,
    selected: Selected | None = None,
) -> Any:
    """The `ArrayType` of `op(*args, **kwargs)`, or a tuple of them.

    `weak` says that the operation is Python's own on Python numbers, whose result is a Python number; `selected` gives
    the length that a mask selects of so many elements.
    """
    names = array_params(primitive, len(args)) if primitive is not None else []
    deciding = (
        [a for n, a in (*zip(names, args, strict=False), *kwargs) if n in primitive.wrt]
        if primitive
        else args
    )
    arrays = tuple(t for operand in deciding for t in array_types(operand))
    if primitive is not None and primitive.dtype == "ufunc" and isinstance(op, np.ufunc):
        return elementwise_type(op, tuple(t for a in args for t in array_types(a)), weak)
    if op is operator.getitem:
        return index_type(args[0], args[1], selected)
    if op in (update, add_at, place) and has_window(args[2]):
        return window_type(op, *args, selected=selected)
    like = primitive.like if primitive is not None else None
    shaped = abstract_call(like or jax_of(op, primitive), *for_jax(primitive, args, kwargs))
    policy = primitive.dtype if primitive is not None else None
    if any(name == "dtype" for name, _ in kwargs):
        policy = None  # the user has decided
    listed = set(primitive.numbers) & set(primitive.wrt) if primitive is not None else set()
    for name, operand in (*zip(names, args, strict=False), *kwargs) if listed else ():
        if name in listed and of_numbers(operand) is not operand:  # a list of numbers is an array
            arrays += tuple(array_types(of_numbers(operand)))
    return _with_dtypes(shaped, arrays, policy)


def for_jax(primitive: Primitive | None, args: tuple, kwargs: tuple) -> tuple[tuple, tuple]:
    """The arguments of a call of JAX's function."""
    if primitive is None or not primitive.numbers:
        return args, kwargs
    named = zip(array_params(primitive, len(args)), args, strict=False)
    return (
        tuple(of_numbers(a) if n in primitive.numbers else a for n, a in named),
        tuple((n, of_numbers(a) if n in primitive.numbers else a) for n, a in kwargs),
    )


def of_numbers(operand: Operand) -> Operand:
    """A list of numbers as the array that NumPy takes it for."""
    value = static_value(operand) if is_static(operand) else None
    return Lit(np.array(value)) if isinstance(value, list | tuple) else operand


def elementwise_type(ufunc: np.ufunc, arrays: tuple[ArrayType, ...], weak: bool) -> Any:
    """The type of a ufunc's result, or a tuple of them."""
    try:
        shape = broadcast_shapes(*(t.shape for t in arrays))
    except ValueError:
        shapes = " and ".join(str(t.shape) for t in arrays)
        raise ProgramError(f"shapes {shapes} do not broadcast together") from None
    asked = tuple(_resolution_type(t) for t in arrays)
    try:
        dtypes = ufunc.resolve_dtypes((*asked, *(None,) * ufunc.nout))[ufunc.nin :]
    except TypeError as error:
        raise ProgramError(f"np.{ufunc.__name__}: {error}") from None
    if ufunc.nout > 1:
        return tuple(ArrayType(shape, dtype) for dtype in dtypes)
    (dtype,) = dtypes
    number = weak and dtype.kind in "bifc" and all(t.weak for t in arrays)
    return ArrayType(shape, dtype, weak=number)


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """NumPy's function, without its limit on the number of elements. Raises `ValueError`."""
    ndim = max(map(len, shapes), default=0)
    padded = [(1,) * (ndim - len(shape)) + tuple(shape) for shape in shapes]
    found = []
    for sizes in zip(*padded, strict=True):
        own = {n for n in sizes if n != 1}
        if len(own) > 1:
            raise ValueError(f"sizes {sorted(own)} of one axis")
        found.append(own.pop() if own else 1)
    return tuple(found)


def _resolution_type(t: ArrayType) -> Any:
    if t.weak:
        return {"b": t.dtype, "i": int, "f": float, "c": complex}[t.dtype.kind]
    return t.dtype


def promoted(arrays: tuple[ArrayType, ...]) -> np.dtype:
    """NumPy's common dtype of arrays and Python numbers (NEP 50)."""
    samples = [t.dtype.type(1).item() if t.weak else t.dtype for t in arrays]
    return np.result_type(*samples)


def index_type(array: Operand, index: Operand, selected: Selected | None = None) -> ArrayType:
    """The type of `array[index]`, by NumPy's own indexing on a stand-in of no memory."""
    source = type_of(array)
    assert isinstance(source, ArrayType)
    if isinstance(index, Var | Lit) and isinstance(getattr(type_of(index), "value", None), tuple):
        index = spelled(static_value(index))
    items = list(index.items) if isinstance(index, Items) and index.kind == "tuple" else [index]
    shape: list[int] = list(source.shape)
    try:
        axes = axes_of(items, len(shape))
        for k, (item, axis) in reversed(list(enumerate(zip(items, axes, strict=True)))):
            mask = mask_of(item)
            if mask is not None:
                if mask.shape != tuple(shape[axis : axis + mask.ndim]):
                    raise IndexError(f"a mask of shape {mask.shape} does not fit")
                if any(not _is_slice(i) for i in items if i is not item):
                    raise RefusedError(
                        "a boolean mask beside an integer or another array in an index is not supported",
                        remedy="index in two steps: x[i][mask]",
                    )
                if selected is None:
                    raise RefusedError("what a boolean mask selects has no length here")
                shape[axis : axis + mask.ndim] = [selected(item, mask.size)]
                items[k] = Slice(None, None, None)
            elif isinstance(item, Slice) and item.width is not None and item.width >= FIRST_UNKNOWN:
                shape[axis] = item.width
                items[k] = Slice(None, None, None)
        if any(n >= FIRST_UNKNOWN for item in items for t in array_types(item) for n in t.shape):
            raise RefusedError(
                "how many places this index has is not known before the function runs",
                remedy="loop over the places",
            )
        # An array of places is copied from: sizes that stand for lengths are made small for it, and put back.
        taken = [n for n in shape if n < FIRST_UNKNOWN]
        indices = [_concrete_index(item) for item in items]
        for index in indices:
            if isinstance(index, int | np.integer | np.ndarray | list):
                places = np.abs(np.asarray(index, np.int64))
                taken += [*places.shape, int(places.max(initial=0)) + 1]
        unknown = sorted({n for n in shape if n >= FIRST_UNKNOWN})
        small = {n: max(taken, default=0) + 2 + k for k, n in enumerate(unknown)}
        back: dict[int, int] = {s: n for n, s in small.items()}
        stand_in = np.broadcast_to(np.empty((), np.int8), tuple(small.get(n, n) for n in shape))
        sizes: Any = stand_in[tuple(indices)].shape
        found = tuple(back[n] if n in back else int(n) for n in sizes)
    except (IndexError, TypeError, ValueError) as error:
        raise ProgramError(f"index of an array of shape {source.shape}: {error}") from None
    return ArrayType(found, source.dtype)


def axes_of(items: Sequence[Operand], ndim: int) -> list[int]:
    """The axis that each item of an index begins at."""
    taken = [_axes_taken(item) for item in items]
    axes, axis = [], 0
    for item, count in zip(items, taken, strict=True):
        axes.append(axis)
        axis += ndim - sum(taken) if item == Lit(...) else count
    return axes


def _axes_taken(item: Operand) -> int:
    if item in (Lit(None), Lit(...)):
        return 0
    mask = mask_of(item)
    return 1 if mask is None else mask.ndim


def mask_of(operand: Operand) -> ArrayType | None:
    """The type of an operand that is a boolean array."""
    found = operand.type if isinstance(operand, Var) else None
    if isinstance(found, ArrayType) and found.ndim and found.dtype.kind == "b":
        return found
    return None


def _is_slice(item: Operand) -> bool:
    if isinstance(item, Slice) or item in (Lit(None), Lit(...)):
        return True
    return isinstance(item, Var | Lit) and isinstance(getattr(type_of(item), "value", None), slice)


def has_window(index: Operand) -> bool:
    """Whether an index has a slice at an unknown place, or a mask."""
    items = index.items if isinstance(index, Items) else (index,)
    return any(
        isinstance(i, Slice) and i.width is not None or mask_of(i) is not None for i in items
    )


def window_type(
    op: Any, first: Operand, second: Operand, index: Operand, selected: Selected | None = None
) -> ArrayType:
    """The type of an update, or a `place`, at such an index."""
    if op is place:
        value, shape = type_of(first), static_value(second)
        assert isinstance(value, ArrayType)
        return ArrayType(tuple(shape), value.dtype)
    whole, (value, *_) = type_of(first), array_types(second)
    part = index_type(first, index, selected)
    assert isinstance(whole, ArrayType)
    try:
        fits = broadcast_shapes(value.shape, part.shape) == part.shape
    except ValueError:
        fits = False
    if not fits:
        raise ProgramError(
            f"an array of shape {part.shape} cannot take a value of shape {value.shape}"
        )
    return ArrayType(whole.shape, whole.dtype)


def _concrete_index(index: Any) -> Any:
    if index is None:
        return None
    if isinstance(index, Lit):
        return index.value
    if isinstance(index, Var):
        found = index.type
        if isinstance(found, ArrayType):
            if found.dtype.kind not in "iu":
                raise IndexError("arrays used as indices must be of integer type")
            return np.zeros(found.shape, np.int64)  # any index in range gives the shape
        return getattr(found, "value", None)
    if isinstance(index, Items):
        parts = [_concrete_index(item) for item in index.items]
        return tuple(parts) if index.kind == "tuple" else parts
    if isinstance(index, Slice) and index.width is not None:
        return slice(0, index.width)
    if isinstance(index, Slice):
        return slice(*(_concrete_index(p) for p in (index.start, index.stop, index.step)))
    raise TypeError("this index is not supported")


def jax_of(op: Callable, primitive: Primitive | None) -> Callable:
    """The jax function that computes an operation, for its shape and for the fallback."""
    found = primitive.jax if primitive is not None and primitive.jax is not None else jax_twin(op)
    if found is None:
        raise RefusedError(
            f"{name_of(op)} has no counterpart in jax.numpy",
            remedy="express it by functions that have one, or pass its result as an argument",
        )
    return found


def array_types(operand: Any) -> Iterator[ArrayType]:
    """The types of the arrays and numbers in an operand."""
    if isinstance(operand, Items):
        for item in operand.items:
            yield from array_types(item)
    elif isinstance(operand, Var | Lit):
        found = type_of(operand)
        if isinstance(found, StaticType):
            found = type_of(Lit(found.value))
        if isinstance(found, ArrayType):
            yield found


def _with_dtypes(shaped: Any, arrays: tuple[ArrayType, ...], policy: Any) -> Any:
    if isinstance(shaped, jax.ShapeDtypeStruct):
        return ArrayType(shaped.shape, _dtype(shaped.dtype, arrays, policy))
    if isinstance(shaped, tuple) and hasattr(shaped, "_fields"):
        return type(shaped)(*(_with_dtypes(s, arrays, policy) for s in shaped))
    if isinstance(shaped, list | tuple):
        return type(shaped)(_with_dtypes(s, arrays, policy) for s in shaped)
    raise RefusedError("the result is not an array")


def _dtype(jax_dtype: Any, arrays: tuple[ArrayType, ...], policy: Any) -> np.dtype:
    if callable(policy):
        decided: Any = policy(jax_dtype, *(t.dtype for t in arrays))
        return decided
    if policy is None or policy == "jax" or not arrays:
        return np.dtype(jax_dtype)
    common = promoted(arrays)
    if common.kind == "c" and np.dtype(jax_dtype).kind == "f":  # singular values, a norm
        common = np.finfo(common).dtype
    if policy == "index":
        return np.dtype(np.int64)
    if policy == "bool":
        return np.dtype(bool)
    if policy == "array":  # in a display of numbers a Python float is a float64
        return np.result_type(*(t.dtype for t in arrays))
    if policy == "sum":
        return INTEGER_SUM.get(common.kind, common)
    if policy == "float":
        return common if common.kind in "fc" else np.dtype(np.float64)
    return common


@functools.cache
def python_operator(ufunc: Callable) -> Callable | None:
    """Python's own operator for a ufunc, for numbers and tuples known in advance."""
    return PYTHON_OPERATORS.get(ufunc)


PYTHON_OPERATORS: dict[Callable, Callable] = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.divide: operator.truediv,
    np.floor_divide: operator.floordiv,
    np.remainder: operator.mod,
    np.power: operator.pow,
    np.matmul: operator.matmul,
    np.bitwise_and: operator.and_,
    np.bitwise_or: operator.or_,
    np.bitwise_xor: operator.xor,
    np.left_shift: operator.lshift,
    np.right_shift: operator.rshift,
    np.negative: operator.neg,
    np.positive: operator.pos,
    np.invert: operator.invert,
    operator.not_: operator.not_,
    np.less: operator.lt,
    np.less_equal: operator.le,
    np.greater: operator.gt,
    np.greater_equal: operator.ge,
    np.equal: operator.eq,
    np.not_equal: operator.ne,
    operator.is_: operator.is_,
    operator.is_not: operator.is_not,
}

"""What `is`, `type` and `isinstance` see of a value that is computed: whether it is Python's number or NumPy's.

A truth value that Python has computed (of a comparison of Python's numbers, of `not`, of `bool`) is one of its two
constants, so that `done is True` asks for what `done` holds; NumPy's truth values never are. The type of a number says
whose it is (`weak`). Where two ways through the program meet, it may be either, and then nobody can say.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import jax
import numpy as np

from .errors import RefusedError
from .ir import Origin
from .operands import Var
from .values import Array, Closure, Known, Struct, Value, known

if TYPE_CHECKING:
    from .trace import Trace

PYTHONS: dict[str, type] = {"b": bool, "i": int, "f": float, "c": complex}
# Functions of NumPy's whose result is Python's constant.
PYTHON_TESTS = (np.allclose, np.array_equal, np.array_equiv, np.isscalar, np.may_share_memory)


def of_python(result: Value) -> Value:
    """A truth value just computed, as one of Python's."""
    if isinstance(result, Array) and result.type.dtype.kind == "b" and not result.type.shape:
        operand = result.operand
        if isinstance(operand, Var):
            operand.type = replace(result.type, weak=True)
        return Array(operand, scalar=True)
    return result


def classes_of(trace: Trace, value: Value) -> set[type]:
    """The class of a value; several where that depends on the way through the program."""
    if isinstance(value, Known):
        return {type(value.value)}
    if isinstance(value, Struct):
        return {value.kind}
    if not isinstance(value, Array):
        return {type(classes_of)}
    if value.of_jax:
        return {jax.Array}
    kind = PYTHONS.get(value.type.dtype.kind)
    if value.type.weak and kind is not None:
        return {kind}
    found: set[type] = {value.type.dtype.type if value.scalar else np.ndarray}
    if is_joined(trace, value) and not value.type.shape:
        found |= {value.type.dtype.type, *([kind] if kind is not None else [])}
    return found | {jax.Array} if value.of_jax is None else found


def class_of(trace: Trace, value: Value, origin: Origin) -> type:
    """The class of a value; raises `RefusedError` where that depends on the way through the program."""
    found = classes_of(trace, value)
    if len(found) > 1:
        names = " or ".join(sorted(spelled(c) for c in found))
        truth = bool in found
        raise RefusedError(
            f"whether this is {names} depends on the way through the program",
            origin.span,
            "test the flag itself, `if flag:`, or make it bool(flag) where it is set"
            if truth
            else "give it one type on all ways, with float(x) or np.asarray(x)",
        )
    return found.pop()


def spelled(cls: type) -> str:
    return f"np.{cls.__name__}" if cls.__module__ == "numpy" else cls.__name__


def is_instance(trace: Trace, value: Value, classes: type | tuple, origin: Origin) -> bool:
    """`isinstance(value, classes)`, where all that the value may be agree."""
    found = {issubclass(c, classes) for c in classes_of(trace, value)}
    return found.pop() if len(found) == 1 else issubclass(class_of(trace, value, origin), classes)


def is_joined(trace: Trace, value: Array) -> bool:
    """Whether a value may have come on several ways: what a branch leaves, what a loop carries."""
    operand = value.operand
    return isinstance(operand, Var) and not (
        operand in trace.definitions or operand in trace.arguments
    )


def identical(trace: Trace, one: Value, two: Value, origin: Origin) -> Value:
    """`one is two`: a constant, or what a truth value of Python's holds."""
    if one is two:
        return known(True)
    if isinstance(one, Known) and not isinstance(two, Known):
        one, two = two, one
    if isinstance(one, Array) and isinstance(two, Known):
        constant = two.value
        if isinstance(constant, bool) and bool in classes_of(trace, one):
            if class_of(trace, one, origin) is bool:
                test = trace.apply(np.logical_not, [one], {}, replace(origin, spelling="operator"))
                return one if constant else of_python(test)
        number = isinstance(constant, int | float | complex | np.generic)
        if not number or isinstance(constant, bool) or not one.scalar:
            return known(False)
    elif isinstance(one, Array) and isinstance(two, Array):
        if (
            one.type != two.type
            or not one.scalar
            and (is_fresh(trace, one) or is_fresh(trace, two))
        ):
            return known(False)
    elif not (isinstance(one, Struct) and isinstance(two, Struct) and one.kind is two.kind):
        if not (isinstance(one, Closure) and isinstance(two, Closure)) or (
            one.lowered is not two.lowered
        ):
            return known(False)
    raise RefusedError(
        "whether these are one object is not known before the function runs",
        origin.span,
        "compare what they hold with ==, or test a flag",
    )


def is_fresh(trace: Trace, array: Array) -> bool:
    """Whether an array is an object of its own, that no other name outside of the function can lead to."""
    outside = array.storage.parameter is not None or array.storage.outside is not None
    return array.view is not None or not (
        outside or is_joined(trace, array) or array.storage.linked
    )

"""Calls with keywords that a rule does not have: what `primitives/keywords.py` says of them is inlined.

Given:
    y = np.sum(x, where=m)

Then:
    y = np.sum(np.where(m, x, 0))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..primitives import lookup
from ..primitives.keywords import form_for, form_with
from .binding import is_default, numpy_parameters
from .frames import Frame
from .inlining import inline_written
from .ir import Origin
from .values import Array, Known, Struct, Value

if TYPE_CHECKING:
    from .infer import Interpreter


def with_form(
    interpreter: Interpreter,
    function: Any,
    args: list[Value],
    kwargs: dict[str, Value],
    frame: Frame,
    origin: Origin,
) -> Value | None:
    """The value of a call that has a form of its own; None for others."""
    definition = form_of(function, args, kwargs)
    if definition is None:
        return None
    kept = {k: v for k, v in kwargs.items() if not (isinstance(v, Known) and v.value is None)}
    return inline_written(interpreter, definition, args, kept, frame, origin)


def form_of(function: Any, args: list[Value], kwargs: dict[str, Value]) -> Callable | None:
    """The definition that stands for a call, by the arguments that do not have their defaults."""
    primitive = lookup(function)
    if primitive is None:
        return None
    named = {**dict(zip(numpy_parameters(primitive.function), args, strict=False)), **kwargs}
    given = [
        name
        for name, value in named.items()
        if not isinstance(value, Known)
        or value.value is not None
        and not is_default(primitive, name, value)
    ]
    if "out" in given:
        return None
    ranks = {name: rank for name, value in named.items() if (rank := rank_of(value)) is not None}
    return form_with(primitive.function, given) or form_for(primitive.function, ranks)


def rank_of(value: Value) -> int | None:
    """How many axes NumPy sees in an argument."""
    if isinstance(value, Array):
        return value.type.ndim
    if isinstance(value, Known) and isinstance(value.value, list | tuple):
        return np.ndim(value.value)
    if isinstance(value, Struct) and value.kind in (list, tuple) and value.rows is None:
        inner = [rank_of(item) for item in value.items]
        return 1 + (inner[0] or 0) if inner else 1
    return None

"""Calls with keywords that a rule does not have: what `primitives/keywords.py` says of them is inlined.

Given:
    y = np.sum(x, where=m)

Then:
    y = np.sum(np.where(m, x, 0))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..primitives import lookup
from ..primitives.keywords import form_with
from .binding import is_default, numpy_parameters
from .frames import Frame
from .inlining import inline_written
from .ir import Origin
from .values import Known, Value

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
    return None if "out" in given else form_with(primitive.function, given)

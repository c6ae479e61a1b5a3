"""How each operation works on whole axes of which parts count; see `whole`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..primitives import add_at, astype, getitem, is_elementwise, name_of, place, registered, update
from .errors import RefusedError
from .ir import Atom, Origin
from .parts import Part, Whole
from .values import Array, Known, Value, static_value

if TYPE_CHECKING:
    from .whole import Wholes

Rule = Callable[["Wholes", Atom], "Whole | Value"]
RULES: dict[Any, Rule] = {}


def rule(*ops: Any) -> Callable[[Rule], Rule]:
    def add(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(ops, function))
        return function

    return add


def refuse(atom: Atom, why: str = "") -> RefusedError:
    name = "an index" if atom.op in (getitem, place, update, add_at) else name_of(atom.op)
    return RefusedError(
        f"{name} of an array whose length is not known before the function runs cannot be compiled{why}",
        atom.origin.span,
        'use the whole axis and a mask, np.where(np.arange(n) < i, x, 0); or target="numpy"',
    )


def ndim(value: Value) -> int:
    return value.type.ndim if isinstance(value, Array) else 0


def keywords(step: Wholes, atom: Atom) -> dict[str, Value]:
    return {k: step.value(v) for k, v in atom.kwargs}


def static_keyword(atom: Atom, position: int, name: str, default: Any = None) -> Any:
    """An argument that is known now, given by position or by name."""
    if position < len(atom.args):
        return static_value(atom.args[position])
    return next((static_value(v) for k, v in atom.kwargs if k == name), default)


# --- elementwise ---


def aligned(
    step: Wholes, wholes: Sequence[Whole], origin: Origin
) -> tuple[list[Value], dict[int, Part]]:
    """The arrays with their parts at the same places; the parts by axes counted from the last, -1.

    Where some part begins at 0, all do.
    """
    parts: dict[int, Part] = {}
    values: list[Value] = []
    for whole in wholes:
        for axis, part in whole.parts.items():
            chosen = parts.setdefault(axis - ndim(whole.value), part)
            if not begins_at_0(chosen) and begins_at_0(part):
                parts[axis - ndim(whole.value)] = part
    for whole in wholes:
        for axis in whole.parts:
            whole = step.moved(whole, axis, parts[axis - ndim(whole.value)], origin)
        values.append(whole.value)
    return values, parts


def begins_at_0(part: Part) -> bool:
    return part.mask is None and isinstance(part.start, Known) and part.start.value == 0


def from_first(parts: dict[int, Part], value: Value) -> dict[int, Part]:
    return {axis + ndim(value): part for axis, part in parts.items()}


def elementwise(step: Wholes, atom: Atom) -> Whole:
    values, parts = aligned(step, [step.whole(a) for a in atom.args], atom.origin)
    result = step.apply(atom.op, values, keywords(step, atom), atom.origin)
    return Whole(result, from_first(parts, result))


ELEMENTWISE_OPS = (np.where, np.clip, astype, np.copy, np.asarray, np.real, np.round, np.full_like)
LIKE = (np.zeros_like, np.ones_like, np.empty_like)
rule(*ELEMENTWISE_OPS, *LIKE)(elementwise)


def _elementwise_rules() -> None:
    for primitive in registered():
        if is_elementwise(primitive.function):
            RULES.setdefault(primitive.function, elementwise)


_elementwise_rules()

"""Parts of whole axes: which places of an axis the elements of a value of unknown length are kept at."""

from __future__ import annotations

from dataclasses import dataclass, field

from .values import Value, known


@dataclass(frozen=True, eq=False)
class Part:
    """The places from `start` to `stop` of an axis of a size, or those that a mask selects.

    `number` is the stand-in for the length (see `lengths`).
    """

    number: int
    size: int
    start: Value = field(default_factory=lambda: known(0))
    stop: Value = field(default_factory=lambda: known(0))
    mask: Value | None = None


@dataclass(frozen=True, eq=False)
class Whole:
    """An array, and the parts of its axes that count."""

    value: Value
    parts: dict[int, Part]

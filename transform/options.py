"""How loops are differentiated, where the user has a say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from .errors import ArgumentError

HOW = ("all", "sqrt")
Iterable = TypeVar("Iterable")


@dataclass(frozen=True)
class LoopOptions:
    """What is saved of loops, and whether sums may be rounded differently.

    `max_steps` bounds the iterations of each `while`; `checkpoint` says what is saved for the adjoint of a loop
    ("all", "sqrt", a number of states, or None: what fits); `reassociate` allows sums in another order.
    Raises `ArgumentError` for anything else.
    """

    max_steps: int | None = None
    checkpoint: str | int | None = None
    reassociate: bool = True

    def __post_init__(self) -> None:
        if self.max_steps is not None and (type(self.max_steps) is not int or self.max_steps < 1):
            raise ArgumentError(f"max_steps must be a positive int, not {self.max_steps!r}")
        check_plan(self.checkpoint)
        if type(self.reassociate) is not bool:
            raise ArgumentError(f"reassociate must be True or False, not {self.reassociate!r}")


def check_plan(checkpoint: object) -> None:
    """Raise `ArgumentError` for what is no plan of what to save."""
    if checkpoint is None or checkpoint in HOW and isinstance(checkpoint, str):
        return
    if type(checkpoint) is not int or checkpoint < 2:
        raise ArgumentError(
            f'checkpoint must be "all", "sqrt" or the number of states to keep (at least 2), not {checkpoint!r}'
        )


def checkpoint(iterable: Iterable, how: str | int | None = "sqrt") -> Iterable:
    """What a `for` loop runs over, as it is; its derivative saves less of that loop, and computes it again.

    `how` is "all", "sqrt" or a number of states to keep, as for `grad(..., checkpoint=)`, and goes before that.
    Raises `ArgumentError` for anything else.

    >>> import numpy as np
    >>> from backprose import checkpoint, grad
    >>> def decayed(x):
    ...     for _ in checkpoint(range(1000), "sqrt"):
    ...         x = x - 0.001 * np.sin(x)
    ...     return np.sum(x)
    >>> gradient = grad(decayed)(np.array([1.0, 2.0]))
    """
    check_plan(how)
    return iterable

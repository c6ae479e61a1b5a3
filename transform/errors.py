"""What the tool says when it cannot or will not go on: file, line, caret, remedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the user's source: `line` counts from 1, `column` from 0, `text` is the whole line."""

    file: str
    line: int
    column: int
    end_column: int
    text: str

    def show(self) -> str:
        """The place as `file:line:col`, the line, and a caret under the part that is meant."""
        width = max(1, min(self.end_column, len(self.text)) - self.column)
        stripped = self.text.lstrip()
        indent = len(self.text) - len(stripped)
        caret = " " * max(0, self.column - indent) + "^" * width
        return f"{self.file}:{self.line}:{self.column + 1}\n    {stripped.rstrip()}\n    {caret}"


class BackproseError(Exception):
    """Base of every error that this package raises on purpose.

    `span` is the place in the user's source, where one is known, `other` a second one that it clashes with;
    `remedy` says what to write instead.
    """

    def __init__(
        self,
        message: str,
        span: Span | None = None,
        remedy: str | None = None,
        other: Span | None = None,
    ):
        self.message, self.span, self.remedy, self.other = message, span, remedy, other
        parts = [message]
        if span is not None:
            parts.append(f"  at {span.show()}")
        if other is not None:
            parts.append(f"  and {other.show()}")
        if remedy is not None:
            parts.append(f"  remedy: {remedy}")
        super().__init__("\n".join(parts))

    def at(self, span: Span | None) -> BackproseError:
        """The same error with a place, if it had none."""
        if self.span is not None or span is None:
            return self
        return type(self)(self.message, span, self.remedy, self.other)


class RefusedError(BackproseError, NotImplementedError):
    """A construct that is not supported; nothing was transformed."""


class OneByOneError(RefusedError):
    """A loop does what only a walk through its items, one by one, can follow."""


class StaticNeededError(RefusedError):
    """A value that must be known before the function runs is not: `operand` is what stands for it.

    Where it comes from the variable of a loop, walking the loop item by item helps.
    """

    def __init__(self, *args: Any, operand: Any = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.operand = operand

    def at(self, span: Span | None) -> BackproseError:
        if self.span is not None or span is None:
            return self
        return StaticNeededError(self.message, span, self.remedy, operand=self.operand)


class NoRuleError(BackproseError):
    """A rule says that it does not cover this case (`raise NotImplementedError`)."""


class ProgramError(BackproseError, ValueError):
    """The function itself is wrong for these arguments: shapes that do not fit, a name without a value."""


class LackingError(ProgramError):
    """JAX's function does not know a keyword or a form that NumPy's has."""


class ArgumentError(BackproseError, TypeError):
    """An argument of the call, or of the decorator, that cannot be used."""


class SourceError(BackproseError, OSError):
    """The text of a function could not be found or does not belong to the function."""

"""What the text of loops and branches is put together from, for both targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .ir import CallSite, Choice, Repeat, Statement
from .operands import Operand, Var

if TYPE_CHECKING:
    from .layout import FunctionText

INDENT = "    "
LINE = 88


def around(node: Repeat | Choice) -> tuple[str, Statement | None, CallSite | None]:
    """Under which comments the lines inside a loop or a branch stand anyway."""
    return node.origin.part, node.origin.statement, node.origin.site


def tupled(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


def listed(parts: Sequence[str]) -> str:
    return ", ".join(parts)


def operands(text: FunctionText, items: Sequence[Operand]) -> list[str]:
    return [text.speller.operand(o, 1) for o in items]


def targets(text: FunctionText, results: Sequence[Var]) -> list[str]:
    return [text.names.name(r) if text.uses[r] else text.names.spare for r in results]


def apart(first: list[str], body: list[str]) -> list[str]:
    """Lines that follow each other, with a blank line before an inner function and its comments."""
    code = next((line for line in body if not line.startswith("#")), "")
    return [*first, *([""] if first and code.startswith("def ") else []), *body]


def assignments(names: Sequence[str], values: Sequence[str]) -> list[str]:
    """`a = x; b = y`, all at once where one would overwrite what another reads."""
    pairs = [(n, v) for n, v in zip(names, values, strict=True) if n != v]
    import re

    for k, (name, _) in enumerate(pairs):
        if any(re.search(rf"\b{re.escape(name)}\b", value) for _, value in pairs[k + 1 :]):
            return [f"{', '.join(n for n, _ in pairs)} = {', '.join(v for _, v in pairs)}"]
    return [f"{n} = {v}" for n, v in pairs]


def node_uses_index(node: Repeat) -> bool:
    return any(v is node.index for region in node.regions for v in region.variables())

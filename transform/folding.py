"""Lines that are too long: the arguments of a call get lines of their own, as `black` has it.

Given:
    dx = jax.lax.reduce_window(2 * t, 0.0, jax.lax.add, (1, 2, 2), padding=[(0, 0), (1, 1), (1, 1)])

Then:
    dx = jax.lax.reduce_window(
        2 * t, 0.0, jax.lax.add, (1, 2, 2), padding=[(0, 0), (1, 1), (1, 1)]
    )
"""

from __future__ import annotations

from collections.abc import Iterator

OPENING, CLOSING, QUOTES = "([{", ")]}", "\"'"


def folded(line: str, width: int) -> list[str]:
    """A statement on as many lines as it needs, if it ends with a call; otherwise it stays as it is."""
    start = last_call(line) if len(line) > width and not line.startswith("#") else None
    if start is None:
        return [line]
    head, inside = line[: start + 1], line[start + 1 : -1]
    if len(inside) + 4 <= width:
        return [head, f"    {inside}", ")"]
    items = [part for item in arguments(inside) for part in argument(item, width - 4)]
    return [head, *(f"    {part}" for part in items), ")"]


def argument(item: str, width: int) -> list[str]:
    """An argument with a comma behind it; a tuple that is too long is filled into several lines."""
    if len(item) < width or not (item.startswith("(") and item.endswith(")")):
        lines = folded(item, width - 1)
        return [*lines[:-1], f"{lines[-1]},"]
    lines = [""]
    for part in arguments(item[1:-1]):
        if lines[-1] and len(lines[-1]) + len(part) + 2 > width - 4:
            lines.append("")
        lines[-1] += f"{' ' if lines[-1] else ''}{part},"
    return ["(", *(f"    {line}" for line in lines), "),"]


def last_call(line: str) -> int | None:
    """Where the parenthesis opens that a line ends with, if it encloses the arguments of a call."""
    stack, found = [], None
    for k, c in outside_of_strings(line):
        if c in OPENING:
            stack.append(k)
        elif c in CLOSING and stack:
            found = stack.pop()
    return found if line.endswith(")") and found and line[found - 1].isidentifier() else None


def arguments(text: str) -> list[str]:
    """The parts between the commas that no bracket encloses."""
    depth, cuts = 0, [-1]
    for k, c in outside_of_strings(text):
        depth += (c in OPENING) - (c in CLOSING)
        if c == "," and depth == 0:
            cuts.append(k)
    ends = [*cuts[1:], len(text)]
    parts = [text[a + 1 : b].strip() for a, b in zip(cuts, ends, strict=True)]
    return [part for part in parts if part]


def outside_of_strings(text: str) -> Iterator[tuple[int, str]]:
    quote = ""
    for k, c in enumerate(text):
        if quote:
            quote = "" if c == quote and text[k - 1] != "\\" else quote
        elif c in QUOTES:
            quote = c
        else:
            yield k, c

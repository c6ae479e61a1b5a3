"""Names that nothing reads again are forgotten before a loop and after each iteration, so that no loop carries them.

Given:
    for k in range(n):
        for c in C:
            s += f(c)
        C[k] = g(s)

Then (`c` would be a row of an array that changes):
    for k in range(n):
        for c in C:
            s += f(c)
            forget c
        C[k] = g(s)
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import replace
from typing import Any

from .ir import Atom, Block, Branch, Leave, Loop, Origin, Return, While
from .operands import Items, Lit, Name, Slice, Star

Statement = Atom | Branch | Loop | While | Leave | Return


def forget_dead(block: Block) -> Block:
    """The block of a function, in which nothing leaves early, with the names that each loop may forget."""
    assigned = set(_assigned(block)) - set(_in_functions(block))
    if not assigned or _leaves_early(block):
        return block
    return _Forget(assigned).block(block, set())[0]


class _Forget:
    def __init__(self, assigned: Set[str]):
        self.assigned = assigned

    def block(self, block: Block, live: set[str]) -> tuple[Block, set[str]]:
        """The block, and the names that are read from its beginning on, given those that are read after it."""
        out: list[Statement] = []
        for statement in reversed(block):
            if isinstance(statement, Loop | While):
                statement, live = self.loop(statement, live)
                out.append(statement)
                if isinstance(statement, Loop):
                    live = live | set(_names(statement.iterable))
                out += self.forget(live, statement.origin)
            elif isinstance(statement, Branch):
                then, one = self.block(statement.then, live)
                orelse, two = self.block(statement.orelse, live)
                out.append(replace(statement, then=then, orelse=orelse))
                live = one | two | set(_names(statement.test))
            else:
                out.append(statement)
                if isinstance(statement, Atom):
                    live = live - {name.id for name in statement.results}
                live = live | set(_read_here(statement))
        return tuple(reversed(out)), live

    def loop(self, loop: Loop | While, after: set[str]) -> tuple[Loop | While, set[str]]:
        """The loop, and the names that are read from its head on: by an iteration, or behind the loop."""
        orelse, live = self.block(loop.orelse, after)
        live = live | ({loop.stop.id} if loop.stop is not None else set())
        while True:
            body, found = self.block(loop.body, live)
            if isinstance(loop, Loop):
                found = found - set(_names(loop.target))
                changed = replace(loop, body=body, orelse=orelse)
            else:
                head, found = self.block(loop.head, found | set(_names(loop.test)))
                changed = replace(loop, head=head, body=body, orelse=orelse)
            if found <= live:
                ended = (*body, *self.forget(live, loop.origin))
                return replace(changed, body=ended), live
            live = live | found

    def forget(self, live: Set[str], origin: Origin) -> list[Atom]:
        dead = tuple(sorted(self.assigned - live))
        return [Atom((), "forget", (Lit(dead),), (), origin)] if dead else []


def _assigned(block: Block) -> Iterator[str]:
    for statement in block:
        if isinstance(statement, Atom):
            yield from (name.id for name in statement.results)
        elif isinstance(statement, Loop):
            yield from _names(statement.target)
        for part in _blocks(statement):
            yield from _assigned(part)


def _in_functions(block: Block) -> Iterator[str]:
    """The names that inner functions read, whenever they may be called."""
    for statement in block:
        for operand in statement.args if isinstance(statement, Atom) else ():
            lowered = operand.value if isinstance(operand, Lit) else None
            if hasattr(lowered, "syntax"):
                yield from _every_name(lowered.body)  # type: ignore[union-attr]
        for part in _blocks(statement):
            yield from _in_functions(part)


def _every_name(block: Block) -> Iterator[str]:
    yield from _in_functions(block)
    for statement in block:
        yield from _read_here(statement)
        for part in _blocks(statement):
            yield from _every_name(part)


def _leaves_early(block: Block) -> bool:
    return any(
        isinstance(s, Leave) or any(_leaves_early(part) or _returns(part) for part in _blocks(s))
        for s in block
    )


def _returns(block: Block) -> bool:
    return any(isinstance(s, Return) for s in block)


def _blocks(statement: Statement) -> tuple[Block, ...]:
    if isinstance(statement, Branch):
        return statement.then, statement.orelse
    if isinstance(statement, Loop):
        return statement.body, statement.orelse
    return (
        (statement.head, statement.body, statement.orelse) if isinstance(statement, While) else ()
    )


def _read_here(statement: Statement) -> Iterator[str]:
    if isinstance(statement, Atom):
        for operand in statement.operands():
            yield from _names(operand)
    elif isinstance(statement, Return):
        yield from _names(statement.value)
    elif isinstance(statement, Branch | While):
        yield from _names(statement.test)
    elif isinstance(statement, Loop):
        yield from _names(statement.iterable)


def _names(operand: Any) -> Iterator[str]:
    if isinstance(operand, Name):
        yield operand.id
    elif isinstance(operand, Items):
        for item in operand.items:
            yield from _names(item)
    elif isinstance(operand, Slice):
        for part in (operand.start, operand.stop, operand.step):
            yield from _names(part)
    elif isinstance(operand, Star):
        yield from _names(operand.operand)

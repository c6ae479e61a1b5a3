"""`break`, `continue` and early `return` as branches and flags: every block runs from its first to its last line.

Where a side of an `if` leaves, what follows the `if` moves into the other side; no flag is needed. A loop that can be
left early has a flag that ends it. After this step a `Return` is the last statement of a function or there is none.

Given:
    for i in range(n):
        if x[i] < 0:
            break
        s += x[i]
    return s

Then:
    done = False
    for i in range(n), until done:
        if x[i] < 0:
            done = True
        else:
            s += x[i]
    return s
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from .ir import Atom, Block, Branch, Leave, Loop, Origin, Return, While
from .operands import Lit, Name

VALUE, RETURNED = Name("%return"), Name("returned%")


def structure(block: Block) -> Block:
    """The block of a whole function, without statements that leave early."""
    if not any(map(_needs_structure, block[:-1])) and not (
        block and _needs_structure(block[-1]) and not isinstance(block[-1], Return)
    ):
        return block
    origin = getattr(block[-1], "origin", Origin())
    if not always_leaves(block):
        block = (*block, Return(Lit(None), origin))
    step = _Structure()
    body = step.block(block, None)
    head = [_set(RETURNED, False, origin)] if step.in_loop else []
    return (*head, *body, Return(VALUE, origin))


def _needs_structure(statement: object) -> bool:
    if isinstance(statement, Loop | While):
        inside = any(isinstance(s, Leave) or _needs_structure(s) for s in statement.body)
        return inside or bool(statement.orelse)
    if isinstance(statement, Branch):
        return any(
            isinstance(s, Leave) or _needs_structure(s)
            for s in (*statement.then, *statement.orelse)
        )
    return bool(leaves(statement))


def leaves(statement: object) -> set[str]:
    """The words by which a statement may leave the block that it stands in."""
    if isinstance(statement, Leave):
        return {statement.word}
    if isinstance(statement, Return):
        return {"return"}
    if isinstance(statement, Branch):
        return {w for s in (*statement.then, *statement.orelse) for w in leaves(s)}
    if isinstance(statement, Loop | While):
        inside = {w for s in statement.body for w in leaves(s)} & {"return"}
        return inside | {w for s in statement.orelse for w in leaves(s)}
    return set()


def always_leaves(block: Block) -> bool:
    """Whether the end of a block cannot be reached."""
    for statement in block:
        if isinstance(statement, Leave | Return):
            return True
        if isinstance(statement, Atom) and statement.op == "raise":
            return True
        if isinstance(statement, Branch):
            if always_leaves(statement.then) and always_leaves(statement.orelse):
                return True
        if isinstance(statement, While) and statement.test == Lit(True):
            if not any("break" in leaves(s) for s in statement.body):
                return True
    return False


@dataclass
class _Structure:
    flags: list[Name] = field(default_factory=list)  # set by whatever leaves
    count: int = 0
    in_loop: bool = False

    def fresh(self, word: str) -> Name:
        self.count += 1
        return Name(f"{word}%{self.count}")

    def block(self, block: Block, stop: Name | None) -> Block:
        """`stop` is the flag that ends the loop around, None outside of loops."""
        out: list = []
        for k, statement in enumerate(block):
            rest, found = block[k + 1 :], leaves(statement)
            if isinstance(statement, Leave):
                ended = [stop] if statement.word == "break" and stop is not None else []
                out += [_set(flag, True, statement.origin) for flag in (*ended, *self.flags)]
                return tuple(out)
            if isinstance(statement, Return):
                out.append(Atom((VALUE,), "alias", (statement.value,), (), statement.origin))
                out += self.left(stop, statement.origin)
                return tuple(out)
            if isinstance(statement, Loop | While):
                loop, after = self.loop(statement)
                out += loop
                if after or "return" in found:
                    return (*out, *self.after_loop(statement, (*after, *rest), stop))
                continue
            if not isinstance(statement, Branch):
                out.append(statement)
                continue
            if not found:
                then, orelse = (self.block(s, stop) for s in (statement.then, statement.orelse))
                out.append(replace(statement, then=then, orelse=orelse))
                continue
            if always_leaves(statement.then) or not rest:
                sides = statement.then, (*statement.orelse, *rest)
            elif always_leaves(statement.orelse):
                sides = (*statement.then, *rest), statement.orelse
            else:
                flag = self.fresh("left")
                out.append(_set(flag, False, statement.origin))
                self.flags.append(flag)
                then, orelse = (self.block(s, stop) for s in (statement.then, statement.orelse))
                self.flags.pop()
                out.append(replace(statement, then=then, orelse=orelse))
                out.append(Branch(flag, (), self.block(rest, stop), statement.origin))
                return tuple(out)
            then, orelse = (self.block(s, stop) for s in sides)
            return (*out, replace(statement, then=then, orelse=orelse))
        return tuple(out)

    def left(self, stop: Name | None, origin: Origin, set_returned: bool = True) -> list[Atom]:
        """What a `return` sets: the flags of everything that it leaves."""
        if stop is None:
            return [_set(flag, True, origin) for flag in self.flags]
        self.in_loop = True
        mine = [RETURNED] if set_returned else []
        return [_set(flag, True, origin) for flag in (*mine, stop, *self.flags)]

    def loop(self, loop: Loop | While) -> tuple[list, Block]:
        """A loop whose body ends at its last line, and its `else` as statements after it."""
        words = {w for s in loop.body for w in leaves(s)}
        saved, self.flags = self.flags, []
        out: list = []
        stop = None
        if words & {"break", "return"}:
            stop = self.fresh("done")
            out.append(_set(stop, False, loop.origin))
        source, guarded = loop.body, {}
        if stop is not None and loop.orelse:
            names = set(_assigned(loop.orelse)) & _set_before_breaks(loop.body)
            guarded = {name: self.fresh(name) for name in sorted(names)}
            source = _guarding(loop.body, guarded)
        body = self.block(source, stop)
        self.flags = saved
        out.append(replace(loop, body=body, orelse=(), stop=stop))
        if stop is not None and loop.orelse:
            origin = loop.origin
            then = [Atom((Name(n),), "alias", (g,), (), origin) for n, g in guarded.items()]
            return out, (Branch(stop, tuple(then), loop.orelse, loop.origin),)
        return out, loop.orelse

    def after_loop(self, loop: Loop | While, rest: Block, stop: Name | None) -> Block:
        if not any("return" in leaves(s) for s in loop.body):
            return self.block(rest, stop)
        left = tuple(self.left(stop, loop.origin, set_returned=False))
        return (Branch(RETURNED, left, self.block(rest, stop), loop.origin),)


# --- what a `break` leaves behind, and the `else` of the loop gives otherwise ---


def _assigned(block: Block) -> Iterator[str]:
    """The names that the statements of a block itself assign."""
    for statement in block:
        if isinstance(statement, Atom):
            yield from (r.id for r in statement.results if "%" not in r.id)


def _set_before_breaks(block: Block) -> set[str]:
    """The names that surely have a value at every `break` of a loop with this body."""
    found = [names for names in _names_at_breaks(block, frozenset())]
    return set.intersection(*map(set, found)) if found else set()


def _names_at_breaks(block: Block, before: frozenset[str]) -> Iterator[frozenset[str]]:
    for k, statement in enumerate(block):
        have = before | frozenset(_assigned(block[:k]))
        if isinstance(statement, Leave) and statement.word == "break":
            yield have
        if isinstance(statement, Branch):
            yield from _names_at_breaks(statement.then, have)
            yield from _names_at_breaks(statement.orelse, have)


def _guarding(block: Block, guarded: Mapping[str, Name]) -> Block:
    """The block with the values of some names kept at each `break`."""
    out: list = []
    for statement in block:
        if isinstance(statement, Leave) and statement.word == "break":
            origin = statement.origin
            out += [Atom((g,), "alias", (Name(n),), (), origin) for n, g in guarded.items()]
        if isinstance(statement, Branch):
            sides = (_guarding(s, guarded) for s in (statement.then, statement.orelse))
            statement = replace(statement, **dict(zip(("then", "orelse"), sides, strict=True)))
        out.append(statement)
    return tuple(out)


def _set(flag: Name, value: bool, origin: Origin) -> Atom:
    return Atom((flag,), "alias", (Lit(value),), (), origin)

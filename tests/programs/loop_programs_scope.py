"""What the generator of loop programs knows of its names: shapes, aliases, and which are surely defined."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count

from hypothesis import strategies as st

SCALARS = ("s", "t", "p", "q")
ARRAYS = ("u", "v", "w", "x", "y", "r")
COUNTERS = ("i", "j", "k", "l", "m", "n")
SLICES = (":", "1:", ":-1", "::2", "::-1", "1:-1", "-3:", "-2::-1", ":2", "...")
Shape = tuple[int, ...]

_storages = count(1)


@dataclass(frozen=True)
class Value:
    """What is known of a name: its kind ("float", "int", "mask", "index"), shape and possible memory."""

    shape: Shape = ()
    kind: str = "float"
    storages: frozenset[int] = frozenset()  # the caller's arrays have negative numbers
    view: bool = False
    ordered: bool = True  # the last axis varies fastest: what is computed from it is contiguous
    contiguous: bool = True
    low: int = 0  # of an int
    high: int = 0
    entries: tuple[int, ...] = ()  # of an index array

    def fits(self, new: Value) -> bool:
        """Whether `new` may stand where the program was written for this value."""
        return (
            (self.kind, self.shape, self.entries) == (new.kind, new.shape, new.entries)
            and new.ordered >= self.ordered
            and new.contiguous >= self.contiguous
            and self.low <= new.low
            and new.high <= self.high
        )

    def join(self, other: Value) -> Value | None:
        """What holds where either may be the value, or None where nothing can be read."""
        if (self.kind, self.shape, self.entries) != (other.kind, other.shape, other.entries):
            return None
        return replace(
            self,
            storages=self.storages | other.storages,
            view=self.view or other.view,
            ordered=self.ordered and other.ordered,
            contiguous=self.contiguous and other.contiguous,
            low=min(self.low, other.low),
            high=max(self.high, other.high),
        )


def fresh(shape: Shape, ordered: bool = True) -> Value:
    """A new array, or a scalar."""
    if not shape:
        return Value()
    flat = ordered or len(shape) < 2
    return Value(shape, storages=frozenset([next(_storages)]), ordered=flat, contiguous=flat)


@dataclass
class Loop:
    """An enclosing loop, with the names at its jumps."""

    may_break: bool = True
    may_continue: bool = True
    breaks: list[dict[str, Value]] = field(default_factory=list)
    continues: list[dict[str, Value]] = field(default_factory=list)


def subscripts(shape: Shape) -> list[tuple[str, Shape]]:
    """Views of an array: the text, in which `<n>` stands for an index of an axis of n, and the shape."""
    found: list[tuple[str, Shape]] = []
    if len(shape) == 1:
        (n,) = shape
        found.append((f"[<{n}>]", ()))
        found += [(f"[{s}]", (k,)) for s, k in _slices(n)]
        found += [(f"[{s}][::-1]", (k,)) for s, k in _slices(n)[1:3]]
        if n > 2:
            found.append((f"[<{n - 1}>:][:1]", (1,)))
    if len(shape) == 2:
        m, n = shape
        found += [(f"[<{m}>]", (n,)), (f"[<{m}>, <{n}>]", ()), (f"[:, <{n}>]", (m,))]
        found += [(f"[<{m}>][<{n}>]", ()), (".T", (n, m)), (f".T[<{n}>]", (m,))]
        found += [(f"[{s}]", (k, n)) for s, k in _slices(m)]
        found += [(f"[:, {s}]", (m, k)) for s, k in _slices(n)[1:-1]]
        found += [(f"[<{m}>, {s}]", (k,)) for s, k in _slices(n)[1:-1]]
        found += [(f"[{s}, <{n}>]", (k,)) for s, k in _slices(m)[1:-1]]
        found += [("[1:, :-1]", (m - 1, n - 1))] if m > 1 and n > 1 else []
    return found


def _slices(n: int) -> list[tuple[str, int]]:
    lengths = [(s, len(range(n)[_slice(s)])) for s in SLICES]
    return [(s, k) for s, k in lengths if k]


def _slice(text: str) -> slice:
    parts = [] if text == "..." else text.split(":")
    return slice(*[int(p) if p else None for p in parts]) if parts else slice(None)


def part_of(value: Value, text: str, shape: Shape) -> Value:
    """The view that a subscript gives: scalars are copies."""
    if not shape:
        return Value()
    leading = re.fullmatch(r"\[(<\d+>|1:|:-1|:2|-3:|:|\.\.\.)\]", text) is not None
    ordered = value.ordered and not text.startswith(".T") or len(shape) < 2
    contiguous = value.contiguous and leading
    return replace(value, shape=shape, view=True, ordered=ordered, contiguous=contiguous)


class Scope:
    """The names of the function that is being written, its lines, and the choices behind them."""

    def __init__(self, draw, features, names: dict[str, Value], used: set[str], room: int):
        self.draw, self.features, self.used = draw, features, used
        self.names = dict(names)
        self.room = room  # how many lines may follow
        self.lines: list[str] = []
        self.indent = 1
        self.carried: set[str] = set()  # names that an enclosing block began with
        self.protected: set[str] = set()  # counters, and what ends a while loop
        self.frozen: set[int] = set()  # memory that nothing may change now
        self.loops: list[Loop] = []
        self.trips = 1
        self.changed: set[int] = set()  # memory that is changed in place

    # Choices: the first item is the simplest.

    def pick(self, items):
        return self.draw(st.sampled_from(list(items)))

    def chance(self, tenths: int) -> bool:
        return self.draw(st.integers(0, 9)) >= 10 - tenths

    def has(self, feature: str) -> bool:
        return feature in self.features

    def use(self, *features: str) -> None:
        self.used.update(features)

    def line(self, text: str) -> None:
        self.lines.append("    " * self.indent + text)
        self.room -= 1

    # Names.

    def of_kind(self, kind: str) -> dict[str, Value]:
        return {n: v for n, v in self.names.items() if v.kind == kind}

    def arrays(self) -> dict[str, Value]:
        return {n: v for n, v in self.of_kind("float").items() if v.shape}

    def scalars(self) -> list[str]:
        return [n for n, v in self.of_kind("float").items() if not v.shape]

    def shared(self, name: str) -> bool:
        storages = self.names[name].storages
        return any(v.storages & storages for n, v in self.names.items() if n != name)

    def bindable(self, name: str, value: Value, alias: bool) -> bool:
        """Whether the name may take the value here, so that all that is written later stays right."""
        if name in self.protected:
            return False
        if name not in self.carried:
            return True
        if not self.names[name].fits(value):
            return False
        return self.has("conditional_alias") or not (alias or self.shared(name))

    def target(self, value: Value, alias: bool = False) -> str | None:
        """A name for the value, new or old."""
        pool = (*ARRAYS, "a", "b") if value.shape else (*SCALARS, "c")
        if value.kind in ("mask", "index"):
            pool = ("mask",) if value.kind == "mask" else ("idx", "order")
        elif value.kind == "int":
            pool = COUNTERS
        elif self.chance(1):
            pool = (*ARRAYS, *SCALARS)
        found = [n for n in pool if self.bindable(n, value, alias)]
        return self.pick(found) if found else None

    def bind(self, value: Value, text: str, alias: bool = False) -> str | None:
        """Write `name = text`."""
        name = self.target(value, alias)
        if name is not None:
            if name in self.names:
                self.use("rebound")
            if alias and name in self.carried:
                self.use("conditional_alias")
            self.line(f"{name} = {text}")
            self.names[name] = value
        return name

    def updatable(self) -> list[str]:
        """Arrays that may be changed in place."""

        def may_be(value: Value) -> bool:
            if self.frozen & value.storages or value.view and not self.has("views"):
                return False
            return self.has("parameters") or min(value.storages) > 0

        found = [n for n, v in self.arrays().items() if n not in self.protected and may_be(v)]
        return sorted(found, key=lambda n: n in "ab")

    def will_change(self, name: str) -> None:
        value = self.names[name]
        self.changed |= value.storages
        self.use("in_place")
        if min(value.storages) < 0:
            self.use("parameters")
        if self.shared(name):
            self.use("seen_by_alias")
        if value.view:
            self.use("through_view")

    # Blocks.

    @contextmanager
    def block(self):
        """An indented block; the names at its end are left in `names`."""
        carried, self.carried = self.carried, set(self.names)
        start = len(self.lines)
        self.indent += 1
        yield
        if len(self.lines) == start:
            self.line("pass")
        self.indent -= 1
        self.carried = carried

    def merge(self, ends: list[dict[str, Value]], before: dict[str, Value]) -> dict[str, Value]:
        """The names that can be read where several ways meet."""
        joined: dict[str, Value] = {}
        for name, value in ends[0].items():
            others = [end.get(name) for end in ends[1:]]
            for other in others:
                value = value.join(other) if value is not None and other is not None else None
            if value is not None:
                joined[name] = value
        if self.has("conditional_alias"):
            return joined
        # Without that feature a new name goes, where which memory it means depends on the way.
        result = dict(joined)
        for name, value in joined.items():
            others = [v for n, v in result.items() if n != name]
            if name not in before and any(v.storages & value.storages for v in others):
                del result[name]
        return result

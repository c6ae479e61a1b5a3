"""The changing state of a walk, with an undo log: names, array storages, and the items of lists and dicts.

A branch or a loop is walked from the same state several times; what a walk has changed is read off the log,
taken back, and done again where the values of both sides are needed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

_births = itertools.count()


def birth() -> int:
    """A number that grows with each object made, so that objects older than a mark can be told."""
    return next(_births)


class Missing:
    """The value of a name that has none yet."""

    def __repr__(self) -> str:
        return "missing"


MISSING = Missing()


@dataclass(frozen=True, eq=False, slots=True)
class Cell:
    """A place that can change: a name in a frame, or an attribute of a storage or a container."""

    owner: Any
    key: str

    def __hash__(self) -> int:
        return hash((id(self.owner), self.key))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cell) and self.owner is other.owner and self.key == other.key

    @property
    def kind(self) -> str:
        """ "name" for a name in a frame, or which attribute it is."""
        return "name" if hasattr(self.owner, "env") else self.key

    def read(self) -> Any:
        env = getattr(self.owner, "env", None)
        return getattr(self.owner, self.key) if env is None else env.get(self.key, MISSING)

    def put(self, value: Any) -> None:
        env = getattr(self.owner, "env", None)
        if env is None:
            setattr(self.owner, self.key, value)
        elif value is MISSING:
            env.pop(self.key, None)
        else:
            env[self.key] = value


@dataclass(frozen=True)
class Mark:
    """A point in the log, and the age of the youngest object at that time."""

    length: int
    born: int


@dataclass
class Journal:
    """Every change of the state, in order."""

    entries: list[tuple[Cell, Any]] = field(default_factory=list)

    def set(self, owner: Any, key: str, value: Any) -> None:
        cell = Cell(owner, key)
        self.entries.append((cell, cell.read()))
        cell.put(value)

    def mark(self) -> Mark:
        return Mark(len(self.entries), birth())

    def changes(self, mark: Mark, young: bool = False) -> dict[Cell, Any]:
        """The cells that have another value now, with that value; `young` includes those younger than the mark.

        What a view remembers, and which arrays are linked, is kept in the log but is no change.
        """
        first: dict[Cell, Any] = {}
        for cell, old in self.entries[mark.length :]:
            aged = young or cell.owner.born < mark.born
            if aged and cell.kind not in ("_memo", "linked"):
                first.setdefault(cell, old)
        return {cell: now for cell, old in first.items() if (now := cell.read()) is not old}

    def undo(self, mark: Mark) -> None:
        while len(self.entries) > mark.length:
            cell, old = self.entries.pop()
            cell.put(old)

    @contextmanager
    def replayed(self, changes: Mapping[Cell, Any]) -> Iterator[None]:
        """The state with some changes made, for the time of a `with` block."""
        mark = self.mark()
        for cell, value in changes.items():
            self.set(cell.owner, cell.key, value)
        try:
            yield
        finally:
            self.undo(mark)

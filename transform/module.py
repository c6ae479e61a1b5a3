"""What the functions of one emitted module share: imports, the user's globals, the functions that are called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .errors import RefusedError
from .ir import Function, Node, walk
from .names import RESERVED, SPARE
from .operands import Items, Lit, Operand, Slice
from .outline import Outlined, outlined_functions


@dataclass
class Module:
    """What the functions of one emitted module share."""

    main: Function
    target: str
    write: Callable[
        [Function, Module, str], str
    ]  # the text of one function, by the name that it gets
    imports: set[str] = field(default_factory=set)
    constants: dict[str, Any] = field(default_factory=dict)
    definitions: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        functions = _functions(self.main)
        self.params = {p for f in functions for p, _ in f.params}
        hidden = sorted(self.params & (RESERVED - {SPARE}))
        if hidden:
            raise RefusedError(
                f"a parameter named {hidden[0]!r} would hide what the emitted code needs",
                remedy="give the parameter another name",
            )
        # Globals of several modules may share a name; each gets one of its own, which no parameter hides.
        self.constant_names: dict[Any, str] = {}
        self.user_names = {
            r.hint
            for f in functions
            for a in walk(f.body)
            for r in a.results
            if r.depth is not None
        }
        for literal in (lit for f in functions for o in _operands(f.body) for lit in _literals(o)):
            self.constant_name(literal)
        for literal in _literals(self.main.output):
            self.constant_name(literal)

    def constant_name(self, literal: Lit) -> str:
        """The name of a global's value in the emitted module."""
        assert literal.name is not None
        key = literal.key()
        if key not in self.constant_names:
            taken = set(self.constant_names.values()) | self.params | self.user_names | RESERVED
            taken |= {self.main.name}
            name, number = literal.name, 1
            while name in taken:
                number += 1
                name = f"{literal.name}_{number}"
            self.constant_names[key] = name
        return self.constant_names[key]

    def define(self, outlined: Outlined) -> str:
        """The name of an outlined function, written once however often it is called."""
        name, number = outlined.function.name, 1
        taken = {*self.constant_names.values(), *self.params, self.main.name} | RESERVED
        while True:
            if name not in taken:
                body = self.write(outlined.function, self, name)
                if self.definitions.setdefault(name, body) == body:
                    return name
            number += 1
            name = f"{outlined.function.name}_{number}"


def _functions(function: Function) -> list[Function]:
    """A function and those that it calls, and they call."""
    inner = [g for o in outlined_functions(function.body) for g in _functions(o.function)]
    return [function, *inner]


def _operands(nodes: Iterable[Node]) -> Iterator[Operand]:
    for node in walk(nodes):
        yield from node.operands()
        for region in node.regions:
            yield from region.outputs


def _literals(operand: Operand | None) -> Iterator[Lit]:
    """The named constants in an operand."""
    if isinstance(operand, Lit) and operand.name is not None and not operand.name.startswith("np."):
        yield operand
    elif isinstance(operand, Items):
        for item in operand.items:
            yield from _literals(item)
    elif isinstance(operand, Slice):
        for part in (operand.start, operand.stop, operand.step):
            yield from _literals(part)

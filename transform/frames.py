"""The names of a running function, and how arguments are bound to its parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from .errors import ProgramError, Span
from .globals import lift
from .ir import CallSite, Origin, Statement
from .journal import birth
from .lower import Lowered
from .parse import FunctionSyntax
from .values import Value, struct


@dataclass(eq=False)
class Frame:
    """The names of one running function. `anchor` is set inside a rule: its atoms belong to that origin.

    `written` says that the function is written out in place of a library's: its loops stay loops, and the functions
    that it calls are the user's.
    """

    syntax: FunctionSyntax
    locals: frozenset[str] = frozenset()  # names that are never looked for further out
    env: dict[str, Value] = field(default_factory=dict)
    parent: Frame | None = None
    site: CallSite | None = None
    depth: int = 0
    anchor: Origin | None = None
    written: bool = False
    nones: dict[str, Span | None] = field(default_factory=dict)  # where names have become None
    dynamic: int = 0  # how many branches on computed values are around it
    born: int = field(default_factory=birth)
    heading: str | None = None  # of the iteration that is walked on its own
    headed: dict[Statement, Statement] = field(default_factory=dict)

    def origin(self, origin: Origin) -> Origin:
        if self.anchor is not None:
            return replace(self.anchor, spelling=origin.spelling)
        statement = origin.statement
        if self.heading is not None and statement is not None:
            if statement not in self.headed:
                self.headed[statement] = replace(statement, heading=self.heading)
            statement = self.headed[statement]
        return replace(origin, statement=statement, site=self.site)

    @contextmanager
    def iteration(self, loop: Origin, which: str) -> Iterator[None]:
        """Walk one iteration of a loop, which a comment in the text will name."""
        saved = self.heading, self.headed
        if loop.statement is not None and loop.statement.text.startswith(("for ", "while ")):
            self.heading, self.headed = f"{loop.statement.text.removesuffix(':')}: {which}", {}
        try:
            yield
        finally:
            self.heading, self.headed = saved


def bind(
    lowered: Lowered,
    args: list[Value],
    kwargs: dict[str, Value],
    defaults: Mapping[str, Value],
    frame: Frame,
    origin: Origin,
) -> None:
    """Python's rules for arguments, defaults, `*args` and `**kwargs`."""
    name, rest = lowered.syntax.name, list(args)
    left = dict(kwargs)
    for p in lowered.params:
        if p.kind == "args":
            frame.env[p.name], rest = struct(tuple, rest), []
        elif p.kind == "kwargs":
            frame.env[p.name], left = struct(dict, list(left.values()), tuple(left)), {}
        elif p.kind == "positional" and rest:
            if p.name in left:
                raise ProgramError(f"{name}() got two values for {p.name!r}", origin.span)
            frame.env[p.name] = rest.pop(0)
        elif p.name in left:
            frame.env[p.name] = left.pop(p.name)
        elif p.name in defaults:
            frame.env[p.name] = defaults[p.name]
        elif p.name in lowered.syntax.defaults:
            default = lowered.syntax.defaults[p.name]
            frame.env[p.name] = lift(default, f"{p.name}_default")
        else:
            raise ProgramError(f"{name}() is missing argument {p.name!r}", origin.span)
    if rest or left:
        extra = f"argument {next(iter(left))!r}" if left else "positional arguments"
        raise ProgramError(f"{name}() does not take the {extra} given", origin.span)

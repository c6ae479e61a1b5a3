"""The intermediate representation: atomic assignments in single-assignment form.

One set of dataclasses serves every step. Before `infer` operands are `Name`s, as the user wrote them;
after it they are `Var`s, each assigned once and typed. A `Block` is a tuple of statements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .errors import Span
from .operands import Name, Operand, Var, substitute, variables

# --- statements --------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, slots=True)
class Statement:
    """A line of the user's source that atoms come from, with its comments.

    `heading` names the iteration that it belongs to, where a loop was walked item by item.
    """

    text: str
    span: Span
    comments: tuple[str, ...] = ()
    trailing: str | None = None
    heading: str | None = None


@dataclass(frozen=True, eq=False)
class CallSite:
    """One inlined call of a user's function: what was bound to its parameters and what came back."""

    name: str
    parent: CallSite | None
    statement: Statement | None
    signature: str
    params: dict[str, Any] = field(default_factory=dict)
    result: list[Operand] = field(default_factory=list)

    def within(self, other: CallSite) -> bool:
        site: CallSite | None = self
        while site is not None:
            if site is other:
                return True
            site = site.parent
        return False


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an atom comes from: the source, the call it was inlined from, and which part it plays.

    `part` is "primal", "adjoint" or "tangent"; `spelling` is how the user wrote the operation
    ("function", "method", "operator"), so that it can be written back the same way.
    """

    span: Span | None = None
    statement: Statement | None = None
    site: CallSite | None = None
    part: str = "primal"
    spelling: str = "function"


@dataclass(frozen=True, eq=False, slots=True)
class Atom:
    """`results = op(*args, **kwargs)`. `op` is a Python callable, or a word of syntax before `infer`."""

    results: tuple[Any, ...]
    op: Any
    args: tuple[Operand, ...]
    kwargs: tuple[tuple[str, Operand], ...] = ()
    origin: Origin = Origin()

    @property
    def result(self) -> Any:
        (result,) = self.results
        return result

    @property
    def regions(self) -> tuple[Region, ...]:
        return ()

    def with_regions(self, regions: Sequence[Region]) -> Atom:
        return self

    def operands(self) -> Iterator[Operand]:
        yield from self.args
        for _, operand in self.kwargs:
            yield operand

    def variables(self) -> Iterator[Var]:
        for operand in self.operands():
            yield from variables(operand)

    def map(self, change: Callable[[Var], Operand]) -> Atom:
        """The atom with `change` applied to each variable that it reads; itself where nothing changes."""
        if all(change(v) is v for v in self.variables()):
            return self
        args = tuple(substitute(a, change) for a in self.args)
        kwargs = tuple((k, substitute(v, change)) for k, v in self.kwargs)
        return replace(self, args=args, kwargs=kwargs)


@dataclass(frozen=True, eq=False, slots=True)
class Branch:
    """`if test: then else: orelse`, untyped."""

    test: Operand
    then: Block
    orelse: Block
    origin: Origin = Origin()


@dataclass(frozen=True, eq=False, slots=True)
class Loop:
    """`for target in iterable: body` with its `else`, untyped. `stop` is the flag that a `break` sets."""

    target: Operand
    iterable: Operand
    body: Block
    orelse: Block = ()
    origin: Origin = Origin()
    stop: Name | None = None


@dataclass(frozen=True, eq=False, slots=True)
class While:
    """`while test: body` with its `else`, untyped; `head` are the atoms that compute the test."""

    head: Block
    test: Operand
    body: Block
    orelse: Block = ()
    origin: Origin = Origin()
    stop: Name | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Leave:
    """`break` or `continue`, untyped; `structure` turns it into branches and flags."""

    word: str
    origin: Origin = Origin()


@dataclass(frozen=True, eq=False, slots=True)
class Return:
    value: Operand
    origin: Origin = Origin()


Block = tuple[Atom | Branch | Loop | While | Leave | Return, ...]

# --- typed control flow ------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, slots=True)
class Region:
    """Typed statements with parameters and outputs: the body of a loop, a side of a branch."""

    params: tuple[Var, ...]
    body: tuple[Node, ...]
    outputs: tuple[Operand, ...]

    def variables(self) -> Iterator[Var]:
        """Every variable that is read in the region, at any depth."""
        for node in self.body:
            yield from node.variables()
        for operand in self.outputs:
            yield from variables(operand)

    def map(self, change: Callable[[Var], Operand]) -> Region:
        if all(change(v) is v for v in self.variables()):
            return self
        body = tuple(node.map(change) for node in self.body)
        return replace(self, body=body, outputs=tuple(substitute(o, change) for o in self.outputs))

    def defined(self) -> Iterator[Var]:
        """The parameters and the results of the statements, without those of inner regions."""
        yield from self.params
        for node in self.body:
            yield from node.results


@dataclass(frozen=True, eq=False, slots=True)
class Choice:
    """A branch whose test is an array value: the results are the outputs of the side that is taken.

    `key` names it, and `adjoint_of` the choice that it is the adjoint of, whose inner values it may read.
    """

    results: tuple[Var, ...]
    test: Operand
    then: Region
    orelse: Region
    origin: Origin = Origin()
    key: object = None
    adjoint_of: object = None

    @property
    def regions(self) -> tuple[Region, ...]:
        return self.then, self.orelse

    def with_regions(self, regions: Sequence[Region]) -> Choice:
        return replace(self, then=regions[0], orelse=regions[1])

    def operands(self) -> Iterator[Operand]:
        yield self.test

    def variables(self) -> Iterator[Var]:
        yield from variables(self.test)
        yield from self.then.variables()
        yield from self.orelse.variables()

    def map(self, change: Callable[[Var], Operand]) -> Choice:
        test = substitute(self.test, change)
        return replace(self, test=test, then=self.then.map(change), orelse=self.orelse.map(change))


@dataclass(frozen=True, eq=False, slots=True)
class Repeat:
    """A typed loop: over `span` (start, stop, step of `index`), while `test` holds, or both.

    The carries: `inits` before the loop, the first parameters of `body` (and those of `test`) during an iteration, the
    first outputs of `body` after it, the first results after the loop. What follows is per iteration: the outputs after
    the carries are stacked in the results after them, and `streams` are arrays whose elements the parameters after
    the carries are, both in the order of the iterations forwards. `backwards` runs from the last to the first.
    `bound` is the most iterations that there can be, where the loop does not say it, `checkpoint` what the user wants
    to be saved of it (`options`).
    """

    results: tuple[Var, ...]
    inits: tuple[Operand, ...]
    body: Region
    index: Var | None = None
    span: tuple[Operand, Operand, Operand] | None = None
    test: Region | None = None
    streams: tuple[Operand, ...] = ()
    backwards: bool = False
    bound: int | None = None
    checkpoint: str | int | None = None
    origin: Origin = Origin()
    key: object = None
    adjoint_of: object = None

    @property
    def regions(self) -> tuple[Region, ...]:
        return (self.body,) if self.test is None else (self.body, self.test)

    def with_regions(self, regions: Sequence[Region]) -> Repeat:
        body, *test = regions
        return replace(self, body=body, test=test[0] if test else None)

    @property
    def carries(self) -> list[tuple[Var, Operand, Var, Operand]]:
        """(result, init, parameter, output) of each carry."""
        count = len(self.inits)
        parts = (self.results[:count], self.inits, self.body.params[:count], self.body.outputs)
        return list(zip(*parts, strict=False))

    @property
    def stacked(self) -> list[tuple[Var, Operand]]:
        """(result, output) of what is stacked."""
        count = len(self.inits)
        return list(zip(self.results[count:], self.body.outputs[count:], strict=True))

    @property
    def streamed(self) -> list[tuple[Var, Operand]]:
        """(parameter, array) of each stream."""
        return list(zip(self.body.params[len(self.inits) :], self.streams, strict=True))

    def operands(self) -> Iterator[Operand]:
        yield from self.inits
        yield from self.span or ()
        yield from self.streams

    def variables(self) -> Iterator[Var]:
        for operand in self.operands():
            yield from variables(operand)
        for region in self.regions:
            yield from region.variables()

    def map(self, change: Callable[[Var], Operand]) -> Repeat:
        return replace(
            self,
            inits=tuple(substitute(o, change) for o in self.inits),
            span=None if self.span is None else tuple(substitute(o, change) for o in self.span),
            streams=tuple(substitute(o, change) for o in self.streams),
            body=self.body.map(change),
            test=None if self.test is None else self.test.map(change),
        )


Node = Atom | Choice | Repeat


def walk(nodes: Iterable[Node]) -> Iterator[Node]:
    """Every statement, and those inside it, in the order of the text."""
    for node in nodes:
        yield node
        for region in node.regions:
            yield from walk(region.body)


def definitions(nodes: Iterable[Node]) -> dict[Var, Atom]:
    """The atoms that define variables, at any depth."""
    return {r: node for node in walk(nodes) if isinstance(node, Atom) for r in node.results}


@dataclass(frozen=True, eq=False)
class Function:
    """A typed function: parameters, body, and the operand that it returns.

    `wrt` are the leaves that it is differentiated with respect to; `calls` the inlined calls;
    `statics` the parameters whose value was fixed by the transformation.
    """

    name: str
    signature: str
    params: tuple[tuple[str, Var], ...]
    body: tuple[Node, ...]
    output: Operand
    wrt: tuple[Var, ...] = ()
    calls: tuple[CallSite, ...] = ()
    statics: tuple[tuple[str, Any], ...] = ()
    doc: str = ""
    lengths: Any = None  # what the stand-ins in the types stand for: `lengths.Lengths`

    def with_body(self, body: tuple[Node, ...], output: Operand | None = None) -> Function:
        return replace(self, body=body, output=self.output if output is None else output)

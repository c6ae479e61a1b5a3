"""The intermediate representation: atomic assignments in single-assignment form.

One set of dataclasses serves every step. Before `infer` operands are `Name`s, as the user wrote them;
after it they are `Var`s, each assigned once and typed. A `Block` is a tuple of statements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .errors import Span

# --- types -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ArrayType:
    """An array of known shape and dtype. `weak` marks a Python number, which bows to its partner's dtype."""

    shape: tuple[int, ...]
    dtype: np.dtype
    weak: bool = False

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def inexact(self) -> bool:
        return self.dtype.kind in "fc"

    def __str__(self) -> str:
        return f"{self.dtype.name}[{', '.join(map(str, self.shape))}]"


@dataclass(frozen=True, slots=True)
class StaticType:
    """A Python value known at transformation time, spelled by an atom (`X.shape[0]`)."""

    value: Any

    def __str__(self) -> str:
        return f"static {self.value!r}"


@dataclass(frozen=True, slots=True)
class StructType:
    """A container that the caller passes in (a dict of weights, a list of layers); atoms take it apart."""

    description: str

    def __str__(self) -> str:
        return self.description


Type = ArrayType | StaticType | StructType

# --- operands ----------------------------------------------------------------------------------------


@dataclass(eq=False, slots=True)
class Var:
    """A value with one definition. Identity is what counts; `hint` is the name it would like to have.

    `depth` says who named it: 0 the differentiated function, deeper an inlined callee, None nobody.
    `adjoint_of` and `tangent_of` name a value by the one that it belongs to.
    """

    hint: str
    type: Type
    depth: int | None = None
    adjoint_of: Var | None = None
    tangent_of: Var | None = None

    def __repr__(self) -> str:
        return f"<{self.hint}: {self.type}>"


@dataclass(frozen=True, slots=True)
class Name:
    """A local variable or temporary of the untyped form."""

    id: str


@dataclass(frozen=True, slots=True)
class Global:
    """A dotted path whose root is not local: `np.linalg.norm`."""

    path: str


@dataclass(frozen=True, slots=True, eq=False)
class Lit:
    """A literal. `name` is the global constant that it came from, if any.

    Literals are equal where they are written alike: 1 is neither True nor 1.0. Arrays are compared by identity.
    """

    value: Any
    name: str | None = None

    def key(self) -> tuple[Any, ...]:
        value = self.value
        return type(value), id(value) if isinstance(value, np.ndarray) else repr(value), self.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lit) and self.key() == other.key()

    def __hash__(self) -> int:
        return hash(self.key())


@dataclass(frozen=True, slots=True)
class Items:
    """A tuple, list or dict display (`keys` for a dict)."""

    kind: str
    items: tuple[Operand, ...]
    keys: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Slice:
    start: Operand | None
    stop: Operand | None
    step: Operand | None


@dataclass(frozen=True, slots=True)
class Star:
    """`*x` (or `**x` where `double`) in a call or a display."""

    operand: Operand
    double: bool = False


Operand = Var | Name | Global | Lit | Items | Slice | Star


def variables(operand: Operand | None) -> Iterator[Var]:
    """Every `Var` inside an operand, left to right."""
    if isinstance(operand, Var):
        yield operand
    elif isinstance(operand, Items):
        for item in operand.items:
            yield from variables(item)
    elif isinstance(operand, Slice):
        for part in (operand.start, operand.stop, operand.step):
            yield from variables(part)


def substitute(operand: Any, change: Callable[[Var], Operand]) -> Any:
    """The operand with `change` applied to each `Var` in it."""
    if isinstance(operand, Var):
        return change(operand)
    if isinstance(operand, Items):
        return replace(operand, items=tuple(substitute(item, change) for item in operand.items))
    if isinstance(operand, Slice):
        parts = (operand.start, operand.stop, operand.step)
        return Slice(*(None if p is None else substitute(p, change) for p in parts))
    return operand


# --- statements --------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, slots=True)
class Statement:
    """A line of the user's source that atoms come from, with its comments."""

    text: str
    span: Span
    comments: tuple[str, ...] = ()
    trailing: str | None = None


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
    """`if test: then else: orelse`; `infer` walks the side that a static test chooses."""

    test: Operand
    then: Block
    orelse: Block
    origin: Origin = Origin()


@dataclass(frozen=True, eq=False, slots=True)
class Loop:
    """`for target in iterable: body`; over a Python container `infer` walks the body once an item."""

    target: Operand
    iterable: Operand
    body: Block
    origin: Origin = Origin()


@dataclass(frozen=True, eq=False, slots=True)
class Return:
    value: Operand
    origin: Origin = Origin()


Block = tuple[Atom | Branch | Loop | Return, ...]


@dataclass(frozen=True, eq=False)
class Function:
    """A typed function: parameters, straight-line body, and the operand that it returns.

    `wrt` are the leaves that it is differentiated with respect to; `calls` the inlined calls;
    `statics` the parameters whose value was fixed by the transformation.
    """

    name: str
    signature: str
    params: tuple[tuple[str, Var], ...]
    body: tuple[Atom, ...]
    output: Operand
    wrt: tuple[Var, ...] = ()
    calls: tuple[CallSite, ...] = ()
    statics: tuple[tuple[str, Any], ...] = ()
    doc: str = ""

    def with_body(self, body: tuple[Atom, ...], output: Operand | None = None) -> Function:
        return replace(self, body=body, output=self.output if output is None else output)


def type_of(operand: Operand) -> Type:
    """The type of a typed operand; Python numbers are weak scalars."""
    if isinstance(operand, Var):
        return operand.type
    if isinstance(operand, Lit):
        value = operand.value
        if isinstance(value, np.ndarray | np.generic):
            return ArrayType(value.shape, value.dtype)
        if isinstance(value, bool):
            return ArrayType((), np.dtype(bool))
        if isinstance(value, int | float | complex):
            return ArrayType((), np.dtype(type(value)), weak=True)
        return StaticType(value)
    return StaticType(operand)

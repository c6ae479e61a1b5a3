"""What is asked of the pipeline, and what comes out of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .arguments import Spec
from .emitted import Emitted
from .operands import ArrayType
from .options import LoopOptions
from .specialise import Given
from .values import Array, Struct, Value, known
from .watched import Dependency

MODES = ("primal", "grad", "value_and_grad", "vjp", "jvp")


@dataclass(frozen=True)
class Request:
    """What to differentiate, for which arguments, and how.

    `mode` is "primal" (the function itself), "grad" or "value_and_grad" (of a scalar), "vjp" (the derivative takes the
    adjoint of the result as a last argument) or "jvp" (it takes the tangents of `wrt`). `aux` says that it returns
    `(result, anything)`.
    """

    function: Any  # a types.FunctionType
    specs: Mapping[str, Spec]
    wrt: tuple[str, ...]
    mode: str = "grad"
    aux: bool = False
    target: str = "jax"
    single: bool = True  # one derivative is returned bare, several as a tuple
    loops: LoopOptions = field(default_factory=LoopOptions)
    state: bool = (
        False  # the result is (result, {name: value of an argument that was changed in place})
    )


@dataclass(frozen=True)
class Derived:
    """A finished derivative: its text, its function, each step's form, and the globals that it depends on.

    The text writes namedtuples as plain tuples; `structure` gives a result its own containers back.
    """

    emitted: Emitted
    function: Any  # the emitted types.FunctionType
    forms: Mapping[str, str]
    dependencies: Sequence[Dependency] = field(default_factory=tuple)
    result: Value = field(default_factory=lambda: known(None))
    indexed: Sequence[
        tuple[int, int]
    ] = ()  # array leaves used as indices, and the sizes of their axes
    changed: frozenset[str] = frozenset()  # arguments whose arrays the function changes in place
    objects: Mapping[str, Given] = field(default_factory=dict)  # the arguments
    sources: frozenset[str] = frozenset()  # the files of the functions that were read

    def types(self) -> list[ArrayType]:
        """The types of the arrays in the function's result, in order."""
        return list(_types(self.result))

    def arrays(self, result: Any) -> list[Any]:
        """The arrays in the function's result, in order."""
        return list(_arrays(self.result, result))

    def structure(self, arrays: Iterable[Any]) -> Any:
        """A result from its arrays, in the containers of the user's function and arguments.

        What was known before the function ran (an int, a string in an auxiliary result) is put back.
        """
        return _structured(self.result, iter(arrays))

    def is_current(self) -> bool:
        """Whether everything that the function read from outside still has the value that it had."""
        return all(dependency.holds() for dependency in self.dependencies)


def _arrays(value: Value, result: Any) -> Iterator[Any]:
    if isinstance(value, Struct):
        for key, item in value.entries():
            yield from _arrays(item, result[key])
    elif isinstance(value, Array):
        yield result


def _types(value: Value) -> Iterator[ArrayType]:
    if isinstance(value, Struct):
        for _, item in value.entries():
            yield from _types(item)
    elif isinstance(value, Array):
        yield value.type


def _structured(value: Value, arrays: Iterator[Any]) -> Any:
    if isinstance(value, Array):
        return next(arrays)
    if not isinstance(value, Struct):
        return getattr(value, "value", None)
    items = [_structured(item, arrays) for item in value.items]
    if value.kind is dict:
        return dict(zip(value.keys, items, strict=True))
    return value.kind(*items) if hasattr(value.kind, "_fields") else value.kind(items)

"""A function of NumPy arrays and the arguments at which its derivative is checked."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .functions import Argnums, argument_names
from .transform.errors import ArgumentError

Arguments = Sequence[Any] | Mapping[str, Any]
FLOATS = (np.dtype(np.float64), np.dtype(np.float32), np.dtype(np.float16))


@dataclass(frozen=True)
class Point:
    """Where to check. `wrt` names the arguments; `has_aux`: the first of two results is checked."""

    function: Callable
    bound: inspect.BoundArguments
    wrt: tuple[str, ...]
    has_aux: bool = False

    @classmethod
    def of(
        cls, function: Callable, args: Arguments, argnums: Argnums | None, has_aux: bool = False
    ) -> Point:
        """Bind the arguments, given in order or by name, and choose those to check.

        Raises `ArgumentError` where they do not fit, or none of them is floating-point.
        """
        signature = inspect.signature(function)
        by_name = isinstance(args, Mapping)
        try:
            bound = signature.bind(**args) if by_name else signature.bind(*args)
        except TypeError as error:
            raise ArgumentError(f"{function.__name__}(): {error}") from None
        bound.apply_defaults()
        if argnums is not None:
            wrt = argument_names(argnums, signature)
        else:
            wrt = tuple(n for n, v in bound.arguments.items() if any(floating_leaves(v, n)))
        point = cls(function, bound, wrt, has_aux)
        if not point.leaves():
            raise ArgumentError(f"{function.__name__} has no floating-point argument to check")
        return point

    def leaves(self) -> dict[str, np.ndarray]:
        """The floating-point arrays and numbers of the chosen arguments, by their places."""
        arguments = self.bound.arguments
        return dict(p for name in self.wrt for p in floating_leaves(arguments[name], name))

    def dtype(self) -> np.dtype:
        """The least precise dtype among the floating-point arguments, chosen or not."""
        arguments = self.bound.arguments.items()
        dtypes = [leaf.dtype for n, v in arguments for _, leaf in floating_leaves(v, n)]
        return min(dtypes, key=lambda dtype: dtype.itemsize)

    def value(self, place: str = "", offset: Any = 0.0) -> Any:
        """The function on 64-bit copies of the arguments, the leaf at `place` moved by `offset`.

        It is the user's own, run by NumPy. Raises `ArgumentError` where its result is no real
        scalar.
        """

        def moved(at: str, leaf: Any) -> Any:
            if not is_floating(leaf):
                return leaf.copy() if isinstance(leaf, np.ndarray) else leaf
            wide = np.array(leaf, np.float64)
            if at == place:
                wide = np.asarray(wide + offset)
            if type(leaf) is float:
                return float(wide)
            return wide[()] if isinstance(leaf, np.generic) else wide

        arguments = {n: mapped(moved, v, n) for n, v in self.bound.arguments.items()}
        bound = inspect.BoundArguments(self.bound.signature, arguments)
        with np.errstate(all="ignore"):
            result = self.function(*bound.args, **bound.kwargs)
        result = np.asarray(result[0] if self.has_aux else result)
        if result.shape or result.dtype.kind != "f":
            raise ArgumentError(
                f"the check needs a real scalar; {self.function.__name__} returns "
                f"{result.dtype}{list(result.shape)}",
                remedy="return a sum or a mean",
            )
        return result[()]


def floating_leaves(value: Any, place: str) -> Iterator[tuple[str, np.ndarray]]:
    """The floating-point arrays and numbers in an argument, by their places: `layers[0]['W']`."""
    found: list[tuple[str, np.ndarray]] = []

    def collect(at: str, leaf: Any) -> None:
        if is_floating(leaf):
            found.append((at, np.asarray(leaf)))

    mapped(collect, value, place)
    return iter(found)


def is_floating(leaf: Any) -> bool:
    """Whether this is a real floating-point array or number."""
    return isinstance(leaf, float) or getattr(leaf, "dtype", np.dtype(object)) in FLOATS


def mapped(change: Callable[[str, Any], Any], value: Any, place: str) -> Any:
    """A nested list, tuple or dict with `change(place, leaf)` for each leaf."""
    if isinstance(value, dict):
        return {k: mapped(change, v, f"{place}[{k!r}]") for k, v in value.items()}
    if isinstance(value, list | tuple):
        items = [mapped(change, v, f"{place}[{k}]") for k, v in enumerate(value)]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return change(place, value)

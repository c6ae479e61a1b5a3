"""An emitted function at work: arguments taken apart, results put together, and what must not be shared."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from jax.core import Tracer

from .transform.arguments import Spec, leaves, rebuild
from .transform.errors import ArgumentError, ProgramError
from .transform.ranges import out_of_range

if TYPE_CHECKING:
    from .transform.request import Derived


CHECK_RESULTS = False  # the tests set it


class Specialisation:
    """One emitted function and, under jit, its compiled form."""

    def __init__(
        self,
        derived: Derived,
        specs: dict[str, Spec],
        signature: inspect.Signature,
        jit: bool,
        target: str,
    ):
        self.derived, self.specs, self.target = derived, specs, target
        self.signature = signature
        self.compiled = jax.jit(self.call) if jit else self.call

    def call(self, arrays: list[Any]) -> list[Any]:
        """The arrays of the result, for the array leaves of the arguments."""
        values = iter(arrays)
        arguments = {name: rebuild(spec, values) for name, spec in self.specs.items()}
        bound = inspect.BoundArguments(self.signature, arguments)
        return self.derived.arrays(self.derived.function(*bound.args, **bound.kwargs))

    def refuse_shared(self, values: dict[str, Any]) -> None:
        """Raise `ArgumentError` where the function would change one argument through another."""
        arrays = {name: list(leaves(values[name], spec)) for name, spec in self.specs.items()}
        for name in self.derived.changed:
            own = arrays[name]
            if any(shares_memory(own[:k], [one]) for k, one in enumerate(own)):
                raise ArgumentError(
                    f"the function changes {name!r} in place, and two of its arrays share memory",
                    remedy="pass a copy of one of them",
                )
            for other, found in arrays.items():
                if other != name and shares_memory(arrays[name], found):
                    raise ArgumentError(
                        f"the function changes {name!r} in place, which shares memory with {other!r}",
                        remedy=f"pass {other}.copy()",
                    )

    def check_indices(self, arrays: list[Any]) -> None:
        """Raise `ProgramError` where an array that is used as an index leaves its axis."""
        for leaf, size in self.derived.indexed:
            wrong = out_of_range(arrays[leaf], size)
            if wrong:
                raise ProgramError(f"IndexError: {wrong}")

    def leaves(self, values: dict[str, Any]) -> list[Any]:
        """The array leaves of the arguments."""
        return [leaf for name, spec in self.specs.items() for leaf in leaves(values[name], spec)]

    def run(self, values: dict[str, Any]) -> Any:
        result = self.computed(values)
        if CHECK_RESULTS:
            self.check(result)
        return self.derived.structure(result)

    def check(self, result: list[Any]) -> None:
        """Raise `AssertionError` where an array has another shape or dtype than it was derived with."""
        for expected, found in zip(self.derived.types(), result, strict=True):
            number = isinstance(found, bool | int | float | complex)
            dtype = expected.dtype if number else found.dtype
            same = np.shape(found) == expected.shape
            narrow = isinstance(found, Tracer)  # JAX's own 32-bit mode
            if not same or not (narrow or dtype == expected.dtype):
                raise AssertionError(f"{dtype}{np.shape(found)} where {expected} was derived")

    def computed(self, values: dict[str, Any]) -> list[Any]:
        """The arrays of the result, as they are handed out."""
        arrays = self.leaves(values)
        traced = any(isinstance(a, Tracer) for a in arrays)
        if self.derived.changed:
            self.refuse_shared(values)
        if self.target == "numpy":
            if traced:
                raise ArgumentError(
                    "a derivative with target='numpy' cannot be called while JAX traces",
                    remedy="use target='jax'",
                )
            found = zip(self.call(arrays), self.derived.types(), strict=True)
            return detached([as_scalar(value, t.dtype) for value, t in found], arrays)
        if traced:  # an argument may come back as it was given; JAX would take it for 32 bits later
            return list(map(as_jax_array, self.call(arrays)))
        self.check_indices(arrays)
        with jax.enable_x64(True):
            result = self.compiled(arrays)
        if not any(isinstance(a, jax.Array) for a in arrays):
            result = list(map(own_array, result))
        return result


def shares_memory(one: list[Any], two: list[Any]) -> bool:
    """Whether some NumPy array of the one lies in the memory of one of the other."""
    pairs = ((a, b) for a in one for b in two)
    return any(
        isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and np.may_share_memory(a, b)
        for a, b in pairs
    )


def as_scalar(value: Any, dtype: np.dtype) -> Any:
    """A number of Python's, as NumPy's text may give, as the scalar of NumPy's that it stands for."""
    return value if np.ndim(value) else dtype.type(np.asarray(value)[()])


def as_jax_array(value: Any) -> Any:
    return jax.numpy.asarray(value) if isinstance(value, np.ndarray | np.generic) else value


def own_array(value: Any) -> Any:
    """A JAX array as a NumPy array that belongs to the caller; a NumPy scalar where it has no axes."""
    if not isinstance(value, jax.Array):
        return value
    array = np.array(value)
    return array if array.ndim else array[()]


def detached(results: list[Any], arguments: list[Any]) -> list[Any]:
    """The results, copied where they share memory with an argument or another result, or are read-only."""
    others = [a for a in arguments if isinstance(a, np.ndarray)]
    own = []
    for value in results:
        if isinstance(value, np.ndarray):
            if not value.flags.writeable or any(np.may_share_memory(value, o) for o in others):
                value = value.copy()
            others.append(value)
            value = value if value.ndim else value[()]
        own.append(value)
    return own

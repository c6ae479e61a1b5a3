"""Functions that are written out in Python where they are called: they call other functions, or change an array.

What stands here is read in the function's place as if the user had written it: its loops stay loops, what it
assigns to is changed for every name that leads there, and the functions that it is given are the user's own. The
definitions follow the documentation of JAX and of NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_WRITTEN: dict[Callable, Callable] = {}
_DEFINITIONS: set[Callable] = set()


def written(*functions: Callable) -> Callable:
    """Say that a Python function stands for each of the library's functions; without one it is a part of others."""

    def add(definition: Callable) -> Callable:
        _DEFINITIONS.add(definition)
        for function in functions:
            _WRITTEN[function] = definition
        return definition

    return add


def written_out(function: Any) -> Callable | None:
    """The definition that stands for a function, if one does."""
    try:
        return function if function in _DEFINITIONS else _WRITTEN.get(function)
    except TypeError:  # not hashable
        return None


def written_functions() -> tuple[Callable, ...]:
    """The library's functions that have a definition."""
    return tuple(_WRITTEN)


def results_of(function: Callable, *args: Any) -> int | None:
    """For definitions: how many arrays the tuple has that a function returns, None for one array or nothing.

    The compiler walks the call once more for the answer. Raises `NotImplementedError` for other containers.
    """
    result = function(*args)
    return len(result) if isinstance(result, tuple) else None


def is_given(x: Any) -> bool:
    """For definitions: whether an array is written out, or an argument of the differentiated function.

    Its values are then checked where they are places (read by the compiler; always true when run).
    """
    return True


def frozen(*values: Any) -> tuple:
    """For definitions: the values as JAX hands them to a function, which cannot change their arrays in place.

    `x += 1` gives the name another array then, and nothing that is called otherwise changes.
    """
    return values

"""The front end in one call: parse, check, lower; each function once."""

from __future__ import annotations

import types
import weakref

from .lower import Lowered, lower
from .parse import parse
from .syntax import check_syntax

_CACHE: weakref.WeakKeyDictionary[types.FunctionType, Lowered] = weakref.WeakKeyDictionary()


def read(function: types.FunctionType) -> Lowered:
    """A function's untyped atoms. Raises `SourceError` or `RefusedError`."""
    if function not in _CACHE:
        syntax = parse(function)
        check_syntax(syntax)
        _CACHE[function] = lower(syntax)
    return _CACHE[function]

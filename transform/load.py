"""From emitted text to a callable: the text is executed as a module and registered with `linecache`."""

from __future__ import annotations

import hashlib
import linecache
import types
import weakref
from collections import Counter
from typing import Any

from .emitted import Emitted

_ALIVE: Counter[str] = Counter()  # how many functions there are of each text


def _forget(filename: str) -> None:
    _ALIVE[filename] -= 1
    if not _ALIVE[filename]:
        del _ALIVE[filename]
        linecache.cache.pop(filename, None)


def load(emitted: Emitted) -> types.FunctionType:
    """The function of an emitted module.

    The text is found by tracebacks, `inspect.getsource` and debuggers under a name made from its content, as long as
    the function is alive.
    """
    digest = hashlib.sha256(emitted.text.encode()).hexdigest()[:12]
    filename = f"<backprose {emitted.name} {digest}>"
    linecache.cache[filename] = (len(emitted.text), None, emitted.text.splitlines(True), filename)
    namespace: dict[str, Any] = {"__name__": f"backprose_{emitted.name}", **emitted.constants}
    exec(compile(emitted.text, filename, "exec"), namespace)
    function = namespace[emitted.name]
    _ALIVE[filename] += 1
    weakref.finalize(function, _forget, filename).atexit = False
    return function

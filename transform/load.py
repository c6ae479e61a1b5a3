"""From emitted text to a callable: the text is executed as a module and registered with `linecache`."""

from __future__ import annotations

import hashlib
import linecache
import types
from typing import Any

from .emit import Emitted


def load(emitted: Emitted) -> types.FunctionType:
    """The function of an emitted module.

    The text is found by tracebacks, `inspect.getsource` and debuggers under a name made from its content.
    """
    digest = hashlib.sha256(emitted.text.encode()).hexdigest()[:12]
    filename = f"<backprose {emitted.name} {digest}>"
    linecache.cache[filename] = (len(emitted.text), None, emitted.text.splitlines(True), filename)
    namespace: dict[str, Any] = {"__name__": f"backprose_{emitted.name}", **emitted.constants}
    exec(compile(emitted.text, filename, "exec"), namespace)
    return namespace[emitted.name]

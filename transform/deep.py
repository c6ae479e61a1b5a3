"""Programs that are nested deeply: sums of hundreds of terms, chains of calls. The walks over them are recursive.

Where Python's own limit ends one, the walk is done again by a thread with a stack of its own.
"""

from __future__ import annotations

import contextvars
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from .errors import RefusedError

STACK = 512 * 2**20  # bytes; only what is used of it is taken
DEPTH = 400_000  # calls of Python's inside each other
_LOCK = threading.Lock()

Result = TypeVar("Result")


def deep(run: Callable[[], Result]) -> Result:
    """What a function returns, however deep it goes. Raises `RefusedError` beyond what the stack holds."""
    try:
        return run()
    except RecursionError:
        pass
    with _LOCK:
        return _on_a_stack_of_its_own(run)


def _on_a_stack_of_its_own(run: Callable[[], Result]) -> Result:
    found: dict[str, Any] = {}
    context = contextvars.copy_context()

    def work() -> None:
        try:
            found["result"] = context.run(run)
        except BaseException as error:  # raised again by who waits
            found["error"] = error

    size, limit = threading.stack_size(STACK), sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(DEPTH)
        thread = threading.Thread(target=work, name="backprose")
        thread.start()
    finally:
        threading.stack_size(size)
    try:
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
    error = found.get("error")
    if isinstance(error, RecursionError):
        raise RefusedError(
            "the function is nested too deeply",
            None,
            "compute parts of it in functions of their own",
        ) from None
    if error is not None:
        raise error
    return found["result"]

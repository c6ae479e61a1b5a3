"""Errors reach the user as a message at the user's call, without the frames of the compiler.

With `BACKPROSE_TRACEBACKS=full` in the environment they keep them, for who works on the compiler.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any, TypeVar

from .transform.errors import BackproseError

Method = TypeVar("Method", bound=Callable[..., Any])


def shortened(method: Method) -> Method:
    """The method; a `BackproseError` from inside it seems to come from the call."""

    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except BackproseError as error:
            if os.environ.get("BACKPROSE_TRACEBACKS") == "full":
                raise
            raise error.with_traceback(None) from None

    return call  # type: ignore[return-value]

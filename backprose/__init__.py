"""Backprop as prose: derivatives of plain NumPy functions, as Python that a person can read.

What is here is loaded when it is asked for first: `import backprose` loads neither JAX nor the compiler.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checking import check_grads
    from .derivative import Derivative, grad, value_and_grad
    from .lowered import Lowered, lower
    from .transform.errors import (
        ArgumentError,
        BackproseError,
        ProgramError,
        RefusedError,
        SourceError,
    )
    from .transform.options import checkpoint

__all__ = [
    "ArgumentError",
    "BackproseError",
    "Derivative",
    "Lowered",
    "ProgramError",
    "RefusedError",
    "SourceError",
    "check_grads",
    "checkpoint",
    "grad",
    "lower",
    "value_and_grad",
]
__version__ = "0.1.0"

_ERRORS = ("ArgumentError", "BackproseError", "ProgramError", "RefusedError", "SourceError")
_PLACES = {
    **dict.fromkeys(_ERRORS, ".transform.errors"),
    **dict.fromkeys(("Derivative", "grad", "value_and_grad"), ".derivative"),
    **dict.fromkeys(("Lowered", "lower"), ".lowered"),
    "check_grads": ".checking",
    "checkpoint": ".transform.options",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(_PLACES[name], __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

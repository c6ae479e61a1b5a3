"""Backprop as prose: derivatives of plain NumPy functions, as Python that a person can read."""

from .checking import check_grads
from .derivative import Derivative, grad, value_and_grad
from .lowered import Lowered, lower
from .transform.errors import ArgumentError, BackproseError, ProgramError, RefusedError, SourceError
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

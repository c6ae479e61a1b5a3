"""What a rule may ask of its arguments, answered before the function runs, and helpers of plain Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def is_static(value: Any) -> bool:
    """For rules: whether a value is known at transformation time (read by the compiler; always true when run)."""
    return True


def is_integer(x: Any) -> bool:
    """For rules: whether a value's dtype has integers alone."""
    return np.result_type(x).kind in "biu"


def is_complex(x: Any) -> bool:
    """For rules: whether a value is complex."""
    return np.iscomplexobj(x)


def computed(function: Callable) -> Callable:
    """For rules: a helper of plain Python, called with values that are known at transformation time."""
    function.computed = True
    return function

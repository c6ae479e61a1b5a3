"""Derivatives by central differences: a reference that shares no code with the compiler."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

LEVELS = 20  # how often a step is halved, at most


@dataclass(frozen=True, slots=True)
class Slope:
    """A derivative along a line. `uncertainty` is how far its last two estimates were apart."""

    value: float
    uncertainty: float


def first_step(rounding: float) -> float:
    """The step to begin with for a function that is computed to a relative precision `rounding`.

    An extrapolated difference has an error of order `h**4` from truncation and `rounding / h` from
    cancellation; they meet at `rounding**(1/5)`, which is the third step that `slope` takes.
    """
    return 4 * rounding**0.2


def slope(function: Callable[[float], float], step: float, noise: float) -> Slope:
    """The derivative of `function` at 0, by central differences with one Richardson extrapolation.

    The step is halved until two extrapolations in a row agree, so that a kink, a pole or the end
    of the domain that is farther away than the last step does no harm. `noise` is the absolute
    error of one value of the function. Where no step gives a finite answer the value is NaN.
    """
    best = Slope(math.nan, math.inf)
    difference = extrapolated = math.nan
    for level in range(LEVELS):
        h = step / 2**level
        coarse, difference = difference, (function(h) - function(-h)) / (2 * h)
        previous, extrapolated = extrapolated, (4 * difference - coarse) / 3
        uncertainty = abs(extrapolated - previous)
        if uncertainty < best.uncertainty:
            best = Slope(extrapolated, uncertainty)
        if best.uncertainty <= 1e-9 * abs(best.value) + 4 * noise / h:
            break
    return best

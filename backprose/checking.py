"""Is a derivative right? Ours, or any other, against finite differences of the function."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .derivative import Derivative, value_and_grad
from .differences import first_step, slope
from .functions import Argnums
from .points import Arguments, Point, mapped
from .transform.errors import ArgumentError


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Largest relative error of a value and of a derivative."""

    value: float
    derivative: float


# By the least precise dtype among the floating-point arguments.
TOLERANCES = {
    np.dtype(np.float64): Tolerance(value=1e-10, derivative=1e-7),
    np.dtype(np.float32): Tolerance(value=1e-4, derivative=2e-4),
    np.dtype(np.float16): Tolerance(value=2e-2, derivative=5e-2),
}
SMALL = 200  # elements of an argument whose every coordinate is differenced
DIRECTIONS = 20  # random directions along which a larger one is
FLOOR = 1e-2  # of the largest entry of an argument: smaller entries are measured against this
WORST = 5  # entries kept for each argument that fails


@dataclass(frozen=True, slots=True)
class Entry:
    """One number that was compared; `expected` is known to within `uncertainty`."""

    place: str
    found: float
    expected: float
    uncertainty: float = 0.0

    @property
    def error(self) -> float:
        """The distance of the two; a NaN or an infinity agrees with its like alone."""
        if self.found == self.expected or math.isnan(self.found) and math.isnan(self.expected):
            return 0.0
        error = abs(self.found - self.expected)
        return error if math.isfinite(error) else math.inf


@dataclass(frozen=True, slots=True)
class Row:
    """The comparison for one argument, or for one array in it.

    `relative` is the largest error relative to its entry; an entry below a hundredth of the largest
    one is measured against that. `worst` are the entries that failed, the worst first; `note` says
    what is wrong where there is nothing to subtract.
    """

    argument: str
    absolute: float
    relative: float
    tolerance: float
    ok: bool
    worst: tuple[Entry, ...] = ()
    note: str = ""


def check_grads(
    f: Callable,
    args: Arguments,
    *,
    argnums: Argnums | None = None,
    order: int = 1,
    modes: Sequence[str] = ("rev",),
    eps: float | None = None,
    atol: float | None = None,
    rtol: float | None = None,
    target: str = "jax",
    seed: int = 0,
) -> None:
    """Raise `AssertionError` where the derivative of `f` at `args` differs from finite differences.

    An argument with at most 200 elements is differenced along every coordinate, a larger one along
    20 random directions. What is differenced is the user's own function, run by NumPy in 64 bits.

    Args:
        f: a function that returns a real scalar; or its `Derivative`, whose function, `argnums` and
            `has_aux` are then taken.
        args: its arguments, in order or by name: arrays, numbers, and lists, tuples and dicts of
            them.
        argnums: which arguments, by position or by name; None for every floating-point one.
        order: 1; higher orders are not supported yet.
        modes: ("rev",); forward mode is not supported yet.
        eps: the first step of the differences, times `max(1, abs(x))`.
        atol: absolute tolerance; by default what rounding does to the differences.
        rtol: relative tolerance; by default 1e-7 in float64, more in shorter dtypes (`TOLERANCES`).
        target: "jax" or "numpy", as for `grad`.
        seed: of the random directions.

    Raises:
        AssertionError: with a table of the worst entries.
        ArgumentError: for arguments without a derivative, or a result that is no real scalar.

    >>> import numpy as np
    >>> check_grads(lambda x, y: np.sum(x**2) * y, (np.array([1.0, 2.0]), 3.0))
    """
    rows = report(
        f,
        args,
        argnums=argnums,
        order=order,
        modes=modes,
        eps=eps,
        atol=atol,
        rtol=rtol,
        target=target,
        seed=seed,
    )
    if not all(row.ok for row in rows):
        name = getattr(f, "__name__", repr(f))
        raise AssertionError(
            f"the derivative of {name} disagrees with finite differences\n{failures(rows)}"
        )


def report(
    f: Callable,
    args: Arguments,
    *,
    argnums: Argnums | None = None,
    order: int = 1,
    modes: Sequence[str] = ("rev",),
    eps: float | None = None,
    atol: float | None = None,
    rtol: float | None = None,
    target: str = "jax",
    seed: int = 0,
) -> list[Row]:
    """What `check_grads` finds, as rows: first the value of the function, then each argument."""
    if order != 1:
        raise ArgumentError(f"order={order!r} is not supported yet", remedy="leave it out")
    if tuple(modes) != ("rev",):
        raise ArgumentError(f"modes={modes!r} is not supported yet", remedy="leave it out")
    has_aux = False
    if isinstance(f, Derivative):
        has_aux, argnums = f.has_aux, f.argnums if argnums is None else argnums
        f = f.primal
    point = Point.of(f, args, argnums, has_aux)
    expected = float(point.value())
    chosen = point.wrt[0] if len(point.wrt) == 1 else point.wrt
    derivative = value_and_grad(f, chosen, has_aux=has_aux, target=target)
    value, gradient = derivative(*point.bound.args, **point.bound.kwargs)
    value = float(value[0] if has_aux else value)
    tolerance = TOLERANCES[point.dtype()].value
    name = f"{point.function.__name__}(...)"
    return [
        _row(name, [Entry("", value, expected)], FLOOR * tolerance, tolerance),
        *_rows(point, gradient, eps, atol, rtol, seed),
    ]


def compare(
    function: Callable,
    gradient: Callable,
    args: Arguments,
    *,
    argnums: Argnums | None = None,
    eps: float | None = None,
    atol: float | None = None,
    rtol: float | None = None,
    seed: int = 0,
) -> list[Row]:
    """Any gradient against finite differences of `function`: one row for each array.

    `gradient` takes the arguments of `function` and returns one gradient, or a tuple of them where
    there are several to check. Everything else is as for `check_grads`.
    """
    point = Point.of(function, args, argnums)
    found = gradient(*point.bound.args, **point.bound.kwargs)
    return _rows(point, found, eps, atol, rtol, seed)


def failures(rows: Sequence[Row]) -> str:
    """The rows that failed, as a table of their worst entries."""
    entries, notes = [], []
    for row in rows:
        if row.note:
            notes.append(f"  {row.argument}: {row.note}")
        for e in row.worst:
            numbers = f"{e.found:>18.10g} {e.expected:>18.10g} {e.error:>10.2g}"
            doubt = "" if e.uncertainty < e.error / 2 else "  (the differences do not converge)"
            entries.append(f"  {row.argument + e.place:<20} {numbers}{doubt}")
    if entries:
        entries.insert(0, f"  {'':20} {'derivative':>18} {'differences':>18} {'error':>10}")
    return "\n".join(notes + entries)


def _rows(
    point: Point,
    gradient: Any,
    eps: float | None,
    atol: float | None,
    rtol: float | None,
    seed: int,
) -> list[Row]:
    value = point.value()
    rounding = float(np.finfo(value.dtype).eps)
    noise = rounding * abs(float(value)) if np.isfinite(value) else 0.0
    step = first_step(rounding) if eps is None else eps
    rtol = TOLERANCES[point.dtype()].derivative if rtol is None else rtol
    atol = 400 * noise / first_step(rounding) if atol is None else atol
    rng = np.random.default_rng(seed)
    gradients = (gradient,) if len(point.wrt) == 1 else gradient
    if not isinstance(gradients, tuple) or len(gradients) != len(point.wrt):
        note = f"the result must be a tuple of {len(point.wrt)} gradients"
        return [Row(", ".join(point.wrt), math.inf, math.inf, rtol, False, note=note)]
    found: dict[str, Any] = {}
    for name, item in zip(point.wrt, gradients, strict=True):
        mapped(lambda at, leaf: found.update({at: leaf}), item, name)
    rows = []
    for place, leaf in point.leaves().items():
        note = _misfit(leaf, found.get(place))
        if note:
            rows.append(Row(place, math.inf, math.inf, rtol, False, note=note))
        else:
            entries = _entries(point, place, leaf, np.asarray(found[place]), step, noise, rng)
            rows.append(_row(place, list(entries), atol, rtol))
    return rows


def _entries(
    point: Point,
    place: str,
    leaf: np.ndarray,
    gradient: np.ndarray,
    step: float,
    noise: float,
    rng: np.random.Generator,
) -> Iterator[Entry]:
    """The derivative and its reference, along each coordinate or along random directions."""
    for name, direction, length in _directions(leaf.astype(np.float64), rng):

        def along(t: float, direction: np.ndarray = direction) -> float:
            return float(point.value(place, t * direction))

        with np.errstate(all="ignore"):
            found = float(np.sum(gradient * direction, where=direction != 0, dtype=np.float64))
            expected = slope(along, step * length, noise)
        yield Entry(name, found, expected.value, expected.uncertainty)


def _directions(x: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray, float]]:
    """Where to go from `x`: a name, a direction, and how far in units of the step."""
    lengths = np.where(np.isfinite(x), np.maximum(1, np.abs(x)), 1)
    if x.size <= SMALL:
        for index in np.ndindex(x.shape):
            direction = np.zeros(x.shape)
            direction[index] = 1
            yield f"{list(index) or ''}", direction, float(lengths[index])
    else:
        for k in range(DIRECTIONS):
            signs = rng.choice([-1.0, 1.0], x.shape)
            yield f" along random {k}", signs * lengths / math.sqrt(x.size), 1.0


def _row(argument: str, entries: Sequence[Entry], atol: float, rtol: float) -> Row:
    finite = [abs(e.expected) for e in entries if math.isfinite(e.expected)]
    floor = max(FLOOR * max(finite, default=0.0), atol / rtol if rtol else 0.0)

    def relative(e: Entry) -> float:
        size = max(abs(e.expected), floor) if math.isfinite(e.expected) else floor
        return e.error and (e.error / size if size else math.inf)

    def fails(e: Entry) -> bool:
        return not (e.error <= atol or relative(e) <= rtol)

    ordered = sorted(entries, key=relative, reverse=True)
    worst = [e for e in ordered if fails(e)]
    absolute = max((e.error for e in entries), default=0.0)
    largest = max(map(relative, entries), default=0.0)
    return Row(argument, absolute, largest, rtol, not worst, tuple(worst[:WORST]))


def _misfit(leaf: np.ndarray, gradient: Any) -> str:
    """What is wrong with the kind of a gradient, if anything."""
    if gradient is None:
        return "there is no gradient"
    if np.shape(gradient) != leaf.shape:
        return f"the gradient has shape {np.shape(gradient)}, the argument {leaf.shape}"
    dtype = np.asarray(gradient).dtype
    if dtype != leaf.dtype:
        return f"the gradient has dtype {dtype}, the argument {leaf.dtype}"
    return ""

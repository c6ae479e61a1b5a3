"""One program, all that must hold: value, reverse mode, forward mode, both targets, differences."""

from __future__ import annotations

import itertools
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import hypothesis
import jax
import numpy as np
from backprose.transform.arguments import spec_of
from backprose.transform.emitted import Emitted
from backprose.transform.errors import BackproseError, NoRuleError, RefusedError
from backprose.transform.load import load
from backprose.transform.pipeline import derive
from backprose.transform.request import Request
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider

from programs.loop_programs_random import ALL_FEATURES, RandomProgram, programs

WRT = ("a", "b", "c")
CLEARED_AFTER = (
    20  # programs: what XLA has compiled stays in memory maps, of which a process has 65,530
)
_checked = itertools.count(1)


class SeedAlone(HypothesisProvider):
    """Draws by the seed alone. Hypothesis's own also draws the constants of whatever modules are imported."""

    def _maybe_draw_constant(self, choice_type, constraints, *, p=0.05):
        return None


AVAILABLE_PROVIDERS["seed-alone"] = f"{__name__}.SeedAlone"


class Mismatch(AssertionError):
    """A derivative is wrong, or none came out."""


@dataclass(frozen=True)
class Outcome:
    """What became of a program: "checked" or "refused", why, and whether differences were compared."""

    status: str
    message: str = ""
    smooth: bool = True


def copies(arguments) -> list:
    return [np.copy(x) if np.ndim(x) else x for x in arguments]


def differences(function: Callable, arguments, directions) -> tuple[float, bool]:
    """The derivative along the directions, and whether the point is smooth: no kink, no jump near it."""

    def at(step: float) -> float:
        moved = [x + step * u for x, u in zip(arguments, directions, strict=True)]
        return float(function(*moved))

    here = at(0.0)
    central, apart = [], []
    for step in (1e-5, 1e-6):
        right, left = (at(step) - here) / step, (here - at(-step)) / step
        central.append((right + left) / 2)
        apart.append(abs(right - left))
    scale = max(1.0, abs(here), abs(central[1]))
    # One-sided derivatives differ by the second derivative times the step, or by a kink.
    kink = apart[1] > 0.3 * apart[0] + 1e-7 * scale
    return central[1], not kink and abs(central[0] - central[1]) <= 1e-6 * scale


def sensitivity(function: Callable, arguments, value: float) -> float:
    """What rounding may do to the value: a random program may square numbers until their sine is mere chance.

    The change of the value where the arguments change by a few units in the last place.
    """
    rng = np.random.default_rng(1)
    moved = [x * (1 + 1e-15 * rng.choice([-4, 4], size=np.shape(x))) for x in arguments]
    return abs(float(function(*moved)) - float(value))


def _short(error: Exception) -> str:
    """The error with the places that it came through last."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = "\n".join(f"    {f.filename}:{f.lineno} in {f.name}" for f in reversed(frames))
    return f"{type(error).__name__}: {str(error)[:200]}\n{places}"


def check_program(text: str, arguments, targets=("numpy", "jax")) -> Outcome:
    """Compare the derivatives of `f(a, b, c)` with each other, with NumPy and with differences.

    Refusals are no failure: they are reported, and what was not refused is checked all the same.
    """
    if next(_checked) % CLEARED_AFTER == 0:
        jax.clear_caches()
    function = load(Emitted(text, "f"))
    specs = dict(zip(WRT, map(spec_of, arguments), strict=True))
    expected = function(*copies(arguments))
    rng = np.random.default_rng(0)
    directions = [
        rng.normal(size=np.shape(x)) if np.ndim(x) else np.float64(rng.normal()) for x in arguments
    ]
    reference, smooth = differences(function, arguments, directions)
    noise = sensitivity(function, arguments, expected)
    along: dict[str, float] = {}  # the derivative along the directions that each target finds
    refusals: list[str] = []

    def require(condition, what: str) -> None:
        if not condition:
            raise Mismatch(f"{what}\n{text}\n# arguments: {arguments!r}")

    def run(mode: str, target: str, extra=()):
        """What a derivative gives for the arguments, which it leaves alone; None if it is refused."""
        request = Request(function, specs, WRT, mode, target=target, single=False)
        try:
            derivative = derive(request).function
        except (RefusedError, NoRuleError) as error:
            refusals.append(error.message)
            return None
        except Exception as error:
            if isinstance(error, BackproseError):
                raise Mismatch(f"{mode}, {target}: {error!s}\n{text}") from error
            raise Mismatch(f"{mode}, {target}: internal {_short(error)}\n{text}") from error
        if target == "jax":
            derivative = jax.jit(derivative)
        given = copies(arguments)
        try:
            with np.errstate(divide="ignore", invalid="ignore"):  # of what is not read
                value, derivatives = derivative(*given, *extra)
        except Exception as error:
            said = f"{mode}, {target}: the derivative raises {_short(error)}"
            raise Mismatch(f"{said}\n{text}") from error
        for x, y in zip(given, arguments, strict=True):
            require(np.array_equal(x, y), f"{mode}, {target}: an argument is changed")
        require(
            np.ndim(value) == 0 and np.isclose(value, expected, rtol=1e-10, atol=1e-10 + noise),
            f"{mode}, {target}: the value is {value}, not {expected}",
        )
        return derivatives

    with jax.enable_x64(True):
        for target in targets:
            gradients = run("value_and_grad", target)
            tangent = run("jvp", target, directions)
            scale = max(1.0, abs(reference)) if smooth else 1.0
            if gradients is not None:
                for name, g, x in zip(WRT, gradients, arguments, strict=True):
                    require(
                        np.shape(g) == np.shape(x), f"{target}: d{name} has shape {np.shape(g)}"
                    )
                    scale = max(scale, float(np.max(np.abs(g), initial=0)))
                pairs = zip(gradients, directions, strict=True)
                along[target] = sum(float(np.sum(np.asarray(g) * u)) for g, u in pairs)
                require(np.isfinite(along[target]), f"{target}: the gradient is {gradients}")
            if tangent is not None:
                other = along.setdefault(target, float(tangent))
                require(
                    abs(float(tangent) - other) <= 1e-9 * scale,
                    f"{target}: forward mode gives {float(tangent)}, reverse mode {other}",
                )
            if smooth and target in along:
                require(
                    abs(along[target] - reference) <= 1e-5 * scale,
                    f"{target}: the derivative is {along[target]}, by differences {reference}",
                )
    if len(along) == 2:
        (one, x), (two, y) = along.items()
        require(abs(x - y) <= 1e-9 * max(1.0, abs(x), scale), f"{one} gives {x}, {two} gives {y}")
    status = "refused" if refusals else "checked"
    return Outcome(status, refusals[0] if refusals else "", smooth)


@dataclass(frozen=True)
class Found:
    """The program of a seed and what became of it; if it failed, a smaller one that fails too."""

    program: RandomProgram
    outcome: Outcome | None
    error: Exception | None = None


def check_seed(
    seed: int,
    features: frozenset[str] = ALL_FEATURES,
    check: Callable[[str, tuple], Outcome] = check_program,
    shrink: bool = True,
) -> Found:
    """Draw the program of a seed, check it, and shrink it if it fails."""
    seen: list[RandomProgram] = []
    outcomes: list[Outcome] = []

    # Hypothesis begins with the simplest program, goes on with a random one, and would then vary that.
    @hypothesis.seed(seed)
    @settings(
        max_examples=2,
        deadline=None,
        database=None,
        phases=[Phase.generate, *[Phase.shrink] * shrink],
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
        backend="seed-alone",
    )
    @given(programs(features))
    def run(program: RandomProgram) -> None:
        seen.append(program)
        if len(seen) > 1:
            outcomes.append(check(program.text, program.arguments))

    try:
        run()
    except Exception as error:  # of the smallest program, which ran last
        return Found(seen[-1], None, error)
    return Found(seen[-1], outcomes[-1])

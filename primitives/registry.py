"""Where the derivative rules are kept, and the decorators that add one.

A rule is an ordinary function over NumPy's names; its body goes through the compiler's own front end and is
inlined, so that what is written here is what a user reads in the emitted source. Its parameters after `dy`
and `y` are those of the differentiated function; keywords that they leave out are refused by name.

    kind                 the rule gives
    elementwise          one partial derivative per array argument; serves both modes
    scaled               the same, times the incoming derivative `d`: for quotients and choices
    linear               the adjoint; the tangent is the function itself
    multilinear          the adjoint; the tangent is the function in each argument in turn
    composed             the function itself, of functions that have rules; serves both modes
    adjoint (+ tangent)  one expression per array argument, for each mode
    nondifferentiable    nothing: the result is an integer, a bool, or piecewise constant
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import jax.numpy as jnp
import numpy as np

from .names import OURS, jax_twin, name_of

ELEMENTWISE, SCALED, LINEAR, MULTILINEAR, COMPOSED, GENERAL, NONDIFFERENTIABLE = (
    "elementwise",
    "scaled",
    "linear",
    "multilinear",
    "composed",
    "general",
    "nondifferentiable",
)


MISSING = "missing"  # returned by a rule for an argument that it has no derivative for: JAX's own is used, if any


@dataclass(frozen=True, slots=True)
class Draw:
    """A random array for the registry test: its shape, and the set that it is drawn from."""

    shape: tuple[int, ...]
    domain: Any = "real"


@dataclass(frozen=True, slots=True)
class Sample:
    """One call that the registry test differentiates; `has_twin` says that JAX has it, too."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    has_twin: bool = True

    def without_twin(self) -> Sample:
        """The sample of what JAX lacks: the test compares it with differences alone."""
        return replace(self, has_twin=False)


def real(*shape: int) -> Draw:
    """Normal deviates."""
    return Draw(shape, "real")


def draw(domain: Any, *shape: int) -> Draw:
    """Deviates from a domain: "real", "positive", "spd", "bool", or an interval `(low, high)`."""
    return Draw(shape, domain)


def call(*args: Any, **kwargs: Any) -> Sample:
    """A sample call."""
    return Sample(args, kwargs)


@dataclass(eq=False)
class Primitive:
    """A function with a rule.

    `dtype` says what NumPy answers: "ufunc" (its own resolution), "promote" (the arguments' common type),
    "sum" (small integers widen), "float" (integers become float64), or a callable of JAX's dtype and the arguments'.
    `wrt` are the array parameters, `lists` those that take a list of arrays, `numbers` those that take a list of
    numbers, which JAX wants as an array, `integers` those that may be computed. `numpy` writes a function of JAX's in
    NumPy's; `views` says that NumPy's result shares its argument's memory, always or by its keywords; `complex` that
    the rule holds for complex numbers, `real_only` that JAX's function does not take them as NumPy's does. `like`
    is a function whose result has the same shape, where JAX does not have the function. `optional` are array
    parameters that may be left out, each with NumPy's other name for it.
    """

    function: Callable
    name: str
    kind: str
    signature: inspect.Signature
    wrt: tuple[str, ...]
    dtype: Any = "promote"
    adjoint: Callable | None = None
    tangent: Callable | None = None
    jax: Callable | None = None
    numpy: Callable | None = None
    views: bool | Callable[..., bool] = False
    lists: tuple[str, ...] = ("arrays",)
    numbers: tuple[str, ...] = ()
    integers: tuple[str, ...] = ()
    samples: Sequence[Sample] = ()
    hint: str = ""
    complex: bool = False
    real_only: bool = False
    like: Callable | None = None
    optional: dict[str, str] = field(default_factory=dict)

    def bind(self, args: tuple, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Arguments by parameter name; TypeError for a keyword that the rule does not know."""
        return dict(self.signature.bind(*args, **kwargs).arguments)


# Modules that take long to import: their rules are loaded when one of their functions is met.
LATE = {
    "scipy.stats": (".stats", ".stats_tails", ".stats_families", ".stats_counts"),
    "scipy.ndimage": (".ndimage",),
}
_REGISTRY: dict[Callable, Primitive] = {}
_TWINS: dict[Callable, Callable] = {}


def lookup(function: Any) -> Primitive | None:
    """The rule of a NumPy or jax.numpy function, if it has one."""
    module = getattr(function, "__module__", None) or ""
    for prefix, files in LATE.items():
        if module.replace("jax._src.", "").startswith(prefix):
            load(files)
    try:
        return _REGISTRY.get(function) or _REGISTRY.get(_TWINS.get(function, None))  # type: ignore[arg-type]
    except TypeError:  # not hashable, so not a function that anybody registered
        return None


def is_elementwise(function: Any) -> bool:
    """Whether a function works on each element alone."""
    found = lookup(function)
    return found is not None and (found.kind == ELEMENTWISE or found.dtype == "ufunc")


def registered() -> tuple[Primitive, ...]:
    """Every rule, in the order of registration."""
    for files in LATE.values():
        load(files)
    return registered_now()


def load(files: Sequence[str]) -> None:
    """Import files with rules; while one is being imported, it may ask for rules of its own."""
    for file in files:
        importlib.import_module(file, __package__)


def registered_now() -> tuple[Primitive, ...]:
    """The rules that have been loaded so far."""
    return tuple(_REGISTRY.values())


def register(
    function: Callable,
    kind: str,
    rule: Callable | None,
    *,
    skip: int,
    dtype: Any = "promote",
    wrt: Sequence[str] | None = None,
    samples: Sequence[Sample] = (),
    jax: Callable | None = None,
    numpy: Callable | None = None,
    inline: bool = False,
    views: bool | Callable[..., bool] = False,
    lists: Sequence[str] = ("arrays",),
    numbers: Sequence[str] = (),
    integers: Sequence[str] = (),
    signature: Callable | None = None,
    hint: str = "",
    like: Callable | None = None,
    optional: dict[str, str] | None = None,
) -> Primitive:
    """Add a function to the registry; the decorators below are the friendlier way in."""
    model = signature or rule
    if model is None:
        raise TypeError(f"{name_of(function)}: a rule or a signature is needed")
    params = list(inspect.signature(model).parameters.values())[0 if signature else skip :]
    if wrt is None:
        wrt = [p.name for p in params if p.default is p.empty]
    primitive = Primitive(
        function=function,
        name=name_of(function),
        kind=kind,
        signature=inspect.Signature(params),
        wrt=tuple(wrt),
        dtype=dtype,
        adjoint=rule,
        jax=None if inline else jax or jax_twin(function),
        numpy=numpy or (rule if kind == COMPOSED else None),
        views=views,
        lists=tuple(lists),
        numbers=tuple(numbers),
        integers=tuple(integers),
        samples=tuple(samples),
        hint=hint,
        like=like,
        optional=optional or {},
    )
    _REGISTRY[function] = primitive
    twin = jax_twin(function)
    if twin is not None and twin is not function and not inline:  # else JAX's means something else
        _TWINS[twin] = function
    if jax is not None and getattr(jax, "__module__", "").startswith(OURS):
        _TWINS[jax] = function
    return primitive


def array_params(primitive: Primitive, count: int = 0) -> list[str]:
    """The parameters that a rule's results belong to, in order: those without a default.

    One that takes any number of arrays is named so often that there are `count`.
    """
    params = primitive.signature.parameters.values()
    names = [p.name for p in params if p.default is p.empty]
    many = variadic(primitive)
    if many is not None:
        names += [many] * (count - len(names))
        return names[:count] if count else names
    return names


def variadic(primitive: Primitive) -> str | None:
    """The parameter that takes any number of arrays, if there is one: `operands` of `np.einsum`."""
    found = (p.name for p in primitive.signature.parameters.values() if p.kind is p.VAR_POSITIONAL)
    return next(found, None)


def alias(function: Callable, of: Callable) -> None:
    """Say that `function` is another name of a registered one: `math.exp` of `np.exp`."""
    _TWINS[function] = of


def register_twins() -> None:
    """Let every name that jax.numpy has for a function of NumPy's lead to its rule: `jnp.abs`, `jnp.acos`."""
    for ours, theirs in ((np, jnp), (np.linalg, jnp.linalg), (np.fft, jnp.fft)):
        for name in dir(ours):
            function, twin = getattr(ours, name), getattr(theirs, name, None)
            if callable(function) and callable(twin) and lookup(twin) is None:
                found = lookup(function)
                if found is not None and found.jax is not None:
                    alias(twin, found.function)


def elementwise(
    function: Callable,
    *,
    domain: Any = None,
    samples: Sequence[Sample] = (),
    hint: str = "",
    dtype: Any = "ufunc",
    **options: Any,
) -> Any:
    """The rule returns the partial derivative with respect to each argument, given `y` and the arguments.

    `domain` is the set, or one per argument, that the registry test draws from.

    >>> @elementwise(np.tanh, domain="real")
    ... def tanh(y, x):
    ...     return 1 - y**2
    """

    def add(rule: Callable) -> Callable:
        own = [*samples, *_elementwise_samples(len(inspect.signature(rule).parameters) - 1, domain)]
        register(
            function, ELEMENTWISE, rule, skip=1, dtype=dtype, samples=own, hint=hint, **options
        )
        return rule

    return add


def scaled(
    function: Callable,
    *,
    domain: Any = None,
    samples: Sequence[Sample] = (),
    dtype: Any = "ufunc",
    **options: Any,
) -> Any:
    """The rule `(d, y, *args)` returns `d` times the partial derivative with respect to each argument.

    For elementwise functions whose derivative reads better so: `d / x`, `np.where(test, d, 0)`. `d` is the
    adjoint of `y` in reverse mode and the tangent of the argument in forward mode.
    """

    def add(rule: Callable) -> Callable:
        own = [*samples, *_elementwise_samples(len(inspect.signature(rule).parameters) - 2, domain)]
        register(function, SCALED, rule, skip=2, dtype=dtype, samples=own, **options)
        return rule

    return add


def _elementwise_samples(count: int, domain: Any) -> list[Sample]:
    if domain is None:
        return []
    domains = domain if isinstance(domain, list) else [domain] * count
    shapes: list[list[tuple[int, ...]]] = [[(3, 4)] * count, [()] * count, [(0, 2)] * count]
    if count == 3:
        shapes += [[(3, 4), (4,), ()]]
    if count == 2:
        shapes += [[(3, 4), (4,)], [(3, 1), (1, 4)], [(3, 4), ()], [(1,), (3, 4)]]
    return [
        Sample(tuple(Draw(s, d) for s, d in zip(each, domains, strict=True))) for each in shapes
    ]


def linear(function: Callable, **options: Any) -> Any:
    """The rule `(dy, y, x, ...)` returns the adjoint of `x`; the function is linear in `x`."""

    def add(rule: Callable) -> Callable:
        first = list(inspect.signature(rule).parameters)[2]
        register(function, LINEAR, rule, skip=2, **{"wrt": [first], **options})
        return rule

    return add


def multilinear(function: Callable, **options: Any) -> Any:
    """The rule `(dy, y, a, b, ...)` returns an adjoint for each argument; the function is linear in each."""

    def add(rule: Callable) -> Callable:
        register(function, MULTILINEAR, rule, skip=2, **options)
        return rule

    return add


def adjoint(function: Callable, **options: Any) -> Any:
    """The rule `(dy, y, *args)` returns an adjoint for each array argument."""

    def add(rule: Callable) -> Callable:
        register(function, GENERAL, rule, skip=2, **options)
        return rule

    return add


def tangent(function: Callable) -> Any:
    """The rule `(x_dot, ..., y, x, ...)` returns the tangent's part for each array argument; they are added."""

    def add(rule: Callable) -> Callable:
        _REGISTRY[function].tangent = rule
        return rule

    return add


def composed(function: Callable, **options: Any) -> Any:
    """The rule is the function itself, of functions that have rules; the derivative is taken through its body.

    The user's call stays as it is: only the derivative is written in the other functions. With `inline=True`, or where
    JAX does not have the function, they stand in place of the call.

    >>> @composed(np.ptp, samples=[call(real(3, 4))])
    ... def ptp(x, axis=None):
    ...     return np.max(x, axis=axis) - np.min(x, axis=axis)
    """

    def add(rule: Callable) -> Callable:
        first = list(inspect.signature(rule).parameters)[0]
        register(function, COMPOSED, rule, skip=0, **{"wrt": [first], **options})
        return rule

    return add


def nondifferentiable(function: Callable, signature: Callable, **options: Any) -> Primitive:
    """The derivative is zero wherever there is one: comparisons, `argmax`, `floor`, `sign`, `zeros`.

    `signature` is a function, usually a lambda, with the parameters that are supported.
    """
    if options.get("dtype") == "jax":  # made from nothing: the parameters are sizes
        options.setdefault("wrt", [])
    return register(function, NONDIFFERENTIABLE, None, skip=0, signature=signature, **options)


def double(*dtypes: Any) -> np.dtype:
    """For functions of SciPy's that work in float64, whatever they are given."""
    return np.dtype(float)


def holds_for_complex(*functions: Callable) -> None:
    """Say that the rules of functions hold for complex numbers: they are holomorphic, or linear, or say otherwise.

    The convention is JAX's and HIPS autograd's: an adjoint is the transpose, without a conjugate, so that the gradient
    of a real function of `z = x + i y` is `df/dx - i df/dy`.
    """
    for function in functions:
        _REGISTRY[function].complex = True


def real_only(*functions: Callable) -> None:
    """Say that complex arguments are refused: JAX's functions have another value for them, or none."""
    for function in functions:
        _REGISTRY[function].real_only = True

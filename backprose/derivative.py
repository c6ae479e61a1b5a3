"""`grad` and its kin: derivatives as callables that carry their own source."""

from __future__ import annotations

import functools
import inspect
import os
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from .batched import in_64_bits
from .cache import Cache
from .files import refuse_sources, write_whole
from .functions import Argnums, argument_names, bound_arguments, plain_function
from .specialisation import Specialisation
from .tracebacks import shortened
from .transform.arguments import ArraySpec, Spec, TreeSpec, spec_of
from .transform.errors import ArgumentError
from .transform.options import LoopOptions

if TYPE_CHECKING:
    from .transform.request import Derived


class Derivative:
    """A derivative of a function: callable, compiled once for each kind of arguments, with readable source.

    Made by `grad` and `value_and_grad`:

    >>> import numpy as np
    >>> from backprose import grad
    >>> f = grad(lambda x: np.sum(x**2))
    >>> f
    <backprose.grad of <lambda> with respect to x>
    >>> "dx = 2 * x" in f.source_for(np.ones(3))
    True

    Calling it with NumPy arrays gives NumPy arrays, with JAX arrays (also
    while JAX traces) JAX arrays.
    """

    def __init__(
        self,
        function: Callable,
        mode: str,
        argnums: Argnums = 0,
        has_aux: bool = False,
        target: str = "jax",
        jit: bool = True,
        loops: LoopOptions | None = None,
    ):
        if target not in ("jax", "numpy"):
            raise ArgumentError(f"target must be 'jax' or 'numpy', not {target!r}")
        self.primal = function
        self.mode, self.argnums, self.has_aux = mode, argnums, has_aux
        self.target, self.jit = target, jit and target == "jax"
        self.loops = loops or LoopOptions()
        self._function = plain_function(function)
        self._signature = inspect.signature(self._function, follow_wrapped=False)
        self._wrt = argument_names(argnums, self._signature)
        self._cache = Cache()
        self._last: Derived | None = None
        functools.update_wrapper(self, self._function)

    @shortened
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The derivative at the given arguments."""
        return in_64_bits(self._run, args, kwargs)

    def _run(self, *args: Any, **kwargs: Any) -> Any:
        values, specs = self._bind(args, kwargs)
        return self._specialised(specs).run(values)

    @property
    def source(self) -> str:
        """The emitted text of the specialisation that was used last.

        Raises `ArgumentError` before the first call; `source_for` needs none.
        """
        if self._last is None:
            raise ArgumentError(
                f"no source yet: {self._function.__name__} has not been called",
                remedy="call it, or use source_for(*args)",
            )
        return self._last.emitted.text

    @shortened
    def source_for(self, *args: Any, **kwargs: Any) -> str:
        """The text emitted for arguments like these. Nothing is compiled or run."""
        return self.derived_for(*args, **kwargs).emitted.text

    @shortened
    def derived_for(self, *args: Any, **kwargs: Any) -> Derived:
        """The derivative for arguments like these: text, function, intermediate forms."""
        return self._specialised(self._bind(args, kwargs)[1]).derived

    @shortened
    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the last specialisation to a file, as a module of its own.

        It needs jax (or numpy and scipy), and `backprose.special` or `backprose.linalg` where JAX lacks a function.

        The file is written whole or not at all. What the module is called with has to have the shapes in its first
        lines; it raises `ValueError` for others. Raises `ArgumentError` where the text depends on a large global array,
        which a module cannot hold, and where the file is that of the function, or of one that it calls.
        """
        _ = self.source
        assert self._last is not None
        emitted = self._last.emitted
        if emitted.constants:
            names = ", ".join(emitted.constants)
            raise ArgumentError(
                f"the text reads large global arrays ({names}), which a saved module cannot hold",
                remedy="pass them as arguments",
            )
        refuse_sources(Path(path), self._last.sources)
        write_whole(Path(path), emitted.standalone(self.target))

    def source_function(self, args: list[Any], kwargs: dict[str, Any]) -> Callable:
        """The emitted function for arguments of given types, so that it can be differentiated again."""
        from .transform.values import Array, Known, Struct

        def spec(value: Any) -> Spec:
            if isinstance(value, Array):
                return ArraySpec(value.type, value.scalar)
            if isinstance(value, Struct):
                keys = value.keys or tuple(range(len(value.items)))
                return TreeSpec(value.kind, keys, tuple(map(spec, value.items)))
            assert isinstance(value, Known)
            return spec_of(value.value)

        bound = self._signature.bind(*args, **kwargs)
        specs = {name: spec(value) for name, value in bound.arguments.items()}
        for name, param in self._signature.parameters.items():
            if name not in specs and param.default is not param.empty:
                specs[name] = spec_of(param.default, name)
        return self._specialised(specs).derived.function

    def __repr__(self) -> str:
        names = self._wrt[0] if isinstance(self.argnums, int | str) else f"({', '.join(self._wrt)})"
        return f"<backprose.{self.mode} of {self._function.__name__} with respect to {names}>"

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def _bind(self, args: tuple, kwargs: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Spec]]:
        return bound_arguments(self._function, self._signature, args, kwargs)

    def _specialised(self, specs: dict[str, Spec]) -> Specialisation:
        def make() -> Specialisation:
            from .transform.pipeline import derive  # the compiler, which takes a second to load
            from .transform.request import Request

            single = not isinstance(self.argnums, Sequence) or isinstance(self.argnums, str)
            request = Request(
                self._function,
                specs,
                self._wrt,
                self.mode,
                self.has_aux,
                self.target,
                single,
                self.loops,
            )
            return Specialisation(derive(request), specs, self._signature, self.jit, self.target)

        found = self._cache.get(specs, make, lambda s: s.derived.is_current())
        self._last = found.derived
        return found


@overload
def grad(
    function: Callable,
    argnums: Argnums = ...,
    *,
    has_aux: bool = ...,
    target: str = ...,
    jit: bool = ...,
    max_steps: int | None = ...,
    checkpoint: str | int | None = ...,
    reassociate: bool = ...,
) -> Derivative: ...
@overload
def grad(
    function: None = None,
    argnums: Argnums = ...,
    *,
    has_aux: bool = ...,
    target: str = ...,
    jit: bool = ...,
    max_steps: int | None = ...,
    checkpoint: str | int | None = ...,
    reassociate: bool = ...,
) -> Callable[[Callable], Derivative]: ...
def grad(
    function: Callable | None = None,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    target: str = "jax",
    jit: bool = True,
    max_steps: int | None = None,
    checkpoint: str | int | None = None,
    reassociate: bool = True,
) -> Any:
    """The gradient of a function of NumPy arrays that returns a real scalar.

    Works as `@grad`, `@grad(argnums=...)` and `grad(f, argnums=...)`.

    Args:
        function: a plain Python function. Its source must be readable; so must that of the functions it calls.
        argnums: which arguments, by position or by name; one (the result is one gradient) or several (a tuple).
        has_aux: the function returns `(value, aux)`; the result is then `(gradient, aux)`.
        target: "jax" (compiled) or "numpy" (plain NumPy text).
        jit: False runs the emitted code eagerly.
        max_steps: the most iterations of any `while` loop. Compiled code then saves what each iteration computes,
            in arrays of that length, instead of computing iterations again from checkpoints: faster, for more
            memory. Where a loop runs longer, the gradient is NaN. Plain NumPy text needs no bound.
        checkpoint: what compiled code saves of a `for` loop for its adjoint. "all": what each iteration computes;
            "sqrt": the state after every so many iterations, which are then computed again, in memory that grows with
            the square root of their number; a number: so many states, at as many levels as it takes. By default
            "all", unless a loop would save more than 1 GiB.
        reassociate: False keeps the order of all sums. By default what a backward loop adds up outer product by
            outer product is one matrix product behind it, rounded differently; a comment says so.

    Returns:
        A `Derivative`. Its result has the structure, shapes and dtypes of the chosen arguments.

    Raises:
        ArgumentError: for arguments that cannot be differentiated or do not fit.
        RefusedError: for Python or NumPy that is not supported, with its place in the source.

    >>> import numpy as np
    >>> from backprose import grad
    >>> def half_norm(x):
    ...     return 0.5 * np.sum(x**2)
    >>> grad(half_norm)(np.array([1.0, 2.0]))
    array([1., 2.])
    """
    loops = LoopOptions(max_steps, checkpoint, reassociate)
    return _make("grad", function, argnums, has_aux, target, jit, loops)


def value_and_grad(
    function: Callable | None = None,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    target: str = "jax",
    jit: bool = True,
    max_steps: int | None = None,
    checkpoint: str | int | None = None,
    reassociate: bool = True,
) -> Any:
    """Like `grad`, with the value: the result is `(value, gradient)`, or `((value, aux), gradient)`.

    It is what `scipy.optimize.minimize(..., jac=True)` takes.

    >>> import numpy as np
    >>> from backprose import value_and_grad
    >>> def half_norm(x):
    ...     return 0.5 * np.sum(x**2)
    >>> value, gradient = value_and_grad(half_norm)(np.array([1.0, 2.0]))
    >>> float(value), gradient
    (2.5, array([1., 2.]))
    """
    loops = LoopOptions(max_steps, checkpoint, reassociate)
    return _make("value_and_grad", function, argnums, has_aux, target, jit, loops)


def _make(
    mode: str,
    function: Callable | None,
    argnums: Argnums,
    has_aux: bool,
    target: str,
    jit: bool,
    loops: LoopOptions,
) -> Any:
    if function is None:
        return lambda f: Derivative(f, mode, argnums, has_aux, target, jit, loops)
    return Derivative(function, mode, argnums, has_aux, target, jit, loops)

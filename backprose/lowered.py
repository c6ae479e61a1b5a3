"""`lower`: a plain function, compiled, which takes its place in a larger program of JAX's."""

from __future__ import annotations

import functools
import inspect
import itertools
import types
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from .batched import in_64_bits
from .cache import Cache
from .functions import bound_arguments, plain_function
from .operation import primal
from .specialisation import Specialisation, own_array
from .tracebacks import shortened
from .transform.arguments import Spec, leaf_count, leaves, rebuild
from .transform.errors import ArgumentError
from .transform.operands import Var
from .transform.options import LoopOptions
from .transform.pipeline import derive
from .transform.request import Derived, Request
from .transform.specialise import Given
from .transform.values import Array, Known, Storage, Struct, Value


class Lowered:
    """A function compiled for JAX; made by `lower`.

    >>> import numpy as np
    >>> from backprose import lower
    >>> lower(lambda x: np.sum(x**2))
    <backprose.lower of <lambda>>
    """

    def __init__(self, function: Callable, loops: LoopOptions | None = None):
        self.lowered = plain_function(function)
        self.loops = loops or LoopOptions()
        self._signature = inspect.signature(self.lowered, follow_wrapped=False)
        self._cache = Cache()
        self._last: Derived | None = None
        functools.update_wrapper(self, self.lowered)

    @shortened
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the function returns. NumPy arrays that it changes in place are changed.

        Raises `ArgumentError` where it changes an array of JAX's, which nothing can: `pure` gives its new value.
        """
        return in_64_bits(self._run, args, kwargs)

    def _run(self, *args: Any, **kwargs: Any) -> Any:
        values, specs = bound_arguments(self.lowered, self._signature, args, kwargs)
        maps = self._specialised(specs)
        for name in maps.changed:
            if any(isinstance(leaf, jax.Array) for leaf in leaves(values[name], specs[name])):
                raise ArgumentError(
                    f"{self.lowered.__name__} changes {name!r} in place, and an array of JAX's cannot be changed",
                    remedy="use .pure(...), which returns its new value",
                )
        found = maps.outputs_of(values)
        owners = dict(maps.owners(values))
        state = maps.derived.structure(found)[1]
        for name, now in state.items():
            leave(values[name], now, maps.derived.objects[name], maps.state[name], owners)
        kept = [
            owners.get(a.storage, y) if a.view is None else y
            for a, y in zip(maps.arrays, found, strict=True)
        ]
        return maps.derived.structure(kept)[0]

    @shortened
    def pure(self, *args: Any, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        """What the function returns, and the new values of the arguments that it changes in place, by name.

        Nothing is changed, so that it goes with `jax.jit`, `jax.grad`, `jax.vmap`.

        >>> import numpy as np
        >>> from backprose import lower
        >>> def double(x):
        ...     x *= 2
        ...     return x.sum()
        >>> x = np.ones(3)
        >>> lower(double).pure(x)
        (np.float64(6.0), {'x': array([2., 2., 2.])})
        >>> x
        array([1., 1., 1.])
        """
        values, specs = bound_arguments(self.lowered, self._signature, args, kwargs)
        maps = self._specialised(specs)
        result, state = maps.derived.structure(maps.outputs_of(values))
        return result, dict(state)

    @property
    def source(self) -> str:
        """The text for JAX of the specialisation that was used last. Raises `ArgumentError` before the first call."""
        if self._last is None:
            raise ArgumentError(
                f"no source yet: {self.lowered.__name__} has not been called",
                remedy="call it, or use source_for(*args)",
            )
        return self._last.emitted.text

    @shortened
    def source_for(self, *args: Any, **kwargs: Any) -> str:
        """The text for arguments like these. Nothing is compiled or run."""
        specs = bound_arguments(self.lowered, self._signature, args, kwargs)[1]
        return self._specialised(specs).derived.emitted.text

    def __repr__(self) -> str:
        return f"<backprose.lower of {self.lowered.__name__}>"

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def _specialised(self, specs: dict[str, Spec]) -> _Maps:
        def make() -> _Maps:
            request = Request(
                self.lowered, specs, (), "primal", single=False, loops=self.loops, state=True
            )
            return _Maps(request, self._signature)

        found = self._cache.get(specs, make, lambda maps: maps.derived.is_current())
        self._last = found.derived
        return found


def truncating(method: Callable) -> Callable:
    """Emitted text asks for NumPy's dtypes; where JAX has no 64-bit numbers, it gets 32 bits without a warning."""

    @functools.wraps(method)
    def quiet(*args: Any) -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Explicitly requested dtype", UserWarning)
            return method(*args)

    return quiet


class _Maps(Specialisation):
    """A function of given kinds of arguments, and its derivatives as they are asked for (`operation.Maps`).

    Its outputs are the arrays of the result and of the state, which `state` describes.
    """

    def __init__(self, request: Request, signature: inspect.Signature):
        super().__init__(derive(request), dict(request.specs), signature, False, "jax")
        self.request = request
        self.arrays = list(_arrays(self.derived.result))
        self.outputs = len(self.arrays)
        self.inexact = tuple(k for k, array in enumerate(self.arrays) if array.type.inexact)
        state = _second(self.derived.result)
        self.state = dict(state.entries()) if isinstance(state, Struct) else {}
        self.changed = tuple(self.state)
        numbers = itertools.count()
        self.positions = {
            name: [next(numbers) for _ in range(leaf_count(spec))]
            for name, spec in self.specs.items()
        }
        self._derivatives: dict[tuple[str, tuple[str, ...]], Derived] = {}

    # --- the maps ---

    @truncating
    def primal(self, xs: Sequence[Any]) -> list[Any]:
        return list(map(jnp.asarray, self.call(list(xs))))

    @truncating
    def tangent(self, wrt: tuple[int, ...], xs: Sequence[Any], us: Sequence[Any]) -> list[Any]:
        names, derived = self._derived("jvp", wrt)
        dots = dict(zip(wrt, us, strict=True))
        tangents = [dots[k] if k in dots else jnp.zeros_like(x) for k, x in enumerate(xs)]
        along = self._arguments(tangents)
        found = derived.function(*self._arguments(xs).values(), *(along[name] for name in names))
        parts = derived.arrays(found)[self.outputs :]
        return [jnp.asarray(parts[k]) for k in self.inexact]

    @truncating
    def adjoint(self, wrt: tuple[int, ...], xs: Sequence[Any], cs: Sequence[Any]) -> list[Any]:
        names, derived = self._derived("vjp", wrt)
        assert isinstance(derived.result, Struct)
        outputs = list(_arrays(derived.result.items[0]))
        seeds: dict[Var, Any] = {}  # an array that is returned twice has one
        for k, c in zip(self.inexact, cs, strict=True):
            v = outputs[k].operand
            if isinstance(v, Var):
                seeds[v] = seeds[v] + c if v in seeds else c
        found = derived.function(*self._arguments(xs).values(), *seeds.values())
        parts = iter(derived.arrays(found)[self.outputs :])
        adjoints = {k: next(parts) for name in names for k in self.positions[name]}
        return [jnp.asarray(adjoints[k]) for k in wrt]

    def _derived(self, mode: str, wrt: tuple[int, ...]) -> tuple[tuple[str, ...], Derived]:
        """The derivative with respect to the arguments that some arrays lie in, and their names."""
        names = tuple(name for name, own in self.positions.items() if set(own) & set(wrt))
        if (mode, names) not in self._derivatives:
            self._derivatives[mode, names] = derive(replace(self.request, mode=mode, wrt=names))
        return names, self._derivatives[mode, names]

    def _arguments(self, arrays: Sequence[Any]) -> dict[str, Any]:
        rest = iter(arrays)
        return {name: rebuild(spec, rest) for name, spec in self.specs.items()}

    # --- calls ---

    def outputs_of(self, values: dict[str, Any]) -> list[Any]:
        """The outputs: NumPy's arrays for NumPy's, JAX's for JAX's."""
        arrays = self.leaves(values)
        if self.derived.changed:
            self.refuse_shared(values)
        if any(isinstance(a, Tracer) for a in arrays):
            return primal(self, arrays)
        self.check_indices(arrays)
        with jax.enable_x64(True):
            found = primal(self, arrays)
        return (
            found if any(isinstance(a, jax.Array) for a in arrays) else list(map(own_array, found))
        )

    def owners(self, values: Mapping[str, Any]) -> Iterator[tuple[Storage, np.ndarray]]:
        """The memory of NumPy's arrays among the arguments, and the array that has it."""
        for name, given in self.derived.objects.items():
            yield from _owners(values[name], given)


def _owners(value: Any, given: Given) -> Iterator[tuple[Storage, np.ndarray]]:
    if isinstance(given.value, Array) and isinstance(value, np.ndarray):
        yield given.value.storage, value
    for key, item in given.items.items():
        yield from _owners(value[key], item)


def leave(
    target: Any, now: Any, before: Given, after: Value, owners: Mapping[Storage, np.ndarray]
) -> None:
    """Put into a caller's array or container what the function has left in it."""
    if isinstance(after, Array):
        target[...] = now
        return
    assert isinstance(after, Struct)
    entries = dict(after.entries())
    for key, item in entries.items():
        was = before.items.get(key)
        if was is not None and item is was.value:
            if isinstance(item, Struct) or isinstance(target[key], np.ndarray):
                leave(target[key], now[key], was, item, owners)
            continue
        if isinstance(item, Known) and was is not None and isinstance(was.value, Known):
            if item.value is was.value.value:
                continue
        found = now[key]
        if isinstance(item, Array) and item.view is None and item.storage in owners:
            found = owners[item.storage]  # it was at another place before
            found[...] = now[key]
        if isinstance(target, list) and key == len(target):
            target.append(found)
        else:
            target[key] = found
    if isinstance(target, list):
        del target[len(entries) :]
    elif isinstance(target, dict):
        for key in [key for key in target if key not in entries]:
            del target[key]


def _second(result: Value) -> Value | None:
    return result.items[1] if isinstance(result, Struct) else None


def _arrays(value: Value) -> Iterator[Array]:
    """The arrays of a result, in the order of `Derived.arrays`."""
    if isinstance(value, Array):
        yield value
    elif isinstance(value, Struct):
        for _, item in value.entries():
            yield from _arrays(item)


def lower(
    function: Callable | None = None,
    *,
    max_steps: int | None = None,
    checkpoint: str | int | None = None,
    reassociate: bool = True,
) -> Any:
    """A plain NumPy function, compiled: it takes the function's place, in NumPy's programs and in JAX's.

    Called with NumPy arrays it gives NumPy arrays (views become copies) and changes in place what the function changes.
    In a program of JAX's, `jax.grad`, `jax.jvp`, `jax.hessian` and `jax.vmap` of it use the derivatives that this
    library writes, in both modes, which keep loops linear in time. A function that changes its arguments is used there
    by `.pure`, which returns `(result, {name: new value})`. Where JAX has 64-bit numbers switched off, it
    gets 32 bits.

    Works as `@lower`, `@lower(max_steps=...)` and `lower(f)`.

    Args:
        function: a plain Python function. Its source must be readable; so must that of the functions it calls.
        max_steps, checkpoint, reassociate: for its derivatives, as in `grad`.

    Raises:
        ArgumentError: for arguments that do not fit.
        RefusedError: for Python or NumPy that is not supported, with its place in the source.

    >>> import jax
    >>> import numpy as np
    >>> from backprose import lower
    >>> @lower
    ... def decay(x, rate):
    ...     y = np.empty(3)
    ...     for i in range(3):
    ...         x = x * (1 - rate)
    ...         y[i] = x
    ...     return y
    >>> decay(8.0, 0.5)
    array([4., 2., 1.])
    >>> jax.jacfwd(decay)(8.0, 0.5)
    Array([0.5  , 0.25 , 0.125], dtype=float32)
    """
    loops = LoopOptions(max_steps, checkpoint, reassociate)
    if function is None:
        return lambda f: Lowered(f, loops)
    return Lowered(function, loops)

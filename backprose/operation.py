"""A transformed function as one operation of JAX's, with derivatives of ours in both modes, to second order, batched.

What a user's program traces is `operation_p`, bound to an `Operation`: which of a function's maps is meant, and along
which axes it is batched. With a function `f` of arrays `x`, of which those in `wrt` are active, tangents `u` and `v` of
active arrays, and adjoints `c` of its outputs:

    kind       operands   gives                            from
    primal     x          f(x)                             its text for JAX
    tangent    x, u       J(x) u                           our forward mode
    adjoint    x, c       J(x)^T c                         our reverse mode
    tangent2   x, u, v    the change of J(x) u along v     JAX's forward mode over ours
    adjoint2   x, c, v    the change of J(x)^T c along v   JAX's forward mode over our reverse mode

Second derivatives are symmetric, so that the transpose of each linear map is in the table again: `tangent` and
`adjoint` are each other's, and so are the last two, in turns.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

Arrays = list[Any]
Axes = tuple[int | None, ...]

PRIMAL, TANGENT, ADJOINT = "primal", "tangent", "adjoint"
TANGENT2, ADJOINT2 = "tangent2", "adjoint2"
X, SECOND, THIRD, OUT = range(4)  # the groups of operands, and the outputs
REMEMBERED = 512  # operations whose compiled form is kept


class Maps(Protocol):
    """A function of arrays and its derivatives; `inexact` are the outputs that have one, of `outputs`."""

    outputs: int
    inexact: tuple[int, ...]

    def primal(self, xs: Sequence[Any]) -> Arrays:
        """The outputs."""
        ...

    def tangent(self, wrt: tuple[int, ...], xs: Sequence[Any], us: Sequence[Any]) -> Arrays:
        """The tangents of the inexact outputs, along tangents of the arrays in `wrt`."""
        ...

    def adjoint(self, wrt: tuple[int, ...], xs: Sequence[Any], cs: Sequence[Any]) -> Arrays:
        """The adjoints of the arrays in `wrt`, for adjoints of the inexact outputs."""
        ...


@dataclass(frozen=True)
class Batch:
    """One `vmap`: the axis of each operand, by group, and of each output, where None stands for the sum over it."""

    size: int
    axes: tuple[Axes, ...]

    def apply(self, function: Callable[..., Arrays]) -> Callable[..., Arrays]:
        *groups, outputs = self.axes
        inputs = tuple(axis for group in groups for axis in group)
        mapped = jax.vmap(function, in_axes=inputs, axis_size=self.size)

        def batched(*operands: Any) -> Arrays:
            pairs = zip(mapped(*operands), outputs, strict=True)
            return [jnp.sum(y, axis=0) if k is None else jnp.moveaxis(y, 0, k) for y, k in pairs]

        return batched


@dataclass(frozen=True)
class Operation:
    """One of the maps of a function. `wrt` are the active arrays, `other` those of the second direction.

    `sizes` are the numbers of operands in each group and of outputs.
    """

    maps: Maps  # compared by identity
    kind: str
    wrt: tuple[int, ...]
    other: tuple[int, ...]
    sizes: tuple[int, ...]
    batches: tuple[Batch, ...] = ()

    def __call__(self, *groups: Sequence[Any]) -> Arrays:
        return operation_p.bind(*(x for group in groups for x in group), operation=self)

    def groups(self, operands: Sequence[Any]) -> list[list[Any]]:
        """The operands (or what belongs to each), group by group."""
        rest = iter(operands)
        return [[next(rest) for _ in range(count)] for count in self.sizes[:OUT]]

    def like(
        self,
        kind: str,
        *groups: tuple[int, Sequence[int] | None],
        wrt: tuple[int, ...],
        other: tuple[int, ...] = (),
    ) -> Operation:
        """Another map of the function.

        Each of its groups is one of this operation's groups, or the members of one that a sequence names.
        """

        def chosen(axes: Sequence[Any], group: tuple[int, Sequence[int] | None]) -> Axes:
            number, some = group
            return tuple(axes[number]) if some is None else tuple(axes[number][k] for k in some)

        counted = [[None] * count for count in self.sizes]
        sizes = tuple(len(chosen(counted, group)) for group in groups)
        batches = tuple(
            Batch(b.size, tuple(chosen(b.axes, g) for g in groups)) for b in self.batches
        )
        return Operation(self.maps, kind, wrt, other, sizes, batches)

    def function(self) -> Callable[..., Arrays]:
        """The map as a function of its operands, one by one."""

        def unbatched(*operands: Any) -> Arrays:
            xs, second, third = self.groups(operands)
            if self.kind == PRIMAL:
                return self.maps.primal(xs)
            of = self.maps.tangent if self.kind in (TANGENT, TANGENT2) else self.maps.adjoint
            if self.kind in (TANGENT, ADJOINT):
                return of(self.wrt, xs, second)

            def moved(*some: Any) -> Arrays:
                at = list(xs)
                for k, x in zip(self.other, some, strict=True):
                    at[k] = x
                return of(self.wrt, at, second)

            return jax.jvp(moved, tuple(xs[k] for k in self.other), tuple(third))[1]

        found: Callable[..., Arrays] = unbatched
        for batch in self.batches:
            found = batch.apply(found)
        return found


def primal(maps: Maps, xs: Sequence[Any]) -> Arrays:
    """The outputs of a function, as an operation that JAX can differentiate and batch."""
    sizes = (len(xs), 0, 0, maps.outputs)
    return Operation(maps, PRIMAL, (), (), sizes)(xs)


operation_p = Primitive("backprose")
operation_p.multiple_results = True


def _evaluated(*operands: Any, operation: Operation) -> Arrays:
    """What the operation gives, as arrays that are no Python numbers."""
    found = operation.function()(*operands)
    return [jax.lax.convert_element_type(y, jnp.result_type(y)) for y in found]


@functools.lru_cache(maxsize=REMEMBERED)
def _compiled(operation: Operation) -> Callable[..., Arrays]:
    return jax.jit(functools.partial(_evaluated, operation=operation))


@operation_p.def_impl
def _run(*operands: Any, operation: Operation) -> Arrays:
    return _compiled(operation)(*operands)


@operation_p.def_abstract_eval
def _types(*avals: Any, operation: Operation) -> list[Any]:
    return list(_outputs(operation, avals, jax.config.read("jax_enable_x64")))


@functools.lru_cache(maxsize=REMEMBERED)
def _outputs(operation: Operation, avals: tuple[Any, ...], wide: bool) -> tuple[Any, ...]:
    """The types of the outputs; `wide` says whether there are 64-bit numbers."""
    found = jax.eval_shape(functools.partial(_evaluated, operation=operation), *avals)
    return tuple(ShapedArray(y.shape, y.dtype) for y in found)


mlir.register_lowering(operation_p, mlir.lower_fun(_evaluated, multiple_results=True))


def _tangents(primals: Sequence[Any], tangents: Sequence[Any], *, operation: Operation) -> Any:
    """The derivative rule: `operation` and its change along tangents, each a map of the same function."""
    kind, wrt = operation.kind, operation.wrt
    if kind in (TANGENT2, ADJOINT2):
        along = [ad.instantiate_zeros(t) for t in tangents]
        function = functools.partial(_evaluated, operation=operation)
        return jax.jvp(function, tuple(primals), tuple(map(_as_tangent, primals, along)))
    outputs = operation_p.bind(*primals, operation=operation)
    x_dots, second_dots, _ = operation.groups(tangents)
    xs, second, _ = operation.groups(primals)
    active = tuple(k for k, t in enumerate(x_dots) if not _is_zero(t))
    moved = [x_dots[k] for k in active]
    if kind == PRIMAL:
        inexact = operation.maps.inexact
        if not active or not inexact:
            return outputs, [_zero(y) for y in outputs]
        op = operation.like(
            TANGENT, (X, None), (X, active), (THIRD, None), (OUT, inexact), wrt=active
        )
        dots = dict(zip(inexact, op(xs, moved), strict=True))
        return outputs, [dots[k] if k in dots else _zero(y) for k, y in enumerate(outputs)]
    terms = []
    if not all(map(_is_zero, second_dots)):
        terms.append(operation(xs, [ad.instantiate_zeros(t) for t in second_dots]))
    if active:
        kind = TANGENT2 if kind == TANGENT else ADJOINT2
        groups = ((X, None), (SECOND, None), (X, active), (OUT, None))
        op = operation.like(kind, *groups, wrt=wrt, other=active)
        terms.append(op(xs, second, moved))
    if not terms:
        return outputs, [_zero(y) for y in outputs]
    return outputs, [functools.reduce(jnp.add, parts) for parts in zip(*terms, strict=True)]


def _is_zero(tangent: Any) -> bool:
    return type(tangent) is ad.Zero or jnp.result_type(tangent) == jax.dtypes.float0


def _zero(x: Any) -> Any:
    return ad.Zero(jax.typeof(x).to_tangent_aval())


def _as_tangent(primal: Any, tangent: Any) -> Any:
    """A tangent as `jax.jvp` takes it; those of integers have no values."""
    if jnp.issubdtype(jnp.result_type(primal), jnp.inexact):
        return tangent
    return np.zeros(np.shape(primal), jax.dtypes.float0)


def _transposed(adjoints: Sequence[Any], *operands: Any, operation: Operation) -> list[Any]:
    """The transpose rule: the adjoints of those operands that the operation is linear in."""
    xs, second, third = operation.groups(operands)
    if any(map(ad.is_undefined_primal, xs)) or operation.kind == PRIMAL:
        raise NotImplementedError("a function is transposed that is not linear")
    given = [ad.instantiate_zeros(c) for c in adjoints]
    wrt, other = operation.wrt, operation.other
    into_second = any(map(ad.is_undefined_primal, second))
    x, two, three, out = ((group, None) for group in range(4))
    match operation.kind, into_second:
        case "tangent", _:
            found = operation.like(ADJOINT, x, out, three, two, wrt=wrt)(xs, given)
        case "adjoint", _:
            found = operation.like(TANGENT, x, out, three, two, wrt=wrt)(xs, given)
        case "tangent2", True:
            groups = (x, out, three, two)
            found = operation.like(ADJOINT2, *groups, wrt=wrt, other=other)(xs, given, third)
        case "tangent2", False:
            groups = (x, out, two, three)
            found = operation.like(ADJOINT2, *groups, wrt=other, other=wrt)(xs, given, second)
        case "adjoint2", True:
            groups = (x, out, three, two)
            found = operation.like(TANGENT2, *groups, wrt=wrt, other=other)(xs, given, third)
        case _:
            groups = (x, two, out, three)
            found = operation.like(ADJOINT2, *groups, wrt=other, other=wrt)(xs, second, given)
    if into_second:
        found = [*found, *(None for _ in third)]
    elif operation.kind in (TANGENT2, ADJOINT2):
        found = [*(None for _ in second), *found]
    found = [*(None for _ in xs), *found]
    linear = map(ad.is_undefined_primal, operands)
    return [y if is_linear else None for y, is_linear in zip(found, linear, strict=True)]


def _batched(operands: Sequence[Any], axes: Sequence[Any], *, operation: Operation) -> Any:
    """The batching rule: the same operation, with one more `vmap`."""
    size = next(x.shape[k] for x, k in zip(operands, axes, strict=True) if k is not None)
    groups = tuple(map(tuple, operation.groups(axes)))
    outputs = (0,) * operation.sizes[OUT]
    batch = Batch(size, (*groups, outputs))
    parts = (operation.maps, operation.kind, operation.wrt, operation.other, operation.sizes)
    found = operation_p.bind(*operands, operation=Operation(*parts, (*operation.batches, batch)))
    return found, list(outputs)


ad.primitive_jvps[operation_p] = _tangents
ad.primitive_transposes[operation_p] = _transposed
batching.primitive_batchers[operation_p] = _batched

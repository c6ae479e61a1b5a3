"""Reverse mode: after the primal atoms, their adjoints in the opposite order.

Before:
    y = np.tanh(x)
    z = y * w

After, for the adjoint dz of z:
    y = np.tanh(x)
    z = y * w
    dy = dz * w
    dw = dz * y
    dx = dy * (1 - y**2)
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..primitives import ELEMENTWISE, Primitive
from .activity import active_variables, refuse_complex
from .derivative import Context, anchored, name_derivative, primitive_of
from .errors import NoRuleError
from .invariance import invariant_shifts
from .ir import ArrayType, Atom, Function, Items, Operand, Origin, Var
from .slices import collect
from .trace import Trace
from .values import Array, Known, Struct, Value, known


def reverse(
    function: Function, seeds: Sequence[tuple[Var, Value]]
) -> tuple[Trace, list[Value | None]]:
    """The atoms of the primal and of the adjoint of each variable in `function.wrt`.

    `seeds` are the adjoints of the outputs; the second result holds None where the output does not depend
    on the variable.
    """
    trace = Trace(list(function.body))
    output = Items("tuple", tuple(v for v, _ in seeds))
    constant = invariant_shifts(function.body, output)
    active = active_variables(function.body, function.wrt, output, constant)
    refuse_complex(function.body, active)
    step = _Reverse(Context(trace, active))
    last = Origin(part="adjoint", spelling="operator")
    for v, seed in seeds:
        step.contribute(v, seed, last)
    # A gradient is finished as soon as nothing more can be added to it: at the first use of its variable.
    first_uses: dict[int, list[Var]] = {}
    for v in function.wrt:
        uses = (k for k, atom in enumerate(function.body) if v in atom.variables())
        first_uses.setdefault(next(uses, 0), []).append(v)
    for k, atom in reversed(list(enumerate(function.body))):
        taken_apart = atom.origin.spelling == "path"  # an argument's leaf: nothing lies before it
        if not taken_apart and any(r in step.contributions for r in atom.results):
            step.atom(atom)
        for v in first_uses.get(k, ()):
            step.adjoint(v)
    return trace, [step.adjoint(v) if v in active else None for v in function.wrt]


@dataclass
class _Reverse:
    context: Context
    contributions: dict[Var, list[Value]] = field(default_factory=dict)
    origins: dict[Var, Origin] = field(default_factory=dict)
    totals: dict[Var, Value] = field(default_factory=dict)

    def contribute(self, v: Operand, value: Value | None, origin: Origin) -> None:
        if isinstance(v, Var) and v in self.context.active and value is not None:
            if not (isinstance(value, Known) and value.value is None):
                self.contributions.setdefault(v, []).append(value)
                self.origins[v] = origin

    def atom(self, atom: Atom) -> None:
        origin = anchored(atom, "adjoint")
        results = [self.adjoint(r) for r in atom.results]
        primitive = primitive_of(atom)
        with contextlib.suppress(NoRuleError):
            if primitive is not None and primitive.adjoint is not None:
                self.by_rule(atom, primitive, results, origin)
                return
        for v, value in self.context.fallback(atom, results[0], "vjp", origin):
            self.contribute(v, value, origin)

    def by_rule(
        self, atom: Atom, primitive: Primitive, results: list[Value | None], origin: Origin
    ) -> None:
        if len(results) == 1:
            dy, y = results[0], Array(atom.result, scalar=atom.result.type.ndim == 0)
        else:
            dy = Struct(tuple, [known(None) if r is None else r for r in results])
            y = Struct(tuple, [Array(r) for r in atom.results])
        assert dy is not None
        derivatives: list[Value] = [y] if primitive.kind == ELEMENTWISE else [dy, y]
        parts = self.context.rule(primitive.adjoint, derivatives, atom, primitive, "adjoint")
        for operand, part in zip(atom.args, parts, strict=False):
            if (
                primitive.kind == ELEMENTWISE
                and isinstance(operand, Var)
                and operand in self.context.active
            ):
                self.contribute(operand, self.context.scaled(dy, part, origin), origin)
            elif primitive.kind != ELEMENTWISE:
                self.distribute(operand, part, origin)

    def distribute(self, operand: Any, value: Value, origin: Origin) -> None:
        """Hand a rule's result to the variable, or its parts to the variables of a container."""
        if isinstance(operand, Items) and isinstance(value, Struct):
            for item, part in zip(operand.items, value.items, strict=True):
                self.distribute(item, part, origin)
        else:
            self.contribute(operand, value, origin)

    def adjoint(self, v: Var) -> Value | None:
        """The sum of what has been contributed to a variable, in its shape and dtype."""
        if v in self.totals:
            return self.totals[v]
        parts = self.contributions.get(v)
        if not parts:
            return None
        origin = self.origins[v]
        fitted = [self.fit(part, v, origin) for part in parts]
        total = collect(self.context, fitted, v, origin)
        name_derivative(total, v, "adjoint")
        self.totals[v] = total
        return total

    def fit(self, value: Value, v: Var, origin: Origin) -> Value:
        """Sum over the axes that broadcasting added, stretch what is too small, cast to the dtype."""
        apply, wanted = self.context.trace.apply, v.type
        assert isinstance(wanted, ArrayType)
        if not isinstance(value, Array):
            if wanted.shape == ():
                return value
            return apply(np.full_like, [Array(v), value], {}, origin)
        origin = replace(origin, spelling="function")
        found = value.type
        extra = found.ndim - wanted.ndim
        if extra > 0:
            axis = known(0 if extra == 1 else tuple(range(extra)))
            kwargs: dict[str, Value] = {} if extra == found.ndim else {"axis": axis}
            value = _array(apply(np.sum, [value], kwargs, origin))
        shape = value.type.shape
        offset = wanted.ndim - len(shape)
        stretched = tuple(
            k for k, size in enumerate(shape) if size != 1 and wanted.shape[k + offset] == 1
        )
        if stretched:
            axis = known(stretched[0] if len(stretched) == 1 else stretched)
            kwargs = {"axis": axis, "keepdims": known(True)}
            value = _array(apply(np.sum, [value], kwargs, origin))
        if value.type.shape != wanted.shape:
            whole = self.context.trace.attribute(Array(v), "shape", origin)
            value = _array(apply(np.broadcast_to, [value, whole], {}, origin))
        if value.type.dtype != wanted.dtype:
            value = _array(self.context.trace.cast(value, wanted.dtype, origin))
        return value


def _array(value: Value) -> Array:
    assert isinstance(value, Array)
    return value

"""Sizes are read from arrays that are there anyway: `X.shape[0]`, not the shape of what is computed for that alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..primitives import ELEMENTWISE, SCALED, getitem, lookup
from .ir import Atom, Function, Node, Region, definitions
from .operands import ArrayType, Items, Lit, Operand, StaticType, Var, substitute, variables
from .trace import Trace
from .values import Known, is_static, static_value, value_of


def spell_sizes(function: Function) -> Function:
    """Express `x.shape`, `x.size` and `x.dtype` of values that are needed for nothing else by other arrays."""
    live = _live(function)
    step = _Sizes(function, live)
    return step.run()


def _live(function: Function) -> set[Var]:
    """The variables whose values, not only whose shapes, the output needs."""
    live = set(variables(function.output)) | {v for _, v in function.params}
    _mark(function.body, live)
    return live


def _mark(nodes: Sequence[Node], live: set[Var]) -> None:
    for node in reversed(nodes):
        if isinstance(node, Atom):
            if any(r in live for r in node.results) and node.op is not getattr:
                live.update(node.variables())
            continue
        for operand in node.operands():
            live.update(variables(operand))
        for region in node.regions:
            live.update(region.params)
            live.update(v for output in region.outputs for v in variables(output))
            _mark(region.body, live)


class _Sizes:
    def __init__(self, function: Function, live: set[Var]):
        self.function, self.live = function, live
        self.trace = Trace(lengths=function.lengths)
        self.definitions = definitions(function.body)
        self.replaced: dict[Var, Operand] = {}

    def run(self) -> Function:
        self.nodes(self.function.body)
        output = substitute(self.function.output, lambda v: self.replaced.get(v, v))
        return replace(self.function, body=tuple(self.trace.atoms), output=output)

    def nodes(self, nodes: Sequence[Node]) -> None:
        for original in nodes:
            node = original.map(lambda v: self.replaced.get(v, v))
            if isinstance(node, Atom):
                self.atom(node)
            else:
                self.trace.add(node.with_regions([self.region(r) for r in node.regions]))

    def region(self, region: Region) -> Region:
        with self.trace.region() as nodes:
            self.nodes(region.body)
        outputs = tuple(substitute(o, lambda v: self.replaced.get(v, v)) for o in region.outputs)
        return replace(region, body=tuple(nodes), outputs=outputs)

    def atom(self, atom: Atom) -> None:
        if atom.op is getattr:
            x, attribute = atom.args
            if (
                isinstance(x, Var)
                and isinstance(x.type, ArrayType)
                and self.respells(x, static_value(attribute))
            ):
                self.replaced[atom.result] = self.spelled(x, static_value(attribute), atom)
                return
        if atom.op is getitem and isinstance(atom.args[0], Items) and is_static(atom.args[1]):
            place = static_value(atom.args[1])
            if isinstance(place, int):
                self.replaced[atom.result] = atom.args[0].items[place]
                return
        if atom.origin.part != "primal" and _is_sum_of_numbers(atom):
            self.replaced[atom.result] = Lit(static_value(atom.result))
            return
        self.trace.add(atom)

    def respells(self, x: Var, attribute: str) -> bool:
        """A value that only its shape keeps alive, or whose size is better read from a named array."""
        if x not in self.live:
            return True
        return x.depth != 0 and (_is_column(x, attribute) or self.named_twin(x) is not None)

    def spelled(self, x: Var, attribute: str, atom: Atom) -> Operand:
        found = x.type
        assert isinstance(found, ArrayType)
        if attribute not in ("shape", "size"):
            return Lit(getattr(found, attribute))
        same = None if _is_column(x, attribute) else self.named_twin(x) or self.same_shape(x)
        if same is not None:
            return self.static(getattr(found, attribute), getattr, (same, Lit(attribute)), atom)
        dims = tuple(self.dimension(x, k, atom) for k in range(found.ndim))
        if attribute == "shape":
            return Items("tuple", dims)
        total: Operand = Lit(1)
        for size, dim in zip(found.shape, dims, strict=True):
            if size != 1:
                if isinstance(total, Lit) and total.value == 1:
                    total = dim
                else:
                    value = static_value(total) * size
                    total = self.static(value, np.multiply, (total, dim), atom)
        return total

    def static(self, value: Any, op: Any, args: tuple[Operand, ...], atom: Atom) -> Operand:
        return self.trace.emit(Var("t", StaticType(value)), op, args, (), atom.origin)

    def named_twin(self, x: Var) -> Var | None:
        """An array that the user named and that has the shape of `x`."""
        return self.same_shape(x, lambda v: v in self.live and v.depth == 0)

    def same_shape(self, x: Var, good: Callable[[Var], bool] | None = None) -> Var | None:
        """A live array that has the shape of `x` because x was computed from it elementwise."""
        if x in self.live if good is None else good(x):
            return x
        atom = self.definitions.get(x)
        if atom is None or not _is_elementwise(atom):
            return None
        for operand in atom.args:
            if isinstance(operand, Var) and operand.type == x.type:
                found = self.same_shape(operand, good)
                if found is not None:
                    return found
        return None

    def dimension(self, x: Operand, k: int, atom: Atom) -> Operand:
        """One size of `x`, read from a live array that it comes from; a literal where there is none."""
        found = x.type if isinstance(x, Var) else None
        if not isinstance(found, ArrayType):
            return Lit(np.shape(getattr(x, "value", ()))[k])
        if found.shape[k] == 1:
            return Lit(1)
        source = self.definitions.get(x) if isinstance(x, Var) else None
        step = None if source is None else _source(source, k)
        if x in self.live and (x.depth == 0 or step is None):
            shape = value_of(self.static(found.shape, getattr, (x, Lit("shape")), atom))
            assert isinstance(shape, Known)
            return self.static(found.shape[k], getitem, (shape.operand, Lit(k)), atom)
        if step is None:
            return Lit(found.shape[k])
        if isinstance(step, tuple):
            return self.dimension(step[0], step[1], atom)
        return step


def _is_column(x: Var, attribute: str) -> bool:
    """Whether the size of `x` is one length: an array with other axes of size one."""
    found = x.type
    return (
        attribute == "size"
        and isinstance(found, ArrayType)
        and found.ndim > 1
        and sum(size != 1 for size in found.shape) == 1
    )


def _is_sum_of_numbers(atom: Atom) -> bool:
    """Whether an operation is arithmetic on sizes that are written out: `1 + 4`."""
    sizes = all(isinstance(a, Lit) and type(a.value) is int and a.name is None for a in atom.args)
    known = len(atom.results) == 1 and isinstance(atom.result.type, StaticType)
    return known and sizes and atom.op in (np.add, np.subtract, np.multiply)


def _is_elementwise(atom: Atom) -> bool:
    primitive = lookup(atom.op)
    return primitive is not None and primitive.kind in (ELEMENTWISE, SCALED)


def _source(atom: Atom, k: int) -> tuple[Operand, int] | Operand | None:
    """Where dimension `k` of an atom's result comes from: a dimension of an operand, or a size itself."""
    if len(atom.results) != 1:
        return None
    result = atom.result.type
    size = result.shape[k]
    if _is_elementwise(atom):
        for operand in atom.args:
            found = operand.type if isinstance(operand, Var) else None
            if isinstance(found, ArrayType):
                place = k - (result.ndim - found.ndim)
                if place >= 0 and found.shape[place] == size:
                    return operand, place
        return None
    x = atom.args[0]
    found = x.type if isinstance(x, Var) else None
    if not isinstance(found, ArrayType):
        return None
    kwargs = {key: static_value(v) for key, v in atom.kwargs if is_static(v)}
    if atom.op in (np.matmul, np.dot) and isinstance(atom.args[1], Var):
        other = atom.args[1].type
        if isinstance(other, ArrayType) and found.ndim <= 2 and other.ndim <= 2:
            if found.ndim == 2 and k == 0:
                return x, 0
            return atom.args[1], other.ndim - 1
        return None
    if atom.op in (np.sum, np.mean, np.max, np.min, np.prod, np.var, np.std):
        axis = kwargs.get("axis")
        if kwargs.get("keepdims"):
            return x, k
        axes = range(found.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        gone = {a % found.ndim for a in axes}
        return x, [j for j in range(found.ndim) if j not in gone][k]
    if atom.op is np.expand_dims:
        axes = static_value(atom.args[1])
        new = {a % result.ndim for a in (axes if isinstance(axes, tuple) else (axes,))}
        return x, [j for j in range(result.ndim) if j not in new].index(k)
    if atom.op is np.transpose and not kwargs:
        return x, found.ndim - 1 - k
    if atom.op is np.broadcast_to:
        place = k - (result.ndim - found.ndim)
        if place >= 0 and found.shape[place] == size:
            return x, place
    if atom.op in (np.broadcast_to, np.reshape) and isinstance(atom.args[1], Items):
        dim = atom.args[1].items[k]
        return dim if not is_static(dim) or static_value(dim) == size else None  # not a -1
    return None

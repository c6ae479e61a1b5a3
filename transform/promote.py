"""NumPy's dtypes in JAX: an explicit cast where JAX would promote differently.

NumPy computes `int32 + float32` in float64 and takes the result of `np.exp(2.0)` for a float64 array; JAX stays in
float32 and takes it for a Python number. Where the two differ, the operands are cast to NumPy's dtype.

Before (i: int32, x: float32):
    y = i + x

After:
    y = i.astype(jnp.float64) + x.astype(jnp.float64)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from ..primitives import astype, lookup
from .abstract import abstract_call
from .errors import BackproseError
from .ir import Atom, Function, Node, Region, Repeat
from .operands import ArrayType, Items, Lit, Operand, Slice, StaticType, Var, array_type, type_of
from .result_types import for_jax, jax_of


def promote(function: Function) -> Function:
    """The function with casts where JAX's promotion differs from NumPy's."""
    step = _Promotion()
    step.nodes(function.body)
    return replace(function, body=tuple(step.atoms))


AVERAGES = (np.mean, np.var, np.std, np.average)  # of which JAX makes float32 for bools


class _Promotion:
    def __init__(self) -> None:
        self.atoms: list[Node] = []
        self.jax_types: dict[Var, ArrayType] = {}

    def nodes(self, nodes: Iterable[Node]) -> None:
        for node in nodes:
            if isinstance(node, Atom):
                self.atom(node)
                continue
            index = node.index if isinstance(node, Repeat) else None
            if index is not None and isinstance(index.type, ArrayType):  # an int array in JAX
                self.jax_types[index] = replace(index.type, weak=False)
            self.atoms.append(node.with_regions([self.region(r) for r in node.regions]))

    def region(self, region: Region) -> Region:
        saved, self.atoms = self.atoms, []
        self.nodes(region.body)
        body, self.atoms = tuple(self.atoms), saved
        return replace(region, body=body)

    def atom(self, atom: Atom) -> None:
        arrays = [r for r in atom.results if isinstance(r.type, ArrayType)]
        if arrays and atom.origin.spelling != "path" and not self.agrees(atom):
            atom = self.cast_operands(atom, _computing_dtype(atom))
            found = self.types(atom)
            if found is not None and found[0].dtype != array_type(arrays[0]).dtype:
                self.cast_result(atom)
                return
        self.atoms.append(atom)
        found = self.types(atom) if arrays else None
        for r, t in zip(atom.results, found or [], strict=False):
            if t.weak or t.dtype != r.type.dtype:
                self.jax_types[r] = t

    def agrees(self, atom: Atom) -> bool:
        """Whether JAX computes an atom in NumPy's dtype."""
        types = [t for o in atom.operands() for t in self.operand_types(o)]
        strong = {t.dtype for t in types if not t.weak}
        weak_arrays = any(v in self.jax_types for v in atom.variables())
        found = {r.type.dtype for r in atom.results if isinstance(r.type, ArrayType)}
        one_float = len(strong) == 1 and next(iter(strong)).kind == "f"
        one_float = one_float and found <= {*strong, np.dtype(bool)}
        # NumPy lets a Python number bow to an array in a ufunc; elsewhere it may be a float64.
        numbers_bow = isinstance(atom.op, np.ufunc) or not any(t.weak for t in types)
        of_scipy = (
            isinstance(atom.op, np.ufunc) and getattr(np, atom.op.__name__, None) is not atom.op
        )
        if one_float and numbers_bow and not weak_arrays and not of_scipy:
            return True
        found = self.types(atom)
        if found is None:
            return True
        results = [r.type for r in atom.results]
        if any(
            isinstance(r, ArrayType) and r.dtype != t.dtype
            for r, t in zip(results, found, strict=True)
        ):
            return False
        if isinstance(atom.op, np.ufunc) and found[0].dtype.kind == "b" and len(strong) > 1:
            with jax.enable_x64(True):
                return jax.numpy.result_type(*strong) == np.result_type(*strong)
        return True

    def types(self, atom: Atom) -> list[ArrayType] | None:
        """The types that JAX gives to an atom's results."""
        try:
            args = tuple(self.stand_in(a) for a in atom.args)
            kwargs = tuple((k, self.stand_in(v)) for k, v in atom.kwargs)
            primitive = lookup(atom.op)
            shaped = abstract_call(jax_of(atom.op, primitive), *for_jax(primitive, args, kwargs))
        except (BackproseError, AttributeError):
            return None
        leaves = jax.tree.leaves(shaped)
        return [ArrayType(s.shape, np.dtype(s.dtype), bool(s.weak_type)) for s in leaves]

    def stand_in(self, operand: Any) -> Any:
        """An operand whose variables have their JAX types."""
        if isinstance(operand, Var) and operand in self.jax_types:
            return Var(operand.hint, self.jax_types[operand])
        if isinstance(operand, Items):
            return replace(operand, items=tuple(self.stand_in(i) for i in operand.items))
        if isinstance(operand, Slice):
            parts = (operand.start, operand.stop, operand.step)
            return Slice(
                *(None if p is None else self.stand_in(p) for p in parts), width=operand.width
            )
        return operand

    def operand_types(self, operand: Operand) -> list[ArrayType]:
        if isinstance(operand, Items):
            return [t for item in operand.items for t in self.operand_types(item)]
        if isinstance(operand, Var) and operand in self.jax_types:
            return [self.jax_types[operand]]
        found = type_of(operand) if isinstance(operand, Var | Lit) else None
        if isinstance(found, StaticType):
            found = type_of(Lit(found.value))
        return [found] if isinstance(found, ArrayType) else []

    def cast_operands(self, atom: Atom, dtype: np.dtype) -> Atom:
        casts: dict[Var, Var] = {}
        for v in atom.variables():
            if not isinstance(v.type, ArrayType) or v in casts:
                continue
            current = self.jax_types.get(v, v.type)
            if (
                v.type.weak
                or v.type.dtype.kind not in ("biufc" if atom.op in AVERAGES else "iufc")
                or (current.dtype == dtype and not current.weak)
            ):
                continue
            casts[v] = Var("t", replace(v.type, dtype=dtype, weak=False))
            origin = replace(atom.origin, spelling="method")
            self.atoms.append(Atom((casts[v],), astype, (v, Lit(dtype)), (), origin))
        return atom.map(lambda v: casts.get(v, v))

    def cast_result(self, atom: Atom) -> None:
        """Where the operands do not decide, as for `jnp.array([x, 1.0])`, the result is cast."""
        (result,) = atom.results
        raw = Var("t", result.type)
        self.atoms.append(replace(atom, results=(raw,)))
        origin = replace(atom.origin, spelling="method")
        self.atoms.append(Atom((result,), astype, (raw, Lit(result.type.dtype)), (), origin))


def _computing_dtype(atom: Atom) -> np.dtype:
    """What the operands are cast to: the result's dtype; where that is a test or a place, their own common one."""
    result = atom.results[0].type
    types = [v.type.dtype for v in atom.variables() if isinstance(v.type, ArrayType)]
    if result.dtype.kind in "fc" or all(t.kind in "iu" for t in types) and result.dtype.kind != "b":
        return result.dtype
    return np.result_type(*types)

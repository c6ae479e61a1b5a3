"""A barrier where XLA would overwrite what it has yet to read.

XLA on CPU (as of jax 0.10.2) lets the result of `b.at[1:].add(b[:-1])` share the memory of `b` where one of the two is
the same elements in another shape (`b[None]`, `d[0]` of a `d` with one row): then elements are read after they were
overwritten (openxla/xla issue 49176). `lax.optimization_barrier` between the two shapes keeps it from doing so.

Given:
    b = b.at[1:].add(b[:-1])
    y = b[None]

Then:
    b = b.at[1:].add(b[:-1])
    b = lax.optimization_barrier(b)
    y = b[None]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import jax
import numpy as np

from ..primitives import ELEMENTWISE, SCALED, getitem, lookup
from .ir import Atom, Choice, Function, Node, definitions, walk
from .liveness import IN_PLACE
from .operands import ArrayType, Operand, Var, type_of, variables

BARRIER = jax.lax.optimization_barrier
COMMENT = (
    "# The barrier keeps XLA from overwriting what it has yet to read (openxla/xla issue 49176)."
)


def set_barriers(function: Function) -> Function:
    """The function with a barrier wherever an array that is updated from itself changes its shape."""
    defined = definitions(function.body)
    mixed = {
        n.result
        for n in walk(function.body)
        if isinstance(n, Atom) and n.op in IN_PLACE and _reads_itself(n, defined)
    }
    if not mixed:
        return function
    after = {v for u in mixed for v in _before(u, defined) if _reshaped(defined.get(v)) is not None}
    ends = set(mixed)  # and what branches make of them
    for node in walk(function.body):
        if isinstance(node, Choice):
            for k, result in enumerate(node.results):
                if any(_ends_in(r.outputs[k], mixed, function.body) for r in node.regions):
                    ends.add(result)
    return function.with_body(_nodes(function.body, ends, after))


def _nodes(nodes: Sequence[Node], ends: set[Var], after: set[Var]) -> tuple[Node, ...]:
    out: list[Node] = []
    for node in nodes:
        if not isinstance(node, Atom):
            regions = [replace(r, body=_nodes(r.body, ends, after)) for r in node.regions]
            out.append(node.with_regions(regions))
            continue
        before = _reshaped(node)
        if before in ends:
            apart = Var(
                before.hint, before.type, before.depth, before.adjoint_of, before.tangent_of
            )
            out.append(_barrier(apart, before, node))
            node = node.map(lambda v, old=before, new=apart: new if v is old else v)
        if isinstance(node.results[0], Var) and node.results[0] in after:
            found = Var("t", node.result.type)
            out += [replace(node, results=(found,)), _barrier(node.result, found, node)]
        else:
            out.append(node)
    return tuple(out)


def _barrier(result: Var, operand: Var, near: Atom) -> Atom:
    return Atom((result,), BARRIER, (operand,), (), replace(near.origin, spelling="function"))


def _ends_in(operand: Operand, mixed: set[Var], nodes: Sequence[Node]) -> bool:
    """Whether a side of a branch ends with an updated array, maybe that of a branch inside it."""
    if operand in mixed:
        return True
    inner = (n for n in walk(nodes) if isinstance(n, Choice) and operand in n.results)
    return any(
        _ends_in(r.outputs[n.results.index(operand)], mixed, nodes)
        for n in inner
        for r in n.regions
    )


def _reshaped(node: Node | None) -> Var | None:
    """What an atom holds the same elements of, in another shape."""
    if not isinstance(node, Atom) or len(node.results) != 1:
        return None
    found = node.result.type
    arrays = [v for v in node.variables() if isinstance(v.type, ArrayType) and v.type.ndim]
    if not isinstance(found, ArrayType):
        return None
    if node.op in IN_PLACE:  # all of the array is replaced
        arrays = [v for v in variables(node.args[1]) if isinstance(v.type, ArrayType)]
    if len(arrays) != 1:
        return None
    (v,) = arrays
    assert isinstance(v.type, ArrayType)
    return v if v.type.size == found.size and v.type.shape != found.shape else None


def _before(u: Var, defined: Mapping[Var, Atom]) -> Iterator[Var]:
    """The arrays in whose memory an updated array may lie: those that it comes from, update by update."""
    found: Var | None = u
    while found is not None:
        yield found
        atom = defined.get(found)
        if atom is not None and atom.op in IN_PLACE:
            (found,) = variables(atom.args[0])
        else:
            found = _reshaped(atom)


def _reads_itself(atom: Atom, defined: Mapping[Var, Atom]) -> bool:
    """Whether the value of an update reads the updated array elsewhere than at the place that it is written to."""
    if not isinstance(atom.args[0], Var):
        return False
    family = set(_before(atom.result, defined))
    seen: dict[Var, bool] = {}

    def mixes(v: Var) -> bool:
        if v in family:
            return True
        found = defined.get(v)
        if found is None:
            return False
        if v not in seen:
            same_place = found.op is getitem and found.args == (atom.args[0], atom.args[2])
            seen[v] = not same_place and any(map(mixes, found.variables()))
            if not seen[v] and not _is_elementwise(found, v):  # turned around, or stretched
                seen[v] = any(w in family for w in _sources(found, defined))
        return seen[v]

    return any(map(mixes, variables(atom.args[1])))


def _is_elementwise(atom: Atom, v: Var) -> bool:
    primitive = lookup(atom.op)
    simple = primitive is not None and primitive.kind in (ELEMENTWISE, SCALED)
    shapes = {t.shape for x in atom.args if isinstance(t := type_of(x), ArrayType) and t.ndim}
    return atom.op is getitem or (simple or isinstance(atom.op, np.ufunc)) and len(shapes) <= 1


def _sources(atom: Atom, defined: Mapping[Var, Atom]) -> set[Var]:
    """Every variable that an atom's value comes from."""
    found: set[Var] = set()
    waiting = list(atom.variables())
    while waiting:
        v = waiting.pop()
        if v not in found:
            found.add(v)
            waiting += defined[v].variables() if v in defined else ()
    return found

"""What a derivative selects by one test is computed where the test holds, for NumPy (code sinking).

Python would evaluate both sides of `np.where(test, 0.5 * dr / r, 0)`, and divide a number by zero where the test says
not to. Compiled code keeps the selection, which costs less than a branch.

Given:
    if test:
        dr = -de / r**2
    else:
        dr = 0.0
    t = 0.5 * dr / r
    dx = np.where(test, t, 0)

Then:
    if test:
        dr = -de / r**2
        dx = 0.5 * dr / r
    else:
        dx = 0.0
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .dead import drop_dead
from .ir import Atom, Choice, Function, Node, Region
from .liveness import use_counts
from .operands import Lit, Operand, Var, array_type, dtype_of, rank_of


def branch_out(function: Function) -> Function:
    """The function with branches in place of the selections of numbers in its derivative."""
    body = _nodes(function.body, use_counts(function))
    return function if body == function.body else drop_dead(function.with_body(body))


def _nodes(nodes: Sequence[Node], uses: Counter[Var]) -> tuple[Node, ...]:
    out: list[Node] = []
    for node in nodes:
        regions = [replace(r, body=_nodes(r.body, uses)) for r in node.regions]
        if any(new.body != old.body for new, old in zip(regions, node.regions, strict=True)):
            node = node.with_regions(regions)
        if isinstance(node, Atom) and _selects_by_one_test(node):
            out.append(_branch(node, out, uses) or node)
        else:
            out.append(node)
    return tuple(out)


def _selects_by_one_test(atom: Atom) -> bool:
    if atom.op is not np.where or atom.origin.part == "primal" or len(atom.args) != 3:
        return False
    test, *sides = atom.args
    cleared = [a for a in sides if not is_zero(a)]
    numbers = all(rank_of(a) == 0 for a in atom.args) and isinstance(test, Var)
    return numbers and len(cleared) == 1 and dtype_of(cleared[0]) == dtype_of(atom.result)


def is_zero(operand: Operand) -> bool:
    return isinstance(operand, Lit) and np.ndim(operand.value) == 0 and operand.value == 0


def _branch(atom: Atom, before: list[Node], uses: Counter[Var]) -> Choice | None:
    """The branch for a selection; what is computed for one of its sides alone is taken from the statements before.

    None where nothing is computed for one side alone.
    """
    test, *sides = atom.args
    cones = [_cone(side, before, uses) for side in sides]
    earlier = _same_test(test, before, cones, uses)
    if earlier is None and not any(cones):
        return None
    for cone in cones:
        for node in cone:
            before.remove(node)
    ends = [_as(side, atom.result) for side in sides]
    regions = [Region((), tuple(c), (e,)) for c, e in zip(cones, ends, strict=True)]
    if earlier is None:
        then, orelse = regions
        return Choice((atom.result,), test, then, orelse, atom.origin, key=object())
    before.remove(earlier)
    read = {v for cone in cones for node in cone for v in node.variables()} | set(sides)
    gone = {r for r in earlier.results if r in read}
    kept = [k for k, r in enumerate(earlier.results) if r not in gone]
    joined = [
        _behind(old, new, earlier, kept) for old, new in zip(earlier.regions, regions, strict=True)
    ]
    results = (*(earlier.results[k] for k in kept), atom.result)
    return replace(earlier.with_regions(joined), results=results)


def _as(operand: Operand, result: Var) -> Operand:
    """A literal in the dtype of the result."""
    if not isinstance(operand, Lit):
        return operand
    found = array_type(result)
    number = np.asarray(operand.value, found.dtype)[()]
    return Lit(number.item() if found.weak or found.dtype.itemsize == 8 else number)


def _cone(operand: Operand, before: Sequence[Node], uses: Counter[Var]) -> list[Node]:
    """The statements that compute a value and nothing else, in their order."""
    wanted, found = {operand}, []
    for node in reversed(before):
        if not isinstance(node, Atom) or len(node.results) != 1 or node.result not in wanted:
            continue
        if node.origin.part == "primal" or uses[node.result] != 1:
            continue
        found.append(node)
        wanted.update(node.variables())
    return found[::-1]


def _same_test(
    test: Operand, before: Sequence[Node], cones: Sequence[Sequence[Node]], uses: Counter[Var]
) -> Choice | None:
    """The last branch by the same test, if it can stand at the end: what it gives is read by the cones alone."""
    inside = {id(node) for cone in cones for node in cone}
    for k in range(len(before) - 1, -1, -1):
        node = before[k]
        if not isinstance(node, Choice) or node.test is not test or node.origin.part == "primal":
            continue
        behind = [n for n in before[k + 1 :] if id(n) not in inside]
        results = set(node.results)
        if any(v in results for n in behind for v in n.variables()):
            return None
        read = [v for cone in cones for n in cone for v in n.variables() if v in results]
        return node if read and all(uses[v] == read.count(v) for v in read) else None
    return None


def _behind(old: Region, new: Region, choice: Choice, kept: Sequence[int]) -> Region:
    """A side of a branch followed by another side that reads what the first gives."""
    given = dict(zip(choice.results, old.outputs, strict=True))
    moved = new.map(lambda v: given.get(v, v))
    outputs = (*(old.outputs[k] for k in kept), *moved.outputs)
    return Region(old.params, (*old.body, *moved.body), outputs)

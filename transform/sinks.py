"""What only one side of a branch adds is added there, for NumPy.

The derivative of `if i < n: y = x[i]` must not touch `dx[i]` where the branch is not taken, since there may be no such
element; and where nothing is added, nothing need be written. (Compiled code adds zero instead: there an index out of
range adds nothing, and an array that passes through a branch is copied.)

Given:
    if test:
        t = 2 * dy
    else:
        t = 0
    dx[i] += t

Then:
    if test:
        dx[i] += 2 * dy
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..primitives import add_at, place
from .dead import drop_dead
from .ir import Atom, Choice, Function, Node, Region
from .liveness import use_counts
from .operands import Lit, Operand, Var, substitute

ADDS = (add_at, np.add, np.subtract)


def sink_additions(function: Function) -> Function:
    """The function with additions of a branch's results in the side of the branch that they come from."""
    while True:  # into a branch, and then into one inside it
        body = _nodes(function.body, use_counts(function))
        if body == function.body:
            return function
        function = drop_dead(function.with_body(body))


def _nodes(nodes: Sequence[Node], uses: Counter[Var]) -> tuple[Node, ...]:
    out: list[Node] = []
    for node in nodes:
        if not isinstance(node, Atom):
            bodies = [_nodes(r.body, uses) for r in node.regions]
            if any(b != r.body for b, r in zip(bodies, node.regions, strict=True)):
                pairs = zip(node.regions, bodies, strict=True)
                node = node.with_regions([replace(r, body=b) for r, b in pairs])
            out.append(node)
        elif node.origin.part == "primal" or not _sunk(node, out, uses):
            out.append(node)
    return tuple(out)


def _sunk(atom: Atom, out: list[Node], uses: Counter[Var]) -> bool:
    """Whether the atom has gone into a branch among the statements before it."""
    added = _added(atom)
    if added is None or uses[added] != 1:
        return False
    k = next((k for k, n in enumerate(out) if isinstance(n, Choice) and added in n.results), None)
    if k is None:
        return False
    choice, between = out[k], out[k + 1 :]
    assert isinstance(choice, Choice)
    zeros = [_is_zero(r, r.outputs[choice.results.index(added)]) for r in choice.regions]
    if zeros.count(True) != 1:
        return False
    others = {v for v in atom.variables() if v is not added}
    if others & {
        r for node in between for r in node.results
    }:  # then the branch has to stand behind these
        if any(v in choice.results for node in between for v in node.variables()):
            return False
        out.append(out.pop(k))
        k = len(out) - 1
    own = [v for v in others if v in choice.results]
    if any(uses[v] != 1 or v is not atom.args[0] for v in own):
        return False
    sides = [
        _side(region, choice, atom, added, zero)
        for region, zero in zip(choice.regions, zeros, strict=True)
    ]
    results = tuple(atom.result if r is added else r for r in choice.results)
    out[k] = replace(choice.with_regions(sides), results=results)
    return True


def _added(atom: Atom) -> Var | None:
    """What an atom adds to something, or puts into zeros."""
    if atom.op is place:
        operand = atom.args[0]
    elif atom.op in ADDS and isinstance(atom.args[0], Var):
        operand = atom.args[1]
        if atom.op is not add_at and atom.args[0].type != atom.result.type:
            return None
    else:
        return None
    return operand if isinstance(operand, Var) else None


def _is_zero(region: Region, output: Operand) -> bool:
    if isinstance(output, Lit):
        return np.ndim(output.value) == 0 and output.value == 0
    made = next((n for n in region.body if output in n.results), None)
    return isinstance(made, Atom) and made.op in (np.zeros, np.zeros_like)


def _side(region: Region, choice: Choice, atom: Atom, added: Var, zero: bool) -> Region:
    """A side of the branch with the atom at its end, or with what the atom comes to where it adds nothing."""
    given = dict(zip(choice.results, region.outputs, strict=True))

    def change(v: Var) -> Operand:
        return given.get(v, v)

    if not zero:
        part = atom.origin.part
        origins = [n.origin for n in region.body if n.origin.part == part]
        behind = origins[-1] if origins else atom.origin
        last = replace(atom.map(change), results=(_again(atom.result),), origin=behind)
    elif atom.op is place:
        kwargs = (("dtype", Lit(atom.result.type.dtype)),)
        last = replace(
            atom, results=(_again(atom.result),), op=np.zeros, args=(atom.args[1],), kwargs=kwargs
        )
    else:
        last = None
    end = substitute(atom.args[0], change) if last is None else last.result
    outputs = tuple(end if r is added else o for r, o in given.items())
    return replace(
        region, body=region.body if last is None else (*region.body, last), outputs=outputs
    )


def _again(v: Var) -> Var:
    return Var(v.hint, v.type, v.depth, v.adjoint_of, v.tangent_of)

"""A branch that costs no more than asking becomes a selection in compiled code.

XLA calls a function for each branch that it takes; a few additions and multiplications of single numbers are cheaper
than the call. Only operations that cannot fail are done for nothing: no division by what may be zero, no root, no
logarithm or exponential.

Given:
    if t + h > end:
        h = end - t

Then:
    h = where(t + h > end, end - t, h)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..primitives import astype, getitem
from ..primitives.elementwise import COMPARISONS
from .intervals import static_int
from .ir import Atom, Choice, Function, Node
from .lengths import has_unknown
from .liveness import defined_within
from .operands import ArrayType, Lit, Operand, StaticType, Var, substitute

CHEAP = (
    np.add,
    np.subtract,
    np.multiply,
    np.negative,
    np.absolute,
    np.minimum,
    np.maximum,
    np.sign,
    np.where,
    *COMPARISONS,
    np.logical_and,
    np.logical_or,
    np.logical_not,
    astype,
    getitem,
)
DEARER = (np.sin, np.cos, np.tanh)
SMALL = 16  # elements of a value
MOST, MOST_DEARER = 12, 2  # operations of a branch


def select(function: Function) -> Function:
    """The function in which cheap branches are selections."""
    is_now: dict[Var, Operand] = {}
    kept: set[Var] = set()  # what the branches that stay branches define

    def now(v: Var) -> Operand:
        while v in is_now and isinstance(found := is_now[v], Var):
            v = found
        return is_now.get(v, v)

    body = tuple(node.map(now) for node in _nodes(function.body, is_now, kept))
    return function.with_body(body, substitute(function.output, now))


def _nodes(nodes: Sequence[Node], is_now: dict[Var, Operand], kept: set[Var]) -> tuple[Node, ...]:
    out: list[Node] = []
    for node in nodes:
        regions = [replace(r, body=_nodes(r.body, is_now, kept)) for r in node.regions]
        # The adjoint of a branch reads what the branch defines; only as a branch it is given that.
        bound = any(v in kept for r in regions for v in r.variables())
        inner = [n for r in regions for n in r.body]
        if isinstance(node, Choice) and not bound and _is_cheap(node, inner):
            out += inner
            sides = zip(*(r.outputs for r in regions), strict=True)
            for result, (one, two) in zip(node.results, sides, strict=True):
                if one == two:
                    is_now[result] = one
                else:
                    args = (node.test, one, two)
                    origin = replace(node.origin, spelling="function")
                    out.append(Atom((result,), np.where, args, (), origin))
        else:
            if isinstance(node, Choice):
                kept.update(v for r in regions for v in defined_within(r))
            out.append(node.with_regions(regions))
    return tuple(out)


def _is_cheap(choice: Choice, nodes: Sequence[Node]) -> bool:
    if not all(map(_is_small, choice.results)) or len(nodes) > MOST:
        return False
    if sum(n.op in DEARER for n in nodes if isinstance(n, Atom)) > MOST_DEARER:
        return False
    return all(
        isinstance(n, Atom)
        and (n.op in CHEAP or n.op in DEARER or _is_tame(n))
        and all(_is_small(r) or isinstance(r.type, StaticType) for r in n.results)
        for n in nodes
    )


def _is_tame(atom: Atom) -> bool:
    """Whether an operation that may fail cannot fail here: `x / 2`, `x**2`."""
    number = static_int(atom.args[-1]) if atom.args else None
    if number is None and atom.args and isinstance(atom.args[-1], Lit):
        number = atom.args[-1].value if isinstance(atom.args[-1].value, float) else None
    if number is None:
        return False
    if atom.op is np.divide:
        return number != 0
    return atom.op is np.power and number >= 0 and isinstance(number, int)


def _is_small(v: Var) -> bool:
    return isinstance(v.type, ArrayType) and not has_unknown(v.type) and v.type.size <= SMALL

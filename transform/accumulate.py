"""What a backward loop adds up outer product by outer product is one matrix product behind it.

An adjoint loop passes over all of `dW` in each iteration only to add one outer product; a product of the stacked
vectors reads and writes it once. The terms are added up in another order, so that the sum is rounded differently: a
comment says so, and `reassociate=False` leaves the loop alone.

Given:
    for t in reversed(range(n)):
        dz = ...
        dW = dW + outer(X[t], dz)
        dX[t] = W @ dz

Then:
    for t in reversed(range(n)):
        dz = ...
        dzs[t] = dz
    dW = X.T @ dzs
    dX = dzs @ W.T
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .dead import drop_dead
from .intervals import static_length
from .ir import Atom, Function, Node, Origin, Region, Repeat, definitions
from .liveness import defined_within, use_counts
from .operands import ArrayType, Operand, Var
from .options import LoopOptions
from .sliding import plural
from .trace import Trace
from .values import operand_of, value_of

SPELLING = "at once"  # of the products that are summed in another order
COMMENT = "# All iterations at once: the terms are added up in another order."
SMALLEST = 16  # elements of an array that is worth it


def accumulate(function: Function, options: LoopOptions) -> Function:
    """The function in which sums of outer products over backward loops are matrix products."""
    if not options.reassociate or not any(isinstance(n, Repeat) for n in function.body):
        return function
    work = _Accumulate(function)
    body = tuple(work.nodes(function.body))
    return drop_dead(function.with_body(body)) if work.changed else function


@dataclass
class _Term:
    """A sum that a loop carries: at which position, and the vectors of its outer products."""

    position: int
    left: Var
    right: Var
    is_large: bool


class _Accumulate:
    def __init__(self, function: Function):
        self.atoms = definitions(function.body)
        self.uses = use_counts(function)
        self.trace = Trace(lengths=function.lengths)
        self.changed = False

    def nodes(self, nodes: Sequence[Node]) -> list[Node]:
        with self.trace.region() as out:
            for node in nodes:
                if isinstance(node, Atom):
                    self.trace.add(node)
                    continue
                regions = [replace(r, body=tuple(self.nodes(r.body))) for r in node.regions]
                changed = node.with_regions(regions)
                if isinstance(changed, Repeat) and self.is_backward(changed):
                    self.loop(changed)
                else:
                    self.trace.add(changed)
        return out

    def is_backward(self, node: Repeat) -> bool:
        length = static_length(node)
        return node.origin.part == "adjoint" and node.test is None and bool(length)

    def loop(self, node: Repeat) -> None:
        terms = [t for k in range(len(node.inits)) if (t := self.term(node, k)) is not None]
        if not any(term.is_large for term in terms):
            self.trace.add(node)
            return
        self.changed = True
        rows = {element: array for element, array in node.streamed}
        stacked: dict[Var, Var] = {}
        length = static_length(node)
        assert length is not None
        for v in (v for term in terms for v in (term.left, term.right)):
            if v not in rows and v not in stacked:
                assert isinstance(v.type, ArrayType)
                wanted = ArrayType((length, *v.type.shape), v.type.dtype)
                owner = v.adjoint_of
                name = v.hint if owner is None or owner.depth is None else f"d{owner.hint}"
                stacked[v] = Var(plural(name), wanted)
        products = self.products(node, {**rows, **stacked})
        gone = {term.position for term in terms}
        kept = [k for k in range(len(node.inits)) if k not in gone]
        count = len(node.inits)
        rest = [k for k in range(count, len(node.results)) if k not in products]
        order = [*kept, *rest]
        body = Region(
            (*(node.body.params[k] for k in kept), *node.body.params[count:]),
            node.body.body,
            (*(node.body.outputs[k] for k in order), *stacked),
        )
        changed = replace(
            node,
            results=(*(node.results[k] for k in order), *stacked.values()),
            inits=tuple(node.inits[k] for k in kept),
            body=body,
        )
        self.trace.add(changed)
        every: dict[Var, Operand] = {**rows, **stacked}
        origin = replace(node.origin, spelling=SPELLING)
        for term in terms:
            self.summed(node, term, every, origin)
        for k, (matrix, v) in products.items():
            self.mapped(node.results[k], matrix, every[v], origin)

    def term(self, node: Repeat, position: int) -> _Term | None:
        """The outer products that a carry adds up, if it does nothing else."""
        result, _, param, output = node.carries[position]
        if not isinstance(output, Var) or self.uses[param] != 1 or self.uses[output] != 1:
            return None
        atom = self.atoms.get(output)
        if atom is None or atom.op is not np.add or atom.args[0] is not param:
            return None
        value = atom.args[1]
        outer = self.atoms.get(value) if isinstance(value, Var) else None
        if outer is None or outer.op is not np.outer or outer not in node.body.body:
            return None
        left, right = outer.args
        own, whole = set(defined_within(node.body)), result.type
        assert isinstance(whole, ArrayType)
        if not isinstance(left, Var) or not isinstance(right, Var) or not {left, right} <= own:
            return None
        if not _vector_of(left) == whole.dtype == _vector_of(right):
            return None
        return _Term(position, left, right, whole.size >= SMALLEST)

    def products(self, node: Repeat, rows: dict[Var, Operand]) -> dict[int, tuple[Var, Var]]:
        """The stacked results that are a matrix from outside times a vector that is stacked anyway."""
        own = set(defined_within(node.body))
        found: dict[int, tuple[Var, Var]] = {}
        for k, (_, output) in enumerate(node.stacked, len(node.inits)):
            if not isinstance(output, Var) or self.uses[output] != 1:
                continue
            atom = self.atoms.get(output)
            if atom is None or atom.op is not np.matmul:
                continue
            matrix, v = atom.args
            if isinstance(v, Var) and v in rows and isinstance(matrix, Var) and matrix not in own:
                if getattr(matrix.type, "ndim", 0) == 2 and _vector_of(v) is not None:
                    found[k] = matrix, v
        return found

    def summed(self, node: Repeat, term: _Term, rows: dict[Var, Operand], origin: Origin) -> None:
        result, init = node.results[term.position], node.inits[term.position]
        left = value_of(rows[term.left])
        turned = self.trace.apply(np.transpose, [left], {}, origin)
        args = (operand_of(turned), rows[term.right])
        made = self.atoms.get(init) if isinstance(init, Var) else None
        if made is not None and made.op is np.zeros_like:
            self.trace.emit(result, np.matmul, args, (), origin)
            return
        total = self.trace.emit(Var("t", result.type), np.matmul, args, (), origin)
        self.trace.emit(result, np.add, (init, total), (), origin)

    def mapped(self, result: Var, matrix: Var, rows: Operand, origin: Origin) -> None:
        origin = replace(origin, spelling="operator")
        turned = self.trace.apply(np.transpose, [value_of(matrix)], {}, origin)
        self.trace.emit(result, np.matmul, (rows, operand_of(turned)), (), origin)


def _vector_of(v: Var) -> np.dtype | None:
    """The dtype of a vector."""
    return v.type.dtype if isinstance(v.type, ArrayType) and v.type.ndim == 1 else None

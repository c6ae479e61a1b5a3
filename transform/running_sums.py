"""What a loop adds up, taken out of its body: the terms of an iteration.

Given, for a carry `s`:
    t = np.sin(x_i)
    if t > 0:
        s = s + t
    s = s - y_i

Then, with the terms `+ part` and `- y_i`:
    t = np.sin(x_i)
    part = t if t > 0 else 0
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ..primitives import add_at, is_elementwise
from .ir import Atom, Choice, Node, Origin, Region, Repeat
from .lift import NotLifted
from .liveness import defined_within
from .operands import ArrayType, Lit, Operand, Var, type_of, variables
from .trace import Trace
from .values import operand_of, value_of


class Term(NamedTuple):
    """One addition to what a loop carries: with which operation, and for `add_at` where."""

    op: Any
    value: Operand
    index: Operand | None
    origin: Origin


class Sums:
    """The body of a loop without its sums; raises `NotLifted` where a carry is more than a sum.

    Sums are taken apart only where `reassociate` allows them to be added up in another order.
    """

    def __init__(self, trace: Trace, node: Repeat, reassociate: bool):
        self.trace, self.node, self.reassociate = trace, node, reassociate
        self.body: list[Node] = list(node.body.body)
        self.outputs: list[Operand] = list(node.body.outputs[len(node.inits) :])
        self.gone: set[Var] = set()  # partial sums, which nothing may read
        self.terms: list[Operand] = []

    def of_carry(self, position: int) -> list[Term] | None:
        """What a carry adds up in an iteration. None where only its last value counts."""
        _, _, param, output = self.node.carries[position]
        if param not in set(self.node.body.variables()):
            self.outputs.append(output)
            return None
        if output is param:
            return []
        base, self.body, found = self.taken_off(self.body, output)
        if base is not param or not self.reassociate:
            raise NotLifted
        self.gone.add(param)
        self.terms += [o for term in found for o in (term.value, term.index) if o is not None]
        return found

    def check(self) -> None:
        """Raise `NotLifted` where something else reads a partial sum."""
        read = {v for node in self.body for v in node.variables()}
        read |= {v for operand in (*self.outputs, *self.terms) for v in variables(operand)}
        if not self.gone.isdisjoint(read):
            raise NotLifted

    def taken_off(
        self, nodes: Sequence[Node], output: Operand
    ) -> tuple[Operand, list[Node], list[Term]]:
        """What a value is before some statements, the statements without the additions, and what they add."""
        rest, found = list(nodes), []
        while True:
            node = next((n for n in rest if output in n.results), None)
            if node is None:
                return output, rest, found
            assert isinstance(output, Var)
            self.gone.add(output)
            if isinstance(node, Choice):
                place = rest.index(node)
                integers, node = with_integers_in_front(node)
                output, changed, term = self.branch(node, output)
                rest[place : place + 1] = [*integers, changed]
            elif isinstance(node, Atom):
                rest.remove(node)
                output, term = self.addition(node, rest)
            else:
                raise NotLifted
            found.insert(0, term)

    def addition(self, atom: Atom, nodes: Sequence[Node]) -> tuple[Operand, Term]:
        """What an addition adds to, and what."""
        if atom.op not in (np.add, np.subtract, add_at):
            raise NotLifted
        one, other, *index = atom.args
        if atom.op is np.add and not self.leads(one) and self.leads(other):
            one, other = other, one
        return one, Term(atom.op, other, index[0] if index else None, atom.origin)

    def leads(self, operand: Operand) -> bool:
        """Whether a value is a carry, or a carry with something added to it."""
        carried = set(self.node.body.params[: len(self.node.inits)])
        for _ in range(len(self.node.body.body) + 1):
            if operand in carried:
                return True
            made = self.trace.definitions.get(operand) if isinstance(operand, Var) else None
            if made is None:
                return self.is_branch_of_sums(operand)
            if made.op not in (np.add, np.subtract, add_at):
                return False
            if made.op is np.add and self.leads(made.args[1]):
                return True
            operand = made.args[0]
        return False

    def is_branch_of_sums(self, operand: Operand) -> bool:
        for node in self.node.body.body:
            if isinstance(node, Choice) and operand in node.results:
                position = node.results.index(operand)
                return any(self.leads(region.outputs[position]) for region in node.regions)
        return False

    def branch(self, node: Choice, output: Var) -> tuple[Operand, Choice, Term]:
        """A branch that gives what its sides add, or zero, instead of adding it."""
        position = node.results.index(output)
        sides = [self.taken_off(r.body, r.outputs[position]) for r in node.regions]
        if sides[0][0] is not sides[1][0]:
            raise NotLifted
        terms = [term for _, _, chain in sides for term in chain]
        if not terms:
            raise NotLifted
        places = [term.index for term in terms if term.index is not None]
        op, origin = terms[0].op, terms[0].origin
        if places:
            own = {v for region in node.regions for v in defined_within(region)}
            if len(terms) > 1 or not own.isdisjoint(variables(places[0])):
                raise NotLifted
        elif any(term.op is not op for term in terms):
            op = np.add
        regions = [
            self.with_term(region, nodes, chain, position, op)
            for region, (_, nodes, chain) in zip(node.regions, sides, strict=True)
        ]
        part = Var("t", type_of(terms[0].value) if places else output.type)
        results = tuple(part if k == position else r for k, r in enumerate(node.results))
        changed = replace(node, results=results).with_regions(regions)
        return sides[0][0], changed, Term(op, part, places[0] if places else None, origin)

    def with_term(
        self, region: Region, nodes: list[Node], chain: Sequence[Term], position: int, op: Any
    ) -> Region:
        """A side of a branch that gives the sum of its terms, to be added by an operation."""
        total: Operand = Lit(0.0)
        with self.trace.region(list(nodes)) as body:
            for k, term in enumerate(chain):
                origin = replace(term.origin, spelling="operator")
                args = [value_of(total), value_of(term.value)] if k else [value_of(term.value)]
                if term.op is not op or k:
                    sign = np.add if term.op is op else np.subtract
                    sign = sign if k else np.negative
                    total = operand_of(self.trace.apply(sign, args, {}, origin))
                else:
                    total = term.value
        outputs = tuple(total if k == position else o for k, o in enumerate(region.outputs))
        return Region(region.params, tuple(body), outputs)


def with_integers_in_front(node: Choice) -> tuple[list[Node], Choice]:
    """A branch behind the indices that its sides compute, which may as well be computed always."""
    front: list[Node] = []
    regions = []
    for region in node.regions:
        own, rest = set(defined_within(region)), []
        for inner in region.body:
            if is_integer(inner) and own.isdisjoint(inner.variables()):
                front.append(inner)
                own.difference_update(inner.results)
            else:
                rest.append(inner)
        regions.append(replace(region, body=tuple(rest)))
    return front, node.with_regions(regions)


def is_integer(node: Node) -> bool:
    return (
        isinstance(node, Atom)
        and is_elementwise(node.op)
        and all(isinstance(r.type, ArrayType) and r.type.dtype.kind in "iu" for r in node.results)
    )

"""What a branch sees of a value is the value; what it has done to an adjoint is kept.

A `guard` has told the derivative that a branch is for some elements alone: their adjoints leave the branch through
`where`. Inside the branch, the same `where` is not needed once more.

Given:
    x_seen = guard(x, x > 0, True)
    y = np.where(x > 0, np.sqrt(x_seen), 0)
    dt = np.where(x > 0, dy, 0)
    dx = np.where(x > 0, dt / (2 * np.sqrt(x_seen)), 0)

Then:
    y = np.where(x > 0, np.sqrt(x), 0)
    dx = np.where(x > 0, dy / (2 * np.sqrt(x)), 0)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..primitives import guard, is_elementwise
from .ir import Atom, Function, Node, definitions, walk
from .operands import Items, Lit, Operand, Var, shape_of, substitute, variables

GUARDED = "guarded"  # the spelling of guards that are for the derivative alone
Key = tuple[object, bool]  # a test, and the side that counts


def drop_guards(function: Function) -> Function:
    """The function without guards."""
    atoms = definitions(function.body)
    if not any(atom.origin.spelling == GUARDED for atom in atoms.values()):
        return function
    work = _Drop(atoms, function)
    body = tuple(work.nodes(function.body))
    for site in function.calls:
        site.params.update({k: substitute(o, work.resolve) for k, o in site.params.items()})
        site.result[:] = [substitute(o, work.resolve) for o in site.result]
    return function.with_body(body, substitute(function.output, work.resolve))


class _Drop:
    def __init__(self, atoms: Mapping[Var, Atom], function: Function):
        self.atoms = atoms
        self.is_now: dict[Var, Operand] = {}
        self.readers: dict[Var, list[Atom | None]] = defaultdict(list)  # None: something else
        for node in walk(function.body):
            for v in outside_reads(node):
                self.readers[v].append(node if isinstance(node, Atom) else None)
        for v in variables(function.output):
            self.readers[v].append(None)

    def resolve(self, v: Var) -> Operand:
        while isinstance(found := self.is_now.get(v), Var):
            v = found
        return v if found is None else found

    def nodes(self, nodes: Sequence[Node]) -> Iterator[Node]:
        for node in nodes:
            if isinstance(node, Atom):
                yield from self.atom(node)
            else:
                regions = []
                for region in node.regions:
                    body = tuple(self.nodes(region.body))
                    regions.append(replace(region, body=body).map(self.resolve))
                yield node.with_regions(regions).map(self.resolve)

    def atom(self, atom: Atom) -> Iterator[Atom]:
        key = self.mask_of(atom)
        if atom.op is guard and atom.origin.spelling == GUARDED:
            (result,), value = atom.results, substitute(atom.args[0], self.resolve)
            if shape_of(value) == shape_of(result) or self.is_stretched_anyway(result, value):
                self.is_now[result] = value
            else:
                shape = Items("tuple", tuple(map(Lit, shape_of(result))))
                yield replace(atom, op=np.broadcast_to, args=(value, shape), kwargs=()).map(
                    self.resolve
                )
        elif key is not None and self.is_masked(atom.result, key) and self.fits(atom):
            self.is_now[atom.result] = atom.args[1 if key[1] else 2]
        else:
            yield atom.map(self.resolve)

    def fits(self, atom: Atom) -> bool:
        """Whether what is chosen can stand where the choice stands."""
        value = atom.args[1 if atom.args[2] == Lit(0) else 2]
        if isinstance(value, Var):
            return value.type == atom.result.type
        factors = (np.multiply, np.divide)
        return all(r is not None and r.op in factors for r in self.readers[atom.result]) and (
            self.is_stretched_anyway(atom.result, value)
        )

    def is_stretched_anyway(self, v: Var, value: Operand) -> bool:
        """Whether all that is made of an array has the same shape, made of a smaller value."""
        for reader in self.readers[v]:
            if (
                reader is None
                or not is_elementwise(reader.op)
                and reader.op not in (np.where, guard)
            ):
                return False
            operands = [value if a is v else substitute(a, self.resolve) for a in reader.args]
            if np.broadcast_shapes(*map(shape_of, operands)) != shape_of(reader.result):
                return False
        return True

    def mask_of(self, atom: Atom) -> Key | None:
        """What `where(test, x, 0)` and `where(test, 0, x)` in a derivative leave of `x`."""
        if atom.op is not np.where or atom.origin.part == "primal" or len(atom.args) != 3:
            return None
        test, one, other = atom.args
        if (one == Lit(0)) == (other == Lit(0)):
            return None
        return self.test_of(test), other == Lit(0)

    def test_of(self, operand: Operand) -> object:
        """A test, whatever axes it has been given to stand beside other arrays."""
        made = self.atoms.get(operand) if isinstance(operand, Var) else None
        behind = made is not None and made.op is np.expand_dims and first_new_axis(made) >= 1
        return made.args[0] if made is not None and behind else operand

    def is_masked(self, v: Var, key: Key) -> bool:
        """Whether all that is made of a value is masked alike in the end."""
        readers = self.readers[v]
        return bool(readers) and all(r is not None and self.masks(r, v, key) for r in readers)

    def masks(self, atom: Atom, v: Var, key: Key) -> bool:
        if self.mask_of(atom) == key and v is not atom.args[0]:
            return True
        passes = (
            atom.op in (np.where, guard) and v is not atom.args[0 if atom.op is np.where else 1]
        )
        elementwise = is_elementwise(atom.op) or passes or atom.op is np.broadcast_to
        aligned = atom.op is np.expand_dims and first_new_axis(atom) >= 1
        if not (elementwise or aligned) or len(atom.results) != 1:
            return False
        longest = shape_of(atom.result)[:1] == shape_of(v)[:1]  # the first axis is still the first
        same_rank = aligned or len(shape_of(atom.result)) == len(shape_of(v))
        return longest and same_rank and self.is_masked(atom.result, key)


def first_new_axis(atom: Atom) -> int:
    axis = atom.args[1] if len(atom.args) > 1 else None
    items = axis.items if isinstance(axis, Items) else (axis,)
    values = [o.value if isinstance(o, Lit) else -1 for o in items]
    return min(values) if values else -1


def outside_reads(node: Node) -> Iterator[Var]:
    """What a statement reads itself, and what its regions hand out."""
    for operand in node.operands():
        yield from variables(operand)
    for region in node.regions:
        for operand in region.outputs:
            yield from variables(operand)

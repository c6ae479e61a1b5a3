"""Copies that make in-place updates safe: `y[i] = v` changes nothing that is read later under another name.

An update of NumPy's takes place in the memory of its array. That is right where nobody needs the old value any more,
and the memory is the function's own: not an argument's, and not that of another value that is read later.

Given (x: an argument):
    y = update(x, 0, 1.0)

Then:
    x1 = np.copy(x)
    y = update(x1, 0, 1.0)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..primitives import getitem, lookup
from .ir import Atom, Choice, Function, Node, Origin, Region, Repeat, walk
from .liveness import IN_PLACE, Interference
from .operands import ArrayType, Lit, Operand, Var, variables

ROUNDS = 50
READ_ONLY = (np.broadcast_to, np.diag)  # NumPy's result refuses to be written into


def own(function: Function) -> Function:
    """The function with copies where an update would be seen by others."""
    if not any(isinstance(n, Atom) and n.op in IN_PLACE for n in walk(function.body)):
        return function
    for _ in range(ROUNDS):
        step = _Own(function)
        body = step.nodes(function.body)
        if not step.copied:
            return function
        function = function.with_body(body)
    raise RuntimeError("the copies that in-place updates need do not settle")


class Memory:
    """In which pieces of memory each value may lie. A piece is named by the value that it was made for.

    A parameter of a loop is a piece of its own: the loop is entered, and left after each iteration, with different
    pieces for different carries, as far as it changes them in place.
    """

    def __init__(self, function: Function):
        self.pieces: dict[Var, frozenset[Var]] = {}
        self.foreign: set[Var] = {v for _, v in function.params}
        for _, v in function.params:
            self.pieces[v] = frozenset((v,))
        self.nodes(function.body)

    def of(self, operand: Operand) -> frozenset[Var]:
        found: frozenset[Var] = frozenset()
        for v in variables(operand):
            if is_array(v):
                found |= self.pieces.get(v, frozenset((v,)))
        return found

    def is_foreign(self, operand: Operand) -> bool:
        if isinstance(operand, Lit):
            return True
        return bool(self.of(operand) & self.foreign)

    def nodes(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            if isinstance(node, Atom):
                self.atom(node)
            elif isinstance(node, Choice):
                for region in node.regions:
                    self.nodes(region.body)
                for k, result in enumerate(node.results):
                    outputs = [r.outputs[k] for r in node.regions]
                    if any(isinstance(o, Lit) and isinstance(o.value, np.ndarray) for o in outputs):
                        self.foreign.add(result)
                    self.pieces[result] = self.of(outputs[0]) | self.of(outputs[1])
            else:
                self.loop(node)

    def atom(self, atom: Atom) -> None:
        if atom.origin.spelling == "path":
            self.foreign.update(atom.results)
            return
        primitive = lookup(atom.op)
        shared = atom.op in IN_PLACE or primitive is None or primitive.views
        for result in atom.results:
            found: frozenset[Var] = frozenset()
            if shared and is_array(result):
                for operand in atom.args if primitive is None else atom.args[:1]:
                    found |= self.of(operand)
                    if isinstance(operand, Lit) and isinstance(operand.value, np.ndarray):
                        self.foreign.add(result)
            own = primitive is None or not found
            if shared and atom.op in READ_ONLY:
                self.foreign.add(result)
                own = True
            self.pieces[result] = found | ({result} if own else frozenset())

    def loop(self, node: Repeat) -> None:
        count = len(node.inits)
        for param, stream in zip(node.body.params[count:], node.streams, strict=True):
            self.pieces[param] = self.of(stream) | {param}
        for region in node.regions:
            for param in region.params[:count]:
                self.pieces[param] = frozenset((param,))
            self.nodes(region.body)
        params = {p: k for k, (_, _, p, _) in enumerate(node.carries)}
        inside = {v for n in walk(node.body.body) for v in n.results} | set(node.body.params)
        reach = [self.of(o) for _, _, _, o in node.carries]
        for k, (result, _, _, _) in enumerate(node.carries):
            seen, todo = set(), [k]
            found = {result}
            for j, other in enumerate(reach):  # two carries may end with one value
                found |= reach[k] & other if j != k else set()
            while todo:
                j = todo.pop()
                if j in seen:
                    continue
                seen.add(j)
                found |= self.of(node.inits[j])
                found |= {piece for piece in reach[j] if piece not in inside}
                if reach[j] & self.foreign:
                    self.foreign.add(result)
                todo += [params[piece] for piece in reach[j] if piece in params]
            self.pieces[result] = frozenset(found) if is_array(result) else frozenset((result,))


def is_array(v: Var) -> bool:
    return not isinstance(v.type, ArrayType) or v.type.shape != ()


def _copy(out: list[Node], operand: Operand, model: Var, origin: Origin) -> Var:
    copy = Var(model.hint, model.type, model.depth, model.adjoint_of, model.tangent_of)
    out.append(Atom((copy,), np.copy, (operand,), (), replace(origin, spelling="method")))
    return copy


class _Own:
    def __init__(self, function: Function):
        self.memory = Memory(function)
        self.clashes = Interference(function).clashes
        self.definitions = {
            r: n for n in walk(function.body) if isinstance(n, Atom) for r in n.results
        }
        self.order: dict[Var, int] = {}
        self.number(function.body)
        self.changed: set[Var] = set()
        for node in walk(function.body):
            if isinstance(node, Atom) and node.op in IN_PLACE:
                self.changed |= self.memory.of(node.args[0])
        loops = [n for n in walk(function.body) if isinstance(n, Repeat)]
        before = -1
        while before != len(self.changed):  # what a loop changes, it changes for the loop around it
            before = len(self.changed)
            for loop in loops:
                for k in self.changed_carries(loop):
                    self.changed |= self.memory.of(loop.inits[k])
        self.copied = False

    def number(self, nodes: Sequence[Node]) -> None:
        """Number the variables in the order of their definition."""
        for node in nodes:
            for region in node.regions:
                for v in region.params:
                    self.order[v] = len(self.order)
                self.number(region.body)
            for v in node.results:
                self.order[v] = len(self.order)

    def nodes(self, nodes: Sequence[Node]) -> tuple[Node, ...]:
        out: list[Node] = []
        for node in nodes:
            if isinstance(node, Atom):
                out.append(self.update(node, out) if node.op in IN_PLACE else node)
                continue
            if isinstance(node, Repeat) and not self.copied:
                node = self.loop(node, out)
            regions = [Region(r.params, self.nodes(r.body), r.outputs) for r in node.regions]
            out.append(node.with_regions(regions))
        return tuple(out)

    # --- carries ---

    def loop(self, node: Repeat, out: list[Node]) -> Repeat:
        """Carries that the body changes in place enter, and leave, in memory of their own."""
        changed = self.changed_carries(node)
        if not changed:
            return node
        inits = list(node.inits)
        taken = self.kept(node, changed, node.inits)
        for k, (result, init, param, _) in enumerate(node.carries):
            if not is_array(param):
                continue
            pieces = self.memory.of(init)
            if k in changed:
                around = self.clashes[param] | self.clashes[result]
                needed = any(
                    is_array(v) and v is not init and self.memory.of(v) & pieces
                    for v in around
                    if self.order.get(v, -1) < self.order[param]  # there before the loop
                )
                needed |= isinstance(init, Var) and init in around
                if needed or self.memory.is_foreign(init) or pieces & taken or not pieces:
                    inits[k] = _copy(out, init, param, node.origin)
                    pieces = frozenset()
                    self.copied = True
                taken |= pieces
        return replace(node, inits=tuple(inits), body=self.separate_outputs(node, changed))

    def kept(self, node: Repeat, changed: set[int], given: Sequence[Operand]) -> frozenset[Var]:
        """The memory that carries are given which the body does not change."""
        found: frozenset[Var] = frozenset()
        for k, (operand, param) in enumerate(zip(given, node.body.params, strict=False)):
            if k not in changed and is_array(param):
                found |= self.memory.of(operand)
        return found

    def changed_carries(self, node: Repeat) -> set[int]:
        """The carries that the body changes in place, and those that change places with them."""
        params = {p: k for k, (_, _, p, _) in enumerate(node.carries)}
        flows = [
            {params[piece] for piece in self.memory.of(output) if piece in params}
            for _, _, _, output in node.carries
        ]
        changed = {k for p, k in params.items() if is_array(p) and p in self.changed}
        while True:
            more = {k for k, sources in enumerate(flows) if sources & changed}
            more |= {j for k in changed for j in flows[k]}
            if more <= changed:
                return changed
            changed |= more

    def separate_outputs(self, node: Repeat, changed: set[int]) -> Region:
        inside = {v for n in walk(node.body.body) for v in n.results} | set(node.body.params)
        nodes, outputs = list(node.body.body), list(node.body.outputs)
        taken = self.kept(node, changed, node.body.outputs)
        for k, (_, _, param, output) in enumerate(node.carries):
            if not is_array(param):
                continue
            pieces = self.memory.of(output)
            if k in changed:
                outer = not pieces or any(piece not in inside for piece in pieces)
                if outer or pieces & taken or self.memory.is_foreign(output):
                    outputs[k] = _copy(nodes, output, param, node.origin)
                    pieces = frozenset()
                    self.copied = True
                taken |= pieces
        return Region(node.body.params, tuple(nodes), tuple(outputs))

    # --- updates ---

    def update(self, atom: Atom, out: list[Node]) -> Atom:
        """The update, of a copy where its array is needed after it or is not the function's own."""
        base = atom.args[0]
        if self.copied:
            return atom
        pieces = self.memory.of(base)
        others = [
            v
            for v in self.clashes[atom.result]
            if is_array(v)
            and self.order.get(v, -1) < self.order[atom.result]  # there before the update
            and self.memory.of(v) & pieces
        ]
        foreign = self.memory.is_foreign(base) or not pieces
        if not others and not foreign:
            return atom
        self.copied = True
        views = [v for v in others if self.is_small_view(v)]
        if views and len(views) == len(others) and not foreign and self.copy_views(out, views):
            return atom
        return replace(atom, args=(_copy(out, base, atom.result, atom.origin), *atom.args[1:]))

    def is_small_view(self, v: Var) -> bool:
        return v in self.definitions and self.definitions[v].op is getitem

    def copy_views(self, out: list[Node], views: list[Var]) -> bool:
        """Copy the views where they are made, if that is among the statements before the update."""
        if not all(any(v in n.results for n in out) for v in views):
            return False
        for v in views:
            k = next(k for k, n in enumerate(out) if v in n.results)
            atom = out[k]
            assert isinstance(atom, Atom)
            raw = Var("t", v.type)
            out[k] = replace(atom, results=(raw,))
            copy = Atom((v,), np.copy, (raw,), (), replace(atom.origin, spelling="method"))
            out.insert(k + 1, copy)
        return True

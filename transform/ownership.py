"""Copies that make in-place updates safe: `y[i] = v` changes nothing that is read later under another name.

An update of NumPy's takes place in the memory of its array. That is right where nobody needs the old value any more, and
the memory is the function's own: not an argument's, and not that of a view or another value that is read later.

Before (x: an argument):
    y = update(x, 0, 1.0)

After:
    x1 = np.copy(x)
    y = update(x1, 0, 1.0)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..primitives import getitem, lookup
from .ir import (
    ArrayType,
    Atom,
    Choice,
    Function,
    Lit,
    Node,
    Operand,
    Origin,
    Region,
    Repeat,
    Var,
    variables,
    walk,
)
from .liveness import IN_PLACE, Interference


def own(function: Function) -> Function:
    """The function with copies where an update would be seen by others."""
    if not any(isinstance(n, Atom) and n.op in IN_PLACE for n in walk(function.body)):
        return function
    function = _copy_carries(function)
    for _ in range(20):
        step = _Own(function)
        body = step.nodes(function.body)
        if not step.copied:
            return function
        function = function.with_body(body)
    return function


class Memory:
    """Which values may lie in one piece of memory, and whether that is the function's own."""

    def __init__(self, function: Function):
        self.parent: dict[Var, Var] = {}
        self.foreign: set[Var] = {v for _, v in function.params}
        for node in walk(function.body):
            if isinstance(node, Atom):
                self.atom(node)
            elif isinstance(node, Choice):
                for region in node.regions:
                    self.join_all(node.results, region.outputs)
            else:
                count = len(node.inits)
                self.join_all(node.results[:count], node.inits)
                self.join_all(node.results[:count], node.body.params[:count])
                self.join_all(node.results[:count], node.body.outputs[:count])
                self.join_all(node.body.params[count:], node.streams)

    def atom(self, atom: Atom) -> None:
        if atom.origin.spelling == "path":
            self.foreign.update(atom.results)
            return
        primitive = lookup(atom.op)
        shared = atom.op in IN_PLACE or primitive is None or primitive.views
        for result in atom.results:
            if shared and is_array(result):
                operands = atom.args[:1] if primitive is not None else atom.args
                self.join_all([result] * len(operands), operands)

    def join_all(self, results: Sequence[Var], operands: Sequence[Operand]) -> None:
        for result, operand in zip(results, operands, strict=False):
            for v in variables(operand):
                if is_array(v) and is_array(result):
                    a, b = self.root(result), self.root(v)
                    if a is not b:
                        self.parent[a] = b
            if isinstance(operand, Lit) and isinstance(operand.value, np.ndarray):
                self.foreign.add(result)

    def root(self, v: Var) -> Var:
        while v in self.parent:
            v = self.parent[v]
        return v

    def is_foreign(self, v: Var) -> bool:
        roots = {self.root(f) for f in self.foreign}
        return self.root(v) in roots


def is_array(v: Var) -> bool:
    return not isinstance(v.type, ArrayType) or v.type.shape != ()


def _copy_carries(function: Function) -> Function:
    """An argument, or a value that is needed later, is copied before a loop that changes it, not in the loop."""
    memory, clashes = Memory(function), Interference(function).clashes
    changed = {
        memory.root(n.args[0])
        for n in walk(function.body)
        if isinstance(n, Atom) and n.op in IN_PLACE and isinstance(n.args[0], Var)
    }
    seen: set[Var] = set()

    def copies(nodes: Sequence[Node]) -> tuple[Node, ...]:
        out: list[Node] = []
        for node in nodes:
            if not isinstance(node, Atom):
                node = node.with_regions([replace(r, body=copies(r.body)) for r in node.regions])
            if isinstance(node, Repeat):
                inits = list(node.inits)
                for k, (result, init, param, _) in enumerate(node.carries):
                    if not is_array(param) or memory.root(param) not in changed:
                        continue
                    foreign = not isinstance(init, Var) or init in memory.foreign or init in seen
                    needed = isinstance(init, Var) and (
                        init in clashes[param] or init in clashes[result] or init in node.inits[:k]
                    )
                    if foreign or needed:
                        inits[k] = _copy(out, init, param, node.origin)
                node = replace(node, inits=tuple(inits))
            out.append(node)
        return tuple(out)

    return function.with_body(copies(function.body))


def _copy(out: list[Node], operand: Operand, model: Var, origin: Origin) -> Var:
    copy = Var(model.hint, model.type, model.depth, model.adjoint_of, model.tangent_of)
    out.append(Atom((copy,), np.copy, (operand,), (), replace(origin, spelling="method")))
    return copy


class _Own:
    def __init__(self, function: Function):
        self.memory = Memory(function)
        self.clashes = Interference(function).clashes
        self.members: dict[Var, list[Var]] = {}
        params = [v for _, v in function.params]
        every = [*params, *_every(function.body)]
        for v in every:
            self.members.setdefault(self.memory.root(v), []).append(v)
        self.definitions = {
            r: n for n in walk(function.body) if isinstance(n, Atom) for r in n.results
        }
        self.copied = False

    def nodes(self, nodes: Sequence[Node]) -> tuple[Node, ...]:
        out: list[Node] = []
        for node in nodes:
            if isinstance(node, Atom):
                if node.op in IN_PLACE and not self.copied:
                    node = self.update(node, out)
                out.append(node)
            else:
                regions = [Region(r.params, self.nodes(r.body), r.outputs) for r in node.regions]
                out.append(node.with_regions(regions))
        return tuple(out)

    def update(self, atom: Atom, out: list[Node]) -> Atom:
        """The update, of a copy where its array is needed after it or is not the function's own."""
        base = atom.args[0]
        if not isinstance(base, Var):
            self.copied = True
            return replace(atom, args=(_copy(out, base, atom.result, atom.origin), *atom.args[1:]))
        root = self.memory.root(base)
        others = [
            v
            for v in self.members.get(root, [])
            if v in self.clashes[atom.result] and v is not atom.result
        ]
        if not others and not self.memory.is_foreign(base):
            return atom
        self.copied = True
        views = [v for v in others if self.is_small_view(v)]
        if views and len(views) == len(others) and not self.memory.is_foreign(base):
            if self.copy_views(out, views):
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


def _every(nodes: Sequence[Node]) -> list[Var]:
    found: list[Var] = []
    for node in nodes:
        found += node.results
        for region in node.regions:
            found += region.params
            found += _every(region.body)
    return found

"""Forward mode: after each primal atom, the tangent of its result.

Before:
    y = np.tanh(x)
    z = y * w

After, for the tangent x_dot of x:
    y = np.tanh(x)
    y_dot = x_dot * (1 - y**2)
    z = y * w
    z_dot = y_dot * w
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..primitives import (
    COMPOSED,
    ELEMENTWISE,
    LINEAR,
    MULTILINEAR,
    SCALED,
    Primitive,
    array_params,
)
from .activity import active_variables
from .derivative import Context, anchored, name_derivative, strong, tangent_of
from .errors import NoRuleError
from .ir import Atom, Choice, Function, Node, Origin, Region, Repeat
from .operands import ArrayType, Items, Operand, Var, type_of, variables
from .trace import Trace
from .trees import cast, zeros
from .values import Array, Known, Struct, Value, known, operand_of, value_of


def forward(
    function: Function, tangents: Mapping[Var, Value], outputs: list[Var]
) -> tuple[Trace, list[Value | None]]:
    """The atoms of the primal and of the tangents; the tangent of each output, None where it is zero."""
    trace = Trace(lengths=function.lengths)
    output = Items("tuple", tuple(outputs))
    active = active_variables(function.body, tangents, output)
    step = _Forward(Context(trace, active, function.body), dict(tangents))
    for node in function.body:
        step.node(node)
    return trace, [step.tangents.get(v) if v in active else None for v in outputs]


class _Forward:
    def __init__(self, context: Context, tangents: dict[Var, Value]):
        self.context, self.tangents = context, tangents

    def node(self, node: Node) -> None:
        """The statement, and the tangents of its results."""
        trace, active = self.context.trace, self.context.active
        if isinstance(node, Atom):
            trace.add(node)
            if node.origin.spelling != "path" and any(r in active for r in node.results):
                self.atom(node)
        elif isinstance(node, Choice):
            self.choice(node)
        else:
            self.repeat(node)

    def choice(self, node: Choice) -> None:
        active = [(k, r) for k, r in enumerate(node.results) if r in self.context.active]
        regions = []
        for region in node.regions:
            with self.context.trace.region() as nodes:
                for inner in region.body:
                    self.node(inner)
                dots = [self.operand(region.outputs[k], r, node) for k, r in active]
            regions.append(replace(region, body=tuple(nodes), outputs=(*region.outputs, *dots)))
        results = [self.result_dot(r) for _, r in active]
        self.context.trace.add(
            replace(node.with_regions(regions), results=(*node.results, *results))
        )

    def repeat(self, node: Repeat) -> None:
        """The loop with the tangents of its active carries and streams beside them."""
        marked, count = self.context.active, len(node.inits)
        carried = [k for k, (r, _, p, _) in enumerate(node.carries) if r in marked or p in marked]
        marked.update(node.carries[k][2] for k in carried)
        marked.update(node.carries[k][0] for k in carried)
        stacked = [k for k, (r, _) in enumerate(node.stacked) if r in marked]
        inits = [self.operand(node.inits[k], node.results[k], node) for k in carried]
        params = [tangent_of(node.body.params[k]) for k in carried]
        for k, param in zip(carried, params, strict=True):
            self.tangents[node.body.params[k]] = Array(param)
        flows = [(p, a) for p, a in node.streamed if isinstance(a, Var) and a in marked]
        elements = [tangent_of(p) for p, _ in flows]
        marked.update(p for p, _ in flows)
        streams = [self.operand(a, a, node) for _, a in flows]
        for (p, _), element in zip(flows, elements, strict=True):
            self.tangents[p] = Array(element)
        with self.context.trace.region() as nodes:
            for inner in node.body.body:
                self.node(inner)
            outputs = node.body.outputs
            ends = [self.operand(outputs[k], node.results[k], node) for k in carried]
            extra = [
                self.operand(outputs[count + k], node.stacked[k][0], node, outputs[count + k])
                for k in stacked
            ]
        test = node.test
        if test is not None:
            more = tuple(Var(p.hint, p.type) for p in params)
            test = replace(test, params=(*test.params, *more))
        dots = [self.result_dot(node.results[k]) for k in carried]
        rows = [self.result_dot(node.stacked[k][0]) for k in stacked]
        body = Region(
            (*node.body.params[:count], *params, *node.body.params[count:], *elements),
            tuple(nodes),
            (*outputs[:count], *ends, *outputs[count:], *extra),
        )
        self.context.trace.add(
            replace(
                node,
                results=(*node.results[:count], *dots, *node.results[count:], *rows),
                inits=(*node.inits, *inits),
                body=body,
                streams=(*node.streams, *streams),
                test=test,
            )
        )

    def result_dot(self, result: Var) -> Var:
        var = tangent_of(result)
        self.tangents[result] = Array(var)
        return var

    def operand(
        self, primal: Operand, owner: Var, node: Node, model: Operand | None = None
    ) -> Operand:
        """The tangent of an operand, zeros where it has none, in the type of `owner` (of one item, of `model`)."""
        found = self.tangents.get(primal) if isinstance(primal, Var) else None
        wanted = strong(type_of(primal if model is not None else owner))
        origin = anchored(node, "tangent")
        if isinstance(primal, Var) and primal in self.context.active and found is not None:
            if isinstance(found, Array):
                return found.operand
            return cast(self.context.trace, found, wanted, origin)
        if wanted.shape == () or not isinstance(primal, Var):
            return zeros(self.context.trace, wanted, origin)
        args: list[Value] = [value_of(primal)]
        return operand_of(self.context.trace.apply(np.zeros_like, args, {}, origin))

    def atom(self, atom: Atom) -> None:
        origin = anchored(atom, "tangent")
        primitive = self.context.primitive(atom)
        with contextlib.suppress(NoRuleError):
            if primitive is not None and primitive.kind == COMPOSED:
                self.composed(atom, primitive, origin)
                return
            if primitive is not None and self.has_rule(primitive):
                self.by_rule(atom, primitive, origin)
                return
        chosen = [a for a in atom.args if any(v in self.context.active for v in variables(a))]
        dots = Struct(tuple, [self.dotted(a) for a in chosen])
        active = [k for k, r in enumerate(atom.results) if r in self.context.active]
        several = tuple(active) if len(atom.results) > 1 else ()
        for v, value in self.context.fallback(atom, dots, "jvp", origin, several):
            self.settle(v, value, origin)

    def composed(self, atom: Atom, primitive: Primitive, origin: Origin) -> None:
        """Through what a function is composed of; of its value only what the tangent reads is computed again."""
        trace = self.context.trace
        nodes, ends = self.context.composition(primitive, atom, "tangent")
        with trace.region() as written:
            for node in nodes:
                self.node(node)
        own = {v for node in nodes for v in node.results}
        pairs = zip(ends, atom.results, strict=True)
        now = {e: r for e, r in pairs if e in own and type_of(e) == r.type}
        for node in written:
            # What stands for the user's own value is not computed again.
            trace.add(node.map(lambda v: now.get(v, v)))
        for end, result in zip(ends, atom.results, strict=True):
            if isinstance(end, Var) and end in self.tangents and end in self.context.active:
                self.settle(result, self.tangents[end], origin)
            else:
                self.context.active.discard(result)

    def by_rule(self, atom: Atom, primitive: Primitive, origin: Origin) -> None:
        if primitive.kind in (LINEAR, MULTILINEAR):
            self.linear(atom, primitive, origin)
        elif primitive.kind in (ELEMENTWISE, SCALED):
            self.elementwise(atom, primitive, origin)
        else:
            self.general(atom, primitive, origin)

    def has_rule(self, primitive: Primitive) -> bool:
        return primitive.tangent is not None or primitive.kind in (
            ELEMENTWISE,
            SCALED,
            LINEAR,
            MULTILINEAR,
        )

    def linear(self, atom: Atom, primitive: Primitive, origin: Origin) -> None:
        """The function itself, with the tangent in place of each active argument in turn.

        A function that is linear in several arguments together (`update`) takes all tangents at once.
        """
        if primitive.kind == LINEAR and len(primitive.wrt) > 1:
            self.jointly(atom, primitive, origin)
            return
        terms = []
        names = array_params(primitive, len(atom.args))
        for k, (name, operand) in enumerate(zip(names, atom.args, strict=False)):
            if name in primitive.wrt and any(v in self.context.active for v in variables(operand)):
                args = [value_of(a) for a in atom.args]
                args[k] = value_of(operand_of(self.dotted(operand)))
                kwargs = {key: value_of(v) for key, v in atom.kwargs}
                spelled = replace(origin, spelling=atom.origin.spelling)
                terms.append(self.context.trace.apply(atom.op, args, kwargs, spelled))
        self.add(atom.result, terms, origin)

    def jointly(self, atom: Atom, primitive: Primitive, origin: Origin) -> None:
        args = [value_of(a) for a in atom.args]
        for k, name in enumerate(array_params(primitive)):
            if name in primitive.wrt:
                args[k] = (
                    known(0.0)
                    if k and not self.is_active(atom.args[k])
                    else self.dotted(atom.args[k])
                )
        self.add(atom.result, [self.context.trace.apply(atom.op, args, {}, origin)], origin)

    def is_active(self, operand: Operand) -> bool:
        return any(v in self.context.active for v in variables(operand))

    def dotted(self, operand: Operand) -> Value:
        """An operand with the tangents in place of the values; zeros where nothing is active."""
        if isinstance(operand, Items):
            kind = tuple if operand.kind == "tuple" else list
            return Struct(kind, [self.dotted(item) for item in operand.items])
        if isinstance(operand, Var) and operand in self.context.active:
            return self.tangents[operand]
        found = type_of(operand)
        if isinstance(found, ArrayType) and found.shape:
            return self.context.trace.apply(
                np.zeros_like, [value_of(operand)], {}, Origin(part="tangent")
            )
        return known(0.0)

    def elementwise(self, atom: Atom, primitive: Primitive, origin: Origin) -> None:
        if primitive.kind == ELEMENTWISE:
            many = len(atom.results) > 1
            values: list[Value] = [Array(r) for r in atom.results]
            y: Value = Struct(tuple, values) if many else values[0]
            partials = self.context.partials(atom, primitive, y, "tangent")
            for k, result in enumerate(atom.results):
                terms = [
                    self.context.scaled(self.tangents[operand], each[k], origin)
                    for operand, each in zip(atom.args, partials, strict=False)
                    if isinstance(operand, Var) and operand in self.context.active
                ]
                self.add(result, [t for t in terms if t is not None], origin)
            return
        terms = []
        y = Array(atom.result)
        for k, operand in enumerate(atom.args):
            if isinstance(operand, Var) and operand in self.context.active:
                dot = self.tangents[operand]
                part = self.context.rule(primitive.adjoint, [dot, y], atom, primitive, "tangent")[k]
                if not (isinstance(part, Known) and part.value is None):
                    self.context.check_there(part)
                    terms.append(part)
        self.add(atom.result, terms, origin)

    def general(self, atom: Atom, primitive: Primitive, origin: Origin) -> None:
        many = len(atom.results) > 1
        # An inactive argument's tangent is 0; where its part of the rule is not used, anything of its shape will do.
        dots = [
            self.tangents[a]
            if isinstance(a, Var) and a in self.context.active
            else (known(0) if many else value_of(a))
            for name, a in zip(array_params(primitive, len(atom.args)), atom.args, strict=False)
            if name in primitive.wrt
        ]
        y: Value = Struct(tuple, [Array(r) for r in atom.results]) if many else Array(atom.result)
        if many:
            parts = self.context.rule(primitive.tangent, [*dots, y], atom, primitive, "tangent")
            for v, part in zip(atom.results, parts, strict=False):
                if v in self.context.active:
                    self.settle(v, part, origin)
            return
        parts = self.context.rule(primitive.tangent, [*dots, y], atom, primitive, "tangent")
        names = array_params(primitive, len(atom.args))
        chosen = [a for n, a in zip(names, atom.args, strict=False) if n in primitive.wrt]
        pairs = zip(chosen, parts, strict=False)
        terms = [part for a, part in pairs if isinstance(a, Var) and a in self.context.active]
        for term in terms:
            self.context.check_there(term)
        self.add(atom.result, terms, origin)

    def add(self, v: Var, terms: list[Value], origin: Origin) -> None:
        if not terms:
            self.context.active.discard(v)
            return
        total = terms[0]
        for term in terms[1:]:
            total = self.context.operator(np.add, [total, term], origin)
        self.settle(v, total, origin)

    def settle(self, v: Var, value: Value, origin: Origin) -> None:
        """Give a tangent the shape and dtype of its variable."""
        wanted: Any = v.type
        origin = replace(origin, spelling="function")
        if not isinstance(value, Array):
            value = self.context.trace.apply(np.full_like, [Array(v), value], {}, origin)
        assert isinstance(value, Array)
        if value.type.shape != wanted.shape:
            shape = self.context.trace.attribute(Array(v), "shape", origin)
            value = self.context.trace.apply(np.broadcast_to, [value, shape], {}, origin)
            assert isinstance(value, Array)
        if value.type.dtype.kind == "c" and wanted.dtype.kind == "f":
            value = self.context.trace.apply(np.real, [value], {}, origin)
            assert isinstance(value, Array)
        if value.type.dtype != wanted.dtype:
            value = self.context.trace.cast(value, wanted.dtype, origin)
        name_derivative(value, v, "tangent")
        self.tangents[v] = value

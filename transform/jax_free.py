"""Text for NumPy alone: what JAX alone has is written in NumPy's functions, or refused.

Given:
    y = jax.nn.silu(x)

Then:
    y = x * expit(x)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..primitives import is_jax, lookup, name_of
from ..primitives.fallback import JaxDerivative
from .errors import RefusedError
from .infer import Interpreter
from .inlining import inline_rule
from .ir import Atom, Function, Node, walk
from .operands import Var
from .trace import Trace
from .values import operand_of, value_of


def without_jax(function: Function) -> Function:
    """The function without JAX's; raises `RefusedError` where its text would need JAX."""
    if not any(isinstance(n, Atom) and needs_jax(n) for n in walk(function.body)):
        return function
    step = _WithoutJax(function)
    return function.with_body(tuple(step.nodes(function.body)))


def needs_jax(atom: Atom) -> bool:
    return isinstance(atom.op, JaxDerivative) or is_jax(atom.op)


class _WithoutJax:
    def __init__(self, function: Function):
        self.trace = Trace(lengths=function.lengths)

    def nodes(self, nodes: Sequence[Node]) -> list[Node]:
        with self.trace.region() as found:
            for node in nodes:
                if isinstance(node, Atom) and needs_jax(node):
                    self.atom(node)
                else:
                    regions = [replace(r, body=tuple(self.nodes(r.body))) for r in node.regions]
                    self.trace.add(node.with_regions(regions))
        return found

    def atom(self, atom: Atom) -> None:
        """Write an operation in NumPy's functions, its result under the same name."""
        op = atom.op
        if isinstance(op, JaxDerivative):
            raise RefusedError(
                f"{name_of(op.function)} has no rule, so that only JAX can differentiate it",
                atom.origin.span,
                'use target="jax", or add a rule',
            )
        primitive = lookup(op)
        if primitive is None or primitive.numpy is None:
            raise RefusedError(
                f"{name_of(op)} is a function of JAX, which NumPy does not have",
                atom.origin.span,
                'use target="jax", or the function of NumPy',
            )
        given = {k: value_of(v) for k, v in atom.kwargs}
        with self.trace.region() as written:
            args = [value_of(a) for a in atom.args]
            result = operand_of(
                inline_rule(Interpreter(self.trace), primitive.numpy, args, atom.origin, given)
            )
        own = {r for node in written for r in node.results}
        if len(atom.results) != 1 or not isinstance(result, Var) or result not in own:
            raise RefusedError(f"{name_of(op)} has no form in NumPy", atom.origin.span)
        for node in written:
            results = tuple(atom.result if r is result else r for r in node.results)
            self.trace.add(
                replace(node.map(lambda v: atom.result if v is result else v), results=results)
            )

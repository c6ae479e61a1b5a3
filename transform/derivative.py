"""What forward and reverse mode share: applying one atom's rule."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..primitives import MISSING, Primitive, array_params, jax_twin, lookup, name_of, variadic
from ..primitives.fallback import JaxDerivative
from .abstract import abstract_call
from .activity import active_variables, is_complex, is_inexact
from .errors import NoRuleError, ProgramError, RefusedError
from .infer import Interpreter
from .inlining import RULE_DEPTH, inline_rule
from .ir import Atom, Node, Origin
from .operands import ArrayType, Items, Operand, Var, variables
from .squares import Squares, is_root
from .trace import Trace
from .values import Array, Known, Struct, Value, known, operand_of, value_of


@dataclass
class Context:
    """The trace that a derivative is written to, and the variables that have one."""

    trace: Trace
    active: set[Var]
    body: Sequence[Node] = ()  # of the function that is differentiated

    def __post_init__(self) -> None:
        self.interpreter = Interpreter(self.trace)
        self.squares = Squares(self.trace, self.body, self.active)

    def primitive(self, atom: Atom) -> Primitive | None:
        """The operation's rule, if it has one that holds for its arguments."""
        found = lookup(atom.op)
        if found is not None and not found.complex and is_complex(atom, self.active):
            return None
        return found

    def rule(
        self, rule: Any, derivatives: list[Value], atom: Atom, primitive: Primitive, part: str
    ) -> list[Value]:
        """The rule's expressions, one per parameter without a default, padded with None."""
        origin = anchored(atom, part)
        args = [value_of(a) for a in atom.args]
        if is_root(atom) and self.squares.sums(atom.args[0]):
            root, derivatives = atom.op is not np.power, list(derivatives)
            length = self.not_zero(derivatives[-1] if root else args[0], origin)
            if root:
                derivatives[-1] = length
            else:
                args[0] = length
        if variadic(primitive) is not None:
            given = {k: value_of(v) for k, v in atom.kwargs}
            return self.parts(
                inline_rule(self.interpreter, rule, [*derivatives, *args], origin, given)
            )
        names = [p.name for p in primitive.signature.parameters.values()]
        keywords = {k: value_of(v) for k, v in atom.kwargs}
        ordered: list[Value] = list(args)
        for name in names[len(args) :]:
            default = primitive.signature.parameters[name].default
            ordered.append(keywords[name] if name in keywords else known(default))
        parameters = len(rule_parameters(rule)) - len(derivatives)
        result = inline_rule(self.interpreter, rule, [*derivatives, *ordered[:parameters]], origin)
        parts = self.parts(result)
        return parts + [known(None)] * (len(array_params(primitive)) - len(parts))

    def not_zero(self, value: Value, origin: Origin) -> Value:
        """A length with 1 in place of 0, for dividing by it."""
        test = self.operator(np.equal, [value, known(0)], origin)
        spelled = replace(origin, spelling="function")
        return self.trace.apply(np.where, [test, known(1), value], {}, spelled)

    def partials(self, atom: Atom, primitive: Primitive, y: Value, part: str) -> list[list[Value]]:
        """The partial derivatives of an elementwise function: of each of its results along each argument."""
        parts = self.rule(primitive.adjoint, [y], atom, primitive, part)
        count = len(atom.results)
        if count == 1:
            return [[p] for p in parts]
        if len(array_params(primitive)) == 1:
            return [parts]
        return [found if len(found := self.parts(p)) == count else found * count for p in parts]

    def parts(self, result: Value) -> list[Value]:
        """What a rule returns for each argument."""
        many = isinstance(result, Struct) and result.kind is tuple
        if isinstance(result, Known) and isinstance(result.value, tuple):
            return [value_of(i) for i in result.operand.items]  # type: ignore[union-attr]
        return list(result.items) if many else [result]  # type: ignore[union-attr]

    def check_there(self, value: Value) -> None:
        """Raise `NoRuleError` for an argument that a rule leaves to JAX."""
        if isinstance(value, Known) and isinstance(value.value, str) and value.value == MISSING:
            raise NoRuleError("the derivative with respect to this argument")

    def composition(
        self, primitive: Primitive, atom: Atom, part: str
    ) -> tuple[list[Node], list[Operand]]:
        """The statements that a function is composed of, and its results; the active ones are marked."""
        args, given = [value_of(a) for a in atom.args], {k: value_of(v) for k, v in atom.kwargs}
        with self.trace.region() as nodes:
            assert primitive.adjoint is not None
            found = inline_rule(
                self.interpreter, primitive.adjoint, args, anchored(atom, part), given
            )
        values = found.items if isinstance(found, Struct) else [found]
        ends = [operand_of(v) for v in values]
        varied = [v for v in atom.variables() if v in self.active]
        self.active |= active_variables(nodes, varied, Items("tuple", tuple(ends)))
        return nodes, ends

    def operator(self, op: Any, args: list[Value], origin: Origin) -> Value:
        return self.interpreter.operation(op, args, replace(origin, spelling="operator"))

    def scaled(self, d: Value, partial: Value, origin: Origin) -> Value | None:
        """`d * partial`, where a partial of 0, 1 or -1 needs no product."""
        self.check_there(partial)
        if isinstance(partial, Known):
            if partial.value is None or (isinstance(partial.value, int) and partial.value == 0):
                return None
            if isinstance(partial.value, int) and partial.value == 1:
                return d
            if isinstance(partial.value, int) and partial.value == -1:
                return self.operator(np.negative, [d], origin)
        return self.operator(np.multiply, [d, partial], origin)

    def in_jax_dtype(self, dy: Array, twin: Any, atom: Atom, origin: Origin) -> Value:
        """The adjoint of a result, in the dtype that JAX's function gives the result."""
        with contextlib.suppress(ProgramError):
            found = getattr(abstract_call(twin, atom.args, atom.kwargs), "dtype", None)
            if found is not None and found != dy.type.dtype:
                return self.trace.cast(dy, found, origin)
        return dy

    def fallback(
        self,
        atom: Atom,
        derivatives: Value,
        mode: str,
        origin: Origin,
        results: tuple[int, ...] = (),
    ) -> list[tuple[Var, Value]]:
        """JAX's own derivative of one call, with respect to its active positional arguments.

        `results` are those of several that `derivatives` belong to, or that get a tangent.
        """
        if any(v in self.active for _, operand in atom.kwargs for v in variables(operand)):
            raise RefusedError(
                "a keyword argument of a function without a rule cannot be differentiated",
                atom.origin.span,
                "pass it by position",
            )
        positions = []
        for k, operand in enumerate(atom.args):
            if any(v in self.active for v in variables(operand)):
                if not all(isinstance(leaf, Var) and is_inexact(leaf) for leaf in leaves(operand)):
                    raise RefusedError(
                        f"{name_of(atom.op)} takes a container with other things than arrays of floats "
                        "and has no rule, so it cannot be differentiated yet",
                        atom.origin.span,
                        "make its items arrays, or write it with simpler functions",
                    )
                positions.append(k)
        primitive = lookup(atom.op)
        ours = primitive.jax if primitive is not None else None
        twin = ours or jax_twin(atom.op)
        if twin is None:
            raise RefusedError(
                "the derivative with respect to this argument is not known",
                atom.origin.span,
                "do not differentiate with respect to it",
            )
        op = JaxDerivative(atom.op, twin, mode, tuple(positions), results)
        chosen = [leaf for k in positions for leaf in leaves(atom.args[k]) if isinstance(leaf, Var)]
        owners = chosen if mode == "vjp" else [atom.results[k] for k in results or (0,)]
        found = tuple(Var("t", v.type) for v in owners)
        if mode == "vjp" and isinstance(derivatives, Array):  # SciPy's float64 may be JAX's float32
            derivatives = self.in_jax_dtype(derivatives, twin, atom, origin)
        args = (operand_of(derivatives), Items("tuple", tuple(atom.args)))
        try:
            abstract_call(op, args, atom.kwargs)
        except ProgramError as error:
            raise RefusedError(
                f"{name_of(atom.op)} has no derivative here, not in JAX either: {error.message}",
                atom.origin.span,
                "write it with simpler functions, or do not differentiate with respect to this argument",
            ) from None
        self.trace.add(Atom(found, op, args, atom.kwargs, origin))
        return [(o, Array(v)) for o, v in zip(owners, found, strict=True)]


def leaves(operand: Operand) -> list[Operand]:
    """The items of a container, or the operand itself."""
    if isinstance(operand, Items):
        return [leaf for item in operand.items for leaf in leaves(item)]
    return [operand]


def rule_parameters(rule: Any) -> tuple[str, ...]:
    code = rule.__code__
    return code.co_varnames[: code.co_argcount]


def anchored(atom: Node, part: str) -> Origin:
    """The origin of what is derived from an atom: the line of the differentiated function that it serves."""
    site, statement = atom.origin.site, atom.origin.statement
    while site is not None:
        statement, site = site.statement, site.parent
    return replace(atom.origin, part=part, statement=statement, spelling="operator")


def name_derivative(value: Value, of: Var, kind: str) -> None:
    """Let a value be called after the variable whose adjoint or tangent it is, a user's before a nameless one."""
    operand = value.operand if isinstance(value, Array) else None
    if not isinstance(operand, Var) or not is_nameless(operand) or of.is_named_by(operand):
        return
    owner = operand.adjoint_of or operand.tangent_of
    if owner is None or (getattr(operand, f"{kind}_of") and is_bare(owner) and not is_bare(of)):
        setattr(operand, f"{kind}_of", of)


def is_nameless(v: Var) -> bool:
    return v.depth is None or v.depth >= RULE_DEPTH


def is_bare(v: Var) -> bool:
    """Whether a variable has no name, and is not called after another."""
    return is_nameless(v) and v.adjoint_of is None and v.tangent_of is None


def strong(t: Any) -> ArrayType:
    """A derivative is an array of NumPy's, never a Python number."""
    assert isinstance(t, ArrayType)
    return ArrayType(t.shape, t.dtype)


def adjoint_of(v: Var) -> Var:
    return Var("t", strong(v.type), adjoint_of=v)


def tangent_of(v: Var) -> Var:
    return Var("t", strong(v.type), tangent_of=v)

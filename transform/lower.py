"""From syntax to untyped atoms: every operation on a line of its own, every operand a name or a literal.

Before:
    y = a * np.tanh(x + 1)

After:
    t1 = np.add(x, 1)
    t2 = call np.tanh(t1)
    y = np.multiply(a, t2)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import libcst as cst

from .errors import RefusedError
from .expressions import BINARY, Expressions
from .ir import (
    Block,
    Branch,
    Lit,
    Loop,
    Name,
    Operand,
    Return,
    Statement,
)
from .parse import FunctionSyntax


@dataclass(frozen=True, eq=False)
class Parameter:
    """`kind` is "positional", "keyword" (keyword only), "args" or "kwargs"; `default` is untyped or None."""

    name: str
    kind: str
    default: Operand | None


@dataclass(frozen=True, eq=False)
class Lowered:
    """An untyped function. `setup` are the atoms that compute the defaults of an inner function."""

    syntax: FunctionSyntax
    params: tuple[Parameter, ...]
    body: Block
    setup: Block = ()


def lower(syntax: FunctionSyntax, outer: frozenset[str] = frozenset()) -> Lowered:
    """The untyped atoms of a function; `outer` are the locals of the functions around it."""
    return _Lowering(syntax, outer).function()


class _Lowering(Expressions):
    # --- functions ---

    def function(self) -> Lowered:
        node = self.syntax.node
        if isinstance(node, cst.Lambda):
            self.statement = Statement(self.text.code(node), self.text.span(node))
            params = self.parameters(node.params)
            setup = self.take()
            value = self.expression(node.body)
            self.out.append(Return(value, self.origin(node.body)))
            return Lowered(self.syntax, params, self.take(), setup)
        self.statement = self.text.statement(node)
        params = self.parameters(node.params)
        setup = self.take()
        return Lowered(self.syntax, params, self.block(node.body), setup)

    def parameters(self, params: cst.Parameters) -> tuple[Parameter, ...]:
        result = []
        known = self.syntax.function is not None  # its defaults are values already
        for kind, group in (
            ("positional", (*params.posonly_params, *params.params)),
            ("keyword", params.kwonly_params),
        ):
            for p in group:
                default = None if known or p.default is None else self.expression(p.default)
                result.append(Parameter(p.name.value, kind, default))
        if isinstance(params.star_arg, cst.Param):
            result.append(Parameter(params.star_arg.name.value, "args", None))
        if params.star_kwarg is not None:
            result.append(Parameter(params.star_kwarg.name.value, "kwargs", None))
        return tuple(result)

    # --- statements ---

    def take(self) -> Block:
        block, self.out = tuple(self.out), []
        return block

    def block(self, body: cst.BaseSuite) -> Block:
        saved, self.out = self.out, []
        for line in body.body:
            if isinstance(line, cst.SimpleStatementLine):
                self.statement = self.text.statement(line)
                for small in line.body:
                    self.small_statement(small)
            elif isinstance(line, cst.BaseSmallStatement):  # `if x: y = 1` on one line
                self.small_statement(line)
            elif isinstance(line, cst.If):
                self.statement = self.text.statement(line)
                self.if_statement(line)
            elif isinstance(line, cst.For):
                self.statement = self.text.statement(line)
                self.for_loop(line.target, line.iter, line, lambda body=line.body: self.block(body))
            elif isinstance(line, cst.FunctionDef):
                self.statement = self.text.statement(line)
                self.inner_function(line, line.name.value)
        block, self.out = tuple(self.out), saved
        return block

    def small_statement(self, node: cst.BaseSmallStatement) -> None:
        if isinstance(node, cst.Assign):
            value = self.expression(node.value)
            for target in node.targets:
                self.assign(target.target, value)
        elif isinstance(node, cst.AnnAssign):
            if node.value is not None:
                self.assign(node.target, self.expression(node.value))
        elif isinstance(node, cst.AugAssign):
            name = self.name(cst.ensure_type(node.target, cst.Name))
            ufunc = BINARY[_plain_operator(node.operator)]
            value = self.expression(node.value)
            self.emit("inplace", (Lit(ufunc), name, value), node, results=(name,))
        elif isinstance(node, cst.Return):
            value = Lit(None) if node.value is None else self.expression(node.value)
            self.out.append(Return(value, self.origin(node)))
        elif isinstance(node, cst.Assert):
            test = self.expression(node.test)
            message = "" if node.msg is None else self.text.code(node.msg)
            self.emit("assert", (test, Lit(message)), node, results=())
        elif isinstance(node, cst.Raise):
            what = "raise" if node.exc is None else self.text.code(node.exc)
            self.emit("raise", (Lit(what),), node, results=())
        elif isinstance(node, cst.Import | cst.ImportFrom):
            self.import_statement(node)

    def if_statement(self, node: cst.If) -> None:
        test = self.expression(node.test)
        origin = self.origin(node.test)
        then = self.block(node.body)
        orelse: Block = ()
        if isinstance(node.orelse, cst.Else):
            orelse = self.block(node.orelse.body)
        elif isinstance(node.orelse, cst.If):
            saved, self.out = self.out, []
            self.if_statement(node.orelse)
            orelse, self.out = tuple(self.out), saved
        self.out.append(Branch(test, then, orelse, origin))

    def for_loop(self, target: Any, iterable: cst.BaseExpression, node: Any, body: Any) -> None:
        source = self.expression(iterable)
        item = self.temporary()
        saved, self.out = self.out, []
        self.assign(target, item)
        head, self.out = tuple(self.out), saved
        self.out.append(Loop(item, source, (*head, *body()), self.origin(iterable)))

    def import_statement(self, node: cst.Import | cst.ImportFrom) -> None:
        if isinstance(node.names, cst.ImportStar):
            raise RefusedError("from ... import * is not supported here", self.text.span(node))
        module = ""
        if isinstance(node, cst.ImportFrom):
            if node.relative or node.module is None:
                raise RefusedError(
                    "a relative import inside a function is not supported",
                    self.text.span(node),
                    "import at the top of the module",
                )
            module = self.text.code(node.module)
        for alias in node.names:
            path = self.text.code(alias.name)
            bound = alias.evaluated_alias or path.split(".")[0]
            args = (Lit(module), Lit(path), Lit(alias.evaluated_alias is not None))
            self.emit("import", args, node, results=(Name(bound),))

    def inner_function(self, node: cst.FunctionDef | cst.Lambda, name: str) -> Operand:
        syntax = FunctionSyntax(name, node, self.text, None)
        lowered = lower(syntax, self.locals)
        self.out.extend(lowered.setup)
        result = self.temporary() if isinstance(node, cst.Lambda) else Name(name)
        return self.emit("function", (Lit(lowered),), node, results=(result,))


def _plain_operator(node: cst.BaseAugOp) -> type[cst.CSTNode]:
    """The operator of an augmented assignment: `AddAssign` is `Add`."""
    return getattr(cst, type(node).__name__.removesuffix("Assign"))

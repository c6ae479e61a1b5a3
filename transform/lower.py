"""From syntax to untyped atoms: every operation on a line of its own, every operand a name or a literal.

Before:
    y = a * np.tanh(x + 1)

After:
    t1 = np.add(x, 1)
    t2 = call np.tanh(t1)
    y = np.multiply(a, t2)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import libcst as cst

from .errors import RefusedError
from .expressions import BINARY, Expressions
from .forget import forget_dead
from .ir import Block, Branch, Leave, Loop, Return, Statement, While
from .operands import Items, Lit, Name, Operand
from .parse import FunctionSyntax
from .scopes import local_names
from .structure import structure


@dataclass(frozen=True, eq=False)
class Parameter:
    """`kind` is "positional", "keyword" (keyword only), "args" or "kwargs"."""

    name: str
    kind: str


@dataclass(frozen=True, eq=False)
class Lowered:
    """An untyped function; `locals` are the names that it binds itself."""

    syntax: FunctionSyntax
    params: tuple[Parameter, ...]
    body: Block
    locals: frozenset[str] = frozenset()


def lower(
    syntax: FunctionSyntax,
    outer: frozenset[str] = frozenset(),
    renamed: Mapping[str, str] | None = None,
) -> Lowered:
    """The untyped atoms of a function.

    `outer` are the locals of the functions around it, `renamed` the names that a comprehension around it
    gave to its variables.
    """
    return _Lowering(syntax, outer, renamed or {}).function()


class _Lowering(Expressions):
    # --- functions ---

    def function(self) -> Lowered:
        node = self.syntax.node
        if isinstance(node, cst.Lambda):
            self.statement = Statement(self.text.code(node), self.text.span(node))
            value = self.expression(node.body)
            self.out.append(Return(value, self.origin(node.body)))
            body, self.out = tuple(self.out), []
        else:
            self.statement = self.text.statement(node)
            body = forget_dead(structure(self.block(node.body)))
        return Lowered(self.syntax, self.parameters(node.params), body, local_names(node))

    def parameters(self, params: cst.Parameters) -> tuple[Parameter, ...]:
        positional = (*params.posonly_params, *params.params)
        result = [Parameter(p.name.value, "positional") for p in positional]
        result += [Parameter(p.name.value, "keyword") for p in params.kwonly_params]
        if isinstance(params.star_arg, cst.Param):
            result.append(Parameter(params.star_arg.name.value, "args"))
        if params.star_kwarg is not None:
            result.append(Parameter(params.star_kwarg.name.value, "kwargs"))
        return tuple(result)

    # --- statements ---

    def block(self, body: cst.BaseSuite) -> Block:
        saved, self.out = self.out, []
        for line in body.body:
            if isinstance(line, cst.SimpleStatementLine):
                self.statement = self.text.statement(line)
                for small in line.body:
                    self.small_statement(small)
            elif isinstance(line, cst.BaseSmallStatement):  # `if x: y = 1` on one line
                self.statement = Statement(
                    " ".join(self.text.code(line).split()), self.text.span(line)
                )
                self.small_statement(line)
            elif isinstance(line, cst.If):
                self.statement = self.text.statement(line)
                self.if_statement(line)
            elif isinstance(line, cst.For):
                self.statement = self.text.statement(line)
                self.for_loop(line)
            elif isinstance(line, cst.While):
                self.statement = self.text.statement(line)
                self.while_loop(line)
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
            ufunc = Lit(BINARY[_plain_operator(node.operator)])
            if isinstance(node.target, cst.Subscript):
                target, index = self.expression(node.target.value), self.index(node.target)
                args = (ufunc, target, index, self.expression(node.value))
                self.emit("inplace_item", args, node, results=())
                return
            if isinstance(node.target, cst.Attribute):
                whole = self.expression(node.target.value)
                part = self.emit("attribute", (whole, Lit(node.target.attr.value)), node.target)
                value = self.emit(ufunc.value, (part, self.expression(node.value)), node)
                self.assign(node.target, value)
                return
            name = self.name(cst.ensure_type(node.target, cst.Name))
            value = self.expression(node.value)
            self.emit("inplace", (ufunc, name, value), node, results=(name,))
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
        elif isinstance(node, cst.Break | cst.Continue):
            word = "break" if isinstance(node, cst.Break) else "continue"
            self.out.append(Leave(word, self.origin(node)))
        elif isinstance(node, cst.Expr) and isinstance(node.value, cst.Call):
            self.expression(node.value)

    def if_statement(self, node: cst.If) -> None:
        test = self.expression(node.test)
        origin = self.origin(node.test)
        then = self.block(node.body)
        orelse: Block = ()
        if isinstance(node.orelse, cst.Else):
            orelse = self.block(node.orelse.body)
        elif isinstance(node.orelse, cst.If):
            saved, self.out = self.out, []
            line = self.text.statement(node.orelse)
            self.statement = replace(line, text=f"el{line.text}")
            self.if_statement(node.orelse)
            orelse, self.out = tuple(self.out), saved
        self.out.append(Branch(test, then, orelse, origin))

    def for_loop(self, node: cst.For) -> None:
        source, origin = self.expression(node.iter), self.origin(node.iter)
        item = self.temporary()
        saved, self.out = self.out, []
        self.assign(node.target, item)
        head, self.out = tuple(self.out), saved
        body = (*head, *self.block(node.body))
        self.out.append(Loop(item, source, body, self.orelse(node), origin))

    def while_loop(self, node: cst.While) -> None:
        origin = self.origin(node.test)
        saved, self.out = self.out, []
        test = self.expression(node.test)
        head, self.out = tuple(self.out), saved
        self.out.append(While(head, test, self.block(node.body), self.orelse(node), origin))

    def orelse(self, node: cst.For | cst.While) -> Block:
        return () if node.orelse is None else self.block(node.orelse.body)

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
        """The function, and its defaults, which are evaluated here and now."""
        lowered = lower(FunctionSyntax(name, node, self.text, None), self.locals, self.renamed)
        params = (*node.params.posonly_params, *node.params.params, *node.params.kwonly_params)
        with_default = [p for p in params if p.default is not None]
        defaults = tuple(self.expression(p.default) for p in with_default if p.default is not None)
        names = tuple(p.name.value for p in with_default)
        result = self.temporary() if isinstance(node, cst.Lambda) else self.name(cst.Name(name))
        return self.emit(
            "function", (Lit(lowered), Items("dict", defaults, names)), node, results=(result,)
        )


def _plain_operator(node: cst.BaseAugOp) -> type[cst.CSTNode]:
    """The operator of an augmented assignment: `AddAssign` is `Add`."""
    return getattr(cst, type(node).__name__.removesuffix("Assign"))

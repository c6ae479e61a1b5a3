"""Which Python is refused, and what to write instead. Runs over the whole function before anything else."""

from __future__ import annotations

import libcst as cst

from .errors import RefusedError
from .parse import FunctionSyntax

# What is not in ALLOWED is refused; REMEDIES says what to write instead where there is something to say.
ALLOWED_STATEMENTS = (
    cst.Assign,
    cst.AugAssign,
    cst.AnnAssign,
    cst.Return,
    cst.Expr,
    cst.Pass,
    cst.Assert,
    cst.Raise,
    cst.Import,
    cst.ImportFrom,
    cst.If,
    cst.For,
    cst.While,
    cst.Break,
    cst.Continue,
    cst.FunctionDef,
)

ALLOWED_EXPRESSIONS = (
    cst.Name,
    cst.Attribute,
    cst.Call,
    cst.Subscript,
    cst.BinaryOperation,
    cst.UnaryOperation,
    cst.BooleanOperation,
    cst.Comparison,
    cst.IfExp,
    cst.Lambda,
    cst.Tuple,
    cst.List,
    cst.Dict,
    cst.ListComp,
    cst.Integer,
    cst.Float,
    cst.Imaginary,
    cst.SimpleString,
    cst.ConcatenatedString,
    cst.FormattedString,
    cst.Ellipsis,
    cst.StarredElement,
)

NAMES: dict[type[cst.CSTNode], str] = {
    cst.Del: "del",
    cst.Try: "try",
    cst.TryStar: "try",
    cst.With: "with",
    cst.Global: "global",
    cst.Nonlocal: "nonlocal",
    cst.ClassDef: "a class definition",
    cst.Match: "match",
    cst.Yield: "yield",
    cst.Await: "await",
    cst.NamedExpr: "an assignment expression (:=)",
    cst.GeneratorExp: "a generator expression",
    cst.SetComp: "a set comprehension",
    cst.DictComp: "a dict comprehension",
    cst.Set: "a set",
}

REMEDIES: dict[type[cst.CSTNode], str] = {
    cst.Await: "make the function synchronous",
    cst.Del: "leave it out: names cost nothing",
    cst.Try: "test the condition with np.where before computing, instead of catching an error after it",
    cst.With: "call the function under the with statement instead of inside it",
    cst.Global: "return the value instead of storing it in a global",
    cst.Nonlocal: "return the value instead of storing it outside the function",
    cst.ClassDef: "define the class at module level",
    cst.Match: "use if and elif",
    cst.Yield: "collect the values in a list and return it",
    cst.NamedExpr: "assign on a line of its own",
    cst.GeneratorExp: "write a list comprehension",
    cst.SetComp: "write a list comprehension",
    cst.DictComp: "write the dict out",
    cst.Set: "write a tuple",
}


PARTS = ("real", "imag")  # of an array; other attributes cannot be assigned to


def check_syntax(syntax: FunctionSyntax) -> None:
    """Raise `RefusedError` at the first construct, in the order of the text, that is not supported."""
    node = syntax.node
    if isinstance(node, cst.FunctionDef) and node.asynchronous is not None:
        raise RefusedError("an async function cannot be differentiated", syntax.span)
    node.body.visit(_Checker(syntax))


class _Checker(cst.CSTVisitor):
    def __init__(self, syntax: FunctionSyntax):
        super().__init__()
        self.syntax = syntax

    def on_visit(self, node: cst.CSTNode) -> bool:
        statement = isinstance(node, cst.BaseSmallStatement | cst.BaseCompoundStatement)
        if statement and not isinstance(node, ALLOWED_STATEMENTS):
            self.refuse(node)
        if isinstance(node, cst.BaseExpression) and not isinstance(node, ALLOWED_EXPRESSIONS):
            self.refuse(node)
        if isinstance(node, cst.FunctionDef) and node.decorators:
            self.refuse(node.decorators[0], "a decorator on an inner function", "define it outside")
        if isinstance(node, cst.FunctionDef | cst.For | cst.CompFor) and node.asynchronous:
            self.refuse(node, "async")
        if isinstance(node, cst.AugAssign | cst.AnnAssign | cst.AssignTarget | cst.For):
            self.check_target(node.target)
        if isinstance(node, cst.Expr) and not isinstance(
            node.value, cst.Call | cst.SimpleString | cst.Ellipsis | cst.Yield | cst.Await
        ):
            self.refuse(node, "a statement whose value is thrown away", "assign the result")
        return not isinstance(node, cst.Annotation)

    def check_target(self, target: cst.BaseExpression) -> None:
        if isinstance(target, cst.Tuple | cst.List):
            for element in target.elements:
                self.check_target(element.value)
        elif isinstance(target, cst.StarredElement):
            self.check_target(target.value)
        elif isinstance(target, cst.Attribute) and target.attr.value in PARTS:
            return
        elif not isinstance(target, cst.Name | cst.Subscript):
            self.refuse(target, "an assignment to an attribute", "return the value instead")

    def refuse(self, node: cst.CSTNode, what: str | None = None, remedy: str | None = None) -> None:
        what = what or NAMES.get(type(node), f"this syntax ({type(node).__name__})")
        remedy = remedy or REMEDIES.get(type(node))
        raise RefusedError(f"{what} is not supported", self.syntax.text.span(node), remedy)

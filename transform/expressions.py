"""Lowering of expressions: each operation becomes an atom, and its operand the name of the atom's result."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import libcst as cst
import numpy as np

from .errors import RefusedError
from .ir import Atom, Block, Branch, Loop, Origin, Statement
from .operands import Global, Items, Lit, Name, Operand, Slice, Star
from .parse import FunctionSyntax
from .scopes import local_names, target_names

BINARY: dict[type[cst.CSTNode], Any] = {
    cst.Add: np.add,
    cst.Subtract: np.subtract,
    cst.Multiply: np.multiply,
    cst.Divide: np.divide,
    cst.FloorDivide: np.floor_divide,
    cst.Modulo: np.remainder,
    cst.Power: np.power,
    cst.MatrixMultiply: np.matmul,
    cst.BitAnd: np.bitwise_and,
    cst.BitOr: np.bitwise_or,
    cst.BitXor: np.bitwise_xor,
    cst.LeftShift: np.left_shift,
    cst.RightShift: np.right_shift,
}
UNARY: dict[type[cst.CSTNode], Any] = {
    cst.Minus: np.negative,
    cst.Plus: np.positive,
    cst.BitInvert: np.invert,
    cst.Not: operator.not_,
}
COMPARE: dict[type[cst.CSTNode], Any] = {
    cst.LessThan: np.less,
    cst.LessThanEqual: np.less_equal,
    cst.GreaterThan: np.greater,
    cst.GreaterThanEqual: np.greater_equal,
    cst.Equal: np.equal,
    cst.NotEqual: np.not_equal,
    cst.Is: operator.is_,
    cst.IsNot: operator.is_not,
}


class Expressions(ABC):
    """Writes the atoms of expressions to `out`; knows which names are local."""

    def __init__(self, syntax: FunctionSyntax, outer: frozenset[str], renamed: Mapping[str, str]):
        self.syntax, self.text = syntax, syntax.text
        own = local_names(syntax.node)
        self.locals = outer | own
        self.renamed = {name: new for name, new in renamed.items() if name not in own}
        self.temporaries = 0
        self.out: list[Any] = []
        self.statement: Statement | None = None

    @abstractmethod
    def inner_function(self, node: cst.FunctionDef | cst.Lambda, name: str) -> Operand:
        """Lower a function inside this one."""

    # --- expressions ---

    def expression(self, node: cst.BaseExpression) -> Operand:
        return getattr(self, f"visit_{type(node).__name__}")(node)

    def visit_Name(self, node: cst.Name) -> Operand:
        constants = {"True": Lit(True), "False": Lit(False), "None": Lit(None)}
        if node.value in constants:
            return constants[node.value]
        return self.name(node) if node.value in self.locals else Global(node.value)

    def visit_Attribute(self, node: cst.Attribute) -> Operand:
        value = self.expression(node.value)
        if isinstance(value, Global):
            return Global(f"{value.path}.{node.attr.value}")
        return self.emit("attribute", (value, Lit(node.attr.value)), node)

    def visit_Integer(self, node: cst.Integer) -> Operand:
        return Lit(node.evaluated_value)

    visit_Float = visit_Imaginary = visit_SimpleString = visit_ConcatenatedString = visit_Integer

    def visit_Ellipsis(self, node: cst.Ellipsis) -> Operand:
        return Lit(Ellipsis)

    def visit_FormattedString(self, node: cst.FormattedString) -> Operand:
        raise RefusedError(
            "an f-string is not supported here",
            self.text.span(node),
            "format text outside the differentiated function",
        )

    def visit_Tuple(self, node: cst.Tuple | cst.List, kind: str = "tuple") -> Operand:
        items = []
        for element in node.elements:
            value = self.expression(element.value)
            items.append(Star(value) if isinstance(element, cst.StarredElement) else value)
        if any(isinstance(item, Star) for item in items):
            return self.emit("display", (Lit(kind), *items), node)
        return Items(kind, tuple(items))

    def visit_List(self, node: cst.List) -> Operand:
        # A list is an object of its own, so that it is built once however often its name is read.
        items = self.visit_Tuple(node, "list")
        if isinstance(items, Name):
            return items
        assert isinstance(items, Items)
        return self.emit("display", (Lit("list"), *items.items), node)

    def visit_Dict(self, node: cst.Dict) -> Operand:
        operands: list[Operand] = [Lit("dict")]
        for element in node.elements:
            if isinstance(element, cst.StarredDictElement):
                operands.append(Star(self.expression(element.value), double=True))
            elif isinstance(element, cst.DictElement):
                key, value = self.expression(element.key), self.expression(element.value)
                operands.append(Items("tuple", (key, value)))
        return self.emit("display", tuple(operands), node)

    def visit_BinaryOperation(self, node: cst.BinaryOperation) -> Operand:
        left, right = self.expression(node.left), self.expression(node.right)
        return self.emit(BINARY[type(node.operator)], (left, right), node)

    def visit_UnaryOperation(self, node: cst.UnaryOperation) -> Operand:
        value = self.expression(node.expression)
        if isinstance(node.operator, cst.Minus) and _is_number(value):
            return Lit(-value.value)  # type: ignore[union-attr]
        return self.emit(UNARY[type(node.operator)], (value,), node)

    def visit_Comparison(self, node: cst.Comparison) -> Operand:
        """`a < b < c` reads b once and stops at the first comparison that fails, as Python does."""
        left = self.expression(node.left)
        return self.comparisons(left, list(node.comparisons), node)

    def comparisons(
        self, left: Operand, rest: list[cst.ComparisonTarget], node: cst.Comparison
    ) -> Operand:
        right = self.expression(rest[0].comparator)
        kind = type(rest[0].operator)
        if kind in (cst.In, cst.NotIn):
            result = self.emit("contains", (right, left, Lit(kind is cst.NotIn)), node)
        else:
            result = self.emit(COMPARE[kind], (left, right), node)
        if len(rest) == 1:
            return result
        return self.choose(result, lambda: self.comparisons(right, rest[1:], node), None, node)

    def visit_BooleanOperation(self, node: cst.BooleanOperation) -> Operand:
        left = self.expression(node.left)
        if isinstance(node.operator, cst.And):
            return self.choose(left, lambda: self.expression(node.right), None, node)
        return self.choose(left, None, lambda: self.expression(node.right), node)

    def visit_IfExp(self, node: cst.IfExp) -> Operand:
        test = self.expression(node.test)
        body, orelse = node.body, node.orelse
        return self.choose(
            test, lambda: self.expression(body), lambda: self.expression(orelse), node
        )

    def choose(self, test: Operand, then: Any, orelse: Any, node: cst.CSTNode) -> Operand:
        """A branch that leaves its value in a temporary; a missing side is the test itself."""
        result = self.temporary()
        sides = []
        for side in (then, orelse):
            saved, self.out = self.out, []
            self.emit("alias", (test if side is None else side(),), node, results=(result,))
            sides.append(tuple(self.out))
            self.out = saved
        self.out.append(Branch(test, sides[0], sides[1], self.origin(node)))
        return result

    def visit_Lambda(self, node: cst.Lambda) -> Operand:
        return self.inner_function(node, "lambda_")

    def visit_Call(self, node: cst.Call) -> Operand:
        callee = self.expression(node.func)
        args: list[Operand] = [callee]
        kwargs: list[tuple[str, Operand]] = []
        for arg in node.args:
            value = self.expression(arg.value)
            if arg.star:
                args.append(Star(value, double=arg.star == "**"))
            elif arg.keyword is not None:
                kwargs.append((arg.keyword.value, value))
            else:
                args.append(value)
        return self.emit("call", tuple(args), node, tuple(kwargs))

    def visit_Subscript(self, node: cst.Subscript) -> Operand:
        value = self.expression(node.value)
        return self.emit("item", (value, self.index(node)), node)

    def index(self, node: cst.Subscript) -> Operand:
        """What stands in the brackets."""
        indices = []
        for element in node.slice:
            part = element.slice
            if isinstance(part, cst.Slice):
                bounds = (part.lower, part.upper, part.step)
                indices.append(Slice(*(None if b is None else self.expression(b) for b in bounds)))
            else:
                part = cst.ensure_type(part, cst.Index)
                index = self.expression(part.value)
                indices.append(Star(index) if part.star else index)
        single = len(node.slice) == 1 and not isinstance(node.slice[0].comma, cst.Comma)
        return indices[0] if single else Items("tuple", tuple(indices))

    def visit_ListComp(self, node: cst.ListComp) -> Operand:
        result = self.emit("display", (Lit("list"),), node)
        self.comprehension(node.for_in, node, result)
        return result

    def comprehension(self, clause: cst.CompFor, node: cst.ListComp, result: Operand) -> None:
        saved = dict(self.renamed), self.locals
        source_first = clause.iter

        def body() -> Block:
            saved_out, self.out = self.out, []
            self.filters(list(clause.ifs), clause, node, result)
            block, self.out = tuple(self.out), saved_out
            return block

        # The names of a comprehension are its own: the iterable is read before they are bound.
        source = self.expression(source_first)
        for name in target_names(clause.target):
            self.temporaries += 1
            self.renamed[name] = f"{name}%{self.temporaries}"
            self.locals |= {name}
        item = self.temporary()
        saved_out, self.out = self.out, []
        self.assign(clause.target, item)
        head, self.out = tuple(self.out), saved_out
        body_atoms = (*head, *body())
        self.out.append(Loop(item, source, body_atoms, (), self.origin(clause.iter)))
        self.renamed, self.locals = saved

    def filters(
        self, ifs: list[cst.CompIf], clause: cst.CompFor, node: cst.ListComp, result: Operand
    ) -> None:
        if ifs:
            test = self.expression(ifs[0].test)
            saved, self.out = self.out, []
            self.filters(ifs[1:], clause, node, result)
            then, self.out = tuple(self.out), saved
            self.out.append(Branch(test, then, (), self.origin(ifs[0])))
        elif clause.inner_for_in is not None:
            self.comprehension(clause.inner_for_in, node, result)
        else:
            value = self.expression(node.elt)
            self.emit("append", (result, value), node, results=())

    def assign(self, target: cst.CSTNode, value: Operand) -> None:
        if isinstance(target, cst.Name):
            self.emit("alias", (value,), target, results=(self.name(target),))
            return
        if isinstance(target, cst.Subscript):
            container = self.expression(target.value)
            self.emit("setitem", (container, self.index(target), value), target, results=())
            return
        if isinstance(target, cst.Attribute):
            args = (self.expression(target.value), Lit(target.attr.value), value)
            self.emit("set_part", args, target, results=())
            return
        elements = cst.ensure_type(
            target, cst.Tuple if isinstance(target, cst.Tuple) else cst.List
        ).elements
        names, star, nested = [], None, []
        for index, element in enumerate(elements):
            inner = element.value
            if isinstance(element, cst.StarredElement):
                star = index
            if isinstance(inner, cst.Name):
                names.append(self.name(inner))
            else:
                names.append(self.temporary())
                nested.append((inner, names[-1]))
        self.emit("unpack", (value, Lit(star)), target, results=tuple(names))
        for inner, name in nested:
            self.assign(inner, name)

    # --- small things ---

    def name(self, node: cst.Name) -> Name:
        return Name(self.renamed.get(node.value, node.value))

    def temporary(self) -> Name:
        self.temporaries += 1
        return Name(f"%{self.temporaries}")

    def origin(self, node: cst.CSTNode) -> Origin:
        return Origin(self.text.span(node), self.statement)

    def emit(
        self,
        op: Any,
        args: tuple[Operand, ...],
        node: cst.CSTNode,
        kwargs: tuple[tuple[str, Operand], ...] = (),
        results: tuple[Any, ...] | None = None,
    ) -> Operand:
        if results is None:
            results = (self.temporary(),)
        origin = self.origin(node)
        if not isinstance(op, str):
            origin = replace(origin, spelling="operator")
        self.out.append(Atom(results, op, args, kwargs, origin))
        return results[0] if results else Lit(None)


def _is_number(operand: Operand) -> bool:
    return isinstance(operand, Lit) and type(operand.value) in (int, float, complex)

"""The lines of one emitted function: which values get a line of their own, in what order, under which comment."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..primitives import getitem, name_of
from ..primitives.fallback import JaxDerivative
from .idioms import IDIOMS
from .ir import (
    Atom,
    CallSite,
    Function,
    Items,
    Lit,
    Operand,
    Statement,
    StaticType,
    Var,
    variables,
)
from .module import Module
from .names import Names
from .outline import outlined_functions
from .spell import ATOM, PLUS, TIMES, Speller, Text, literal_text

WIDTH = 92  # of a statement without its indentation
DEPTH = 1_000  # names given deeper than this are not the user's


def function_text(function: Function, module: Module, name: str) -> str:
    """The definition of a function in an emitted module."""
    return FunctionText(function, module, name).text()


class FunctionText:
    """One function of the module."""

    def __init__(self, function: Function, module: Module, name: str):
        self.function, self.module, self.name = function, module, name
        self.definitions = {r: a for a in function.body for r in a.results}
        self.uses: Counter[Var] = Counter()
        for atom in function.body:
            self.uses.update(atom.variables())
        self.uses.update(variables(function.output))
        self.kept: set[Var] = set()
        self.speller = Speller(module.target, self.inline, IDIOMS)
        self.speller.definitions = self.definitions
        self.speller.imports, self.speller.constants = module.imports, module.constants
        self.speller.constant_name = module.constant_name
        for outlined in outlined_functions(function.body):
            self.speller.callee_names[outlined] = module.define(outlined)
        self.names = self.fresh_names()

    def fresh_names(self) -> Names:
        """Names in which only the parameters and the user's own variables are settled."""
        names = Names(self.taken())
        for param, v in self.function.params:
            names.fix(v, param)
        for v, name in self.user_names():
            if name not in names.taken:
                names.fix(v, name)
        return names

    def taken(self) -> list[str]:
        """Names that no variable may take: parameters, called functions, constants."""
        return [
            self.name,
            *(p for p, _ in self.function.params),
            *self.speller.callee_names.values(),
            *self.module.constant_names.values(),
        ]

    # --- which values are nested ---

    def inline(self, v: Var) -> Text:
        atom = self.definitions.get(v)
        if atom is not None and self.nests(v, atom):
            return self.speller.operation(atom)
        return self.names.name(v), ATOM

    def nests(self, v: Var, atom: Atom) -> bool:
        if v in self.kept or len(atom.results) != 1 or isinstance(atom.op, JaxDerivative):
            return False
        if atom.op is getattr or (atom.op is getitem and isinstance(v.type, StaticType)):
            return not self.is_named(v)
        if isinstance(v.type, StaticType):
            return not self.is_named(v)
        if self.is_path(atom):
            return True
        if atom.op is np.transpose and not atom.kwargs and not self.is_named(v):
            return isinstance(atom.args[0], Var) and not self.nested_operand(atom.args[0])
        return self.uses[v] <= 1 and not self.is_named(v)

    def nested_operand(self, v: Var) -> bool:
        atom = self.definitions.get(v)
        return (
            atom is not None
            and self.nests(v, atom)
            and self.uses[v] <= 1
            and not self.is_path(atom)
        )

    def is_path(self, atom: Atom) -> bool:
        """Whether an atom only takes apart what the caller passed: `params["W"]`."""
        return atom.origin.spelling == "path"

    def is_named(self, v: Var) -> bool:
        """Whether the user named a value, or the value whose derivative it is."""
        owner = v.adjoint_of or v.tangent_of
        if owner is not None:
            return (
                owner.depth is not None
                and owner.depth < 1
                or owner.adjoint_of is not None
                and self.is_named(owner)
            )
        return v.depth is not None and v.depth < DEPTH

    # --- statements ---

    def text(self) -> str:
        lines = self.body()
        head = f"def {self.name}({self.function.signature}):"
        if len(head) > WIDTH + 4:
            params = textwrap.indent(",\n".join(self.function.signature.split(", ")), "    ")
            head = f"def {self.name}(\n{params},\n):"
        doc = [f'    """{self.function.doc}"""'] if self.function.doc else []
        return "\n".join([head, *doc, *(f"    {line}".rstrip() for line in lines)])

    def body(self) -> list[str]:
        self.choose_lines()
        self.names = self.fresh_names()  # numbers follow the order of the lines
        lines = [
            f'assert {name} == {literal_text(value)}, "written for {name} = {value}"'
            for name, value in self.function.statics
        ]
        statement: Statement | None = None
        site: CallSite | None = None
        part = "primal"
        emitted: dict[Statement, int] = {}
        for atom in self.function.body:
            if all(self.is_nested(r) for r in atom.results):
                continue
            origin = atom.origin
            if origin.part != part:
                part, statement = origin.part, None
                if part == "adjoint" and lines:
                    lines.append("")
            if part == "adjoint":
                if origin.statement is not statement and origin.statement is not None:
                    lines.append(f"# Adjoint of {self.shorten(origin.statement.text)}")
            elif origin.site is not site and origin.site is not None:
                lines.append(f"# {self.call_text(origin.site)}")
            elif origin.statement is not None and origin.statement not in emitted:
                lines += origin.statement.comments
            site, statement = origin.site, origin.statement
            if isinstance(atom.op, JaxDerivative):
                lines.append(
                    f"# No rule for {name_of(atom.op.function)}: JAX differentiates this operation."
                )
            lines += self.statement_lines(atom)
            if origin.statement is not None and part == "primal":
                emitted[origin.statement] = len(lines) - 1
        for source, k in emitted.items():
            if source.trailing and len(lines[k]) + len(source.trailing) + 2 <= WIDTH:
                lines[k] += f"  {source.trailing}"
        if part == "adjoint" or len(lines) > 6:
            lines.append("")
        lines.append(self.return_text())
        return lines

    def user_names(self) -> list[tuple[Var, str]]:
        """The first holder of each of the user's names gets it unchanged."""
        found: dict[str, Var] = {}
        for atom in self.function.body:
            for r in atom.results:
                if r.depth == 0 and r.adjoint_of is None and r.tangent_of is None:
                    found.setdefault(r.hint, r)
        return [(v, name) for name, v in found.items()]

    def is_nested(self, v: Var) -> bool:
        atom = self.definitions[v]
        return self.nests(v, atom)

    def choose_lines(self) -> None:
        """Give nested values a line of their own until every line fits."""
        while len(self.return_text()) > WIDTH and self.keep_longest([self.function.output]):
            pass
        # A value is computed before it is used: backwards, a line that was split off is still to come.
        for atom in reversed(self.function.body):
            if not all(self.is_nested(r) for r in atom.results):
                while not self.fits(atom) and self.keep_longest(self.breakable(atom)):
                    pass

    def breakable(self, atom: Atom) -> list[Operand]:
        """The operands to shorten: the terms of a long sum, which has a line for each anyway."""
        if atom.op in (np.add, np.subtract) and atom.origin.spelling == "operator":
            terms = [operand for _, operand in self.terms(atom)]
            if len(terms) >= 3:
                return terms
        return list(atom.operands())

    def fits(self, atom: Atom) -> bool:
        return all(len(line) <= WIDTH for line in self.statement_lines(atom))

    def statement_lines(self, atom: Atom) -> list[str]:
        """A statement; a sum that is too long for a line has a line for each term."""
        text = self.statement_text(atom)
        if len(text) <= WIDTH or atom.op not in (np.add, np.subtract):
            return [text]
        terms = self.terms(atom)
        if len(terms) < 3:
            return [text]
        name, first = text.split(" = ", 1)[0], self.speller.operand(terms[0][1], PLUS)
        rest = [f"    {sign} {self.speller.operand(term, TIMES)}" for sign, term in terms[1:]]
        return [f"{name} = (", f"    {first}", *rest, ")"]

    def terms(self, atom: Atom) -> list[tuple[str, Operand]]:
        """The terms of a sum whose left part is nested in it, with their signs."""
        left, right = atom.args
        inner = self.definitions.get(left) if isinstance(left, Var) else None
        nested = (
            inner is not None and self.is_nested(inner.result) and inner.op in (np.add, np.subtract)
        )
        spelled = inner is not None and inner.origin.spelling == "operator"
        before = self.terms(inner) if inner is not None and nested and spelled else [("+", left)]
        return [*before, ("+" if atom.op is np.add else "-", right)]

    def keep_longest(self, operands: Any) -> bool:
        """Give the longest value that is nested in some operands a line of its own, if there is one."""
        longest = self.longest_nested(operands)
        if longest is not None:
            self.kept.add(longest)
        return longest is not None

    def longest_nested(self, operands: Any) -> Var | None:
        nested = [
            v
            for operand in operands
            for v in variables(operand)
            if v in self.definitions
            and len(self.definitions[v].results) == 1
            and self.is_nested(v)
            and not isinstance(v.type, StaticType)
            and not self.is_path(self.definitions[v])
        ]
        nested.sort(key=lambda v: len(self.inline(v)[0]), reverse=True)
        return nested[0] if nested and len(self.inline(nested[0])[0]) > 8 else None

    def statement_text(self, atom: Atom) -> str:
        text, _ = self.speller.operation(atom)
        names = [self.names.name(r) if self.uses[r] else "_" for r in atom.results]
        if isinstance(atom.op, JaxDerivative):
            targets = self.targets(atom, names)
            return (
                f"({targets},) = {text}"
                if atom.op.mode == "jvp" or len(atom.op.positions) == 1
                else f"{targets} = {text}"
            )
        return f"{', '.join(names)} = {text}"

    def targets(self, atom: Atom, names: list[str]) -> str:
        """What the results of JAX's derivative are unpacked into: a name, or names in brackets for a container."""
        if atom.op.mode == "jvp":
            return names[0]
        rest, args = iter(names), atom.args[1]
        assert isinstance(args, Items)
        return ", ".join(_unpacked(args.items[k], rest) for k in atom.op.positions)

    def return_text(self) -> str:
        output = self.function.output
        if isinstance(output, Items) and output.kind == "tuple" and len(output.items) > 1:
            return f"return {', '.join(self.speller.operand(i, 1) for i in output.items)}"
        return f"return {self.speller.operand(output)}"

    def call_text(self, site: CallSite) -> str:
        """An inlined call as a comment: `logsumexp(U)`."""
        parts = []
        for value in site.params.values():
            parts.append(self.comment_operand(value))
        return self.shorten(f"{site.name}({', '.join(parts)})")

    def comment_operand(self, operand: Any) -> str:
        written = isinstance(operand, Var | Lit | Items)  # functions are not
        if written and all(v in self.names.of or v in self.definitions for v in variables(operand)):
            return self.speller.operand(operand, 1)
        return "..."

    def shorten(self, text: str) -> str:
        return text if len(text) <= WIDTH - 16 else text[: WIDTH - 19] + "..."


def _unpacked(operand: Operand, names: Iterator[str]) -> str:
    if not isinstance(operand, Items):
        return next(names)
    return f"[{', '.join(_unpacked(item, names) for item in operand.items)}]"

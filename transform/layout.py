"""The lines of one emitted function: which values get a line of their own, in what order, under which comment."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..primitives import getitem
from ..primitives.fallback import JaxDerivative
from .accumulate import COMMENT as AT_ONCE_COMMENT
from .accumulate import SPELLING as AT_ONCE
from .barriers import BARRIER
from .barriers import COMMENT as BARRIER_COMMENT
from .block_parts import apart
from .blocks import control_flow, must_have_lines
from .fallback_text import comment_of, fallback_lines
from .folding import folded
from .idioms import IDIOMS
from .ir import Atom, CallSite, Function, Node, Origin, Repeat, Statement, definitions, walk
from .liveness import IN_PLACE, Families, Interference, use_counts
from .module import Module
from .names import Names, free, hints
from .numpy_blocks import in_place_lines
from .operands import ArrayType, Items, Lit, Operand, StaticType, Var, variables
from .outline import outlined_functions
from .spell import ATOM, LOWEST, PLUS, TIMES, Speller, Text, literal_text
from .values import is_static

WIDTH = 92  # of a statement without its indentation
DEPTH = 1_000  # names given deeper than this are not the user's


def function_text(function: Function, module: Module, name: str) -> str:
    """The definition of a function in an emitted module."""
    return FunctionText(function, module, name).text()


class FunctionText:
    """One function of the module."""

    def __init__(self, function: Function, module: Module, name: str):
        self.function, self.module, self.name = function, module, name
        self.definitions = definitions(function.body)
        self.uses = use_counts(function)
        self.order = list(walk(function.body))
        self.depths = dict(_depths(function.body, 0))
        self.kept: set[Var] = set()
        self.converted: set[Var] = set()  # leaves of arguments that are made arrays of JAX's first
        self.heading: Statement | None = None  # the last line of an iteration that has a comment
        self.indexed = self.indexed_params()
        self.families = Families(function.body)
        self.speller = Speller(module.target, self.inline, IDIOMS)
        self.speller.definitions = self.definitions
        self.speller.imports, self.speller.constants = module.imports, module.constants
        self.speller.constant_name = module.constant_name
        for outlined in outlined_functions(function.body):
            self.speller.callee_names[outlined] = module.define(outlined)
        words = {*(p for p, _ in function.params), *hints(function)}
        self.pullback, self.carry, self.row = (free(w, words) for w in ("pullback", "carry", "row"))
        self.names = self.fresh_names()
        self.kept |= must_have_lines(self)

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
        return [*self.taken_by_others(), *(p for p, _ in self.function.params)]

    def taken_by_others(self) -> list[str]:
        return [
            self.name,
            self.pullback,
            self.carry,
            self.row,
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
        if atom.op is BARRIER:
            return False
        if atom.op is getattr or (atom.op is getitem and isinstance(v.type, StaticType)):
            return not self.is_named(v)
        if isinstance(v.type, StaticType):
            return not self.is_named(v)
        if self.is_path(atom):
            return v not in self.converted
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
        doc = [f'"""{self.function.doc}"""'] if self.function.doc else []
        return "\n".join([head, *(f"    {line}".rstrip() for line in apart(doc, lines))])

    def body(self) -> list[str]:
        self.choose_lines()
        self.names = self.settled_names()
        lines = [
            f'assert {name} == {literal_text(value)}, "written for {name} = {value}"'
            for name, value in self.function.statics
        ]
        lines += [f"{name} = jnp.asarray({name})" for name in self.indexed]
        if self.indexed or self.converted:
            self.speller.module("jnp")

        lines = apart(lines, self.block(self.function.body))
        if "adjoint" in {n.origin.part for n in self.function.body} or len(lines) > 6:
            lines.append("")
        lines.append(self.return_text())
        return lines

    def indexed_params(self) -> list[str]:
        """The parameters that may come as NumPy arrays and are indexed by what is only known when the code runs."""
        if self.module.target != "jax":
            return []
        sources: dict[Var, set[Var]] = {v: {v} for _, v in self.function.params}
        indexed: set[Var] = set()
        for node in self.order:
            if not isinstance(node, Atom):
                continue
            if node.op in IN_PLACE or node.op is getitem and not is_basic_literal(node.args[1]):
                indexed |= {s for v in variables(node.args[0]) for s in sources.get(v, ())}
            if self.is_path(node):
                sources.update((r, {r}) for r in node.results)
                continue
            arrays = [v for v in node.variables() if isinstance(v.type, ArrayType)]
            written = node.op in IDIOMS or node.origin.spelling != "function"
            if written and arrays and all(sources.get(v) for v in arrays):
                found = {s for v in arrays for s in sources[v]}
                sources.update((r, found) for r in node.results)
        self.converted = {v for v in indexed if v in self.definitions}
        names = [name for name, v in self.function.params if v in indexed]
        return names

    def block(
        self,
        nodes: Sequence[Node],
        part: str = "primal",
        statement: Statement | None = None,
        site: CallSite | None = None,
    ) -> list[str]:
        """The lines of some statements, with the user's comments and the line that each adjoint belongs to."""
        lines: list[str] = []
        emitted: dict[Statement, int] = {}
        for node in nodes:
            if isinstance(node, Atom) and all(self.is_nested(r) for r in node.results):
                continue
            origin = node.origin
            if origin.part != part:
                part, statement = origin.part, None
                if part == "adjoint" and lines:
                    lines.append("")
            flow = [] if isinstance(node, Atom) else control_flow(self, node)
            if flow and not flow[0]:  # a blank line stands before the comment
                lines += flow[:1] if lines and lines[-1] else []
                flow = flow[1:]
            if part == "adjoint":
                if origin.statement is not statement and origin.statement is not None:
                    text = origin.statement.text.removesuffix(":")
                    lines.append(f"# Adjoint of {self.shorten(text)}")
            elif self.heading_of(origin) is not None:
                lines.append(f"# {self.shorten(self.heading_of(origin) or '')}")
                self.heading = self.headed(origin)
            elif origin.site is not site and origin.site is not None and is_named(origin.site):
                lines.append(f"# {self.call_text(origin.site)}")
            elif origin.statement is not None and origin.statement not in emitted:
                lines += origin.statement.comments
            site, statement = origin.site, origin.statement
            if isinstance(node, Atom):
                if isinstance(node.op, JaxDerivative):
                    lines.append(comment_of(node.op))
                elif node.op is BARRIER and BARRIER_COMMENT not in lines:
                    lines.append(BARRIER_COMMENT)
                elif self.sums_at_once(node) and AT_ONCE_COMMENT not in lines:
                    lines.append(AT_ONCE_COMMENT)
                width = WIDTH - 4 * self.depths.get(node, 0)
                lines += [
                    part for line in self.statement_lines(node) for part in folded(line, width)
                ]
            else:
                lines += flow
            if origin.statement is not None and part == "primal":
                emitted[origin.statement] = len(lines) - 1
        for source, k in emitted.items():
            if source.trailing and len(lines[k]) + len(source.trailing) + 2 <= WIDTH:
                lines[k] += f"  {source.trailing}"
        return lines

    def sums_at_once(self, atom: Atom) -> bool:
        """Whether a line adds up in another order than the user's loop."""
        inner = (self.definitions[v] for v in atom.variables() if self.is_nested(v))
        return atom.origin.spelling == AT_ONCE or any(map(self.sums_at_once, inner))

    def heading_of(self, origin: Origin) -> str | None:
        """The iteration that a line begins, where a loop was walked item by item."""
        statement = self.headed(origin)
        found = None if statement is None else statement.heading
        last = None if self.heading is None else self.heading.heading
        return found if found != last else None

    def headed(self, origin: Origin) -> Statement | None:
        """The line of the differentiated function that something stands for."""
        site, statement = origin.site, origin.statement
        while site is not None:
            statement, site = site.statement, site.parent
        return statement

    def user_names(self) -> list[tuple[Var, str]]:
        """The first holder of each of the user's names gets it unchanged."""
        found: dict[str, Var] = {}
        for node in self.order:
            for r in node.results:
                if r.depth == 0 and r.adjoint_of is None and r.tangent_of is None:
                    found.setdefault(r.hint, r)
        return [(v, name) for name, v in found.items()]

    def settled_names(self) -> Names:
        """Names in the order of the lines; what one variable of the user's holds in turn keeps one name."""
        nested = {v for v in self.definitions if self.is_nested(v)}
        compiled = self.module.target == "jax"
        clashes = Interference(self.function, nested, compiled).clashes
        names = Names(self.taken_by_others(), clashes, self.related)
        for param, v in self.function.params:
            names.fix(v, param)
        for v in self.family_wishes():
            names.prefer(v, self.wishes[v])
        for v in self.in_order(self.function.body):
            atom = self.definitions.get(v)
            if atom is not None and atom.op in IN_PLACE and isinstance(atom.args[0], Var):
                base = names.of.get(atom.args[0])
                if base is not None:
                    names.prefer(v, base)
            if v not in nested:
                names.name(v)
        return names

    def in_order(self, nodes: Sequence[Node]) -> Iterator[Var]:
        """Variables in the order of their definition; what is carried before what is done with it."""
        for node in nodes:
            if isinstance(node, Repeat):
                yield from node.results
                yield from node.body.params
                if node.index is not None:
                    yield node.index
            for region in node.regions:
                yield from region.params
                yield from self.in_order(region.body)
            yield from node.results

    def related(self, v: Var, w: Var) -> bool:
        """Whether one name may stand for both, one after the other."""
        if self.families.of(v) is self.families.of(w):
            return True
        return v.type == w.type and self.is_named(v) and self.is_named(w)

    def family_wishes(self) -> list[Var]:
        """Unnamed members of a family, which would like the name of a named one."""
        self.wishes: dict[Var, str] = {}
        named: dict[Var, str] = {}
        everything = [*(v for _, v in self.function.params), *self.in_order(self.function.body)]
        plain = Names()
        for v in everything:
            if self.is_named(v):
                named.setdefault(self.families.of(v), plain.wish(v))
        for v in everything:
            wish = named.get(self.families.of(v))
            if wish is not None and not self.is_named(v):
                self.wishes[v] = wish
        return list(self.wishes)

    def is_nested(self, v: Var) -> bool:
        atom = self.definitions.get(v)
        return atom is not None and self.nests(v, atom)

    def choose_lines(self) -> None:
        """Give nested values a line of their own until every line fits."""
        while len(self.return_text()) > WIDTH and self.keep_longest([self.function.output]):
            pass
        # A value is computed before it is used: backwards, a line that was split off is still to come.
        for atom in reversed(self.order):
            if isinstance(atom, Atom) and not all(self.is_nested(r) for r in atom.results):
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
        width = WIDTH - 4 * self.depths[atom]
        return all(len(line) <= width for line in self.statement_lines(atom))

    def statement_lines(self, atom: Atom) -> list[str]:
        """A statement; a sum that is too long for a line has a line for each term."""
        if isinstance(atom.op, JaxDerivative):
            return fallback_lines(self, atom)
        text = self.statement_text(atom)
        if self.module.target == "numpy" and atom.op in IN_PLACE:
            return in_place_lines(self, atom)
        if len(text) <= WIDTH - 4 * self.depths.get(atom, 0) or atom.op not in (
            np.add,
            np.subtract,
        ):
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
        """Give the longest value nested in some operands that fits on a line a line of its own, if there is one."""
        kept, longest = None, self.longest_nested(operands)
        while longest is not None:
            kept, atom = longest, self.definitions[longest]
            longest = None if self.fits(atom) else self.longest_nested(self.breakable(atom))
        if kept is not None:
            self.kept.add(kept)
        return kept is not None

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
        if atom.results[0] in self.converted:
            text = f"jnp.asarray({text})"
        names = [self.names.name(r) if self.uses[r] else self.names.spare for r in atom.results]
        if atom.op in (np.add, np.subtract) and atom.origin.spelling == "operator":
            left = self.speller.operand(atom.args[0], PLUS)
            own = self.is_own(atom.args[0])
            if left == names[0] and atom.result.type.shape == () and own:
                sign = "+" if atom.op is np.add else "-"
                return f"{names[0]} {sign}= {self.speller.operand(atom.args[1], LOWEST)}"
        return f"{', '.join(names)} = {text}"

    def is_own(self, operand: Operand) -> bool:
        """Whether a number was computed here; an argument may be an array of no axes, which `+=` would change."""
        inits = {
            p: init for n in self.order if isinstance(n, Repeat) for _, init, p, _ in n.carries
        }
        while isinstance(operand, Var) and operand in inits:
            operand = inits[operand]
        atom = self.definitions.get(operand) if isinstance(operand, Var) else None
        return isinstance(operand, Lit) or atom is not None and not self.is_path(atom)

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
        """A line of the user's as a comment, on one line."""
        text = " ".join(text.split())
        return text if len(text) <= WIDTH - 16 else text[: WIDTH - 19] + "..."


def is_named(site: CallSite) -> bool:
    """Whether the function of a call has a name that says something."""
    return not site.name.startswith("lambda_")


def is_basic_literal(index: Operand) -> bool:
    """Whether an index is written out, and without arrays, so that NumPy's own arrays take it anywhere."""
    items = index.items if isinstance(index, Items) else (index,)
    arrays = any(isinstance(i, Lit) and isinstance(i.value, np.ndarray | list) for i in items)
    return is_static(index) and not arrays


def _depths(nodes: Sequence[Node], depth: int) -> Iterator[tuple[Node, int]]:
    for node in nodes:
        yield node, depth
        for region in node.regions:
            yield from _depths(region.body, depth + 1)

"""Calls of the user's functions, put back where the derivative needs nothing from inside them.

Everything is inlined before differentiation. A function whose inner values the adjoint does not read is called
by its name again in the output, and its own definition is written above.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from .ir import Atom, CallSite, Function, Node, walk
from .operands import ArrayType, Operand, Var, substitute, variables


@dataclass(frozen=True, eq=False)
class Outlined:
    """The operation of a call that was put back: a function of its own in the emitted module."""

    function: Function

    @property
    def __name__(self) -> str:
        return self.function.name


def outline(function: Function) -> Function:
    """Replace whole inlined calls by calls, outermost first."""
    for site in function.calls:
        function = _outline_site(function, site)
    return function


def _outline_site(function: Function, site: CallSite) -> Function:
    inside = [a for a in function.body if a.origin.part == "primal" and _within(a, site)]
    if not all(isinstance(a, Atom) for a in inside):
        return function
    rest = (n for a in function.body if a not in inside for n in walk([a]))
    if any(n.origin.part == "primal" and _within(n, site) for n in rest):
        return function
    if len(inside) < 2 or not site.result:
        return function
    outside = [a for a in function.body if a not in inside]
    defined = {r for a in inside for r in a.results}
    results = list(dict.fromkeys(variables(site.result[0])))
    if not results or not set(results) <= defined:
        return function
    needed = {v for a in outside for v in a.variables()} | set(variables(function.output))
    if not (needed & defined) <= set(results) or any(
        not isinstance(r.type, ArrayType) for r in results
    ):
        return function
    # A static argument has chosen the code that was inlined: the definition would not be the user's function.
    params = {
        n: o for n, o in site.params.items() if isinstance(o, Var) and isinstance(o.type, ArrayType)
    }
    if len(params) != len(site.params) or len(set(params.values())) != len(params):
        return function
    inputs = {v for a in inside for v in a.variables()} - defined
    available = {r for a in outside for r in a.results} | {v for _, v in function.params}
    if not inputs <= set(params.values()) <= available:
        return function
    fresh = {o: Var(name, o.type, depth=0) for name, o in params.items()}
    body = tuple(a.map(lambda v: fresh.get(v, v)) for a in inside)
    inner = Function(
        name=site.name,
        signature=site.signature,
        params=tuple((name, fresh[o]) for name, o in params.items()),
        body=tuple(replace(a, origin=replace(a.origin, site=_rebased(a, site))) for a in body),
        output=substitute(site.result[0], lambda v: fresh.get(v, v)),
        calls=tuple(c for c in function.calls if c is not site and c.within(site)),
    )
    own = {r: Var("result", r.type) for r in results}
    inner = _renamed(inner, own)
    origin = next(a.origin for a in inside if results[-1] in a.results)
    statement = site.statement
    call = Atom(
        tuple(results),
        Outlined(outline(inner)),
        tuple(params.values()),
        (),
        replace(origin, site=site.parent, statement=statement, spelling="function"),
    )
    last = max(function.body.index(a) for a in inside)
    first = min(function.body.index(a) for a in inside)
    body = [*(a for a in function.body[:last] if a not in inside), call, *function.body[last + 1 :]]
    # A result that is read before the call's last atom would be read too early.
    between = function.body[first:last]
    if any(v in results for a in between if a not in inside for v in a.variables()):
        return function
    return function.with_body(tuple(body))


def _renamed(function: Function, fresh: dict[Var, Var]) -> Function:
    """The same function with variables of its own."""

    def change(v: Var) -> Operand:
        return fresh.get(v, v)

    body = tuple(
        replace(a.map(change), results=tuple(fresh.get(r, r) for r in a.results))
        for a in function.body
    )
    return replace(function, body=body, output=substitute(function.output, change))


def _within(atom: Node, site: CallSite) -> bool:
    return atom.origin.site is not None and atom.origin.site.within(site)


def _rebased(atom: Node, site: CallSite) -> CallSite | None:
    """The call site seen from inside the outlined function."""
    return None if atom.origin.site is site else atom.origin.site


def outlined_functions(nodes: Iterable[Node]) -> list[Outlined]:
    return [a.op for a in walk(nodes) if isinstance(a, Atom) and isinstance(a.op, Outlined)]

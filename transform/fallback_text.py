"""The lines of an operation without a rule: a comment, and JAX's derivative of that one operation.

Given:
    y = scipy.special.comb(x, w)

Then, for the adjoint dy:
    # No rule for scipy.special.comb: JAX differentiates this operation.
    _, pullback = jax.vjp(comb, x, w)
    dx, dw = pullback(dy)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, count
from typing import TYPE_CHECKING

from ..primitives import name_of
from ..primitives.fallback import JaxDerivative
from .ir import Atom
from .operands import Items, Operand

if TYPE_CHECKING:
    from .layout import FunctionText


def comment_of(op: JaxDerivative) -> str:
    return f"# No rule for {name_of(op.function)}: JAX differentiates this operation."


def fallback_lines(text: FunctionText, atom: Atom) -> list[str]:
    """The statements, in reverse mode one for each pass."""
    op = atom.op
    names = [text.names.name(r) if text.uses[r] else text.names.spare for r in atom.results]
    if op.mode == "jvp":
        targets = f"({names[0]},)" if len(names) == 1 else ", ".join(names)
        only = "1" if len(op.results) > 1 else "1:"
        return [f"{targets} = {call_of_jax(text, atom)}[{only}]"]
    args, rest = atom.args[1], iter(names)
    assert isinstance(args, Items)
    targets = ", ".join(unpacked(args.items[k], rest) for k in op.positions)
    if len(op.positions) == 1:
        targets = f"({targets},)"
    line = f"_, {text.pullback} = {call_of_jax(text, atom)}"
    return [line, f"{targets} = {text.pullback}({text.speller.operand(atom.args[0])})"]


def unpacked(operand: Operand, names: Iterator[str]) -> str:
    """What an adjoint is unpacked into: a name, or names in brackets for a container."""
    if not isinstance(operand, Items):
        return next(names)
    return f"[{', '.join(unpacked(item, names) for item in operand.items)}]"


def call_of_jax(text: FunctionText, atom: Atom) -> str:
    """The call of `jax.vjp` or `jax.jvp`, of the function itself or of a lambda around it."""
    speller, op, args = text.speller, atom.op, atom.args[1]
    speller.module("jax")
    assert isinstance(args, Items)
    chosen = ", ".join(speller.operand(args.items[k], 1) for k in op.positions)
    function = speller.function(op.function)
    if atom.kwargs or op.results or len(op.positions) != len(args.items):
        function = lambda_around(text, atom, function)
    if op.mode == "vjp":
        return f"jax.vjp({function}, {chosen})"
    return f"jax.jvp({function}, ({chosen},), {speller.operand(atom.args[0])})"


def lambda_around(text: FunctionText, atom: Atom, function: str) -> str:
    """The function of its chosen arguments alone; its parameters hide no variable that its body reads."""
    speller, op, args = text.speller, atom.op, atom.args[1]
    assert isinstance(args, Items)
    others = [speller.operand(a) for k, a in enumerate(args.items) if k not in op.positions]
    words = set(re.findall(r"\w+", " ".join(others)))
    free = (n for n in chain("uvw", map("u{}".format, count())) if n not in words)
    names = dict(zip(op.positions, free, strict=False))
    inner = [names.get(k) or speller.operand(a, 1) for k, a in enumerate(args.items)]
    inner += [f"{k}={speller.operand(v, 1)}" for k, v in atom.kwargs]
    call = f"{function}({', '.join(inner)})"
    if len(op.results) == 1:
        call = f"{call}[{op.results[0]}]"
    elif op.results:
        place = next(free)
        call = f"tuple({call}[{place}] for {place} in {op.results})"
    return f"lambda {', '.join(names.values())}: {call}"

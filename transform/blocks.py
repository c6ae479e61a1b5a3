"""Loops and branches as text, and which values need a line of their own there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .ir import Atom, Choice, Node, Repeat
from .jax_blocks import jax_choice, jax_loop
from .liveness import IN_PLACE
from .numpy_blocks import numpy_choice, numpy_loop
from .operands import ArrayType, Var, variables
from .ownership import Memory

if TYPE_CHECKING:
    from .layout import FunctionText


def control_flow(text: FunctionText, node: Choice | Repeat) -> list[str]:
    """The lines of a loop or a branch."""
    if text.module.target == "numpy":
        return numpy_choice(text, node) if isinstance(node, Choice) else numpy_loop(text, node)
    return jax_choice(text, node) if isinstance(node, Choice) else jax_loop(text, node)


def must_have_lines(text: FunctionText) -> set[Var]:
    """What is carried, what an update gives, and what would be read too late where it is used."""
    kept: set[Var] = set()
    for node in text.order:
        if isinstance(node, Atom) and node.op in IN_PLACE:
            kept.update((*node.results, *variables(node.args[0])))
        if isinstance(node, Repeat):
            kept.update(v for o in node.body.outputs for v in variables(o))
            if text.module.target == "numpy":
                kept.update(v for o in (*node.inits, *node.streams) for v in variables(o))
        if isinstance(node, Choice) and len(node.results) > 1:
            kept.update(v for r in node.regions for o in r.outputs for v in variables(o))
    memory = Memory(text.function)

    def places(v: Var) -> set[object]:
        if isinstance(v.type, ArrayType) and v.type.shape == () and v not in carried:
            return set()
        return {text.families.of(v), *(("memory", piece) for piece in memory.of(v))}

    carried = {v for n in text.order if isinstance(n, Repeat) for v in (*n.results, *n.body.params)}
    carried |= {v for n in text.order if isinstance(n, Choice) for v in n.results}

    def block(nodes: Sequence[Node]) -> None:
        pending: dict[Var, set[object]] = {}
        for node in nodes:
            for region in node.regions:
                block(region.body)
            read: set[object] = set()
            for v in node.variables():
                read |= pending.pop(v, set()) | places(v)
            if isinstance(node, Atom):
                changed = places(node.args[0]) if node.op in IN_PLACE else set()  # type: ignore[arg-type]
                (result, *more) = node.results
                if not more and result not in kept and text.nests(result, node):
                    pending[result] = read
            else:
                changed = {p for r in node.results for p in places(r)}
            for v, seen in list(pending.items()):
                if seen & changed and v not in node.results:
                    kept.add(v)
                    del pending[v]

    block(text.function.body)
    return kept

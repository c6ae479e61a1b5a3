"""Loops, branches and changes in place as text for NumPy: `for`, `while`, `if`, `x[i] += v`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..primitives import add_at, lookup
from .block_parts import INDENT, LINE, around, assignments, node_uses_index, operands
from .intervals import static_int, static_length
from .ir import Atom, Choice, Node, Region, Repeat, walk
from .lengths import has_unknown
from .liveness import IN_PLACE
from .operands import ArrayType, Items, ListType, Lit, Operand, Slice, Var, type_of, variables
from .result_types import mask_of
from .spell import ATOM, PLUS, TIMES

if TYPE_CHECKING:
    from .layout import FunctionText


def numpy_loop(text: FunctionText, node: Repeat) -> list[str]:
    count = len(node.inits)
    at = text.speller.operand
    params = [text.names.name(p) for p in node.body.params[:count]]
    lines = assignments(params, operands(text, node.inits))
    length = static_length(node)
    for result, _ in node.stacked:
        name = text.names.name(result)
        if is_listed(result) or length is None:
            lines.append(f"{name} = []")
        else:
            found = result.type
            assert isinstance(found, ArrayType)
            dtype = "" if found.dtype == np.dtype(float) else f", {text.speller.dtype(found.dtype)}"
            shape = found.shape[0] if found.ndim == 1 else found.shape
            lines.append(f"{name} = {text.speller.module('np')}.empty({shape}{dtype})")
    place = ordinal_text(text, node)
    head = []
    for element, array in node.streamed:
        head.append(f"{text.names.name(element)} = {at(array, ATOM)}[{place}]")
    own = set(node.body.params) | ({node.index} if node.index is not None else set())
    head += stored(text, node, own, place)
    body: list[str] = []
    done: set[Var] = set()
    for chunk in chunks(node):
        body += text.block(chunk, *around(node))
        made = {r for n in chunk for r in n.results} - done
        body += stored(text, node, made, place)
        done |= made
    outside = set(walk_results(node.body)) | own
    body += stored(text, node, None, place, outside)
    ends = assignments(params, operands(text, node.body.outputs[:count]))
    loop, first, last = numpy_head(text, node)
    inner = [*first, *head, *body, *ends, *last] or ["pass"]
    lines += [loop, *(INDENT + line if line else line for line in inner)]
    joined = [text.names.name(r) for r, _ in node.stacked if has_unknown(r.type)]
    lines += [f"{name} = {text.speller.module('np')}.stack({name})" for name in joined]
    return lines + assignments(
        [text.names.name(r) for r in node.results[:count] if text.uses[r]],
        [p for r, p in zip(node.results, params, strict=False) if text.uses[r]],
    )


def is_listed(result: Var) -> bool:
    """Whether what a loop hands out is collected in a list: as its type says, or for want of a length."""
    return isinstance(result.type, ListType) or has_unknown(result.type)


def chunks(node: Repeat) -> list[list[Node]]:
    """The body in pieces that end where a value is made that is saved."""
    saved = {v for _, o in node.stacked for v in variables(o)}
    pieces: list[list[Node]] = [[]]
    for inner in node.body.body:
        pieces[-1].append(inner)
        if any(r in saved for r in inner.results):
            pieces.append([])
    return pieces


def walk_results(region: Region) -> list[Var]:
    return [r for n in region.body for r in n.results]


def stored(
    text: FunctionText,
    node: Repeat,
    made: set[Var] | None,
    place: str,
    inside: set[Var] | None = None,
) -> list[str]:
    """The lines that save what has just been made; `made` None stands for what does not come from the body."""
    lines = []
    for result, output in node.stacked:
        own = isinstance(output, Var) and (output in made if made is not None else False)
        foreign = made is None and (not isinstance(output, Var) or output not in (inside or ()))
        if not own and not foreign:
            continue
        name, value = text.names.name(result), text.speller.operand(output, 1)
        if is_listed(result):
            found = result.type.item if isinstance(result.type, ListType) else type_of(output)
            copied = isinstance(found, ArrayType) and found.shape and not keeps(node, output)
            lines.append(f"{name}.append({value}{'.copy()' if copied else ''})")
        else:
            lines.append(f"{name}[{place}] = {value}")
    return lines


def keeps(node: Repeat, output: Operand) -> bool:
    """Whether a value made in the body lies in memory that nothing else sees, so that nothing can change it."""
    made = [n for n in node.body.body if output in n.results]
    count = len(node.inits)
    if not made or not _makes_new(made[0]) or output in node.body.outputs[:count]:
        return False
    return all(_makes_new(n) for n in walk(node.body.body) if output in tuple(n.variables()))


def _makes_new(node: Node) -> bool:
    if not isinstance(node, Atom) or node.op in IN_PLACE:
        return False
    primitive = lookup(node.op)
    return primitive is not None and not (primitive.views and node.result.type.shape)


def ordinal_text(text: FunctionText, node: Repeat) -> str:
    """How many iterations lie before this one, as text."""
    if node.span is None or node.index is None:
        return "0"
    at = text.speller.operand
    start, _, step = node.span
    place = text.names.name(node.index)
    if static_int(step) == -1:
        return f"{at(start, PLUS)} - {place}"
    if static_int(start) != 0:
        place = f"{place} - {at(start, TIMES)}"
    by = static_int(step)
    if by == 1:
        return place
    place = f"({place})" if " " in place else place
    return f"{place} // {at(step, TIMES)}"


def numpy_head(text: FunctionText, node: Repeat) -> tuple[str, list[str], list[str]]:
    """The first line of a loop, what its body begins with, and what it ends with."""
    at = text.speller.operand
    if node.test is not None:
        for p, q in zip(node.test.params, node.body.params, strict=True):
            text.names.of[p] = text.names.name(q)
    if node.span is not None:
        start, stop, step = (at(o, 1) for o in node.span)
        bounds = [start, stop] if start != "0" or step != "1" else [stop]
        if step != "1":
            bounds.append(step)
        name = text.names.name(node.index) if node.index is not None else text.names.spare
        if not node_uses_index(node) and not node.streams and not node.stacked:
            name = text.names.spare
        items = f"range({', '.join(bounds)})"
        loop = f"for {name} in {f'reversed({items})' if node.backwards else items}:"
        if node.test is None:
            return loop, [], []
        lines = text.block(node.test.body, *around(node))
        flag = negated(text, node.test)
        if flag is not None and not lines:
            return loop, [], [f"if {flag}:", f"{INDENT}break"]
        test = at(node.test.outputs[0], ATOM)
        return loop, [*lines, f"if not {test}:", f"{INDENT}break"], []
    assert node.test is not None
    lines = text.block(node.test.body, *around(node))
    test = at(node.test.outputs[0])
    if not lines:
        return f"while {test}:", [], []
    return (
        "while True:",
        [*lines, f"if not {at(node.test.outputs[0], ATOM)}:", f"{INDENT}break"],
        [],
    )


def negated(text: FunctionText, test: Region) -> str | None:
    """`done` where the test is `not done`."""
    (output,) = test.outputs
    atom = text.definitions.get(output) if isinstance(output, Var) else None
    if atom is None or atom.op is not np.logical_not:
        return None
    return text.speller.operand(atom.args[0])


def numpy_choice(text: FunctionText, node: Choice) -> list[str]:
    test = text.speller.operand(node.test, 1)
    bodies = [text.block(r.body, *around(node)) for r in node.regions]
    names = [text.names.name(r) for r in node.results]
    ends = [operands(text, r.outputs) for r in node.regions]
    if not any(bodies) and len(names) == 1:
        then, orelse = (text.speller.operand(r.outputs[0], 2) for r in node.regions)
        if names[0] not in (then, orelse):
            line = f"{names[0]} = {then} if {test} else {orelse}"
            if len(line) <= LINE - 4 * text.depths[node]:
                return [line]
    sides = [b + assignments(names, e) for b, e in zip(bodies, ends, strict=True)]
    if not sides[0]:
        test, sides = f"not {text.speller.operand(node.test, ATOM)}", [sides[1], []]
    lines = [f"if {test}:", *(INDENT + line if line else line for line in sides[0] or ["pass"])]
    chained = [line for line in sides[1] if not line.startswith("# Adjoint of elif ")]
    if chained and all(line.startswith((INDENT, "if ", "elif ", "else:")) for line in chained):
        if sum(line.startswith("if ") for line in chained) == 1:
            return [*lines, f"el{chained[0]}", *chained[1:]]
    if sides[1]:
        lines += ["else:", *(INDENT + line if line else line for line in sides[1])]
    return lines


def in_place_lines(text: FunctionText, atom: Atom) -> list[str]:
    """`y[i] = v`, `y[i] += v`."""
    base, value, index = atom.args
    name, old = text.names.name(atom.result), text.speller.operand(base, 1)
    lines = [] if name == old else [f"{name} = {old}"]
    place, shown = text.speller.index(index), text.speller.operand(value)
    if atom.op is not add_at:
        return [*lines, f"{name}[{place}] = {shown}"]
    if not is_simple(index):
        module = text.speller.module("np")
        return [*lines, f"{module}.add.at({name}, {text.speller.operand(index, 1)}, {shown})"]
    negative = text.definitions.get(value) if isinstance(value, Var) else None
    if negative is not None and negative.op is np.negative and text.is_nested(negative.result):
        return [*lines, f"{name}[{place}] -= {text.speller.operand(negative.args[0])}"]
    return [*lines, f"{name}[{place}] += {shown}"]


def is_simple(index: Operand) -> bool:
    """An index of ints, slices and masks, in which no element comes twice."""
    items = index.items if isinstance(index, Items) else (index,)
    return all(
        isinstance(i, Slice)
        or mask_of(i) is not None
        or (isinstance(i, Lit) and not isinstance(i.value, np.ndarray | list))
        or (isinstance(i, Var) and getattr(i.type, "shape", ()) == ())
        for i in items
    )

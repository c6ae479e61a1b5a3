"""Loops and branches as text for JAX: `lax.fori_loop`, `scan`, `while_loop`, `cond`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .block_parts import (
    INDENT,
    LINE,
    apart,
    around,
    assignments,
    listed,
    node_uses_index,
    operands,
    targets,
    tupled,
)
from .folding import folded
from .intervals import static_int, static_length
from .ir import Choice, Repeat
from .operands import Operand, Var
from .spell import AND, PLUS, TIMES
from .swaps import exchanges

if TYPE_CHECKING:
    from .layout import FunctionText


def jax_loop(text: FunctionText, node: Repeat) -> list[str]:
    text.speller.imports.add("lax")
    if node.test is not None:
        return jax_while(text, node)
    length = static_length(node)
    if length is not None and (node.streams or node.stacked):
        return jax_scan(text, node, length)
    return jax_fori(text, node)


def function_lines(head: str, first: list[str], body: list[str], result: str) -> list[str]:
    """An inner function; where its last line only names the result, the result is returned at once."""
    body = apart(first, body)
    if body and body[-1].startswith(f"{result} = ") and result.isidentifier():
        body, result = body[:-1], body[-1].split(" = ", 1)[1]
    lines = [*body, f"return {result}"]
    return [head, *(INDENT + line if line else line for line in lines), ""]


PURPOSES = ("save", "again", "record", "back_block")  # of the loops that `checkpoints` makes


def purpose(text: FunctionText, node: Repeat | Choice, word: str) -> str:
    """A name for an inner function: what it does, and the loop variable that it does it for."""
    back = "back" if node.origin.part == "adjoint" and word == "step" else word
    if node.origin.spelling in PURPOSES and word == "step":
        return text.names.reserve(node.origin.spelling)
    index = getattr(node, "index", None)
    if index is not None and index.depth is not None and index.hint != word:
        used = node_uses_index(node)  # type: ignore[arg-type]
        back = f"{back}_{text.names.name(index) if used else index.hint.strip('_')}".rstrip("_")
    return text.names.reserve(back)


def unpacking(params: list[str], one: str, many: str) -> tuple[str, list[str]]:
    """How a function takes its state: as it is, or as a tuple that its first line takes apart."""
    if len(params) == 1:
        return params[0], []
    if not params:
        return one, []
    return many, [f"{', '.join(params)} = {many}"]


def jax_fori(text: FunctionText, node: Repeat) -> list[str]:
    count = len(node.inits)
    params = [text.names.name(p) for p in node.body.params[:count]]
    name = purpose(text, node, "step")
    carry, head = unpacking(params, text.names.spare, text.carry)
    start, stop, index, first = fori_range(text, node)
    index = "_k" if index == carry == text.names.spare else index
    body = text.block(node.body.body, *around(node))
    result = listed(operands(text, node.body.outputs)) or "None"
    lines = function_lines(f"def {name}({index}, {carry}):", [*head, *first], body, result)
    inits = tupled(operands(text, node.inits)) if node.inits else "None"
    found = listed(targets(text, node.results)) or text.names.spare
    why, option = unrolled(node)
    call = f"lax.fori_loop({start}, {stop}, {name}, {inits}{option})"
    return ["", *lines[:-1], "", *why, *folded(f"{found} = {call}", LINE - 4 * text.depths[node])]


def unrolled(node: Repeat) -> tuple[list[str], str]:
    """Two iterations at a time, where that saves copies: a comment that says so, and the option."""
    length = static_length(node)
    if length is None or length < 3 or not exchanges(node):
        return [], ""
    return ["# Two at a time: arrays that change places are not copied then."], ", unroll=2"


def fori_range(text: FunctionText, node: Repeat) -> tuple[str, str, str, list[str]]:
    """Bounds of a loop that counts up by one, the name of its counter, and the line that gives the loop variable."""
    assert node.span is not None and node.index is not None
    start, stop, step = node.span
    at = text.speller.operand
    used = node_uses_index(node)
    name = text.names.name(node.index) if used else text.names.spare
    by, backwards = static_int(step), node.backwards
    if by == 1 and not (backwards and used):
        return at(start, 1), at(stop, 1), name, []
    if by == -1 and backwards:
        return f"{at(stop, PLUS)} + 1", f"{at(start, PLUS)} + 1", name, []
    counter = text.names.reserve("k" if name != "k" else "n")
    if by == 1:
        shown = at(stop, PLUS)
        if static_int(start) == 0:
            last = str(int(shown) - 1) if shown.isdigit() else f"{shown} - 1"
            return "0", at(stop, 1), counter, [f"{name} = {last} - {counter}"]
        both = f"{at(start, PLUS)} + {shown}"
        return at(start, 1), at(stop, 1), counter, [f"{name} = {both} - 1 - {counter}"]
    if by == -1:
        line = f"{name} = {at(start, PLUS)} - {counter}"
        return "0", f"{at(start, PLUS)} - {at(stop, TIMES)}", counter, [line]
    length = static_length(node)
    if length is not None:
        total = str(length)
    elif by is not None and by > 0:
        text.speller.module("jnp")
        total = f"jnp.maximum(0, ({at(stop, PLUS)} - {at(start, TIMES)} + {by - 1}) // {by})"
    else:
        text.speller.module("jnp")
        total = f"jnp.maximum(0, ({at(start, PLUS)} - {at(stop, TIMES)} + {-(by or 1) - 1}) // {-(by or 1)})"
    place = f"({total} - 1 - {counter})" if backwards else counter
    line = f"{name} = {at(start, PLUS)} + {at(step, TIMES)} * {place}"
    return "0", total, counter, [line]


def jax_scan(text: FunctionText, node: Repeat, length: int) -> list[str]:
    count = len(node.inits)
    params = [text.names.name(p) for p in node.body.params[:count]]
    elements = [text.names.name(p) for p in node.body.params[count:]]
    arrays = operands(text, node.streams)
    if node_uses_index(node):
        assert node.index is not None and node.span is not None
        elements.insert(0, text.names.name(node.index))
        arrays.insert(0, arange(text, node.span))
    name = purpose(text, node, "step")
    carry, head = unpacking(params, text.names.spare, text.carry)
    element, more = unpacking(elements, text.names.spare if params else "_row", text.row)
    body = text.block(node.body.body, *around(node))
    outputs = operands(text, node.body.outputs)
    ends, rows = outputs[:count], outputs[count:]
    result = f"{tupled(ends) if ends else None}, {tupled(rows) if rows else None}"
    lines = function_lines(f"def {name}({carry}, {element}):", [*head, *more], body, result)
    inits = tupled(operands(text, node.inits)) if node.inits else "None"
    streams = tupled(arrays) if arrays else f"None, {length}"
    last = targets(text, node.results)
    nothing = text.names.spare
    ends = tupled(last[:count]) if count else nothing
    found = f"{ends}, {tupled(last[count:]) if rows else nothing}"
    reverse = ", reverse=True" if node.backwards else ""
    why, option = unrolled(node)
    call = f"lax.scan({name}, {inits}, {streams}{reverse}{option})"
    return ["", *lines[:-1], "", *why, *folded(f"{found} = {call}", LINE - 4 * text.depths[node])]


def arange(text: FunctionText, span: tuple[Operand, Operand, Operand]) -> str:
    start, stop, step = (text.speller.operand(o, 1) for o in span)
    bounds = [start, stop] if start != "0" or step != "1" else [stop]
    if step != "1":
        bounds.append(step)
    return f"{text.speller.module('jnp')}.arange({', '.join(bounds)})"


def jax_while(text: FunctionText, node: Repeat) -> list[str]:
    assert node.test is not None
    params = [text.names.name(p) for p in node.body.params]
    inits = operands(text, node.inits)
    results = targets(text, node.results)
    first: list[str] = []
    bound: str | None = None
    at = text.speller.operand
    if node.span is not None:
        assert node.index is not None
        start, stop, step = node.span
        index = text.names.name(node.index)
        params.insert(0, index)
        inits.insert(0, at(start, 1))
        results.insert(0, text.names.spare)
        sign = "<" if (static_int(step) or 1) > 0 else ">"
        bound = f"({index} {sign} {at(stop, PLUS)})"
    for p, q in zip(node.test.params, node.body.params, strict=True):
        text.names.of[p] = text.names.name(q)
    unfinished = text.names.reserve("unfinished")
    name = purpose(text, node, "step")
    carry, head = unpacking(params, text.names.spare, text.carry)
    test_lines = text.block(node.test.body, *around(node))
    (condition,) = node.test.outputs
    going = at(condition, AND + 1 if bound else 0)
    result = f"{bound} & {going}" if bound else going
    lines = function_lines(f"def {unfinished}({carry}):", head, test_lines, result)
    body = text.block(node.body.body, *around(node))
    outputs = operands(text, node.body.outputs)
    if node.span is not None:
        outputs.insert(0, f"{params[0]} + {at(node.span[2], TIMES)}")
    lines += function_lines(f"def {name}({carry}):", [*head, *first], body, listed(outputs))
    call = f"lax.while_loop({unfinished}, {name}, {tupled(inits)})"
    return [
        "",
        *lines[:-1],
        "",
        *folded(f"{listed(results)} = {call}", LINE - 4 * text.depths[node]),
    ]


def jax_choice(text: FunctionText, node: Choice) -> list[str]:
    test = text.speller.operand(node.test, 1)
    bodies = [text.block(r.body, *around(node)) for r in node.regions]
    if not any(bodies) and all(is_plain(text, o) for r in node.regions for o in r.outputs):
        module = text.speller.module("jnp")
        pairs = zip(*(operands(text, r.outputs) for r in node.regions), strict=True)
        chosen = [f"{module}.where({test}, {a}, {b})" for a, b in pairs]
        return assignments([text.names.name(r) for r in node.results], chosen)
    text.speller.imports.add("lax")
    found = listed(targets(text, node.results))
    ends = [operands(text, r.outputs) for r in node.regions]
    if not any(bodies):
        line = f"{found} = lax.cond({test}, lambda: {tupled(ends[0])}, lambda: {tupled(ends[1])})"
        if len(line) <= LINE - 4 * text.depths[node]:
            return [line]
    names = text.names.reserve("then"), text.names.reserve("otherwise")
    lines: list[str] = []
    for name, body, outputs in zip(names, bodies, ends, strict=True):
        lines += function_lines(f"def {name}():", [], body, listed(outputs))
    return ["", *lines[:-1], "", f"{found} = lax.cond({test}, {names[0]}, {names[1]})"]


def is_plain(text: FunctionText, operand: Operand) -> bool:
    """Whether an operand is there already: nothing is computed for it."""
    return not (isinstance(operand, Var) and text.is_nested(operand))

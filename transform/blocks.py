"""Loops and branches as text: `lax.fori_loop`, `scan`, `while_loop`, `cond`; for NumPy `for`, `while`, `if`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..primitives import add_at, lookup
from .intervals import static_int, static_length
from .ir import (
    ArrayType,
    Atom,
    CallSite,
    Choice,
    Items,
    ListType,
    Lit,
    Node,
    Operand,
    Region,
    Repeat,
    Slice,
    Statement,
    Var,
    type_of,
    variables,
    walk,
)
from .lengths import has_unknown
from .liveness import IN_PLACE
from .ownership import Memory
from .result_types import mask_of
from .spell import AND, ATOM, PLUS, TIMES
from .swaps import exchanges

if TYPE_CHECKING:
    from .layout import FunctionText

INDENT = "    "
LINE = 88


def control_flow(text: FunctionText, node: Choice | Repeat) -> list[str]:
    """The lines of a loop or a branch."""
    if text.module.target == "numpy":
        return numpy_choice(text, node) if isinstance(node, Choice) else numpy_loop(text, node)
    return jax_choice(text, node) if isinstance(node, Choice) else jax_loop(text, node)


# --- which values need a line of their own ---


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


# --- jax ---


def jax_loop(text: FunctionText, node: Repeat) -> list[str]:
    text.speller.imports.add("lax")
    if node.test is not None:
        return jax_while(text, node)
    length = static_length(node)
    if length is not None and (node.streams or node.stacked):
        return jax_scan(text, node, length)
    return jax_fori(text, node)


def around(node: Repeat | Choice) -> tuple[str, Statement | None, CallSite | None]:
    """Under which comments the lines inside a loop or a branch stand anyway."""
    return node.origin.part, node.origin.statement, node.origin.site


def tupled(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


def listed(parts: Sequence[str]) -> str:
    return ", ".join(parts)


def operands(text: FunctionText, items: Sequence[Operand]) -> list[str]:
    return [text.speller.operand(o, 1) for o in items]


def targets(text: FunctionText, results: Sequence[Var]) -> list[str]:
    return [text.names.name(r) if text.uses[r] else "_" for r in results]


def apart(first: list[str], body: list[str]) -> list[str]:
    """Lines that follow each other, with a blank line before an inner function and its comments."""
    code = next((line for line in body if not line.startswith("#")), "")
    return [*first, *([""] if first and code.startswith("def ") else []), *body]


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


def node_uses_index(node: Repeat) -> bool:
    return any(v is node.index for region in node.regions for v in region.variables())


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
    carry, head = unpacking(params, "_", "carry")
    start, stop, index, first = fori_range(text, node)
    index = "_k" if index == carry == "_" else index
    body = text.block(node.body.body, *around(node))
    result = listed(operands(text, node.body.outputs)) or "None"
    lines = function_lines(f"def {name}({index}, {carry}):", [*head, *first], body, result)
    inits = tupled(operands(text, node.inits)) if node.inits else "None"
    found = listed(targets(text, node.results)) or "_"
    why, option = unrolled(node)
    call = f"lax.fori_loop({start}, {stop}, {name}, {inits}{option})"
    return ["", *lines[:-1], "", *why, *wrapped(text, node, f"{found} = {call}")]


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
    name = text.names.name(node.index) if used else "_"
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
    carry, head = unpacking(params, "_", "carry")
    element, more = unpacking(elements, "_" if params else "_row", "row")
    body = text.block(node.body.body, *around(node))
    outputs = operands(text, node.body.outputs)
    ends, rows = outputs[:count], outputs[count:]
    result = f"{tupled(ends) if ends else None}, {tupled(rows) if rows else None}"
    lines = function_lines(f"def {name}({carry}, {element}):", [*head, *more], body, result)
    inits = tupled(operands(text, node.inits)) if node.inits else "None"
    streams = tupled(arrays) if arrays else f"None, {length}"
    last = targets(text, node.results)
    found = f"{tupled(last[:count]) if count else '_'}, {tupled(last[count:]) if rows else '_'}"
    reverse = ", reverse=True" if node.backwards else ""
    why, option = unrolled(node)
    call = f"lax.scan({name}, {inits}, {streams}{reverse}{option})"
    return ["", *lines[:-1], "", *why, *wrapped(text, node, f"{found} = {call}")]


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
        results.insert(0, "_")
        sign = "<" if (static_int(step) or 1) > 0 else ">"
        bound = f"({index} {sign} {at(stop, PLUS)})"
    for p, q in zip(node.test.params, node.body.params, strict=True):
        text.names.of[p] = text.names.name(q)
    unfinished = text.names.reserve("unfinished")
    name = purpose(text, node, "step")
    carry, head = unpacking(params, "_", "carry")
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
    return ["", *lines[:-1], "", *wrapped(text, node, f"{listed(results)} = {call}")]


def wrapped(text: FunctionText, node: Node, line: str) -> list[str]:
    """A call that is too long for a line, with its arguments on lines of their own."""
    if len(line) <= LINE - 4 * text.depths[node] or not line.endswith(")"):
        return [line]
    opening = line.index("(", line.index("lax."))
    parts, depth, start = [], 0, opening + 1
    for k in range(opening + 1, len(line) - 1):
        depth += line[k] in "([{"
        depth -= line[k] in ")]}"
        if line[k] == "," and not depth:
            parts.append(line[start:k].strip())
            start = k + 1
    parts.append(line[start:-1].strip())
    inner = ", ".join(parts)
    if len(inner) <= LINE - 4 * text.depths[node] - 4:
        return [line[: opening + 1], INDENT + inner, ")"]
    room = LINE - 4 * text.depths[node] - 5
    lines = [x for part in parts for x in broken(part, room)]
    return [line[: opening + 1], *(f"{INDENT}{x}" for x in lines), ")"]


def broken(part: str, room: int) -> list[str]:
    """An argument with a comma, a tuple that is too long for a line over several."""
    if len(part) <= room or not (part.startswith("(") and part.endswith(")")):
        return [f"{part},"]
    items, depth, start = [], 0, 1
    for k in range(1, len(part)):
        depth += (part[k] in "([{") - (part[k] in ")]}")
        if depth < 0 or part[k] == "," and not depth:
            items.append(part[start:k].strip())
            start = k + 1
    lines = [""]
    for item in filter(None, items):
        if lines[-1] and len(lines[-1]) + len(item) + 2 > room - 4:
            lines.append("")
        lines[-1] += f"{' ' if lines[-1] else ''}{item},"
    return ["(", *(f"{INDENT}{x}" for x in lines), "),"]


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


# --- numpy ---


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
        name = text.names.name(node.index) if node.index is not None else "_"
        if not node_uses_index(node) and not node.streams and not node.stacked:
            name = "_"
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


def assignments(names: Sequence[str], values: Sequence[str]) -> list[str]:
    """`a = x; b = y`, all at once where one would overwrite what another reads."""
    pairs = [(n, v) for n, v in zip(names, values, strict=True) if n != v]
    import re

    for k, (name, _) in enumerate(pairs):
        if any(re.search(rf"\b{re.escape(name)}\b", value) for _, value in pairs[k + 1 :]):
            return [f"{', '.join(n for n, _ in pairs)} = {', '.join(v for _, v in pairs)}"]
    return [f"{n} = {v}" for n, v in pairs]


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

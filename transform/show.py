"""The intermediate forms as text, for `--show` and for error messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .ir import Atom, Block, Branch, Choice, Function, Loop, Node, Region, Repeat, Return, While
from .lower import Lowered
from .names import Names
from .operands import Global, Items, Lit, Name, Operand, Slice, Star, Var, variables


def show_lowered(lowered: Lowered) -> str:
    """Untyped atoms, one a line."""
    params = ", ".join(p.name for p in lowered.params)
    lines = [f"{lowered.syntax.name}({params}):", *_block(lowered.body, 1)]
    return "\n".join(lines)


def show_function(function: Function) -> str:
    """Typed atoms, one a line, each with the type of its result."""
    names = Names()
    for name, v in function.params:
        names.fix(v, name)
    for v in variables(function.output):
        names.name(v)

    def text(operand: Any) -> str:
        return _operand(operand, names)

    lines = [f"{function.name}({', '.join(f'{n}: {v.type}' for n, v in function.params)}):"]
    for part, depth, line in _nodes(function.body, names, "primal", 1):
        if part:
            lines.append(f"    # {part}")
        lines.append("    " * depth + line)
    return "\n".join([*lines, f"    return {text(function.output)}"])


def _nodes(
    nodes: Iterable[Node], names: Names, part: str, depth: int
) -> Iterator[tuple[str, int, str]]:
    """(the new part, if it changes; depth; line) of each statement."""
    for node in nodes:
        mark = node.origin.part if node.origin.part != part and depth == 1 else ""
        part = node.origin.part if depth == 1 else part
        results = ", ".join(f"{names.name(r)}: {r.type}" for r in node.results)
        if isinstance(node, Atom):
            arguments = [_operand(a, names) for a in node.args]
            arguments += [f"{k}={_operand(v, names)}" for k, v in node.kwargs]
            op = getattr(node.op, "__name__", str(node.op))
            yield mark, depth, f"{results} = {op}({', '.join(arguments)})"
        elif isinstance(node, Choice):
            yield mark, depth, f"{results} = if {_operand(node.test, names)}:"
            yield from _region(node.then, names, part, depth + 1)
            yield "", depth, "else:"
            yield from _region(node.orelse, names, part, depth + 1)
        else:
            yield mark, depth, f"{results} = {_loop_head(node, names)}:"
            if node.test is not None:
                yield "", depth + 1, f"while ({', '.join(map(names.name, node.test.params))}):"
                yield from _region(node.test, names, part, depth + 2)
            params = [f"{names.name(p)}: {p.type}" for p in node.body.params]
            yield "", depth + 1, f"with {', '.join(params)}:"
            yield from _region(node.body, names, part, depth + 1)


def _loop_head(node: Repeat, names: Names) -> str:
    parts = []
    if node.span is not None and node.index is not None:
        bounds = ", ".join(_operand(b, names) for b in node.span)
        order = " backwards" if node.backwards else ""
        parts.append(f"for {names.name(node.index)} in range({bounds}){order}")
    parts.append(f"from ({', '.join(_operand(o, names) for o in (*node.inits, *node.streams))})")
    return " ".join(parts)


def _region(region: Region, names: Names, part: str, depth: int) -> Iterator[tuple[str, int, str]]:
    yield from _nodes(region.body, names, part, depth)
    yield "", depth, f"yield {', '.join(_operand(o, names) for o in region.outputs)}"


def _block(block: Block, depth: int) -> list[str]:
    pad = "    " * depth
    lines: list[str] = []
    for statement in block:
        if isinstance(statement, Atom):
            lines.append(pad + _atom(statement))
        elif isinstance(statement, Return):
            lines.append(f"{pad}return {_operand(statement.value)}")
        elif isinstance(statement, Branch):
            lines.append(f"{pad}if {_operand(statement.test)}:")
            lines += _block(statement.then, depth + 1) or [f"{pad}    pass"]
            if statement.orelse:
                lines += [f"{pad}else:", *_block(statement.orelse, depth + 1)]
        elif isinstance(statement, Loop):
            lines.append(
                f"{pad}for {_operand(statement.target)} in {_operand(statement.iterable)}:"
            )
            lines += _block(statement.body, depth + 1)
        elif isinstance(statement, While):
            lines.append(f"{pad}while:")
            lines += _block(statement.head, depth + 1)
            lines.append(f"{pad}    stop unless {_operand(statement.test)}")
            lines += _block(statement.body, depth + 1)
    return lines


def _atom(atom: Atom) -> str:
    results = ", ".join(_operand(r) for r in atom.results)
    args = [_operand(a) for a in atom.args] + [f"{k}={_operand(v)}" for k, v in atom.kwargs]
    if atom.op == "call":
        text = f"{args[0]}({', '.join(args[1:])})"
    elif atom.op == "item":
        text = f"{args[0]}[{args[1]}]"
    elif atom.op == "attribute":
        text = f"{args[0]}.{args[1].strip(chr(39))}"
    elif atom.op == "alias":
        text = args[0]
    else:
        text = f"{getattr(atom.op, '__name__', atom.op)}({', '.join(args)})"
    return f"{results} = {text}" if results else text


def _operand(operand: Operand | None, names: Names | None = None) -> str:
    if operand is None:
        return ""
    if isinstance(operand, Var):
        return names.name(operand) if names else operand.hint
    if isinstance(operand, Name):
        return (
            operand.id.replace("%", "t") if operand.id.startswith("%") else operand.id.split("%")[0]
        )
    if isinstance(operand, Global):
        return operand.path
    if isinstance(operand, Slice):
        parts = (operand.start, operand.stop, operand.step)
        return ":".join(_operand(p, names) for p in parts).removesuffix(":")
    if isinstance(operand, Star):
        return ("**" if operand.double else "*") + _operand(operand.operand, names)
    if isinstance(operand, Items):
        return f"({', '.join(_operand(i, names) for i in operand.items)})"
    if isinstance(operand, Lit):
        value = operand.value
        if isinstance(value, Lowered):
            return f"function {value.syntax.name}"
        return operand.name or getattr(value, "__name__", None) or repr(value)
    return repr(operand)

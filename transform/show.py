"""The intermediate forms as text, for `--show` and for error messages."""

from __future__ import annotations

from typing import Any

from .ir import (
    Atom,
    Block,
    Branch,
    Function,
    Global,
    Items,
    Lit,
    Loop,
    Name,
    Operand,
    Return,
    Slice,
    Star,
    Var,
    variables,
)
from .lower import Lowered
from .names import Names


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
    part = "primal"
    for atom in function.body:
        if atom.origin.part != part:
            part = atom.origin.part
            lines.append(f"    # {part}")
        results = ", ".join(f"{names.name(r)}: {r.type}" for r in atom.results)
        arguments = [text(a) for a in atom.args] + [f"{k}={text(v)}" for k, v in atom.kwargs]
        op = getattr(atom.op, "__name__", str(atom.op))
        lines.append(f"    {results} = {op}({', '.join(arguments)})")
    return "\n".join([*lines, f"    return {text(function.output)}"])


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

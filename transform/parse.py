"""From a function object to its syntax: the text, parsed by libcst, with positions in the user's file."""

from __future__ import annotations
import __future__

import ast
import builtins
import contextlib
import dis
import functools
import inspect
import operator
import sys
import tokenize
import types
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from .errors import SourceError, Span
from .ir import Statement

FUTURE_FLAGS = functools.reduce(
    operator.or_,
    (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names),
)


@dataclass(frozen=True, eq=False)
class SourceText:
    """The parsed text around a function, and where it stands in the user's file."""

    file: str
    line_offset: int
    lines: tuple[str, ...]
    module: cst.Module
    positions: Mapping[cst.CSTNode, CodeRange]

    def span(self, node: cst.CSTNode) -> Span:
        where = self.positions[node]
        text = self.lines[where.start.line - 1]
        end = where.end.column if where.end.line == where.start.line else len(text)
        line = where.start.line + self.line_offset
        return Span(self.file, line, where.start.column, end, text)

    def code(self, node: cst.CSTNode) -> str:
        return self.module.code_for_node(node).strip()

    def statement(self, line: cst.SimpleStatementLine | cst.BaseCompoundStatement) -> Statement:
        """A source line with the comments above it and behind it."""
        above = tuple(w.comment.value for w in line.leading_lines if w.comment is not None)
        if isinstance(line, cst.SimpleStatementLine):
            comment = line.trailing_whitespace.comment
            parts = [
                self.code(part.with_changes(semicolon=cst.MaybeSentinel.DEFAULT))
                for part in line.body
            ]
            text = " ".join("; ".join(parts).split())
            return Statement(text, self.span(line), above, comment.value if comment else None)
        bare = line.with_changes(leading_lines=())
        return Statement(self.code(bare).splitlines()[0], self.span(line), above)


@dataclass(frozen=True, eq=False)
class FunctionSyntax:
    """A function's syntax tree, the text that it stands in, and the Python function where there is one."""

    name: str
    node: cst.FunctionDef | cst.Lambda
    text: SourceText
    function: Any = None  # a types.FunctionType
    defaults: dict[str, Any] = field(default_factory=dict)

    @property
    def span(self) -> Span:
        node = self.node.name if isinstance(self.node, cst.FunctionDef) else self.node
        return self.text.span(node)

    def names(self) -> list[str]:
        """The names from outside that the function could read."""
        function = self.function
        own = [] if function is None else [*function.__code__.co_freevars, *function.__globals__]
        return [*own, *dir(builtins)]

    def lookup(self, name: str) -> tuple[Any, str]:
        """The value of a name that is not local, and the scope that holds it.

        Raises KeyError where the name has no value.
        """
        function = self.function
        if function is None:
            raise KeyError(name)
        if name in function.__code__.co_freevars and function.__closure__ is not None:
            cell = function.__closure__[function.__code__.co_freevars.index(name)]
            try:
                return cell.cell_contents, "closure"
            except ValueError:
                raise KeyError(name) from None
        if name in function.__globals__:
            return function.__globals__[name], "global"
        if hasattr(builtins, name):
            return getattr(builtins, name), "builtin"
        raise KeyError(name)


def parse(function: types.FunctionType) -> FunctionSyntax:
    """The syntax of a Python function.

    Raises `SourceError` where the text is missing, cannot be parsed, or is not the text of this function
    (the file was edited after it was imported).
    """
    code = function.__code__
    name = code.co_name  # a decorator may have changed the function's __name__
    signature = inspect.signature(function, follow_wrapped=False)
    defaults = {
        p.name: p.default for p in signature.parameters.values() if p.default is not p.empty
    }
    text, first = _source(function)
    if name == "<lambda>":
        parsed = _parsed(text, code.co_filename, 0)
        node = _find_lambda(parsed, code)
        return FunctionSyntax("lambda_", node, parsed, function, defaults)
    _check_text_is_current(text, function)
    indented = text[:1].isspace()
    wrapped = f"if 1:\n{text}" if indented else text
    parsed = _parsed(wrapped, code.co_filename, first - 1 - indented)
    node = next(
        n for n in parsed.positions if isinstance(n, cst.FunctionDef) and n.name.value == name
    )
    return FunctionSyntax(name, node, parsed, function, defaults)


def _source(function: types.FunctionType) -> tuple[str, int]:
    code = function.__code__
    try:
        if code.co_name == "<lambda>":
            lines, _ = inspect.findsource(code)
            return "".join(lines), 1
        lines, first = inspect.getsourcelines(code)
        return "".join(lines), first
    except (OSError, TypeError, SyntaxError):
        typed = _typed_at_prompt(code)
        if typed is not None:
            return typed, 1
        raise SourceError(
            f"cannot read the source of {function.__qualname__} (defined in {code.co_filename})",
            remedy="define it in a file, a notebook cell, or the interactive prompt of Python 3.13 and "
            "later; text given to exec() must be registered with linecache under its filename",
        ) from None


def _typed_at_prompt(code: types.CodeType) -> str | None:
    """A function's text from the history of the interactive prompt, which keeps no source before Python 3.13.

    Only a text that compiles to the function's own code is taken.
    """
    readline = sys.modules.get("readline")
    if code.co_filename != "<stdin>" or readline is None:
        return None
    lines = [
        readline.get_history_item(k) or ""
        for k in range(1, readline.get_current_history_length() + 1)
    ]
    for start in reversed(range(len(lines))):
        if lines[start].startswith(f"def {code.co_name}("):
            for end in range(start + 1, len(lines) + 1):
                text = "\n".join(lines[start:end]) + "\n"
                with contextlib.suppress(SyntaxError):
                    if any(_same_code(c, code) for c in _codes(_compiled(ast.parse(text), code))):
                        return text
    return None


def normalised(text: str) -> str:
    """The text with its names as Python reads them: `µ` of a keyboard is the Greek letter (PEP 3131, NFKC)."""
    if text.isascii():
        return text
    lines = text.splitlines(keepends=True)
    with contextlib.suppress(tokenize.TokenError, SyntaxError):
        tokens = list(tokenize.generate_tokens(iter(lines).__next__))
        for token in reversed(tokens):
            if token.type == tokenize.NAME and not token.string.isascii():
                (row, start), (_, end) = token.start, token.end
                name = unicodedata.normalize("NFKC", token.string)
                lines[row - 1] = lines[row - 1][:start] + name + lines[row - 1][end:]
    return "".join(lines)


def _parsed(text: str, file: str, line_offset: int) -> SourceText:
    text = normalised(text)
    try:
        module = cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise SourceError(f"cannot parse the source in {file}: {error.message}") from error
    wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
    positions = cast(Mapping[cst.CSTNode, CodeRange], wrapper.resolve(PositionProvider))
    return SourceText(file, line_offset, tuple(text.split("\n")), module, positions)


def _find_lambda(parsed: SourceText, code: types.CodeType) -> cst.Lambda:
    """The lambda on the line whose text compiles to the function's code."""
    lambdas = [
        (where.start.column, node)
        for node, where in parsed.positions.items()
        if isinstance(node, cst.Lambda) and where.start.line == code.co_firstlineno
    ]
    found = []
    for column, node in lambdas:
        text = f"(\n{parsed.module.code_for_node(node)}\n)"
        compiled = _compiled(ast.parse(text), code)
        if any(c.co_name == "<lambda>" and _same_code(c, code) for c in _codes(compiled)):
            found.append((column, node))
    starts = [
        (line, column) for line, _, column, _ in code.co_positions() if line and column is not None
    ]
    first = min((c for line, c in starts if line == code.co_firstlineno and c > 0), default=0)
    before = [(column, node) for column, node in found if column <= first]
    texts = {parsed.module.code_for_node(node) for _, node in found}
    if found and (before or len(texts) == 1):
        return max(before or found, key=lambda pair: pair[0])[1]
    raise SourceError(
        f"cannot find the text of the lambda at {parsed.file}:{code.co_firstlineno}",
        remedy="write it as a def",
    )


def _compiled(tree: ast.Module, code: types.CodeType) -> types.CodeType:
    """Compile a function's text as it was compiled: with the same free variables and future statements."""
    scope = tree
    if code.co_freevars:
        names = "".join(f"    {name} = None\n" for name in code.co_freevars)
        scope = ast.parse(f"def scope():\n{names}    pass\n")
        cast(ast.FunctionDef, scope.body[0]).body[-1:] = tree.body
    flags = code.co_flags & FUTURE_FLAGS
    return compile(scope, code.co_filename, "exec", flags=flags, dont_inherit=True)


def _check_text_is_current(text: str, function: types.FunctionType) -> None:
    """Compile the text again and compare: a stale text would give the derivative of another function."""
    code = function.__code__
    if "__class__" in code.co_freevars:
        return
    block = text if not text[:1].isspace() else f"if 1:\n{text}"
    try:
        tree = ast.parse(block)
    except SyntaxError as error:
        raise SourceError(f"cannot parse the source of {function.__qualname__}: {error}") from error
    if any(isinstance(node, ast.Assert) for node in ast.walk(tree)):
        return  # test runners rewrite assertions, so the compiled forms may differ
    outermost = next(
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    outermost.decorator_list = []
    compiled = _compiled(tree, code)
    for candidate in _codes(compiled):
        if candidate.co_name == code.co_name and _same_code(candidate, code):
            return
    raise SourceError(
        f"the text of {function.__qualname__} in {code.co_filename} has changed since it was defined",
        remedy="reload the module, or run the cell again",
    )


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from _codes(constant)


def _same_code(a: types.CodeType, b: types.CodeType) -> bool:
    return _essence(a) == _essence(b)


# Instructions that a function has or has not for the same text, by what lies around it.
SCOPE_DEPENDENT = (
    "PUSH_NULL",
    "PRECALL",
    "RESUME",
    "MAKE_CELL",
    "COPY_FREE_VARS",
    "EXTENDED_ARG",
)


def _essence(code: types.CodeType) -> list[Any]:
    """The instructions, without what depends on the scope that they were compiled in."""
    result: list[Any] = [code.co_varnames[: code.co_argcount]]
    for step in dis.get_instructions(code):
        if step.opname not in SCOPE_DEPENDENT:
            name = "LOAD_ATTR" if step.opname == "LOAD_METHOD" else step.opname
            value = (
                _essence(step.argval) if isinstance(step.argval, types.CodeType) else step.argrepr
            )
            jump = "JUMP" in name or name == "FOR_ITER"
            text = (
                value.replace("NULL + ", "").replace("NULL|self + ", "")
                if isinstance(value, str)
                else value
            )
            result.append((name, None if jump else text))
    return result

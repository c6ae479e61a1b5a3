"""Source text and tables on a terminal: in colour there, plain in a pipe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import click
from pygments import highlight
from pygments.formatters import TerminalFormatter
from pygments.lexers import PythonLexer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .checking import Row
from .primitives.catalogue import Entry


def print_source(text: str) -> None:
    """Python on stdout, in the terminal's own colours; in a pipe, exactly the text."""
    console = Console()
    if console.is_terminal and not console.no_color and not console.is_dumb_terminal:
        text = highlight(text, PythonLexer(stripnl=False), TerminalFormatter(bg="dark"))
    click.echo(text, nl=not text.endswith("\n"), color=True)


def report_table(rows: Sequence[Row]) -> Table:
    """The rows of `backprose.checking.report` as a table."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("argument", no_wrap=True)
    for title in ("absolute error", "relative error", "allowed"):
        table.add_column(title, justify="right")
    table.add_column("")
    for row in rows:
        verdict = Text("ok", "green") if row.ok else Text("wrong", "bold red")
        numbers = (f"{row.absolute:.1e}", f"{row.relative:.1e}", f"{row.tolerance:.0e}")
        table.add_row(Text(row.argument), *numbers, verdict)
    return table


def rules_table(entries: Sequence[Entry]) -> Table:
    """The entries of `backprose.primitives.catalogue` as a table."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("function", "kind", "modes"):
        table.add_column(title, no_wrap=True)
    table.add_column("file, or the reason")
    for entry in entries:
        table.add_row(Text(entry.name), entry.kind, entry.modes, Text(entry.where))
    return table


def count_table(entries: Sequence[Entry]) -> Table:
    """How many functions of each module there are of each kind."""
    modules = list(dict.fromkeys(entry.name.rpartition(".")[0] for entry in entries))
    kinds = list(dict.fromkeys(entry.kind for entry in entries))
    found = Counter((entry.kind, entry.name.rpartition(".")[0]) for entry in entries)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("kind", no_wrap=True)
    for module in (*modules, "all"):
        table.add_column(module, justify="right")
    for kind in kinds:
        numbers = [found[kind, module] for module in modules]
        table.add_row(kind, *map(str, numbers), str(sum(numbers)))
    return table

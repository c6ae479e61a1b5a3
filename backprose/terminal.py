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


def module_of(name: str) -> str:
    """The module of a function: `scipy.stats` of `scipy.stats.norm.pdf`."""
    module = name.rpartition(".")[0]
    return "scipy.stats" if module.startswith("scipy.stats") else module


def count_table(entries: Sequence[Entry]) -> Table:
    """How many functions there are of each kind, and in which modules."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("kind", "functions", "of them in"):
        table.add_column(title, justify="right" if title == "functions" else "left")
    for kind in dict.fromkeys(entry.kind for entry in entries):
        names = [entry.name for entry in entries if entry.kind == kind]
        modules = Counter(module_of(name) for name in names)
        table.add_row(kind, str(len(names)), ", ".join(f"{m} {n}" for m, n in modules.items()))
    table.add_row("all", str(len(entries)), "")
    return table

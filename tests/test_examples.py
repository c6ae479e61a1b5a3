"""The examples in docstrings and in the README run, and print what they say."""

import contextlib
import doctest
import importlib
import io
import linecache
import pkgutil
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import backprose
from backprose import special
from backprose.cli import main

ROOT = Path(__file__).parents[1]
MODULES = [
    m.name
    for m in pkgutil.walk_packages(backprose.__path__, "backprose.")
    if not m.name.endswith("__main__")
]


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name):
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("name", [n for n in backprose.__all__ if not n.endswith("Error")])
def test_every_public_name_has_an_example(name):
    assert ">>>" in (getattr(backprose, name).__doc__ or "")


@pytest.mark.parametrize("name", special.__all__)
def test_every_special_function_has_an_example_that_runs(name):
    function = getattr(special, name)
    examples = doctest.DocTestFinder().find(
        function, name, importlib.import_module(function.__module__)
    )
    assert sum(len(e.examples) for e in examples) > 0
    assert all(doctest.DocTestRunner().run(e).failed == 0 for e in examples)


def test_readme_prints_what_it_says():
    readme = (ROOT / "README.md").read_text()
    code, printed = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)[:2]
    filename = "<the README's first example>"
    linecache.cache[filename] = (len(code), None, code.splitlines(True), filename)
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(code, filename, "exec"), {"__name__": "readme"})
    assert output.getvalue().strip() == printed.strip()


def test_readme_shows_lower_at_work(capsys):
    section = (ROOT / "README.md").read_text().split("## In a program of JAX's")[1]
    code = re.findall(r"```python\n(.*?)```", section, re.DOTALL)[0]
    filename = "<the README's example of lower>"
    linecache.cache[filename] = (len(code), None, code.splitlines(True), filename)
    exec(compile(code, filename, "exec"), {"__name__": "readme"})
    promised = re.findall(r"print\(.*\)  # (.*)", code)
    assert capsys.readouterr().out.splitlines() == promised and len(promised) == 2


def test_every_block_of_the_readme_can_be_pasted():
    """What defines functions, and is not what a command prints, runs by itself."""
    text = (ROOT / "README.md").read_text()
    found = 0
    for block in re.finditer(r"```python\n(.*?)```", text, re.DOTALL):
        if text[: block.start()].rstrip().endswith("prints") or not block[1].startswith("import"):
            continue
        filename = f"<block {block.start()} of the README>"
        linecache.cache[filename] = (len(block[1]), None, block[1].splitlines(True), filename)
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(block[1], filename, "exec"), {"__name__": "readme"})
        found += 1
    assert found >= 4


PAGES = "".join((ROOT / page).read_text() for page in ("README.md", "docs/rules.md"))
COMMANDS = re.findall(
    r"`(backprose grad \S+:[^`]+)` prints\n\n```python\n(.*?)```", PAGES, re.DOTALL
)


@pytest.mark.parametrize(
    "command, printed", COMMANDS, ids=[c.split(":")[1][:40] for c, _ in COMMANDS]
)
def test_pages_show_what_the_command_prints(command, printed, monkeypatch):
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(main, command.split()[1:], catch_exceptions=False)
    assert result.exit_code == 0 and result.stdout.strip() == printed.strip()


def test_readme_shows_three_loops_for_both_targets():
    assert len({c.split()[2] for c, _ in COMMANDS if "loops_" in c}) >= 3
    assert sum("--target numpy" in c for c, _ in COMMANDS) >= 3

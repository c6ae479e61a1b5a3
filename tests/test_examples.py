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

import backprose

ROOT = Path(__file__).parents[1]
MODULES = [
    f"backprose.{m.name}" for m in pkgutil.iter_modules(backprose.__path__) if m.name != "__main__"
]


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name):
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("name", [n for n in backprose.__all__ if not n.endswith("Error")])
def test_every_public_name_has_an_example(name):
    assert ">>>" in (getattr(backprose, name).__doc__ or "")


def test_readme_prints_what_it_says():
    readme = (ROOT / "README.md").read_text()
    code, printed = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)[:2]
    filename = "<the README's first example>"
    linecache.cache[filename] = (len(code), None, code.splitlines(True), filename)
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(code, filename, "exec"), {"__name__": "readme"})
    assert output.getvalue().strip() == printed.strip()

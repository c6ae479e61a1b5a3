"""The notebooks run from top to bottom, and show what they show now."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


def outputs(notebook: nbformat.NotebookNode) -> list[str]:
    """The text of each output, in order."""
    found = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
    return [o.get("text") or o.get("data", {}).get("text/plain", "") for o in found]


def sources(notebook: nbformat.NotebookNode) -> list[str]:
    """The emitted modules that a notebook shows."""
    return [text for text in outputs(notebook) if text.startswith("# Derived from")]


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def committed_and_executed(request, tmp_path_factory):
    from nbclient import NotebookClient

    committed = nbformat.read(request.param, as_version=4)
    executed = nbformat.read(request.param, as_version=4)
    for cell in executed.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    resources = {"metadata": {"path": str(tmp_path_factory.mktemp("notebook"))}}
    NotebookClient(executed, timeout=300, resources=resources).execute()
    return committed, executed


def test_there_are_notebooks():
    assert NOTEBOOKS


def test_it_runs_and_shows_the_same_source(committed_and_executed):
    committed, executed = committed_and_executed
    assert sources(committed) == sources(executed), "run jupyter execute --inplace on the notebook"
    assert len(outputs(committed)) == len(outputs(executed))
    nbformat.validate(executed)


def test_its_accuracy_is_good(committed_and_executed):
    for notebook in committed_and_executed:
        found = re.search(r"^accuracy (\S+)$", "\n".join(outputs(notebook)), flags=re.M)
        assert found and float(found[1]) > 0.95


def test_no_errors_warnings_or_paths_are_committed(committed_and_executed):
    committed, _ = committed_and_executed
    found = [o for c in committed.cells if c.cell_type == "code" for o in c.outputs]
    assert not [o for o in found if o.output_type == "error" or o.get("name") == "stderr"]
    assert not re.search(r"/(home|root|tmp|Users)/|ipykernel_\d", nbformat.writes(committed))

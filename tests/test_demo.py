"""The demo: its data, its functions, what it prints and draws."""

from __future__ import annotations

import importlib.util
import re
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from backprose import check_grads, demo, grad
from backprose.checking import compare
from backprose.cli import main
from backprose.iris import load_iris


@pytest.fixture
def point(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    iris = load_iris()
    X, Y = demo.inputs(iris.features, iris), np.eye(3)[iris.labels]
    return X, Y, rng.normal(size=(16, 3)), rng.normal(size=(3, 16))


def test_the_data_are_fishers():
    names = ("sepal_length", "sepal_width", "petal_length", "petal_width")
    iris = load_iris(names)
    assert iris.species == ("setosa", "versicolor", "virginica")
    assert np.array_equal(np.bincount(iris.labels), [50, 50, 50])
    # The table's means (Fisher 1936, table 2), and two rows that some copies have wrong.
    means = [iris.features[iris.labels == k].mean(axis=0) for k in range(3)]
    assert np.allclose(means[0], [5.006, 3.428, 1.462, 0.246], atol=5e-4)
    assert np.allclose(means[1], [5.936, 2.770, 4.260, 1.326], atol=5e-4)
    assert np.allclose(means[2], [6.588, 2.974, 5.552, 2.026], atol=5e-4)
    assert np.array_equal(iris.features[34], [4.9, 3.1, 1.5, 0.2])
    assert np.array_equal(iris.features[37], [4.9, 3.6, 1.4, 0.1])


def test_the_gradient_agrees_with_differences_to_1e_7(point):
    check_grads(demo.cost, point, rtol=1e-7)


def test_the_gradient_by_hand_is_right(point):
    rows = compare(demo.cost, demo.by_hand, point, argnums=("W", "V"))
    assert all(row.ok for row in rows)


def test_the_gradient_is_that_by_hand(point):
    found = grad(demo.cost, argnums=("W", "V"))(*point)
    for ours, hand in zip(found, demo.by_hand(*point), strict=True):
        assert np.allclose(ours, hand, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("columns", [80, 160])
def test_the_demo_succeeds(tmp_path: Path, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.chdir(tmp_path)
    begin = time.monotonic()
    result = CliRunner().invoke(main, ["demo", "--plot", "plot.png"], catch_exceptions=False)
    assert result.exit_code == 0
    assert time.monotonic() - begin < 30
    assert re.search(r"accuracy (\S+)", result.stdout)[1] > "0.95"  # type: ignore[index]
    assert result.stdout.count(" ok") == 4 and "wrong" not in result.stdout
    assert Path("plot.png").read_bytes().startswith(b"\x89PNG")
    beside = re.search(r"def cost\(X, Y, W, V\): +def cost_grad", result.stdout)
    assert (beside is not None) == (columns == 160)
    assert max(map(len, result.stdout.splitlines())) <= max(columns, 100)


def test_without_matplotlib_it_says_so(tmp_path: Path, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(demo, "find_spec", lambda n: None if n == "matplotlib" else find(n))
    monkeypatch.setattr(demo, "STEPS", 1000)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["demo"], catch_exceptions=False)
    assert result.exit_code == 0
    assert "matplotlib is not installed" in result.stdout
    assert not list(tmp_path.iterdir())

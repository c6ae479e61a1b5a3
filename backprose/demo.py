"""The demo: a two-layer softmax network learns Fisher's irises by a gradient that backprose writes.

The data are R. A. Fisher's (1936), collected by E. Anderson (1935), in the public domain and in the
UCI Machine Learning Repository: `backprose.iris` has the references.
"""

from __future__ import annotations

import functools
import inspect
import io
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.syntax import Syntax
from rich.table import Table

from .boundaries import draw_boundaries
from .checking import Row, compare
from .derivative import Derivative, grad
from .iris import Iris, load_iris
from .terminal import print_source, report_table
from .transform.errors import ArgumentError

HIDDEN = 16
STEPS = 5_000
RATE = 4.0  # of gradient descent
BY_HAND = 1e-12  # relative tolerance against the gradient written by hand


def logistic(q):
    return 1 / (1 + np.exp(-q))


def logsumexp(Z):
    Zmax = np.max(Z, axis=1)[:, None]
    return Zmax + np.log(np.sum(np.exp(Z - Zmax), axis=1))[:, None]


def cost(X, Y, W, V):
    Z = logistic(np.dot(X, V))
    U = np.dot(Z, W)
    return -np.mean(np.sum(U * Y, axis=1)[:, None] - logsumexp(U))


def softmax(U):
    """Class probabilities, one row for each row of scores."""
    E = np.exp(U - np.max(U, axis=1)[:, None])
    return E / np.sum(E, axis=1)[:, None]


def by_hand(X, Y, W, V):
    """The gradient of `cost` with respect to W and V, as a person derives it."""
    Z = logistic(X @ V)
    dU = (softmax(Z @ W) - Y) / X.shape[0]
    return Z.T @ dU, X.T @ (dU @ W.T * Z * (1 - Z))


def inputs(features: np.ndarray, iris: Iris) -> np.ndarray:
    """Standardised features and a column of ones, shape (n, 3)."""
    scaled = (features - iris.features.mean(axis=0)) / iris.features.std(axis=0)
    return np.column_stack([scaled, np.ones(len(scaled))])


def run(plot: Path) -> bool:
    """Show, check, train, and draw to `plot`. Returns whether the checks and the accuracy are good.

    Raises `ArgumentError` where the plot cannot be written.
    """
    if not plot.absolute().parent.is_dir():
        raise ArgumentError(f"cannot write {plot}: there is no folder {plot.parent}")
    console = Console(highlight=False)
    iris = load_iris()
    X, Y = inputs(iris.features, iris), np.eye(3)[iris.labels]
    rng = np.random.default_rng(0)
    W, V = rng.normal(size=(HIDDEN, 3)) / 2, rng.normal(size=(3, HIDDEN))

    gradient = grad(cost, argnums=("W", "V"))
    _show(console, gradient.source_for(X, Y, W, V))

    rows = compare(cost, gradient, (X, Y, W, V), argnums=("W", "V"))
    console.print("The gradient against finite differences:")
    console.print(report_table(rows))
    hand_rows = _against(gradient(X, Y, W, V), by_hand(X, Y, W, V))
    console.print("The gradient against dU = (softmax(U) - Y) / N, dW = Z.T @ dU, ...:")
    console.print(report_table(hand_rows))

    W, V = train(gradient, X, Y, W, V, console)
    scores = logistic(X @ V) @ W
    accuracy = float(np.mean(np.argmax(scores, axis=1) == iris.labels))
    console.print(f"loss {cost(X, Y, W, V):.4f}, accuracy {accuracy:.3f} on the training set")

    if find_spec("matplotlib"):
        _draw(plot, iris, W, V)
        console.print(f"The decision boundaries are in {plot}.", soft_wrap=True)
    else:
        console.print("No plot of the decision boundaries: matplotlib is not installed.")
    return all(row.ok for row in [*rows, *hand_rows]) and accuracy > 0.95


def train(
    gradient: Derivative,
    X: np.ndarray,
    Y: np.ndarray,
    W: np.ndarray,
    V: np.ndarray,
    console: Console,
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient descent with all data in each step, under a progress bar."""
    columns = (
        "training",
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]}"),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=STEPS, loss="")
        for step in range(1, STEPS + 1):
            dW, dV = gradient(X, Y, W, V)
            W, V = W - RATE * dW, V - RATE * dV
            if step % 100 == 0:
                progress.update(task, completed=step, loss=f"{cost(X, Y, W, V):.4f}")
    return W, V


def _show(console: Console, derivative: str) -> None:
    """The function and its gradient: side by side where they fit, else one after the other."""
    parts = [inspect.getsource(f).rstrip() for f in (logistic, logsumexp, cost)]
    texts = {"The function": "\n\n\n".join(parts), "Its gradient": derivative.rstrip()}
    widths = [max(map(len, text.splitlines())) for text in texts.values()]
    if sum(widths) + 4 > console.width:
        for title, text in texts.items():
            console.rule(title, align="left", characters="─")
            print_source(text + "\n\n")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title, width in zip(texts, widths, strict=True):
        table.add_column(title, width=width)
    for_terminal = functools.partial(
        Syntax, lexer="python", theme="ansi_dark", background_color="default"
    )
    table.add_row(*map(for_terminal, texts.values()))
    console.print(table)


def _against(found: tuple[np.ndarray, ...], expected: tuple[np.ndarray, ...]) -> list[Row]:
    rows = []
    for name, a, b in zip(("W", "V"), found, expected, strict=True):
        absolute = float(np.max(np.abs(a - b)))
        relative = absolute / float(np.max(np.abs(b)))
        rows.append(Row(name, absolute, relative, BY_HAND, relative <= BY_HAND))
    return rows


def _draw(path: Path, iris: Iris, W: np.ndarray, V: np.ndarray) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4.5), layout="constrained")
    axes = figure.subplots()
    draw_boundaries(axes, iris, lambda points: softmax(logistic(inputs(points, iris) @ V) @ W))
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=120)
    try:
        path.write_bytes(image.getvalue())
    except OSError as error:
        raise ArgumentError(f"cannot write {path}: {error.strerror}") from None

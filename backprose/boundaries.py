"""The plot of the demo: what a classifier of two features says of every point of the plane."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from .iris import Iris

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072b2", "#e69f00", "#009e73")  # told apart by colour-blind readers too
MARKERS = ("o", "s", "^")


def draw_boundaries(axes: Axes, iris: Iris, classify: Callable[[np.ndarray], np.ndarray]) -> None:
    """Draw the regions of the classes, and the flowers; what is misclassified gets a ring.

    `classify` takes features, one point a row, and returns class probabilities, one point a row.
    """
    low, high = iris.features.min(axis=0), iris.features.max(axis=0)
    margin = 0.08 * (high - low)
    x, y = (np.linspace(a, b, 300) for a, b in zip(low - margin, high + margin, strict=True))
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    winner = np.argmax(classify(grid.reshape(-1, 2)), axis=1).reshape(grid.shape[:2])
    levels = np.arange(len(iris.species) + 1) - 0.5
    axes.contourf(x, y, winner, levels=levels, colors=COLOURS, alpha=0.2)
    axes.contour(x, y, winner, levels=levels[1:-1], colors="0.3", linewidths=1)
    for k, species in enumerate(iris.species):
        flowers = iris.features[iris.labels == k]
        axes.scatter(*flowers.T, s=22, c=COLOURS[k], marker=MARKERS[k], label=species, lw=0)
    wrong = iris.features[np.argmax(classify(iris.features), axis=1) != iris.labels]
    axes.scatter(*wrong.T, s=90, facecolors="none", edgecolors="black", label="misclassified")
    axes.set_xlabel(f"{iris.names[0].replace('_', ' ')} (cm)")
    axes.set_ylabel(f"{iris.names[1].replace('_', ' ')} (cm)")
    axes.legend(loc="upper left")

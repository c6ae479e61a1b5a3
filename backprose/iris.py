"""Fisher's irises: 50 flowers of each of three species, measured in centimetres.

Collected by E. Anderson, "The irises of the Gaspé Peninsula", Bulletin of the American Iris Society
59, 2-5 (1935); published by R. A. Fisher, "The use of multiple measurements in taxonomic problems",
Annals of Eugenics 7, 179-188 (1936). In the public domain; distributed by the UCI Machine Learning
Repository, whose copy differs from Fisher's table in two rows. `data/iris.csv` is Fisher's.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib import resources

import numpy as np


@dataclass(frozen=True)
class Iris:
    """Measurements as rows, in cm, and the species of each row as an index into `species`."""

    names: tuple[str, ...]
    features: np.ndarray
    species: tuple[str, ...]
    labels: np.ndarray


def load_iris(names: tuple[str, ...] = ("petal_length", "petal_width")) -> Iris:
    """The 150 flowers, with the measurements that `names` chooses."""
    text = resources.files("backprose").joinpath("data/iris.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    species = tuple(dict.fromkeys(row["species"] for row in rows))
    features = np.array([[float(row[name]) for name in names] for row in rows])
    labels = np.array([species.index(row["species"]) for row in rows])
    return Iris(names, features, species, labels)

"""A second module, for globals that share a name with those of the first."""

import numpy as np

SCALE = 100.0
TABLE = np.array([7.0, 8.0, 9.0])


def scaled(u):
    return np.sum(u * SCALE * TABLE)

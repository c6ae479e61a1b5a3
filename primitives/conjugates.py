"""Conjugates and real parts that leave no trace in the text where numbers are real."""

import numpy as np

from .asked import is_complex


def conj(x):
    return np.conj(x) if is_complex(x) else x


def real_part(x):
    return np.real(x) if is_complex(x) else x

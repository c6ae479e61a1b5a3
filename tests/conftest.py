"""Shared by all tests: 64-bit references, fixed seeds."""

import os
import sys
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")

import jax
import numpy as np
import pytest
from backprose.transform import pipeline

from backprose import specialisation

pipeline.CHECK_EVERY_STEP = True
specialisation.CHECK_RESULTS = True
sys.path.insert(0, str(Path(__file__).parent))  # `programs`, the corpus


@pytest.fixture(scope="module", autouse=True)
def forget_what_is_compiled():
    """What XLA has compiled stays in memory maps, of which a process may have 65,530, until JAX forgets it."""
    yield
    jax.clear_caches()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20240229)


@pytest.fixture
def x64():
    """For references computed by JAX itself; the package switches 64 bits on by itself."""
    with jax.enable_x64(True):
        yield


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")

"""What the tests of the rules share."""

import jax
import pytest


@pytest.fixture(autouse=True)
def compiled_quickly():
    """Thousands of small programs are compiled here, each to run once: LLVM need not optimise them."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)

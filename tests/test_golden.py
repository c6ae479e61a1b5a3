"""The emitted source of the corpus, committed: a change of the compiler is read here as a user would read it.

`python -m pytest tests/test_golden.py --update-golden` writes the files anew.
"""

from pathlib import Path

import numpy as np
import pytest
from programs.loop_corpus import CORPUS
from programs.straight_line import arguments

from backprose import value_and_grad

GOLDEN = Path(__file__).parent / "golden"
PROGRAMS = arguments(np.random.default_rng(1))
LOOPS = """
    recurrence matrix_sweep jacobi_2d thomas lstm power_iteration limiter bubble_sort cholesky_rows american_put escape
    pair_energy filtered kernel_matrix
""".split()
for _program in CORPUS:
    if _program.name in LOOPS:
        _args = tuple(_program.at(sorted(_program.sizes)[1]).values())
        PROGRAMS[_program.name] = (_program.function, _program.wrt, _args)


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_emitted_source_is_as_committed(name, target, request):
    function, wrt, args = PROGRAMS[name]
    source = value_and_grad(function, argnums=wrt, target=target).source_for(*args)
    path = GOLDEN / f"{name}.{target}.py"
    if request.config.getoption("--update-golden"):
        path.write_text(source)
    assert path.exists(), f"no golden file {path.name}; run with --update-golden and read it"
    assert source == path.read_text()


def test_no_golden_file_is_left_over():
    expected = {f"{name}.{target}.py" for name in PROGRAMS for target in ("jax", "numpy")}
    assert {path.name for path in GOLDEN.glob("*.py")} == expected

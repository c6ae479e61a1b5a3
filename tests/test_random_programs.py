"""Random programs: value, reverse mode, forward mode and both targets against NumPy and central differences."""

import numpy as np
import pytest
from backprose.transform.arguments import spec_of
from backprose.transform.emitted import Emitted
from backprose.transform.load import load
from backprose.transform.pipeline import derive
from backprose.transform.request import Request
from programs.random_programs import Program
from programs.references import central_difference

COUNT = 100


@pytest.mark.parametrize("seed", range(COUNT))
def test_random_program(seed, x64):
    program = Program(seed)
    function = load(Emitted(program.text, "f"))
    args = program.arguments()
    wrt = ("a", "b", "c")
    specs = dict(zip(wrt, map(spec_of, args), strict=True))
    expected = function(*args)

    def derivative(mode, target):
        return derive(Request(function, specs, wrt, mode, target=target, single=False)).function

    rng = np.random.default_rng(seed)
    directions = [rng.normal(size=np.shape(a)) for a in args]
    if np.ndim(expected) or not np.isfinite(expected):
        pytest.fail(f"the generator made an unusable program:\n{program.text}")
    reference = central_difference(function, args, range(3), directions)
    # A kink inside the difference: the two one-sided derivatives differ.
    finer = central_difference(function, args, range(3), directions, step=1e-7)
    smooth = abs(reference - finer) <= 1e-4 * max(1.0, abs(reference))
    found = {}
    for target in ("jax", "numpy"):
        value, gradients = derivative("value_and_grad", target)(*args)
        np.testing.assert_allclose(value, expected, rtol=1e-10, err_msg=program.text)
        for g, a in zip(gradients, args, strict=True):
            assert np.shape(g) == np.shape(a), program.text
        found[target] = sum(
            float(np.sum(g * u)) for g, u in zip(gradients, directions, strict=True)
        )
        _, tangent = derivative("jvp", target)(*args, *directions)
        scale = max(1.0, *(float(np.max(np.abs(g), initial=0)) for g in gradients))
        assert abs(float(tangent) - found[target]) <= 1e-9 * scale, program.text
        if smooth:
            assert abs(found[target] - reference) <= 1e-5 * max(scale, abs(reference)), program.text
    assert found["jax"] == pytest.approx(found["numpy"], rel=1e-9, abs=1e-9)


def test_the_generator_makes_different_programs():
    assert len({Program(seed).text for seed in range(COUNT)}) == COUNT

"""Functions whose result is constant around almost every point: predicates, places, windows, masks."""

import numpy as np

from .registry import call, draw, nondifferentiable, real

INTEGER = draw("integer", 4)

for _function in (np.isneginf, np.isposinf, np.isreal, np.iscomplex):
    nondifferentiable(_function, lambda x: x, dtype="bool", samples=[call(real(3))])
nondifferentiable(
    np.isclose,
    lambda a, b, rtol=1e-05, atol=1e-08, equal_nan=False: a,
    dtype="bool",
    samples=[call(real(3), real(3))],
)
nondifferentiable(
    np.allclose,
    lambda a, b, rtol=1e-05, atol=1e-08, equal_nan=False: a,
    dtype="bool",
    samples=[call(real(3), real(3))],
)
for _function in (np.array_equal, np.array_equiv):
    nondifferentiable(_function, lambda a, b: a, dtype="bool", samples=[call(real(3), real(3))])
nondifferentiable(
    np.isin, lambda element, test_elements: element, dtype="bool", samples=[call(INTEGER, INTEGER)]
)
for _function in (np.gcd, np.lcm):
    nondifferentiable(_function, lambda a, b: a, dtype="ufunc", samples=[call(INTEGER, INTEGER)])
nondifferentiable(np.bitwise_count, lambda x: x, dtype="ufunc", samples=[call(INTEGER)])
for _function in (np.nanargmax, np.nanargmin):
    nondifferentiable(
        _function,
        lambda x, axis=None: x,
        dtype="index",
        samples=[call(draw("missing", 3, 4)), call(draw("missing", 3, 4), axis=1)],
    )
for _function in (np.bartlett, np.blackman, np.hamming, np.hanning):
    nondifferentiable(_function, lambda M: M, dtype="jax", samples=[call(5)])
nondifferentiable(np.indices, lambda dimensions: dimensions, dtype="jax", samples=[call((2, 3))])

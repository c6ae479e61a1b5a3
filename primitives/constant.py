"""Functions whose result is constant around almost every point: predicates, places, windows, masks."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from scipy import special

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

# --- numbers and arrays of whole numbers: nodes and weights of quadrature, zeros, counts ---


def of_numbers(function: Callable, signature: Callable, *samples: tuple) -> None:
    """A function whose arguments are known before it runs: emitted text calls it, also in compiled code."""

    def made(*args: int, **options: int) -> object:
        found = function(*args, **options)
        return tuple(map(jnp.asarray, found)) if isinstance(found, tuple) else jnp.asarray(found)

    calls = [call(*s) for s in samples]
    nondifferentiable(function, signature, dtype="jax", jax=made, samples=calls)


POLYNOMIALS = np.polynomial
for _function in (
    POLYNOMIALS.legendre.leggauss, POLYNOMIALS.chebyshev.chebgauss, POLYNOMIALS.hermite.hermgauss,
    POLYNOMIALS.hermite_e.hermegauss, POLYNOMIALS.laguerre.laggauss,
):  # fmt: skip
    of_numbers(_function, lambda deg: deg, (4,))
for _name in (
    "legendre chebyt chebyu chebyc chebys hermite hermitenorm laguerre sh_legendre sh_chebyt sh_chebyu"
).split():
    of_numbers(getattr(special, f"roots_{_name}"), lambda n: n, (4,))
of_numbers(special.roots_genlaguerre, lambda n, alpha: n, (4, 0.5))
of_numbers(special.roots_gegenbauer, lambda n, alpha: n, (4, 1.5))
of_numbers(special.roots_jacobi, lambda n, alpha, beta: n, (4, 0.5, 1.5))
of_numbers(special.roots_sh_jacobi, lambda n, p1, q1: n, (4, 2.5, 1.5))
for _name in ("jn_zeros", "jnp_zeros", "yn_zeros", "ynp_zeros"):
    of_numbers(getattr(special, _name), lambda n, nt: n, (1, 3))
for _name in (
    "ai_zeros bi_zeros ber_zeros bei_zeros ker_zeros kei_zeros berp_zeros beip_zeros kerp_zeros keip_zeros "
    "kelvin_zeros erf_zeros fresnel_zeros fresnelc_zeros fresnels_zeros y0_zeros y1_zeros y1p_zeros jnjnp_zeros"
).split():
    of_numbers(getattr(special, _name), lambda nt: nt, (3,))
of_numbers(special.jnyn_zeros, lambda n, nt: n, (1, 3))
for _name in ("euler", "bernoulli", "factorial2"):
    of_numbers(getattr(special, _name), lambda n: n, (5,))
of_numbers(special.factorialk, lambda n, k: n, (7, 3))
of_numbers(special.stirling2, lambda N, K: N, (5, 2))

"""Special functions for arrays of JAX's: Bessel functions, elliptic integrals and Lambert's W, which JAX does not
have, and a few that are wrong there in a part of their range.

The text of a derivative calls them where it runs under JAX; for NumPy it calls `scipy.special`, whose names these are.
They work on real numbers (`lambertw` on complex ones), under `jax.jit` and `jax.vmap`, on every device, in float64
where JAX has it. Orders are numbers that are known before the function runs, up to 25; those of `jv`, `yn`, `kn`, `kv`
and `kve` may also be arrays of integers, as a loop variable is one, and the result is NaN beyond 27. `backprose.grad`
and `jax.grad` know the derivatives in the argument.

Formulas: NIST Digital Library of Mathematical Functions, dlmf.nist.gov.
"""

from ._bessel import j0, j1, jv, y0, y1, yn
from ._elliptic import ellipe, ellipeinc, ellipk, ellipkinc, ellipkm1, elliprd, elliprf
from ._error_functions import erfcx
from ._exponential import exp1, expi, expn
from ._gamma import beta, betaln, poch
from ._hypergeometric import hyp1f1, hyp2f1
from ._lambert import lambertw
from ._modified import iv, ive, k0, k0e, k1, k1e, kn, kv, kve
from ._spherical import spherical_in, spherical_jn, spherical_kn, spherical_yn

__all__ = [
    "beta", "betaln", "ellipe", "ellipeinc", "ellipk", "ellipkinc", "ellipkm1", "elliprd", "elliprf", "erfcx",
    "exp1", "expi", "expn", "hyp1f1", "hyp2f1", "iv", "ive", "j0", "j1", "jv", "k0", "k0e", "k1", "k1e", "kn", "kv",
    "kve", "lambertw", "poch", "spherical_in", "spherical_jn", "spherical_kn", "spherical_yn", "y0", "y1", "yn",
]  # fmt: skip

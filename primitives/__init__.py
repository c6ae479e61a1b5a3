"""The derivative rules, one module per family of functions."""

import numpy as np

from . import (  # noqa: F401
    assignments,
    axes,
    banded,
    bessel,
    bessel_integrals,
    calculus,
    complex_numbers,
    constant,
    control,
    convolutions,
    decompositions,
    distributions,
    einsum,
    elliptic,
    fft,
    integrals,
    joining,
    legendre,
    linalg,
    matrix_equations,
    matrix_functions,
    missing_values,
    nn,
    polynomials,
    pooling,
    products,
    recurrences,
    reductions,
    scipy_decompositions,
    scipy_linalg,
    selection,
    shapes,
    sorting,
    special,
    statistics,
    transcendental,
    wave_functions,
)
from . import elementwise as elementwise_functions  # noqa: F401
from .asked import computed, is_complex, is_integer, is_static
from .calculus import cumsum_backwards
from .linalg import length, solve_transposed
from .matrix_functions import complex_log, complex_root
from .names import is_array_function, is_jax, jax_twin, name_of
from .registry import (
    COMPOSED,
    ELEMENTWISE,
    GENERAL,
    LINEAR,
    MISSING,
    MULTILINEAR,
    NONDIFFERENTIABLE,
    SCALED,
    Draw,
    Primitive,
    Sample,
    adjoint,
    alias,
    array_params,
    call,
    composed,
    draw,
    elementwise,
    is_elementwise,
    linear,
    lookup,
    multilinear,
    nondifferentiable,
    real,
    register_twins,
    registered,
    scaled,
    tangent,
    variadic,
)
from .selection import guard
from .shapes import add_at, astype, getitem, place, update
from .special import student_cdf

register_twins()

# Array methods and the function that each one is.
METHODS = {
    name: getattr(np, name)
    for name in (
        "sum mean max min prod var std any all argmax argmin argsort dot reshape ravel transpose swapaxes "
        "squeeze copy clip round cumsum cumprod trace diagonal repeat take conj"
    ).split()
}
METHODS |= {"flatten": np.ravel, "astype": astype, "item": np.reshape}

# Functions that hand an array back as it is.
array_identity = (np.asarray, np.asanyarray)

__all__ = [
    "COMPOSED",
    "ELEMENTWISE",
    "GENERAL",
    "LINEAR",
    "METHODS",
    "MISSING",
    "MULTILINEAR",
    "NONDIFFERENTIABLE",
    "SCALED",
    "Draw",
    "Primitive",
    "Sample",
    "add_at",
    "adjoint",
    "alias",
    "array_identity",
    "array_params",
    "astype",
    "call",
    "composed",
    "complex_log",
    "complex_root",
    "computed",
    "cumsum_backwards",
    "draw",
    "elementwise",
    "getitem",
    "guard",
    "is_array_function",
    "is_complex",
    "is_elementwise",
    "is_integer",
    "is_jax",
    "is_static",
    "jax_twin",
    "length",
    "linear",
    "lookup",
    "multilinear",
    "name_of",
    "nondifferentiable",
    "place",
    "real",
    "registered",
    "scaled",
    "solve_transposed",
    "student_cdf",
    "tangent",
    "update",
    "variadic",
]

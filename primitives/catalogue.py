"""What becomes of every public function of NumPy, SciPy and JAX that takes arrays: the table of `backprose rules`."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .names import name_of
from .registry import COMPOSED, NONDIFFERENTIABLE, Primitive, lookup, registered
from .written import written_functions, written_out

MODULES = (
    "numpy",
    "numpy.linalg",
    "numpy.fft",
    "scipy.special",
    "scipy.linalg",
    "jax.numpy",
    "jax.nn",
)
ELSEWHERE = ("scipy.stats", "scipy.ndimage", "scipy.signal", "scipy.integrate", "jax", "functools")
FALLBACK, STATIC, REFUSED = "fallback", "known in advance", "refused"
WRITTEN = "written out"  # Python stands in the function's place

# Functions that answer a question about shapes, dtypes or settings, which has an answer before the function runs.
KNOWN = """
broadcast_shapes can_cast common_type einsum_path iscomplexobj isdtype isfortran isrealobj isscalar issubdtype iterable
min_scalar_type mintypecode ndim promote_types result_type shape size typename asanyarray ascontiguousarray require
asfortranarray asarray_chkfinite ix_ ravel_multi_index unravel_index diag_indices tril_indices triu_indices mask_indices
from_dlpack
""".split()

# Functions that have no rule, or not yet one, and that JAX differentiates.
BY_JAX = {
    "numpy": """
nanmedian nanpercentile nanquantile kaiser polyadd polyder polydiv polyfit polyint
polymul polysub sort_complex apply_over_axes frexp lexsort
histogram2d histogram_bin_edges histogramdd diag_indices_from tril_indices_from triu_indices_from
tri astype insert extract compress poly choose
""",
    # NumPy's are written out, or another function stands in their place.
    "jax.numpy": "argpartition bincount fill_diagonal histogram partition put put_along_axis",
    "scipy.special": """
comb factorial gammasgn loggamma multigammaln
""",
    "scipy.linalg": """
companion convolution_matrix dft
expm_frechet fiedler fiedler_companion hadamard helmert hilbert invhilbert invpascal leslie
lu lu_factor lu_solve pascal
""",
    "jax.nn": """
dot_product_attention get_scaled_dot_general_config identity log1mexp logmeanexp one_hot scaled_dot_general
scaled_matmul sparse_plus sparse_sigmoid
""",
}

# Functions that JAX has, and that are refused all the same: by the reason, and by the library.
OTHERWISE = {
    "JAX's function of this name gives other values": {  # another order, another dtype, another triangle that is read
        "numpy": "histogram2d histogramdd polydiv",
        "scipy.linalg": "schur",
    },
    "JAX does not differentiate it": {"scipy.linalg": "funm hessenberg qr_multiply rsf2csf"},
}

# Functions that are refused, by the reason.
REASONS = {
    "it reads or writes files or text": """
array2string array_repr array_str base_repr binary_repr datetime_as_string format_float_positional
format_float_scientific frombuffer fromfile fromiter fromregex fromstring genfromtxt load loadtxt save savetxt savez
savez_compressed
""",
    "it asks about the library or its settings": """
get_include get_printoptions getbufsize geterr geterrcall info may_share_memory nested_iters printoptions
set_printoptions setbufsize seterr seterrcall shares_memory show_config show_runtime test
""",
    "it works on dates": "busday_count busday_offset datetime_data is_busday isnat",
    "it works on bits": "packbits unpackbits",
    "it changes its argument in a way that is not followed": "place",
    "the length of its result is not known before the function runs": """
argwhere flatnonzero roots intersect1d nonzero setdiff1d setxor1d trim_zeros union1d unique unique_all
unique_counts unique_inverse unique_values
""",
    "it makes matrices, which NumPy advises against": "asmatrix bmat",
    "it takes a function": "frompyfunc fromfunction piecewise vectorize",
    "it is an older name of `np.vstack`": "row_stack",
    "its derivative has no closed form": """
bdtrik bdtrin btdtria btdtrib chdtriv chndtridf chndtrinc ellip_harm ellip_harm_2 ellip_normal fdtridfd gdtrib
mathieu_even_coef mathieu_odd_coef nbdtrik nbdtrin ncfdtridfd ncfdtridfn ncfdtrinc nctdtridf nctdtrinc pdtrik stdtridf
zetac
""",
    "it makes a polynomial: evaluate it by `eval_` and its name": """
chebyc chebys chebyt chebyu gegenbauer genlaguerre hermite hermitenorm jacobi laguerre legendre sh_chebyt sh_chebyu
sh_jacobi sh_legendre
""",
    "it lists functions of all orders up to one: write the one that is wanted": "lmbda lqmn pbdn_seq",
    "SciPy's own slopes of it are off": "obl_rad2 obl_rad2_cv pro_rad2 pro_rad2_cv",
    "how large its result is depends on the rank": "null_space orth",
    "it asks about a matrix": "bandwidth issymmetric ishermitian expm_cond",
    "it gives routines of LAPACK's": "find_best_blas_type get_blas_funcs get_lapack_funcs",
    "it is random": "clarkson_woodruff_transform",
    "its factors may have another sign or order in JAX and in NumPy": """
cdf2rdf cossin ldl matrix_balance ordqz qr_delete qr_insert qr_update qz rq
""",
}


@dataclass(frozen=True)
class Entry:
    """A function, what becomes of it (a kind of rule, "fallback", "known in advance", "refused"), and where or why."""

    name: str
    kind: str
    modes: str
    where: str
    rules: tuple[Callable, ...] = ()


def public_functions(module: str) -> Iterator[tuple[str, Callable]]:
    """The functions that a module offers, by name."""
    found = importlib.import_module(module)
    for name in sorted(dir(found)):
        value = getattr(found, name)
        if not name.startswith("_") and callable(value) and not inspect.isclass(value):
            yield name, value


def classify(module: str, name: str, function: Any) -> Entry | None:
    """What becomes of a function; None where nobody has said."""
    short = f"{module.replace('numpy', 'np') if module.startswith('numpy') else module}.{name}"
    definition = written_out(function)
    if definition is not None:
        return Entry(short, WRITTEN, "reverse, forward", file_of([definition]), (definition,))
    primitive = lookup(function)
    if primitive is not None:
        modes = "-" if primitive.kind == NONDIFFERENTIABLE else "reverse, forward"
        rules = tuple(r for r in (primitive.adjoint, primitive.tangent) if r is not None)
        alone = ", for NumPy alone" if for_numpy_alone(primitive) else ""
        return Entry(short, primitive.kind, modes, file_of(rules) + alone, rules)
    if name in KNOWN:
        return Entry(short, STATIC, "-", "")
    reason = next((why for why, names in REASONS.items() if name in names.split()), None)
    if reason is not None:
        return Entry(short, REFUSED, "-", reason)
    for reason, names in OTHERWISE.items():
        if name in names.get(module, "").split():
            return Entry(short, REFUSED, "-", reason)
    libraries = ("numpy", module) if module == "jax.numpy" else (module,)
    if any(name in BY_JAX.get(library, "").split() for library in libraries):
        return Entry(short, FALLBACK, "reverse, forward", "jax.vjp, jax.jvp")
    return None


def for_numpy_alone(primitive: Primitive) -> bool:
    """Whether JAX does not have a function with a rule, nor `backprose.special`."""
    return primitive.jax is None and primitive.kind != COMPOSED


def refusal(function: Any) -> str | None:
    """Why a function of NumPy's or SciPy's, or its twin in `jax.numpy`, is refused; None where it is not."""
    module, name = getattr(function, "__module__", None) or "", getattr(function, "__name__", "")
    for reason, libraries in OTHERWISE.items():
        for library, names in libraries.items():
            if module.startswith(library) and name in names.split() and lookup(function) is None:
                return reason
    libraries = ("numpy", "jax", "scipy.special", "scipy.linalg")
    if isinstance(function, np.ufunc) and getattr(np, name, None) is not function:
        module = "scipy.special"
    if lookup(function) is not None or not module.startswith(libraries):
        return None
    of_numpy = getattr(np, name, None) or getattr(np.linalg, name, None)
    if of_numpy is None and not module.startswith("scipy"):
        return None
    return next((why for why, names in REASONS.items() if name in names.split()), None)


def file_of(rules: Sequence[Callable]) -> str:
    """The file in `primitives/` that a rule is written in."""
    return f"primitives/{rules[0].__module__.rpartition('.')[2]}.py" if rules else ""


def catalogue() -> list[Entry]:
    """Every public function of the modules, classified, and those of other modules that have a rule or a definition.

    Those that nobody has classified are left out.
    """
    found = [classify(m, name, f) for m in MODULES for name, f in public_functions(m)]
    entries = [entry for entry in found if entry is not None]
    known = {entry.name for entry in entries}
    for function in (*(p.function for p in registered()), *written_functions()):
        module, _, name = name_of(function).rpartition(".")
        if module.startswith(ELSEWHERE) and f"{module}.{name}" not in known:
            entry = classify(module, name, function)
            entries += [entry] if entry is not None else []
    return entries


def unclassified() -> list[str]:
    """The functions of the installed libraries that the catalogue does not know."""
    pairs = ((m, name, f) for m in MODULES for name, f in public_functions(m))
    return [f"{m}.{name}" for m, name, f in pairs if classify(m, name, f) is None]

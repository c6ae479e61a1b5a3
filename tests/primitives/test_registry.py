"""Every registered rule, on every one of its samples: the registry tests itself.

References: NumPy for values and dtypes, central differences, jax.vjp of the function's twin, and jax's second
derivative of it. A rule without samples fails.
"""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import backprose.primitives as primitives
import jax
import numpy as np
import pytest
import scipy.linalg
import scipy.special
import scipy.stats
from backprose.primitives import (
    ELEMENTWISE,
    NONDIFFERENTIABLE,
    SCALED,
    Draw,
    Primitive,
    Sample,
    registered,
)
from backprose.primitives.catalogue import for_numpy_alone
from backprose.transform.arguments import spec_of
from backprose.transform.emitted import Emitted
from backprose.transform.load import load
from backprose.transform.pipeline import derive
from backprose.transform.request import Request

# (relative to the largest entry, absolute)
FINITE_DIFFERENCES = 2e-7
EXACT = {np.dtype(np.float64): 1e-11, np.dtype(np.float32): 3e-5}
STEP = 1e-6

# Chosen so that nothing in a sample sits within a step of a kink.
# Their arguments have to be symmetric, or positive definite by bands: tests/primitives/test_matrix_equations.py.
RICCATI = {scipy.linalg.solve_continuous_are, scipy.linalg.solve_discrete_are}
WITHOUT_SAMPLES = {np.empty, np.empty_like, np.extract, np.compress, np.tri, *RICCATI}


def draw(spec: Draw, rng: np.random.Generator) -> np.ndarray | np.generic:
    """A random array from a domain; 0-d draws are NumPy scalars, as users have them."""
    shape, domain = spec.shape, spec.domain
    if isinstance(domain, tuple) and domain[0] == "complex":
        inner = Draw(shape, "real" if domain[1] == "complex" else domain[1])
        value = draw(inner, rng) + 0.3j * rng.normal(size=shape)
        return np.asarray(value) if shape else np.complex128(value)
    normal = rng.normal(size=shape)
    if domain == "real":
        value = normal
    elif domain == "positive":
        value = 0.3 + np.abs(normal)
    elif domain == "nonzero":
        value = np.where(normal >= 0, 0.3, -0.3) + normal
    elif domain == "ties":
        value = np.where(np.arange(normal.size) % 2 == 0, 0.0, normal.ravel()).reshape(shape)
    elif domain == "zeros":
        value = np.where(np.arange(normal.size) % 3 == 0, 0.0, normal.ravel()).reshape(shape)
    elif domain == "missing":
        value = np.where(np.arange(normal.size) % 5 == 1, np.nan, normal.ravel()).reshape(shape)
    elif domain == "complex":
        value = normal + 1j * rng.normal(size=shape)
        return np.asarray(value) if shape else np.complex128(value)
    elif domain == "bool":
        return rng.integers(0, 2, size=shape).astype(bool)
    elif domain in ("integer", "index"):
        return rng.integers(0, 3, size=shape)
    elif domain == "spd":
        square = rng.normal(size=shape)
        value = square @ np.swapaxes(square, -1, -2) + shape[-1] * np.eye(shape[-1])
        value += 0.1 * rng.normal(size=shape)  # positive definite, not quite symmetric
    else:
        low, high = domain
        value = rng.uniform(low, high, size=shape)
    return np.asarray(value) if np.ndim(value) else np.float64(value)


class Case:
    """A sample as a function of its arrays: `function(*arrays)`, with everything else fixed."""

    def __init__(
        self, primitive: Primitive, sample: Sample, dtype: Any = np.float64, item: int | None = None
    ):
        self.primitive = primitive
        rng = np.random.default_rng(7)
        self.dtype = np.dtype(dtype)
        self.arrays: list[Any] = []
        self.numbers: list[str] = []  # lists of numbers, which JAX does not take for arrays
        self.constants: dict[str, Any] = {"fn": primitive.function}

        def text(value: Any) -> str:
            if isinstance(value, Draw):
                array = draw(value, rng)
                if array.dtype.kind in "fc":
                    array = array.astype(
                        np.result_type(dtype, np.complex64) if array.dtype.kind == "c" else dtype
                    )
                self.arrays.append(array)
                return f"x{len(self.arrays) - 1}"
            if isinstance(value, list) and all(isinstance(v, int | float) for v in value):
                self.numbers.append(f"c{len(self.constants)}")
                self.constants[self.numbers[-1]] = value
                return self.numbers[-1]
            if isinstance(value, list):
                return f"[{', '.join(map(text, value))}]"
            if isinstance(value, tuple):
                return f"({', '.join(map(text, value))}{',' if value else ''})"
            name = f"c{len(self.constants)}"
            self.constants[name] = value
            return name

        args = [text(a) for a in sample.args] + [f"{k}={text(v)}" for k, v in sample.kwargs.items()]
        names = ", ".join(f"x{k}" for k in range(len(self.arrays)))
        alone = "" if item is None else f"[{item}]"
        source = f"def call({names}):\n    return fn({', '.join(args)}){alone}\n"
        self.function = load(Emitted(source, "call", self.constants))
        self.wrt = tuple(f"x{k}" for k, a in enumerate(self.arrays) if a.dtype.kind in "fc")

    def derivative(self, mode: str, target: str) -> Any:
        specs = {f"x{k}": spec_of(a) for k, a in enumerate(self.arrays)}
        return derive(
            Request(self.function, specs, self.wrt, mode, target=target, single=False)
        ).function

    def twin(self, *chosen: Any) -> Any:
        """The same call of JAX's function, on the floating arrays alone."""
        values = iter(chosen)
        full = [next(values) if a.dtype.kind in "fc" else a for a in self.arrays]
        twin = self.primitive.jax
        arrays = {name: np.array(self.constants[name]) for name in self.numbers}
        constants = {**self.constants, **arrays, "fn": twin}
        function = load(Emitted(inspect.getsource(self.function), "call", constants))
        return function(*full)

    @property
    def floats(self) -> list[Any]:
        return [a for a in self.arrays if a.dtype.kind in "fc"]


def floats_of(result: Any) -> list[np.ndarray]:
    leaves = jax.tree.leaves(result)
    return [np.asarray(leaf) for leaf in leaves if np.asarray(leaf).dtype.kind in "fc"]


def cases(most: int = 99) -> list[Any]:
    """The samples of each rule, at most so many of one."""
    found = []
    for primitive in registered():
        for k, sample in enumerate(primitive.samples[:most]):
            found.append(pytest.param(primitive, sample, id=f"{primitive.name}-{k}"))
    return found


def differentiable(most: int = 99) -> list[Any]:
    return [c for c in cases(most) if c.values[0].kind != NONDIFFERENTIABLE]


DIFFERENTIABLE = differentiable()


def test_every_rule_has_samples():
    missing = [p.name for p in registered() if not p.samples and p.function not in WITHOUT_SAMPLES]
    assert missing == []


def test_every_rule_serves_both_modes():
    missing = [
        p.name
        for p in registered()
        if p.kind == primitives.GENERAL and (p.adjoint is None or p.tangent is None)
    ]
    assert missing == []


def seeds(result: Any, rng: np.random.Generator) -> list[np.ndarray]:
    return [like(r, rng) for r in floats_of(result)]


def like(array: Any, rng: np.random.Generator) -> np.ndarray:
    """Normal deviates in an array's shape and dtype."""
    array = np.asarray(array)
    value = rng.normal(size=array.shape)
    if array.dtype.kind == "c":
        value = value + 1j * rng.normal(size=array.shape)
    return np.asarray(value).astype(array.dtype)


def pairing(adjoints: Any, tangents: Any) -> float:
    """The sum of the products; of complex numbers the real part, in the convention without a conjugate."""
    pairs = zip(adjoints, tangents, strict=True)
    return sum(float(np.real(np.sum(np.asarray(a) * np.asarray(b)))) for a, b in pairs)


def close(a: Any, b: Any, tolerance: float) -> None:
    a, b = np.asarray(a), np.asarray(b)
    assert a.shape == b.shape
    scale = max(1.0, float(np.max(np.abs(b), initial=0.0)))
    np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize(("primitive", "sample"), DIFFERENTIABLE)
def test_reverse_mode(primitive, sample, x64):
    check_reverse_mode(primitive, sample, np.float64)


# SciPy's own results for float32 are NaN, or never come, or come with a warning.
IN_DOUBLE_ALONE = tuple(f"scipy.special.{n}" for n in ("mathieu_", "pro_", "obl_", "riccati_"))
IN_DOUBLE_ALONE += ("scipy.linalg.logm",)
# All of scipy.stats works in float64, whatever it is given, as the normal distribution shows.
OTHERS = [c for c in differentiable(1) if ".norm." in c.id or not c.id.startswith("scipy.stats.")]
IN_SINGLE = [c for c in OTHERS if not c.values[0].name.startswith(IN_DOUBLE_ALONE)]


@pytest.mark.parametrize(("primitive", "sample"), IN_SINGLE)
def test_reverse_mode_in_float32(primitive, sample, x64):
    check_reverse_mode(primitive, sample, np.float32)


def check_reverse_mode(primitive: Primitive, sample: Sample, dtype: Any) -> None:
    """Value and dtype equal NumPy's; the adjoint equals jax.vjp's and, in float64, central differences."""
    case, rng = Case(primitive, sample, dtype), np.random.default_rng(3)
    if not case.wrt:
        pytest.fail("a sample needs a floating-point array")
    expected = case.function(*case.arrays)
    dys = seeds(expected, rng)
    lacking = for_numpy_alone(primitive) or primitive.function in OF_NUMPY_ALONE
    target = "numpy" if lacking or is_like_another(primitive, sample) else "jax"
    function = case.derivative("vjp", target)
    if dtype == np.float32 and target == "jax" and primitive.function not in OF_JAX_ALONE:
        # What it computes is checked in float64, and here by NumPy's text, which takes less time.
        check_types(case, jax.eval_shape(function, *case.arrays, *dys), expected)
        function = case.derivative("vjp", "numpy")
        value, gradients = function(*case.arrays, *dys)
        theirs: Any = ()
    else:
        twin = sample.has_twin and dtype == np.float64 and target == "jax"

        def both(arrays: Any, floats: Any, dys: Any) -> Any:
            """Ours and JAX's, compiled at once, which takes less time."""
            return function(*arrays, *dys), pulled_back(case)(floats, dys) if twin else ()

        found = (jax.jit(both) if target == "jax" else both)(case.arrays, case.floats, dys)
        (value, gradients), theirs = found
        check_types(case, (value, gradients), expected)
    for ours, numpys in zip(jax.tree.leaves(value), jax.tree.leaves(expected), strict=True):
        close(ours, numpys, EXACT[np.dtype(dtype)])
    for gradient, reference in zip(gradients, theirs, strict=bool(theirs)):
        close(gradient, reference, EXACT[case.dtype])
    if dtype == np.float32 and primitive.function not in OF_JAX_ALONE:
        wide = Case(primitive, sample)
        _, exact = wide.derivative("vjp", "numpy")(
            *wide.arrays, *(d.astype(np.result_type(d, float)) for d in dys)
        )
        for gradient, reference in zip(gradients, exact, strict=True):
            close(gradient, reference, EXACT[case.dtype])
    if dtype == np.float64:
        directions = [like(a, rng) for a in case.floats]
        along = pairing(gradients, directions)
        close(along, difference(case, directions, dys), FINITE_DIFFERENCES * (1 + abs(along)))


def check_types(case: Case, found: Any, expected: Any) -> None:
    """The value has NumPy's dtype, each adjoint that of its array."""
    value, gradients = found
    for ours, numpys in zip(jax.tree.leaves(value), jax.tree.leaves(expected), strict=True):
        assert np.dtype(ours.dtype) == np.asarray(numpys).dtype
    for gradient, array in zip(gradients, case.floats, strict=True):
        assert gradient.dtype == array.dtype
        assert gradient.shape == np.shape(array)


def one_at_a_time() -> list[Any]:
    """The rules of functions with several results, with each result that has a derivative."""
    found = []
    for case in differentiable(1):
        primitive, sample = case.values
        if primitive.kind == primitives.GENERAL or getattr(primitive.function, "nout", 1) > 1:
            one = Case(primitive, sample)
            results = one.function(*one.arrays)
            several = enumerate(results if isinstance(results, tuple) else ())
            items = [k for k, r in several if np.asarray(r).dtype.kind in "fc" and np.size(r)]
            found += [pytest.param(primitive, sample, k, id=f"{case.id}-{k}") for k in items]
    return found


@pytest.mark.parametrize(("primitive", "sample", "item"), one_at_a_time())
def test_one_result_alone(primitive, sample, item, x64):
    """Of the others there is no adjoint."""
    case, rng = Case(primitive, sample, item=item), np.random.default_rng(5)
    dys = seeds(case.function(*case.arrays), rng)
    _, gradients = case.derivative("vjp", "numpy")(*case.arrays, *dys)
    directions = [like(a, rng) for a in case.floats]
    along = pairing(gradients, directions)
    close(along, difference(case, directions, dys), FINITE_DIFFERENCES * (1 + abs(along)))


def is_like_another(primitive: Primitive, sample: Sample) -> bool:
    """Whether an elementwise function has arguments of several shapes, or no axes, or no elements."""
    shapes = {a.shape for a in sample.args if isinstance(a, Draw)}
    special = len(shapes) > 1 or () in shapes or any(0 in shape for shape in shapes)
    of_elements = primitive.kind in (ELEMENTWISE, SCALED)
    return of_elements and special and sample is not primitive.samples[0]


def pulled_back(case: Case) -> Any:
    """`(arrays, adjoints) -> adjoints of the arrays`, by `jax.vjp` of JAX's own function."""

    def pull_back(floats: Any, dys: Any) -> Any:
        reference, pull = jax.vjp(case.twin, *floats)
        leaves, structure = jax.tree.flatten(reference)
        adjoints = iter(dys)
        full = [
            next(adjoints).astype(r.dtype)
            if r.dtype.kind in "fc"
            else np.zeros(r.shape, jax.dtypes.float0)
            for r in leaves
        ]
        return tuple(pull(jax.tree.unflatten(structure, full)))

    return pull_back


def difference(case: Case, directions: list[np.ndarray], dys: list[np.ndarray]) -> float:
    """The derivative of `sum(dy * f)` along a direction, by central differences."""
    total = 0.0
    for sign in (1, -1):
        moved = iter(a + sign * STEP * u for a, u in zip(case.floats, directions, strict=True))
        full = [next(moved) if a.dtype.kind in "fc" else a for a in case.arrays]
        results = floats_of(case.function(*full))
        total += sign * pairing(dys, results)
    return total / (2 * STEP)


# They are composed of functions that JAX does not have.
OF_NUMPY_ALONE = {
    getattr(getattr(scipy.stats, name), method)
    for name in ("gamma", "beta", "chi2", "t")
    for method in ("ppf", "isf")
} | {
    getattr(scipy.special, name)
    for name in "assoc_laguerre gdtrix gdtria h1vp h2vp pbdv_seq pbvv_seq pro_cv_seq obl_cv_seq".split()
}
# They have no form in NumPy.
OF_JAX_ALONE = {
    jax.lax.conv_general_dilated,
    jax.lax.conv,
    jax.lax.conv_with_general_padding,
    jax.lax.reduce_window,
}


@pytest.mark.parametrize(("primitive", "sample"), DIFFERENTIABLE)
def test_forward_mode_is_the_transpose_of_reverse_mode(primitive, sample, x64):
    case, rng = Case(primitive, sample), np.random.default_rng(4)
    dys = seeds(case.function(*case.arrays), rng)
    directions = [like(a, rng) for a in case.floats]
    target = "jax" if primitive.function in OF_JAX_ALONE else "numpy"
    _, gradients = case.derivative("vjp", target)(*case.arrays, *dys)
    _, tangents = case.derivative("jvp", target)(*case.arrays, *directions)
    forward, backward = pairing(dys, floats_of(tangents)), pairing(gradients, directions)
    assert forward == pytest.approx(backward, rel=1e-10, abs=1e-10)


def as_complex(sample: Sample) -> Sample:
    """The sample with complex numbers in place of real ones; positive ones stay in the right half plane."""

    def change(value: Any) -> Any:
        if isinstance(value, Draw) and value.domain not in ("bool", "integer", "index"):
            return Draw(value.shape, ("complex", value.domain))
        if isinstance(value, list | tuple):
            return type(value)(change(v) for v in value)
        return value

    return replace(sample, args=tuple(map(change, sample.args)))


# Functions of real numbers, and samples that put complex numbers into real arrays, of which NumPy warns.
REAL_ALONE = {
    np.fft.rfft,
    np.fft.rfftn,
    np.fft.rfft2,
    np.fft.ihfft,
    np.full_like,
    primitives.astype,
    scipy.special.kelvin,
    scipy.special.modfresnelp,
    scipy.special.modfresnelm,
}
# Complex vectors that are known but for a factor of modulus 1: tests/primitives/test_complex_matrices.py.
UP_TO_A_PHASE = {np.linalg.eigh, np.linalg.svd}
# Its points are real, and its values may be complex: tests/programs/argument_kinds.py.
OF_REAL_POINTS = {np.interp}
# JAX has a derivative for the imaginary part of the diagonal, which nothing reads: the same file.
DIAGONAL = {np.linalg.cholesky}
COMPLEX = [
    pytest.param(p, as_complex(s), id=f"{p.name}-{k}")
    for p in registered()
    if p.complex and p.function not in REAL_ALONE | UP_TO_A_PHASE | DIAGONAL | OF_REAL_POINTS
    for k, s in enumerate(p.samples[:2])
]


@pytest.mark.parametrize(("primitive", "sample"), COMPLEX)
def test_complex_numbers(primitive, sample, x64):
    check_reverse_mode(primitive, sample, np.float64)


# Of an elementwise function one sample suffices: the others have other shapes. Of a distribution its density does, as
# all are composed of the same functions.
WITH_TWIN = [
    c
    for most, elementwise in ((1, True), (2, False))
    for c in differentiable(most)
    if c.values[1].has_twin
    and (not c.values[0].name.startswith("scipy.stats") or c.values[0].name.endswith(".logpdf"))
    and (c.values[0].kind in ("elementwise", "scaled")) == elementwise
]


@pytest.mark.parametrize(("primitive", "sample"), WITH_TWIN)
def test_second_order(primitive, sample, x64):
    """JAX differentiates the emitted adjoint; it must agree with JAX's second derivative of the function."""
    case, rng = Case(primitive, sample), np.random.default_rng(5)
    dys = seeds(case.function(*case.arrays), rng)
    directions = tuple(like(a, rng) for a in case.floats)
    emitted = case.derivative("vjp", "jax")

    def ours(*chosen):
        values = iter(chosen)
        full = [next(values) if a.dtype.kind in "fc" else a for a in case.arrays]
        return emitted(*full, *dys)[1]

    def both(floats, directions):
        reference = pulled_back(case)
        theirs = jax.jvp(lambda *f: reference(f, dys), floats, directions)[1]
        return jax.jvp(ours, floats, directions)[1], theirs

    a, b = jax.jit(both)(tuple(np.asarray(a) for a in case.floats), directions)
    for x, y in zip(a, b, strict=True):
        close(x, y, 1e-9)


@pytest.mark.parametrize(
    ("primitive", "sample"), [c for c in cases() if c.values[0].kind == NONDIFFERENTIABLE]
)
def test_nondifferentiable_values(primitive, sample, x64):
    """The primal of a function without a derivative: value and dtype as NumPy's."""
    case = Case(primitive, sample)
    expected = case.function(*case.arrays)
    source = (
        inspect.getsource(case.function).replace("call(", "call(w, ", 1).replace("(w, )", "(w)")
    )
    function = load(Emitted(source.replace("return fn", "return w, fn"), "call", case.constants))
    specs = {"w": spec_of(1.5), **{f"x{k}": spec_of(a) for k, a in enumerate(case.arrays)}}
    derived = derive(Request(function, specs, ("w",), "value_and_grad", aux=True)).function
    (_, value), _ = derived(1.5, *case.arrays)
    assert np.asarray(value).dtype == np.asarray(expected).dtype
    np.testing.assert_allclose(
        np.asarray(value), expected, rtol=1e-15, atol=0
    )  # np.round differs by an ulp

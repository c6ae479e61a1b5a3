"""`backprose.special` against mpmath with 40 digits, on both sides of every border between its forms."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
import scipy.special

from backprose import RefusedError, grad, linalg, lower, special

# A scale goes with the oscillating functions: their error is measured against their envelope, not at their zeros.
TOLERANCE = 1e-13
NEAR_ZERO = [1e-200, 1e-30, 1e-11, 1e-9, 1e-5, 1e-2]
ARGUMENTS = [
    *NEAR_ZERO,
    0.3,
    1.0,
    2.5,
    7.0,
    14.9,
    24.99,
    25.01,
    29.99,
    30.01,
    61.0,
    143.0,
    576.5,
    700.0,
]
ORDERS = [0, 1, 2, 5, 13, 24, -1, -3, 0.5, 0.3, 3.7, -0.4, -2.3]


def relative_errors(ours, theirs, scale=0.0):
    """Each error over the reference, or over a larger scale; 0 where both are 0 or the same infinity."""
    with mpmath.workdps(40):
        for a, b in zip(np.asarray(ours), theirs, strict=True):
            if abs(b) > 1e306 or 0 < abs(b) < 1e-300:  # beyond the range of float64
                continue
            yield float(abs(mpmath.mpf(float(a)) - b) / max(abs(b), scale, mpmath.mpf(10) ** -400))


def reference(function, points):
    with mpmath.workdps(40):
        return [function(mpmath.mpf(float(x))) for x in points]


def worst(ours, function, points, scale=0.0):
    return max(relative_errors(ours, reference(function, points), scale), default=0.0)


@pytest.mark.parametrize("order", ORDERS)
def test_bessel_functions_of_the_first_kind(order, x64):
    points = np.array(ARGUMENTS)
    ours = jax.jit(lambda x: special.jv(order, x))(points)
    small, large = points <= max(1, abs(order)), points > max(1, abs(order))

    def expected(x):
        return mpmath.besselj(order, x)

    assert worst(ours[small], expected, points[small]) < TOLERANCE
    envelope = float(np.sqrt(2 / (np.pi * points[-1])))
    assert worst(ours[large], expected, points[large], envelope) < TOLERANCE


@pytest.mark.parametrize("order", [n for n in ORDERS if n == int(n)])
def test_bessel_functions_of_the_second_kind(order, x64):
    points = np.array(ARGUMENTS)
    ours = jax.jit(lambda x: special.yn(order, x))(points)
    envelope = float(np.sqrt(2 / (np.pi * points[-1])))
    assert worst(ours, lambda x: mpmath.bessely(order, x), points, envelope) < TOLERANCE


@pytest.mark.parametrize("order", ORDERS)
def test_modified_bessel_functions(order, x64):
    points = np.array(ARGUMENTS)
    ours = jax.jit(
        lambda x: [f(order, x) for f in (special.iv, special.ive, special.kv, special.kve)]
    )(points)
    first, second = (lambda x: mpmath.besseli(order, x)), (lambda x: mpmath.besselk(order, x))
    references = (
        first,
        lambda x: first(x) * mpmath.exp(-x),
        second,
        lambda x: second(x) * mpmath.exp(x),
    )
    for found, expected in zip(ours, references, strict=True):
        # At 700 a rounding of the exponent is one of 700 units.
        assert worst(found[:-1], expected, points[:-1]) < 2 * TOLERANCE
        assert worst(found[-1:], expected, points[-1:]) < 5 * TOLERANCE


@pytest.mark.parametrize("n", [0, 1, 2, 7, 20])
@pytest.mark.parametrize("derivative", [False, True])
def test_spherical_bessel_functions(n, derivative, x64):
    points = np.array([0.3, 1.0, 7.0, 19.0, 26.0, 61.0, 143.0])
    names = ("spherical_jn", "spherical_yn", "spherical_in", "spherical_kn")
    kinds = (mpmath.besselj, mpmath.bessely, mpmath.besseli, mpmath.besselk)
    for name, kind in zip(names, kinds, strict=True):

        def value(x, kind=kind):
            return mpmath.sqrt(mpmath.pi / (2 * x)) * kind(n + mpmath.mpf(1) / 2, x)

        expected = (lambda x, value=value: mpmath.diff(value, x)) if derivative else value
        ours = getattr(special, name)(n, points, derivative=derivative)
        envelope = 1 / points[-1] if name in names[:2] else 0.0
        assert worst(ours, expected, points, envelope) < 2 * TOLERANCE, name


def test_spherical_bessel_functions_at_zero_and_below(x64):
    points = np.array([-2.0, 0.0])
    for n in (0, 1, 2):
        for derivative in (False, True):
            for name in ("spherical_jn", "spherical_in"):
                theirs = getattr(scipy.special, name)(n, points, derivative)
                ours = getattr(special, name)(n, points, derivative)
                np.testing.assert_allclose(ours, theirs, rtol=1e-14, atol=1e-17)


PARAMETERS = [-1e8, -50.0, -1.0, -1e-9, 0.0, 1e-20, 1e-3, 0.5, 0.9, 0.999999, 1 - 1e-15]


def test_complete_elliptic_integrals(x64):
    points = np.array(PARAMETERS)
    assert worst(special.ellipk(points), mpmath.ellipk, points) < 1e-14
    assert worst(special.ellipe(points), mpmath.ellipe, points) < 1e-14
    tiny = np.array([1e-300, 1e-100, 1e-20, 1e-3, 0.5, 3.0])
    with mpmath.workdps(400):  # 1 - p
        expected = [mpmath.ellipk(1 - mpmath.mpf(float(p))) for p in tiny]
    assert max(relative_errors(special.ellipkm1(tiny), expected)) < 1e-14


@pytest.mark.parametrize("m", [-3.0, -1e-9, 0.0, 0.3, 0.99])
def test_incomplete_elliptic_integrals(m, x64):
    points = np.array([-9.0, -1.0, 1e-9, 0.4, 1.5, np.pi / 2, 2.0, 7.0, 100.0])
    assert worst(special.ellipkinc(points, m), lambda x: mpmath.ellipf(x, m), points) < 1e-14
    assert worst(special.ellipeinc(points, m), lambda x: mpmath.ellipe(x, m), points) < 1e-14


def test_carlsons_integrals(x64):
    rng = np.random.default_rng(0)
    x, y, z = 10 ** rng.uniform(-8, 8, (3, 30))
    x[:5] = 0
    with mpmath.workdps(40):
        forms = [tuple(mpmath.mpf(float(v)) for v in p) for p in zip(x, y, z, strict=True)]
        first, second = ([f(*p) for p in forms] for f in (mpmath.elliprf, mpmath.elliprd))
    assert max(relative_errors(special.elliprf(x, y, z), first)) < 1e-14
    assert max(relative_errors(special.elliprd(x, y, z), second)) < 1e-14


EDGES = {
    "j0": [0.0, -2.0], "j1": [0.0, -2.0], "y0": [0.0, -2.0], "y1": [0.0, -2.0], "k0": [0.0, -2.0], "k1e": [0.0, -2.0],
    "k1": [0.0, -2.0], "k0e": [0.0, -2.0], "ellipk": [1.0, 1.5], "ellipe": [1.0, 1.5], "ellipkm1": [0.0, -1.0],
}  # fmt: skip


@pytest.mark.parametrize("name", EDGES)
def test_the_edges_are_scipys(name, x64):
    points = np.array(EDGES[name])
    theirs = getattr(scipy.special, name)(points)
    np.testing.assert_allclose(getattr(special, name)(points), theirs, rtol=1e-14)


@pytest.mark.parametrize("order", [0, 1, -1, 2.5, -0.5])
def test_orders_at_zero_and_below_are_scipys(order, x64):
    points = np.array([0.0, -1.5])
    for name in ("jv", "iv", "kv"):
        theirs = getattr(scipy.special, name)(order, points)
        np.testing.assert_allclose(getattr(special, name)(order, points), theirs, rtol=1e-13)


def test_dtypes_and_batches(x64):
    x = jnp.linspace(0.5, 3.0, 6, dtype=jnp.float32).reshape(2, 3)
    assert special.j0(x).dtype == special.elliprf(x, x, 1.0).dtype == jnp.float32
    np.testing.assert_allclose(special.kv(1, x), scipy.special.kv(1, np.float32(x)), rtol=1e-6)
    assert special.j1(jnp.arange(3)).dtype == jnp.float64 == special.j0(1.5).dtype
    wide = x.astype(jnp.float64)
    rows = jax.vmap(lambda row: special.iv(0.5, row))(wide)
    np.testing.assert_array_equal(rows, special.iv(0.5, wide))


def test_orders_that_are_not_supported_are_refused(x64):
    with pytest.raises(NotImplementedError, match="known in advance"):
        special.jv(np.array([1.0, 2.0]), 1.0)
    with pytest.raises(NotImplementedError, match="known in advance"):
        special.iv(np.array([1, 2]), 1.0)
    with pytest.raises(NotImplementedError, match="known in advance"):
        jax.jit(special.kv)(1.0, 2.0)
    with pytest.raises(NotImplementedError, match="beyond 25"):
        special.iv(26, 1.0)
    with pytest.raises(NotImplementedError, match="not whole"):
        special.yn(0.5, 1.0)
    with pytest.raises(NotImplementedError, match="negative"):
        special.spherical_jn(-1, 1.0)


SLOPES = {
    "j0": (), "j1": (), "jv": (1.5,), "y0": (), "y1": (), "yn": (2,), "iv": (0.5,), "ive": (2,), "k0": (), "k1": (),
    "kv": (0.3,), "kve": (2,), "k0e": (), "k1e": (), "kn": (2,), "spherical_jn": (2,), "spherical_yn": (1,),
    "spherical_in": (2,), "spherical_kn": (1,), "ellipk": (), "ellipe": (), "ellipkm1": (),
}  # fmt: skip


TWICE = {"j0", "jv", "y1", "yn", "ive", "kv", "k1e", "kn", "spherical_yn", "ellipk", "ellipe"}


@pytest.mark.parametrize("name", SLOPES)
def test_jax_differentiates_them_twice(name, x64):
    """The second derivatives, which JAX composes of the first, of one function of each kind."""
    function, step = getattr(special, name), 1e-5
    value = lambda x: function(*SLOPES[name], x)  # noqa: E731  # its derivatives stand beside it
    slope = jax.grad(value)
    second = jax.grad(slope) if name in TWICE else slope
    all_three = jax.jit(jax.vmap(lambda x: (value(x), slope(x), second(x))))
    for x in (0.3, 0.7):
        values, slopes, seconds = np.array(all_three(np.array([x - step, x, x + step])))
        assert slopes[1] == pytest.approx((values[2] - values[0]) / (2 * step), rel=1e-8)
        if name in TWICE:
            change = (slopes[2] - slopes[0]) / (2 * step)
            assert seconds[1] == pytest.approx(change, rel=1e-8, abs=1e-9)


@pytest.mark.parametrize("name", ["elliprf", "elliprd", "ellipkinc", "ellipeinc"])
def test_jax_differentiates_them_in_every_argument(name, x64):
    function, step = getattr(special, name), 1e-6
    point = np.array([0.4, 0.7, 0.9])[: 3 if name.startswith("ellipr") else 2]
    gradient = jax.grad(lambda p: function(*p))(point)
    rows = [
        float(function(*(point + h))) - float(function(*(point - h)))
        for h in step * np.eye(len(point))
    ]
    np.testing.assert_allclose(gradient, np.array(rows) / (2 * step), rtol=1e-8)
    # An argument of 0 that is not differentiated does no harm.
    assert np.isfinite(jax.grad(lambda p: special.elliprd(0.0, p, 1.0))(0.5))


def test_second_derivatives_of_programs(x64):
    def program(x):
        return np.sum(scipy.special.j0(x) * scipy.special.ellipk(x / 5))

    x, step = np.array([0.5, 1.2]), 1e-5
    hessian = jax.hessian(lower(program))(jnp.asarray(x))
    rows = [(grad(program)(x + h) - grad(program)(x - h)) / (2 * step) for h in step * np.eye(2)]
    np.testing.assert_allclose(hessian, rows, rtol=1e-7, atol=1e-9)


def test_orders_that_are_arrays(x64):
    """They give what each order gives by itself, also at 0 and below, and NaN beyond the greatest."""
    orders = np.array([-25, -1, 0, 2, 25])
    points = np.array([-30.0, -2.0, 0.0, 1e-200, 0.4, 3.0, 24.9, 25.1, 61.0])
    for name in ("jv", "yn", "kv", "kve"):
        function = getattr(special, name)
        together = jax.jit(function)(orders[:, None], points)
        apart = np.array([function(int(n), points) for n in orders])
        np.testing.assert_allclose(together, apart, rtol=2e-13, atol=1e-16, err_msg=name)
        assert np.isnan(function(np.array([40]), 1.0))
    slope = jax.grad(lambda x: jnp.sum(special.jv(np.arange(3), x)))(1.3)
    assert float(slope) == pytest.approx(
        sum(scipy.special.jvp(n, 1.3) for n in range(3)), rel=1e-13
    )


def test_a_sum_over_orders(x64):
    def series(x, a):
        total = 0.0
        for k in range(len(a)):
            total = total + a[k] * scipy.special.jv(k, x) * scipy.special.kn(k, x)
        return np.sum(total)

    x, a, step = np.array([0.5, 1.2]), np.array([1.0, 0.5, 0.2, 0.1]), 1e-6
    slopes = [(series(x + h, a) - series(x - h, a)) / (2 * step) for h in step * np.eye(2)]
    for target in ("jax", "numpy"):
        np.testing.assert_allclose(grad(series, target=target)(x, a), slopes, rtol=1e-8)


WITH_ORDERS = {
    "jv",
    "yn",
    "iv",
    "ive",
    "kn",
    "kv",
    "kve",
    "expn",
    *(n for n in special.__all__ if n[:9] == "spherical"),
}


ARITY = {"elliprf": 3, "elliprd": 3, "hyp1f1": 3, "hyp2f1": 4, "beta": 2, "betaln": 2, "poch": 2}


@pytest.mark.parametrize("name", [n for n in special.__all__ if n not in ("erfcx", "lambertw")])
def test_complex_numbers_are_refused(name, x64):
    function = getattr(special, name)
    orders = (1,) if name in WITH_ORDERS else ()
    more = (0.5,) * (2 if name.endswith("inc") else ARITY.get(name, 1))
    with pytest.raises(NotImplementedError, match="complex"):
        function(*orders, 1.0 + 1j, *more[1:])


@pytest.mark.parametrize("name", ["jv", "iv", "kv"])
def test_programs_of_complex_numbers_are_refused(name):
    """Also where the derivative does not go through them; NumPy's text has them."""

    def program(x, c):
        return np.sum(x * np.real(getattr(scipy.special, name)(1, c)))

    x, c = np.array([0.5, 1.2]), np.array([1.0 + 1j, 2.0 - 0.5j])
    with pytest.raises(RefusedError, match="complex"):
        grad(program)(x, c)
    expected = np.real(getattr(scipy.special, name)(1, c))
    np.testing.assert_allclose(grad(program, target="numpy")(x, c), expected, rtol=1e-14)


@pytest.mark.parametrize("branch", [0, -1, 1, -2])
def test_lamberts_function(branch, x64):
    """Over eighteen orders of magnitude, around the branch point, and on the real axis from both sides of it."""
    rng = np.random.default_rng(11)
    turned = np.exp(1j * rng.uniform(-np.pi, np.pi, 24))
    around = 10 ** rng.uniform(-9, 9, 24) * turned
    near = -1 / np.e + 10 ** rng.uniform(-3, 0, 24) * turned
    real = np.array([1e-9, 0.3, 1.0, np.e, 1e9, -1e-9, -0.2, -0.36, -0.4, -1.0, -1e9])
    points = np.concatenate([around, near, real])
    ours = jax.jit(special.lambertw, static_argnums=1)(points, branch)
    with mpmath.workdps(40):
        for w, z in zip(np.asarray(ours), points, strict=True):
            expected = mpmath.lambertw(mpmath.mpmathify(complex(z)), branch)
            assert abs(mpmath.mpmathify(complex(w)) - expected) <= 1e-12 * abs(expected)


def test_lamberts_function_where_it_is_not_an_ordinary_number(x64):
    points = np.array([0.0, np.inf, -np.inf, np.nan])
    for branch in (0, -1, 2):
        ours = np.asarray(special.lambertw(points, branch))
        np.testing.assert_array_equal(ours, scipy.special.lambertw(points, branch))


def test_the_slope_of_lamberts_function(x64):
    """Of `w exp(w) = z`: one over `exp(w) (1 + w)`; at 0 it is 1."""
    slope = jax.vmap(jax.grad(lambda z: jnp.real(special.lambertw(z))))(jnp.array([0.0, 1.0]))
    omega = 0.56714329040978387
    np.testing.assert_allclose(slope, [1.0, 1 / (np.exp(omega) * (1 + omega))], rtol=1e-14)


@pytest.mark.parametrize("size", [1, 2, 5, 12])
@pytest.mark.parametrize("factor", [1e-3, 1.0, 1e6])
def test_the_logarithm_of_a_matrix(size, factor, x64):
    """Of positive definite matrices by their eigenvalues, of others by the exponential."""
    rng = np.random.default_rng(size)
    square = rng.normal(size=(size, size))
    definite = factor * (square @ square.T + 0.1 * np.eye(size))
    w, v = np.linalg.eigh(definite)
    expected = (v * np.log(w)) @ v.T
    ours = np.asarray(jax.jit(linalg.logm)(definite))
    np.testing.assert_allclose(ours, expected, atol=2e-13 * np.max(np.abs(expected)))
    turned = scipy.linalg.expm(square / (1 + np.linalg.norm(square, 2)))
    again = scipy.linalg.expm(np.asarray(linalg.logm(turned)))
    np.testing.assert_allclose(again, turned, atol=1e-13 * np.max(np.abs(turned)))


def test_the_logarithm_of_a_matrix_that_has_no_basis_of_eigenvectors(x64):
    block = np.array([[2.0, 1.0], [0.0, 2.0]])
    expected = [[np.log(2.0), 0.5], [0.0, np.log(2.0)]]
    np.testing.assert_allclose(linalg.logm(block), expected, atol=1e-14)


def test_the_logarithm_of_a_singular_matrix_is_nan(x64):
    assert np.all(np.isnan(linalg.logm(np.diag([1.0, 0.0]))))

"""Functions of SciPy's at the edges of their domains, and their slopes against densities and series."""

import mpmath
import numpy as np
import pytest
import scipy.linalg
import scipy.special
import scipy.stats
from programs.references import assert_gradient
from scipy import special

import backprose
from backprose import RefusedError, grad, lower, value_and_grad


def slopes(function, x, target="jax"):
    """The derivative of an elementwise function, for each element."""
    return grad(lambda x: np.sum(function(x)), target=target)(np.asarray(x, float))


@pytest.mark.parametrize("n", [1, 2, 5, 6])
def test_diric_where_its_denominator_is_0(n):
    x = np.pi * np.array([-4.0, -2.0, 0.0, 2.0, 4.0, 6.0, 0.5, 1.0])

    def f(x):
        return special.diric(x, n)

    np.testing.assert_allclose(lower(f)(x), special.diric(x, n), atol=1e-15)
    np.testing.assert_allclose(slopes(f, x)[:6], 0, atol=1e-12)


def test_arrangements_of_more_than_there_are():
    N = np.array([-1.0, 1.0, 2.0, 3.0, 5.5])
    np.testing.assert_allclose(
        lower(lambda N: special.perm(N, 3))(N), special.perm(N, 3), rtol=1e-14
    )
    assert np.all(np.isfinite(slopes(lambda N: special.perm(N, 3), N)))


@pytest.mark.parametrize(("name", "order"), [("jvp", 3), ("yvp", 0), ("ivp", 1), ("kvp", 3)])
def test_derivatives_of_bessel_functions(name, order):
    function, x = getattr(special, name), np.array([0.4, 1.0, 6.0])

    def f(x):
        return function(2, x, order)

    np.testing.assert_allclose(lower(f)(x), f(x), rtol=1e-12)
    np.testing.assert_allclose(slopes(f, x), function(2, x, order + 1), rtol=1e-11)


def test_the_slope_of_kolmogorovs_distribution():
    """Its two series meet at 0.8; the density in SciPy is that of the complement."""
    x = np.array([0.01, 0.05, 0.3, 0.79999, 0.80001, 1.3, 4.0])
    expected = -scipy.stats.kstwobign.pdf(x)
    np.testing.assert_allclose(
        slopes(special.kolmogorov, x, "numpy"), expected, rtol=1e-12, atol=1e-300
    )


def test_the_slope_of_smirnovs_distribution():
    x = np.array([0.05, 0.2, 0.5, 0.93])
    expected = -scipy.stats.ksone.pdf(x, 7)
    found = slopes(lambda x: special.smirnov(7, x), x, "numpy")
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_noncentral_distributions_have_their_densities_for_slopes():
    x = np.array([0.2, 1.0, 3.5])
    t = slopes(lambda t: special.nctdtr(5.0, 0.7, t), x, "numpy")
    np.testing.assert_allclose(t, scipy.stats.nct.pdf(x, 5.0, 0.7), rtol=1e-9)
    f = slopes(lambda f: special.ncfdtr(3.0, 8.0, 1.2, f), x, "numpy")
    np.testing.assert_allclose(f, scipy.stats.ncf.pdf(x, 3.0, 8.0, 1.2), rtol=1e-9)


@pytest.mark.parametrize(("n", "m"), [(0, 0), (1, -1), (2, 2), (4, 3), (6, -2), (1, 2)])
def test_spherical_harmonics(n, m):
    theta, phi = np.array([0.0, 0.4, np.pi / 2, 2.9, np.pi, 4.0]), np.linspace(-3, 3, 6)

    def f(theta, phi):
        return special.sph_harm_y(n, m, theta, phi)

    np.testing.assert_allclose(lower(f)(theta, phi), f(theta, phi), atol=1e-14)


def test_spherical_harmonics_have_a_slope_at_the_poles():
    """That from inside: of `sin(theta)` at 0 it is 1, at pi -1."""
    scale = -np.sqrt(3 / (8 * np.pi))
    found = slopes(lambda theta: special.sph_legendre_p(1, 1, theta), [0.0, np.pi])
    np.testing.assert_allclose(found, [scale, -scale], rtol=1e-14)


def test_legendre_functions_of_unknown_degree_are_refused():
    degrees = np.array([1, 2])
    with pytest.raises(RefusedError, match="degrees or orders that are arrays"):
        grad(lambda x: np.sum(special.legendre_p(degrees, x)))(np.array([0.1, 0.2]))


def test_carlsons_integrals_against_mpmath(rng):
    u, v, w, p = (float(a) for a in rng.uniform(0.3, 3.0, 4))
    with mpmath.workdps(30):
        expected = [
            mpmath.diff(
                lambda *a: mpmath.elliprj(*a), (u, v, w, p), tuple(int(k == j) for j in range(4))
            )
            for k in range(4)
        ]
        of_g = mpmath.diff(lambda x: mpmath.elliprg(x, v, w), u)
        of_c = [
            mpmath.diff(lambda x: mpmath.elliprc(x, v), u),
            mpmath.diff(lambda y: mpmath.elliprc(u, y), v),
        ]
    found = grad(lambda u, v, w, p: special.elliprj(u, v, w, p), (0, 1, 2, 3), target="numpy")(
        u, v, w, p
    )
    np.testing.assert_allclose(np.array(found), [float(e) for e in expected], rtol=1e-9)
    g = grad(lambda u: special.elliprg(u, v, w), target="numpy")(u)
    np.testing.assert_allclose(g, float(of_g), rtol=1e-10)
    c = grad(lambda u, v: special.elliprc(u, v), (0, 1), target="numpy")(u, v)
    np.testing.assert_allclose(np.array(c), [float(e) for e in of_c], rtol=1e-10)


def test_lamberts_function_of_real_numbers():
    """A diode with a resistor: the current solves `exp(v - i) = i`."""

    def current(v):
        return np.sum(special.lambertw(np.exp(v)).real)

    v = np.array([-3.0, 0.0, 2.0])
    i = special.lambertw(np.exp(v)).real
    for target in ("jax", "numpy"):
        value, slope = value_and_grad(current, target=target)(v)
        np.testing.assert_allclose(value, np.sum(i), rtol=1e-14)
        np.testing.assert_allclose(slope, i / (1 + i), rtol=1e-13)


# --- matrices ---


def test_a_logarithm_that_is_complex_is_nan():
    """As its derivative is: what dtype SciPy gives depends on the values."""
    value, slope = value_and_grad(lambda a: np.sum(scipy.linalg.logm(a)))(np.diag([1.0, -2.0]))
    assert np.isnan(value)
    assert np.all(np.isnan(slope))


@pytest.mark.parametrize("power", [-1, 0, 3, -0.3])
def test_powers_of_a_matrix(power):
    a = np.array([[2.0, 0.3], [0.1, 1.5]])

    def f(a):
        return np.sum(scipy.linalg.fractional_matrix_power(a, power) ** 2)

    np.testing.assert_allclose(lower(f)(a), f(a), rtol=1e-12)
    backprose.check_grads(f, (a,))


@pytest.mark.parametrize(
    "name", ["cosm", "sinm", "tanm", "coshm", "sinhm", "tanhm", "signm", "logm"]
)
def test_functions_of_complex_matrices(name):
    function = getattr(scipy.linalg, name)
    a = np.array([[1.0 + 0.2j, 0.3], [0.1j, 0.7]])
    np.testing.assert_allclose(lower(lambda a: function(a))(a), function(a), rtol=1e-12, atol=1e-14)


def test_a_generalised_eigenvalue_problem(rng):
    """Rayleigh's quotient: the derivatives are `v v.T` and `-w v v.T`, for the triangles that are read."""
    a, b = rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    a, b = a + a.T, b @ b.T + np.eye(3)

    def lowest(a, b):
        w, v = scipy.linalg.eigh(a, b)
        return w[0] + 0.0 * np.sum(v**2)

    value, (da, db) = value_and_grad(lowest, (0, 1))(a, b)
    w, v = scipy.linalg.eigh(a, b)
    outer = np.outer(v[:, 0], v[:, 0])
    both = np.tril(outer) + np.triu(outer, 1).T
    np.testing.assert_allclose(value, w[0])
    np.testing.assert_allclose(da, both, atol=1e-12)
    np.testing.assert_allclose(db, -w[0] * both, atol=1e-12)


def test_the_marginal_likelihood_of_a_gaussian_process(rng):
    """Through `cho_factor` and `cho_solve`, against the closed form: Rasmussen and Williams (2006), equation 5.9."""
    root, y = rng.normal(size=(4, 4)), rng.normal(size=4)
    K = root @ root.T + np.eye(4)

    def loss(K):
        factor = scipy.linalg.cho_factor(K, lower=True)
        return 0.5 * y @ scipy.linalg.cho_solve(factor, y) + np.sum(np.log(np.diag(factor[0])))

    inverse = np.linalg.inv(K)
    full = (inverse - np.outer(inverse @ y, inverse @ y)) / 2
    expected = np.tril(full) + np.triu(full, 1).T
    np.testing.assert_allclose(grad(loss)(K), expected, atol=1e-12)


# One pair of complex eigenvalues.
SPIRAL = np.array([[0.3, -1.2, 0.4], [1.1, 0.2, -0.3], [0.2, 0.5, 0.9]])


def radius(a):
    return np.max(np.abs(np.linalg.eigvals(a)))


def shares(a):
    w, v = scipy.linalg.eig(a)
    return np.sum(np.abs(v) ** 2 * np.arange(9.0).reshape(3, 3)) + np.sum(
        w.imag**2 * np.arange(3.0)
    )


def growth(a):
    """Where no eigenvalue is complex NumPy's are real, too."""
    w, v = np.linalg.eig(a @ a.T @ np.diag([1.0, 2.0, 3.0]))
    return np.max(w).real + np.sum(np.abs(v) * np.arange(9.0).reshape(3, 3))


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize("function", [radius, shares, growth])
def test_eigenvalues_of_a_real_matrix(function, target, rng):
    value, slope = value_and_grad(function, target=target)(SPIRAL)
    assert value == pytest.approx(function(SPIRAL), rel=1e-12)
    assert slope.dtype == np.float64
    assert_gradient(function, [slope], [SPIRAL], [0], rng)


def test_eigenvalues_of_a_large_matrix_keep_to_their_vectors(rng):
    """LAPACK gives `eigvals` of 200 rows in another order than `eig`."""
    a, weights = rng.normal(size=(200, 200)), np.cos(np.arange(200.0))
    direction = rng.normal(size=(200, 200))

    def tracked(a, b):
        """The eigenvalues of `b` in the order of those of `a`."""
        before, after = np.linalg.eig(a)[0], np.linalg.eigvals(b)
        return after[np.argmin(np.abs(before[:, None] - after), axis=1)]

    step = 1e-7
    ends = [np.sum(weights * tracked(a, a + s * step * direction).real) for s in (1, -1)]
    slope = grad(lambda a: np.sum(weights * np.linalg.eigvals(a).real), target="numpy")(a)
    assert np.sum(slope * direction) == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5)


def test_keywords_about_time_and_memory_are_taken(rng):
    root, y = rng.normal(size=(3, 3)), rng.normal(size=3)

    def loss(K):
        factor = scipy.linalg.cho_factor(K, lower=True, check_finite=False)
        found = scipy.linalg.cho_solve(factor, y, check_finite=False)
        whole = scipy.linalg.solve(K, y, overwrite_a=False, check_finite=False)
        return (
            y @ found
            + np.sum(whole)
            + np.sum(scipy.linalg.svd(K, compute_uv=False, check_finite=False))
        )

    K = root @ root.T + np.eye(3)
    np.testing.assert_allclose(lower(loss)(K), loss(K))


def test_integrals_near_0():
    """Of `(I0(t) - 1) / t` and `(1 - J0(t)) / t`, whose differences would lose their digits."""
    x = np.array([1e-9, 1e-4, 0.1, 0.999, 1.001, 3.0])
    with mpmath.workdps(40):
        of_i = [(mpmath.besseli(0, t) - 1) / t for t in map(mpmath.mpf, x)]
        of_j = [(1 - mpmath.besselj(0, t)) / t for t in map(mpmath.mpf, x)]
    found = slopes(lambda x: special.it2i0k0(x)[0], x, "numpy")
    np.testing.assert_allclose(found, np.array(of_i, float), rtol=1e-14)
    found = slopes(lambda x: special.it2j0y0(x)[0], x, "numpy")
    np.testing.assert_allclose(found, np.array(of_j, float), rtol=1e-14)


# --- quantiles at fractions that are computed ---


@pytest.mark.parametrize("q", [0.0, 0.25, 0.3, 0.5, 1.0])
def test_quantiles_at_an_argument(q):
    x = np.array([3.0, 1.0, 4.0, 1.5, 9.0])

    def f(x, q):
        return np.quantile(x, q)

    value, (dx, dq) = value_and_grad(f, (0, 1))(x, q)
    ordered = np.sort(x)
    low = min(int(q * 4), 3)
    np.testing.assert_allclose(value, np.quantile(x, q))
    np.testing.assert_allclose(dx, grad(lambda x: np.quantile(x, q))(x), atol=1e-15)
    np.testing.assert_allclose(dq, 4 * (ordered[low + 1] - ordered[low]))


def test_quantiles_at_several_computed_fractions():
    x, q = np.arange(12.0).reshape(3, 4) ** 1.5, np.array([0.1, 0.6, 0.9])

    def f(x, q):
        return np.sum(np.sin(np.quantile(x, q, axis=1, keepdims=True)))

    np.testing.assert_allclose(lower(f)(x, q), f(x, q))
    backprose.check_grads(f, (x, q))


def test_the_quantile_of_one_element():
    value, slope = value_and_grad(lambda x, q: np.quantile(x, q), (0, 1))(np.array([2.0]), 0.3)
    assert value == 2.0
    np.testing.assert_allclose(slope[0], [1.0])
    assert slope[1] == 0.0

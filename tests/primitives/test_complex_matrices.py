"""Decompositions of complex matrices, through functions that do not depend on the phases of their vectors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from programs.references import assert_gradient, central_difference

from backprose import RefusedError, grad, lower, value_and_grad


def matrix(re, im):
    return re + 1j * im


def eigenvectors(re, im):
    w, v = np.linalg.eigh(matrix(re, im))
    return np.sum(np.abs(v[..., 0, :]) ** 2 * np.exp(w / 4)) + np.abs(v[..., 1, 0])[..., None].sum()


def eigenvalues(re, im):
    return np.sum(np.sin(np.linalg.eigvalsh(matrix(re, im))))


def projected(re, im):
    """The part of a vector in the space of the lowest two eigenvectors."""
    _, v = np.linalg.eigh(matrix(re, im))
    low = v[..., :, :2]
    p = low @ np.conj(np.swapaxes(low, -1, -2))
    return np.sum(np.abs(p[..., 0, :]) ** 3) + np.sum(np.imag(p[..., 0, 1]))


def triangle(re, im):
    y = np.linalg.cholesky(matrix(re, im) + 12 * np.eye(3))
    return np.sum(np.abs(y) ** 3) + np.sum(np.imag(y[..., 2, 0]) * np.real(y[..., 1, 0]))


def singular_values(re, im):
    return np.sum(np.linalg.svd(matrix(re, im), compute_uv=False) ** 1.5)


def singular_values_beside_vectors(re, im):
    _, s, _ = np.linalg.svd(matrix(re, im))
    return np.sum(s**1.5)


def first_directions(re, im):
    u, s, vh = np.linalg.svd(matrix(re, im), full_matrices=False)
    best = (u[..., :, :1] * s[..., None, :1]) @ vh[..., :1, :]
    return np.sum(np.abs(best) ** 3) + np.sum(np.imag(best[..., 0, 1]))


def pseudo_inverse(re, im):
    y = np.linalg.pinv(matrix(re, im))
    return np.sum(np.abs(y) ** 3) + np.sum(np.real(y[..., 0, 1]))


def pseudo_inverse_of_wide(re, im):
    y = np.linalg.pinv(matrix(re, im)[..., :2, :])
    return np.sum(np.abs(y) ** 3) + np.sum(np.real(y[..., 0, 1]))


def norms(re, im):
    z = matrix(re, im)
    total = np.sum(np.linalg.norm(z, axis=-1)) + np.sum(np.linalg.norm(z, axis=-1, ord=3))
    return total + np.sum(np.linalg.norm(z, axis=(-2, -1), ord=2)) + np.linalg.norm(z.ravel(), 1)


def logarithm_of_determinant(re, im):
    sign, log = np.linalg.slogdet(matrix(re, im))
    return np.sum(log**2) + np.sum(np.real(sign))


def rotation(re, im):
    q, r = np.linalg.qr(matrix(re, im))
    return np.sum(np.abs(r) ** 3) + np.sum(np.abs(q) ** 3)


HERMITIAN = (eigenvectors, eigenvalues, projected, triangle)
BY_JAX = (
    first_directions,
    logarithm_of_determinant,
    rotation,
)  # no rule, so that NumPy has no text
FUNCTIONS = [
    *HERMITIAN,
    *BY_JAX,
    singular_values,
    singular_values_beside_vectors,
    pseudo_inverse,
    pseudo_inverse_of_wide,
    norms,
]


@pytest.mark.parametrize("shape", [(3, 3), (2, 3, 3)])
@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_value_and_gradient(function, target, shape, x64):
    if target == "numpy" and function in BY_JAX:
        target = "jax"
    rng = np.random.default_rng(3)
    parts = rng.normal(size=shape), rng.normal(size=shape)
    value, gradients = value_and_grad(function, (0, 1), target=target)(*parts)
    assert value == pytest.approx(function(*parts), rel=1e-13)
    for k, gradient in enumerate(gradients):
        direction = rng.normal(size=shape)
        slope = central_difference(function, parts, [k], [direction])
        assert np.sum(gradient * direction) == pytest.approx(slope, rel=1e-7, abs=1e-8)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_forward_mode_agrees(function, x64):
    rng = np.random.default_rng(4)
    parts, directions = (tuple(rng.normal(size=(2, 3, 3)) for _ in range(2)) for _ in range(2))
    _, tangent = jax.jvp(lower(function), parts, directions)
    gradients = grad(function, (0, 1))(*parts)
    expected = sum(np.sum(g * d) for g, d in zip(gradients, directions, strict=True))
    assert tangent == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("function", HERMITIAN, ids=lambda f: f.__name__)
def test_the_upper_triangle_and_the_imaginary_diagonal_are_not_read(function, x64):
    rng = np.random.default_rng(5)
    of_real, of_imaginary = grad(function, (0, 1))(rng.normal(size=(3, 3)), rng.normal(size=(3, 3)))
    assert not np.any(np.triu(of_real, 1))
    assert not np.any(np.triu(of_imaginary))


def test_second_derivatives_of_absolute_values():
    def square(x):
        return np.abs(np.exp(1j * x) * x) ** 2  # x**2

    def spectrum(x):
        return np.sum(np.abs(np.fft.fft(x)) ** 3)

    x = np.array([0.3, 0.5, -0.2])
    with jax.enable_x64(True):
        assert jax.hessian(lower(square))(0.7) == pytest.approx(2.0)
        assert jax.grad(grad(square))(0.7) == pytest.approx(2.0)
        expected = jax.hessian(lambda x: jnp.sum(jnp.abs(jnp.fft.fft(x)) ** 3))(x)
        np.testing.assert_allclose(jax.hessian(lower(spectrum))(x), expected, rtol=1e-12)


def test_the_sign_of_a_complex_number_is_refused():
    with pytest.raises(RefusedError, match="np.sign of complex numbers"):
        grad(lambda x: np.real(np.sum(np.sign(x + 0.5j))))(np.ones(3))


def test_complex_numbers_in_a_branch_of_a_loop(rng):
    def f(x):
        z, total = x + 0.5j, 0.0
        for i in range(3):
            if x[i] > 0:
                total += np.real(z[i] * z[i]) * np.abs(z[i])
        return total

    x = np.array([-0.3, 0.5, 1.2])
    value, gradient = value_and_grad(f)(x)
    assert value == pytest.approx(f(x))
    assert_gradient(f, [gradient], [x], [0], rng)

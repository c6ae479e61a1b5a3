# Derived from kernel_likelihood by backprose, for
#     X: float64[40, 2], y: float64[40], log_length: float, log_noise: float
import jax.numpy as jnp


def kernel_likelihood_value_and_grad(X, y, log_length, log_noise):
    """Value of kernel_likelihood and its gradient with respect to log_length and log_noise."""
    n = X.shape[0]
    distances = jnp.sum((X[:, None] - X[None]) ** 2, axis=2)
    t = -0.5 * distances
    e = jnp.exp(-2 * log_length)
    e1 = jnp.exp(t * e)
    e2 = jnp.exp(2 * log_noise)
    t1 = jnp.eye(n)
    K = e1 + e2 * t1
    alpha = jnp.linalg.solve(K, y)
    _, logdet = jnp.linalg.slogdet(K)
    value = -0.5 * (y @ alpha) - 0.5 * logdet - 0.5 * n * jnp.log(2 * jnp.pi)

    # Adjoint of return -0.5 * (y @ alpha) - 0.5 * logdet - 0.5 * n * np.log(2 * np.pi)
    dalpha = -0.5 * y
    # Adjoint of sign, logdet = np.linalg.slogdet(K)
    t2 = jnp.linalg.inv(K).T
    # Adjoint of alpha = np.linalg.solve(K, y)
    dK = -0.5 * t2 - (t2 @ dalpha)[:, None] * alpha[None]
    # Adjoint of K = np.exp(-0.5 * distances * np.exp(-2 * log_length)) + np.exp(2 * log_n...
    dlog_noise = jnp.sum(dK * t1) * e2 * 2
    dlog_length = jnp.sum(dK * e1 * t) * e * -2

    return value, (dlog_length, dlog_noise)

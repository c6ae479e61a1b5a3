# Derived from mixture by backprose, for
#     X: float64[40, 3], logits: float64[4], means: float64[4, 3], log_scales: float64[4]
import jax.numpy as jnp


def mixture_value_and_grad(X, logits, means, log_scales):
    """Value of mixture and its gradient with respect to logits, means and log_scales."""
    n = X.shape[0]
    d = X.shape[1]
    t = X[:, None] - means[None]
    distances = jnp.sum(t**2, axis=2)
    e = jnp.exp(logits)
    total = jnp.sum(e)
    log_weights = logits - jnp.log(total)
    t1 = 0.5 * distances
    e1 = jnp.exp(-2 * log_scales)
    joint = log_weights - t1 * e1 - d * log_scales
    # logsumexp(joint)
    Zmax = jnp.max(joint, axis=1)[:, None]
    e2 = jnp.exp(joint - Zmax)
    total1 = jnp.sum(e2, axis=1)
    value = jnp.sum(Zmax + jnp.log(total1)[:, None]) - 0.5 * n * d * jnp.log(2 * jnp.pi)

    # Adjoint of return np.sum(logsumexp(joint)) - 0.5 * n * d * np.log(2 * np.pi)
    djoint = e2 / total1[:, None]
    # Adjoint of joint = log_weights - 0.5 * distances * np.exp(-2 * log_scales) - d * log...
    dlog_weights = jnp.sum(djoint, axis=0)
    dlog_scales = 2 * jnp.sum(djoint * t1, axis=0) * e1 - d * dlog_weights
    # Adjoint of log_weights = logits - np.log(np.sum(np.exp(logits)))
    dlogits = dlog_weights - jnp.sum(dlog_weights) / total * e
    # Adjoint of distances = np.sum((X[:, None, :] - means[None, :, :]) ** 2, axis=2)
    dmeans = jnp.sum((djoint * e1)[..., None] * t, axis=0)

    return value, (dlogits, dmeans, dlog_scales)

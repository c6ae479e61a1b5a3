# Derived from cost by backprose, for
#     X: float64[40, 3], Y: float64[40, 3], W: float64[16, 3], V: float64[3, 16]
import jax.numpy as jnp


def logistic(q):
    return 1 / (1 + jnp.exp(-q))


def cost_value_and_grad(X, Y, W, V):
    """Value of cost and its gradient with respect to W and V."""
    Z = logistic(jnp.dot(X, V))
    U = jnp.dot(Z, W)
    # logsumexp(U)
    Zmax = jnp.max(U, axis=1)[:, None]
    e = jnp.exp(U - Zmax)
    total = jnp.sum(e, axis=1)
    value = -jnp.mean(jnp.sum(U * Y, axis=1)[:, None] - (Zmax + jnp.log(total)[:, None]))

    # Adjoint of return -np.mean(np.sum(U * Y, axis=1)[:, None] - logsumexp(U))
    dU = (e / total[:, None] - Y) / U.shape[0]
    # Adjoint of U = np.dot(Z, W)
    dZ = dU @ W.T
    dW = Z.T @ dU
    # Adjoint of Z = logistic(np.dot(X, V))
    dV = X.T @ (dZ * Z * (1 - Z))

    return value, (dW, dV)

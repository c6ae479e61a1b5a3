# Derived from kernel_matrix by backprose, for
#     X: float64[4, 2], Y: float64[5, 2], length: float
# Its loops are for arrays of exactly these shapes.
import jax.numpy as jnp


def kernel_matrix_value_and_grad(X, Y, length):
    """Value of kernel_matrix and its gradient with respect to X, Y and length."""
    r = X[:, None] - Y
    t = length**2
    t1 = -0.5 * jnp.sum(r * r, axis=2) / t
    e = jnp.exp(t1)
    t2 = e < 0.05
    K = jnp.where(t2, 0.0, e)
    # score(K)
    t3 = jnp.cos(jnp.arange(K.size)).reshape(K.shape)
    value = jnp.sum(t3 * K)

    # Adjoint of K[i, j] = np.exp(-0.5 * np.dot(r, r) / length**2)
    dt1 = t3 * e
    dlength = jnp.sum(jnp.where(t2, 0, -(dt1 * t1 / t))) * (2 * length)
    dr = 2 * jnp.where(t2, 0, dt1 / t * -0.5)[..., None] * r
    # Adjoint of r = X[i] - Y[j]
    dY = -jnp.sum(dr, axis=0)
    dX = jnp.sum(dr, axis=1)

    return value, (dX, dY, dlength)

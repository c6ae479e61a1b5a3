# Derived from filtered by backprose, for
#     image: float64[20, 21], kernel: float64[3, 2]
# Its loops are for arrays of exactly these shapes.
from jax import lax
import jax.numpy as jnp


def filtered_value_and_grad(image, kernel):
    """Value of filtered and its gradient with respect to image and kernel."""
    image = jnp.asarray(image)
    kh = kernel.shape[0]
    kw = kernel.shape[1]
    out = jnp.zeros((image.shape[0] - kh + 1, image.shape[1] - kw + 1))

    def step_a(out, row):
        a, kernel_a = row

        def step_b(out, row):
            b, kernel_ab = row
            out = out + lax.dynamic_slice(image, (a, b), (18, 20)) * kernel_ab
            return out, None

        out, _ = lax.scan(step_b, out, (jnp.arange(kw), kernel_a))
        return out, None

    out, _ = lax.scan(step_a, out, (jnp.arange(kh), kernel))
    t = jnp.tanh(out)
    # score(t)
    t1 = jnp.cos(jnp.arange(out.size)).reshape(out.shape)
    value = jnp.sum(t1 * t)

    # Adjoint of return score(np.tanh(out))
    dout = t1 * (1 - t**2)
    # Adjoint of for a in range(kh)
    dimage = jnp.zeros_like(image)

    def back_a(dimage, row):
        a, kernel_a1 = row

        # Adjoint of for b in range(kw)
        def back_b(dimage, row):
            b, kernel_ab1 = row
            # Adjoint of out[i, j] += image[i + a, j + b] * kernel[a, b]
            dt = dout * kernel_ab1
            dkernel_ab = jnp.sum(dout * lax.dynamic_slice(image, (a, b), (18, 20)))
            dimage = lax.dynamic_update_slice(
                dimage, lax.dynamic_slice(dimage, (a, b), (18, 20)) + dt, (a, b)
            )
            return dimage, dkernel_ab

        dimage, dkernel_a = lax.scan(
            back_b, dimage, (jnp.arange(kw), kernel_a1), reverse=True
        )
        return dimage, dkernel_a

    dimage, dkernel = lax.scan(back_a, dimage, (jnp.arange(kh), kernel), reverse=True)

    return value, (dimage, dkernel)

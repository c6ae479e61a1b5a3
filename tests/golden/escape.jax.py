# Derived from escape by backprose, for
#     c_re: float64[3, 6], c_im: float64[3, 6], limit: 1
# Its loops are for arrays of exactly these shapes.
from jax import lax
import jax.numpy as jnp


def escape_value_and_grad(c_re, c_im, limit):
    """Value of escape and its gradient with respect to c_re and c_im."""
    assert limit == 1, "written for limit = 1"
    z_re = jnp.zeros_like(c_re)
    z_im = jnp.zeros_like(c_im)
    counts = jnp.ones(c_re.shape)

    def unfinished(carry):
        k, done, z_re, z_im, counts, steps, ts, ts1, masks, ts2 = carry
        return (k < limit) & ~done

    def step_k(carry):
        k, done, z_re, z_im, counts, steps, ts, ts1, masks, ts2 = carry
        mask = z_re**2 + z_im**2 < 4.0
        done = ~jnp.any(mask)

        def then():
            t = jnp.zeros(18)
            t1 = jnp.zeros(18)
            return z_re, z_im, counts, t, t1

        def otherwise():
            t1 = z_re.reshape(18)
            t = z_im.reshape(18)
            re = t1**2 - t**2 + c_re.reshape(18)
            im = 2 * t1 * t + c_im.reshape(18)
            z_re1 = jnp.where(mask, jnp.reshape(re, (3, 6)), z_re)
            z_im1 = jnp.where(mask, jnp.reshape(im, (3, 6)), z_im)
            counts1 = counts + jnp.where(mask, 1, 0)
            return z_re1, z_im1, counts1, t, t1

        z_re, z_im, counts, t, t1 = lax.cond(done, then, otherwise)
        ts = ts.at[steps].set(done)
        ts1 = ts1.at[steps].set(t1)
        masks = masks.at[steps].set(mask)
        ts2 = ts2.at[steps].set(t)
        steps += 1
        return k + 1, done, z_re, z_im, counts, steps, ts, ts1, masks, ts2

    _, _, z_re, z_im, counts, steps, ts, ts1, masks, ts2 = lax.while_loop(
        unfinished,
        step_k,
        (
            0, False, z_re, z_im, counts, 0, jnp.zeros(1, dtype=bool), jnp.zeros((1, 18)),
            jnp.zeros((1, 3, 6), dtype=bool), jnp.zeros((1, 18)),
        ),
    )
    t2 = 1 + z_re**2 + z_im**2
    # score(jnp.log(t2) / counts)
    t3 = jnp.cos(jnp.arange(z_re.size)).reshape(z_re.shape)
    value = jnp.sum(t3 * (jnp.log(t2) / counts)) + jnp.sum(t3 * z_re)

    # Adjoint of return score(np.log(1 + z_re**2 + z_im**2) / counts) + score(z_re)
    dt2 = t3 / counts / t2
    dz_im = dt2 * (2 * z_im)
    dz_re = t3 + dt2 * (2 * z_re)
    # Adjoint of for k in range(limit)
    dc_re = jnp.zeros_like(c_re)
    dc_im = jnp.zeros_like(c_im)

    def back(k2, carry):
        dz_re, dz_im, dc_re, dc_im = carry
        k1 = steps - 1 - k2
        t4 = ts1[k1]
        mask = masks[k1]
        t5 = ts2[k1]

        # Adjoint of if not np.any(mask)
        def then1():
            dc_im1 = jnp.zeros((3, 6))
            dc_re1 = jnp.zeros((3, 6))
            return dz_re, dz_im, dc_im1, dc_re1

        def otherwise1():
            # Adjoint of z_im[mask] = im
            dim = dz_im.reshape(18)
            # Adjoint of z_re[mask] = re
            dre = dz_re.reshape(18)
            # Adjoint of im = 2 * z_re[mask] * z_im[mask] + c_im[mask]
            dc_im1 = jnp.where(mask, dim.reshape(3, 6), 0)
            # Adjoint of re = z_re[mask] ** 2 - z_im[mask] ** 2 + c_re[mask]
            dc_re1 = jnp.where(mask, dre.reshape(3, 6), 0)
            # Adjoint of if not np.any(mask)
            dz_re1 = jnp.where(mask, (2 * (dim * t5 + dre * t4)).reshape(3, 6), dz_re)
            dz_im1 = jnp.where(mask, (dim * (2 * t4) - dre * (2 * t5)).reshape(3, 6), dz_im)
            return dz_re1, dz_im1, dc_im1, dc_re1

        dz_re, dz_im, dc_im1, dc_re1 = lax.cond(ts[k1], then1, otherwise1)
        dc_re = dc_re + dc_re1
        dc_im = dc_im + dc_im1
        return dz_re, dz_im, dc_re, dc_im

    _, _, dc_re, dc_im = lax.fori_loop(0, steps, back, (dz_re, dz_im, dc_re, dc_im))

    return value, (dc_re, dc_im)

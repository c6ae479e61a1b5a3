# Derived from escape by backprose, for
#     c_re: float64[3, 6], c_im: float64[3, 6], limit: 1
# Its loops are for arrays of exactly these shapes.
import numpy as np


def place(value, shape, index):
    """Zeros of a shape with `value` added at `index`: the adjoint of `x[index]`."""
    out = np.zeros(shape, np.asarray(value).dtype)
    np.add.at(out, index, value)
    return out


def escape_value_and_grad(c_re, c_im, limit):
    """Value of escape and its gradient with respect to c_re and c_im."""
    assert limit == 1, "written for limit = 1"
    z_re = np.zeros_like(c_re)
    z_im = np.zeros_like(c_im)
    counts = np.ones(c_re.shape)
    done = False
    steps = 0
    ts = []
    masks = []
    ts1 = []
    ts2 = []
    ts3 = []
    for k in range(limit):
        mask = z_re**2 + z_im**2 < 4.0
        masks.append(mask.copy())
        done = not np.any(mask)
        ts.append(done)
        if done:
            t = np.zeros((0,))
            t1 = np.zeros((0,))
            t2 = np.zeros((0,))
        else:
            t2 = z_re[mask].copy()
            t = z_im[mask].copy()
            re = t2**2 - t**2 + c_re[mask]
            t1 = 2 * t2
            im = t1 * t + c_im[mask]
            z_re[mask] = re
            z_im[mask] = im
            counts[mask] += 1
        ts1.append(t.copy())
        ts2.append(t1.copy())
        ts3.append(t2.copy())
        steps += 1
        if done:
            break
    t3 = 1 + z_re**2 + z_im**2
    # score(np.log(t3) / counts)
    t4 = np.cos(np.arange(z_re.size)).reshape(z_re.shape)
    value = np.sum(t4 * (np.log(t3) / counts)) + np.sum(t4 * z_re)

    # Adjoint of return score(np.log(1 + z_re**2 + z_im**2) / counts) + score(z_re)
    dt3 = t4 / counts / t3
    dz_im = dt3 * (2 * z_im)
    dz_re = t4 + dt3 * (2 * z_re)
    # Adjoint of for k in range(limit)
    dc_re = np.zeros_like(c_re)
    dc_im = np.zeros_like(c_im)
    for k1 in reversed(range(steps)):
        done = ts[k1]
        mask = masks[k1]
        t = ts1[k1]
        t1 = ts2[k1]
        t2 = ts3[k1]
        # Adjoint of if not np.any(mask)
        if not done:
            # Adjoint of z_im[mask] = im
            dim = dz_im[mask]
            # Adjoint of z_re[mask] = re
            dre = dz_re[mask]
            # Adjoint of im = 2 * z_re[mask] * z_im[mask] + c_im[mask]
            dc_im1 = place(dim, c_im.shape, mask)
            dt = dim * t1
            # Adjoint of re = z_re[mask] ** 2 - z_im[mask] ** 2 + c_re[mask]
            dc_re1 = place(dre, c_re.shape, mask)
            dt1 = -2 * dre * t
            # Adjoint of if not np.any(mask)
            dz_re[mask] = dre * (2 * t2)
            dz_re[mask] += dim * t * 2
            dz_im[mask] = dt1
            dz_im[mask] += dt
            dc_re = dc_re + dc_re1
            dc_im = dc_im + dc_im1

    return value, (dc_re, dc_im)

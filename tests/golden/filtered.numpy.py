# Derived from filtered by backprose, for
#     image: float64[20, 21], kernel: float64[3, 2]
# Its loops are for arrays of exactly these shapes.
import numpy as np


def filtered_value_and_grad(image, kernel):
    """Value of filtered and its gradient with respect to image and kernel."""
    kh = kernel.shape[0]
    kw = kernel.shape[1]
    out = np.zeros((image.shape[0] - kh + 1, image.shape[1] - kw + 1))
    out = out.copy()
    for i in range(out.shape[0]):
        out = out.copy()
        for j in range(out.shape[1]):
            for a in range(kh):
                for b in range(kw):
                    out[i, j] += image[i + a, j + b] * kernel[a, b]
    t = np.tanh(out)
    # score(t)
    t1 = np.cos(np.arange(out.size)).reshape(out.shape)
    value = np.sum(t1 * t)

    # Adjoint of return score(np.tanh(out))
    dout = t1 * (1 - t**2)
    # Adjoint of for i in range(out.shape[0])
    dimage = np.zeros_like(image)
    dkernel = np.zeros_like(kernel)
    for i in reversed(range(out.shape[0])):
        # Adjoint of for j in range(out.shape[1])
        for j in reversed(range(20)):
            # Adjoint of for a in range(kh)
            for a in reversed(range(kh)):
                # Adjoint of for b in range(kw)
                for b in reversed(range(kw)):
                    # Adjoint of out[i, j] += image[i + a, j + b] * kernel[a, b]
                    t2 = i + a
                    t3 = j + b
                    dt = dout[i, j]
                    dimage[t2, t3] += dt * kernel[a, b]
                    dkernel[a, b] += dt * image[t2, t3]

    return value, (dimage, dkernel)

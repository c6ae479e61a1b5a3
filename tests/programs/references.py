"""Independent references: central differences of the user's own function."""

import numpy as np


def central_difference(function, args, wrt, directions, step=1e-6):
    """The derivative of a scalar function along `directions` in the arguments at positions `wrt`."""

    def at(sign):
        moved = list(args)
        for k, u in zip(wrt, directions, strict=True):
            moved[k] = (
                np.asarray(args[k]) + sign * step * u
                if np.ndim(args[k])
                else args[k] + sign * step * u
            )
        return float(function(*moved))

    return (at(1) - at(-1)) / (2 * step)


def assert_gradient(function, gradients, args, wrt, rng, tolerance=2e-7, step=1e-6):
    """Gradients agree with central differences along two random directions."""
    for _ in range(2):
        directions = [rng.normal(size=np.shape(args[k])) for k in wrt]
        expected = central_difference(function, args, wrt, directions, step)
        found = sum(float(np.sum(g * u)) for g, u in zip(gradients, directions, strict=True))
        scale = max(1.0, abs(expected), sum(float(np.sum(np.abs(g))) for g in gradients))
        assert abs(found - expected) <= tolerance * scale, (found, expected)

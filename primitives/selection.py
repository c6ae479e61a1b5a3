"""What a branch sees of a value."""

import jax.numpy as jnp
import numpy as np

from .registry import call, draw, holds_for_complex, linear, real


def guard(x, condition, side):
    """`x` as the branch sees it that is taken where `condition` is `side`; zero elsewhere.

    The adjoint is zero there too, whatever the branch makes of the values that it is not for: `sqrt` at 0, say.
    """
    return np.where(condition == side, x, 0)


@linear(
    guard,
    wrt=["x"],
    jax=lambda x, condition, side: jnp.where(condition == side, x, jnp.zeros_like(x)),
    samples=[
        call(real(3, 4), draw("bool", 3, 4), True),
        call(real(4), draw("bool", 3, 1), False),
        call(real(), draw("bool", 3), True),
    ],
)
def guard_(dy, y, x, condition, side):
    if side:
        return np.where(condition, dy, 0)
    return np.where(condition, 0, dy)


holds_for_complex(guard)

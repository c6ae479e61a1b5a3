# Derived from pair_energy by backprose, for
#     positions: float64[5, 3], charges: float64[5]
# Its loops are for arrays of exactly these shapes.
import jax.numpy as jnp


def pair_energy_value_and_grad(positions, charges):
    """Value of pair_energy and its gradient with respect to positions and charges."""
    # no particle acts on itself
    i = jnp.arange(5)
    t = i[:, None] != i
    t1 = t[..., None]
    t2 = positions[:, None] - positions
    distance = jnp.sqrt(jnp.sum(t2**2, axis=2))
    t3 = 0.5 * jnp.broadcast_to(charges[:, None], (5, 5))
    t4 = t3 * charges / distance
    t5 = distance < 1.0
    t6 = 1.0 - distance
    # All iterations at once: the terms are added up in another order.
    energy = jnp.sum(jnp.where(t, t4 + jnp.where(t5, t6**3, 0.0), 0.0))

    # Adjoint of energy += (1.0 - distance) ** 3
    ddistance = -3 * t6**2
    # Adjoint of energy += 0.5 * charges[i] * charges[j] / distance
    t7 = jnp.sum(jnp.where(t, charges / 2 / distance, 0), axis=1)
    dcharges = jnp.sum(jnp.where(t, t3 / distance, 0), axis=0) + t7
    ddistance = jnp.where(t5, ddistance, 0) - t4 / distance
    # Adjoint of distance = np.sqrt(np.sum((positions[i] - positions[j]) ** 2))
    t8 = (0.5 * ddistance / jnp.where(distance == 0, 1, distance))[..., None]
    total = jnp.sum(jnp.where(t1, -2 * t8 * t2, 0), axis=0)
    dpositions = total + jnp.sum(jnp.where(t1, 2 * t8 * t2, 0), axis=1)

    return energy, (dpositions, dcharges)

# Derived from pair_energy by backprose, for
#     positions: float64[5, 3], charges: float64[5]
# Its loops are for arrays of exactly these shapes.
import numpy as np


def pair_energy_value_and_grad(positions, charges):
    """Value of pair_energy and its gradient with respect to positions and charges."""
    n = positions.shape[0]
    energy = 0.0
    tss = np.empty((5, 5), bool)
    tss1 = np.empty((5, 5), bool)
    distancess = np.empty((5, 5))
    tss2 = np.empty((5, 5))
    tss3 = np.empty((5, 5, 3))
    for i in range(n):
        ts = np.empty(5, bool)
        ts1 = np.empty(5, bool)
        distances = np.empty(5)
        ts2 = np.empty(5)
        ts3 = np.empty((5, 3))
        for j in range(n):
            # no particle acts on itself
            t = i != j
            ts[j] = t
            # no particle acts on itself
            if t:
                t1 = positions[i] - positions[j]
                distance = np.sqrt(np.sum(t1**2))
                t2 = 0.5 * charges[i] * charges[j] / distance
                energy += t2
                t3 = distance < 1.0
                if t3:
                    energy += (1.0 - distance) ** 3
            else:
                # no particle acts on itself
                t1 = np.zeros(3)
                t3 = False
                distance = 0.0
                t2 = 0.0
            ts1[j] = t3
            distances[j] = distance
            ts2[j] = t2
            ts3[j] = t1
        tss[i] = ts
        tss1[i] = ts1
        distancess[i] = distances
        tss2[i] = ts2
        tss3[i] = ts3

    # Adjoint of for i in range(n)
    dpositions = np.zeros_like(positions)
    dcharges = np.zeros_like(charges)
    for i in reversed(range(n)):
        ts = tss[i]
        ts1 = tss1[i]
        distances = distancess[i]
        ts2 = tss2[i]
        ts3 = tss3[i]
        # Adjoint of for j in range(n)
        for j in reversed(range(n)):
            t = ts[j]
            t3 = ts1[j]
            distance = distances[j]
            t2 = ts2[j]
            t1 = ts3[j]
            # Adjoint of if i != j
            if t:
                # Adjoint of if distance < 1.0
                if t3:
                    # Adjoint of energy += (1.0 - distance) ** 3
                    ddistance = -(3 * (1.0 - distance) ** 2)
                else:
                    ddistance = 0.0
                # Adjoint of energy += 0.5 * charges[i] * charges[j] / distance
                dt = 1.0 / distance
                ddistance1 = ddistance - t2 / distance
                # Adjoint of distance = np.sqrt(np.sum((positions[i] - positions[j]) ** 2))
                dt1 = ddistance1 / np.where(distance == 0, 1, distance) * t1
                dpositions[j] -= dt1
                dpositions[i] += dt1
                dcharges[j] += dt * (0.5 * charges[i])
                dcharges[i] += dt * charges[j] * 0.5

    return energy, (dpositions, dcharges)

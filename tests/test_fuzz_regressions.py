"""Programs on which `make fuzz` once found a mismatch, made small."""

import numpy as np
import pytest
from programs.loop_checks import check_program

A = np.array([0.3, -0.4])
B = np.array([[0.2, -0.8], [1.3, -1.1], [-0.8, 0.5]])
C = np.float64(0.8)

PROGRAMS = {
    "the adjoint of a mean is a broadcast array, which NumPy does not write into": """
def f(a, b, c):
    u = np.empty((3, 2))
    for i in range(3):
        u[i] = np.sin(a)
    b[0] = 0.5 * (a + np.mean(u, axis=0))
    return np.sum(b) * c
""",
    "two arrays change places in a loop": """
def f(a, b, c):
    x = a.copy()
    y = np.sin(a)
    for i in range(3):
        x, y = y, x
        x[0] = c * y[1] + x[0]
    return np.sum(x * y) + np.sum(b)
""",
    "a break in an inner loop inside a branch of an outer one": """
def f(a, b, c):
    s = 0.0
    for i in range(3):
        if b[i, 0] > 0:
            for j in range(2):
                if b[i, j] < 0:
                    break
                s = s + b[i, j] * a[j]
            else:
                continue
            s = s * c
        s = s + 1
    return s
""",
    "a scalar argument is changed by an augmented assignment": """
def f(a, b, c):
    d = c
    for x in a:
        c += x * c
    return np.sum(b) * c + d
""",
    "a list of scalars is added up": """
def f(a, b, c):
    xs = []
    for x in a:
        xs.append(np.sin(x) * c)
    return np.sum(np.array(xs)) + sum(xs) + np.sum(b)
""",
    "an inner loop leaves its variable, which has the name of the outer one's": """
def last(x):
    for i in range(x.shape[0]):
        pass
    return x[i]


def f(a, b, c):
    for i in range(3):
        b[0] -= 0.3
        s = last(a) * c
    return s + np.sum(b)
""",
    "a name of the loop is read after it": """
def f(a, b, c):
    for r in b:
        s = np.sum(r) * c
        if s > 10:
            return s
    return s + np.sum(r * a)
""",
}


@pytest.mark.parametrize("told", PROGRAMS)
def test_a_program_that_once_failed(told):
    outcome = check_program("import numpy as np\n\n" + PROGRAMS[told], (A, B, C))
    assert outcome.status == "checked" and outcome.smooth

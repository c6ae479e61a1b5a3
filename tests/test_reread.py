"""What the adjoint of a loop reads again from the arrays that the loop has filled, and what it may not."""

import numpy as np
import pytest
from programs.loop_checks import check_program
from programs.loops_linear_algebra import cholesky_rows, triangular_solve

from backprose import grad

A, B, C = np.random.default_rng(3).normal(size=6), np.eye(5) + 0.1, np.float64(0.4)

PROGRAMS = {
    "filled in order": """
    x = np.zeros(6)
    for i in range(6):
        x[i] = a[i] + np.sum(np.sin(x[:i])) * c
    return np.sum(x**2)""",
    "filled from the end": """
    x = np.zeros(6)
    for i in range(5, -1, -1):
        x[i] = a[i] + np.sum(np.sin(x[i + 1 :])) * c
    return np.sum(x**2)""",
    "changed behind the loop": """
    x = np.zeros(6)
    for i in range(6):
        x[i] = a[i] + np.sum(np.sin(x[:i])) * c
    y = np.sum(x**3)
    x += 1
    x[2] = c
    return np.sum(x**2) + y""",
    "written twice": """
    for i in range(1, 6):
        a[i] = np.sin(a[i - 1])
        a[i - 1] = a[i] * c * a[i - 1]
    return np.sum(a)""",
    "written again by another loop": """
    for k in range(2):
        for i in range(1, 6):
            a[i] = np.sin(a[i - 1]) * a[i] + np.sum(np.cos(a[:i])) * c
    return np.sum(a)""",
    "from the other end": """
    for i in range(3):
        a[i] = np.sin(a[i - 2]) * a[-1 - i] + np.sum(a[:-i] ** 2) * c
    return np.sum(a)""",
    "until it is enough": """
    for i in range(1, 6):
        a[i] = np.sin(a[i - 1]) + np.sum(a[:i] ** 2) * c
        if a[i] > 1.0:
            break
    return np.sum(a)""",
    "some of it": """
    for i in range(1, 6):
        if a[i] > 0:
            a[i] = np.sin(a[i - 1]) * c + np.sum(a[:i] ** 2)
    return np.sum(a)""",
    "two arrays change places": """
    d = a * c
    for i in range(1, 6):
        a[i] = np.sin(d[i - 1]) * np.sum(a[:i] ** 2)
        a, d = d, a
    return np.sum(a * d)""",
    "rows of rows": """
    for i in range(1, 5):
        for j in range(i):
            b[i, j] = (b[i, j] - b[i, :j] @ b[j, :j]) / b[j, j]
        b[i, i] = np.sqrt(np.abs(b[i, i] - b[i, :i] @ b[i, :i]))
    return np.sum(b**2) * c""",
    "a row of its own": """
    s = 0.0
    for i in range(5):
        r = b[i].copy()
        for j in range(1, 5):
            r[j] = np.sin(r[j - 1]) * r[j] + np.sum(r[:j] ** 2)
        s += np.sum(r**2) * a[i]
    return s * c""",
}


@pytest.mark.parametrize("body", PROGRAMS.values(), ids=PROGRAMS)
def test_values_and_derivatives(body):
    outcome = check_program(f"import numpy as np\n\n\ndef f(a, b, c):{body}\n", (A, B, C))
    assert outcome.status == "checked" and outcome.smooth


@pytest.mark.parametrize(
    "f, args",
    [(triangular_solve, (B, A[:5])), (cholesky_rows, (B @ B.T,))],
    ids=["solve", "cholesky"],
)
def test_nothing_is_saved_that_the_result_holds(f, args):
    text = grad(f, target="numpy").source_for(*args)
    assert "np.empty(" not in text and ".append(" not in text

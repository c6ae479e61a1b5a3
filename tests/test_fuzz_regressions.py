"""Programs on which `make fuzz` once found a mismatch, made small."""

import numpy as np
import pytest
from programs.loop_checks import check_program

from backprose import RefusedError, grad

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
    "two lists of one name are filled at the same time": """
def shift(x):
    i = 0
    while i < 2:
        u = x
        x += 0.5 * np.cos(u[:])
        i += 1
    return np.sin(x)


def f(a, b, c):
    for e in b[:2]:
        for i in range(2):
            for j in range(3):
                a = shift(e)
                b[1:] = 0.5 * np.sin(a - b[:2, 0])
            x = shift(e)
    return np.sum(np.sin(a)) + np.sum(np.cos(b)) + np.sum(x) * c
""",
    "a helper returns nothing from within a loop": """
def change(x, y):
    for i in range(3):
        x[0] += y
        if y.shape[0] > 1:
            return
    x[0] = 1


def f(a, b, c):
    for r in b:
        change(b, a)
    return np.sum(np.sin(a)) + np.sum(np.cos(b)) * c
""",
    "a mask selects behind a break": """
def f(a, b, c):
    for i in range(4, 0, -2):
        if np.dot(a, a) > 6:
            break
        a[b[0] > 0.1] = a[b[0] > 0.1] * c
    return np.sum(np.sin(a)) + np.sum(b)
""",
    "one value for several places of a window": """
def f(a, b, c):
    t = np.zeros((3, 3, 2))
    for i in range(2):
        t[i : i + 2, i : i + 2, i] = a[:2, None] * 2
        b[i, i : i + 1] = 0
        t[i : i + 2, i, i : i + 1] = c
    return np.sum(t**2) + np.sum(b)
""",
    "an adjoint that is put into an array of its own size is read-only": """
def f(a, b, c):
    first = b[1, np.argmin(a)]
    b = b[:, :2]
    return np.sum(b * np.arange(1.0, 3.0)) + first * c + np.sum(a)
""",
    "a size that a reshape leaves open": """
def f(a, b, c):
    s = np.array([np.maximum(a, -0.21)])
    x = s.reshape(-1)
    for j in range(x.shape[0]):
        pass
    return j * np.sum(s) + x.size * c + np.sum(b)
""",
    "a name of the loop is read after it": """
def f(a, b, c):
    for r in b:
        s = np.sum(r) * c
        if s > 10:
            return s
    return s + np.sum(r * a)
""",
    "an array that enters a loop twice, and is changed under one of its names": """
def f(a, b, c):
    w, i = b, 0
    while i < 2:
        w = b + 0.0
        for j in range(4 - i):
            b[::2, -1] *= -0.9
            if a[0] > -5.0:
                break
            w[[0, 2, 1]] = np.sqrt(1 + np.minimum(w, 0.5 * c) ** 2) - 1
        i += 1
    return np.sum(np.cos(b)) + np.sum(np.cos(w) * b)
""",
    "an inner loop that surely returns": """
def f(a, b, c):
    rows = []
    for i in range(4):
        for j in range(4):
            if a.shape[0] > 1:
                return c + np.sum(a) + np.sum(b)
        rows.append(b[0])
    return np.sum(np.stack(rows))
""",
    "a loop counted backwards from the size of an array that it changes": """
def f(a, b, c):
    if np.any(a < -9.0):
        pass
    else:
        b[1, ::2] -= np.max(a)
        for r in reversed(b):
            r *= 0.5
    return np.sum(b**2) * c
""",
    "a number that is known, written through a mask": """
def f(a, b, c):
    a[a > 0.06] = 0.2 * len(a[:])
    b[b > 0.1] += 0.2 * a.shape[0]
    return np.sum(a * a * c) + np.sum(b * b)
""",
    "an adjoint that needs nothing of its loop but the index": """
def f(a, b, c):
    for i in range(2):
        b[i] = b[:2, i]
    return np.sum(b * np.array([[1.0, 2.0], [-1.0, 3.0], [0.5, 1.5]]))
""",
    "a part of an array that one side of a branch fills with a number": """
def f(a, b, c):
    x = b
    if c > 0.1:
        x = np.full((3, 2), c, dtype=float)
    return np.sum(x[:, ::-1] ** 2) + np.sum(a)
""",
    "two tangents leave a loop as one array": """
def f(a, b, c):
    while True:
        for j in range(2):
            v = np.max(b, axis=0)
            y = np.copy(b)
            if v[1] > c:
                break
        b = y + 0.3
        if c > -9:
            break
    for i in range(1):
        y[i, 1] = np.sum(np.sin(v))
    return np.sum(np.cos(y) * np.arange(1.0, 7.0).reshape((3, 2))) + np.sum(b * b) + np.sum(a)
""",
    "a number from a branch is one end of an adjoint": """
def f(a, b, c):
    x = b[1:, 0][::-1]
    if np.abs(x[1]) < 0.1:
        return np.sin(b[0, 0]) * c
    return np.sum(np.sin(x) * np.array([1.0, 2.0])) + np.sum(a)
""",
    "writes into slices that run backwards": """
def f(a, b, c):
    b[::-1] += c * b
    b[2:0:-1, ::-1] = a * b[:2]
    b[::-2, 0] *= 3
    a[::-1] = b[0] * a
    return np.sum(b**2) + np.sum(np.sin(a[::-1]) * np.array([1.0, 2.0]))
""",
    "rows in a list, of a length that only the iterations before tell": """
def f(a, b, c):
    k = 0
    while a[0] * k < 1:
        k += 1
    rows = [a[k % 2 :][:1]]
    for i in range(2):
        rows.append(0.5 * rows[-1] + c * b[i, :1])
    return np.sum(np.stack(rows) ** 2)
""",
    "an array that is filled with one number is read backwards": """
def f(a, b, c):
    y = a * 2
    y[:] = 0
    z = y[::-1] + a
    y[...] = c
    b[:, ::-1] = 0.5
    return np.sum(z * y[::-1] ** 2) + np.sum(b[::-1])
""",
    "all of an array is kept while one of its elements changes": """
def f(a, b, c):
    v = np.zeros((3, 2))
    for i in range(3):
        v[i] = a[:]
        a[-2] = 0.2 * c
    return np.sum(v * b)
""",
}

REFUSED = {
    "a list holds views of an array that changes": """
def f(a, b, c):
    rows = []
    for i in range(3):
        a[0] = c * i
        rows.append(a[1:])
    return np.sum(np.array(rows)) + np.sum(b)
""",
    "a list holds the array that the next iteration changes": """
def f(a, b, c):
    rows, x = [], a * 1
    for i in range(3):
        x[0] *= 2
        x = x * c
        rows.append(x)
    return np.sum(np.array(rows)) + np.sum(b)
""",
    "a loop runs over an array whose name a branch gives away": """
def f(a, b, c):
    for r in a:
        if c > 1.0:
            a = np.full(2, c)
        a += np.sin(a)
    return r + np.sum(a) + np.sum(b)
""",
    "a loop runs over two arrays of which one loses its name": """
def f(a, b, c):
    for r, s in zip(a, b):
        if c > 1.0:
            a = np.full(2, c)
        a += s
    return r + np.sum(a)
""",
    "a list holds an array that an inner loop of the next iteration changes": """
def f(a, b, c):
    u = a.copy()
    rows = []
    for j in range(3):
        for k in range(j):
            a[...] -= 0.3
            a = 0.5 * u[...]
        rows.append(a[-2:])
    return np.sum(np.array(rows) * b) * c
""",
    "a list holds an array that changes behind the loop": """
def f(a, b, c):
    rows = []
    for i in range(3):
        rows.append(b[0])
    b[0] = a * c
    return np.sum(np.array(rows)) + np.sum(b)
""",
}


@pytest.mark.parametrize("told", REFUSED)
def test_a_program_that_was_wrong_and_is_refused(told):
    outcome = check_program("import numpy as np\n\n" + REFUSED[told], (A, B, C))
    assert (
        outcome.status == "refused" and "may share" in outcome.message or "list" in outcome.message
    )


@pytest.mark.parametrize("told", PROGRAMS)
def test_a_program_that_once_failed(told):
    outcome = check_program("import numpy as np\n\n" + PROGRAMS[told], (A, B, C))
    assert outcome.status == "checked" and outcome.smooth


LARGER = (
    np.array([1.43, 0.24, 0.86, -0.13]),
    np.array([[-1.1, -0.32, 0.18, -1.28], [1.02, 1.04, -1.53, -0.12], [0.45, -0.3, 0.45, -1.29]]),
    np.float64(0.79),
)


def test_an_array_that_takes_another_name_is_written_after_its_value_is_read():
    text = """import numpy as np


def shift(x):
    x *= x[[3, 1, 0, 2]]
    for r in x:
        x += x


def f(a, b, c):
    u = np.empty((3, 4))
    for i in range(3):
        u[i] = a[[0, 1, 1, 3]]
        if b[i][i] >= -0.57:
            near = 0.37 + b[i % 3, 3 - i]
            b[b > 0.06] -= a[i + 1] if -0.7 < min(c, 0.87) < near or i == 1 else a[...] @ b[i]
            shift(a)
    return np.sum(b * np.arange(1.0, 13.0).reshape((3, 4))) + np.sum(u * np.arange(1.0, 13.0).reshape((3, 4)))
"""
    assert check_program(text, LARGER).status == "checked"


def test_a_mask_over_an_axis_of_unknown_length_is_refused():
    def f(a, first):
        b = a[first:][:, None] * a
        b[b > 0.4] = np.sin(b[b > 0.4])
        return np.sum(b)

    with pytest.raises(RefusedError, match="a mask over several axes"):
        grad(f)(np.array([1.0, 0.5, -0.3]), np.int64(1))

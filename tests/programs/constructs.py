"""Small programs, one for each construct of the language, as users write them.

Each takes float arrays (`x` a vector of six, `A` a 3 by 4 matrix, or both) and returns a scalar.
"""

# fmt: off
import functools
import math
from collections import namedtuple

import numpy
import numpy as np
from numpy import exp, linalg

SCALE = 1.75
TABLE = np.array([0.5, -1.0, 2.0, 0.25, 1.5, -0.75])
WEIGHTS = {"first": 2.0, "second": np.array([1.0, 2.0, 3.0, 4.0])}
Pair = namedtuple("Pair", "left right")


def helper(u, power=2, *, shift=0.5):
    """A called function with defaults."""
    return (u + shift) ** power


def two_results(u):
    return u * 2, np.sin(u)


def variadic(*terms, **options):
    total = 0.0
    for term in terms:
        total = total + term * options.get("factor", 1.0)
    return total


def make_scaler(factor):
    def scale(u):
        return u * factor

    return scale


doubler = make_scaler(2.0)
add_one = functools.partial(helper, power=1, shift=1.0)


def doubled_result(f):
    @functools.wraps(f)
    def inner(*args):
        return 2 * f(*args)

    return inner


@doubled_result
def decorated(u):
    return np.sum(u**3)


def arithmetic(x):
    y = +x - 2 * x**3 / 4 + 1
    z = -y * x // 1e9 + (y % 7.0) - x
    return np.sum(z * y)


def augmented(x):
    y = x * 2
    y += x
    y *= y
    y -= 1.0
    y /= 3
    y **= 2
    return y.sum()


def augmented_alias(x):
    y = x * 2
    z = y
    z += x  # changes y too
    return np.sum(y * x) + np.sum(z)


def augmented_scalar(x):
    s = np.sum(x)
    t = s
    s += 10 * np.sum(x**2)  # leaves t alone
    return s * t


def chained(x):
    a = b = x * 2
    (c, d) = a, b
    return np.sum(a * b * c * d)


def unpacking(x):
    first, *middle, last = x
    (p, q), r = (first, last), middle[1]
    return p * q + r**2 + len(middle)


def unpack_rows(A):
    a, b, c = A
    return np.sum(a * b) + np.sum(c**2)


def swap(x):
    a, b = np.sin(x), np.cos(x)
    a, b = b, a
    return np.sum(a**2 * b)


def rebinding(x):
    y = x
    y = np.tanh(y) + x
    y = np.tanh(y) * y
    x = y * y
    return np.sum(x)


def comparisons(x):
    n = x.shape[0]
    y = x * 3 if 2 < n < 10 and not n == 4 else x
    z = np.where((x > 0) & (x < 1), y, -y)
    return np.sum(z) if n in (5, 6) or n > 100 else np.sum(y)


def static_branches(x, mode="square", order=3):
    if mode == "square":
        y = x**2
    elif mode == "cube":
        y = x**3
    else:
        raise ValueError("unknown mode")
    assert x.ndim == 1, "a vector"
    if order is None:
        return np.sum(y)
    return np.sum(y**order)


def slicing(x):
    return np.sum(x[1:] * x[:-1]) + x[0] * x[-1] + np.sum(x[::2] ** 2) + np.sum(x[::-1] * TABLE)


def matrix_slicing(A):
    return np.sum(A[1:, :-1] * A[:-1, 1:]) + np.sum(A[:, 0] * 3) + A[..., -1].sum() + A[1][2] * A[-1, 0]


def new_axes(x):
    outer = x[:, None] * x[None, :]
    return np.sum(outer[1:, ..., :2] ** 2) + np.sum(x[:, np.newaxis, None])


def integer_arrays(x):
    index = np.array([0, 2, 2, 5, -1])
    return np.sum(x[index] ** 2) + np.sum(x[[1, 1, 3]] * np.array([1.0, 2.0, 3.0]))


def matrix_integer_arrays(A):
    rows, columns = np.array([0, 1, 1, 2]), np.array([3, 0, 0, 1])
    return np.sum(A[rows, columns] ** 2) + np.sum(A[:, columns] * 2) + np.sum(A[rows] ** 3)


def computed_index(x):
    order = np.argsort(x)
    k = np.argmax(x)
    return np.sum(x[order] * TABLE) + x[k] ** 2


def attributes(A):
    rows, columns = A.shape
    y = A.T @ A / A.size + A.ndim
    return np.sum(y) * rows - columns * A.T.shape[0] + float(A.nbytes) + A.sum() * len(A)


def methods(A):
    y = A.reshape(4, 3).sum(axis=0) + A.mean(axis=1, keepdims=False) + A.T.dot(np.ones(3)).std()
    z = A.reshape((2, -1)).ravel().copy().astype(np.float64).max() + A.flatten().min()
    w = A.transpose(1, 0).squeeze().var(ddof=1) + A.clip(-0.5, 0.5).sum() + A.prod(axis=0).sum()
    return np.sum(y**2) + z * w + A.swapaxes(0, 1)[0].sum() + A[0, 0].item()


def keyword_calls(x):
    options = {"shift": 1.5}
    args = (x, 3)
    return np.sum(helper(*args, **options)) + np.sum(helper(power=1, u=x)) + np.sum(helper(x, shift=0.0))


def variadic_calls(x):
    return np.sum(variadic(x, x**2, np.sin(x), factor=0.5)) + np.sum(variadic(x))


def several_results(x):
    a, b = two_results(x)
    pair = two_results(b)
    return np.sum(a * pair[1]) + np.sum(pair[0])


def lambdas(x):
    square = lambda u, k=2: u**k  # noqa: E731
    compose = lambda f, g: lambda u: f(g(u))  # noqa: E731
    return np.sum(compose(square, np.sin)(x)) + np.sum(square(x, k=3))


def nested_function(x):
    offset = np.mean(x)

    def centred(u, weight=2.0):
        return (u - offset) * weight

    offset = offset * 2  # seen by the inner function, which looks names up when it is called
    return np.sum(centred(x) ** 2)


def recursion(x, depth=3):
    def nest(u, k):
        return u if k == 0 else np.sin(nest(u, k - 1)) + u

    return np.sum(nest(x, depth))


def closures(x):
    return np.sum(doubler(x) ** 2) + np.sum(add_one(x)) + decorated(x)


def global_values(x):
    return np.sum(SCALE * x * TABLE) + WEIGHTS["first"] * np.sum(x[:4] * WEIGHTS["second"]) * math.pi


def imports(x):
    import math as m

    from numpy import tanh as squash

    y = numpy.exp(x) + exp(-x) + np.e * squash(x)
    return linalg.norm(y) + numpy.linalg.norm(x, axis=0) * m.sqrt(2.0) + math.exp(x[0]) * math.tau


def containers(x):
    layers = [x, 2 * x, x**2]
    named = {"a": x, "b": np.cos(x)}
    pair = Pair(left=x, right=np.sin(x))
    total = 0.0
    for k, (layer, weight) in enumerate(zip(layers, (1.0, 2.0, 3.0))):
        total = total + weight * np.sum(layer) * (k + 1)
    for name, value in named.items():
        total = total + np.sum(value**2) * len(name)
    return total + np.sum(pair.left * pair.right) + sum([np.sum(v) for v in named.values()])


def comprehensions(x):
    powers = [x**k for k in (1, 2, 3) if k != 2]
    grid = [np.sum(u) * w for u in powers for w in (1.0, -0.5)]
    return sum(grid) + np.sum(np.stack(powers) ** 2) + np.sum(np.array([u.sum() for u in powers]))


def joining(x):
    y = np.concatenate([x, x**2, np.zeros(2)])
    z = np.stack((x, 2 * x), axis=1)
    return np.sum(y**2) + np.sum(z[:, 0] * z[:, 1]) + np.sum(np.array([[x[0], 1.0], [x[1] * x[2], x[3]]]) ** 2)


def python_numbers(x):
    n = len(x)
    half = n // 2
    share = 1 / n
    return np.sum(x[:half]) * share + 2**half * x[0] ** -1 + abs(-3) * abs(x[1]) + max(1, n) * min(2.5, half) * x[2]


def casts(x):
    y = x.astype(float) + np.float64(2.5) * float(x[0])
    k = (x > 0).astype(int)
    return np.sum(y * k) + int(3.7) * np.sum(x) + bool(1) * x[0]


def creation(x):
    n = x.shape[0]
    y = np.zeros(n) + np.ones_like(x) * x + np.full(n, 2.0) + np.arange(n) * x + np.eye(n) @ x
    return np.sum(y**2) + np.sum(np.full((2, 2), x[0])) + np.sum(np.zeros_like(x))


def broadcasting(x):
    column = x[:, None]
    one = np.sum(x).reshape(1)
    row = np.mean(x, keepdims=True)
    return np.sum(column * one + row) + np.sum((column - x) ** 2) + np.sum(np.broadcast_to(x, (2, 6)) * TABLE)


def size_one(x):
    y = x[:1]
    z = y * np.ones((3, 1)) + x[2:3]
    return np.sum(z * x[:, None, None]) + np.sum(np.squeeze(y) * x)


def extrema(x):
    return np.max(x) * np.min(x) + np.sum(np.maximum(x, 0.25)) - np.sum(np.minimum(x, TABLE)) + np.argmax(x)


def products(A):
    v, w = A[0], A[:, 1]
    return (
        v @ v
        + np.dot(w, A @ v)
        + np.sum(np.outer(w, v) ** 2)
        + np.sum(np.matmul(A.T, A) * 0.5)
        + np.dot(A, A.T).trace()
        + np.inner(v, v)
    )


def unused(x):
    dead = np.exp(x) / 0.5
    del_ = dead * 2
    return np.sum(x * 3), np.sum(del_)


def constant_part(x):
    y = np.sum(TABLE)
    return y * np.sum(x) + 3.0


def lists_of_python(x):
    pair = [x[0], x[1]] * 2 + [x[2]]
    return sum([u * (k + 1) for k, u in enumerate(pair)]) + np.sum(np.asarray([x[3], 2.0]) * [1.0, x[4]])


def conversions(x):
    y = np.asarray(x, dtype=float)
    z = np.array(y, dtype=np.float64)
    z += 1
    return np.sum(y.real * z) + np.sum(np.asarray([1, 2, 3], dtype=float) * x[:3])


def constants_in_a_sum(x):
    return np.sum(x * np.sin(x)) + np.sum(x) - np.sum(5 * x) - np.sum(x * TABLE) + 3 * np.sum(x**2) - 0.5 * np.sum(x)


def docstring_only(x):
    """One line."""
    ...
    pass
    return np.sum(x)


def annotated(x: np.ndarray, scale: float = 2.0) -> float:
    y: np.ndarray = x * scale
    z: int
    z = 3
    return np.sum(y) * z


def one_line(x): y = x * 2; return np.sum(y)  # noqa: E702,E704


def matrix_arguments(A):
    inverse = np.linalg.inv(A @ A.T + np.eye(3))
    return np.linalg.det(inverse) + np.linalg.slogdet(inverse)[1] + np.linalg.solve(inverse, A[:, 0]).sum()


def keyword_only_numpy(A):
    return np.sum(A, axis=(0, 1)) + np.mean(a=A, axis=-1).sum() + np.std(A, ddof=1, axis=0, keepdims=True).sum()


VECTOR = [f for f in list(globals().values()) if getattr(f, "__code__", None) and f.__code__.co_varnames[:1] == ("x",)]
MATRIX = [f for f in list(globals().values()) if getattr(f, "__code__", None) and f.__code__.co_varnames[:1] == ("A",)]
SKIPPED = ("unused",)  # returns a pair: tested with has_aux
VECTOR = [f for f in VECTOR if f.__name__ not in SKIPPED]

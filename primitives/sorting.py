"""Order: sorting, medians, quantiles, searching, choosing from a list."""

import numpy as np

from .asked import computed, is_static
from .registry import call, composed, draw, nondifferentiable, real


@composed(np.sort, samples=[call(real(5)), call(real(3, 4)), call(real(3, 4), axis=0)])
def sort(x, axis=-1, stable=None):
    """Equal elements keep their order, and each its own derivative."""
    if axis is None:
        return sort(np.ravel(x), 0)
    return np.take_along_axis(x, np.argsort(x, axis=axis, stable=True), axis)


@computed
def check_places(kth, n):
    for k in np.ravel(kth):
        if not -n <= k < n:
            raise IndexError(f"kth={k} is out of bounds for {n} elements")


EVERY = np.arange(4)  # all places at once leave NumPy only one order


@composed(
    np.partition,
    inline=True,
    samples=[call(real(4), EVERY).without_twin(), call(real(4, 3), EVERY, axis=0).without_twin()],
)
def partition(x, kth, axis=-1):
    """NumPy leaves the order within each part open: here all of it is sorted."""
    if axis is None:
        return partition(np.ravel(x), kth, 0)
    if is_static(kth):
        check_places(kth, x.shape[axis])
    return np.sort(x, axis=axis)


@composed(
    np.argpartition, inline=True, dtype="index", samples=[call(real(4), EVERY).without_twin()]
)
def argpartition(x, kth, axis=-1):
    """The places of what `partition` gives."""
    if axis is None:
        return argpartition(np.ravel(x), kth, 0)
    if is_static(kth):
        check_places(kth, x.shape[axis])
    return np.argsort(x, axis=axis, stable=True)


@composed(
    np.ptp,
    samples=[call(real(3, 4)), call(real(3, 4), axis=0), call(real(3, 4), axis=1, keepdims=True)],
)
def ptp(x, axis=None, keepdims=False):
    return np.max(x, axis=axis, keepdims=keepdims) - np.min(x, axis=axis, keepdims=keepdims)


@computed
def flattened(axis, ndim):
    """The axes that a reduction keeps, in order, and those that it goes over."""
    gone = range(ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    gone = sorted(k % ndim for k in gone)
    return [k for k in range(ndim) if k not in gone], gone


def in_order(x, axis):
    """The elements that a reduction goes over, sorted along a last axis."""
    kept, gone = flattened(axis, x.ndim)
    if len(gone) == 1:
        return np.sort(x if gone[0] == x.ndim - 1 else np.moveaxis(x, gone[0], -1), axis=-1)
    shape = tuple([x.shape[k] for k in kept])
    return np.sort(np.reshape(np.transpose(x, kept + gone), (*shape, -1)), axis=-1)


def with_axes(y, x, axis, keepdims, first=0):
    """What a reduction gives, after its `first` axes, with axes of size one in place of those that are gone."""
    if not keepdims:
        return y
    kept, gone = flattened(axis, x.ndim)
    return np.expand_dims(y, tuple([first + k for k in gone]))


@computed
def weights(q, n):
    """The two elements that a quantile lies between, and the weight of the second."""
    place = q * (n - 1)
    low = min(int(place), max(n - 2, 0))
    return low, min(low + 1, n - 1), place - low


def weights_of(q, n):
    """The same for fractions that the run computes."""
    position = q * (n - 1)
    low = np.clip(np.floor(position), 0, max(n - 2, 0)).astype(int)
    return low, np.minimum(low + 1, n - 1), position - low


def between(ordered, q):
    """The quantile, or quantiles along a last axis."""
    n = ordered.shape[-1]
    low, high, weight = weights(q, n) if is_static(q) else weights_of(q, n)
    if is_static(weight) and weight == 0:
        return ordered[..., low]
    if is_static(weight) and weight == 1:
        return ordered[..., high]
    return (1 - weight) * ordered[..., low] + weight * ordered[..., high]


REDUCED = [
    call(real(5)),
    call(real(4)),
    call(real(3, 4)),
    call(real(3, 4), axis=0),
    call(real(2, 3, 4), axis=(0, 2)),
    call(real(3, 4), axis=1, keepdims=True),
]


@composed(np.median, dtype="float", samples=REDUCED)
def median(x, axis=None, keepdims=False):
    """Of an even number of elements, the two in the middle have half of the derivative each."""
    return with_axes(between(in_order(x, axis), 0.5), x, axis, keepdims)


@computed
def listed(q):
    return q.tolist() if isinstance(q, np.ndarray) else q


QUANTILES = [
    call(real(5), 0.3),
    call(real(3, 4), 0.5, axis=0),
    call(real(3, 4), 0.9, axis=1, keepdims=True),
    call(real(6), [0.0, 0.25, 1.0]),
    call(real(5), draw((0.1, 0.9))),
    call(real(3, 4), draw((0.1, 0.9), 2), axis=0),
    call(real(3, 4), draw((0.1, 0.9)), axis=1, keepdims=True),
]


@composed(np.quantile, dtype="float", wrt=["x", "q"], numbers=["q"], samples=QUANTILES)
def quantile(x, q, axis=None, keepdims=False):
    if np.ndim(q) > 1:
        raise NotImplementedError("np.quantile at fractions with more than one axis")
    ordered, fractions = in_order(x, axis), listed(q) if is_static(q) else q
    if np.ndim(q) == 1 and not is_static(q):
        found = between(ordered, q)
        first = np.moveaxis(found, -1, 0) if found.ndim > 1 else found
        return with_axes(first, x, axis, keepdims, 1)
    if isinstance(fractions, list):
        return np.stack([with_axes(between(ordered, p), x, axis, keepdims) for p in fractions])
    return with_axes(between(ordered, fractions), x, axis, keepdims)


@computed
def hundredth(q):
    return [p / 100 for p in q] if isinstance(q, list | tuple) else q / 100


@composed(
    np.percentile,
    dtype="float",
    wrt=["x", "q"],
    numbers=["q"],
    samples=[
        call(real(5), 30),
        call(real(3, 4), 50.0, axis=0),
        call(real(6), [10, 90]),
        call(real(3, 4), draw((10, 90), 2), axis=0),
    ],
)
def percentile(x, q, axis=None, keepdims=False):
    return quantile(x, hundredth(listed(q)) if is_static(q) else q / 100, axis, keepdims)


@composed(
    np.select,
    lists=("condlist", "choicelist"),
    wrt=["choicelist", "default"],
    samples=[
        call([draw("bool", 4), draw("bool", 4)], [real(4), real(4)]),
        call([draw("bool", 4)], [real(4)], real()),
    ],
)
def select(condlist, choicelist, default=0.0):
    chosen = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        chosen = np.where(condition, choice, chosen)
    return chosen


@composed(
    np.choose,
    inline=True,  # JAX knows no mode that raises
    lists=("choices",),
    wrt=["choices"],
    samples=[
        call(np.array([0, 2, 1, 1]), [real(4), real(4), 3.0]).without_twin(),
        call(np.array([0, 5, -1, 1]), [real(4), real(4)], mode="clip").without_twin(),
        call(np.array([0, 5, -1, 1]), [real(3, 4), real(4)], mode="wrap").without_twin(),
    ],
)
def choose(a, choices, mode="raise"):
    places = a if is_static(a) else np.asarray(a)
    if mode == "clip":
        places = np.clip(a, 0, len(choices) - 1)
    if mode == "wrap":
        places = a % len(choices)
    if len(choices) == 1:
        shape = np.broadcast_shapes(np.shape(choices[0]), np.shape(places))
        return np.copy(np.broadcast_to(choices[0], shape))
    chosen = choices[0]
    for k in range(1, len(choices)):
        chosen = np.where(places == k, choices[k], chosen)
    return chosen


nondifferentiable(
    np.searchsorted,
    lambda x, v, side="left": x,
    dtype="index",
    wrt=["x", "v"],
    samples=[
        call(np.array([0.0, 1.0, 2.0]), real(4)),
        call(np.array([0.0, 1.0]), real(), side="right"),
    ],
)
nondifferentiable(
    np.digitize,
    lambda x, bins, right=False: x,
    dtype="index",
    wrt=["x", "bins"],
    samples=[call(real(4), np.array([-1.0, 0.0, 1.0]))],
)


# The length of these results depends on values: they have no samples, but tests of their own.


@computed
def as_mask(condition):
    """What is true of a list or an array that is written out."""
    return np.asarray(condition).astype(bool)


def selected(condition, size):
    """Which of so many elements a condition keeps: as far as it goes, and those for which it is not zero."""
    if is_static(condition):
        condition = as_mask(condition)
    elif condition.dtype != bool:
        condition = condition != 0
    if np.ndim(condition) != 1:
        raise ValueError("the condition must have one axis")
    if condition.shape[0] > size:
        raise NotImplementedError("a condition that is longer than the axis")
    if condition.shape[0] < size:
        return np.concatenate([condition, np.zeros(size - condition.shape[0], bool)])
    return condition


@composed(np.extract, inline=True, wrt=["x"])
def extract(condition, x):
    flat = as_mask(condition) if is_static(condition) else condition
    return np.ravel(x)[selected(np.ravel(flat), x.size)]


@composed(np.compress, inline=True, wrt=["x"])
def compress(condition, x, axis=None):
    condition = condition if is_static(condition) else np.asarray(condition)
    if axis is None:
        return np.ravel(x)[selected(condition, x.size)]
    k = axis % x.ndim
    return x[(slice(None),) * k + (selected(condition, x.shape[k]),)]

"""Joining, splitting, repeating, rolling and padding arrays."""

import numpy as np

from .asked import computed
from .registry import adjoint, call, composed, linear, real, tangent
from .shapes import add_at, place

# --- joining ---


@composed(
    np.vstack,
    dtype="array",
    samples=[
        call([real(2, 3), real(4, 3)]),
        call([real(3), real(3)]),
        call([real(3), real(2, 3)]),
    ],
)
def vstack(arrays):
    if all([np.ndim(a) == 1 for a in arrays]):
        return np.stack(arrays)
    return np.concatenate([np.atleast_2d(a) for a in arrays])


@composed(
    np.hstack,
    dtype="array",
    samples=[call([real(2), real(4)]), call([real(2, 3), real(2, 1)]), call([real(), real()])],
)
def hstack(arrays):
    rows = [np.atleast_1d(a) for a in arrays]
    return np.concatenate(rows, axis=0 if rows[0].ndim == 1 else 1)


@composed(
    np.dstack,
    dtype="array",
    samples=[
        call([real(3), real(3)]),
        call([real(2, 3), real(2, 3)]),
        call([real(2, 3, 1), real(2, 3, 4)]),
    ],
)
def dstack(arrays):
    return np.concatenate([np.atleast_3d(a) for a in arrays], axis=2)


@composed(
    np.column_stack,
    dtype="array",
    samples=[call([real(3), real(3)]), call([real(3, 2), real(3)])],
)
def column_stack(arrays):
    if all([np.ndim(a) == 1 for a in arrays]):
        return np.stack(arrays, axis=1)
    columns = [np.reshape(a, (-1, 1)) if np.ndim(a) == 0 else a for a in arrays]
    return np.concatenate([a[:, None] if a.ndim == 1 else a for a in columns], axis=1)


def joined(arrays, axis):
    """The blocks of a row next to each other; a single one as it is."""
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays, axis=axis)


@composed(
    np.block,
    dtype="array",
    samples=[
        call([[real(2, 3), real(2, 1)], [real(1, 3), real(1, 1)]]),
        call([real(2), real(3)]),
        call([[real(2)], [real(2)]]),
    ],
)
def block(arrays):
    if not isinstance(arrays[0], list):
        return joined([np.atleast_1d(a) for a in arrays], -1)
    if isinstance(arrays[0][0], list):
        raise NotImplementedError("blocks nested more than two deep")
    rows = [joined([np.atleast_2d(a) for a in row], -1) for row in arrays]
    return joined(rows, -2)


@composed(
    np.append,
    dtype="array",
    wrt=["x", "values"],
    samples=[
        call(real(3), real()),
        call(real(2, 3), real(4)),
        call(real(2, 3), real(1, 3), axis=0),
    ],
)
def append(x, values, axis=None):
    if axis is None:
        return np.concatenate([np.ravel(x), np.ravel(values)])
    return np.concatenate([x, values], axis=axis)


# --- taking out and putting in ---


@computed
def within(place, most, size):
    """A place counted from the front; it must be less than `most`."""
    if not -size <= place < most:
        raise IndexError(f"index {place} is out of bounds for axis with size {size}")
    return place if place >= 0 else place + size


def along(index, axis):
    """An index of one axis."""
    return (slice(None),) * axis + (index,)


@composed(
    np.delete,
    numbers=["obj"],
    samples=[
        call(real(5), 2),
        call(real(4, 3), 1, axis=0),
        call(real(4, 3), -1, axis=1),
        call(real(5), [0, 3], axis=0),
        call(real(6), slice(1, 5, 2)),
    ],
)
def delete(x, obj, axis=None):
    if axis is None:
        return delete(np.ravel(x), obj, 0)
    size = x.shape[axis]
    if isinstance(obj, int):
        place = within(obj, size, size)
        before, behind = slice(None, place), slice(place + 1, None)
        k = axis % x.ndim
        return np.concatenate([x[along(before, k)], x[along(behind, k)]], axis=axis)
    return x[along(np.delete(np.arange(size), obj), axis % x.ndim)]


@composed(
    np.insert,
    inline=True,  # JAX takes a place behind the end for the end
    wrt=["x", "values"],
    samples=[
        call(real(5), 2, real()).without_twin(),
        call(real(4, 3), 1, real(3), axis=0).without_twin(),
        call(real(4, 3), -1, real(4), axis=1).without_twin(),
        call(real(4, 3), 0, real(), axis=0).without_twin(),
    ],
)
def insert(x, obj, values, axis=None):
    if not isinstance(obj, int):
        raise NotImplementedError("np.insert at several places")
    if axis is None:
        return insert(np.ravel(x), obj, values, 0)
    if np.ndim(values) > x.ndim - 1 and np.ndim(values) > 0:
        raise NotImplementedError("np.insert of several values")
    k, place = axis % x.ndim, within(obj, x.shape[axis] + 1, x.shape[axis])
    before, behind = x[along(slice(None, place), k)], x[along(slice(place, None), k)]
    row = np.broadcast_to(values, x.shape[:k] + x.shape[k + 1 :])
    row = row if row.dtype == x.dtype else row.astype(x.dtype)
    return np.concatenate([before, np.expand_dims(row, k), behind], axis=axis)


# --- splitting ---


@computed
def bounds(indices_or_sections, size, even):
    """The (start, stop) of each part of an axis, as in `np.array_split`."""
    parts = np.array_split(np.arange(size), indices_or_sections)
    if even and isinstance(indices_or_sections, int) and size % indices_or_sections:
        raise ValueError("array split does not result in an equal division")
    stops = np.cumsum([len(part) for part in parts]).tolist()
    if not isinstance(indices_or_sections, int):
        cuts = [slice(k).indices(size)[1] for k in indices_or_sections]
        starts, ends = [0, *cuts], [*cuts, size]
        return list(zip(starts, ends, strict=True))
    return list(zip([0, *stops[:-1]], stops, strict=True))


def parts(x, indices_or_sections, axis, even):
    k = axis % x.ndim
    return [
        x[along(slice(start, stop), k)]
        for start, stop in bounds(indices_or_sections, x.shape[k], even)
    ]


@composed(
    np.split,
    views=True,
    samples=[
        call(real(6), 3),
        call(real(4, 6), 2, axis=1),
        call(real(6), [2, 5]),
        call(real(6), (1, 1, 4)),
    ],
)
def split(x, indices_or_sections, axis=0):
    return parts(x, indices_or_sections, axis, True)


@composed(np.array_split, views=True, samples=[call(real(7), 3), call(real(2, 5), [1, 3], axis=-1)])
def array_split(x, indices_or_sections, axis=0):
    return parts(x, indices_or_sections, axis, False)


@composed(np.hsplit, views=True, samples=[call(real(6), 2), call(real(2, 6), [1, 4])])
def hsplit(x, indices_or_sections):
    return parts(x, indices_or_sections, 0 if x.ndim == 1 else 1, True)


@composed(np.vsplit, views=True, samples=[call(real(4, 3), 2), call(real(4, 3), [1])])
def vsplit(x, indices_or_sections):
    return parts(x, indices_or_sections, 0, True)


@composed(np.dsplit, views=True, samples=[call(real(2, 3, 4), 2)])
def dsplit(x, indices_or_sections):
    return parts(x, indices_or_sections, 2, True)


@composed(np.unstack, views=True, samples=[call(real(3, 2)), call(real(2, 3), axis=1)])
def unstack(x, axis=0):
    k = axis % x.ndim
    return tuple([x[along(n, k)] for n in range(x.shape[k])])


# --- repeating, rolling, turning ---


@computed
def interleaved(shape, reps):
    """Shapes for `np.tile`: the array's and the repetitions, each in turn with 1, and the result's."""
    reps = (reps,) if isinstance(reps, int) else tuple(reps)
    n = max(len(shape), len(reps))
    shape, reps = (1,) * (n - len(shape)) + tuple(shape), (1,) * (n - len(reps)) + reps
    ones = tuple(m for size in shape for m in (1, size))
    full = tuple(m for size, times in zip(shape, reps, strict=True) for m in (times, size))
    return ones, full, tuple(a * b for a, b in zip(shape, reps, strict=True))


@composed(
    np.tile,
    samples=[
        call(real(3), 2),
        call(real(2, 3), (2, 1)),
        call(real(3), (2, 2)),
        call(real(2, 3), 2),
        call(real(), 3),
    ],
)
def tile(x, reps):
    ones, full, whole = interleaved(x.shape, reps)
    return np.reshape(np.broadcast_to(np.reshape(x, ones), full), whole)


@composed(
    np.repeat,
    numbers=["repeats"],
    samples=[
        call(real(3), 2),
        call(real(2, 3), 2, axis=1),
        call(real(2, 3), 3),
        call(real(3), [1, 0, 2]),
    ],
)
def repeat(x, repeats, axis=None):
    if axis is None:
        return repeat(np.ravel(x), repeats, 0)
    k = axis % x.ndim
    if not isinstance(repeats, int):
        return x[along(np.repeat(np.arange(x.shape[k]), repeats), k)]
    full = x.shape[: k + 1] + (repeats,) + x.shape[k + 1 :]
    whole = x.shape[:k] + (x.shape[k] * repeats,) + x.shape[k + 1 :]
    return np.reshape(np.broadcast_to(np.expand_dims(x, k + 1), full), whole)


@linear(
    np.roll,
    integers=["shift"],
    samples=[
        call(real(5), 2),
        call(real(3, 4), -1, axis=1),
        call(real(3, 4), 5),
        call(real(3, 4), (1, 2), axis=(0, 1)),
    ],
)
def roll(dy, y, x, shift, axis=None):
    if isinstance(shift, tuple | list):
        return np.roll(dy, tuple([-s for s in shift]), axis)
    return np.roll(dy, -shift, axis)


@linear(
    np.rot90,
    views=True,
    samples=[call(real(2, 3)), call(real(2, 3), k=2), call(real(2, 3, 4), k=-1, axes=(1, 2))],
)
def rot90(dy, y, x, k=1, axes=(0, 1)):
    return np.rot90(dy, -k, axes)


@linear(np.fliplr, views=True, samples=[call(real(2, 3))])
def fliplr(dy, y, x):
    return np.fliplr(dy)


@linear(np.flipud, views=True, samples=[call(real(2, 3)), call(real(3))])
def flipud(dy, y, x):
    return np.flipud(dy)


# --- padding ---


@computed
def inside(pad_width, shape):
    """Where the original begins and ends in a padded array, None where it is not padded."""
    widths = np.broadcast_to(np.asarray(pad_width), (len(shape), 2)).tolist()
    return [(a, a + n) if a or b else (None, None) for (a, b), n in zip(widths, shape, strict=True)]


@computed
def is_pairs(pad_width):
    return not isinstance(pad_width, dict)


@computed
def widths_of(pad_width, shape):
    """For each axis how many elements are added in front and behind."""
    return [tuple(w) for w in np.broadcast_to(np.asarray(pad_width), (len(shape), 2)).tolist()]


@computed
def is_once(front, back, n, mode):
    """Whether no element is copied twice to one side, but to continue an edge."""
    return mode == "edge" or max(front, back) <= (n - 1 if mode == "reflect" else n)


def folded(dy, front, back, n, mode, axis):
    """The adjoint of what was padded along an axis: its copies are added to what they are copies of."""
    if not is_once(front, back, n, mode):
        places = np.pad(np.arange(n), (front, back), mode=mode)
        return place(dy, dy.shape[:axis] + (n,) + dy.shape[axis + 1 :], along(places, axis))
    dx = dy[along(slice(front, -back or None), axis)]
    if front > 0:
        part = dy[along(slice(None, front), axis)]
        if mode == "edge":
            dx = add_at(dx, np.sum(part, axis=axis), along(0, axis))
        elif mode == "wrap":
            dx = add_at(dx, part, along(slice(-front, None), axis))
        else:
            first = 1 if mode == "reflect" else 0
            dx = add_at(dx, np.flip(part, axis), along(slice(first, first + front), axis))
    if back > 0:
        part = dy[along(slice(-back, None), axis)]
        if mode == "edge":
            dx = add_at(dx, np.sum(part, axis=axis), along(-1, axis))
        elif mode == "wrap":
            dx = add_at(dx, part, along(slice(None, back), axis))
        else:
            last = slice(-back - 1, -1) if mode == "reflect" else slice(-back, None)
            dx = add_at(dx, np.flip(part, axis), along(last, axis))
    return dx


@adjoint(
    np.pad,
    wrt=["x"],
    samples=[
        call(real(3), 2),
        call(real(2, 3), (1, 2)),
        call(real(2, 3), ((1, 0), (0, 2))),
        call(real(2, 3), 1, constant_values=2.0),
        call(real(4), 2, mode="edge"),
        call(real(4, 3), ((0, 2), (1, 1)), mode="reflect"),
        call(real(4, 3), 2, mode="symmetric"),
        call(real(4), (1, 3), mode="wrap"),
        call(real(3, 2), ((4, 7), (0, 1)), mode="wrap"),
        call(real(3), (3, 0), mode="symmetric"),
        call(real(3), (0, 3), mode="reflect"),
        call(real(2, 3), ((0, 5), (3, 4)), mode="reflect"),
    ],
)
def pad(dy, y, x, pad_width, mode="constant", constant_values=0):
    if not is_pairs(pad_width):
        raise ValueError("np.pad is given widths in a dict: give a pair for each axis")
    if mode == "constant":
        return dy[tuple([slice(a, b) for a, b in inside(pad_width, x.shape)])]
    if mode not in ("edge", "reflect", "symmetric", "wrap"):
        raise NotImplementedError("this mode of np.pad")
    for axis, (front, back) in enumerate(widths_of(pad_width, x.shape)):
        if front or back:
            dy = folded(dy, front, back, x.shape[axis], mode, axis)
    return dy


@tangent(np.pad)
def pad_tangent(x_dot, y, x, pad_width, mode="constant", constant_values=0):
    if mode not in ("constant", "edge", "reflect", "symmetric", "wrap"):
        raise NotImplementedError("this mode of np.pad")
    return np.pad(x_dot, pad_width, mode=mode)

"""Functions that take functions, written out: loops and branches of `jax.lax`, `jax.vmap`, `np.apply_along_axis`."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .asked import computed
from .written import frozen, results_of, written

# --- jax.lax: loops and branches ---


@written(lax.cond)
def cond(pred, true_fun, false_fun, *operands):
    if pred:
        result = true_fun(*frozen(*operands))
    else:
        result = false_fun(*frozen(*operands))
    return result


@written(lax.switch)
def switch(index, branches, *operands):
    if len(branches) == 1:
        result = branches[0](*frozen(*operands))
    elif index <= 0:
        result = branches[0](*frozen(*operands))
    else:
        result = switch(index - 1, branches[1:], *operands)
    return result


@written(lax.fori_loop)
def fori_loop(lower, upper, body_fun, init_val, unroll=None):
    val = init_val
    for i in range(lower, upper):
        val = body_fun(i, *frozen(val))
    return val


@written(lax.while_loop)
def while_loop(cond_fun, body_fun, init_val):
    val = init_val
    while cond_fun(*frozen(val)):
        val = body_fun(*frozen(val))
    return val


@written()
def lengths_of(xs):
    """How long each array is that a scan goes through."""
    if xs is None:
        return []
    if isinstance(xs, dict):
        raise NotImplementedError("a scan over a dict")
    if not isinstance(xs, tuple | list):
        return [len(xs)]
    found = []
    for x in xs:
        found = found + lengths_of(x)
    return found


@written()
def row_of(xs, k):
    """What a scan hands to one iteration."""
    if xs is None:
        return None
    if not isinstance(xs, tuple | list):
        return xs[k]
    found = ()
    for x in xs:
        found = (*found, row_of(x, k))
    return found if isinstance(xs, tuple) else list(found)


@computed
def length_of(lengths, length):
    """The number of iterations, on which all must agree."""
    found = {*lengths} if length is None else {*lengths, length}
    if len(found) != 1:
        raise ValueError(f"the arrays to go through have different lengths: {sorted(found)}")
    if found == {0}:
        raise NotImplementedError("a loop over nothing")
    return found.pop()


@written()
def results_and_rows(f, carry, x):
    """What an iteration puts out, as a tuple."""
    _, y = f(*frozen(carry, x))
    return y


@computed
def places_in(length, reverse):
    return range(length - 1, -1, -1) if reverse else range(length)


@written()
def stacked(rows, reverse):
    return np.array(rows)[::-1] if reverse else np.array(rows)


@written(lax.scan)
def scan(f, init, xs=None, length=None, reverse=False, unroll=1):
    places = places_in(length_of(lengths_of(xs), length), reverse)
    several = results_of(results_and_rows, f, init, row_of(xs, 0))
    columns = tuple([[] for _ in range(1 if several is None else several)])
    carry, y = init, None
    for k in places:
        carry, y = f(*frozen(carry, row_of(xs, k)))
        if several is not None:
            for column, part in zip(columns, y, strict=True):
                column.append(part)
        elif y is not None:
            columns[0].append(y)
    if several is not None:
        return carry, tuple([stacked(column, reverse) for column in columns])
    if y is None:
        return carry, None
    return carry, stacked(columns[0], reverse)


@written(lax.map)
def map_(f, xs, batch_size=None):
    def step(carry, x):
        return carry, f(x)

    return scan(step, None, xs)[1]


# --- functions of functions ---


@written(functools.partial)
def partial(func, *args, **keywords):
    def bound(*more, **named):
        return func(*args, *more, **keywords, **named)

    return bound


@written(jax.jit, jax.checkpoint)
def same(fun, **options):
    def transformed(*args, **named):
        given, keywords = frozen(args, named)
        return frozen(fun(*given, **keywords))[0]

    return transformed


@computed
def axes_for(in_axes, count, out_axes):
    """The axis of each argument, None for one that is handed on whole."""
    axes = in_axes if isinstance(in_axes, tuple | list) else (in_axes,) * count
    if len(axes) != count or not all(a is None or isinstance(a, int) for a in axes):
        raise NotImplementedError("in_axes other than an int or None for each argument")
    if all(a is None for a in axes):
        raise NotImplementedError("jax.vmap over nothing")
    if not isinstance(out_axes, int):
        raise NotImplementedError("out_axes other than an int")
    return list(axes)


@written(jax.vmap)
def vmap(fun, in_axes=0, out_axes=0):
    def mapped(*args):
        axes, moved, lengths = axes_for(in_axes, len(args), out_axes), (), []
        for a, axis in zip(args, axes, strict=True):
            if isinstance(a, tuple | list | dict):
                raise NotImplementedError("jax.vmap over the arrays of a container")
            moved = (*moved, a if not axis else np.moveaxis(a, axis, 0))
            if axis is not None:
                lengths = [*lengths, len(moved[-1])]

        def step(k, _):
            row = ()
            for a, axis in zip(moved, axes, strict=True):
                row = (*row, a if axis is None else a[k])
            return fun(*frozen(*row))

        several = results_of(step, 0, None)
        columns = tuple([[] for _ in range(1 if several is None else several)])
        for k in range(length_of(lengths, None)):
            y = step(k, None)
            if several is None:
                columns[0].append(y)
            else:
                for column, part in zip(columns, y, strict=True):
                    column.append(part)
        result = [np.array(column) for column in columns]
        if out_axes != 0:
            result = [np.moveaxis(rows, 0, out_axes) for rows in result]
        return frozen(*result)[0] if several is None else frozen(*result)

    return mapped


# --- numpy: functions of functions ---


@written(np.apply_along_axis, jnp.apply_along_axis)
def apply_along_axis(func1d, axis, arr, *args, **kwargs):
    moved = np.moveaxis(arr, axis, -1)
    rows = np.reshape(moved, (-1, moved.shape[-1]))
    found = []
    for row in rows:
        found.append(func1d(row, *args, **kwargs))
    result = np.array(found)
    around, own = moved.shape[:-1], result.shape[1:]
    whole = np.reshape(result, around + own)
    place = axis % arr.ndim
    for k in range(len(own)):
        whole = np.moveaxis(whole, len(around) + k, place + k)
    return whole


@written(np.fromfunction)
def fromfunction(function, shape, dtype=float):
    return function(*np.indices(shape).astype(dtype))


@written(np.piecewise)
def piecewise(x, condlist, funclist):
    """Each function sees the elements of its own condition alone; the last one that holds counts."""
    y, conditions = np.zeros_like(x), condlist
    if len(funclist) == len(condlist) + 1:
        other = ~condlist[0]
        for condition in condlist[1:]:
            other = other & ~condition
        conditions = [*condlist, other]
    if not isinstance(condlist, list | tuple):
        raise NotImplementedError("np.piecewise with conditions that are no list")
    if len(conditions) != len(funclist) or np.ndim(x) == 0:
        raise NotImplementedError("np.piecewise of a number, or with too few or too many functions")
    for condition, function in zip(conditions, funclist, strict=True):
        y[condition] = function(x[condition]) if callable(function) else function
    return y

"""Adjoints are written into slices that run forwards: what runs backwards is turned around before.

XLA (as of jax 0.10.2) takes an addition to all of an array, and one number written into all of it, for operations that
it cannot turn around afterwards, and aborts the process.

Given:
    y[::-1] += v
    z[3:0:-1] = w
    u[:] = 0

Then:
    y = y + v[::-1]
    z[1:4] = w[::-1]
    u = zeros_like(u)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..primitives import add_at, getitem, place, update
from .ir import Atom, Function, Node
from .lengths import has_unknown
from .operands import ArrayType, Items, Lit, Operand, Slice, Var, substitute, type_of
from .trace import Trace
from .values import operand_of, static_value, value_of

WRITES = (add_at, update, place)


def write_forwards(function: Function) -> Function:
    """The function with the slices that its adjoints are written into turned around."""
    return _written(function, False)


def write_forwards_for_jax(function: Function) -> Function:
    """The same; and an array that is filled with one number is made anew, by the user's own lines, too."""
    return _written(function, True)


def _written(function: Function, filling: bool) -> Function:
    trace = Trace(lengths=function.lengths)
    is_now: dict[Var, Operand] = {}
    body = _nodes(trace, function.body, is_now, filling)

    def now(v: Var) -> Operand:
        while v in is_now:
            operand = is_now[v]
            if not isinstance(operand, Var):
                return operand
            v = operand
        return v

    body = tuple(node.map(now) for node in body)
    return function.with_body(body, substitute(function.output, now))


def _nodes(
    trace: Trace, nodes: Sequence[Node], is_now: dict[Var, Operand], filling: bool
) -> list[Node]:
    with trace.region() as out:
        for node in nodes:
            if not isinstance(node, Atom):
                bodies = [_nodes(trace, r.body, is_now, filling) for r in node.regions]
                pairs = zip(node.regions, bodies, strict=True)
                trace.add(node.with_regions([replace(r, body=tuple(b)) for r, b in pairs]))
            elif filling and _fills(node):
                trace.add(_filled(node))
            elif is_adjoint_write(node):
                _write(trace, node, is_now)
            else:
                trace.add(node)
    return out


def is_adjoint_write(atom: Atom) -> bool:
    """Whether an atom writes into an array, and not on the user's behalf."""
    found = atom.op in WRITES and atom.origin.part != "primal"
    return found and not has_unknown(atom.result.type)


def _fills(atom: Atom) -> bool:
    """Whether an assignment puts one number into all of an array."""
    if atom.op is not update or has_unknown(atom.result.type):
        return False
    _, value, index = atom.args
    number, whole = type_of(value), atom.result.type
    if not isinstance(number, ArrayType) or number.size != 1 or number.ndim > whole.ndim:
        return False
    items = index.items if isinstance(index, Items) else (index,)
    if items == (Lit(...),):
        return True
    if len(items) > whole.ndim or not all(isinstance(item, Slice) for item in items):
        return False
    spans = zip(items, whole.shape, strict=False)
    places = [_places(item, size) for item, size in spans]
    return all(p is not None and len(p) == n for p, n in zip(places, whole.shape, strict=False))


def _filled(atom: Atom) -> Atom:
    base, value, _ = atom.args
    origin = replace(atom.origin, spelling="function")
    if isinstance(value, Lit) and value.value == 0:
        return replace(atom, op=np.zeros_like, args=(base,), origin=origin)
    return replace(atom, op=np.full_like, args=(base, value), origin=origin)


def _write(trace: Trace, atom: Atom, is_now: dict[Var, Operand]) -> None:
    *_, index = atom.args
    items = list(index.items) if isinstance(index, Items) else [index]
    whole = atom.result.type
    assert isinstance(whole, ArrayType)
    if not all(isinstance(item, Slice) for item in items) or len(items) > whole.ndim:
        trace.add(atom)
        return
    turned: list[int] = []
    everything = True
    for axis, size in enumerate(whole.shape):
        places = _places(items[axis], size) if axis < len(items) else range(size)
        if places is None:
            everything = False
        elif places.step < 0 and len(places):
            turned.append(axis)
            items[axis] = _slice(places[::-1], size)
            everything = everything and places[::-1] == range(size)
        else:
            everything = everything and places == range(size)
    value = atom.args[0 if atom.op is place else 1]
    if not turned and not (everything and atom.op is add_at):
        trace.add(atom)
        return
    value = _turned(trace, value, turned, whole.ndim, atom)
    if everything and type_of(value) == whole and atom.op is add_at:
        origin = replace(atom.origin, spelling="operator")
        trace.add(replace(atom, op=np.add, args=(atom.args[0], value), origin=origin))
        return
    if everything and type_of(value) == whole:  # nothing is left of the array
        is_now[atom.result] = value
        return
    index = items[0] if len(items) == 1 else Items("tuple", tuple(items))
    if atom.op is place:
        trace.add(replace(atom, args=(value, atom.args[1], index)))
    else:
        trace.add(replace(atom, args=(atom.args[0], value, index)))


def _turned(trace: Trace, value: Operand, axes: list[int], ndim: int, atom: Atom) -> Operand:
    """The value of a write, turned around along some axes of the array."""
    found = type_of(value)
    assert isinstance(found, ArrayType)
    items: list[Operand] = [Slice(None, None, None)] * found.ndim
    for axis in axes:
        mine = axis - (ndim - found.ndim)
        if mine >= 0 and found.shape[mine] > 1:
            items[mine] = Slice(None, None, Lit(-1))
    while items and items[-1] == Slice(None, None, None):
        items.pop()
    if not items:
        return value
    index = items[0] if len(items) == 1 else Items("tuple", tuple(items))
    origin = replace(atom.origin, spelling="operator")
    return operand_of(trace.apply(getitem, [value_of(value), value_of(index)], {}, origin))


def _places(item: Operand, size: int) -> range | None:
    try:
        found = static_value(item)
    except KeyError:
        return None
    return range(size)[found]


def _slice(places: range, size: int) -> Slice:
    last = places[-1] + 1
    return Slice(
        None if places[0] == 0 else Lit(places[0]),
        None if last >= size else Lit(last),
        None if places.step == 1 else Lit(places.step),
    )

"""Parts of loops that are written anew: more carries, the place of an iteration, arrays with a value for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .ir import Node, Origin, Region, Repeat
from .operands import ArrayType, ListType, Operand, Type, Var
from .trace import Trace
from .values import Array, Known, Value, value_of


def kept_anyway(loop: Repeat, v: Var, wanted: Type) -> Var | None:
    """The array that holds a value of each iteration without being made for it: a stream, or what is stacked."""
    for element, rows in loop.streamed:
        if element is v and isinstance(rows, Var) and rows.type == wanted:
            return rows
    for rows, output in loop.stacked:
        if output is v and rows.type == wanted:
            return rows
    return None


def rows_of(v: Var, length: int) -> Type:
    """The type of an array with a value for each iteration."""
    if not isinstance(v.type, ArrayType):
        return ListType(v.type)
    return ArrayType((length, *v.type.shape), v.type.dtype)


def with_carries(
    node: Repeat, carries: Sequence[tuple[Var, Operand, Var, Operand]], nodes: Sequence[Node]
) -> Repeat:
    """A loop with more carries (result, init, parameter, output), behind those that it has."""
    count = len(node.inits)
    results, inits, params, outputs = (tuple(c[k] for c in carries) for k in range(4))
    body = Region(
        (*node.body.params[:count], *params, *node.body.params[count:]),  # type: ignore[arg-type]
        tuple(nodes),
        (*node.body.outputs[:count], *outputs, *node.body.outputs[count:]),
    )
    test = node.test
    if test is not None:
        test = replace(test, params=(*test.params, *(Var(p.hint, p.type) for p in params)))  # type: ignore[union-attr]
    return replace(
        node,
        results=(*node.results[:count], *results, *node.results[count:]),
        inits=(*node.inits, *inits),
        body=body,
        test=test,
    )


def ordinal_of(
    trace: Trace, span: tuple[Operand, Operand, Operand], index: Var, origin: Origin
) -> Value:
    """How many iterations lie before the one of an index."""
    start, _, step = map(value_of, span)
    origin = replace(origin, spelling="operator")
    place: Value = Array(index, scalar=True)
    if not (isinstance(start, Known) and start.value == 0):
        place = trace.apply(np.subtract, [place, start], {}, origin)
    if not (isinstance(step, Known) and step.value == 1):
        place = trace.apply(np.floor_divide, [place, step], {}, origin)
    return place


def index_of(trace: Trace, loop: Repeat, ordinal: Var) -> Value:
    """The loop variable of the iteration before which lie `ordinal` others."""
    assert loop.span is not None
    start, _, step = map(value_of, loop.span)
    origin = replace(adjoint(loop), spelling="operator")
    index: Value = Array(ordinal, scalar=True)
    if not (isinstance(step, Known) and step.value == 1):
        index = trace.apply(np.multiply, [index, step], {}, origin)
    if not (isinstance(start, Known) and start.value == 0):
        index = trace.apply(np.add, [start, index], {}, origin)
    return index


def adjoint(node: Node) -> Origin:
    return replace(node.origin, part="adjoint")

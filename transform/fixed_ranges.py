"""A loop whose range depends on the loop around it, as one over the widest range that does nothing outside of its own.

Given, in a loop over i in range(n):
    for j in range(i):
        s = s + x[j]

Then:
    for j in range(n - 1):
        if j < i:
            s = s + x[j]
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from .affine import Ranges, affine, bounds_of, combined
from .intervals import static_int
from .ir import Choice, Region, Repeat
from .operands import ArrayType, Lit, Operand, Var
from .trace import Trace
from .values import Array, Value, operand_of, value_of

SHORT = 32  # iterations that cost next to nothing
LONGER = 2  # how many times longer the fixed range may be than the longest


def over_widest_range(trace: Trace, node: Repeat, ranges: Ranges) -> Repeat | None:
    """The loop with a fixed range; None where it has one, or where none is known."""
    if node.span is None or node.index is None or node.test is not None or node.streams:
        return None
    if len(node.results) > len(node.inits) or static_int(node.span[2]) != 1:
        return None
    start, stop, _ = node.span
    begin, end = (_bounds(o, ranges) for o in (start, stop))
    if begin is None or end is None:
        return None
    (low, first), (last, high) = begin, end
    longest = _longest(start, stop, ranges)
    if low < 0 or high <= low or longest is None:
        return None
    if high - low > max(SHORT, LONGER * longest):
        return None  # a narrow band
    origin = replace(node.origin, spelling="operator")
    # A variable of its own: what is known of the narrower range does not hold for it.
    wider = Var(node.index.hint, node.index.type, node.index.depth)
    ranges.spans[wider] = (Counter(), low), (Counter(), high), 1
    own = node.body.map(lambda v: wider if v is node.index else v)
    with trace.region() as nodes:
        tests: list[Value] = []
        index = Array(wider, scalar=True)
        if first > low:
            tests.append(trace.apply(np.greater_equal, [index, value_of(start)], {}, origin))
        if last < high:
            tests.append(trace.apply(np.less, [index, value_of(stop)], {}, origin))
        if not tests:
            return None
        test = tests[0] if len(tests) == 1 else trace.apply(np.bitwise_and, tests, {}, origin)
    results = tuple(Var(p.hint, p.type, p.depth) for p in node.body.params)
    taken = Region((), own.body, own.outputs)
    passed = Region((), (), node.body.params)
    inner = Choice(results, operand_of(test), taken, passed, node.origin, object())
    body = Region(node.body.params, (*nodes, inner), results)
    span = (Lit(low), Lit(high), Lit(1))
    return replace(node, body=body, index=wider, span=span, key=object())


def _longest(start: Operand, stop: Operand, ranges: Ranges) -> int | None:
    """The most iterations that the loop has at once."""
    forms = [affine(o, ranges.atoms) for o in (stop, start)]
    if forms[0] is None or forms[1] is None:
        return None
    length = combined(np.subtract, [forms[0], forms[1]])
    found = None if length is None else bounds_of(length, ranges.spans)
    return None if found is None else found[1]


def _bounds(operand: Operand, ranges: Ranges) -> tuple[int, int] | None:
    if isinstance(operand, Var) and not isinstance(operand.type, ArrayType):
        number = static_int(operand)
        return None if number is None else (number, number)
    form = affine(operand, ranges.atoms)
    return None if form is None else bounds_of(form, ranges.spans)

"""Dead code: statements, results of branches and carries of loops that the output does not need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from .ir import Atom, Choice, Function, Node, Region, Repeat
from .operands import Operand, Var, variables


def drop_dead(function: Function) -> Function:
    """Only the statements that the output needs.

    The adjoint of a loop or a branch may read values from inside the one that it belongs to; these live, too. So does a
    loop (its `key` does) whose iterations its adjoint repeats in reverse, and whose number only running it tells.
    """
    live: set[Any] = set(variables(function.output))
    return function.with_body(live_nodes(function.body, live))


def live_nodes(nodes: Sequence[Node], live: set[Any]) -> tuple[Node, ...]:
    """The statements that `live` needs; adds to it what they read."""
    kept: list[Node] = []
    for node in reversed(nodes):
        if isinstance(node, Atom):
            if any(r in live for r in node.results):
                live.update(node.variables())
                kept.append(node)
        else:
            found = _choice(node, live) if isinstance(node, Choice) else _repeat(node, live)
            if found is not None:
                kept.append(found)
    return tuple(reversed(kept))


def _region(region: Region, outputs: Iterable[Operand], live: set[Any]) -> Region:
    outputs = tuple(outputs)
    live.update(v for o in outputs for v in variables(o))
    return replace(region, body=live_nodes(region.body, live), outputs=outputs)


def _choice(node: Choice, live: set[Any]) -> Choice | None:
    kept = [k for k, r in enumerate(node.results) if r in live]
    regions = [_region(r, (r.outputs[k] for k in kept), live) for r in node.regions]
    if not kept and not any(r.body for r in regions):
        return None
    live.update(variables(node.test))
    return replace(node.with_regions(regions), results=tuple(node.results[k] for k in kept))


def _repeat(node: Repeat, live: set[Any]) -> Repeat | None:
    count = len(node.inits)
    rows = [k for k in range(len(node.stacked)) if node.results[count + k] in live]
    kept = {k for k in range(count) if node.results[k] in live}
    inside = {node.index, *(v for region in node.regions for v in _deep(region))}
    if not kept and not rows and node.key not in live and not inside & live:
        return None
    if node.span is None and node.adjoint_of is not None:  # it has as many iterations as that one
        live.add(node.adjoint_of)
    streams = range(count, len(node.body.params))
    test = node.test
    while True:
        order = sorted(kept)
        if test is not None and node.test is not None:
            test = _region(node.test, node.test.outputs, live)
        outputs = [*order, *(count + k for k in rows)]
        body = _region(node.body, (node.body.outputs[k] for k in outputs), live)
        needed = {k for k in range(count) if node.body.params[k] in live}
        if test is not None:
            needed |= {k for k in range(count) if test.params[k] in live}
        if needed <= kept:
            break
        kept |= needed
    flows = [k for k in streams if node.body.params[k] in live]
    params = tuple(node.body.params[k] for k in (*order, *flows))
    result = replace(
        node,
        results=tuple(node.results[k] for k in (*order, *(count + k for k in rows))),
        inits=tuple(node.inits[k] for k in order),
        streams=tuple(node.streams[k - count] for k in flows),
        body=replace(body, params=params),
        test=None if test is None else replace(test, params=tuple(test.params[k] for k in order)),
    )
    for operand in result.operands():
        live.update(variables(operand))
    return result


def _deep(region: Region) -> Iterable[Any]:
    """The variables of a region, those that its loops count with, and the keys of these."""
    yield from region.params
    for node in region.body:
        yield from node.results
        if isinstance(node, Repeat):
            yield from (node.index, node.key)
        for inner in node.regions:
            yield from _deep(inner)


def reads(nodes: Iterable[Node]) -> Iterator[Var]:
    """The variables that some statements read, without what their loops carry for nothing."""
    for node in nodes:
        if not isinstance(node, Repeat):
            for operand in node.operands():
                yield from variables(operand)
            for region in node.regions:
                yield from reads(region.body)
                for output in region.outputs:
                    yield from variables(output)
            continue
        inside: set[Var] = set()
        for region in node.regions:
            inside.update(reads(region.body))
        for k, output in enumerate(node.body.outputs):
            if k >= len(node.inits) or output is not node.body.params[k]:
                inside.update(variables(output))
        for output in node.test.outputs if node.test is not None else ():
            inside.update(variables(output))
        yield from inside
        for k, init in enumerate(node.inits):
            if any(region.params[k] in inside for region in node.regions):
                yield from variables(init)
        for operand in (*(node.span or ()), *node.streams):
            yield from variables(operand)

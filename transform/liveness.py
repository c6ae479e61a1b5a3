"""Which values may share a name: those that are steps of one variable and are never needed at the same time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from ..primitives import add_at, update
from .ir import Atom, Choice, Function, Node, Region, Repeat, walk
from .operands import Operand, Var, variables

IN_PLACE = (update, add_at)


def use_counts(function: Function) -> Counter[Var]:
    """How often each variable is read; a read from inside a loop counts twice, so that nothing moves there."""
    uses: Counter[Var] = Counter()
    _count(uses, function.body, (function.output,), [p for _, p in function.params])
    return uses


def _count(
    uses: Counter[Var], nodes: Iterable[Node], outputs: Sequence[Operand], params: Iterable[Var]
) -> None:
    here = set(params)

    def read(operand: Operand) -> None:
        for v in variables(operand):
            uses[v] += 1 if v in here else 2

    for node in nodes:
        for operand in node.operands():
            read(operand)
        for region in node.regions:
            _count(uses, region.body, region.outputs, region.params)
        here.update(node.results)
    for operand in outputs:
        read(operand)


def defined_within(region: Region) -> Iterator[Var]:
    """Every variable that a region defines, at any depth."""
    yield from region.params
    for node in region.body:
        yield from node.results
        if isinstance(node, Repeat) and node.index is not None:
            yield node.index
        for inner in node.regions:
            yield from defined_within(inner)


class Families:
    """Values that one variable of the emitted code can hold in turn: an array before and after an update, a carry."""

    def __init__(self, nodes: Iterable[Node]):
        self.parent: dict[Var, Var] = {}
        nodes = tuple(nodes)
        saved = {r: output for n in walk(nodes) if isinstance(n, Repeat) for r, output in n.stacked}
        for node in walk(nodes):
            if isinstance(node, Repeat):  # what is read back has the name that it was saved under
                for element, rows in node.streamed:
                    for inner in defined_within(node.body):  # what it becomes in the iteration
                        if element.hint != "t" and inner.hint == element.hint and not inner.depth:
                            self.join(element, inner)
                    inner = saved.get(rows) if isinstance(rows, Var) else None
                    if inner is not None:
                        self.join(element, inner)
                        saved[element] = saved.get(inner)  # type: ignore[arg-type,assignment]
            if isinstance(node, Atom) and node.op in IN_PLACE:
                self.join(node.result, node.args[0])
            elif isinstance(node, Repeat):
                for result, init, param, output in node.carries:
                    for other in (param, output, init):
                        if other is not init or is_derivative(init) == is_derivative(param):
                            self.join(result, other)
                if node.test is not None:
                    for result, param in zip(node.results, node.test.params, strict=False):
                        self.join(result, param)
            elif isinstance(node, Choice):
                for region in node.regions:
                    for result, output in zip(node.results, region.outputs, strict=True):
                        self.join(result, output)

    def root(self, v: Var) -> Var:
        while v in self.parent:
            v = self.parent[v]
        return v

    def join(self, v: Var, other: Operand) -> None:
        if isinstance(other, Var) and other.type == v.type or _same_array(v, other):
            assert isinstance(other, Var)
            a, b = self.root(v), self.root(other)
            if a is not b:
                self.parent[a] = b

    def of(self, v: Var) -> Var:
        return self.root(v)


def is_derivative(operand: Operand) -> bool:
    """Whether a value is the adjoint or the tangent of another."""
    if not isinstance(operand, Var):
        return False
    return operand.adjoint_of is not None or operand.tangent_of is not None


def _same_array(v: Var, other: Operand) -> bool:
    one, two = getattr(v, "type", None), getattr(other, "type", None)
    return (
        isinstance(other, Var)
        and getattr(one, "shape", None) == getattr(two, "shape", ())
        and getattr(one, "dtype", None) == getattr(two, "dtype", 0)
    )


class Interference:
    """For each variable, the variables that are needed while it holds its value."""

    def __init__(
        self,
        function: Function,
        nested: set[Var] | frozenset[Var] = frozenset(),
        closures: bool = False,
    ):
        self.function, self.nested = function, nested
        self.closures = closures  # the sides of a branch are inner functions
        self.atoms = {r: n for n in walk(function.body) if isinstance(n, Atom) for r in n.results}
        self.clashes: dict[Var, set[Var]] = defaultdict(set)
        live = set(self.read((function.output,)))
        live = self.before(function.body, live)
        params = [v for _, v in function.params]
        self.define(params, live | set(params))

    def read(self, operands: Iterable[Operand], shapes: bool = False) -> Iterator[Var]:
        """The variables that some operands read; a nested value is computed where it is used.

        What is read for its shape alone does not count, unless `shapes` says so: another value of the name has it too.
        """
        for operand in operands:
            for v in variables(operand):
                atom = self.atoms.get(v)
                if v not in self.nested or atom is None:
                    yield v
                elif shapes or atom.op is not getattr:
                    yield from self.read(atom.operands(), shapes)

    def define(self, results: Iterable[Var], live: set[Var]) -> None:
        results = list(results)
        for v in results:
            others = (live | set(results)) - {v}
            self.clashes[v] |= others
            for other in others:
                self.clashes[other].add(v)

    def before(self, nodes: Sequence[Node], live: set[Var]) -> set[Var]:
        """The variables that are needed before some statements, given those that are needed after them."""
        for node in reversed(nodes):
            if isinstance(node, Atom):
                if node.results[0] in self.nested and len(node.results) == 1:
                    continue
                self.define(node.results, live)
                # Plain NumPy text names the array before it works its new value out.
                if node.op in IN_PLACE and not self.closures:
                    self.define(node.results, set(self.read(node.args[1:])) - {node.args[0]})
                live = (live - set(node.results)) | set(self.read(node.operands()))
            elif isinstance(node, Choice):
                self.define(node.results, live)
                after = live - set(node.results)
                sides = [self.region(r, after) for r in node.regions]
                for region in node.regions if self.closures else ():
                    self.close(region)
                live = sides[0] | sides[1] | set(self.read((node.test,)))
            else:
                live = self.loop(node, live)
        return live

    def region(self, region: Region, after: set[Var]) -> set[Var]:
        return self.before(region.body, after | set(self.read(region.outputs)))

    def close(self, region: Region, bounds: Sequence[Operand] = ()) -> None:
        """What a function reads from around it, it cannot assign."""
        own = {r for n in walk(region.body) for r in n.results}
        outer = {*self.reads_within(region, shapes=True), *self.read(bounds, shapes=True)}
        outer -= set(defined_within(region))
        for v in own:
            self.clashes[v] |= outer
            for other in outer:
                self.clashes[other].add(v)

    def loop(self, node: Repeat, live: set[Var]) -> set[Var]:
        self.define(node.results, live)
        after = live - set(node.results)
        own = set(node.body.params) | ({node.index} if node.index is not None else set())
        outside = set(self.read(node.span or ()))  # a compiled loop reads its bounds throughout
        for region in node.regions:
            defined = own | set(defined_within(region))
            outside |= {v for v in self.reads_within(region) if v not in defined and v not in own}
        outside |= set(self.read(node.streams))
        for region in node.regions if self.closures else ():
            self.close(region, node.span or ())
        # What the iterations hand out is filled all the while.
        around = after | outside | {result for result, _ in node.stacked}
        if node.test is not None:
            start = self.region(node.test, around)
            self.define(node.test.params, start | set(node.test.params))
        # What an iteration hands out is stored at its index, behind all that the body does.
        last = {node.index} if node.index is not None and node.stacked else set()
        start = self.region(node.body, around | last)
        self.define([*node.body.params, *([node.index] if node.index else [])], start | own)
        return (start - own) | around | set(self.read(node.operands()))

    def reads_within(self, region: Region, shapes: bool = False) -> Iterator[Var]:
        for node in region.body:
            yield from self.read(node.operands(), shapes)
            for inner in node.regions:
                yield from self.reads_within(inner, shapes)
        yield from self.read(region.outputs, shapes)

"""Reverse mode: after the primal atoms, their adjoints in the opposite order.

Before:
    y = np.tanh(x)
    z = y * w

After, for the adjoint dz of z:
    y = np.tanh(x)
    z = y * w
    dy = dz * w
    dw = dz * y
    dx = dy * (1 - y**2)
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..primitives import COMPOSED, ELEMENTWISE, Primitive, place
from .activity import active_variables
from .derivative import Context, adjoint_of, anchored, name_derivative, strong
from .errors import NoRuleError
from .invariance import invariant_shifts
from .ir import Atom, Choice, Function, Node, Origin, Region, Repeat, walk
from .lengths import has_unknown
from .liveness import defined_within
from .operands import ArrayType, Items, Lit, Operand, Var, array_type, shape_of, type_of, variables
from .slices import collect
from .trace import Trace
from .trees import cast, zeros
from .untaken import (
    LINEAR,
    Either,
    Pending,
    Untaken,
    all_wanted,
    chosen,
    is_scalar,
    is_structural,
    passes,
    selected,
    shared,
    variables_of,
    wanted_too,
)
from .values import Array, Known, Struct, Value, known, operand_of, value_of


def reverse(
    function: Function, seeds: Sequence[tuple[Var, Value]]
) -> tuple[Trace, list[Value | None]]:
    """The atoms of the primal and of the adjoint of each variable in `function.wrt`.

    `seeds` are the adjoints of the outputs; the second result holds None where the output does not depend
    on the variable.
    """
    trace = Trace(list(function.body), lengths=function.lengths)
    output = Items("tuple", tuple(v for v, _ in seeds))
    constant = invariant_shifts(function.body, output)
    active = active_variables(function.body, function.wrt, output, constant)
    step = _Reverse(Context(trace, active, function.body), Untaken(trace.definitions))
    last = Origin(part="adjoint", spelling="operator")
    for v, seed in seeds:
        step.contribute(v, seed, last)
    # A gradient is finished as soon as nothing more can be added to it: at the first use of its variable.
    first_uses: dict[int, list[Var]] = {}
    for v in function.wrt:
        uses = (k for k, node in enumerate(function.body) if v in node.variables())
        first_uses.setdefault(next(uses, 0), []).append(v)
    for k, node in reversed(list(enumerate(function.body))):
        step.node(node)
        for v in first_uses.get(k, ()):
            step.adjoint(v)
    return trace, [step.adjoint(v) if v in active else None for v in function.wrt]


@dataclass(frozen=True, slots=True)
class Part:
    """What one statement contributes to an adjoint; it counts only where the selections that are `pending` allow it.

    `clean` says that it is zero elsewhere anyway.
    """

    value: Value
    pending: Pending = ()
    clean: bool = False


@dataclass
class _Reverse:
    """The adjoints of one list of statements; `inside` says that it is the body of a loop or a side of a branch."""

    context: Context
    untaken: Untaken
    inside: bool = False
    contributions: dict[Var, list[Part]] = field(default_factory=dict)
    origins: dict[Var, Origin] = field(default_factory=dict)
    totals: dict[Var, Part] = field(default_factory=dict)

    def contribute(
        self,
        v: Operand,
        value: Value | None,
        origin: Origin,
        pending: Pending = (),
        clean: bool = False,
    ) -> None:
        if isinstance(v, Var) and v in self.context.active and value is not None:
            if not (isinstance(value, Known) and value.value is None):
                self.contributions.setdefault(v, []).append(Part(value, pending, clean))
                self.origins[v] = origin

    def node(self, node: Node) -> None:
        """Add what a statement contributes to the adjoints of the variables that it reads."""
        if node.origin.spelling == "path":  # an argument's leaf: nothing lies before it
            return
        if isinstance(node, Atom):
            if any(r in self.contributions for r in node.results):
                self.atom(node)
        elif isinstance(node, Choice):
            if any(r in self.contributions for r in node.results):
                self.choice(node)
        elif any(r in self.contributions for r in node.results):
            self.repeat(node)

    def atom(self, atom: Atom) -> None:
        origin = anchored(atom, "adjoint")
        primitive = self.context.primitive(atom)
        with contextlib.suppress(NoRuleError):
            if primitive is not None and primitive.kind == COMPOSED:
                self.composed(atom, primitive, origin)
                return
            if primitive is not None and primitive.adjoint is not None:
                self.by_rule(atom, primitive, origin)
                return
        found = {k: d for k, r in enumerate(atom.results) if (d := self.adjoint(r)) is not None}
        derivatives = list(found.values())
        given = derivatives[0] if len(found) == 1 else Struct(tuple, derivatives)
        chosen = tuple(found) if len(atom.results) > 1 else ()
        for v, value in self.context.fallback(atom, given, "vjp", origin, chosen):
            self.contribute(v, value, origin)

    def composed(self, atom: Atom, primitive: Primitive, origin: Origin) -> None:
        """Through what a function is composed of; of its value only what the adjoint reads is computed again."""
        trace = self.context.trace
        totals = [self.total(r) for r in atom.results]
        nodes, ends = self.context.composition(primitive, atom, "adjoint")
        for end, total in zip(ends, totals, strict=True):
            if total is not None:
                self.contribute(end, total.value, origin, total.pending, total.clean)
        with trace.region() as after:
            for node in reversed(nodes):
                self.node(node)
        own = {v for node in nodes for v in node.results}
        pairs = zip(ends, atom.results, strict=True)
        now = {e: r for e, r in pairs if e in own and type_of(e) == r.type}
        for node in (*nodes, *after):
            trace.add(node.map(lambda v: now.get(v, v)))
        for v in own:
            self.contributions.pop(v, None)

    # --- branches ---

    def choice(self, node: Choice) -> None:
        """The adjoint of the side that was taken; what the other side would have contributed is zero."""
        trace, origin = self.context.trace, anchored(node, "adjoint")
        seeds = [self.adjoint(r) for r in node.results]
        sides: list[_Reverse] = []
        bodies: list[list[Node]] = []
        for region in node.regions:
            side = _Reverse(self.context, self.untaken, inside=True)
            with trace.region() as nodes:
                for output, seed in zip(region.outputs, seeds, strict=True):
                    side.contribute(output, seed, origin)
                for inner in reversed(region.body):
                    side.node(inner)
            sides.append(side)
            bodies.append(nodes)
        inside = {v for region in node.regions for v in defined_within(region)}
        inside |= {r for nodes in bodies for n in walk(nodes) for r in n.results}
        results: list[Var] = []
        outputs: list[list[Operand]] = [[], []]
        owners = dict.fromkeys(v for side in sides for v in side.contributions if v not in inside)
        for v in owners:
            dense: list[Value | None] = []
            read: list[Pending | None] = []
            for k, side in enumerate(sides):
                parts = side.contributions.get(v, [])
                placed = [(p, hoistable(trace, v, p, inside)) for p in parts]
                for (
                    p,
                    atom,
                ) in placed:  # the value leaves the branch, and is put in its place outside
                    if atom is None:
                        continue
                    value = type_of(atom.args[0])
                    assert isinstance(value, ArrayType)
                    result = Var("t", value)
                    results.append(result)
                    outputs[k].append(atom.args[0])
                    with trace.region(bodies[1 - k]):
                        outputs[1 - k].append(zeros(trace, value, origin))
                    shape = trace.attribute(Array(v), "shape", origin)
                    args = [Array(result), shape, value_of(atom.args[2])]
                    pending = self.leaving(node, v, k, p.pending, inside)
                    added = trace.apply(place, args, {}, origin)
                    self.contribute(v, added, origin, pending, clean=True)
                rest = [p for p, atom in placed if atom is None]
                read.append(shared([p.pending for p in rest])[0] if rest else None)
                with trace.region(bodies[k]):
                    dense.append(side.sum_of(v, rest, origin) if rest else None)
            if any(d is not None for d in dense):
                assert isinstance(v.type, ArrayType)
                result = Var("t", strong(v.type))
                results.append(result)
                for k, value in enumerate(dense):
                    with trace.region(bodies[k]):
                        outputs[k].append(self.operand(value, v, origin))
                pending = ()
                for k, found in enumerate(read):
                    if read[1 - k] is None and found is not None:
                        pending = self.leaving(node, v, k, found, inside)
                if all(r is not None for r in read) or has_inner_tests(read, inside):
                    flags = self.flags(v, read, inside, bodies, origin)
                    if flags is not None:
                        results.append(Var("wanted", ArrayType((), np.dtype(bool))))
                        for k, flag in enumerate(flags):
                            outputs[k].append(flag)
                        pending = (self.untaken.taken(results[-1], True),)
                self.contribute(v, Array(result), origin, pending, clean=True)
        if results:
            then, orelse = (
                Region((), tuple(b), tuple(o)) for b, o in zip(bodies, outputs, strict=True)
            )
            trace.add(Choice(tuple(results), node.test, then, orelse, origin, object(), node.key))
            # The contributions stand behind the branch that gives them.
            self.move_to_end(results)

    def leaving(self, node: Choice, v: Var, k: int, pending: Pending, inside: Set[Var]) -> Pending:
        """What is pending for a value that one side of a branch alone has read."""
        if not self.untaken.is_risky(v, by_element=False):
            return ()
        outer = tuple(key for key in pending if inside.isdisjoint(variables_of(key)))
        return (self.untaken.taken(node.test, k == 0), *outer)

    def flags(
        self,
        v: Var,
        read: Sequence[Pending | None],
        inside: Set[Var],
        bodies: Sequence[list[Node]],
        origin: Origin,
    ) -> list[Operand] | None:
        """Whether each side of a branch reads a value, where that depends on tests inside it; None if both do."""
        if not self.untaken.is_risky(v, by_element=False):
            return None
        tests = [tuple(k for k in pending or () if is_scalar(k)) for pending in read]
        if not any(tests):
            return None
        found: list[Operand] = []
        for pending, scalar, body in zip(read, tests, bodies, strict=True):
            with self.context.trace.region(body):
                test = all_wanted(self.context, scalar, origin) if scalar else None
            found.append(Lit(pending is not None) if test is None else operand_of(test))
        return found

    def move_to_end(self, results: list[Var]) -> None:
        """Put the statements that read a branch's results behind the branch."""
        atoms, found = self.context.trace.atoms, set(results)
        branch, late = atoms.pop(), []
        for node in list(atoms):
            if any(v in found for v in node.variables()):
                found.update(node.results)
                late.append(node)
                atoms.remove(node)
        atoms += [branch, *late]

    # --- loops ---

    def repeat(self, node: Repeat) -> None:
        """The loop backwards: it carries the adjoints of the carries, and adds to those of what the body reads."""
        trace, active = self.context.trace, self.context.active
        origin = anchored(node, "adjoint")
        carries = [c for c in node.carries if c[0] in active or c[2] in active]
        inits = [self.operand(self.adjoint(result), result, origin) for result, *_ in carries]
        inside = set(defined_within(node.body))
        if node.index is not None:
            inside.add(node.index)
        read = dict.fromkeys(v for v in node.body.variables() if v in active and v not in inside)
        streams = [
            (r, self.operand(self.adjoint(r), r, origin), o) for r, o in node.stacked if r in active
        ]
        inner = _Reverse(self.context, self.untaken, inside=True)
        read_so_far = {v: m for v in read if (m := self.wanted_before(v, origin)) is not None}
        wanted: dict[Var, Var] = {}
        with trace.region() as nodes:
            params = [adjoint_of(param) for _, _, param, _ in carries]
            sums = {v: adjoint_of(v) for v in read}
            elements = [Var("seed", strong(type_of(output))) for _, _, output in streams]
            for (_, _, _, output), param in zip(carries, params, strict=True):
                inner.contribute(output, Array(param), origin)
            for (_, _, output), element in zip(streams, elements, strict=True):
                inner.contribute(output, Array(element), origin)
            for v, total in sums.items():
                start = Part(Array(total))
                if v in read_so_far:
                    wanted[v] = Var("wanted", ArrayType(shape_of(v), np.dtype(bool)))
                    start = Part(Array(total), (self.untaken.taken(wanted[v], True),), clean=True)
                inner.contributions[v] = [start, *inner.contributions.get(v, [])]
                inner.origins[v] = origin
            for part in reversed(node.body.body):
                inner.node(part)
            outputs = [inner.operand(inner.adjoint(c[2]), c[2], origin) for c in carries]
            given = [(p, a) for p, a in node.streamed if p in active and inner.adjoint(p)]
            rows = [inner.operand(inner.adjoint(p), p, origin) for p, _ in given]
            flags = {p: f for p, _ in given if (f := inner.wanted_element(p, origin)) is not None}
            added = {v: inner.adjoint(v) for v in sums}
            marks = {v: inner.wanted_so_far(v, origin) for v in wanted}
        added = {v: d for v, d in added.items() if operand_of(d) is not sums[v]}  # type: ignore[arg-type]
        starts = [self.operand(self.take(v), v, origin) for v in added]
        results = [adjoint_of(init) if isinstance(init, Var) else Var("t", p.type)
                   for (_, init, _, _), p in zip(carries, params, strict=True)]  # fmt: skip
        totals = [adjoint_of(v) for v in added]
        stacked = [Var(f"d{p.hint}s", strong(type_of(a))) for p, a in given]
        index = None if node.index is None else replace_var(node.index)
        marks = {v: m for v, m in marks.items() if v in added and m is not None}
        marked = {v: Var("wanted", wanted[v].type) for v in marks}
        flagged = {
            p: Var("wanted", ArrayType(shape_of(a)[:1], np.dtype(bool)))
            for p, a in given
            if p in flags
        }
        trace.add(
            Repeat(
                (*results, *totals, *marked.values(), *stacked, *flagged.values()),
                (*inits, *starts, *(read_so_far[v] for v in marks)),
                Region(
                    (*params, *(sums[v] for v in added), *(wanted[v] for v in marks), *elements),
                    tuple(nodes),
                    (
                        *outputs,
                        *(operand_of(d) for d in added.values() if d is not None),
                        *marks.values(),
                        *rows,
                        *(flags[p] for p in flagged),
                    ),
                ),
                index,
                node.span if node.test is None else None,
                None,
                tuple(o for _, o, _ in streams),
                backwards=not node.backwards,
                origin=origin,
                key=object(),
                adjoint_of=node.key,
            )
        )
        for (_, init, _, _), result in zip(carries, results, strict=True):
            self.contribute(init, Array(result), origin)
        for (p, array), total in zip(given, stacked, strict=True):
            pending = (self.untaken.taken(flagged[p], True),) if p in flagged else ()
            self.contribute(array, Array(total), origin, pending, clean=True)
        for v, total in zip(added, totals, strict=True):
            pending = (self.untaken.taken(marked[v], True),) if v in marked else ()
            part = Part(Array(total), pending, clean=True)
            self.contributions.setdefault(v, []).insert(0, part)
            self.origins[v] = origin

    # --- what the iterations of a loop read, of what may have an infinite derivative ---

    def wanted_before(self, v: Var, origin: Origin) -> Operand | None:
        """Which elements of a value are read behind a loop; None where it need not be known, or is all of them."""
        if not self.untaken.is_risky(v, by_element=v.type.shape != ()):  # type: ignore[union-attr]
            return None
        parts = self.contributions.get(v, [])
        if not parts:
            return zeros(self.context.trace, ArrayType(shape_of(v), np.dtype(bool)), origin)
        pending = shared([part.pending for part in parts])[0]
        found = operand_of(all_wanted(self.context, pending, origin)) if pending else None
        return found if found is not None and shape_of(found) == shape_of(v) else None

    def wanted_so_far(self, v: Var, origin: Origin) -> Operand | None:
        """Which elements of a value are read behind an iteration or in it; None where that is all of them."""
        found: Value | None = None
        for part in self.contributions[v]:
            if not part.pending:
                return None
            found = wanted_too(self.context, found, part.pending, origin)
        return operand_of(found) if found is not None else None

    def wanted_element(self, p: Var, origin: Origin) -> Operand | None:
        """Whether an iteration reads its element of a stream, where that depends on tests inside."""
        parts = self.contributions.get(p, [])
        pending = shared([part.pending for part in parts])[0] if parts else ()
        tests = tuple(k for k in pending if is_scalar(k))
        if not tests or shape_of(p):
            return None
        return operand_of(all_wanted(self.context, tests, origin))

    def take(self, v: Var) -> Value | None:
        """What has been contributed to a variable so far, which a loop goes on adding to."""
        parts = self.contributions.pop(v, None)
        return self.sum_of(v, parts, self.origins[v]) if parts else None

    def operand(self, value: Value | None, v: Var, origin: Origin) -> Operand:
        """An adjoint in the type of its variable, zeros where there is none."""
        trace = self.context.trace
        assert isinstance(v.type, ArrayType)
        if value is None:
            if (
                v.type.shape == () or self.inside
            ):  # a value from inside would be saved for its shape
                return zeros(trace, strong(v.type), origin)
            value = trace.apply(np.zeros_like, [Array(v)], {}, origin)
            name_derivative(value, v, "adjoint")
            return operand_of(value)
        if isinstance(value, Known) and v.type.shape == ():
            return cast(trace, value, strong(v.type), origin)
        return operand_of(value)

    def by_rule(self, atom: Atom, primitive: Primitive, origin: Origin) -> None:
        total = Part(known(None))
        if len(atom.results) == 1:
            found = self.total(atom.result)
            assert found is not None
            total, dy = found, found.value
            y = Array(atom.result, scalar=atom.result.type.ndim == 0)
            if (selection := chosen(atom)) is not None:
                test, sides = selection
                for operand, side in sides:
                    key = self.untaken.taken(test, side)
                    pending = total.pending
                    both = pending if key in pending else (key, *pending)
                    self.contribute(operand, dy, origin, both)
                return
        else:
            results = [self.adjoint(r) for r in atom.results]
            dy = Struct(tuple, [known(None) if r is None else r for r in results])
            y = Struct(tuple, [Array(r) for r in atom.results])
        assert dy is not None
        if primitive.kind == ELEMENTWISE:
            dys: list[Value] = [*dy.items] if isinstance(dy, Struct) else [dy]
            self.elementwise(atom, primitive, dys, y, origin, total)
            return
        parts = self.context.rule(primitive.adjoint, [dy, y], atom, primitive, "adjoint")
        for operand, part in zip(atom.args, parts, strict=False):
            if isinstance(operand, Var) and operand in self.context.active:
                self.context.check_there(part)
        pairs = list(zip(atom.args, parts, strict=False))
        if len({id(operand) for operand, _ in pairs}) < len(pairs):
            pairs.reverse()  # of `x @ x` the later factor first: XLA on CPU is up to 1.1 times faster so
        for operand, part in pairs:
            self.distribute(operand, part, origin, *self.handed_on(atom, operand, total, origin))

    def handed_on(
        self, atom: Atom, operand: Operand, total: Part, origin: Origin
    ) -> tuple[Pending, bool]:
        """What is pending for an operand of an operation, and whether the operand's part is zero elsewhere."""
        if passes(atom):
            k = next(k for k, a in enumerate(atom.args) if a is operand)
            return (*total.pending, *self.untaken.by_value(self.context, atom, k, origin)), False
        pending = tuple(k for k in total.pending if is_scalar(k))
        clean = total.clean or not total.pending
        if is_structural(atom) and operand is atom.args[0] and isinstance(operand, Var):
            inner = tuple(k for k in total.pending if not is_scalar(k))
            key = self.untaken.reads(atom, inner)
            if key is not None and self.untaken.is_risky(operand):
                return (*pending, key), clean
        return pending, clean

    def elementwise(
        self,
        atom: Atom,
        primitive: Primitive,
        dys: list[Value],
        y: Value,
        origin: Origin,
        total: Part,
    ) -> None:
        """The adjoint of each result, times its partial derivatives."""
        context = self.context
        partials = context.partials(atom, primitive, y, "adjoint")
        active = [
            (operand, each)
            for operand, each in zip(atom.args, partials, strict=False)
            if isinstance(operand, Var) and operand in context.active
        ]
        products = [
            (operand, context.scaled(d, partial, origin))
            for operand, each in active
            for d, partial in zip(dys, each, strict=True)
            if not (isinstance(d, Known) and d.value is None)
        ]
        clean = total.clean and atom.op in LINEAR
        for operand, product in products:
            self.contribute(operand, product, origin, total.pending, clean)

    def distribute(
        self, operand: Any, value: Value, origin: Origin, pending: Pending, clean: bool
    ) -> None:
        """Hand a rule's result to the variable, or its parts to the variables of a container."""
        if isinstance(operand, Items) and isinstance(value, Struct):
            for item, part in zip(operand.items, value.items, strict=True):
                self.distribute(item, part, origin, pending, clean)
        else:
            self.contribute(operand, value, origin, pending, clean)

    def adjoint(self, v: Var) -> Value | None:
        """The sum of what has been contributed to a variable, in its shape and dtype."""
        if v in self.totals and not self.totals[v].pending:
            return self.totals[v].value
        parts = self.contributions.get(v)
        if not parts:
            return None
        self.totals[v] = Part(self.sum_of(v, parts, self.origins[v]))
        return self.totals[v].value

    def total(self, v: Var) -> Part | None:
        """The adjoint of what an operation gives, as it passes through to what the operation reads."""
        parts = self.contributions.get(v, [])
        pending, own = shared([part.pending for part in parts]) if parts else ((), [])
        going_on = tuple(k for k in pending if self.untaken.continues(v, k))
        if not going_on or not all(is_whole(part.value, v) for part in parts):
            found = self.adjoint(v)
            return None if found is None else Part(found)
        if v not in self.totals:
            ending = tuple(k for k in pending if k not in going_on)
            rest = [
                Part(p.value, tuple(k for k in p.pending if k in o or k in ending), p.clean)
                for p, o in zip(parts, own, strict=True)
            ]
            total = self.sum_of(v, rest, self.origins[v])
            cleared = all(isinstance(k, Either) for k in going_on)
            clean = cleared or all(p.clean for p in parts)
            self.totals[v] = Part(total, going_on, clean)
        return self.totals[v]

    def sum_of(self, v: Var, parts: list[Part], origin: Origin) -> Value:
        """The sum of parts that are for a variable, each where it counts."""
        pending, own = (), [part.pending for part in parts]
        if all(is_whole(part.value, v) for part in parts):  # what they share is selected once
            pending = tuple(k for k in own[0] if all(k in p for p in own))
        cleared = [
            p.value
            if p.clean
            else selected(
                self.context, p.value, tuple(k for k in p.pending if k not in pending), origin
            )
            for p in parts
        ]
        fitted = [self.fit(value, v, origin) for value in cleared]
        total = collect(self.context, fitted, v, origin, self.inside)
        if not all(p.clean for p in parts):
            total = selected(self.context, total, pending, origin)
        name_derivative(total, v, "adjoint")
        return total

    def fit(self, value: Value, v: Var, origin: Origin) -> Value:
        """Sum over the axes that broadcasting added, stretch what is too small, cast to the dtype."""
        apply, wanted = self.context.trace.apply, v.type
        assert isinstance(wanted, ArrayType)
        if not isinstance(value, Array):
            if (
                isinstance(value, Known)
                and isinstance(value.value, complex)
                and wanted.dtype.kind == "f"
            ):
                value = known(value.value.real)
            if wanted.shape == ():
                return as_inexact(value)
            return apply(np.full_like, [Array(v), value], {}, origin)
        origin = replace(origin, spelling="function")
        found = value.type
        extra = found.ndim - wanted.ndim
        if extra > 0:
            axis = known(0 if extra == 1 else tuple(range(extra)))
            kwargs: dict[str, Value] = {} if extra == found.ndim else {"axis": axis}
            value = _array(apply(np.sum, [value], kwargs, origin))
        shape = value.type.shape
        offset = wanted.ndim - len(shape)
        stretched = tuple(
            k for k, size in enumerate(shape) if size != 1 and wanted.shape[k + offset] == 1
        )
        if stretched:
            axis = known(stretched[0] if len(stretched) == 1 else stretched)
            kwargs = {"axis": axis, "keepdims": known(True)}
            value = _array(apply(np.sum, [value], kwargs, origin))
        if value.type.shape != wanted.shape:
            whole = self.context.trace.attribute(Array(v), "shape", origin)
            value = _array(apply(np.broadcast_to, [value, whole], {}, origin))
        if value.type.dtype.kind == "c" and wanted.dtype.kind == "f":
            value = _array(apply(np.real, [value], {}, origin))
        if value.type.dtype != wanted.dtype:
            value = _array(self.context.trace.cast(value, wanted.dtype, origin))
        return value


def as_inexact(value: Value) -> Value:
    """An adjoint that is a number of Python's, a float where it is an int: in a list it decides a dtype."""
    if isinstance(value, Known) and type(value.value) is int and isinstance(value.operand, Lit):
        return known(float(value.value))
    return value


def is_whole(value: Value, v: Var) -> bool:
    """Whether a contribution has the shape of its variable, so that nothing of it is added up."""
    return shape_of(operand_of(value)) == shape_of(v)


def has_inner_tests(read: Sequence[Pending | None], inside: Set[Var]) -> bool:
    keys = [key for pending in read for key in pending or ()]
    return any(is_scalar(k) and not inside.isdisjoint(variables_of(k)) for k in keys)


def hoistable(trace: Trace, v: Var, part: Part, inside: Set[Var]) -> Atom | None:
    """The `place` in an array such as `v` that a contribution to it is, if its index is known outside of the branch."""
    value = part.value
    if part.pending and not part.clean:
        return None
    operand = value.operand if isinstance(value, Array) else None
    atom = trace.definitions.get(operand) if isinstance(operand, Var) else None
    if atom is None or atom.op is not place or not isinstance(atom.args[0], Var | Lit):
        return None
    if array_type(atom.result).shape != array_type(v).shape:
        return None
    if has_unknown(type_of(atom.args[0])):  # as large as the array itself, in compiled code
        return None
    return None if any(v in inside for v in variables(atom.args[2])) else atom


def replace_var(v: Var) -> Var:
    return Var(v.hint, v.type, v.depth)


def _array(value: Value) -> Array:
    assert isinstance(value, Array)
    return value

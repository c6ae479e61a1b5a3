"""The adjoint of an array that is read in windows gathers what it is added to: padded once, read at mirrored offsets.

XLA passes over the array once for a sum of shifted reads, and once for each addition into a window. Padding adds zeros,
so that the sums are the same to the last bit.

Given:
    du[2:] += dt
    du[:-2] += dt
    df[1:-1] -= dt

Then:
    t = pad(dt, 2)
    du = du + t[:-2] + t[2:]
    df = df - t[1:-1]
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..primitives import add_at, getitem, place
from .dead import drop_dead
from .ir import Atom, Function, Node, Origin, definitions
from .lengths import has_unknown
from .liveness import use_counts
from .operands import ArrayType, Items, Lit, Operand, Slice, Var, substitute, type_of
from .slices import strides
from .trace import Trace
from .values import is_static

Widths = tuple[tuple[int, int], ...]
Steps = tuple[int, ...]
PADDED = "padded"  # the spelling of an array that windows are read from


def gather(function: Function) -> Function:
    """The function in which adjoints are gathered from padded windows."""
    work = _Gather(function)
    body = work.nodes(function.body)

    def now(v: Var) -> Operand:
        return work.is_now.get(v, v)

    body = tuple(node.map(now) for node in body)
    return drop_dead(function.with_body(body, substitute(function.output, now)))


@dataclass
class _Group:
    """The windows of one array: how much it is padded, and the padded array once it is there.

    Windows with steps are as far apart; there the array is padded with zeros between its elements, too.
    """

    widths: list[tuple[int, int]]
    steps: Steps
    count: int = 0
    padded: Var | None = None

    def widened(self, widths: Widths) -> None:
        self.count += 1
        pairs = zip(self.widths, widths, strict=True)
        self.widths = [(max(a, c), max(b, d)) for (a, b), (c, d) in pairs]


class _Gather:
    def __init__(self, function: Function):
        self.atoms = definitions(function.body)
        self.uses = use_counts(function)
        self.trace = Trace(lengths=function.lengths)
        self.is_now: dict[Var, Operand] = {}
        self.windows: Counter[Var] = Counter()  # how often each value is added in a window
        self.multiples: dict[
            Var, set[Var]
        ] = {}  # the values in windows that are multiples of one array
        self.negated: dict[Var, Operand] = {}
        self.parts: set[Operand] = set()  # what the windows that are gathered are added to

    def nodes(self, nodes: Sequence[Node]) -> list[Node]:
        groups = self.groups([node for node in nodes if isinstance(node, Atom)])
        self.parts.update(atom.args[0] for atom in groups if atom.op is add_at)
        with self.trace.region() as out:
            for node in nodes:
                if not isinstance(node, Atom):
                    regions = [replace(r, body=tuple(self.nodes(r.body))) for r in node.regions]
                    self.trace.add(node.with_regions(regions))
                    continue
                group = groups.get(node)
                if group is None:
                    self.trace.add(self.subtracted(node))
                else:
                    self.gathered(node, group)
        return out

    def groups(self, atoms: Sequence[Atom]) -> Mapping[Atom, _Group]:
        """The windows among some statements that are gathered, each with those of the same array."""
        found: dict[tuple[Var, tuple[int, ...], Steps], _Group] = {}
        of: dict[Atom, _Group] = {}
        for atom in atoms:
            if _window(atom) is not None:
                value = atom.args[0 if atom.op is place else 1]
                assert isinstance(value, Var)
                self.windows[value] += 1
                for array in self.factors(value):
                    self.multiples.setdefault(array, set()).add(value)
        for atom in atoms:
            window = _window(atom)
            if window is None:
                continue
            _, value = self.stripped(atom)
            widths, steps = window
            key = value, atom.result.type.shape, steps
            group = found.setdefault(key, _Group([(0, 0)] * len(widths), steps))
            group.widened(widths)
            of[atom] = group
        return {atom: group for atom, group in of.items() if group.count > 1}

    def stripped(self, atom: Atom) -> tuple[Atom | None, Var]:
        """What is added in a window, without its sign or a factor, and the operation that has given it that."""
        value = atom.args[0 if atom.op is place else 1]
        assert isinstance(value, Var)
        arrays = self.factors(value)
        if not arrays:
            return None, value
        inner = self.atoms[value]
        if inner.op is np.negative or self.uses[value] == 1:
            return inner, arrays[0]
        # Otherwise the product would be computed as often as it is read.
        in_windows = self.uses[value] == self.windows[value]
        if in_windows and len(self.multiples.get(arrays[0], ())) > 1:
            return inner, arrays[0]
        return None, value

    def factors(self, value: Var) -> list[Var]:
        """The array that a value is the negative or a multiple of."""
        inner = self.atoms.get(value)
        if inner is None or inner.op not in (np.multiply, np.negative):
            return []
        arrays = [x for x in inner.args if isinstance(x, Var) and x.type == value.type]
        factors = [x for x in inner.args if _is_number(x)]
        return arrays if len(arrays) == 1 and 1 + len(factors) == len(inner.args) else []

    def gathered(self, atom: Atom, group: _Group) -> None:
        inner, value = self.stripped(atom)
        window = _window(atom)
        assert window is not None
        widths, _ = window
        origin = replace(atom.origin, spelling="operator")
        if group.padded is None:
            group.padded = self.padded(value, group, atom)
        places = zip(widths, group.widths, strict=True)
        items = [_slice(before - lo, after - hi) for (lo, hi), (before, after) in places]
        read: Operand = group.padded
        while items and items[-1] == Slice(None, None, None):
            items.pop()
        if items:
            index = items[0] if len(items) == 1 else Items("tuple", tuple(items))
            read = self.part(atom, getitem, (group.padded, index), origin)
        negative = inner is not None and inner.op is np.negative
        if inner is not None and not negative:
            args = tuple(read if x is value else x for x in inner.args)
            read = self.part(atom, np.multiply, args, origin)
        if atom.op is add_at:
            op = np.subtract if negative else np.add
            args = (atom.args[0], read)
            result = self.result_of(atom)
            self.trace.add(replace(atom, results=(result,), op=op, args=args, origin=origin))
        elif negative:
            self.negated[atom.result] = read
            self.trace.emit(atom.result, np.negative, (read,), (), origin)
        else:
            self.is_now[atom.result] = read

    def part(self, atom: Atom, op: object, args: tuple[Operand, ...], origin: Origin) -> Var:
        return self.trace.emit(Var("t", atom.result.type), op, args, (), origin)

    def subtracted(self, atom: Atom) -> Atom:
        """`a - b` for `a + -b`."""
        first, second = atom.args[0], atom.args[-1]
        if atom.op is not np.add or not isinstance(second, Var) or second not in self.negated:
            return atom
        if self.uses[second] != 1:
            return atom
        return replace(atom, op=np.subtract, args=(first, self.negated[second]))

    def result_of(self, atom: Atom) -> Var:
        """What a sum is called: nothing where it is but a part of another."""
        if self.uses[atom.result] != 1 or atom.result not in self.parts:
            return atom.result
        fresh = self.is_now[atom.result] = Var("t", atom.result.type)
        return fresh

    def padded(self, value: Var, group: _Group, atom: Atom) -> Var:
        found = value.type
        assert isinstance(found, ArrayType)
        shape: list[int] = []
        items: list[Slice] = []
        for n, (lo, hi), step in zip(found.shape, group.widths, group.steps, strict=True):
            extent = (n - 1) * step + 1
            shape.append(lo + extent + hi)
            items.append(Slice(Lit(lo), Lit(lo + extent), Lit(step) if step > 1 else None))
        result = Var("t", ArrayType(tuple(shape), found.dtype))
        sizes = Items("tuple", tuple(map(Lit, shape)))
        args = (value, sizes, Items("tuple", tuple(items)))
        return self.trace.emit(result, place, args, (), replace(atom.origin, spelling=PADDED))


def _window(atom: Atom) -> tuple[Widths, Steps] | None:
    """How far a window into which an adjoint is added lies from the ends of each axis, and its steps.

    None for other statements.
    """
    if atom.op not in (add_at, place) or atom.origin.part == "primal":
        return None
    value, index = atom.args[0 if atom.op is place else 1], atom.args[2]
    found, whole = type_of(value), atom.result.type
    if not isinstance(value, Var) or not isinstance(found, ArrayType) or has_unknown(whole):
        return None
    if not is_static(index) or found.dtype != whole.dtype:
        return None
    spans = strides(index, whole.shape)
    if spans is None or tuple(map(len, spans)) != found.shape or not all(map(len, spans)):
        return None
    if any(2 * len(r) * r.step < n for r, n in zip(spans, whole.shape, strict=True)):
        return None  # an addition to a part is cheaper than a pass over all
    widths = tuple((r[0], n - 1 - r[-1]) for r, n in zip(spans, whole.shape, strict=True))
    return widths, tuple(r.step if len(r) > 1 else 1 for r in spans)


def _is_number(x: Operand) -> bool:
    """Whether a factor may stand before the padding as well as behind it: a finite number."""
    return isinstance(x, Lit) and isinstance(x.value, int | float) and math.isfinite(x.value)


def _slice(start: int, beyond: int) -> Slice:
    """A slice from `start`, without the last `beyond` elements."""
    return Slice(Lit(start) if start else None, Lit(-beyond) if beyond else None, None)

"""Make the derivative what a person would have written: rewrite, share common subexpressions, drop dead code.

The passes run over derivative atoms until nothing changes; the user's own lines are only shared and dropped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..primitives import getitem, place, solve_transposed, update
from .broadcasts import BROADCAST_RULES
from .dead import drop_dead
from .ir import Atom, Choice, Function, Node, Region, Repeat, walk
from .liveness import use_counts
from .operands import (
    ArrayType,
    Items,
    Lit,
    Operand,
    Slice,
    StaticType,
    Var,
    array_type,
    substitute,
    type_of,
    variables,
)
from .products import product
from .rewrites import is_number, operation, rewrite
from .sizes import spell_sizes
from .slices import padding
from .sums import total
from .trace import TEMPORARY, Trace
from .values import Array, Known, Value, is_static, known, operand_of, static_value, value_of

Rule = Callable[[Trace, Atom, Callable[[Var], bool]], Value | None]
ROUNDS = 30


def simplify(function: Function) -> Function:
    """The function with the same results and no needless operations."""
    rules: tuple[Rule, ...] = (
        fold,
        number_as_it_is,
        inverse_at_hand,
        placed_whole,
        written_back,
        weaken,
        rewrite,
        *BROADCAST_RULES,
    )
    function = until_settled(drop_dead(function), rules)
    function = until_settled(function, (*rules, product, total))
    function = drop_dead(spell_sizes(function))
    return drop_dead(one_round(function, (constant_array, padded))[0])


def until_settled(function: Function, rules: tuple[Rule, ...]) -> Function:
    for _ in range(ROUNDS):
        function, changed = one_round(function, rules)
        function = drop_dead(function)
        if not changed:
            break
    return function


def one_round(function: Function, rules: tuple[Rule, ...]) -> tuple[Function, bool]:
    """Walk the statements once, replacing each by the first rule that fits or by an equal earlier one."""
    step = _Round(rules, use_counts(function), function.lengths)
    step.nodes(function.body, {})
    output = substitute(function.output, step.resolve)
    return replace(function, body=tuple(step.trace.atoms), output=output), step.changed


class _Round:
    """One walk. `seen` holds the statements so far that the ones to come can see."""

    def __init__(self, rules: tuple[Rule, ...], uses: Counter[Var], lengths: Any):
        self.rules, self.uses = rules, uses
        self.replaced: dict[Var, Operand] = {}
        self.trace, self.changed = Trace(lengths=lengths), False

    def resolve(self, v: Var) -> Operand:
        return self.replaced.get(v, v)

    def single(self, v: Var) -> bool:
        return self.uses[v] <= 1

    def nodes(self, nodes: Iterable[Node], seen: dict[Any, Atom]) -> None:
        for node in nodes:
            if isinstance(node, Atom):
                self.atom(node.map(self.resolve), seen)
            elif isinstance(node, Choice):
                self.choice(node, seen)
            else:
                self.repeat(node, seen)

    def atom(self, atom: Atom, seen: dict[Any, Atom]) -> None:
        trace = self.trace
        if atom.origin.part != "primal" and len(atom.results) == 1:
            values = (rule(trace, atom, self.single) for rule in self.rules)
            value = next((v for v in values if v is not None), None)
            if value is not None:
                operand = operand_of(value)
                adopt_name(trace, operand, atom.result)
                self.replaced[atom.result] = operand
                self.changed = True
                return
        key = identity(atom)
        twin = seen.get(key)
        if twin is not None and atom.op not in NEW_ARRAYS:
            for old, new in zip(atom.results, twin.results, strict=True):
                adopt_name(trace, new, old)
                self.replaced[old] = new
            self.changed = True
            return
        seen[key] = atom
        trace.add(atom)

    def region(self, region: Region, seen: dict[Any, Atom]) -> Region:
        with self.trace.region() as nodes:
            self.nodes(region.body, dict(seen))
        outputs = tuple(substitute(o, self.resolve) for o in region.outputs)
        return replace(region, body=tuple(nodes), outputs=outputs)

    def choice(self, node: Choice, seen: dict[Any, Atom]) -> None:
        """A result that is the same on both sides, or the test itself, needs no branch."""
        test = substitute(node.test, self.resolve)
        then, orelse = self.region(node.then, seen), self.region(node.orelse, seen)
        own = {v for r in (then, orelse) for n in walk(r.body) for v in n.results}
        kept = []
        for k, result in enumerate(node.results):
            one, two = then.outputs[k], orelse.outputs[k]
            if one == two and not any(v in own for v in variables(one)):
                self.replaced[result] = one
            elif (one, two) == (Lit(True), Lit(False)):
                self.replaced[result] = test
            else:
                kept.append(k)
        self.changed |= len(kept) < len(node.results)
        regions = [replace(r, outputs=tuple(r.outputs[k] for k in kept)) for r in (then, orelse)]
        results = tuple(node.results[k] for k in kept)
        self.trace.add(replace(node.with_regions(regions), results=results, test=test))

    def repeat(self, node: Repeat, seen: dict[Any, Atom]) -> None:
        """A carry that no iteration changes is not carried."""
        fixed = [
            k
            for k, (_, init, p, output) in enumerate(node.carries)
            if output is p and _stands_for(init, p)
        ]
        for k in fixed:
            init = substitute(node.inits[k], self.resolve)
            self.replaced[node.results[k]] = self.replaced[node.body.params[k]] = init
            if node.test is not None:
                self.replaced[node.test.params[k]] = init
        if fixed:
            self.changed, node = True, without(node, fixed)
        regions = [self.region(region, seen) for region in node.regions]
        self.trace.add(
            replace(
                node.with_regions(regions),
                inits=tuple(substitute(o, self.resolve) for o in node.inits),
                span=node.span and tuple(substitute(o, self.resolve) for o in node.span),
                streams=tuple(substitute(o, self.resolve) for o in node.streams),
            )
        )


def _stands_for(init: Operand, param: Var) -> bool:
    """Whether a value may be read in place of a parameter: no dtype that is computed with it changes."""
    found, wanted = type_of(init), param.type
    if not isinstance(found, ArrayType) or not isinstance(wanted, ArrayType):
        return False
    wide = wanted.dtype.itemsize == 8 or wanted.dtype.kind == "b"
    return found == wanted or wide and (found.shape, found.dtype) == (wanted.shape, wanted.dtype)


def without(node: Repeat, dropped: Sequence[int]) -> Repeat:
    """A loop without some of its carries."""

    def kept(items: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(item for k, item in enumerate(items) if k not in dropped)

    body = replace(node.body, params=kept(node.body.params), outputs=kept(node.body.outputs))
    test = node.test and replace(node.test, params=kept(node.test.params))
    return replace(node, results=kept(node.results), inits=kept(node.inits), body=body, test=test)


def adopt_name(trace: Trace, operand: Operand, old: Var) -> None:
    """Let an unnamed replacement carry the name of what it replaces; the user's lines keep theirs."""
    atom = trace.definitions.get(operand) if isinstance(operand, Var) else None
    if isinstance(operand, Var) and operand.depth is None:
        if atom is None and operand.hint != TEMPORARY:  # a parameter of a loop
            return
        if old.depth is None and atom is not None and atom.origin.part == "primal":
            return
        if (
            operand.adjoint_of is None
            and operand.tangent_of is None
            and not old.is_named_by(operand)
        ):
            operand.hint, operand.depth = old.hint, old.depth
            operand.adjoint_of, operand.tangent_of = old.adjoint_of, old.tangent_of


# Each of these makes an array of its own, which may be changed in place later.
NEW_ARRAYS = (
    np.zeros,
    np.ones,
    np.empty,
    np.full,
    np.zeros_like,
    np.ones_like,
    np.empty_like,
    np.full_like,
    np.copy,
)

COMMUTATIVE = (np.add, np.multiply, np.maximum, np.minimum)


def identity(atom: Atom) -> Any:
    """What two atoms that compute the same have in common."""
    args: Any = tuple(map(operand_identity, atom.args))
    if atom.op in COMMUTATIVE:
        args = tuple(sorted(args, key=repr))
    return atom.op, args, tuple((k, operand_identity(v)) for k, v in atom.kwargs)


def operand_identity(operand: Any) -> Any:
    if isinstance(operand, Var):
        return ("var", id(operand))
    if isinstance(operand, Lit):
        return ("lit", *operand.key())
    if isinstance(operand, Items):
        return (operand.kind, operand.keys, tuple(map(operand_identity, operand.items)))
    if isinstance(operand, Slice):
        return (
            "slice",
            *(operand_identity(p) for p in (operand.start, operand.stop, operand.step)),
        )
    return repr(operand)


# --- rules that are not patterns ---


def fold(trace: Trace, atom: Atom, single: Callable[[Var], bool]) -> Value | None:
    """Arithmetic on literal numbers: `-(1.0)`, `2 * 0.5`; a quotient only where it is exact."""
    values = [a.value for a in atom.args if isinstance(a, Lit) and a.name is None]
    if len(values) != len(atom.args) or atom.kwargs or not all(map(_plain_number, values)):
        return None
    if atom.op not in (np.negative, np.multiply, np.add, np.subtract, np.divide):
        return None
    if atom.op is np.divide and (values[1] == 0 or values[0] % values[1]):
        return None
    value = atom.op(*values).item()
    return Known(value, Lit(value))


def number_as_it_is(trace: Trace, atom: Atom, single: Callable[[Var], bool]) -> Value | None:
    """A number reshaped to no axes is the number."""
    number = atom.args[0]
    if atom.op is np.reshape and isinstance(number, Lit) and type_of(number) == atom.result.type:
        return value_of(number)
    return None


def inverse_at_hand(trace: Trace, atom: Atom, single: Callable[[Var], bool]) -> Value | None:
    """Solving with a matrix whose inverse is needed anyway (as in the adjoint of `slogdet`) is a product."""
    if atom.op is not solve_transposed or array_type(atom.args[0]).ndim != 2:
        return None
    atoms = (a for a in trace.atoms if isinstance(a, Atom))
    inverse = next((a for a in atoms if a.op is np.linalg.inv and a.args[0] is atom.args[0]), None)
    if inverse is None:
        return None
    spelled = replace(atom.origin, spelling="operator")
    transposed = trace.apply(np.transpose, [value_of(inverse.result)], {}, spelled)
    return trace.apply(np.matmul, [transposed, value_of(atom.args[1])], {}, spelled)


def _plain_number(value: Any) -> bool:
    return type(value) in (int, float)


def weaken(trace: Trace, atom: Atom, single: Callable[[Var], bool]) -> Value | None:
    """`np.float32(2) * x` is `2.0 * x` where x decides the dtype anyway."""
    if not isinstance(atom.op, np.ufunc) or len(atom.args) != 2:
        return None
    for k, operand in enumerate(atom.args):
        if isinstance(operand, Lit) and isinstance(operand.value, np.floating):
            args: list[Value] = [value_of(a) for a in atom.args]
            number = operand.value.item()
            args[k] = Known(number, Lit(number))
            mark = len(trace.atoms)
            value = operation(trace, atom.op, args, {}, atom)
            if type_of(operand_of(value)) == atom.result.type:
                return value
            del trace.atoms[mark:]
    return None


def constant_array(trace: Trace, atom: Atom, single: Callable[[Var], bool]) -> Value | None:
    """A number stretched over an array's shape is `zeros_like`, `ones_like` or `full_like`."""
    if atom.op is np.broadcast_to and isinstance(atom.args[1], Var):
        number, shape = atom.args[0], trace.definitions.get(atom.args[1])
        if shape is None or shape.op is not getattr:
            return None
        found = type_of(number)
        if isinstance(number, Var) and not isinstance(found, StaticType):
            return None
        return _full_like(trace, atom, shape.args[0], number)
    if atom.op is np.full_like:
        return _full_like(trace, atom, atom.args[0], atom.args[1])
    return None


def placed_whole(trace: Trace, atom: Atom, single: Callable[[Var], bool]) -> Value | None:
    """What is put into an array of its own size is that array: `x[:, :2]` of two columns."""
    if atom.op is not place or not is_static(atom.args[1]) or not is_static(atom.args[2]):
        return None
    value, shape, index = atom.args
    found = padding(index, static_value(shape)) if type_of(value) == atom.result.type else None
    if found is None or found[1] or any(width != (0, 0) for width in found[0]):
        return None
    return value_of(value)


def written_back(trace: Trace, atom: Atom, single: Callable[[Var], bool]) -> Value | None:
    """`x` with `x[i]` written at `i` is `x`."""
    if atom.op is not update or not isinstance(atom.args[1], Var):
        return None
    read = trace.definitions.get(atom.args[1])
    if read is None or read.op is not getitem or read.args != (atom.args[0], atom.args[2]):
        return None
    return value_of(atom.args[0])


def padded(trace: Trace, atom: Atom, single: Callable[[Var], bool]) -> Value | None:
    """What is written as padding does not read the shape that it comes to."""
    if atom.op is not place or not isinstance(atom.args[1], Var) or not is_static(atom.args[2]):
        return None
    value, shape, index = atom.args
    if not isinstance(type_of(value), ArrayType) or not isinstance(value, Var):
        return None
    if padding(index, static_value(shape)) is None:
        return None
    args = [value_of(value), known(static_value(shape)), value_of(index)]
    return trace.apply(place, args, {}, atom.origin)


def _full_like(trace: Trace, atom: Atom, model: Operand, number: Operand) -> Value | None:
    op, args = np.full_like, [value_of(model), value_of(number)]
    if isinstance(number, Lit) and is_number(number.value) and number.value in (0, 1):
        op, args = (np.ones_like if number.value else np.zeros_like), args[:1]
    real = array_type(model).dtype.kind != "c"
    if op is atom.op or real and isinstance(number, Lit) and isinstance(number.value, complex):
        return None
    value = trace.apply(op, args, {}, atom.origin)
    return value if isinstance(value, Array) and value.type == atom.result.type else None

"""Make the derivative what a person would have written: rewrite, share common subexpressions, drop dead code.

The passes run over derivative atoms until nothing changes; the user's own lines are only shared and dropped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..primitives import solve_transposed
from .broadcasts import BROADCAST_RULES
from .ir import (
    Atom,
    Function,
    Items,
    Lit,
    Operand,
    Slice,
    StaticType,
    Var,
    substitute,
    type_of,
    variables,
)
from .products import product
from .rewrites import is_number, operation, rewrite
from .sizes import spell_sizes
from .sums import total
from .trace import Trace
from .values import Array, Known, Value, operand_of, value_of

Rule = Callable[[Trace, Atom, Callable[[Var], bool]], Value | None]
ROUNDS = 30


def simplify(function: Function) -> Function:
    """The function with the same results and no needless operations."""
    rules: tuple[Rule, ...] = (
        fold,
        number_as_it_is,
        inverse_at_hand,
        weaken,
        rewrite,
        *BROADCAST_RULES,
    )
    function = until_settled(drop_dead(function), rules)
    function = until_settled(function, (*rules, product, total))
    function = drop_dead(spell_sizes(function))
    return drop_dead(one_round(function, (constant_array,))[0])


def until_settled(function: Function, rules: tuple[Rule, ...]) -> Function:
    for _ in range(ROUNDS):
        function, changed = one_round(function, rules)
        function = drop_dead(function)
        if not changed:
            break
    return function


def one_round(function: Function, rules: tuple[Rule, ...]) -> tuple[Function, bool]:
    """Walk the atoms once, replacing each by the first rule that fits or by an equal earlier atom."""
    uses = use_counts(function)
    replaced: dict[Var, Operand] = {}
    seen: dict[Any, Atom] = {}
    trace, changed = Trace(), False

    def resolve(v: Var) -> Operand:
        return replaced.get(v, v)

    def single(v: Var) -> bool:
        return uses[v] <= 1

    for original in function.body:
        atom = original.map(resolve)
        if atom.origin.part != "primal" and len(atom.results) == 1:
            value = next(
                (v for rule in rules if (v := rule(trace, atom, single)) is not None), None
            )
            if value is not None:
                operand = operand_of(value)
                adopt_name(trace, operand, atom.result)
                replaced[atom.result] = operand
                changed = True
                continue
        key = identity(atom)
        twin = seen.get(key)
        if twin is not None:
            for old, new in zip(atom.results, twin.results, strict=True):
                adopt_name(trace, new, old)
                replaced[old] = new
            changed = True
            continue
        seen[key] = atom
        trace.add(atom)
    output = substitute(function.output, resolve)
    return replace(function, body=tuple(trace.atoms), output=output), changed


def adopt_name(trace: Trace, operand: Operand, old: Var) -> None:
    """Let an unnamed replacement carry the name of what it replaces; the user's lines keep theirs."""
    atom = trace.definitions.get(operand) if isinstance(operand, Var) else None
    if isinstance(operand, Var) and operand.depth is None and atom is not None:
        if old.depth is None and atom.origin.part == "primal":
            return
        if operand.adjoint_of is None and operand.tangent_of is None:
            operand.hint, operand.depth = old.hint, old.depth
            operand.adjoint_of, operand.tangent_of = old.adjoint_of, old.tangent_of


def use_counts(function: Function) -> Counter[Var]:
    uses: Counter[Var] = Counter()
    for atom in function.body:
        uses.update(atom.variables())
    uses.update(variables(function.output))
    return uses


def drop_dead(function: Function) -> Function:
    """Only the atoms that the output needs."""
    live = set(variables(function.output))
    kept: list[Atom] = []
    for atom in reversed(function.body):
        if any(r in live for r in atom.results):
            live.update(atom.variables())
            kept.append(atom)
    return function.with_body(tuple(reversed(kept)))


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
    if atom.op is np.reshape and isinstance(atom.args[0], Lit) and atom.result.type.shape == ():
        return value_of(atom.args[0])
    return None


def inverse_at_hand(trace: Trace, atom: Atom, single: Callable[[Var], bool]) -> Value | None:
    """Solving with a matrix whose inverse is needed anyway (as in the adjoint of `slogdet`) is a product."""
    if atom.op is not solve_transposed or type_of(atom.args[0]).ndim != 2:  # type: ignore[union-attr]
        return None
    inverse = next(
        (a for a in trace.atoms if a.op is np.linalg.inv and a.args[0] is atom.args[0]), None
    )
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


def _full_like(trace: Trace, atom: Atom, model: Operand, number: Operand) -> Value | None:
    op, args = np.full_like, [value_of(model), value_of(number)]
    if isinstance(number, Lit) and is_number(number.value) and number.value in (0, 1):
        op, args = (np.ones_like if number.value else np.zeros_like), args[:1]
    if op is atom.op:
        return None
    value = trace.apply(op, args, {}, atom.origin)
    return value if isinstance(value, Array) and value.type == atom.result.type else None

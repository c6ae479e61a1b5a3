"""Rewriting rules as a table: pattern → replacement, in the language that the tool reads.

Single letters stand for any operand; the same letter twice for the same one. Inside a pattern every operation must
have no other use, so that a rewrite never adds work (`SHARED` apart). A rewrite fires only where the replacement has
the type of what it replaces, so broadcasting and dtypes are safe. The rules run over derivative atoms, never over the
user's own lines.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .ir import Atom
from .operands import Lit, Operand, StaticType, Var, type_of
from .trace import Trace
from .values import Known, Value, operand_of, value_of

# Exact in floating point, signs of zeros aside.
EXACT = (
    ("x * 1", "x"),
    ("1 * x", "x"),
    ("x / 1", "x"),
    ("x + 0", "x"),
    ("0 + x", "x"),
    ("x - 0", "x"),
    ("x + x", "2 * x"),
    ("x * -1", "-x"),
    ("-1 * x", "-x"),
    ("-x * y", "-(x * y)"),
    ("x * -y", "-(x * y)"),
    ("-x / y", "-(x / y)"),
    ("x / -y", "-(x / y)"),
    ("x + -y", "x - y"),
    ("-x + y", "y - x"),
    ("x - -y", "x + y"),
    ("-(x - y)", "y - x"),
    ("-x @ y", "-(x @ y)"),
    ("x @ -y", "-(x @ y)"),
    ("-(x.T)", "(-x).T"),
    ("np.outer(x, y).T", "np.outer(y, x)"),
    ("np.squeeze(np.expand_dims(x, a), axis=a)", "x"),
    ("np.expand_dims(np.squeeze(x, axis=a), a)", "x"),
    ("np.squeeze(-x, axis=a)", "-np.squeeze(x, axis=a)"),
    ("np.squeeze(np.sum(x, axis=a, keepdims=True), axis=a)", "np.sum(x, axis=a)"),
    ("np.sum(-x)", "-np.sum(x)"),
    ("np.sum(-x, axis=a)", "-np.sum(x, axis=a)"),
    ("np.sum(-x, axis=a, keepdims=k)", "-np.sum(x, axis=a, keepdims=k)"),
    ("np.reshape(np.reshape(x, s), t)", "np.reshape(x, t)"),
    ("np.where(c, x, 0) + np.where(c, 0, y)", "np.where(c, x, y)"),
    ("np.where(c, 0, x) + np.where(c, y, 0)", "np.where(c, y, x)"),
    ("np.where(c, x, 0) + np.where(c, y, 0)", "np.where(c, x + y, 0)"),
    ("np.where(c, 0, x) + np.where(c, 0, y)", "np.where(c, 0, x + y)"),
    ("np.where(c, x, y) + np.where(c, 0, z)", "np.where(c, x, y + z)"),
    ("np.where(c, x, y) + np.where(c, z, 0)", "np.where(c, x + z, y)"),
    ("np.expand_dims(x, a)", "x"),
    ("np.reshape(x, s)", "x"),
    ("np.ravel(x)", "x"),
    ("np.broadcast_to(np.expand_dims(x, 0), s)", "np.broadcast_to(x, s)"),
    ("np.broadcast_to(x, s)", "x"),
    ("np.broadcast_to(np.broadcast_to(x, s), t)", "np.broadcast_to(x, t)"),
    ("astype(x, d)", "x"),
)

# Exact, and no operation is left: they fire where the inner operation has other uses, too.
SHARED = (
    ("--x", "x"),
    ("x.T.T", "x"),
)

# Equal in real arithmetic; the rounding may differ in the last place.
REASSOCIATING = (
    ("x * (1 / y)", "x / y"),
    ("(1 / y) * x", "x / y"),
    ("(x.T @ y).T", "y.T @ x"),
    ("(x @ y.T).T", "y @ x.T"),
)

OPERATORS: dict[type, Any] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.MatMult: np.matmul,
    ast.Pow: np.power,
    ast.USub: np.negative,
}


@dataclass(frozen=True)
class Node:
    """An operation of a pattern or a replacement."""

    op: Callable
    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Rewrite:
    """`before` and `after` are trees of `Node`, letters (str) and numbers; `text` is the row of the table."""

    text: str
    before: Node
    after: Any
    exact: bool = True
    shared: bool = False


def parse_row(before: str, after: str, exact: bool = True, shared: bool = False) -> Rewrite:
    one, other = (_tree(ast.parse(side, mode="eval").body) for side in (before, after))
    assert isinstance(one, Node)
    return Rewrite(f"{before} → {after}", one, other, exact, shared)


def _tree(node: ast.expr) -> Any:
    from ..primitives import astype

    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.BinOp):
        return Node(OPERATORS[type(node.op)], (_tree(node.left), _tree(node.right)))
    if isinstance(node, ast.UnaryOp):
        if isinstance(node.operand, ast.Constant):
            return -node.operand.value  # type: ignore[operator]
        return Node(np.negative, (_tree(node.operand),))
    if isinstance(node, ast.Attribute):
        return Node(np.transpose, (_tree(node.value),))
    assert isinstance(node, ast.Call)
    function = node.func
    op = getattr(np, function.attr) if isinstance(function, ast.Attribute) else astype
    kwargs = tuple((k.arg or "", _tree(k.value)) for k in node.keywords)
    return Node(op, tuple(map(_tree, node.args)), kwargs)


TABLE = (
    *(parse_row(*row, shared=True) for row in SHARED),
    *(parse_row(*row) for row in EXACT),
    *(parse_row(*row, exact=False) for row in REASSOCIATING),
)
BY_OPERATION: dict[Any, list[Rewrite]] = {}
for _row in TABLE:
    BY_OPERATION.setdefault(_row.before.op, []).append(_row)


def rewrite(trace: Trace, atom: Atom, single: Callable[[Var], bool]) -> Value | None:
    """The value that replaces an atom by the first row that fits, or None."""

    def regroups(v: Var) -> bool:  # the user's own operations are not regrouped
        return single(v) and trace.definitions[v].origin.part != "primal"

    for row in BY_OPERATION.get(atom.op, ()):
        bound: dict[str, Operand] = {}
        opens = (lambda v: True) if row.shared else single if row.exact else regroups
        if _match(row.before, atom, bound, trace, opens):
            mark = len(trace.atoms)
            value = _build(row.after, bound, trace, atom)
            if _same_type(value, atom):
                return value
            del trace.atoms[mark:]
    return None


def _same_type(value: Value, atom: Atom) -> bool:
    wanted = atom.result.type
    if isinstance(wanted, StaticType):
        return isinstance(value, Known) and value.value == wanted.value
    return type_of(operand_of(value)) == atom.result.type


def _match(
    pattern: Node,
    atom: Atom,
    bound: dict[str, Operand],
    trace: Trace,
    single: Callable[[Var], bool],
) -> bool:
    if pattern.op is not atom.op or len(atom.results) != 1 or len(pattern.args) != len(atom.args):
        return False
    if tuple(k for k, _ in pattern.kwargs) != tuple(k for k, _ in atom.kwargs):
        return False
    pairs = list(zip(pattern.args, atom.args, strict=True))
    pairs += [(p, a) for (_, p), (_, a) in zip(pattern.kwargs, atom.kwargs, strict=True)]
    for part, operand in pairs:
        if isinstance(part, str):
            if part in bound and not _same(bound[part], operand):
                return False
            if part == "n" and not _is_scalar(operand):
                return False
            bound[part] = operand
        elif isinstance(part, Node):
            inner = trace.definitions.get(operand) if isinstance(operand, Var) else None
            if inner is None or len(inner.results) != 1 or not single(inner.result):
                return False
            if not _match(part, inner, bound, trace, single):
                return False
        elif not isinstance(operand, Lit) or isinstance(part, bool) and operand.value is not part:
            return False
        elif not isinstance(part, bool) and not (
            is_number(operand.value) and operand.value == part
        ):
            return False
    return True


def is_number(value: Any) -> bool:
    """A number, not a bool and not an array."""
    return isinstance(value, int | float | np.floating | np.integer) and not isinstance(value, bool)


def _is_scalar(operand: Operand) -> bool:
    found = type_of(operand)
    if isinstance(found, StaticType):
        return is_number(found.value)
    return getattr(found, "shape", None) == ()


def _same(a: Operand, b: Operand) -> bool:
    return a == b  # variables by identity, literals by what they say


def _build(tree: Any, bound: dict[str, Operand], trace: Trace, atom: Atom) -> Value:
    if isinstance(tree, str):
        return value_of(bound[tree])
    if not isinstance(tree, Node):
        return Known(tree, Lit(tree))
    args = [_build(a, bound, trace, atom) for a in tree.args]
    kwargs = {k: _build(v, bound, trace, atom) for k, v in tree.kwargs}
    return operation(trace, tree.op, args, kwargs, atom)


def operation(
    trace: Trace, op: Any, args: list[Value], kwargs: dict[str, Value], like: Atom
) -> Value:
    """A new operation in the place of an atom; on known numbers it is known too."""
    from dataclasses import replace

    spelled = replace(like.origin, spelling="operator")
    if not kwargs and all(isinstance(a, Known) for a in args) and isinstance(op, np.ufunc):
        return trace.static_operation(op, [a for a in args if isinstance(a, Known)], spelled)
    return trace.apply(op, args, kwargs, spelled)

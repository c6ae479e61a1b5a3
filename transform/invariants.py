"""What holds of a typed function after every step, and the check that says which step broke it.

1. Each variable is assigned once, and before it is read.
2. Operands are atomic: variables, literals, and displays and slices of these; nothing untyped is left.
3. Each result has the type that NumPy gives to the operation on operands of these types.
4. The output reads only what is defined.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..primitives import getitem, lookup
from .errors import BackproseError
from .ir import Atom, Choice, Function, Node, Repeat, walk
from .operands import (
    FIRST_UNKNOWN,
    ArrayType,
    Items,
    ListType,
    Lit,
    Operand,
    Slice,
    Var,
    type_of,
    variables,
)
from .outline import Outlined
from .result_types import array_types, elementwise_type, index_type
from .show import show_function


class InvariantError(AssertionError):
    """A step of the compiler has left a function that breaks the rules of the representation."""


def check(function: Function, step: str) -> None:
    """Raise `InvariantError`, naming the step and showing the function around the place."""
    defined = {v for _, v in function.params}
    _check_nodes(function, step, function.body, defined, set())
    for v in variables(function.output):
        if v not in defined:
            raise InvariantError(f"after {step}: the output reads {v!r}, which is not defined")


def _check_nodes(
    function: Function, step: str, nodes: Sequence[Node], defined: set[Var], seen: set[Var]
) -> None:
    """`defined` can be read here; `seen` is what regions before have defined, which their adjoints may read."""
    for node in nodes:
        for operand in node.operands():
            if not _is_atomic(operand):
                _fail(function, step, node, f"the operand {operand!r} is not atomic")
            for v in variables(operand):
                if v not in defined and not (v in seen and step in BEFORE_TAPES):
                    _fail(function, step, node, f"{v!r} is read before it is assigned")
        for region in node.regions:
            inner = defined | set(region.params)
            if isinstance(node, Repeat) and node.index is not None:
                inner.add(node.index)
            seen.update(inner - defined)
            _check_nodes(function, step, region.body, inner, seen)
            seen.update(inner)
            for v in (v for o in region.outputs for v in variables(o)):
                if v not in inner and not (v in seen and step in BEFORE_TAPES):
                    _fail(function, step, node, f"{v!r} leaves a region that does not define it")
        _check_types(function, step, node)
        for r in node.results:
            if r in defined:
                _fail(function, step, node, f"{r!r} is assigned twice")
            defined.add(r)
        if isinstance(node, Atom):
            wrong = _wrong_type(node)
            if wrong:
                _fail(function, step, node, wrong)
            if isinstance(node.op, Outlined):
                check(node.op.function, f"{step}, in {node.op.function.name}")


# Up to this step the adjoint of a loop or a branch may read what the loop or the branch defines inside.
BEFORE_TAPES = (
    "typed",
    "streamed",
    "vectorised",
    "adjoint",
    "unguarded",
    "put back",
    "merged",
    "read again",
    "made whole",
    "written forwards",
    "selected",
    "branched",
    "simplified",
    "gathered",
    "hoisted",
    "sunk",
    "free of jax",
)


def _check_types(function: Function, step: str, node: Node) -> None:
    """The outputs of regions have the types of the results."""
    pairs: list[tuple[Operand, Operand]] = []
    if isinstance(node, Choice):
        for region in node.regions:
            pairs += zip(node.results, region.outputs, strict=True)
    elif isinstance(node, Repeat):
        for result, init, param, output in node.carries:
            pairs += [(result, init), (result, param), (result, output)]
        if node.test is not None and len(node.test.params) != len(node.inits):
            _fail(function, step, node, "the test has other parameters than the loop has carries")
    for result, operand in pairs:
        if isinstance(type_of(result), ListType):
            continue
        one, two = type_of(result), type_of(operand)
        if not isinstance(one, ArrayType) or not isinstance(two, ArrayType):
            _fail(function, step, node, f"{operand!r} is no array")
        elif one.shape != two.shape or one.dtype != two.dtype:
            _fail(function, step, node, f"{operand!r} is {two} where {one} is expected")


def _is_atomic(operand: Operand | None) -> bool:
    if operand is None or isinstance(operand, Var | Lit):
        return True
    if isinstance(operand, Items):
        return all(map(_is_atomic, operand.items))
    if isinstance(operand, Slice):
        return all(map(_is_atomic, (operand.start, operand.stop, operand.step)))
    return False


def _wrong_type(atom: Atom) -> str | None:
    """What is wrong with the type of an elementwise operation or of an index; the others are too dear to ask."""
    if (
        len(atom.results) != 1
        or not isinstance(atom.result.type, ArrayType)
        or atom.origin.spelling == "path"
    ):
        return None
    primitive = lookup(atom.op)
    try:
        if atom.op is getitem:
            selected = [n for n in atom.result.type.shape if n >= FIRST_UNKNOWN]
            expected: Any = index_type(atom.args[0], atom.args[1], lambda *_: selected[0])
        elif isinstance(atom.op, np.ufunc) and primitive is not None and primitive.dtype == "ufunc":
            arrays = tuple(t for operand in atom.args for t in array_types(operand))
            expected = elementwise_type(atom.op, arrays, weak=False)
        else:
            return None
    except BackproseError as error:
        return f"its operands do not fit: {error.message}"
    found = atom.result.type
    if (found.shape, found.dtype) != (expected.shape, expected.dtype):
        return f"its result is {found} where NumPy gives {expected}"
    return None


def _fail(function: Function, step: str, atom: Node, what: str) -> None:
    tops = [k for k, top in enumerate(function.body) if atom is top or atom in set(walk([top]))]
    index = tops[0] if tops else 0
    around = function.with_body(function.body[max(0, index - 3) : index + 2])
    raise InvariantError(f"after {step}: {what}\n{show_function(around)}")

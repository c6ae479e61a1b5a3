"""What holds of a typed function after every step, and the check that says which step broke it.

1. Each variable is assigned once, and before it is read.
2. Operands are atomic: variables, literals, and displays and slices of these; nothing untyped is left.
3. Each result has the type that NumPy gives to the operation on operands of these types.
4. The output reads only what is defined.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitives import getitem, lookup
from .errors import BackproseError
from .ir import ArrayType, Atom, Function, Items, Lit, Operand, Slice, Var, variables
from .outline import Outlined
from .result_types import array_types, elementwise_type, index_type
from .show import show_function


class InvariantError(AssertionError):
    """A step of the compiler has left a function that breaks the rules of the representation."""


def check(function: Function, step: str) -> None:
    """Raise `InvariantError`, naming the step and showing the function around the place."""
    defined = {v for _, v in function.params}
    for atom in function.body:
        for operand in atom.operands():
            if not _is_atomic(operand):
                _fail(function, step, atom, f"the operand {operand!r} is not atomic")
        for v in atom.variables():
            if v not in defined:
                _fail(function, step, atom, f"{v!r} is read before it is assigned")
        for r in atom.results:
            if r in defined:
                _fail(function, step, atom, f"{r!r} is assigned twice")
            defined.add(r)
        wrong = _wrong_type(atom)
        if wrong:
            _fail(function, step, atom, wrong)
        if isinstance(atom.op, Outlined):
            check(atom.op.function, f"{step}, in {atom.op.function.name}")
    for v in variables(function.output):
        if v not in defined:
            raise InvariantError(f"after {step}: the output reads {v!r}, which is not defined")


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
            expected: Any = index_type(atom.args[0], atom.args[1])
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


def _fail(function: Function, step: str, atom: Atom, what: str) -> None:
    index = function.body.index(atom)
    around = function.with_body(function.body[max(0, index - 3) : index + 2])
    raise InvariantError(f"after {step}: {what}\n{show_function(around)}")

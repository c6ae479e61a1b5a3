"""How an operation is written in Python: operators with as few parentheses as needed, `x.T`, `x[:, None]`."""

from __future__ import annotations

import contextlib
import importlib
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..primitives import (
    METHODS,
    NONDIFFERENTIABLE,
    Primitive,
    array_params,
    is_array_function,
    is_jax,
    jax_twin,
    lookup,
    name_of,
)
from .ir import Atom
from .operands import ArrayType, Items, Lit, Operand, Slice, StaticType, Var
from .outline import Outlined

ATOM, POWER, UNARY, TIMES, PLUS, SHIFT, AND, XOR, OR, COMPARE, LOWEST = (
    18,
    15,
    14,
    13,
    12,
    11,
    10,
    9,
    8,
    7,
    0,
)

BINARY: dict[Any, tuple[str, int]] = {
    np.add: ("+", PLUS),
    np.subtract: ("-", PLUS),
    np.multiply: ("*", TIMES),
    np.divide: ("/", TIMES),
    np.floor_divide: ("//", TIMES),
    np.remainder: ("%", TIMES),
    np.matmul: ("@", TIMES),
    np.power: ("**", POWER),
    np.left_shift: ("<<", SHIFT),
    np.right_shift: (">>", SHIFT),
    np.bitwise_and: ("&", AND),
    np.bitwise_xor: ("^", XOR),
    np.bitwise_or: ("|", OR),
    np.less: ("<", COMPARE),
    np.less_equal: ("<=", COMPARE),
    np.greater: (">", COMPARE),
    np.greater_equal: (">=", COMPARE),
    np.equal: ("==", COMPARE),
    np.not_equal: ("!=", COMPARE),
}
UNARY_SIGNS = {np.negative: "-", np.positive: "+", np.invert: "~"}
PUBLIC = {"absolute": "abs", "conjugate": "conj", "true_divide": "divide"}

Text = tuple[str, int]  # an expression and how tightly it binds
Idiom = Callable[["Speller", Atom], Text]


class Speller:
    """Writes operands and operations for one target; `inline` gives the text of a nested variable."""

    def __init__(self, target: str, inline: Callable[[Var], Text], idioms: Mapping[Any, Idiom]):
        self.idioms = idioms
        self.target, self.inline = target, inline
        self.np = "jnp" if target == "jax" else "np"
        self.imports: set[str] = set()
        self.constants: dict[str, Any] = {}
        self.callee_names: dict[Any, str] = {}
        self.definitions: dict[Var, Atom] = {}
        self.constant_name: Callable[[Lit], str] = lambda literal: str(literal.name)

    # --- operands ---

    def operand(self, operand: Operand | None, least: int = LOWEST) -> str:
        """The text of an operand, in parentheses where it binds more loosely than `least`."""
        text, binds = self.text(operand)
        return f"({text})" if binds < least else text

    def text(self, operand: Operand | None) -> Text:
        if isinstance(operand, Var):
            return self.inline(operand)
        if isinstance(operand, Lit):
            return self.literal(operand)
        if isinstance(operand, Items):
            return self.items(operand), ATOM
        if isinstance(operand, Slice):
            parts = (operand.start, operand.stop, operand.step)
            return (
                f"slice({', '.join('None' if p is None else self.operand(p) for p in parts)})",
                ATOM,
            )
        return "None", ATOM

    def items(self, items: Items) -> str:
        parts = [self.operand(item, 1) for item in items.items]
        if items.kind == "dict":
            return (
                "{"
                + ", ".join(
                    f"{literal_text(k)}: {p}" for k, p in zip(items.keys, parts, strict=True)
                )
                + "}"
            )
        if items.kind == "list":
            return f"[{', '.join(parts)}]"
        return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"

    def literal(self, literal: Lit) -> Text:
        value = literal.value
        if literal.name is not None and literal.name.startswith("np."):
            return f"{self.module(self.np)}{literal.name[2:]}", ATOM
        if literal.name is not None:
            name = self.constant_name(literal)
            self.constants[name] = value
            return name, ATOM
        if isinstance(value, np.dtype):
            return self.dtype(value), ATOM
        if isinstance(value, type):
            if issubclass(value, np.generic):
                return self.dtype(np.dtype(value)), ATOM
            return value.__name__, ATOM
        if isinstance(value, np.generic):
            return f"{self.dtype(value.dtype)}({self.number(value.item())[0]})", ATOM
        if isinstance(value, float | complex):
            return self.number(value)
        if isinstance(value, np.ndarray):
            return array_text(value, self.module(self.np)), ATOM
        if isinstance(value, int) and not isinstance(value, bool) and value < 0:
            return repr(value), UNARY
        if value is Ellipsis:
            return "...", ATOM
        if callable(value) and is_array_function(value):
            path = name_of(value)
            self.imports.add(path.rpartition(".")[0])
            return path, ATOM
        return literal_text(value), ATOM

    def number(self, value: Any) -> Text:
        if isinstance(value, float) and not math.isfinite(value):
            name = "nan" if math.isnan(value) else "inf"
            text = f"{self.module(self.np)}.{name}"
            return (f"-{text}", UNARY) if value < 0 else (text, ATOM)
        text = repr(value)
        if isinstance(value, complex) and value.real == 0 and math.isfinite(value.imag):
            text = (
                repr(complex(0, value.imag)) if value.imag >= 0 else f"-{complex(0, -value.imag)!r}"
            )
        return text, UNARY if text.startswith("-") else ATOM

    def dtype(self, dtype: np.dtype) -> str:
        if dtype == np.dtype(bool):
            return "bool"
        return f"{self.module(self.np)}.{dtype.name}"

    def module(self, name: str) -> str:
        self.imports.add(name)
        return name

    def index(self, index: Operand) -> str:
        """What stands between the brackets of a subscript."""
        if isinstance(index, Items) and index.kind == "tuple" and index.items:
            return ", ".join(self.index_part(item) for item in index.items)
        return self.index_part(index)

    def index_part(self, part: Operand) -> str:
        if isinstance(part, Lit) and isinstance(part.value, slice):
            bounds = (part.value.start, part.value.stop, part.value.step)
            part = Slice(*(None if b is None else Lit(b) for b in bounds))
        if not isinstance(part, Slice):
            return self.operand(part, 1)
        start, stop, step = (
            "" if p is None else self.operand(p, PLUS) for p in (part.start, part.stop, part.step)
        )
        compound = any(not t.lstrip("-").isalnum() for t in (start, stop) if t)
        colon = (
            " : "
            if compound and start and stop
            else " :"
            if compound and start
            else ": "
            if compound and stop
            else ":"
        )
        return f"{start}{colon}{stop}" + (f":{step}" if step else "")

    # --- operations ---

    def operation(self, atom: Atom) -> Text:
        """The expression that computes an atom's result."""
        op = atom.op
        idiom = self.idioms.get(op)
        if idiom is not None:
            return idiom(self, atom)
        if isinstance(op, Outlined):
            name = self.callee_names.get(op, op.function.name)
            return f"{name}({', '.join(self.operand(a, 1) for a in atom.args)})", ATOM
        static = all(isinstance(r.type, StaticType) for r in atom.results)
        infix = atom.origin.spelling in ("operator", "at once")
        if op in BINARY and (infix or static) and not atom.kwargs:
            return self.binary(*BINARY[op], *atom.args)
        if op in UNARY_SIGNS and (infix or static):
            return f"{UNARY_SIGNS[op]}{self.operand(atom.args[0], UNARY)}", UNARY
        if static and op is np.prod:
            return f"{self.module('math')}.prod({self.arguments(atom)})", ATOM
        method = next((n for n, f in METHODS.items() if f is op), None)
        if atom.origin.spelling == "method" and method is not None and is_array(atom.args[0]):
            return f"{self.operand(atom.args[0], ATOM)}.{method}({self.arguments(atom, 1)})", ATOM
        return f"{self.function(op)}({self.arguments(atom)})", ATOM

    def binary(self, sign: str, level: int, left: Operand, right: Operand) -> Text:
        if level == POWER:
            base, exponent = self.operand(left, POWER + 1), self.operand(right, UNARY)
            simple = all(
                t.lstrip("-").replace(".", "").replace("_", "").isalnum() for t in (base, exponent)
            )
            return f"{base}**{exponent}" if simple else f"{base} ** {exponent}", POWER
        lower = level + 1 if level == COMPARE else level
        return f"{self.operand(left, lower)} {sign} {self.operand(right, level + 1)}", level

    def arguments(self, atom: Atom, start: int = 0) -> str:
        parts = [self.operand(a, 1) for a in atom.args]
        named = {k: self.operand(v, 1) for k, v in atom.kwargs}
        primitive = lookup(atom.op)
        if primitive is not None and primitive.numbers and self.target == "jax":
            names = array_params(primitive, len(parts))
            parts = [
                self.of_numbers(p) if n in primitive.numbers else p
                for n, p in zip(names, parts, strict=True)
            ]
            named = {
                k: self.of_numbers(p) if k in primitive.numbers else p for k, p in named.items()
            }
        return ", ".join(parts[start:] + [f"{k}={p}" for k, p in named.items()])

    def of_numbers(self, text: str) -> str:
        """A list of numbers as an array that JAX knows when it compiles."""
        return f"{self.module('np')}.array({text})" if text[0] in "[(" else text

    def function(self, op: Any) -> str:
        """The dotted name of a function in the target's module."""
        if getattr(op, "__module__", None) == "math":  # of numbers, which gives a number
            return f"{self.module('math')}.{op.__name__}"
        primitive: Primitive | None = lookup(op)
        function = op
        if self.target == "jax":
            function = primitive.function if primitive is not None else op
        path = name_of(function)
        head, _, name = path.rpartition(".")
        name = PUBLIC.get(name, name)
        if head.startswith("np"):
            if self.target == "jax" and jax_twin(function) is None:  # of numbers that are known
                return f"{self.module('np')}{head[2:]}.{name}"
            return f"{self.module(self.np)}{head[2:]}.{name}"
        if self.target == "jax" and head.startswith("jax.numpy"):
            return f"{self.module('jnp')}{head[9:]}.{name}"
        if self.target == "jax" and not head.startswith("jax"):
            own = primitive.jax if primitive is not None and is_jax(primitive.jax) else None
            of_numbers = primitive is not None and primitive.kind == NONDIFFERENTIABLE and not own
            path = path if of_numbers else of_jax(path, own or jax_twin(op) or op)
            head = path.rpartition(".")[0]
        self.imports.add("scipy.stats" if head.startswith("scipy.stats.") else head)
        return path


def of_jax(path: str, twin: Any) -> str:
    """The name of a function of JAX's: `jax.scipy.special.erf` of SciPy's, if it is there under this name."""
    head, _, name = path.rpartition(".")
    with contextlib.suppress(ImportError):
        if getattr(importlib.import_module(f"jax.{head}"), name, None) is twin:
            return f"jax.{path}"
    return name_of(twin)


def array_text(value: np.ndarray, module: str, dtype: bool = False) -> str:
    """An array written out, with the dtype where it would not follow from the numbers."""
    if not value.size:
        shape = value.shape[0] if value.ndim == 1 else value.shape
        return f"{module}.empty({shape}, dtype={_dtype_text(value.dtype, module)})"
    name = f", dtype={_dtype_text(value.dtype, module)}" if dtype else ""
    return f"{module}.array({_numbers_text(value.tolist(), module)}{name})"


def _dtype_text(dtype: np.dtype, module: str) -> str:
    return "bool" if dtype == np.dtype(bool) else f"{module}.{dtype.name}"


def _numbers_text(value: Any, module: str) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_numbers_text(v, module) for v in value)}]"
    if isinstance(value, float) and not math.isfinite(value):
        return f"{module}.nan" if math.isnan(value) else f"{'-' if value < 0 else ''}{module}.inf"
    if isinstance(value, complex) and not (math.isfinite(value.real) and math.isfinite(value.imag)):
        parts = (_numbers_text(part, module) for part in (value.real, value.imag))
        return f"complex({', '.join(parts)})"
    return repr(value)


def literal_text(value: Any) -> str:
    """A plain value as source text, strings in double quotes."""
    text = repr(value)
    return (
        f'"{text[1:-1]}"' if isinstance(value, str) and text[0] == "'" and '"' not in text else text
    )


def is_array(operand: Operand) -> bool:
    """Whether an operand is an array variable, so that it has methods; a number of Python's has none."""
    found = operand.type if isinstance(operand, Var) else None
    return isinstance(found, ArrayType) and not (found.weak and not found.shape)

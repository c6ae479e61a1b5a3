"""From a finished function to the text of a module: comment, imports, constants, definitions."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from .emitted import Emitted
from .ir import Function, Repeat, walk
from .layout import function_text
from .module import Module
from .operands import ArrayType, Var
from .spell import array_text

HELPERS = {
    "place": '''
def place(value, shape, index):
    """Zeros of a shape with `value` added at `index`: the adjoint of `x[index]`."""
    out = np.zeros(shape, np.asarray(value).dtype)
    np.add.at(out, index, value)
    return out
''',
}

LONG = re.compile(r"\bjnp\.(float64|complex128|u?int64)\b")


def emit(
    function: Function,
    target: str,
    header: str = "",
    from_loops: bool = False,
    condition: str = "",
) -> Emitted:
    """The module of one derivative function; `from_loops` says that the user's function has loops."""
    module = Module(function, target, function_text)
    has_loops = from_loops or any(isinstance(node, Repeat) for node in walk(function.body))
    if header and has_loops:
        header += "# Its loops are for arrays of exactly these shapes.\n"
    elif header and target == "jax" and function.lengths is not None and function.lengths.entries:
        header += "# Its masks are for arrays of exactly these shapes.\n"
    main = function_text(function, module, function.name)
    definitions = [*module.definitions.values(), main]
    helpers = [HELPERS[name].strip("\n") for name in sorted(module.imports & set(HELPERS))]
    settings, large = _constants(module, "".join(definitions))
    modules = module.imports - {"np", "jnp", "lax", *HELPERS}
    if "jax" in modules:
        modules -= {"jax.lax"}  # is there then
    imports = [f"import {name}" for name in modules]
    imports += ["from jax import lax"] if "lax" in module.imports else []
    imports += ["import jax.numpy as jnp"] if "jnp" in module.imports else []
    imports += ["import numpy as np"] if "np" in module.imports or helpers else []
    text = "\n\n\n".join([*helpers, *definitions])
    wide = ""
    if any(isinstance(v.type, ArrayType) and v.type.dtype.itemsize == 8 for v in _leaves(function)):
        wide = "the arguments that this was written for"
    elif LONG.search(text):
        wide = "NumPy computes parts of it"
    return Emitted(
        text,
        function.name,
        large,
        header,
        tuple(imports),
        settings,
        wide,
        condition,
    )


def _leaves(function: Function) -> list[Var]:
    """The arrays that come in: parameters, and the parts of parameters."""
    parts = [r for a in function.body if a.origin.spelling == "path" for r in a.results]
    return [v for _, v in function.params] + parts


def _constants(module: Module, text: str) -> tuple[str, dict[str, Any]]:
    """The lines that define the user's globals, in the order of their use, and those too large to write out."""
    lines: list[str] = []
    large: dict[str, Any] = {}
    for name, value in sorted(module.constants.items(), key=lambda item: text.find(item[0])):
        if isinstance(value, np.ndarray) and value.size > 64:
            large[name] = value
            lines.append(
                f"# {name}: {value.dtype}{list(value.shape)}, set by whoever loads this module"
            )
        elif isinstance(value, np.ndarray):
            module.imports.add("np")
            lines.append(f"{name} = {array_text(value, 'np', dtype=True)}")
        elif isinstance(value, np.generic):
            module.imports.add("np")
            lines.append(f"{name} = np.{value.dtype.name}({value.item()!r})")
        elif isinstance(value, float) and not math.isfinite(value):
            module.imports.add("np")
            sign = "-" if value < 0 else ""
            lines.append(f"{name} = {sign}np.{'nan' if math.isnan(value) else 'inf'}")
        else:
            lines.append(f"{name} = {value!r}")
    return "\n".join(lines), large

"""From a finished function to the text of a module: comment, imports, constants, definitions."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

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


@dataclass(frozen=True)
class Emitted:
    """An emitted module, in parts: comment, imports, definitions; and the constants that the text does not hold.

    `name` is that of its main function; `wide` says why it needs 64-bit numbers, "" that it does not; `condition` are
    the lines in which a saved module makes sure that it gets the arguments that it was written for.
    """

    definitions: str
    name: str
    constants: dict[str, Any] = field(default_factory=dict)
    header: str = ""
    imports: tuple[str, ...] = ()
    settings: str = ""
    wide: str = ""
    condition: str = ""

    @property
    def text(self) -> str:
        """The module as it is executed here, where 64-bit numbers are switched on around the call."""
        return self.assembled(self.imports, self.settings, self.definitions)

    @property
    def checked(self) -> str:
        """The definitions, the main one with its condition behind its docstring."""
        before, start, main = self.definitions.rpartition(f"def {self.name}(")
        head, docstring, body = main.partition('"""\n')
        return before + start + head + docstring + self.condition + body

    def standalone(self, target: str) -> str:
        """The module as it is saved: it checks its arguments, and switches 64-bit numbers on where it needs them."""
        module = "import jax.numpy as jnp" if target == "jax" else "import numpy as np"
        imports, settings = (*self.imports, module), self.settings
        if target == "jax" and self.wide:
            switch = f'jax.config.update("jax_enable_x64", True)  # as {self.wide}'
            imports = (*imports, "import jax")
            settings = "\n".join(filter(None, [switch, settings]))
        return self.assembled(imports, settings, self.checked)

    def assembled(self, imports: tuple[str, ...], settings: str, definitions: str) -> str:
        lines = "\n".join(sorted(set(imports), key=lambda line: line.split()[1:]))
        head = "\n\n".join(filter(None, [self.header + lines, settings]))
        return (head.rstrip("\n") + "\n\n\n" if head else "") + definitions + "\n"


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

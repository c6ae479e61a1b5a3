"""An emitted module, in parts, and how they are put together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


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

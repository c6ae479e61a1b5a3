"""Names for the variables of an emitted function: the user's own, `dW` and `W_dot` for derivatives."""

from __future__ import annotations

import keyword
from collections.abc import Iterable

from .ir import Var

# What emitted code refers to by itself; no variable may hide it.
MODULES = frozenset(("np", "jnp", "jax", "math", "scipy", "place"))
BUILTINS = frozenset(("bool", "complex", "float", "int", "slice"))
RESERVED = MODULES | BUILTINS | frozenset(keyword.kwlist)


class Names:
    """Gives each variable a name of its own, in the order of asking."""

    def __init__(self, taken: Iterable[str] = ()):
        self.taken = set(RESERVED) | set(taken)
        self.of: dict[Var, str] = {}

    def fix(self, v: Var, name: str) -> None:
        """Give a variable, a parameter say, exactly this name."""
        self.of[v] = name
        self.taken.add(name)

    def name(self, v: Var) -> str:
        if v not in self.of:
            self.of[v] = self.fresh(self.wish(v))
        return self.of[v]

    def wish(self, v: Var) -> str:
        if v.adjoint_of is not None:
            return "d" + self.base(v.adjoint_of)
        if v.tangent_of is not None:
            return self.base(v.tangent_of) + "_dot"
        return v.hint

    def base(self, v: Var) -> str:
        return self.of.get(v) or self.wish(v)

    def fresh(self, wish: str) -> str:
        """The wish, or the wish with a number, or with an underscore where a number would mislead."""
        if wish not in self.taken:
            self.taken.add(wish)
            return wish
        if wish in RESERVED:
            return self.fresh(wish + "_")
        number = 1
        stem = wish + "_" if wish[-1:].isdigit() else wish
        while f"{stem}{number}" in self.taken:
            number += 1
        self.taken.add(f"{stem}{number}")
        return f"{stem}{number}"

"""Names for the variables of an emitted function: the user's own, `dW` and `W_dot` for derivatives."""

from __future__ import annotations

import keyword
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Set

from .ir import Function, walk
from .operands import Var

# What emitted code refers to by itself; no variable may hide it.
MODULES = frozenset(("np", "jnp", "jax", "lax", "math", "scipy", "place"))
BUILTINS = frozenset(("bool", "complex", "float", "int", "range", "reversed", "slice"))
SPARE = "_"  # what nobody reads is unpacked into
RESERVED = MODULES | BUILTINS | frozenset(keyword.kwlist) | {SPARE}


def hints(function: Function) -> set[str]:
    """The names that the variables of a function would like to have."""
    found = {r.hint for node in walk(function.body) for r in node.results}
    return found | {p.hint for node in walk(function.body) for r in node.regions for p in r.params}


def free(word: str, taken: Set[str]) -> str:
    """A name that no variable has, for what is not one: `carry`, or `carry_` where the user has a `carry`."""
    while word in taken:
        word += "_"
    return word


class Names:
    """Gives each variable a name of its own, in the order of asking.

    Two variables may share a name where they are `related` and do not clash: where no one needs the one while the other
    is held.
    """

    def __init__(
        self,
        taken: Iterable[str] = (),
        clashes: Mapping[Var, Set[Var]] | None = None,
        related: Callable[[Var, Var], bool] | None = None,
    ):
        self.taken = set(RESERVED) | set(taken)
        self.spare = SPARE
        self.of: dict[Var, str] = {}
        self.holders: dict[str, list[Var]] = defaultdict(list)
        self.preferred: dict[Var, str] = {}
        self.clashes, self.related = clashes, related

    def fix(self, v: Var, name: str) -> None:
        """Give a variable, a parameter say, exactly this name."""
        self.of[v] = name
        if self.clashes is None:
            self.taken.add(name)
        if name == self.spare:  # a parameter of the user's
            self.spare += "_"
            self.taken.add(self.spare)
        self.holders[name].append(v)

    def prefer(self, v: Var, name: str) -> None:
        """The name that an unnamed variable would like to have."""
        self.preferred[v] = name

    def name(self, v: Var) -> str:
        if v not in self.of:
            self.of[v] = self.fresh(self.preferred.get(v) or self.wish(v), v)
            self.holders[self.of[v]].append(v)
        return self.of[v]

    def wish(self, v: Var) -> str:
        if v.adjoint_of is not None:
            return "d" + self.base(v.adjoint_of)
        if v.tangent_of is not None:
            return self.base(v.tangent_of) + "_dot"
        return v.hint

    def base(self, v: Var) -> str:
        return self.of.get(v) or self.preferred.get(v) or self.wish(v)

    def fresh(self, wish: str, v: Var | None = None) -> str:
        """The wish, or the wish with a number, or with an underscore where a number would mislead."""
        if self.is_free(wish, v):
            return self.use(wish)
        if wish in RESERVED:
            return self.fresh(wish + "_", v)
        number = 1
        stem = wish + "_" if wish[-1:].isdigit() else wish
        while not self.is_free(f"{stem}{number}", v):
            number += 1
        return self.use(f"{stem}{number}")

    def use(self, name: str) -> str:
        if self.clashes is None:
            self.taken.add(name)
        return name

    def is_free(self, name: str, v: Var | None) -> bool:
        if name in self.taken:
            return False
        holders = self.holders.get(name, ())
        if v is None or self.clashes is None or self.related is None:
            return not holders
        return all(self.related(v, w) and w not in self.clashes[v] for w in holders)

    def reserve(self, wish: str) -> str:
        """A name for something that is not a variable: an inner function."""
        name = self.fresh(wish)
        self.taken.add(name)
        return name

"""Operations without a rule: JAX differentiates that one operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax


@dataclass(frozen=True)
class JaxDerivative:
    """`jax.vjp` or `jax.jvp` of one call, with respect to some of its positional arguments.

    A chosen argument may be a list or tuple of arrays; the results are then those of its items, in order. Of a function
    with several results `results` says which ones are differentiated; of any other it is empty.

    Called as `(derivatives, args, **kwargs)`: the adjoint of the result, or the tangents of the chosen
    arguments; it returns a tuple of adjoints, or a tuple with the tangent of each result.
    """

    function: Callable
    twin: Callable
    mode: str
    positions: tuple[int, ...]
    results: tuple[int, ...] = ()

    @property
    def __name__(self) -> str:
        return f"{self.mode}_of_{getattr(self.function, '__name__', 'function')}"

    def __call__(self, derivatives: Any, args: Any, **kwargs: Any) -> tuple:
        def of_chosen(*chosen: Any) -> Any:
            full = list(args)
            for position, value in zip(self.positions, chosen, strict=True):
                full[position] = value
            result = self.twin(*full, **kwargs)
            if len(self.results) == 1:
                return result[self.results[0]]
            return tuple(result[k] for k in self.results) if self.results else result

        chosen = tuple(args[position] for position in self.positions)
        if self.mode == "vjp":
            if len(self.results) > 1:
                derivatives = tuple(derivatives)
            return tuple(jax.vjp(of_chosen, *chosen)[1](derivatives))
        tangent = jax.jvp(of_chosen, chosen, tuple(derivatives))[1]
        return tangent if len(self.results) > 1 else (tangent,)

"""What has been derived already, for each kind of arguments; of what has not been used for long, nothing is kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from .transform.arguments import Spec, StaticSpec, TreeSpec, kept

MOST = 256  # specialisations of one function
MOST_OF_OBJECTS = (
    16  # of them for arguments that are objects of the user's, each held until it goes
)

Kept = TypeVar("Kept")


class Cache:
    """The specialisations of one function, by what is known of its arguments."""

    def __init__(self) -> None:
        self.found: OrderedDict[Any, Any] = OrderedDict()

    def get(
        self, specs: dict[str, Spec], make: Callable[[], Kept], current: Callable[[Kept], bool]
    ) -> Kept:
        """The specialisation for arguments like these; a new one where there is none that still holds."""
        key = tuple(specs.items())
        entry = self.found.get(key)
        if entry is not None and current(entry):
            self.found.move_to_end(key)
            return entry
        made = make()
        self.found.pop(key, None)
        self.found[tuple((name, kept(spec)) for name, spec in key)] = made
        self.shrink()
        return made

    def shrink(self) -> None:
        while len(self.found) > MOST:
            self.found.popitem(last=False)
        objects = [key for key in self.found if any(holds_object(spec) for _, spec in key)]
        for key in objects[: max(0, len(objects) - MOST_OF_OBJECTS)]:
            del self.found[key]


def holds_object(spec: Spec) -> bool:
    """Whether an argument is, or contains, what only a reference keeps alive."""
    if isinstance(spec, TreeSpec):
        return any(map(holds_object, spec.items))
    return isinstance(spec, StaticSpec) and spec.kind not in (bool, int, str, type(None))

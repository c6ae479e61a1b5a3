"""The lines in which a saved module makes sure that it gets the arguments that it was written for.

Given a derivative for `x: float64[6], y: float64[2]`, it begins with:
    if (np.shape(x), np.shape(y)) != ((6,), (2,)):
        raise ValueError("f_grad is for x: float64[6], y: float64[2]")
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .arguments import ArraySpec, Spec, TreeSpec
from .block_parts import LINE
from .spell import literal_text

INDENT = "    "


def condition_of(specs: Mapping[str, Spec], name: str, target: str) -> str:
    """The check of an emitted function's arguments, "" where there is nothing to check."""
    module = "np" if target == "numpy" else "jnp"
    pairs = [pair for param, spec in specs.items() for pair in _pairs(param, spec, module)]
    if not pairs:
        return ""
    found, wanted = ([part[k] for part in pairs] for k in (0, 1))
    kinds = ", ".join(f"{param}: {spec}" for param, spec in specs.items())
    kinds = kinds.replace("\\", "\\\\").replace('"', '\\"')
    if len(pairs) == 1:
        test = f"{INDENT}if {found[0]} != {wanted[0]}:\n"
    else:
        test = f"{INDENT}if ({', '.join(found)}) != ({', '.join(wanted)}):\n"
        if len(test) > LINE:
            test = "".join([f"{INDENT}if ", _folded(found), " != ", _folded(wanted), ":\n"])
    says = [f"{name} is for "]
    for word in kinds.split(" "):
        if len(says[-1]) + len(word) > LINE - 20:
            says.append("")
        says[-1] += word + " "
    says[-1] = says[-1].rstrip()
    if len(says) == 1:
        return f'{test}{INDENT * 2}raise ValueError("{says[0]}")\n'
    lines = "".join(f'{INDENT * 3}"{line}"\n' for line in says)
    return f"{test}{INDENT * 2}raise ValueError(\n{lines}{INDENT * 2})\n"


def _pairs(text: str, spec: Spec, module: str) -> Iterator[tuple[str, str]]:
    """What is compared of an argument, and with what: shapes of arrays, values of what was fixed."""
    if isinstance(spec, ArraySpec):
        yield f"{module}.shape({text})", repr(spec.type.shape)
    elif isinstance(spec, TreeSpec):
        if spec.kind in (list, tuple):
            yield f"len({text})", str(len(spec.items))
        for key, item in zip(spec.keys, spec.items, strict=True):
            yield from _pairs(f"{text}[{literal_text(key)}]", item, module)


def _folded(parts: list[str]) -> str:
    """A tuple over several lines, as many items on each as there is room for."""
    lines = [INDENT * 2]
    for part in parts:
        if len(lines[-1]) + len(part) + 2 > LINE:
            lines.append(INDENT * 2)
        lines[-1] += f"{part}, "
    return "(\n" + "".join(line.rstrip() + "\n" for line in lines) + f"{INDENT})"

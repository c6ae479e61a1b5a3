"""Random programs with loops, branches, aliases and changes in place, as a strategy that shrinks."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from backprose.transform.emitted import Emitted
from backprose.transform.load import load
from hypothesis import assume
from hypothesis import strategies as st

from programs.loop_programs_patterns import Patterns
from programs.loop_programs_scope import Shape, Value, fresh

ALL_FEATURES = frozenset(
    """alias views copy augment items slices parameters flat_views item_swap swap
    for nested negative_step zero_trip outer_bounds data_bounds rows enumerate zip reversed after_loop
    while if static_if condexpr logic break continue return for_else
    buffers fill double_buffer helpers where reductions products masks masked_reads index_arrays duplicates
    duplicate_set add_at argsort argmax lists list_views list_reads comprehension conditional_alias dynamic_slices
    int_start builtins builtin_sum guards identity slice_ends""".split()
)
# What expressions are made of is read off the text.
IN_TEXT = {
    "argmax": r"np\.arg(max|min)",
    "builtins": r"(?<![.\w])(abs|max|min|sum)\(",
    "dynamic_slices": r"\[(:[i-n]|[i-n] ?:)",
    "gather": r"\w\[(\[[^]]*\]|idx|order)\](?! [-+*]?= )",
    "index_wraps": r"\[[^]]*\b[i-n] - 1\b",
    "read_through_mask": r"\[[^]]*( [<>&|] |~)[^]]*\]\.sum",
    "where": r"np\.(where|maximum|minimum)",
    "chained_test": r"-0\.7 < ",
    "matrix_product": r" @ |np\.dot",
}
SIZES = ((3, 4), (2, 3), (4, 4), (3, 2), (1, 3))  # of b; a has as many elements as a row


@dataclass(frozen=True)
class RandomProgram:
    """A program `f(a, b, c)`, arguments for it, and what its text is made of."""

    text: str
    arguments: tuple
    used: frozenset[str]

    def __repr__(self) -> str:
        a, b, c = (repr(x).replace("\n", "") for x in self.arguments)
        return f"\n{self.text}\n# a = {a}\n# b = {b}\n# c = {c}\n"


@dataclass(frozen=True)
class Helper:
    """A function beside `f`: the shapes of its parameters, and what it returns."""

    name: str
    text: str
    params: tuple[Shape, ...]
    result: str  # "nothing", "new", "alias"
    shape: Shape
    changes: bool  # whether it changes an argument in place
    used: frozenset[str]


class Writer(Patterns):
    """Writes `f` and its helpers."""

    helpers: tuple[Helper, ...] = ()

    def call(self):
        """A call of a helper, with what has the shapes of its parameters."""
        if not self.helpers:
            return self.assign()
        helper = self.pick(self.helpers)
        arguments, given = [], []
        for shape in helper.params:
            names = [n for n, v in self.arrays().items() if v.shape == shape]
            changed = helper.changes and shape
            if changed:
                names = [n for n in names if n in self.updatable()]
            if names:
                arguments.append(self.pick(names))
                given.append(arguments[-1])
                continue
            arguments.append(self.new(shape, 1)[0] if changed else self.expression(shape, 1))
        if helper.changes:
            for name in given:
                self.will_change(name)
        text = f"{helper.name}({', '.join(arguments)})"
        self.use("helper", f"helper_{helper.result}", *helper.used)
        if helper.result == "nothing":
            self.line(text)
        elif helper.result == "alias":
            if given and given[0] == arguments[0]:
                old = self.names[given[0]]
                value = replace(old, shape=helper.shape, view=True, ordered=False, contiguous=False)
                self.bind(value, text, alias=True)
        else:
            self.bind(fresh(helper.shape, ordered=False), text)

    def result(self) -> str:
        """A scalar that depends on everything that can be read, position by position."""
        terms = []
        for name, value in self.names.items():
            n = int(np.prod(value.shape))
            weights = f"np.arange(1.0, {n + 1}.0)"
            if value.kind == "float" and not value.shape:
                terms.append(name)
            elif value.kind == "float" and len(value.shape) == 1:
                terms.append(f"np.sum(np.sin({name}) * {weights})")
            elif value.kind == "float":
                terms.append(f"np.sum(np.cos({name}) * {weights}.reshape({value.shape}))")
            elif value.kind == "int":
                terms.append(f"0.1 * {name}")
        return " + ".join(terms) or "0.0"


@st.composite
def _helpers(draw, k: int, sizes: tuple[int, int], features: frozenset[str]):
    """One helper: it changes its arguments, returns one of them or a view, or something new."""
    m, n = sizes
    shapes = draw(
        st.sampled_from([((n,),), ((m, n), ()), ((n,), ()), ((m, n), (n,)), ((n,), (n,))])
    )
    names = ("x", "y")[: len(shapes)] if shapes[-1] else ("x", "s")
    values = dict(zip(names, map(fresh, shapes), strict=True))
    values = {n: replace(v, ordered=not v.shape[1:], contiguous=False) for n, v in values.items()}
    results = ["new", "nothing", "scalar"] + ["alias"] * ("alias" in features)
    kind = draw(st.sampled_from(results))
    used: set[str] = set()
    writer = Writer(draw, features - {"helpers"} | {"parameters"}, values, used, 7)
    shape = () if kind == "scalar" else shapes[0]
    own = frozenset().union(*(v.storages for v in values.values()))
    if not features & {"augment", "items"} or "parameters" not in features and kind != "nothing":
        writer.frozen |= own
    if kind in ("new", "scalar"):
        writer.early = lambda: writer.returned(shape)
    if kind == "nothing":
        writer.array_update()
        writer.early = lambda: ""
    writer.statements(1, 3)
    if kind == "alias":
        name = "x" if writer.names["x"] == values["x"] else None
        if name is None:
            kind = "new"
        elif len(shape) == 2 and draw(st.booleans()) and "views" in features:
            name, shape = f"x[{writer.index(m)}]", (n,)
    if kind == "alias":
        writer.line(f"return {name}")
    elif kind != "nothing":
        writer.line(f"return {writer.returned(shape)}")
    title = f"{('shift', 'mix')[k % 2]}"
    text = f"def {title}({', '.join(names)}):\n" + "\n".join(writer.lines) + "\n"
    result = kind if kind in ("nothing", "alias") else "new"
    changes = bool(own & writer.changed)
    return Helper(title, text, shapes, result, shape, changes, frozenset(used))


@st.composite
def programs(
    draw, features: frozenset[str] = ALL_FEATURES, length: int = 7, room: int = 22
) -> RandomProgram:
    """Programs `f(a, b, c)` out of the given features, with arguments."""
    unknown = features - ALL_FEATURES
    if unknown:
        raise ValueError(f"unknown features: {sorted(unknown)}")
    seed = draw(st.integers(0, 999))
    m, n = draw(st.sampled_from(SIZES))
    helpers = draw(st.sampled_from([0, 1, 1, 2])) if "helpers" in features else 0
    own = [draw(_helpers(k, (m, n), features)) for k in range(helpers)]
    names = {
        "a": Value((n,), storages=frozenset([-1]), ordered=True, contiguous=False),
        "b": Value((m, n), storages=frozenset([-2]), ordered=False, contiguous=False),
        "c": Value(),
    }
    used: set[str] = set()
    writer = Writer(draw, features, names, used, room)
    writer.helpers = tuple(own)
    writer.early = lambda: writer.returned(())
    writer.statements(1, length)
    writer.line(f"return {writer.result()}")
    body = "\n".join(writer.lines)
    called = [h.text for h in own if re.search(rf"\b{h.name}\(", body)]
    text = "\n\n".join(["import numpy as np\n", *called, f"def f(a, b, c):\n{body}\n"])
    rng = np.random.default_rng(seed)
    arguments = (rng.normal(size=n), rng.normal(size=(m, n)), np.float64(rng.normal()))
    try:
        value = value_of(load(Emitted(text, "f")), arguments)
    except Exception as error:  # the generator is wrong
        raise ValueError(f"an invalid program: {error!r}\n{text}") from error
    assume(value is not None and abs(value) < 1e4)
    used |= {name for name, pattern in IN_TEXT.items() if re.search(pattern, text)}
    return RandomProgram(text, arguments, frozenset(used))


def value_of(function: Callable, arguments) -> float | None:
    """The function's value for copies of the arguments, or None if that is no finite number."""
    with warnings.catch_warnings(), np.errstate(over="raise", divide="raise", invalid="raise"):
        warnings.simplefilter("error")
        try:
            value = function(*(np.copy(x) if np.ndim(x) else x for x in arguments))
        except FloatingPointError:
            return None
    return float(value) if np.isfinite(value) else None

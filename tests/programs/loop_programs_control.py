"""Loops, branches and jumps of random loop programs."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from programs.loop_programs_expressions import wrap
from programs.loop_programs_scope import COUNTERS, Loop, Shape, Value, part_of
from programs.loop_programs_statements import Statements

# Weight, features that it needs, and the method: simple statements first, to which a failure shrinks.
SIMPLE = (
    (5, "", "assign"), (3, "", "scalar_update"), (2, "", "start"), (4, "augment", "array_update"),
    (8, "items", "set_item"), (2, "alias", "alias"), (4, "views", "view"), (2, "flat_views", "flat_view"),
    (2, "copy", "copy"), (2, "buffers", "buffer"), (4, "swap", "swap"), (1, "item_swap", "item_swap"),
    (3, "masks", "mask_update"), (2, "masks", "name_mask"), (3, "index_arrays", "index_update"),
    (1, "index_arrays", "name_index"), (1, "argmax", "name_int"), (1, "dynamic_slices", "dynamic_slice_update"),
    (7, "helpers", "call"), (1, "comprehension", "comprehension"),
    (3, "guards", "guard"), (2, "identity", "identity"), (1, "slice_ends", "slice_ends"),
)  # fmt: skip
COMPOUND = (
    (7, "for", "for_range"), (4, "rows", "for_items"), (5, "if", "branch"), (6, "while", "while_loop"),
    (3, "fill", "fill"), (3, "lists", "collect"), (3, "double_buffer", "double_buffer"),
)  # fmt: skip
MAX_TRIPS, MAX_DEPTH = 48, 3


@st.composite
def _statement(draw, writer: Control):
    getattr(writer, draw(st.sampled_from(writer.bag())))()


class Control(Statements):
    """Blocks of statements, and what holds where they meet."""

    early: Callable[[], str] | None = None  # the value of a `return` within the body
    depth = 0

    def statements(self, least: int, most: int) -> None:
        """Some statements, as a list of choices: a failure shrinks by leaving some out."""
        self.draw(st.lists(_statement(self), min_size=least, max_size=most))

    def bag(self) -> list[str]:
        """The methods that may write the next statement, as often as their weights say."""
        if self.room <= 0:
            return ["nothing"]
        table = list(SIMPLE)
        if self.depth < MAX_DEPTH and self.room > 4:
            table += [(w * (3 if self.depth == 0 else 1), f, m) for w, f, m in COMPOUND]
        if self.depth and (self.loops or self.early):
            table += [(8, "if", "jump")]
        return [m for weight, f, m in table for _ in range(weight) if not f or self.has(f)]

    def nothing(self) -> None:
        """No room for more."""

    def body(self, least: int = 1, most: int = 4) -> dict[str, Value]:
        """An indented block; returns the names at its end and puts those before it back."""
        before, self.names = self.names, dict(self.names)
        self.depth += 1
        with self.block():
            self.statements(least, most)
        self.depth -= 1
        after, self.names = self.names, before
        return after

    # Branches and jumps.

    def branch(self):
        before = self.names
        self.use("if")
        self.line(f"if {self.condition()}:")
        ends = [self.body(most=3)]
        if self.chance(2):
            self.use("elif")
            self.line(f"elif {self.condition()}:")
            ends.append(self.body(most=2))
        if self.chance(5):
            self.use("else")
            self.line("else:")
            ends.append(self.body(most=3))
        else:
            ends.append(before)
        self.names = self.merge(ends, before)

    def jump(self):
        """`if test: ...; break` and the like."""
        loop = self.loops[-1] if self.loops else Loop(False, False)
        kinds = ["break"] * (2 * loop.may_break * self.has("break"))
        kinds += ["continue"] * (2 * loop.may_continue * self.has("continue"))
        kinds += ["return"] * (self.early is not None and self.has("return"))
        if not kinds:
            return self.branch()
        kind = self.pick(kinds)
        self.use(kind, f"{kind}_in_loop" if self.loops else kind)
        before, self.names = self.names, dict(self.names)
        self.line(f"if {self.condition()}:")
        self.depth += 1
        with self.block():
            if self.chance(3):
                self.assign() if self.chance(5) else self.scalar_update()
            if kind == "return":
                assert self.early is not None
                self.line(f"return {self.early()}".rstrip())
            else:
                self.line(kind)
        self.depth -= 1
        (loop.breaks if kind == "break" else loop.continues if kind == "continue" else []).append(
            self.names
        )
        self.names = before

    def returned(self, shape: Shape) -> str:
        """What a `return` gives: something new, and never an int."""
        return f"np.sin({self.expression(shape, 1)})"

    # Loops.

    def loop(self, header: str, surely: bool, trips: int, bound: dict[str, Value], loop: Loop | None = None,
             last: str | None = None, first: str | None = None, protected=(), most: int = 4):  # fmt: skip
        """A loop with a random body, between the lines `first` and `last`; `bound` are its counters."""
        before = self.names
        kept = self.protected, self.loops, self.trips
        loop = loop or Loop()
        counters = {n for n, v in bound.items() if v.kind == "int"}
        self.protected = self.protected | counters | set(protected)
        self.loops, self.trips = [*self.loops, loop], self.trips * max(trips, 1)
        self.use(*["nested"] * (len(self.loops) > 1), *["nested_3"] * (len(self.loops) > 2))
        self.line(header)
        self.names = {**before, **bound}
        self.depth += 1
        with self.block():
            self.carried -= set(bound)  # each trip binds them anew
            if first:
                self.line(first)
            self.statements(1, most)
            if last:
                self.line(last)
        self.depth -= 1
        ends = [self.names, *loop.continues]
        self.protected, self.loops, self.trips = kept
        if not surely:
            ends.append(before)
        self.names = self.merge(ends, before)
        if not self.has("after_loop"):
            self.names = {n: v for n, v in self.names.items() if n in before}
        if loop.breaks and self.has("for_else") and self.chance(4):
            self.use("for_else")
            self.line("else:")
            self.names = self.body(most=2)
        self.names = self.merge([self.names, *loop.breaks], before)
        self.use(*["after_loop"] * any(n not in before for n in self.names))

    def counter(self) -> str | None:
        """A name for a counter that nothing around the loop reads."""
        free = [n for n in COUNTERS if n not in self.carried and n not in self.protected]
        return free[0] if free else None

    def ranges(self) -> dict[str, list[tuple[str, list[range]]]]:
        """Texts of ranges with all ranges that they may be, by the feature that they need."""

        def fixed(*texts: str) -> list[tuple[str, list[range]]]:
            return [(t, [eval(t)]) for t in texts]

        some = fixed(
            "range(3)", "range(2)", "range(1, 4)", "range(0, 4, 2)", "range(5)", "range(-2, 1)"
        )
        data: list[tuple[str, list[range]]] = []
        outer: list[tuple[str, list[range]]] = []
        for name, v in self.arrays().items():
            n = v.shape[0]
            some += [(f"range(len({name}))", [range(n)]), (f"range({name}.shape[0])", [range(n)])]
            some += [(f"range(1, {name}.shape[-1])", [range(1, v.shape[-1])])]
            if len(v.shape) == 1 and self.has("argmax"):
                data.append((f"range(np.argmax({name}))", [range(k) for k in range(n)]))
        for i, v in self.of_kind("int").items():
            texts = [
                f"range({i})",
                f"range({i} + 1)",
                f"range({i}, 4)",
                f"range(4 - {i})",
                f"range({i} + 1, 4)",
            ]
            if self.has("negative_step"):
                texts += [f"range({i} - 1, -1, -1)", f"range({i}, 0, -1)"]
            for text in texts:
                found = [eval(text, {i: k}) for k in range(v.low, v.high + 1)]
                (outer if i in self.protected else data).append((text, found))
        return {
            "for": some,
            "outer_bounds": outer,
            "negative_step": fixed("range(3, -1, -1)", "range(4, 0, -2)", "range(-1, -4, -1)", "range(2, 0, -1)"),
            "data_bounds": data,
            "zero_trip": fixed("range(0)", "range(2, 2)", "range(1, 3, -1)"),
        }  # fmt: skip

    def for_range(self):
        found = {
            feature: [(t, rs) for t, rs in ranges if max(map(len, rs)) * self.trips <= MAX_TRIPS]
            for feature, ranges in self.ranges().items()
            if self.has(feature)
        }
        weights = {
            "for": 6,
            "outer_bounds": 8,
            "negative_step": 3,
            "data_bounds": 1,
            "zero_trip": 1,
        }
        kinds = [f for f, ranges in found.items() if ranges for _ in range(weights[f])]
        name = self.counter()
        if not kinds or name is None:
            return self.branch() if self.has("if") else self.assign()
        kind = self.pick(kinds)
        text, some = self.pick(found[kind])
        values = [k for r in some for k in r] or [0]
        surely = all(map(len, some))
        self.use("for", kind, *["maybe_zero_trip"] * (not surely))
        self.use(*["negative_step"] * text.endswith("-1)"))
        bound = {name: Value(kind="int", low=min(values), high=max(values))}
        self.loop(f"for {name} in {text}:", surely, max(map(len, some)), bound)

    def for_items(self):
        """A loop over rows or elements, with enumerate, zip or reversed."""
        arrays = list(self.arrays())
        free = [
            n for n in ("r", "e", "d", "z") if n not in self.carried and n not in self.protected
        ]
        i = self.counter()
        kinds = ["rows", *(k for k in ("enumerate", "zip", "reversed") if self.has(k))]
        kind = self.pick(kinds)
        if not arrays or len(free) < 2 or i is None:
            return self.assign()
        x, y = self.pick(arrays), self.pick(arrays)
        n = self.names[x].shape[0]
        bound = {free[0]: self.item(x)}
        header = f"for {free[0]} in {x}:"
        if kind == "reversed":
            header = f"for {free[0]} in reversed({x}):"
        elif kind == "enumerate":
            bound = {i: Value(kind="int", high=n - 1)} | bound
            header = f"for {i}, {free[0]} in enumerate({x}):"
        elif kind == "zip":
            n = min(n, self.names[y].shape[0])
            bound[free[1]] = self.item(y)
            header = f"for {free[0]}, {free[1]} in zip({x}, {y}):"
        if n * self.trips > MAX_TRIPS:
            return self.assign()
        self.use("for_items", kind, *["row_views"] * (len(self.names[x].shape) > 1))
        frozen = self.frozen
        if not self.has("views"):
            self.frozen = frozen | self.names[x].storages | self.names[y].storages
        self.loop(header, True, n, bound)
        self.frozen = frozen

    def item(self, name: str) -> Value:
        return part_of(self.names[name], "[<0>]", self.names[name].shape[1:])

    def while_loop(self):
        """A loop that ends: a counter, an error that shrinks, or a fixed point."""
        if 6 * self.trips > MAX_TRIPS:
            return self.scalar_update()
        self.use("while")
        name = self.counter()
        free = [n for n in ("err", "tol", "size") if n not in self.names]
        if name is None or not free:
            return self.scalar_update()
        kind = self.pick(
            ["counter", "counter", *["true"] * self.has("break"), "error", "error", "fixed_point"]
        )
        self.use(f"while_{kind}")
        at_start = self.chance(4)
        loop = Loop(may_continue=at_start)
        if kind in ("counter", "true"):
            limit = self.pick([3, 2, 5])
            self.line(f"{name} = 0")
            bound = {name: Value(kind="int", high=limit)}
            self.names = self.names | bound
            step = f"{name} += 1"
            test = f"{name} < {limit}"
            surely = kind == "true"
            if kind == "counter" and self.has("logic") and self.chance(7):
                test = f"{test} and {self.condition(0)}"
                self.use("while_data")
            elif kind == "counter":
                surely = True
            if kind == "counter":
                places = {"first": step} if at_start else {"last": step}
                return self.loop(f"while {test}:", surely, limit, bound, loop, **places)
            # The only way out is at the end of the body, which `continue` must not pass by.
            loop.may_continue = False
            test = f"{name} >= {limit}" + (f" or {self.condition(0)}" if self.has("logic") else "")
            indent = "    " * (self.indent + 1)
            last = f"{step}\n{indent}if {test}:\n{indent}    break"
            return self.loop("while True:", True, limit, bound, loop, last=last)
        error = free[0]
        self.use("while_data")
        if kind == "error":
            self.line(f"{error} = np.abs({self.expression((), 1)}) + {self.pick(['0.0', '0.5'])}")
            self.names = self.names | {error: Value()}
            step = self.pick([f"{error} *= 0.5", f"{error} = 0.4 * {error}"])
            places = {"first": step} if at_start else {"last": step}
            self.loop(f"while {error} > 0.11:", False, 6, {}, loop, protected=[error], **places)
        else:
            start, z = wrap(self.expression((), 1)), self.target(Value())
            if z is None:
                return self.scalar_update()
            self.line(f"{error}, {z} = 1.0, {start}")
            self.names = self.names | {error: Value(), z: Value()}
            new, indent = f"{error}_new", "    " * (self.indent + 1)
            step = f"{new} = 0.5 * np.cos({z}) + 0.3\n{indent}{error} = np.abs({new} - {z})\n{indent}{z} = {new}"
            places = {"first": step} if at_start else {"last": step}
            protected = [error, z]
            self.loop(
                f"while {error} > 1e-2:", True, 6, {}, loop, protected=protected, most=2, **places
            )

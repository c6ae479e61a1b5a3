"""Expressions of random loop programs: bounded, so that no loop lets a value grow."""

from __future__ import annotations

import re

from programs.loop_programs_scope import Scope, Shape, Value, fresh, subscripts

CONSTANTS = ("0.5", "1.0", "-0.7", "0.0", "0.25", "-1.5")
THRESHOLDS = ("0.13", "-0.21", "0.06", "0.43", "-0.57", "0.87")
UNARY = ("np.sin({})", "np.tanh({})", "0.5 * {}", "-{}", "np.cos({})", "np.exp(-({} ** 2))", "np.abs({})",
         "np.sqrt(1 + {} ** 2) - 1", "1 / (2 + np.sin({}))", "{} + 0.3", "1 - {}")  # fmt: skip
BINARY = ("0.5 * ({} + {})", "0.6 * {} - 0.4 * {}", "0.5 * np.tanh({} * {})", "np.sin(0.5 * ({} - {}))",
          "{} / (2 + np.cos({}))", "0.5 * np.sin({}) * np.cos({})")  # fmt: skip
SMALL = ("np.sin({})", "0.3 * np.tanh({})", "0.5 * np.cos({})")


def wrap(text: str) -> str:
    """The text, in parentheses if it is not an atom."""
    depth = 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        if character == " " and depth == 0:
            return f"({text})"
    return f"({text})" if text.startswith("-") else text


class Expressions(Scope):
    """Draws expressions of a wanted shape from the names that can be read."""

    unordered = False  # whether the expression that is being written read a transposed array

    def index(self, n: int) -> str:
        """An int that is a valid index of an axis of n."""
        found = ["0", "-1", str(n - 1), str(n // 2), f"-{n}"]
        counters = self.of_kind("int")
        near: list[str] = []
        for name, v in counters.items():
            if -n <= v.low and v.high < n:
                near += [name, name]
            if v.low >= 0:
                near += [f"({name} + 1) % {n}"]
                near += [f"{name} - 1"] * (v.high - 1 < n)
                near += [f"-1 - {name}", f"{n - 1} - {name}"] * (v.high < n)
                near += [f"{name} + 1"] * (v.high + 1 < n)
                near += [f"{name} // 2"] * (v.high // 2 < n)
            near += [f"{name} % {n}"] * (v.high >= n)
            near += [f"({name} + {m}) % {n}" for m in counters if m < name]
        if near and self.chance(8):
            return self.pick(near)
        vectors = [x for x, v in self.arrays().items() if v.shape == (n,)]
        if vectors and self.has("argmax") and self.chance(1):
            return f"{self.pick(['np.argmax', 'np.argmin'])}({self.pick(vectors)})"
        return self.pick(found)

    def filled(self, template: str) -> str:
        """The template with an index for every `<n>`."""
        return re.sub(r"<(\d+)>", lambda found: self.index(int(found[1])), template)

    def parts(self, shape: Shape) -> list[tuple[str, str]]:
        """Views of that shape: names and templates."""
        return [
            (n, t) for n, v in self.arrays().items() for t, s in subscripts(v.shape) if s == shape
        ]

    def atom(self, shape: Shape) -> str:
        """A name, a view or an element of that shape."""
        names = [n for n, v in self.of_kind("float").items() if v.shape == shape]
        parts = self.parts(shape)
        if names and not (parts and self.chance(5)):
            name = self.pick(names)
            self.unordered |= not self.names[name].ordered
            return name
        if parts:
            name, template = self.pick(parts)
            self.unordered |= len(shape) > 1 and (not self.names[name].ordered or ".T" in template)
            return name + self.filled(template)
        return self.pick(CONSTANTS) if shape == () else self.constant(shape)

    def constant(self, shape: Shape) -> str:
        size = str(shape[0]) if len(shape) == 1 else str(shape)
        value = self.atom(())
        return self.pick(
            [f"np.full({size}, {value}{self.cast(value)})", f"{wrap(value)} * np.ones({size})"]
        )

    def cast(self, text: str) -> str:
        """The dtype of an array of such scalars, which may be ints."""
        sure = text.startswith(("0.", "np.")) and not text.startswith("np.abs")
        return "" if sure or not self.has("int_start") else ", dtype=float"

    def expression(self, shape: Shape, depth: int = 2) -> str:
        """An expression of that shape; it may be a name or a view."""
        if depth <= 0 or self.chance(3):
            return self.atom(shape)
        return self.computed(shape, depth)

    def computed(self, shape: Shape, depth: int = 2) -> str:
        """An expression of that shape that makes a new array."""
        kinds = [self.unary, self.unary, self.binary, self.binary, self.choice]
        kinds += [self.conditional] * self.has("condexpr")
        kinds += [self.reduction] * 2 * self.has("reductions") * (len(shape) < 2)
        kinds += [self.product] * self.has("products")
        kinds += [self.special] * 2
        return self.pick(kinds)(shape, depth - 1)

    def operand(self, shape: Shape, depth: int) -> str:
        """An operand that broadcasts to that shape."""
        narrower = [shape, shape, shape, ()] + [shape[1:]] * (len(shape) == 2)
        return self.expression(self.pick(narrower), depth)

    def unary(self, shape: Shape, depth: int) -> str:
        form, x = self.pick(UNARY), self.expression(shape, depth)
        bare = form.count("{}") == 1 and form.endswith("({})")
        return form.format(x if bare else wrap(x))

    def binary(self, shape: Shape, depth: int) -> str:
        x, y = self.expression(shape, depth), self.operand(shape, depth)
        return self.pick(BINARY).format(wrap(x), wrap(y))

    def choice(self, shape: Shape, depth: int) -> str:
        if not self.has("where"):
            return self.unary(shape, depth)
        x, y = self.expression(shape, depth), wrap(self.operand(shape, depth - 1))
        threshold = self.pick(THRESHOLDS)
        forms = [f"np.maximum({x}, {threshold})", f"np.minimum({x}, 0.5 * {y} + {threshold})"]
        forms.append(f"np.where({wrap(self.atom(shape))} > {threshold}, {x}, 0.5 * {y})")
        return self.pick(forms)

    def conditional(self, shape: Shape, depth: int) -> str:
        self.use("condexpr")
        x, y = self.computed(shape, depth - 1), self.computed(shape, depth - 1)
        return f"({x} if {self.condition()} else {y})"

    def reduction(self, shape: Shape, depth: int) -> str:
        """A sum, a mean or an extremum."""
        wider = [v.shape for v in self.arrays().values() if len(v.shape) == len(shape) + 1]
        wider = [s for s in wider if not shape or shape in (s[1:], s[:1])]
        if not wider:
            return self.unary(shape, depth)
        self.use("reductions")
        s = self.pick(wider)
        x, n = self.expression(s, depth - 1), 10
        axis = "" if not shape else ", axis=0" if shape == s[1:] else ", axis=1"
        forms = [f"np.mean({x}{axis})", f"np.sum({x}{axis}) / {n}", f"np.tanh(np.sum({x}{axis}))"]
        forms += [f"np.max({x}{axis})", f"0.5 * {wrap(x)}.min({axis[2:]})"]
        if not shape and self.has("masked_reads"):
            forms.append(f"0.1 * {self.masked(s)}.sum()")
        if not shape and self.has("builtin_sum"):
            forms += [f"0.1 * sum({x})", f"0.2 * len({x})"]
        return self.pick(forms)

    def masked(self, shape: Shape) -> str:
        names = [n for n, v in self.arrays().items() if v.shape == shape]
        if not names:
            return f"np.ones({shape})"
        return f"{self.pick(names)}[{self.mask(shape)}]"

    def product(self, shape: Shape, depth: int) -> str:
        """A matrix product of names, squashed."""
        sizes = sorted({n for v in self.arrays().values() for n in v.shape})
        left = [(*shape[:1], n) if shape else (n,) for n in sizes]
        right = [(n, *shape[1:]) for n in sizes]
        shapes = {v.shape for v in self.arrays().values()}
        fitting = [(x, y) for x, y in zip(left, right, strict=True) if x in shapes and y in shapes]
        if not fitting:
            return self.binary(shape, depth)
        self.use("products")
        x, y = (wrap(self.expression(s, depth - 1)) for s in self.pick(fitting))
        forms = ["0.5 * np.tanh({} @ {})", "np.tanh(np.dot({}, {}))", "0.2 * ({} @ {})"]
        return self.pick(forms).format(x, y)

    def special(self, shape: Shape, depth: int) -> str:
        """What only one kind of shape has: counters and builtins for scalars, gathers for vectors."""
        forms: list[str] = []
        if shape == ():
            forms += [f"0.1 * {n}" for n in self.of_kind("int")]
            if self.has("builtins"):
                x, y = self.expression((), depth), self.expression((), depth)
                forms += [
                    f"max({x}, 0.5 * {wrap(y)})",
                    f"abs({x})",
                    f"min({x}, {self.pick(THRESHOLDS)})",
                ]
            if self.has("dynamic_slices"):
                vectors = [n for n, v in self.arrays().items() if len(v.shape) == 1]
                counters = [n for n, v in self.of_kind("int").items() if v.low >= 0]
                if vectors and counters:
                    x, i = self.pick(vectors), self.pick(counters)
                    sums = [f"0.2 * np.sum({x}[:{i}])", f"0.2 * np.sum(np.sin({x}[{i}:]))"]
                    forms += sums * 2
        elif len(shape) == 1 and self.has("index_arrays"):
            longer = [n for n, v in self.arrays().items() if len(v.shape) == 1]
            for name in longer:
                for idx in self.index_arrays(self.names[name].shape[0], shape[0]):
                    forms.append(f"{name}[{idx}]")
        elif len(shape) == 2 and self.has("products"):
            x, y = self.atom(shape[:1]), self.atom(shape[1:])
            forms += [f"np.outer(np.sin({x}), {y})", f"np.tanh({wrap(x)}[:, None] * {wrap(y)})"]
        return self.pick(forms) if forms else self.unary(shape, depth)

    def index_arrays(self, n: int, length: int, unique: bool = False) -> list[str]:
        """Index arrays of that length into an axis of n, names first."""

        def fits(entries: tuple[int, ...]) -> bool:
            if unique and len({e % n for e in entries}) < len(entries):
                return False
            return len(entries) == length and -n <= min(entries) and max(entries) < n

        named = [x for x, v in self.of_kind("index").items() if fits(v.entries)]
        lists = [
            (0, 1),
            (1, 0),
            (0, -1),
            (0, 0),
            (0, 2, 1),
            (1, 2, 2),
            (0, 1, 0),
            (3, 1, 0, 2),
            (0, 1, 1, 3),
        ]
        return named + [str(list(e)) for e in lists if fits(e)]

    def mask(self, shape: Shape) -> str:
        """A boolean array of that shape."""
        named = [n for n, v in self.of_kind("mask").items() if v.shape == shape]
        if named and self.chance(8):
            self.use("named_mask")
            return self.pick([named[0], f"~{named[-1]}"])
        first = f"{wrap(self.atom(shape))} {self.pick('><')} {self.pick(THRESHOLDS)}"
        if self.chance(2):
            operator = self.pick("&|")
            return f"({first}) {operator} ({wrap(self.atom(shape))} < {self.pick(THRESHOLDS)})"
        return first

    def condition(self, depth: int = 1) -> str:
        """A test that no zero-trip loop leaves undefined: of data, counters or shapes."""
        if depth and self.has("logic") and self.chance(3):
            self.use("logic")
            form = self.pick(["{} and {}", "{} or {}", "not {}", "{} and not {}"])
            tests = [self.condition(depth - 1) for _ in range(form.count("{}"))]
            return form.format(*(f"({t})" if " or " in t or " and " in t else t for t in tests))
        kinds = ["data", "data", "data", "pair"] + ["any"] * bool(self.arrays())
        kinds += ["counter"] * 2 * bool(self.of_kind("int"))
        kinds += ["static"] * (self.has("static_if") and bool(self.arrays()))
        kind = self.pick(kinds)
        if kind == "counter":
            name, v = self.pick(sorted(self.of_kind("int").items()))
            middle = (v.low + v.high) // 2
            forms = [
                f"{name} % 2 == 0",
                f"{name} == {middle}",
                f"{name} > {middle}",
                f"{name} != 0",
            ]
            others = [n for n in self.of_kind("int") if n != name]
            return self.pick(forms + [f"{name} < {n}" for n in others])
        if kind == "static":
            self.use("static_if")
            name = self.pick(list(self.arrays()))
            n = self.names[name].shape[0]
            return self.pick(
                [f"{name}.shape[0] > {n - 1}", f"len({name}) == {n + 1}", f"{name}.ndim == 1"]
            )
        self.use("data_test")
        if kind == "any":
            name = self.pick(list(self.arrays()))
            test = f"{name} {self.pick('><')} {self.pick(THRESHOLDS)}"
            return self.pick([f"np.any({test})", f"np.all({test})", f"({test}).any()"])
        x, threshold = wrap(self.expression((), 1)), self.pick(THRESHOLDS)
        if kind == "pair":
            y = wrap(self.atom(()))
            return self.pick([f"{x} > 0.5 * {y} + {threshold}", f"-0.7 < {x} < 0.37 + np.abs({y})"])
        return f"{x} {self.pick(['>', '<', '>=', '<='])} {threshold}"

    def new(self, shape: Shape, depth: int = 2) -> tuple[str, Value]:
        """A computed expression and what it is."""
        self.unordered = False
        text = self.computed(shape, depth)
        return text, fresh(shape, not self.unordered)

    def small(self, shape: Shape) -> str:
        """What may be added again and again."""
        return self.pick(SMALL).format(self.operand(shape, 1))

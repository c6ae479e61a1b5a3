"""Random straight-line programs: broadcasting, reductions, products, indexing, aliases, augmented assignments."""

import numpy as np

SHAPES = [(3, 4), (3, 4), (4,), (3, 1), (1, 4), (1, 1), (), (3,)]


class Program:
    """A random program `f(a, b, c)` as text; shapes are tracked so that it always runs."""

    def __init__(self, seed: int, length: int = 9):
        self.rng = np.random.default_rng(seed)
        self.lines: list[str] = []
        self.names: dict[str, tuple[int, ...]] = {}
        self.fresh: set[str] = set()  # arrays that no view sees: these may be changed in place
        self.same: dict[str, str] = {}  # the first name of an aliased array
        for name in "abc":
            self.names[name] = SHAPES[self.rng.integers(len(SHAPES))]
        self.params = dict(self.names)
        for k in range(length):
            self.statement(f"v{k}")
        uses = " + ".join(self.scalar(n) for n in self.choice_of(list(self.names), 3))
        self.lines.append(f"return {uses}")

    @property
    def text(self) -> str:
        body = "\n".join(f"    {line}" for line in self.lines)
        return f"import numpy as np\n\n\ndef f(a, b, c):\n{body}\n"

    def arguments(self):
        return [
            self.rng.normal(size=s) if s else np.float64(self.rng.normal())
            for s in self.params.values()
        ]

    def pick(self, items):
        return items[self.rng.integers(len(items))]

    def choice_of(self, items, count):
        return [self.pick(items) for _ in range(count)]

    def scalar(self, name):
        if self.names[name] == ():
            return name
        return self.pick([f"np.sum({name})", f"np.mean({name} ** 2)", f"np.sum({name} * {name})"])

    def statement(self, name):
        kind = self.pick([self.elementwise, self.binary, self.binary, self.binary, self.reduction, self.shape,
                          self.choose, self.matrix, self.alias, self.augmented, self.constant])  # fmt: skip
        kind(name)

    def define(self, name, expression, shape, fresh=True):
        self.lines.append(f"{name} = {expression}")
        self.names[name] = shape
        if fresh and shape:
            self.fresh.add(name)

    def elementwise(self, name):
        x = self.pick(list(self.names))
        form = self.pick([
            "np.sin({x})", "np.tanh({x})", "np.exp(-({x} ** 2))", "1 / (1 + np.exp(-{x}))", "{x} ** 2", "-{x}",
            "np.sqrt(1 + {x} ** 2)", "1 / (2 + np.cos({x}))", "np.log(3 + np.sin({x}))", "{x} ** 3 / 7", "2 * {x} - 1",
            "np.abs({x})", "np.log1p(np.exp({x}))",
        ])  # fmt: skip
        self.define(name, form.format(x=x), self.names[x])

    def binary(self, name):
        pairs = [(x, y) for x in self.names for y in self.names if self.broadcast(x, y) is not None]
        x, y = self.pick(pairs)
        form = self.pick(["{x} + {y}", "{x} - {y}", "{x} * {y}", "{x} * {y}", "{x} / (2 + np.tanh({y}))",
                          "0.5 * {x} * {y} - {x}", "-{x} * {y} / 3", "{x} * {y} + {y} * {x}"])  # fmt: skip
        self.define(name, form.format(x=x, y=y), self.broadcast(x, y))

    def broadcast(self, x, y):
        try:
            return np.broadcast_shapes(self.names[x], self.names[y])
        except ValueError:
            return None

    def reduction(self, name):
        x = self.pick(list(self.names))
        shape = self.names[x]
        function = self.pick(["sum", "mean", "max", "min", "sum", "mean", "var"])
        axis = self.pick([None, *range(len(shape)), -1 if shape else None])
        keep = bool(self.rng.integers(2))
        result = np.zeros(shape).sum(axis=axis, keepdims=keep).shape
        if len(shape) == 0:
            return self.define(name, f"{x} + 1", shape)
        self.define(name, f"np.{function}({x}, axis={axis}, keepdims={keep})", result)

    def shape(self, name):
        x = self.pick(list(self.names))
        shape = self.names[x]
        forms = ["{x}[None]"] if len(shape) < 2 else ["{x}.T", "{x}.reshape(-1)", "np.squeeze({x})"]
        if shape and shape[0] > 1:
            forms += [
                "{x}[1:]",
                "{x}[::-1]",
                "{x}[0]",
                "{x}[[0, 1, 1]]",
                "np.concatenate([{x}, {x} * 2])",
            ]
        form = self.pick(forms).format(x=x)
        result = eval(
            form, {"np": np, x: np.zeros(shape) if shape else np.float64(0)}
        )  # names of our own
        self.define(name, form, np.shape(result), fresh="* 2" in form)
        root = self.same.get(x, x)
        self.fresh -= {n for n in self.names if self.same.get(n, n) == root}

    def choose(self, name):
        pairs = [(x, y) for x in self.names for y in self.names if self.broadcast(x, y) is not None]
        x, y = self.pick(pairs)
        form = self.pick(
            [
                "np.where({x} > 0.1, {x}, {y})",
                "np.maximum({x}, {y})",
                "np.minimum({x}, 0.3) + 0 * {y}",
            ]
        )
        self.define(name, form.format(x=x, y=y), self.broadcast(x, y))

    def matrix(self, name):
        def fits(x, y):
            a, b = self.names[x], self.names[y]
            return a and b and a[-1] == (b[-2] if len(b) > 1 else b[0])

        pairs = [(x, y) for x in self.names for y in self.names if fits(x, y)]
        if not pairs:
            return self.elementwise(name)
        x, y = self.pick(pairs)
        shape = np.matmul(np.zeros(self.names[x]), np.zeros(self.names[y])).shape
        self.define(name, f"{x} @ {y}", shape)

    def alias(self, name):
        x = self.pick(list(self.names))
        self.define(name, x, self.names[x], fresh=False)
        self.same[name] = self.same.get(x, x)
        if x in self.fresh:
            self.fresh.add(name)  # both names see a change, as in Python

    def augmented(self, name):
        if not self.fresh:
            return self.elementwise(name)
        x = self.pick(sorted(self.fresh))
        fitting = [y for y in self.names if self.broadcast(x, y) == self.names[x]]
        sign, y = self.pick(["+=", "-=", "*="]), self.pick(fitting)
        self.lines.append(f"{x} {sign} {y}")

    def constant(self, name):
        shape = self.pick(SHAPES)
        self.define(
            name, f"np.full({shape}, {self.rng.integers(1, 4)}.5)", shape, fresh=bool(shape)
        )

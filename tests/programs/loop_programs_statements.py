"""Simple statements of random loop programs: assignments, aliases, views, and changes in place."""

from __future__ import annotations

from programs.loop_programs_expressions import CONSTANTS, THRESHOLDS, Expressions, wrap
from programs.loop_programs_scope import Shape, Value, fresh, part_of, subscripts

FACTORS = ("0.5", "-0.9", "np.cos({})", "np.tanh({})")


class Statements(Expressions):
    """Each method writes one statement, or a simpler one where nothing fits."""

    def shapes(self) -> list[Shape]:
        return [(), *dict.fromkeys(v.shape for v in self.arrays().values())]

    def assign(self):
        shape = self.pick(self.shapes())
        text, value = self.new(shape)
        if self.bind(value, text) is None:
            self.line("pass")

    def start(self):
        """A constant scalar: an accumulator."""
        forms = ["0.0", *CONSTANTS[:2]]
        if self.has("int_start"):
            forms += ["0", "1"]
        text = self.pick(forms)
        self.use(*["int_start"] * (text in "01"))
        self.bind(Value(), text)

    def scalar_update(self):
        names = [n for n in self.scalars() if n not in self.protected]
        if not names:
            return self.start()
        self.use("scalar_update")
        name = self.pick(names)
        self.line(self.scalar_change(name))

    def scalar_change(self, name: str) -> str:
        factor = self.pick(FACTORS)
        forms = [f"{name} += {self.small(())}", f"{name} -= {self.small(())}"]
        if "{}" in factor:
            factor = factor.format(self.expression((), 1))
        forms += [f"{name} *= {factor}", f"{name} = {name} + {self.small(())}"]
        return self.pick(forms)

    def array_update(self):
        """`x += v`: every alias sees it."""
        names = self.updatable()
        if not names:
            return self.buffer()
        name = self.pick(names)
        self.use("array_update")
        self.update(name, "", self.names[name].shape)

    def set_item(self):
        """`A[i] = v`, `A[i, 1:] += v`, `A[:] = v` and the like."""
        names = self.updatable()
        if not names:
            return self.buffer()
        name = self.pick(names)
        found = subscripts(self.names[name].shape)
        simple = [(t, s) for t, s in found if t.count("[") == 1 and "." not in t]
        sliced = [(t, s) for t, s in simple if ":" in t or "..." in t]
        rows = [(t, s) for t, s in simple if (t, s) not in sliced]
        kinds = [rows[-1:], rows[:1], rows[-1:]] + [sliced, sliced] * self.has("slices")
        template, shape = self.pick(self.pick(kinds + [found] * self.has("views")))
        kind = "element" if shape == () else "slice" if (template, shape) in sliced else "row"
        self.use(f"set_{kind}" if (template, shape) in simple else "set_part_of_part")
        self.update(name, self.filled(template), shape, plain=not template.endswith(".T"))

    def update(self, name: str, part: str, shape: Shape, plain: bool = True):
        """One of `=`, `+=`, `-=` and `*=` for a whole array or a part of it."""
        self.will_change(name)
        operators = ["="] * 4 * bool(part and plain) + ["+=", "+=", "-=", "*="]
        operator = self.pick(operators)
        if operator == "=":
            narrower = [shape, shape, (), *([shape[1:]] * (len(shape) == 2))]
            value = self.expression(self.pick(narrower), 2)
        elif operator == "*=":
            value = self.pick(FACTORS)
            value = value.format(self.operand(shape, 1)) if "{}" in value else value
        else:
            value = self.small(shape)
        if not plain and not part.endswith("]"):  # `x.T += v` assigns to an attribute
            part += "[:]"
        self.line(f"{name}{part} {operator} {value}")

    def alias(self):
        names = self.arrays()
        if not names:
            return self.assign()
        name = self.pick(list(names))
        others = self.bind(self.names[name], name, alias=True)
        self.use(*["alias"] * bool(others))

    def view(self):
        names = [n for n, v in self.arrays().items() if v.shape]
        if not names:
            return self.assign()
        name = self.pick(names)
        value = self.names[name]
        found = [(t, s) for t, s in subscripts(value.shape) if s]
        template, shape = self.pick(
            found + [(".T", value.shape[::-1])] * 3 * (len(value.shape) > 1)
        )
        value = part_of(self.names[name], template, shape)
        if self.bind(value, name + self.filled(template), alias=True):
            self.use("view", *["view_of_view"] * self.names[name].view)
            self.use(*["transposed_view"] * (".T" in template))

    def flat_view(self):
        """`.reshape(-1)` of an array that is surely contiguous."""
        names = [n for n, v in self.arrays().items() if v.contiguous and min(v.storages) > 0]
        if not names:
            return self.view()
        name = self.pick(names)
        value, size = self.names[name], 1
        for n in value.shape:
            size *= n
        forms = [
            (".reshape(-1)", (size,)),
            (".ravel()", (size,)),
            (f".reshape({size}, 1)", (size, 1)),
        ]
        if len(value.shape) == 1 and size % 2 == 0:
            forms.append((".reshape(2, -1)", (2, size // 2)))
        text, shape = self.pick(forms)
        new = part_of(value, "[:]", shape)
        if self.bind(new, name + text, alias=True):
            self.use("flat_view")

    def copy(self):
        names = self.arrays()
        if not names:
            return self.assign()
        name = self.pick(list(names))
        value = self.names[name]
        forms = ["{}.copy()", "np.copy({})", "{}[:].copy()", "{} + 0.0", "np.array({})"]
        form = self.pick(forms)
        ordered = value.ordered or form.endswith(".copy()")
        if self.bind(fresh(value.shape, ordered), form.format(name)):
            self.use("copy")

    def buffer(self):
        shapes = self.shapes()[1:] or [(3,)]
        shape = self.pick(shapes)
        size = shape[0] if len(shape) == 1 else shape
        like = [n for n, v in self.arrays().items() if v.shape == shape and v.ordered]
        item = self.atom(())
        forms = [
            f"np.zeros({size})",
            f"np.ones({size})",
            f"np.full({size}, {item}{self.cast(item)})",
        ]
        forms += [f"np.zeros_like({n})" for n in like[:1]]
        if self.bind(fresh(shape), self.pick(forms)):
            self.use("buffer")

    def swap(self):
        """`u, v = v, u` of what has the same shape; `s, t = t, f(s)` of scalars."""
        shape = self.pick(self.shapes())
        names = [n for n, v in self.of_kind("float").items() if v.shape == shape]
        names = [n for n in names if n not in self.protected]
        if len(names) < 2:
            return self.assign()
        x = self.pick(names)
        y = self.pick([n for n in names if n != x])
        before, after = self.names[x], self.names[y]
        if shape and {x, y} & self.carried:
            fits = before.fits(after) and after.fits(before)
            if not fits or not self.has("conditional_alias"):
                return self.assign()
            self.use("conditional_alias")
        self.use("swap")
        if shape or self.chance(5):
            self.line(f"{x}, {y} = {y}, {x}")
        else:
            self.line(f"{x}, {y} = {y}, {self.computed((), 1)}")
        self.names[x], self.names[y] = after, before

    def item_swap(self):
        """Rows exchanged as views (which loses one), elements as values (which does not)."""
        names = self.updatable()
        if not names:
            return self.buffer()
        name = self.pick(names)
        self.will_change(name)
        n = self.names[name].shape[0]
        x, y = f"{name}[{self.index(n)}]", f"{name}[{self.index(n)}]"
        self.use("item_swap")
        self.line(f"{x}, {y} = {y}, {x}")

    def mask_update(self):
        """`A[m] = v`, `A[m] += 0.5`, `A[~m] = B[~m]`."""
        names = self.updatable()
        if not names:
            return self.buffer()
        name = self.pick(names)
        shape = self.names[name].shape
        rows = len(shape) == 2 and self.chance(2)
        mask = self.mask(shape[:1] if rows else shape)
        self.will_change(name)
        self.use("mask_update")
        others = [n for n, v in self.arrays().items() if v.shape == shape]
        scalar = self.expression((), 1)
        forms = [
            f"= {self.pick(THRESHOLDS)}",
            "+= 0.5",
            "*= 0.5",
            f"= {scalar}",
            f"-= 0.3 * {wrap(scalar)}",
        ]
        if self.has("masked_reads"):
            forms.append(f"= np.sin({self.pick(others)}[{mask}])")
        self.line(f"{name}[{mask}] {self.pick(forms)}")

    def name_mask(self):
        """A mask with a name: later changes of the array do not change it."""
        shape = self.pick(self.shapes()[1:] or [(3,)])
        value = Value(shape, "mask")
        if "mask" not in self.carried:
            text = f"{wrap(self.atom(shape))} {self.pick('><')} {self.pick(THRESHOLDS)}"
            self.bind(value, text)

    def index_update(self):
        """`A[idx] += v` with an index array."""
        names = self.updatable()
        if not names:
            return self.buffer()
        name = self.pick(names)
        n, *rest = self.names[name].shape
        unique = not (self.has("duplicates") and self.chance(5))
        found = [(i, k) for k in (2, 3, 4) for i in self.index_arrays(n, k, unique)]
        if not found:
            return self.set_item()
        idx, length = self.pick(found)
        entries = self.names[idx].entries if idx in self.names else eval(idx)
        unique = len({e % n for e in entries}) == length
        shape = (length, *rest)
        self.will_change(name)
        if self.has("add_at") and self.chance(2):
            self.use("add_at")
            return self.line(f"np.add.at({name}, {idx}, {self.small(shape)})")
        self.use("index_update", *["duplicates"] * (not unique))
        if not unique and self.has("duplicate_set"):
            self.use("duplicate_set")
        elif not unique:  # each duplicate then sets the same value
            return self.line(f"{name}[{idx}] {self.pick(['+=', '='])} {self.small(())}")
        operator = self.pick(["+=", "=", "-=", "*="])
        value = self.expression(shape) if operator == "=" else self.small(shape)
        self.line(f"{name}[{idx}] {operator} {value}")

    def name_index(self):
        """An index array with a name, from a list or from argsort."""
        vectors = [x for x, v in self.arrays().items() if len(v.shape) == 1]
        if vectors and self.has("argsort") and self.chance(3):
            x = self.pick(vectors)
            (n,) = self.names[x].shape
            if self.bind(
                Value((n,), "index", entries=tuple(range(n))), f"np.argsort({x}, stable=True)"
            ):
                self.use("argsort")
            return
        entries = self.pick([(0, 1), (1, 0), (0, -1), (0, 2, 1)])
        self.bind(Value((len(entries),), "index", entries=entries), f"np.array({list(entries)})")

    def name_int(self):
        """An int that depends on the data."""
        vectors = [x for x, v in self.arrays().items() if len(v.shape) == 1]
        if not vectors or not self.has("argmax"):
            return self.scalar_update()
        x = self.pick(vectors)
        self.bind(Value(kind="int", high=self.names[x].shape[0] - 1), f"np.argmax({x})")

    def dynamic_slice_update(self):
        """`x[i:] *= 0.5` with a counter."""
        names = self.updatable()
        counters = [n for n, v in self.of_kind("int").items() if v.low >= 0]
        if not names or not counters:
            return self.set_item()
        name, i = self.pick(names), self.pick(counters)
        self.will_change(name)
        part = self.pick([f"[:{i}]", f"[{i}:]", f"[{i} : {i} + 1]"])
        self.line(
            f"{name}{part} {self.pick(['*= 0.5', '+= ' + self.small(()), '= ' + self.atom(())])}"
        )

    def comprehension(self):
        """`np.array([... for i in range(n)])`."""
        n, counter = self.pick([2, 3, 4]), self.pick(["d", "e"])
        before = self.names
        self.names = {**before, counter: Value(kind="int", high=n - 1)}
        item = self.computed((), 1)
        self.names = before
        if self.bind(
            fresh((n,)), f"np.array([{item} for {counter} in range({n})]{self.cast(item)})"
        ):
            self.use("comprehension")

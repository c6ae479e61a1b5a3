"""Patterns of loops: buffers that are filled, lists that are collected, double buffers."""

from __future__ import annotations

from programs.loop_programs_control import MAX_TRIPS, Control
from programs.loop_programs_expressions import wrap
from programs.loop_programs_scope import Loop, Value, fresh


class Patterns(Control):
    """Loops whose shape is fixed around a random body."""

    def fill(self):
        """A buffer of which a loop writes every element."""
        name = self.counter()
        shape = self.pick([*self.shapes()[1:], (3,)])
        if name is None or shape[0] * self.trips > MAX_TRIPS:
            return self.buffer()
        like = [n for n, v in self.arrays().items() if v.shape == shape and v.ordered]
        size = shape[0] if len(shape) == 1 else shape
        texts = [f"np.empty({size})", f"np.zeros({size})", *(f"np.empty_like({n})" for n in like)]
        text, value = self.pick(texts), fresh(shape)
        kept = self.names
        out = self.bind(value, text)
        if out is None:
            return
        written = self.names
        if "empty" in text:  # nothing may read it yet
            self.names = {n: v for n, v in kept.items() if n != out}
        self.use("fill")
        bound = {name: Value(kind="int", high=shape[0] - 1)}
        readable = self.names | bound
        before, self.names = self.names, readable
        recursive = f"0.4 * {out}[{name} - 1] + " if "zeros" in text and self.chance(5) else ""
        items = self.expression(shape[1:], 2)
        self.names = before
        loop, protected = Loop(may_break=False, may_continue=False), [out]
        first = f"{out}[{name}] = {recursive}{items}"
        early, self.early = self.early, None
        self.loop(f"for {name} in range({shape[0]}):", True, shape[0], bound, loop, first=first,
                  protected=protected, most=2)  # fmt: skip
        self.early = early
        self.names = self.names | {out: written[out]}

    def collect(self):
        """`out.append(...)` in a loop of known length, then an array."""
        name, n = self.counter(), self.pick([2, 3, 4])
        free = [x for x in ("rows", "items", "out") if x not in self.protected]
        if name is None or not free or n * self.trips > MAX_TRIPS:
            return self.comprehension()
        out = free[0]
        shape = self.pick([(), *(s for s in self.shapes() if len(s) == 1)])
        bound = {name: Value(kind="int", high=n - 1)}
        start = self.computed(shape, 1) if self.has("list_reads") and self.chance(4) else ""
        before, self.names = self.names, self.names | bound
        views = shape and self.has("list_views") and self.chance(4)
        item = self.atom(shape) if views else self.computed(shape, 1)
        if start and not views:
            item = f"0.5 * {out}[-1] + {wrap(item)}"
        self.names = before
        self.use("lists", *["list_views"] * bool(views), *["list_reads"] * bool(start))
        self.line(f"{out} = [{start}]")
        loop = Loop(may_break=False, may_continue=False)
        falls = self.has("negative_step") and self.chance(3)
        self.use(*["negative_step"] * falls)
        places = f"range({n - 1}, -1, -1)" if falls else f"range({n})"
        self.loop(f"for {name} in {places}:", True, n, bound, loop, last=f"{out}.append({item})",
                  protected=[out], most=2)  # fmt: skip
        cast = "" if shape else self.cast(item) or self.cast(start or "0.0")
        forms = [f"np.array({out}{cast})"] + [f"np.stack({out})"] * bool(shape)
        self.bind(fresh((n + bool(start), *shape), not shape or not views), self.pick(forms))

    def double_buffer(self):
        """`v[...] = f(u); u, v = v, u` in a loop."""
        name, n = self.counter(), self.pick([2, 3, 4])
        vectors = [x for x, v in self.arrays().items() if len(v.shape) == 1 and v.shape[0] > 2]
        if not vectors or name is None or n * self.trips > MAX_TRIPS:
            return self.swap()
        x = self.pick(vectors)
        shape = self.names[x].shape
        u = self.bind(fresh(shape), f"{x}.copy()")
        kept, self.protected = self.protected, self.protected | {u or x}
        v = self.target(fresh(shape))
        self.protected = kept
        if u is None or v is None:
            return
        self.line(
            f"{v} = {self.pick([f'np.zeros({shape[0]})', f'np.empty_like({u})', f'{u}.copy()'])}"
        )
        start = self.lines[-1]
        self.names = self.names | {v: fresh(shape)}
        self.use("double_buffer")
        bound = {name: Value(kind="int", high=n - 1)}
        before, self.names = self.names, self.names | bound
        added, self.names = self.small(()), before
        forms = [
            f"{v}[:] = 0.5 * {u} + {added}",
            f"{v}[:] = 0.5 * {u}[::-1] + 0.3 * np.sin({u})",
        ]
        if "empty" not in start:
            forms.append(f"{v}[1:-1] = 0.5 * ({u}[:-2] + {u}[2:])")
        else:
            self.line(f"{v}[:] = {self.pick(['0.3', u])}")
        self.loop(f"for {name} in range({n}):", True, n, bound, Loop(may_continue=False),
                  first=self.pick(forms), last=f"{u}, {v} = {v}, {u}", protected=[u, v], most=2)  # fmt: skip
        self.names = self.names | {u: fresh(shape), v: fresh(shape)}

    def guard(self):
        """A root that is computed everywhere, and read where it is not 0 alone."""
        x = self.pick([*self.arrays(), *self.scalars()])
        shape = self.names[x].shape
        name = self.target(fresh(shape))
        if name is None or name == x:
            return
        self.use("guards")
        self.line(f"base = np.maximum({x}, 0.0)")
        self.line(f"root = {self.pick(['np.sqrt(base)', 'base**0.5'])}")
        if not shape:
            self.line(f"{name} = 0.3")
            self.line(f"if {self.pick(['base > 0.0', 'not base == 0.0', 'base != 0.0'])}:")
            self.line(f"    {name} = 0.5 * root + {name}")
        else:
            way = self.pick(["where", "read", "write"])
            if way == "where":
                self.line(f"{name} = np.where(base > 0, root, 0.3)")
            elif way == "read":
                self.line(f"{name} = np.zeros_like(root)")
                self.line(f"{name}[base > 0] = root[base > 0]")
            else:
                self.line(f"{name} = root * 1.0")
                self.line(f"{name}[base == 0] = 0.3")
        self.names = self.names | {name: fresh(shape)}

    def identity(self):
        """A flag that is compared with Python's constants."""
        test = self.atom(())
        name = self.target(fresh(()))
        if name is None:
            return
        self.use("identity")
        self.line("flag = False")
        self.line(f"if {test} > {self.pick(['0.0', '0.4', '-0.3'])}:")
        self.line("    flag = True")
        self.line(f"{name} = 0.2")
        asked = self.pick(["is True", "is False", "is not True", "is not False"])
        self.line(f"if flag {asked}:")
        self.line(f"    {name} = 0.5 * {test} + 0.1")
        self.names = self.names | {name: fresh(())}

    def slice_ends(self):
        """Slices whose ends are computed, some in front of their start."""
        vectors = [x for x, v in self.arrays().items() if len(v.shape) == 1]
        name = self.target(fresh(()))
        if not vectors or name is None:
            return
        x = self.pick(vectors)
        if self.names[x].shape[0] * self.trips > MAX_TRIPS:
            return
        self.use("slice_ends")
        ends = ["place : place - 1", "place : place - 2", "place - 1 : place + 1", "-place :"]
        self.line(f"{name} = 0.1")
        self.line(f"for place in range({self.names[x].shape[0]}):")
        self.line(f"    {name} = {name} + 0.3 * np.sum({x}[{self.pick(ends)}])")
        self.names = self.names | {name: fresh(())}

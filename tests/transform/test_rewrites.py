"""Every row of the rewriting table: it fires, it does not fire next door, and both sides agree.

Both sides are compared on random values and on 0, -0.0, inf and nan.
"""

import re
import warnings

import numpy as np
import pytest
from backprose.primitives import astype
from backprose.transform.ir import Atom, Function, Origin
from backprose.transform.operands import ArrayType, Items, Lit, StaticType, Var
from backprose.transform.rewrites import TABLE, Node, Rewrite
from backprose.transform.simplify import simplify

SHAPE = (3, 4)
SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -2.5, 3.0, 0.5, 1e300, -1e-300, 7.0])
# What the letters stand for where they are no arrays.
STATIC = {
    "np.reshape(np.reshape(x, s), t)": {"s": (12,), "t": (2, 6)},
    "np.reshape(x, s)": {"s": SHAPE},
    "np.expand_dims(x, a)": {"a": ()},
    "np.broadcast_to(x, s)": {"s": SHAPE},
    "np.broadcast_to(np.broadcast_to(x, s), t)": {"s": (2, 3, 4), "t": (5, 2, 3, 4)},
    "np.broadcast_to(np.expand_dims(x, 0), s)": {"s": (2, 3, 4)},
    "np.squeeze(np.expand_dims(x, a), axis=a)": {"a": 1},
    "np.expand_dims(np.squeeze(x, axis=a), a)": {"a": 1},
    "np.squeeze(-x, axis=a)": {"a": 1},
    "np.squeeze(np.sum(x, axis=a, keepdims=True), axis=a)": {"a": 1},
    "np.sum(-x, axis=a)": {"a": 1},
    "np.sum(-x, axis=a, keepdims=k)": {"a": 0, "k": True},
    "astype(x, d)": {"d": np.dtype(float)},
}
SHAPES = {
    "np.expand_dims(np.squeeze(x, axis=a), a)": {"x": (3, 1, 4)},
    "np.squeeze(-x, axis=a)": {"x": (3, 1, 4)},
    "np.outer(x, y).T": {"x": (3,), "y": (4,)},
    "np.ravel(x)": {"x": (12,)},
    "x @ -y": {"y": (4, 2)},
    "-x @ y": {"y": (4, 2)},
    "(x.T @ y).T": {"y": (3, 5)},
    "(x @ y.T).T": {"y": (5, 4)},
    "(x @ y).T": {"y": (4, 5)},
}


class Built:
    """The left side of a row as atoms of a derivative, with an output that nothing else needs."""

    def __init__(self, row: Rewrite, part: str = "adjoint"):
        self.before = row.text.split(" → ")[0]
        self.part, self.atoms, self.letters = part, [], {}
        result = self.build(row.before)
        self.function = Function(
            "f", "", tuple(self.letters.items()), tuple(self.atoms), result, wrt=()
        )

    def build(self, tree):
        if isinstance(tree, str):
            static = STATIC.get(self.before, {})
            if tree in static:
                value = static[tree]
                return (
                    Items("tuple", tuple(map(Lit, value)))
                    if isinstance(value, tuple)
                    else Lit(value)
                )
            if tree not in self.letters:
                shape = () if tree == "n" else SHAPES.get(self.before, {}).get(tree, SHAPE)
                self.letters[tree] = Var(tree, ArrayType(shape, np.dtype(float)), depth=0)
            return self.letters[tree]
        if not isinstance(tree, Node):
            return Lit(tree)
        args = tuple(map(self.build, tree.args))
        kwargs = tuple((k, self.build(v)) for k, v in tree.kwargs)
        shape = np.asarray(evaluate_atom(tree.op, args, kwargs, {})).shape
        result = Var("t", ArrayType(shape, np.dtype(float)))
        self.atoms.append(
            Atom((result,), tree.op, args, kwargs, Origin(part=self.part, spelling="operator"))
        )
        return result


def evaluate_atom(op, args, kwargs, values):
    def value(operand):
        if isinstance(operand, Var):
            if operand in values:
                return values[operand]
            assert isinstance(operand.type, ArrayType)
            return np.ones(operand.type.shape)
        if isinstance(operand, Items):
            return tuple(map(value, operand.items))
        return operand.value

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return op(*map(value, args), **{k: value(v) for k, v in kwargs})


def evaluate(function, arrays):
    values = dict(zip((v for _, v in function.params), arrays, strict=True))
    for atom in function.body:
        if isinstance(atom.result.type, StaticType):
            values[atom.result] = atom.result.type.value
            continue
        values[atom.result] = np.asarray(evaluate_atom(atom.op, atom.args, atom.kwargs, values))
    output = function.output
    return values[output] if isinstance(output, Var) else np.asarray(output.value)


ROWS = [pytest.param(row, id=row.text) for row in TABLE]


@pytest.mark.parametrize("row", ROWS)
def test_it_fires(row):
    before = Built(row).function
    after = simplify(before)
    operations = lambda f: [a.op for a in f.body if isinstance(a.result.type, ArrayType)]  # noqa: E731
    assert operations(after) != operations(before)
    assert len(operations(after)) <= len(operations(before))


@pytest.mark.parametrize("row", ROWS)
def test_both_sides_agree(row, rng):
    before = Built(row).function
    after = simplify(before)
    for round_ in range(4):
        arrays = []
        for _, v in before.params:
            shape = v.type.shape
            drawn = rng.normal(size=shape) if round_ else rng.choice(SPECIAL, size=shape)
            arrays.append(np.asarray(drawn))
        a, b = evaluate(before, arrays), evaluate(after, arrays)
        assert a.shape == b.shape
        if row.exact and "sum" not in row.text and "@" not in row.text:
            np.testing.assert_array_equal(a, b)
        elif round_:  # regrouped operations overflow at other places
            np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("row", ROWS)
def test_the_users_own_lines_are_left_alone(row):
    before = Built(row, part="primal").function
    assert [a.op for a in simplify(before).body] == [a.op for a in before.body]


@pytest.mark.parametrize(
    "row", [r for r in ROWS if re.search(r"\b[01]\b", r.values[0].text.split(" → ")[0])]
)
def test_it_does_not_fire_next_door(row):
    """With another number in the place of 0 or 1."""

    def other(tree):
        if isinstance(tree, Node):
            return Node(
                tree.op, tuple(map(other, tree.args)), tuple((k, other(v)) for k, v in tree.kwargs)
            )
        return (
            0.25
            if tree in (0, 1, -1) and not isinstance(tree, bool) and not isinstance(tree, str)
            else tree
        )

    rule = row
    if rule.before.op in (np.expand_dims, np.broadcast_to):
        return  # there the number is an axis
    changed = Built(Rewrite(rule.text, other(rule.before), rule.after)).function
    arrays = [
        np.asarray(np.random.default_rng(0).normal(size=v.type.shape)) for _, v in changed.params
    ]
    np.testing.assert_allclose(
        evaluate(simplify(changed), arrays), evaluate(changed, arrays), rtol=1e-13
    )
    assert simplify(changed).body, "something is left to compute"


def test_a_value_that_is_used_elsewhere_is_not_opened():
    """`--x` is x, but where `-x` is needed too, nothing is gained by a second computation."""
    x = Var("x", ArrayType(SHAPE, np.dtype(float)), depth=0)
    y = Var("y", ArrayType(SHAPE, np.dtype(float)), depth=0)
    a, b = Var("t", x.type), Var("t", x.type)
    origin = Origin(part="adjoint", spelling="operator")
    body = (Atom((a,), np.negative, (x,), (), origin), Atom((b,), np.multiply, (a, y), (), origin))
    function = Function("f", "", (("x", x), ("y", y)), body, Items("tuple", (a, b)))
    assert [atom.op for atom in simplify(function).body] == [np.negative, np.multiply]


def test_no_rewrite_changes_a_dtype_or_a_shape():
    """`x * 1` with a float64 one is not x where x is float32; `x + 0` is not x where 0 is a larger array."""
    x = Var("x", ArrayType((4,), np.dtype(np.float32)), depth=0)
    one = Lit(np.float64(1))
    result = Var("t", ArrayType((4,), np.dtype(np.float64)))
    atom = Atom((result,), np.multiply, (x, one), (), Origin(part="adjoint", spelling="operator"))
    function = Function("f", "", (("x", x),), (atom,), result)
    assert [a.op for a in simplify(function).body] == [np.multiply]


def test_the_table_knows_the_functions_of_its_rows():
    assert any(row.before.op is astype for row in TABLE)

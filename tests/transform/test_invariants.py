"""The checker of the representation rejects what it must."""

from dataclasses import replace

import numpy as np
import pytest
from backprose.transform.invariants import InvariantError, check
from backprose.transform.ir import Atom, Function
from backprose.transform.operands import ArrayType, Lit, Name, Var

FLOATS = ArrayType((3,), np.dtype(float))


def function():
    x, y, z = Var("x", FLOATS), Var("y", FLOATS), Var("z", FLOATS)
    body = (Atom((y,), np.sin, (x,)), Atom((z,), np.multiply, (y, x)))
    return Function("f", "x", (("x", x),), body, z)


def test_a_sound_function_passes():
    check(function(), "a step")


def test_read_before_assignment():
    f = function()
    with pytest.raises(InvariantError, match="after a step: .* is read before it is assigned"):
        check(f.with_body(f.body[::-1]), "a step")


def test_assigned_twice():
    f = function()
    with pytest.raises(InvariantError, match="assigned twice"):
        check(f.with_body((*f.body, f.body[0])), "a step")


def test_untyped_operand():
    f = function()
    broken = replace(f.body[0], args=(Name("x"),))
    with pytest.raises(InvariantError, match="not atomic"):
        check(f.with_body((broken, f.body[1])), "a step")


def test_undefined_output():
    f = function()
    with pytest.raises(InvariantError, match="output reads"):
        check(f.with_body(f.body[:1]), "a step")


@pytest.mark.parametrize(
    "wrong", [ArrayType((4,), np.dtype(float)), ArrayType((3,), np.dtype(np.float32))]
)
def test_wrong_type(wrong):
    f = function()
    body = (replace(f.body[0], results=(Var("y", wrong),)),)
    with pytest.raises(InvariantError, match="where NumPy gives") as caught:
        check(Function("f", "x", f.params, body, body[0].result), "a step")
    assert "sin(x)" in str(caught.value), "the lines around are shown"


def test_operands_that_do_not_fit():
    x, y = Var("x", FLOATS), Var("y", FLOATS)
    body = (Atom((y,), np.add, (x, Lit(np.ones(5)))),)
    with pytest.raises(InvariantError, match="do not fit"):
        check(Function("f", "x", (("x", x),), body, y), "a step")

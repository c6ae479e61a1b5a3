"""What is remembered of calls is told apart by all that decides their shapes and dtypes."""

import jax.numpy as jnp
import numpy as np
import pytest
from backprose.transform.abstract import abstract_call
from backprose.transform.errors import ProgramError
from backprose.transform.operands import ArrayType, Items, Lit, Var


def array(*shape, dtype="float64", weak=False):
    return Var("x", ArrayType(shape, np.dtype(dtype), weak))


def test_equal_numbers_of_different_types_are_different_calls():
    found = [
        abstract_call(jnp.multiply, (array(2, dtype="int32"), Lit(value)), ()).dtype
        for value in (True, 1, 1.0)
    ]
    assert [str(dtype) for dtype in found] == ["int32", "int32", "float64"]


def test_weak_types_are_different_calls():
    found = [
        abstract_call(jnp.add, (array(2, dtype="float32"), array(weak=weak)), ())
        for weak in (False, True)
    ]
    assert [str(f.dtype) for f in found] == ["float64", "float32"]


def test_operands_in_displays_and_arrays_written_out():
    rows = Items("list", (array(3), array(3)))
    assert abstract_call(jnp.stack, (rows,), (("axis", Lit(1)),)).shape == (3, 2)
    assert abstract_call(jnp.take, (array(5), Lit(np.array([0, 4, 1]))), ()).shape == (3,)


def test_an_error_is_one_again_the_second_time():
    for _ in range(2):
        with pytest.raises(ProgramError, match="dot does not accept"):
            abstract_call(jnp.dot, (array(3), array(4)), ())

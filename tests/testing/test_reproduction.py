"""Expressions rebuild values, dtype and strides."""

import numpy as np
import pytest

from tinygrad_lab.testing.reproduction import expression

BASE = np.arange(24.0).reshape(4, 6) / 7
ARRAYS = {
    "plain": BASE,
    "fortran": np.asfortranarray(BASE),
    "transposed": BASE.reshape(2, 3, 4).transpose(2, 0, 1),
    "reversed": BASE[::-1],
    "both reversed": BASE[::-1, ::-1],
    "every other": BASE[0, ::2],
    "every other column": BASE[:, ::2],
    "every other row": BASE[::2],
    "repeated": np.broadcast_to(BASE[0], (4, 6)),
    "repeated column": np.broadcast_to(BASE[:, :1].copy(), (4, 6)),
    "float32": BASE.astype(np.float32),
    "float16": BASE.astype(np.float16),
    "complex": BASE + 1j,
    "0-d": np.array(1.5),
    "empty": np.zeros((0, 2), np.float32),
    "not finite": np.array([np.nan, np.inf, -np.inf]),
    "integers": np.array([0, 0, 2]),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_values_dtype_and_strides_come_back(name):
    array = ARRAYS[name]
    again = eval(expression(array), {"np": np})
    np.testing.assert_array_equal(again, array)
    assert (again.dtype, again.shape, again.strides) == (array.dtype, array.shape, array.strides)


def test_containers_and_numbers():
    assert expression({"a": [1.5, None], "b": (np.array([1]),)}) == "{'a': [1.5, None], 'b': (np.array([1]),)}"


def test_a_long_array_goes_into_a_file():
    array = np.asfortranarray(np.random.default_rng(0).normal(size=(50, 50)).astype(np.float32))
    again = eval(expression(array), {"np": np})
    np.testing.assert_array_equal(again, array)
    assert (again.dtype, again.strides) == (array.dtype, array.strides)

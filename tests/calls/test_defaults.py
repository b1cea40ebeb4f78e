"""Dtypes that are asked for, and the one of what comes without."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.errors import ArgumentError


@pytest.mark.parametrize("dtype", ["float16", "float32", np.float64, "complex64", np.dtype(complex)])
@pytest.mark.parametrize("data", [1, 2.5, [1.0, 2.0], np.arange(3), np.ones(2, np.float32)])
def test_a_value_in_the_dtype_asked_for(dtype, data):
    v = tl.Value(data, dtype=dtype)
    assert v.dtype == dtype
    np.testing.assert_array_equal(v.data, np.asarray(data))


@pytest.mark.parametrize("dtype", [int, "bool", object, "no such"])
def test_a_dtype_without_derivatives_is_refused(dtype):
    with pytest.raises(ArgumentError, match="Value: dtype must be a floating or complex dtype, got"):
        tl.Value(1.0, dtype=dtype)
    with pytest.raises(ArgumentError, match="default_dtype: dtype must be a floating dtype"):
        tl.default_dtype(dtype).__enter__()
    with pytest.raises(ArgumentError, match="set_default_dtype: dtype must be a floating dtype"):
        tl.set_default_dtype(dtype)
    with pytest.raises((ArgumentError, TypeError)):
        tl.nn.Linear(2, 1).astype(dtype)


def test_the_default_is_for_what_has_no_dtype_of_its_own():
    with tl.default_dtype("float32"):
        assert tl.get_default_dtype() == np.float32
        for data in (1, 1.0, [1.0], np.arange(2), [[1, 2]], True, (np.float64(1.0), 2)):
            assert tl.Value(data).dtype == np.float32
        assert tl.Value(1j).dtype == np.complex64
        assert tl.Value(np.ones(2)).dtype == tl.Value(np.float64(1)).dtype == np.float64
        assert tl.array([1.0, tl.Value(2.0)]).dtype == np.float32
        with tl.default_dtype(np.float16):
            assert tl.Value(1.0).dtype == np.float16
        assert tl.grad(lambda x: x * x)(3.0).dtype == np.float32
    assert tl.Value([1.0]).dtype == np.float64


def test_an_error_inside_gives_the_default_back():
    with pytest.raises(ZeroDivisionError), tl.default_dtype("float32"):
        1 / 0  # noqa: B018
    assert tl.get_default_dtype() == np.float64


def test_the_function_sets_it_for_good():
    try:
        tl.set_default_dtype(np.float32)
        assert tl.Value(1.0).dtype == tl.nn.Conv1D(1, 1, 2).weight.dtype == np.float32
    finally:
        tl.set_default_dtype(np.float64)

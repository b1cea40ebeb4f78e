"""Several arrays come back from one vector as they were, and so do their gradients."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_lab as tl
from tinygrad_lab.vectors import pack, unpack

SHAPES = st.lists(st.integers(0, 3), max_size=3).map(tuple)


@given(st.lists(st.tuples(SHAPES, st.sampled_from(["f4", "f8", "c8", "c16"])), max_size=4), SHAPES, st.integers(0, 99))
def test_arrays_come_back_as_they_were(kinds, batch, seed):
    rng = np.random.default_rng(seed)
    arrays = [rng.integers(-9, 9, (*batch, *shape)).astype(dtype) for shape, dtype in kinds]
    shapes, dtypes = [shape for shape, _ in kinds], [np.dtype(dtype) for _, dtype in kinds]
    packed = pack(arrays, batch)
    assert packed.shape == (*batch, sum(map(math.prod, shapes)))
    for x, again in zip(arrays, unpack(packed, shapes, dtypes), strict=True):
        np.testing.assert_array_equal(again, x[()], strict=True)


def test_gradients_find_their_array():
    values = [tl.Value(np.ones((2, 3), np.float32)), tl.Value(1j), tl.Value(2.0)]
    a, z, b = unpack(pack(values), [v.shape for v in values], [v.dtype for v in values])
    (np.sum(a) * b + np.real(z * (2 + 1j))).backward()
    assert [v.grad.dtype for v in values] == [v.dtype for v in values]
    np.testing.assert_array_equal(values[0].grad, 2)
    assert (values[1].grad, values[2].grad) == (2 + 1j, 6)


def test_real_numbers_beside_complex_ones_are_real_again():
    vector, unravel = tl.tree.ravel({"a": np.ones(2), "z": np.full(2, 1j)})
    assert vector.dtype == complex
    assert unravel(vector)["a"].dtype == float


@pytest.mark.parametrize("batch", [(), (2,)])
def test_no_arrays_are_an_empty_vector(batch):
    assert pack([], batch).shape == (*batch, 0)
    assert unpack(np.zeros((*batch, 0)), []) == []

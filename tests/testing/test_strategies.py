import math

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from tinygrad_lab.testing import strategies
from tinygrad_lab.testing.domains import Domain

MANY = settings(max_examples=2000, phases=[Phase.generate])  # what is found need not be made smaller


@given(strategies.broadcastable(3))
def test_broadcastable_arrays_broadcast(arrays):
    np.broadcast_shapes(*(x.shape for x in arrays))


@pytest.mark.slow
@pytest.mark.parametrize(
    "wanted",
    [
        lambda a, b: a.shape != b.shape and a.ndim == b.ndim,
        lambda a, b: a.ndim > b.ndim > 0,
        lambda a, b: a.ndim < b.ndim,
        lambda a, b: () == b.shape != a.shape,
        lambda a, b: np.broadcast(a, b).shape not in (a.shape, b.shape),
        lambda a, b: a.size == 0,
        lambda a, b: a is b,
        lambda a, b: a.dtype != b.dtype,
        lambda a, b: a.shape == (3, 3) == b.shape,
        lambda a, b: a.ndim == 4,
        lambda a, b: a.size > 12,
        lambda a, b: a.size > 2 and np.all(a == 0),
        lambda a, b: a.size > 2 and a.ravel()[0] != 0 and np.all(a == a.ravel()[0]),
        lambda a, b: a.size > 3 and np.sum(a == np.max(a)) > 2 and not np.all(a == a.ravel()[0]),
        lambda a, b: np.any(np.abs(a) > 1e3),
        lambda a, b: np.any((a != 0) & (np.abs(a) < 1e-6)),
    ],
)
def test_every_kind_of_broadcasting_is_drawn(wanted):
    find(
        strategies.broadcastable(2, dtype=strategies.dtypes()),
        lambda pair: wanted(*pair),
        settings=MANY,
    )


@given(strategies.matmul_args())
def test_products_fit(pair):
    np.matmul(*pair)


@given(strategies.reduction_args())
def test_reductions_fit(drawn):
    x, keywords = drawn
    np.sum(x, **keywords)


@given(strategies.index_args())
def test_indices_fit(drawn):
    x, index = drawn
    x[index]


@pytest.mark.parametrize(
    "wanted",
    [
        lambda index: isinstance(index, np.ndarray) and len(set(index.tolist())) < len(index),
        lambda index: isinstance(index, np.ndarray) and index.dtype != bool and np.any(index < 0),
        lambda index: isinstance(index, tuple) and all(isinstance(part, np.ndarray) for part in index),
        lambda index: isinstance(index, np.ndarray) and index.dtype == bool,
        lambda index: isinstance(index, slice) and (index.step or 1) < 0,
    ],
)
def test_every_kind_of_index_is_drawn(wanted):
    find(strategies.index_args(), lambda drawn: wanted(drawn[1]), settings=MANY)


@given(strategies.layouts(), st.sampled_from(strategies.SHAPES))
def test_a_layout_keeps_shape_dtype_and_values(layout, shape):
    x = np.arange(math.prod(shape), dtype=np.float32).reshape(shape)
    again = layout(x)
    assert isinstance(again, np.ndarray)
    assert (again.shape, again.dtype) == (x.shape, x.dtype)
    if layout is not strategies.repeated:
        np.testing.assert_array_equal(again, x)


@pytest.mark.parametrize(
    "wanted",
    [
        lambda x: x.flags.f_contiguous and not x.flags.c_contiguous,
        lambda x: min(x.strides, default=0) < 0,
        lambda x: x.strides[-1:] == (16,) and x.shape[-1] > 1,
        lambda x: x.strides[:1] == (0,) and x.shape[0] > 1,
        lambda x: not x.flags.writeable,
    ],
)
def test_every_layout_is_drawn(wanted):
    find(strategies.tensors(), wanted, settings=MANY)


def test_failing_examples_shrink_to_simple_numbers():
    x = find(strategies.tensors((2, 3)), lambda x: np.any(x > 2))
    *others, large = sorted(x.ravel().tolist())
    assert others == [1] * 5
    assert large * 4 == round(large * 4)


@given(strategies.tensors((2, 3), Domain(matrices="positive definite"), np.complex128))
def test_matrices_are_square(x):
    assert x.shape == (3, 3)
    assert x.dtype == np.complex128

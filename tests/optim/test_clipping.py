from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import tinygrad_lab as tl
from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.optim import clip_grad_norm, clip_grad_value

gradients = st.lists(
    arrays(np.float64, array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3), elements=st.floats(-1e3, 1e3)),
    min_size=1,
    max_size=3,
)


def with_gradients(arrays):
    params = [tl.Value(np.zeros(np.shape(array))) for array in arrays]
    for parameter, array in zip(params, arrays, strict=True):
        parameter.grad = array
    return [*params, tl.Value(1.0)]  # the last one has no gradient


def norm(arrays):
    return math.hypot(*np.concatenate([np.ravel(array) for array in arrays]))  # squares of small numbers would be 0


@given(arrays=gradients, limit=st.floats(0.01, 1e4))
@example(arrays=[np.array([1e-200, 1e-200])], limit=1.0)
def test_norm_is_returned_and_bounded_and_the_direction_stays(arrays, limit):
    params = with_gradients(arrays)
    before = norm(arrays)
    assert clip_grad_norm(params, limit) == pytest.approx(before, rel=1e-12, abs=1e-300)
    after = [parameter.grad for parameter in params[:-1]]
    factor = min(1.0, limit / before) if before else 1.0
    for new, old in zip(after, arrays, strict=True):
        np.testing.assert_allclose(new, factor * old, rtol=1e-9, atol=1e-300)
    assert params[-1].grad is None


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_norms_do_not_overflow_and_the_dtype_stays(dtype):
    large = float(np.finfo(dtype).max) / 4
    params = with_gradients([np.array([large, -large], dtype)])
    assert clip_grad_norm(params, 1.0) == pytest.approx(large * np.sqrt(2), rel=1e-3)
    assert params[0].grad.dtype == dtype
    np.testing.assert_allclose(params[0].grad, np.sqrt([0.5, 0.5]) * [1, -1], rtol=1e-3)


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_a_norm_that_is_not_finite_is_returned_and_changes_nothing(bad):
    params = with_gradients([np.array([bad, 1.0])])
    assert clip_grad_norm(params, 1.0) == pytest.approx(bad, nan_ok=True)
    np.testing.assert_array_equal(params[0].grad, [bad, 1.0])


@given(arrays=gradients, limit=st.floats(0, 1e4))
def test_values_are_clipped_into_a_new_array(arrays, limit):
    params = with_gradients(arrays)
    copies = [np.array(array) for array in arrays]
    clip_grad_value(params, limit)
    for parameter, array, copy in zip(params, arrays, copies, strict=False):
        np.testing.assert_array_equal(parameter.grad, np.clip(array, -limit, limit))
        np.testing.assert_array_equal(array, copy)


def test_clipping_by_value_keeps_float32():
    params = with_gradients([np.ones(2, np.float32)])
    clip_grad_value(params, 0.5)
    assert params[0].grad.dtype == np.float32


@pytest.mark.parametrize("number", [float, np.float32, np.int64])
def test_a_negative_bound_would_turn_the_gradients_round_and_is_refused(number):
    w = tl.Value([3.0, 4.0])
    w.sum().backward()
    with pytest.raises(ArgumentError, match="clip_grad_norm: max_norm must be at least 0, got -1"):
        clip_grad_norm([w], number(-1))
    with pytest.raises(ArgumentError, match="clip_grad_value: limit must be at least 0, got -1"):
        clip_grad_value([w], number(-1))
    np.testing.assert_array_equal(w.grad, 1)


def test_the_bound_of_a_compiled_step_may_be_an_argument():
    w = tl.Value([3.0, 4.0])

    @tl.compile(state=w)
    def clipped(limit):
        w.grad = None
        (w * w).sum().backward()
        return clip_grad_norm([w], limit)

    assert clipped(1.0) == clipped(5.0) == 10
    np.testing.assert_allclose(w.grad, [3, 4])


def test_both_parts_of_complex_gradients_are_clipped():
    z = tl.Value([0j, 0j])
    z.grad = np.array([3 - 4j, 0.5 + 2j])
    clip_grad_value([z], 1.0)
    np.testing.assert_array_equal(z.grad, [1 - 1j, 0.5 + 1j])
    assert clip_grad_norm([z], 1.0) == pytest.approx(math.sqrt(3.25))

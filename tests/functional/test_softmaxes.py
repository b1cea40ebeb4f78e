from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import tinygrad_lab as tl
from tests.rules.numeric import check_gradients
from tinygrad_lab.functional import log_softmax, logsumexp, softmax

FUNCTIONS = [softmax, log_softmax, logsumexp]
matrices = arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 4)), elements=st.floats(-50, 50))


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("axis", [0, 1, -1, (0, 1)])
@given(x=arrays(np.float64, (2, 3), elements=st.floats(-4, 4)))
@settings(max_examples=8)
def test_first_and_second_derivatives(function, axis, x):
    check_gradients(lambda x: function(x, axis=axis), x)


@given(x=arrays(np.float64, (2, 3), elements=st.floats(-4, 4)))
@settings(max_examples=8)
def test_derivatives_of_logsumexp_with_kept_axes(x):
    check_gradients(lambda x: logsumexp(x, axis=(0,), keepdims=True), x)


@given(x=matrices, shift=st.integers(-(10**6), 10**6))
def test_a_shift_leaves_softmax_and_moves_logsumexp(x, shift):
    np.testing.assert_allclose(softmax(x + shift), softmax(x), atol=1e-9)
    np.testing.assert_allclose(log_softmax(x + shift), log_softmax(x), atol=1e-9)
    np.testing.assert_allclose(logsumexp(x + shift), logsumexp(x) + shift, rtol=1e-12, atol=1e-9)


@given(x=matrices, axis=st.sampled_from([0, 1, -1, (0, 1)]))
def test_they_agree_with_each_other(x, axis):
    np.testing.assert_allclose(softmax(x, axis).sum(axis), 1, rtol=1e-14)
    np.testing.assert_allclose(np.exp(log_softmax(x, axis)), softmax(x, axis), rtol=1e-12)
    np.testing.assert_allclose(x - logsumexp(x, axis, keepdims=True), log_softmax(x, axis), atol=1e-12)


@given(x=matrices)
def test_logsumexp_lies_between_the_maximum_and_that_plus_log_n(x):
    y = logsumexp(x)
    top = x.max(axis=-1)
    assert np.all(top <= y)
    assert np.all(y <= top + np.log(x.shape[-1]) + 1e-12)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_quiet_over_the_whole_range_and_the_dtype_stays(function, dtype):
    far = float(np.finfo(dtype).max)
    for row in ([far, -far, 0], [far, far, far], [-far, -far, -far], [1e4, -1e4, 0], [0, 0, -np.inf]):
        x = tl.Value(np.array(row, dtype))
        y = function(x)
        y.backward(np.ones(y.shape))
        assert y.dtype == x.grad.dtype == dtype
        assert not np.any(np.isnan(y.data))
        assert np.all(np.isfinite(x.grad))
        assert function is log_softmax or np.all(np.isfinite(y.data))


def test_the_empty_sum_and_the_infinite_one():
    assert logsumexp(np.array([-np.inf, -np.inf])) == -np.inf
    assert logsumexp(np.array([np.inf, 0.0])) == np.inf
    np.testing.assert_array_equal(softmax(np.array([-np.inf, 0.0, 0.0])), [0, 0.5, 0.5])


@pytest.mark.parametrize("function", [logsumexp, softmax, log_softmax])
def test_over_all_axes(function):
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    whole, flat = (np.reshape(f(x), -1) for f in (lambda x: function(x, axis=None), lambda x: function(np.ravel(x))))
    np.testing.assert_allclose(whole, flat)
    gradients = tl.grad(lambda x: np.sum(function(x, axis=None) ** 2))(x)
    np.testing.assert_allclose(gradients, tl.grad(lambda x: np.sum(function(np.ravel(x)) ** 2))(x))

"""Pooling and resampling against their definitions, an element at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_lab as tl
from tests.rules.numeric import check_gradients
from tinygrad_lab import functional as F
from tinygrad_lab.errors import OperationError


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def windows_of(x, kernel, stride, padding, dilation, fill):
    """Return, for each position along the last axis, the elements that a window sees."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding)), constant_values=fill)
    count = (padded.shape[-1] - dilation * (kernel - 1) - 1) // stride + 1
    return [padded[..., p * stride : p * stride + dilation * (kernel - 1) + 1 : dilation] for p in range(count)]


options = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2)).filter(lambda o: 2 * o[2] <= o[0])


@given(options=options, dilation=st.integers(1, 2))
@settings(max_examples=20)
def test_maximum_pooling_is_its_definition(options, dilation):
    kernel, stride, padding = options
    x = normal(2, 3, 8)
    expected = [np.max(w, axis=-1) for w in windows_of(x, kernel, stride, padding, dilation, -np.inf)]
    got = F.max_pool1d(x, kernel, stride, padding, dilation)
    np.testing.assert_array_equal(got, np.stack(expected, axis=-1))
    check_gradients(lambda x: F.max_pool1d(x, kernel, stride, padding, dilation), x)


@given(options=options, count_include_pad=st.booleans())
@settings(max_examples=20)
def test_mean_pooling_is_its_definition(options, count_include_pad):
    kernel, stride, padding = options
    x = normal(2, 3, 8)
    fill = 0 if count_include_pad else np.nan
    expected = [np.nanmean(w, axis=-1) for w in windows_of(x, kernel, stride, padding, 1, fill)]
    call = lambda x: F.avg_pool1d(x, kernel, stride, padding, count_include_pad=count_include_pad)
    np.testing.assert_allclose(call(x), np.stack(expected, axis=-1), atol=1e-14)
    check_gradients(call, x)


def test_two_axes_are_pooled_as_one_after_the_other():
    x = normal(2, 3, 7, 6)
    for pool1d, pool2d in ((F.max_pool1d, F.max_pool2d), (F.avg_pool1d, F.avg_pool2d)):
        rows = pool1d(x.reshape(2, 21, 6), 2, 1).reshape(2, 3, 7, 5)
        both = np.swapaxes(pool1d(np.swapaxes(rows, 2, 3).reshape(2, 15, 7), 3, 2).reshape(2, 3, 5, 3), 2, 3)
        np.testing.assert_allclose(pool2d(x, (3, 2), (2, 1)), both, atol=1e-14)
    check_gradients(lambda x: F.max_pool2d(x, 2, padding=1), normal(1, 2, 3, 3))
    check_gradients(lambda x: F.avg_pool2d(x, 2, 1, padding=1), normal(1, 2, 3, 3))


def test_equal_elements_share_the_gradient_of_their_maximum():
    x = tl.Value([[[1.0, 1.0, 0.0, 2.0]]])
    F.max_pool1d(x, 2).sum().backward()
    np.testing.assert_array_equal(x.grad, [[[0.5, 0.5, 0, 1]]])


def test_with_ceil_mode_the_last_window_reaches_beyond_the_end_but_sees_an_element():
    x = np.arange(1.0, 6).reshape(1, 1, 5)
    np.testing.assert_array_equal(F.max_pool1d(x, 2, ceil_mode=True), [[[2, 4, 5]]])
    np.testing.assert_array_equal(F.avg_pool1d(x, 2, ceil_mode=True), [[[1.5, 3.5, 5]]])
    np.testing.assert_array_equal(F.max_pool1d(x, 1, 3, ceil_mode=True), [[[1, 4]]])


@given(n=st.integers(1, 9), count=st.integers(1, 12))
def test_adaptive_pooling_splits_an_axis_into_pieces_as_equal_as_can_be(n, count):
    x = normal(1, 2, n)
    pieces = [x[..., i * n // count : -(-(i + 1) * n // count)] for i in range(count)]
    means, maxima = ([f(piece, axis=-1) for piece in pieces] for f in (np.mean, np.max))
    np.testing.assert_allclose(F.adaptive_avg_pool1d(x, count), np.stack(means, -1), atol=1e-14)
    np.testing.assert_array_equal(F.adaptive_max_pool1d(x, count), np.stack(maxima, -1))


def test_gradients_of_what_is_resampled():
    x = normal(1, 2, 4, 3)
    check_gradients(lambda x: F.adaptive_avg_pool2d(x, (3, 1)), x)
    check_gradients(lambda x: F.adaptive_max_pool2d(x, 2), x)
    check_gradients(lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"), x)
    check_gradients(lambda x: F.interpolate(x, size=(5, 2)), x)


@pytest.mark.parametrize("align_corners", [True, False])
def test_linear_interpolation_of_a_line_is_a_line(align_corners):
    y = F.interpolate(np.arange(4.0).reshape(1, 1, 4), size=13, mode="linear", align_corners=align_corners)[0, 0]
    step = 3 / 12 if align_corners else 4 / 13
    inner = y[(y > 0) & (y < 3)]
    np.testing.assert_allclose(np.diff(inner), step)
    assert y[0] == 0
    assert y[-1] == 3


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda x: F.max_pool1d(x, 9),
            r"max_pool1d: the kernel spans 9 elements, but the padded input has only 8; use a smaller kernel",
        ),
        (lambda x: F.max_pool1d(x, 2, padding=2), r"padding \(2,\) is more than half of the kernel \(2,\)"),
        (
            lambda x: F.avg_pool2d(x, 2),
            r"avg_pool2d: input must be \(batch, .*, width\), got \(2, 3, 8\)",
        ),
        (lambda x: F.avg_pool1d(x, 0), "avg_pool1d: kernel_size must be at least 1, got 0"),
        (lambda x: F.adaptive_avg_pool1d(x, 0), "adaptive_avg_pool1d: output_size must be at least 1, got 0"),
        (
            lambda x: F.interpolate(x, 2, 2.0),
            r"interpolate: needs either size or scale_factor, got size=2 and scale_factor=2\.0",
        ),
        (lambda x: F.interpolate(x, 2, mode="bilinear"), 'interpolate: mode must be "nearest", or "linear"'),
    ],
)
def test_what_does_not_fit_is_explained(call, text):
    with pytest.raises(OperationError, match=text):
        call(np.ones((2, 3, 8)))

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_lab as tl
from tests.rules.numeric import check_gradients
from tinygrad_lab.errors import OperationError
from tinygrad_lab.functional import conv1d, dropout, linear


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize("lead", [(), (5,), (2, 3), (2, 1, 3), (0,)])
def test_linear_is_a_sum_over_the_last_axis(lead):
    x, w, b = normal(*lead, 4), normal(2, 4), normal(2)
    np.testing.assert_allclose(linear(x, w, b), np.einsum("...i,oi->...o", x, w) + b, atol=1e-14)
    np.testing.assert_allclose(linear(x, w), np.einsum("...i,oi->...o", x, w), atol=1e-14)
    check_gradients(linear, x, w, b)
    check_gradients(linear, x, w)


@pytest.mark.parametrize(
    ("x", "w", "b", "text"),
    [
        ((100, 3), (2, 4), (2,), "linear: input must be (..., 4), got (100, 3); give it arrays whose last axis has 4"),
        ((), (2, 4), (2,), "linear: input must be (..., 4), got (); give"),
        ((100, 4), (2, 4), (3,), "linear: bias must be (2,), got (3,); give it one number per output feature"),
        ((100, 4), (3, 2, 4), (2,), "linear: weight must be (out_features, in_features), got (3, 2, 4); reshape it"),
    ],
)
@pytest.mark.parametrize("wrap", [np.asarray, tl.Value])
def test_linear_explains_shapes_that_do_not_fit(x, w, b, text, wrap):
    with pytest.raises(OperationError, match=re.escape(text)):
        linear(wrap(np.ones(x)), wrap(np.ones(w)), wrap(np.ones(b)))


def naive_conv1d(x, w, b, stride, padding, dilation, groups):
    """The definition, an element at a time."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    filters, channels, taps = w.shape
    positions = (x.shape[2] - dilation * (taps - 1) - 1) // stride + 1
    y = np.zeros((len(x), filters, positions))
    for n, o, t, c, k in np.ndindex(*y.shape, channels, taps):
        first = o // (filters // groups) * channels
        y[n, o, t] += w[o, c, k] * x[n, first + c, t * stride + k * dilation]
    return y + b[:, None]


@given(
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
    dilation=st.integers(1, 3),
    groups=st.integers(1, 2),
    taps=st.integers(1, 3),
    length=st.integers(7, 9),
    batch=st.integers(0, 2),
)
@settings(max_examples=40)
def test_convolution_is_its_definition(stride, padding, dilation, groups, taps, length, batch):
    x, w, b = normal(batch, 2 * groups, length), normal(2 * groups, 2, taps), normal(2 * groups)
    options = (stride, padding, dilation, groups)
    np.testing.assert_allclose(conv1d(x, w, b, *options), naive_conv1d(x, w, b, *options), atol=1e-13)
    check_gradients(lambda x, w, b: conv1d(x, w, b, *options), x, w, b)


def test_convolution_with_a_flipped_kernel_is_that_of_numpy():
    x, w = normal(20), normal(5)
    np.testing.assert_allclose(conv1d(x[None, None], w[None, None, ::-1])[0, 0], np.convolve(x, w, "valid"))


def test_convolution_keeps_float32():
    x, w, b = (tl.Value(normal(*shape).astype(np.float32)) for shape in ((2, 3, 9), (4, 3, 2), (4,)))
    y = conv1d(x, w, b, padding=1, stride=2)
    y.backward(np.ones(y.shape))
    assert {y.dtype, x.grad.dtype, w.grad.dtype, b.grad.dtype} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("x", "w", "b", "options", "text"),
    [
        (
            (2, 3, 9),
            (4, 2, 5),
            (4,),
            {},
            "conv1d: input must be (batch, 2, length), got (2, 3, 9); give it arrays whose",
        ),
        ((3, 9), (4, 3, 5), (4,), {}, "conv1d: input must be (batch, 3, length), got (3, 9); give it arrays whose"),
        ((2, 3, 4), (4, 3, 5), (4,), {}, "conv1d: padded length must be at least 5, got 4; add padding, or use"),
        ((2, 3, 9), (4, 3, 5), (3,), {}, "conv1d: bias must be (4,), got (3,); give it one number per output channel"),
        ((2, 3, 9), (4, 3), (4,), {}, "conv1d: weight must be (out_channels, in_channels / groups, kernel_size), got"),
        ((2, 3, 9), (4, 1, 5), (4,), {"groups": 3}, "conv1d: groups must be a divisor of the 4 output channels, got 3"),
    ],
)
def test_convolution_explains_shapes_that_do_not_fit(x, w, b, options, text):
    with pytest.raises(OperationError, match=re.escape(text)):
        conv1d(tl.Value(np.ones(x)), np.ones(w), np.ones(b), **options)


@pytest.mark.parametrize(("option", "least"), [("stride", 1), ("padding", 0), ("dilation", 1), ("groups", 1)])
def test_convolution_refuses_options_that_mean_nothing(option, least):
    text = f"conv1d: {option} must be at least {least}, got {least - 1}; leave it out for {least}"
    with pytest.raises(OperationError, match=text):
        conv1d(np.ones((2, 3, 9)), np.ones((4, 3, 5)), **{option: least - 1})


@pytest.mark.parametrize("p", [-0.1, 1, float("nan")])
def test_dropout_refuses_what_is_no_probability(p):
    with pytest.raises(OperationError, match=r"dropout: p must be in \[0, 1\), got"):
        dropout(np.ones(3), p, np.random.default_rng(0))


@pytest.mark.parametrize("rng", [np.random.default_rng, np.random.RandomState])
def test_dropout_keeps_the_mean_and_repeats_itself(rng):
    x = tl.Value(np.ones(20_000, np.float32))
    y = dropout(x, 0.3, rng(7))
    assert y.dtype == np.float32
    assert abs(np.mean(y.data == 0) - 0.3) < 0.02
    assert abs(y.data.mean() - 1) < 0.02
    np.testing.assert_array_equal(dropout(x, 0.3, rng(7)).data, y.data)
    y.backward(np.ones(20_000))
    np.testing.assert_array_equal(x.grad, y.data)

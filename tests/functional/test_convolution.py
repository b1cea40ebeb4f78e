"""Convolutions against their definitions, and transposed ones as their adjoints."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_lab as tl
from tests.rules.numeric import check_gradients
from tinygrad_lab.errors import OperationError
from tinygrad_lab.functional import conv1d, conv2d, conv_transpose1d, conv_transpose2d
from tinygrad_lab.functional.windows import overlap_add, positions, windows

TRANSPOSED = {1: conv_transpose1d, 2: conv_transpose2d}
FORWARD = {1: conv1d, 2: conv2d}


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


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
            "conv1d: input must be (batch, 2, length), got (2, 3, 9); the second axis holds",
        ),
        ((3, 9), (4, 3, 5), (4,), {}, "conv1d: input must be (batch, 3, length), got (3, 9); the second axis holds"),
        (
            (2, 3, 4),
            (4, 3, 5),
            (4,),
            {},
            "conv1d: the kernel spans 5 elements, but the padded input has only 4; add padding, or use",
        ),
        ((2, 3, 9), (4, 3, 5), (3,), {}, "conv1d: bias must be (4,), got (3,); it holds one number for each output"),
        ((2, 3, 9), (4, 3), (4,), {}, "conv1d: weight must be (out_channels, in_channels / groups, kernel_size), got"),
        ((2, 3, 9), (4, 1, 5), (4,), {"groups": 3}, "conv1d: 4 output channels cannot be split into 3 groups"),
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


def naive_conv2d(x, w, stride, padding, dilation, groups):
    """The definition, a tap at a time."""
    x = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    size = positions(x.shape[2:], w.shape[2:], stride, dilation)
    y = np.zeros((len(x), len(w), *size))
    of_group = len(w) // groups
    for o, c, k, m in np.ndindex(*w.shape):
        rows, columns = (slice(t * d, t * d + (n - 1) * s + 1, s)
                         for t, d, n, s in zip((k, m), dilation, size, stride, strict=True))  # fmt: skip
        y[:, o] += w[o, c, k, m] * x[:, o // of_group * w.shape[1] + c, rows, columns]
    return y


pairs = st.tuples(st.integers(1, 2), st.integers(1, 2))


@given(stride=pairs, padding=st.tuples(st.integers(0, 2), st.integers(0, 1)), dilation=pairs, groups=st.integers(1, 2))
@settings(max_examples=15)
def test_convolution_over_two_axes_is_its_definition(stride, padding, dilation, groups):
    x, w = normal(2, 2 * groups, 5, 6), normal(2 * groups, 2, 3, 2)
    options = (stride, padding, dilation, groups)
    np.testing.assert_allclose(conv2d(x, w, None, *options), naive_conv2d(x, w, *options), atol=1e-13)
    check_gradients(lambda x, w: conv2d(x, w, None, *options), x, w)


@pytest.mark.parametrize("n", [1, 2])
@given(data=st.data())
@settings(max_examples=15)
def test_transposed_convolution_is_the_adjoint_of_convolution(n, data):
    stride, dilation = (data.draw(st.tuples(*[st.integers(1, 3)] * n)) for _ in "ab")
    padding = data.draw(st.tuples(*[st.integers(0, 2)] * n))
    groups, kernel = data.draw(st.integers(1, 2)), data.draw(st.tuples(*[st.integers(1, 3)] * n))
    y, w = normal(2, 2 * groups, *[4] * n), normal(2 * groups, 3, *kernel)
    sizes = zip(stride, padding, dilation, kernel, strict=True)
    if any(3 * s + d * (k - 1) + 1 - 2 * p < 1 for s, p, d, k in sizes):
        return
    z = TRANSPOSED[n](y, w, None, stride, padding, 0, groups, dilation)
    x = normal(*z.shape, seed=1)
    back = FORWARD[n](x, w, None, stride, padding, dilation, groups)
    assert back.shape == y.shape
    np.testing.assert_allclose(np.sum(z * x), np.sum(back * y), rtol=1e-9, atol=1e-9)


def test_gradients_of_a_transposed_convolution():
    x, w, b = normal(1, 2, 3, 3), normal(2, 1, 2, 3), normal(2)
    check_gradients(lambda *a: conv_transpose2d(*a, stride=(2, 1), padding=1, output_padding=(1, 0), groups=2), x, w, b)


@pytest.mark.parametrize("output_padding", [1, 2, 3])
def test_a_transposed_convolution_may_be_longer_than_another_window_needs(output_padding):
    x, w = normal(1, 2, 3, 3), normal(2, 1, 2, 2)
    options = {"stride": (2, 1), "output_padding": output_padding, "dilation": 4}
    assert conv_transpose2d(x, w, **options).shape[2:] == (9 + output_padding, 7 + output_padding)
    check_gradients(lambda *a: conv_transpose2d(*a, **options), x, w)


def test_windows_and_overlap_add_are_adjoint():
    x, sizes = normal(2, 7, 8), {"stride": (2, 3), "dilation": (1, 2)}
    taken = windows(x, (3, 2), **sizes)
    w = normal(*taken.shape, seed=1)
    np.testing.assert_allclose(np.sum(taken * w), np.sum(x * overlap_add(w, (7, 8), **sizes)))
    check_gradients(lambda w: overlap_add(w, (7, 8), **sizes), w)


@pytest.mark.parametrize("convolve", [conv1d, conv2d])
def test_same_padding_keeps_the_size_and_needs_stride_1(convolve):
    n = 1 if convolve is conv1d else 2
    x, w = normal(2, 3, *[6] * n), normal(4, 3, *[4, 3][:n])
    assert convolve(x, w, padding="same", dilation=2).shape == (2, 4, *[6] * n)
    np.testing.assert_array_equal(convolve(x, w, padding="valid"), convolve(x, w))
    with pytest.raises(OperationError, match='padding="same" needs stride 1'):
        convolve(x, w, padding="same", stride=2)
    with pytest.raises(OperationError, match='padding must be numbers, "same" or "valid", got \'full\''):
        convolve(x, w, padding="full")


def test_transposed_convolutions_explain_what_does_not_fit():
    with pytest.raises(OperationError, match=r"conv_transpose1d: input must be \(batch, 2, length\), got \(1, 3, 4\)"):
        conv_transpose1d(np.ones((1, 3, 4)), np.ones((2, 2, 3)))
    with pytest.raises(
        OperationError, match=r"conv_transpose2d: stride must be one number, or 2 numbers, got \(1, 2, 3\)"
    ):
        conv_transpose2d(np.ones((1, 2, 4, 4)), np.ones((2, 2, 3, 3)), stride=(1, 2, 3))

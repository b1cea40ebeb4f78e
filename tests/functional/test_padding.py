"""`pad` in PyTorch's order, `unfold` as its columns are arranged."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_lab as tl
from tests.rules.numeric import check_gradients
from tinygrad_lab.errors import OperationError

F = tl.functional
X = np.random.default_rng(0).normal(size=(2, 3, 5, 6))


def test_widths_are_counted_from_the_last_axis():
    y = F.pad(X, (1, 2, 3, 4), value=7.0)
    assert y.shape == (2, 3, 12, 9)
    np.testing.assert_array_equal(y[:, :, 3:-4, 1:-2], X)
    assert np.all(y[:, :, :3] == 7)
    assert np.all(y[..., -2:] == 7)


@pytest.mark.parametrize(("mode", "numpy"), [("reflect", "reflect"), ("replicate", "edge"), ("circular", "wrap")])
def test_modes(mode, numpy):
    np.testing.assert_array_equal(F.pad(X, (2, 1, 0, 3), mode), np.pad(X, [(0, 0), (0, 0), (0, 3), (2, 1)], mode=numpy))
    check_gradients(lambda x: F.pad(x, (2, 1, 0, 3), mode), X[0, :1])


@given(st.lists(st.tuples(st.integers(-2, 3), st.integers(-2, 3)), max_size=3))
@settings(max_examples=40)
def test_negative_widths_take_away(pairs):
    x = np.arange(1.0, 5 * 6 * 7 + 1).reshape(5, 6, 7)
    widths = [width for pair in pairs for width in pair]
    y = F.pad(x, widths)
    expected = x
    for axis, (before, behind) in zip((2, 1, 0), pairs, strict=False):
        zeros = [np.zeros_like(np.take(expected, [0] * max(n, 0), axis)) for n in (before, behind)]
        expected = np.concatenate([zeros[0], expected, zeros[1]], axis)
        kept = slice(max(-before, 0), expected.shape[axis] - max(-behind, 0))
        expected = expected[(slice(None),) * axis + (kept,)]
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(tl.grad(lambda x: np.sum(F.pad(x, widths)))(x), np.isin(x, y).astype(float) if
                                  y.size else np.zeros_like(x))  # fmt: skip


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: F.pad(X, (1, 2, 3)), r"pad: widths must be two numbers for each of at most 4 axes.*got \(1, 2, 3\)"),
        (lambda: F.pad(X[0, 0, 0], (1, 2, 3, 4)), r"at most 1 axes"),
        (
            lambda: F.pad(X, (1, 1), "edge"),
            r"pad: mode must be one of constant, reflect, replicate, circular, got 'edge'",
        ),
        (lambda: F.unfold(X[0], 2), r"unfold: x must be \(batch, channels, height, width\), got shape \(3, 5, 6\)"),
        (lambda: F.unfold(X, 6), r"unfold: windows of \(6, 6\) do not fit into \(5, 6\)"),
    ],
)
def test_what_cannot_be_meant_is_refused(call, text):
    with pytest.raises(OperationError, match=text):
        call()


OPTIONS = [
    {},
    {"stride": 2},
    {"dilation": 2},
    {"padding": (1, 0)},
    {"stride": (2, 1), "padding": 2, "dilation": (1, 2)},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_a_convolution_is_a_product_with_unfolded_columns(options):
    weight = np.random.default_rng(1).normal(size=(4, 3, 2, 3))
    columns = F.unfold(X, (2, 3), **options)
    expected = F.conv2d(X, weight, None, **options)
    found = (weight.reshape(4, -1) @ columns).reshape(expected.shape)
    np.testing.assert_allclose(found, expected)
    check_gradients(lambda x: F.unfold(x, (2, 3), **options), X[:1, :1])

"""Work in blocks gives what work on the whole gives, whatever the layout; it is a matter of speed alone."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab import functional as F
from tinygrad_lab.rules import blocks

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape)


CALLS = {
    "gelu": (F.gelu, normal(3, 7)),
    "normal_cdf": (F.normal_cdf, normal(17)),
    "a transposed array": (lambda x: F.gelu(x.T), normal(3, 7)),
    "layer_norm": (lambda x, w, b: F.layer_norm(x, 5, w, b), normal(4, 3, 5), normal(5), normal(5)),
    "layer_norm alone": (lambda x: F.layer_norm(x, 5), normal(9, 5)),
    "rms_norm": (lambda x, w: F.rms_norm(x, 5, w), normal(9, 5), normal(5)),
    "one row": (lambda x, w: F.layer_norm(x, 40, w), normal(40), normal(40)),
    "attention": (F.scaled_dot_product_attention, normal(3, 2, 4, 3), normal(3, 2, 5, 3), normal(3, 2, 5, 2)),
    "causal attention": (
        lambda q: F.scaled_dot_product_attention(*(np.swapaxes(q, 1, 2),) * 3, is_causal=True), normal(4, 5, 2, 3)
    ),
    "one matrix": (F.scaled_dot_product_attention, normal(6, 3), normal(5, 3), normal(5, 2)),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("size", [1, 8, 30])
def test_blocks_and_the_whole_agree(name, size, monkeypatch):
    function, *arrays = CALLS[name]

    def derived():
        values = [tl.Value(x) for x in arrays]
        y = function(*values)
        y.backward(np.cos(np.arange(y.size)).reshape(y.shape))
        return [y.data, *(value.grad for value in values)]

    whole = derived()
    monkeypatch.setattr(blocks, "BLOCK", size)
    for expected, found in zip(whole, derived(), strict=True):
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def test_results_keep_their_dtypes_and_sums_are_added_up(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", 4)
    seen = []

    def function(x, y, offset):
        seen.append(x.shape)
        return x + offset, (x > 0)[..., 0], np.sum(y, axis=tuple(range(y.ndim - 1)))

    x = normal(4, 5, 2).astype("float32")
    shifted, positive, total = blocks.blocked(function, (x, x), np.float32(1), row=1, sums=1)
    assert len(seen) == 10
    assert shifted.dtype == np.float32
    np.testing.assert_array_equal(shifted, x + 1)
    np.testing.assert_array_equal(positive, x[..., 0] > 0)
    np.testing.assert_allclose(total, x.sum((0, 1)), rtol=1e-5)


def test_arrays_of_other_shapes_and_small_ones_are_worked_on_whole():
    calls = []
    spy = blocks.in_blocks(lambda x: calls.append(np.shape(x)) or x)
    big = np.zeros(2 * blocks.BLOCK)
    for x in (2.0, np.zeros(10), tl.Value(big)):
        spy(x)
    blocks.blocked(lambda x, y: calls.append(x.shape) or x, (big, np.zeros(1)))
    assert calls == [(), (10,), big.shape, big.shape]
    spy(big)
    assert calls[4:] == [(blocks.BLOCK,), (blocks.BLOCK,)]

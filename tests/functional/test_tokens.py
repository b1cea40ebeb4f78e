"""One-hot arrays, embeddings and segments against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_lab as tl
from tests.rules.numeric import check_gradients
from tinygrad_lab import functional as F
from tinygrad_lab.errors import OperationError

ROWS = np.random.default_rng(0).normal(size=(6, 2))
segments = st.lists(st.integers(0, 4), min_size=6, max_size=6).map(np.array)


@given(segments=segments)
def test_segments_are_what_a_loop_over_them_gives(segments):
    for function, reduce, empty in (
        (F.segment_sum, np.sum, 0.0),
        (F.segment_mean, np.mean, 0.0),
        (F.segment_max, np.max, -np.inf),
    ):
        rows = [ROWS[segments == s] for s in range(5)]
        expected = [reduce(r, axis=0) if len(r) else np.full(2, empty) for r in rows]
        np.testing.assert_allclose(function(ROWS, segments, 5), expected, atol=1e-14)
    weights = F.segment_softmax(1000 * ROWS, segments)
    np.testing.assert_allclose(F.segment_sum(weights, segments)[np.unique(segments)], 1)


def test_gradients_of_segments():
    found = np.array([2, 0, 2, 2, 0, 1])
    for function in (F.segment_sum, F.segment_mean, F.segment_max, F.segment_softmax):
        check_gradients(lambda x, f=function: f(x, found), ROWS)


def test_equal_elements_share_the_gradient_of_their_segments_maximum():
    x = tl.Value([1.0, 1.0, 0.5])
    F.segment_max(x, np.array([0, 0, 0])).sum().backward()
    np.testing.assert_array_equal(x.grad, [0.5, 0.5, 0])


def test_an_embedding_adds_up_the_gradients_of_a_row_and_leaves_out_padding():
    table = tl.Value(ROWS)
    F.embedding(np.array([[1, 1], [5, 0]]), table, padding_idx=5).sum().backward()
    np.testing.assert_array_equal(table.grad[:, 0], [1, 2, 0, 0, 0, 0])
    check_gradients(lambda w: F.embedding(np.array([3, 3, 0]), w), ROWS)


def test_one_hot_and_its_number_of_classes():
    np.testing.assert_array_equal(F.one_hot([[0], [2]]), [[[1, 0, 0]], [[0, 0, 1]]])
    assert F.one_hot(np.array([], int), 4).shape == (0, 4)
    assert F.one_hot(np.array([1]), 2, dtype=bool).dtype == bool


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: F.one_hot([3], 3), "one_hot: classes must be from 0 to 2, got 3 to 3; number them from 0"),
        (lambda: F.one_hot([0.5], 3), "one_hot: classes must be integers, got dtype float64"),
        (lambda: F.embedding(np.array([-1]), ROWS), "embedding: input must be from 0 to 5, got -1 to -1"),
        (
            lambda: F.segment_sum(ROWS, [0, 1]),
            r"segment_sum: segments must hold one integer .* \(2,\) for rows of \(6, 2\)",
        ),
        (lambda: F.segment_max(ROWS, [0] * 5 + [4], 3), "segment_max: segments must be from 0 to 2, got 0 to 4"),
    ],
)
def test_what_does_not_fit_is_explained(call, text):
    with pytest.raises(OperationError, match=text):
        call()

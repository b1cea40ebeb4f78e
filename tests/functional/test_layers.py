from __future__ import annotations

import re

import numpy as np
import pytest

import tinygrad_lab as tl
from tests.rules.numeric import check_gradients
from tinygrad_lab.errors import OperationError
from tinygrad_lab.functional import dropout, linear


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
        ((100, 3), (2, 4), (2,), "linear: input must be (..., 4), got (100, 3); its last axis holds the 4"),
        ((), (2, 4), (2,), "linear: input must be (..., 4), got (); its last"),
        ((100, 4), (2, 4), (3,), "linear: bias must be (2,), got (3,); it holds one number for each output feature"),
        ((100, 4), (3, 2, 4), (2,), "linear: weight must be (out_features, in_features), got (3, 2, 4); reshape it"),
    ],
)
@pytest.mark.parametrize("wrap", [np.asarray, tl.Value])
def test_linear_explains_shapes_that_do_not_fit(x, w, b, text, wrap):
    with pytest.raises(OperationError, match=re.escape(text)):
        linear(wrap(np.ones(x)), wrap(np.ones(w)), wrap(np.ones(b)))


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

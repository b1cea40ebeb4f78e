from __future__ import annotations

import functools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import tinygrad_lab as tl
from tests.rules.numeric import check_gradients
from tinygrad_lab.functional import (
    elu,
    gelu,
    leaky_relu,
    normal_cdf,
    relu,
    sigmoid,
    silu,
    softplus,
)

ACTIVATIONS = {
    "relu": relu,
    "leaky_relu": leaky_relu,
    "leaky_relu(0.3)": functools.partial(leaky_relu, negative_slope=0.3),
    "elu": elu,
    "elu(0.5)": functools.partial(elu, alpha=0.5),
    "sigmoid": sigmoid,
    "softplus": softplus,
    "silu": silu,
    "gelu": gelu,
    "gelu(tanh)": functools.partial(gelu, approximate="tanh"),
    "normal_cdf": normal_cdf,
}
each = pytest.mark.parametrize("function", ACTIVATIONS.values(), ids=ACTIVATIONS)
numbers = st.floats(-30, 30)


@each
@given(x=arrays(np.float64, st.sampled_from([(), (3,), (2, 3), (0,)]), elements=st.floats(-6, 6)))
@settings(max_examples=15)
def test_first_and_second_derivatives(function, x):
    assume(np.all(abs(x) > 1e-3))  # the kink
    check_gradients(function, x)


@each
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_finite_and_quiet_over_the_whole_range_and_the_dtype_stays(function, dtype):
    info = np.finfo(dtype)
    far = [info.max, 6e4, 1e4, 700, 90, 40, 20, 12, 10, 1, info.smallest_normal, info.smallest_subnormal, 0]
    x = tl.Value(np.array(far + [-number for number in far], dtype))
    y = function(x)
    y.backward(np.ones(y.shape), create_graph=True)
    first, x.grad = x.grad, np.zeros(x.shape, dtype)
    if first.requires_grad:  # the derivative of a piecewise linear function has none
        first.backward(np.ones(y.shape))
    for array in (y.data, first.data, x.grad):
        assert np.all(np.isfinite(array))
        assert array.dtype == dtype


@each
def test_infinite_arguments_give_the_limits(function):
    x = tl.Value([-np.inf, np.inf])
    y = function(x)
    y.backward(np.ones(2))
    near = tl.Value([-300.0, 300.0])
    function(near).backward(np.ones(2))
    np.testing.assert_allclose(x.grad, near.grad, atol=1e-12)
    leaky = function(-300.0) < -1.1
    assert y.data[0] == (-np.inf if leaky else pytest.approx(float(function(-300.0)), abs=1e-12))
    assert y.data[1] == (np.inf if function(300.0) > 2 else 1)


@each
def test_a_scalar_stays_a_scalar(function):
    assert isinstance(function(0.5), np.float64)
    assert isinstance(function(np.float32(0.5)), np.float32)
    assert isinstance(function(tl.Value(0.5)).data, np.float64)


@given(x=numbers)
def test_sigmoid_is_the_odds_both_ways(x):
    exact = 1 / (1 + np.exp(np.longdouble(-x)))
    assert sigmoid(x) == pytest.approx(float(exact), rel=1e-15)
    assert sigmoid(x) + sigmoid(-x) == pytest.approx(1, rel=1e-15)


@given(x=numbers)
def test_softplus_is_the_logarithm_in_extended_precision(x):
    assert softplus(x) == pytest.approx(float(np.log1p(np.exp(np.longdouble(x)))), rel=1e-14)


@given(x=st.floats(-37, 37))
def test_normal_cdf_agrees_with_the_standard_library_far_into_the_tail(x):
    assert normal_cdf(x) == pytest.approx(math.erfc(-x / math.sqrt(2)) / 2, rel=2e-13)


@pytest.mark.parametrize("function", [softplus, silu, gelu, ACTIVATIONS["gelu(tanh)"]])
@given(x=numbers)
@settings(max_examples=30)
def test_smooth_rectifiers_differ_from_their_mirror_image_by_x(function, x):
    assert function(x) - function(-x) == pytest.approx(x, abs=1e-14, rel=1e-14)


def test_derivatives_at_the_kink():
    for function, expected in ((relu, 0), (leaky_relu, 0.01), (elu, 1)):
        x = tl.Value(0.0)
        function(x).backward()
        assert x.grad == expected


def test_gelu_refuses_an_unknown_approximation():
    with pytest.raises(
        tl.errors.OperationError, match=r'gelu: approximate must be "none" or "tanh", got \'erf\'; leave'
    ):
        gelu(1.0, approximate="erf")

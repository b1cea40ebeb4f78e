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
    celu,
    elu,
    gelu,
    glu,
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    logsigmoid,
    mish,
    normal_cdf,
    prelu,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softplus,
    softshrink,
    softsign,
    tanhshrink,
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
    "mish": mish,
    "logsigmoid": logsigmoid,
    "selu": selu,
    "celu": celu,
    "celu(0.5)": functools.partial(celu, alpha=0.5),
    "softsign": softsign,
    "tanhshrink": tanhshrink,
    "hardtanh": hardtanh,
    "hardtanh(-2, 0.5)": functools.partial(hardtanh, min_val=-2.0, max_val=0.5),
    "relu6": relu6,
    "hardsigmoid": hardsigmoid,
    "hardswish": hardswish,
    "softshrink": softshrink,
    "hardshrink(1)": functools.partial(hardshrink, lambd=1.0),
}
each = pytest.mark.parametrize("function", ACTIVATIONS.values(), ids=ACTIVATIONS)
numbers = st.floats(-30, 30)


@each
@given(x=arrays(np.float64, st.sampled_from([(), (3,), (2, 3), (0,)]), elements=st.floats(-6, 6)))
@settings(max_examples=5)
def test_first_and_second_derivatives(function, x):
    for kink in (-3, -2, -1, -0.5, 0, 0.5, 1, 3, 6):
        assume(np.all(abs(x - kink) > 1e-3))
    check_gradients(function, x)


@each
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_finite_and_quiet_over_the_whole_range_and_the_dtype_stays(function, dtype):
    info = np.finfo(dtype)
    largest = info.max / 2 if function is selu else info.max  # which multiplies by 1.05
    far = [largest, 6e4, 1e4, 700, 90, 40, 20, 12, 10, 1, info.smallest_normal, info.smallest_subnormal, 0]
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
    slow = 2e-5 if function is softsign else 1e-12
    np.testing.assert_allclose(x.grad, near.grad, atol=slow)
    for limit, edge in zip(y.data, (function(-300.0), function(300.0)), strict=True):
        assert limit == (np.copysign(np.inf, edge) if abs(edge) > 6.1 or edge == -3 else pytest.approx(edge, abs=4e-3))


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


def test_derivatives_at_the_kink_are_those_of_one_side_or_between():
    for function, at, expected in (
        (relu, 0, 0),
        (leaky_relu, 0, 0.01),
        (elu, 0, 1),
        (hardtanh, 1, 0),
        (relu6, 6, 0),
        (hardsigmoid, -3, 0),
        (hardswish, -3, 0),
        (softshrink, 0.5, 0),
        (hardshrink, -0.5, 0),
    ):
        x = tl.Value(float(at))
        function(x).backward()
        assert x.grad == expected, function.__name__


def test_gates_and_learned_slopes():
    rng = np.random.default_rng(0)
    check_gradients(functools.partial(glu, axis=1), rng.normal(size=(2, 4, 3)))
    check_gradients(prelu, rng.normal(size=(2, 3, 2)), rng.normal(size=3))
    check_gradients(prelu, rng.normal(size=4), rng.normal(size=1))
    with pytest.raises(tl.errors.OperationError, match=r"glu: axis 1 must have an even size, got shape \(2, 3\)"):
        glu(np.ones((2, 3)), 1)
    with pytest.raises(np.exceptions.AxisError, match="axis 2 is out of bounds"):
        glu(np.ones((2, 4)), 2)
    with pytest.raises(
        tl.errors.OperationError, match=r"prelu: weight must have one element, or one for each of 3 chan"
    ):
        prelu(np.ones((2, 3)), np.ones(2))
    with pytest.raises(tl.errors.OperationError, match=r"softshrink: lambd must not be negative, got -1"):
        softshrink(1.0, -1)


def test_gelu_refuses_an_unknown_approximation():
    with pytest.raises(tl.errors.OperationError, match="gelu: approximate must be one of none, tanh, got 'erf'; leave"):
        gelu(1.0, approximate="erf")

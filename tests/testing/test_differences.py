"""Derivatives from function values, against closed forms, with honest bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_lab as tl
from tinygrad_lab.testing import directional_derivative

CLOSED = [
    (np.sin, np.cos),
    (np.exp, np.exp),
    (np.tanh, lambda x: 1 / np.cosh(x) ** 2),
    (np.arctan, lambda x: 1 / (1 + x * x)),
    (lambda x: x**3, lambda x: 3 * x * x),
    (lambda x: 1 / (2 + np.cos(x)), lambda x: np.sin(x) / (2 + np.cos(x)) ** 2),
]


@pytest.mark.parametrize(("function", "derivative"), CLOSED)
@given(x=st.floats(-8, 8).filter(lambda x: x == 0 or abs(x) > 1e-3), factor=st.floats(0.1, 1.0))
@settings(max_examples=40)
def test_the_truth_lies_within_ten_bounds(function, derivative, x, factor):
    slope = directional_derivative(function, x, factor * (abs(x) or 1))
    truth = derivative(np.longdouble(x)) * factor * (abs(x) or 1)
    assert abs(slope.value - truth) <= 10 * slope.bound + 1e-15 * abs(truth)
    assert slope.bound <= 1e-6 * (1 + abs(truth))
    assert not slope.kink


def test_both_sides_of_a_kink():
    slope = directional_derivative(lambda x: np.maximum(2 * x, -x), np.zeros(2), np.ones(2))
    np.testing.assert_allclose(slope.left, [-1, -1], rtol=1e-12)
    np.testing.assert_allclose(slope.right, [2, 2], rtol=1e-12)
    assert slope.kink.all()


def test_close_to_a_kink_the_near_side_counts():
    slope = directional_derivative(lambda x: np.abs(x - 1e-4), 0.0, 1.0)
    assert slope.value == pytest.approx(-1)
    assert not slope.kink


def test_at_the_edge_of_a_domain_there_is_one_side():
    with np.errstate(invalid="ignore"):
        slope = directional_derivative(lambda x: x * np.sqrt(x) + x, 0.0, 1.0)
    assert np.isnan(slope.left)
    assert slope.value == pytest.approx(1, abs=1e-2)


def test_a_function_that_raises_out_of_its_domain_still_has_a_slope():
    def picky(x):
        if np.any(x.data > 1):
            raise ValueError("too large")
        return np.sqrt(x)

    assert directional_derivative(picky, 0.9, 0.9).value == pytest.approx(0.9 / 2 / np.sqrt(0.9))


def test_where_a_function_gives_results_of_another_kind_it_has_no_values():
    """As eigenvalues do, real here and complex nearby; on one side only, the other still has a slope."""

    def sometimes_complex(x):
        return x * x + (0j if x.data > 0.5 else 0)

    slope = directional_derivative(sometimes_complex, 0.5, 0.5)
    assert slope.value == pytest.approx(0.5)
    assert np.isnan(slope.right)


def test_what_cannot_be_resolved_has_a_large_bound():
    """Steps that skip over thousands of periods, and a diverging slope."""
    fast = directional_derivative(np.sin, 1e7, 1e7)
    assert fast.bound > 1e-6 * abs(np.cos(1e7) * 1e7)
    with np.errstate(invalid="ignore"):
        steep = directional_derivative(np.sqrt, 0.0, 1.0)
    assert steep.bound > 0.1 * steep.value


def test_rounding_inside_the_function_widens_the_bound():
    """A cancellation leaves multiples of 2^-20; the smallest steps see none of it."""
    slope = directional_derivative(lambda x: (x + 2.0**43) - 2.0**43, 0.3, 0.3)
    assert abs(slope.value - 0.3) <= 10 * slope.bound
    narrow = directional_derivative(lambda x: np.sin(x.astype(np.float32)).astype(np.float64), 0.3, 0.3)
    assert abs(narrow.value - 0.3 * np.cos(0.3)) <= 10 * narrow.bound


def test_a_jump_on_the_way_is_not_taken_for_rounding():
    slope = directional_derivative(lambda x: np.floor_divide(1.25, x), -0.5125, 0.4)
    assert (slope.value, slope.kink) == (0, False)
    assert slope.bound < 1e-9


def test_stairs_are_not_taken_for_a_level():
    """Deep in saturation 1 - y moves in units of rounding; that the finest steps see nothing says nothing."""

    def tail(x):
        y = 1 / (1 + np.exp(-x))
        return y * (1 - y) * 1.1

    for scale in (1.0, 33.3):
        slope = directional_derivative(tail, 33.3, 0.77 * scale)
        assert abs(slope.value + 1.1 * np.exp(-33.3) * 0.77 * scale) <= 10 * slope.bound


def test_nested_complex_and_several_results():
    point = {"a": np.array([1.0, 2.0]), "b": 1 + 2j}
    direction = {"a": np.array([1.0, -1.0]), "b": 1j}
    slope = directional_derivative(lambda p: (p["a"] * p["a"], p["b"] * p["b"]), point, direction)
    np.testing.assert_allclose(np.asarray(slope.value[0], float), [2, -4], rtol=1e-12)
    assert complex(slope.value[1]) == pytest.approx(2j * (1 + 2j))


def test_integers_are_refused():
    with pytest.raises(TypeError, match="x must be floating-point numbers, got dtype int64; convert it to float"):
        directional_derivative(np.sin, 1, 1)


def test_values_pass_as_arrays_do():
    assert directional_derivative(np.sin, tl.Value(0.0), 1.0).value == pytest.approx(1)


def test_the_rounding_of_the_point_itself_is_in_the_bound():
    slope = directional_derivative(lambda x: (x - 1) ** 2, 1.0, 0.7134)
    assert abs(slope.value) <= 10 * slope.bound
    assert slope.bound < 1e-15

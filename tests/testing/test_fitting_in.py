"""Gradient tests among other people's: methods, fixtures, parametrize, unittest, and Hypothesis' decorators."""

import inspect
import unittest

import numpy as np
import pytest
from hypothesis import example, seed, settings

import tinygrad_lab as tl
from tinygrad_lab.errors import GradientError, OperationError, VacuousTestError
from tinygrad_lab.testing import Domain, gradient_test, profiles


@pytest.fixture(autouse=True)
def _few():
    """How a test is called and told of shows with few examples, and needs none that is made small."""
    with profiles.running(profiles.Profile(8, shrink=False)):
        yield


@pytest.fixture
def shift():
    return 2.0


@pytest.mark.parametrize("power", [2, 3])
@gradient_test
def test_parametrize_and_fixtures_give_keyword_only_parameters(x, *, power, shift):
    assert power in (2, 3)
    return x**power + shift


class TestMethods:
    slope = 3.0

    @gradient_test
    def test_a_method(self, x, y):
        return self.slope * x * y

    @pytest.mark.parametrize("factor", [1.0, 2.0])
    @gradient_test
    def test_with_parameters(self, x, *, factor):
        return self.slope * factor * x


class TestUnittest(unittest.TestCase):
    @gradient_test
    def test_a_method(self, x):
        assert isinstance(self, unittest.TestCase)
        return np.sin(x)


def hypothesis_own(test):
    return settings(max_examples=4, database=None)(seed(7)(example(np.array([1.5, 2.5]))(test)))


@pytest.mark.parametrize("above", [False, True])
def test_settings_seed_and_examples_are_hypothesis_own(above):
    def drawn():
        seen = []

        def square(x):
            seen.append(np.array(x.data))
            return x * x

        (hypothesis_own(gradient_test(square)) if above else gradient_test(hypothesis_own(square)))()
        return seen

    first, second = drawn(), drawn()
    np.testing.assert_array_equal(first[0], [1.5, 2.5])
    assert len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_missing_return_is_explained():
    @gradient_test
    def forgotten(x):
        x * 2

    with pytest.raises(VacuousTestError, match=r"forgotten: returned no .*; is a `return` missing"):
        forgotten()


def test_degenerate_arrays_may_be_left_out():
    @gradient_test(degenerate=False)
    def test_largest(x):
        assert x.ndim > 0
        return np.max(x)  # of nothing there is none

    test_largest()


def test_tolerances():
    @tl.primitive(lambda g, y, x: 1.0005 * g * np.cos(x), elementwise=True)
    def rough(x):
        return np.sin(x)

    with pytest.raises(GradientError):
        gradient_test(rough)()
    gradient_test(rough, rtol=1e-2, atol=1e-6)()


def test_errors_of_the_users_own_keep_their_place():
    @gradient_test
    def broken(x):
        return x.no_such_thing

    with pytest.raises(AttributeError) as caught:
        broken()
    assert any(entry.name == "broken" for entry in caught.traceback)


def test_what_pytest_fills_may_stand_anywhere_among_the_parameters():
    @gradient_test(domain=Domain(low=0))
    def power(n, x, m):
        assert (n, m) == (2, 3)
        return x ** (n * m)

    power.fill(["n", "m"])  # as the plugin does for `parametrize`
    assert list(inspect.signature(power).parameters) == ["n", "m"]
    power(n=2, m=3)


def test_an_error_at_a_degenerate_array_says_how_to_leave_those_out():
    @gradient_test
    def largest(x):
        return np.max(x)

    with pytest.raises(OperationError) as caught:
        largest()
    assert any("gradient_test(degenerate=False) leaves out" in note for note in caught.value.__notes__)


def test_misuse_is_explained():
    async def coroutine(x):
        return x

    with pytest.raises(TypeError, match="coroutine is a coroutine; write it as a plain function"):
        gradient_test(coroutine)
    with pytest.raises(ValueError, match="nothing takes no arrays: no positional parameter is without a default"):
        gradient_test(nothing)()
    with pytest.raises(ValueError, match="domain has 1 entries for 2 arrays; give one for each, or one for all"):
        gradient_test(lambda x, y: x * y, domain=(Domain(),))()


def nothing():
    return 1.0

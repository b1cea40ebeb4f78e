import re

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.errors import GradientError, VacuousTestError
from tinygrad_lab.testing import Domain, adapters, gradient_test, profiles, strategies
from tinygrad_lab.testing.adapters import Adapter
from tinygrad_lab.testing.calls import Call, calls, reduction_keywords
from tinygrad_lab.testing.checks import check_second
from tinygrad_lab.testing.problem import Problem
from tinygrad_lab.testing.profiles import Profile, running


@pytest.fixture
def scratch(monkeypatch):
    """A registry of one's own."""
    monkeypatch.setattr(tl.OPS, "here", dict(tl.OPS))


@gradient_test
def test_a_bare_decorator(x, y):
    return np.tanh(x) * y


@gradient_test(domain=Domain(0, 1), order=2)
def test_a_domain(p):
    return -p * np.log(p)


@gradient_test(domain=(Domain(), Domain(low=0)))
def test_a_domain_for_each_argument(x, scale, power=2):  # noqa: PT028  a gradient test leaves it at its default
    return x**power / scale


@gradient_test(args=strategies.matmul_args())
def test_arguments_of_ones_own(a, b):
    return a @ b


@gradient_test(args=strategies.index_args())
def test_arguments_that_are_not_arrays(x, index):
    return x[index]


@gradient_test(args=strategies.reduction_args())
def test_keywords(x, keywords):
    return np.sum(x, **keywords)


test_a_function_as_it_is = gradient_test(np.multiply)


def test_a_wrong_rule_is_found_shrunk_and_named(scratch):
    @tl.primitive(lambda g, y, x: -g * np.cos(x), elementwise=True)
    def sine(x):
        return np.sin(x)

    with pytest.raises(GradientError, match=r"sine, gradient of argument 0.*sign flipped") as error:
        gradient_test(sine)()
    example = re.search(r"np.array\(([^)]*)\)", str(error.value))
    assert example is not None
    assert float(example[1]) == 1  # the simplest number, and a single one


def test_a_gradient_that_is_not_summed_over_broadcast_axes_needs_arrays_of_two_shapes():
    def vjp(g, a, b):
        return np.broadcast_to(g, np.broadcast_shapes(a.shape, g.shape)), np.reshape(np.ravel(g)[: b.size], b.shape)

    with pytest.raises(GradientError):
        gradient_test(args=strategies.broadcastable(2))(tl_pair(np.add, vjp))()


def tl_pair(function, vjp):
    from tinygrad_lab.testing import adapters

    return adapters.pair(function, vjp, name=function.__name__)


def test_a_test_that_decides_nothing_says_so():
    def lost(x):
        return x * np.nan

    text = r"lost: nothing is proved, .* undecided in 2 examples; .*domain=Domain"
    with pytest.raises(VacuousTestError, match=text), running(Profile(2)):
        gradient_test(lost)()


def test_the_test_keeps_name_and_text():
    def mine(x):
        """What it is."""
        return x

    test = gradient_test(mine)
    assert (test.__name__, test.__doc__, test.__module__) == ("mine", "What it is.", __name__)


def test_profiles_say_how_many_examples_there_are():
    seen = []

    def square(x):
        return x * x

    test = gradient_test(args=strategies.tensors((2,)).map(lambda x: seen.append(x) or (x,)))(square)
    with running(Profile(7)):
        test()
    assert len(seen) == 7
    with pytest.raises(ValueError, match="name must be one of fast, default, thorough, got 'lazy'"):
        profiles.choose("lazy")


def test_calls_print_as_they_are_written():
    assert repr(Call(np.sum, (np.ones(2),), {"axis": 0})) == "sum(array([1., 1.]), axis=0)"


def test_every_axis_of_a_reduction_is_enumerated():
    found = reduction_keywords(np.max)
    for shape in [(3,), (2, 3), (2, 3, 2)]:
        wanted = [None, *range(-len(shape), len(shape)), *([(0, 1), (1, 0)] if len(shape) > 1 else [])]
        assert all((shape, {"axis": axis, "keepdims": keep}) in found for axis in wanted for keep in (False, True))
    assert ((2, 0), {"axis": 1, "keepdims": False}) not in found  # there is no maximum of nothing


def test_calls_that_cannot_be_found_say_so():
    with pytest.raises(ValueError, match="reshape: no call was found by trying"):
        calls(tl.OPS[np.reshape])


@tl.primitive(lambda g, y, x: g * np.cos(x.data if isinstance(x, tl.Value) else x))
def cut(x):
    return np.sin(x)


def test_a_second_derivative_that_is_wrong_is_found_without_being_asked_for():
    with running(Profile(100, shrink=False)), pytest.raises(GradientError, match=r"gradient of cut.*missing"):
        gradient_test(cut)()
    gradient_test(cut, order=1)()


def test_second_derivatives_that_are_not_there_or_too_sharp_to_see_are_left_alone():
    x, problem = np.zeros(3), lambda function, *args: Problem(Adapter(function), args, None)
    assert check_second(problem(lambda x: np.sqrt(x * x + 1e-24), x)) is None
    assert check_second(Problem(adapters.pair(np.sin, lambda g, x: g * np.cos(x)), (x,), None)) is None
    assert check_second(problem(np.sin, x + 1)) is None
    assert check_second(problem(cut, x + 1)).outcome == "fail"

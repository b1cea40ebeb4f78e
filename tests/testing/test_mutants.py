"""The tests notice wrong rules: a sample here, all of them by hand with `python -m tests.testing.targets mutants`."""

import itertools

import numpy as np
import pytest
from hypothesis import assume
from hypothesis import strategies as st

import tinygrad_lab as tl
from tests.rules.cases import OPERATIONS, calls_of
from tests.testing.falsified import falsehoods, falsifying
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.core.operators import getitem
from tinygrad_lab.errors import GradientError, GradientLostError, RuleError
from tinygrad_lab.testing import assert_kills_mutants, gradient_test
from tinygrad_lab.testing.calls import Call, calls
from tinygrad_lab.testing.examples import check_call, run
from tinygrad_lab.testing.mutants import Mutant, mutants
from tinygrad_lab.testing.planting import Watched, planted
from tinygrad_lab.testing.profiles import Profile, running

pytestmark = pytest.mark.slow

TWO_HUNDRED = Profile(200, shrink=False)
ONE = Profile(25, shrink=False)  # the first that fails is enough
SAMPLE = [
    (np.multiply, "factor 1.001", "off by a factor"),
    (np.tanh, "sign of every element", "sign"),
    (np.add, "first slice of a broadcast axis", ""),
    (np.matmul, "transposed", ""),
    (np.max, "the whole gradient to every tie", ""),
    (getitem, "assignment for addition", "only the last of the results"),
    (np.flip, "wrong axis", ""),
    (np.exp, "g ignored", ""),
    (np.sin, "|g| for g", ""),
    (np.concatenate, "argument dropped", "missing"),
    (np.sqrt, "returns None", "not an array"),
]


@pytest.mark.slow
def test_every_wrong_rule_of_an_operation_is_noticed():
    rng = np.random.default_rng(0)
    pair = rng.normal(size=(2, 3)), rng.normal(size=3)  # of which every wrong rule shows; drawn ones take far longer
    with running(Profile(12, shrink=False)):
        assert_kills_mutants(np.maximum, gradient_test(np.maximum, args=st.just(pair)))


@pytest.mark.parametrize(("function", "name", "pattern"), SAMPLE, ids=lambda part: getattr(part, "__name__", str(part)))
def test_a_wrong_rule_in_the_registry_turns_the_run_red_and_is_named(function, name, pattern):
    op = tl.OPS[function]
    mutant = next(mutant for mutant in mutants(op) if mutant.name == name)
    with planted(op, mutant), running(ONE), pytest.raises((GradientError, RuleError)) as error:
        run(op.name, calls_of(op))
    assert op.name in str(error.value)
    assert pattern in str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize("op", OPERATIONS[:: len(OPERATIONS) // 12], ids=lambda op: f"{op.family}.{op.name}")
def test_an_operation_anywhere_in_the_registry(op):
    wrong = next(mutant for mutant in mutants(op) if mutant.name == "factor 1.001")
    with planted(op, wrong), running(TWO_HUNDRED), pytest.raises(Exception):  # noqa: B017, PT011  however it fails
        run(op.name, calls_of(op))


def test_the_registry_is_as_before():
    op = tl.OPS[np.multiply]
    before = op.rules
    for mutant in mutants(op):
        with planted(op, mutant):
            assert op.rules != before
    assert op.rules is before


def test_a_test_may_turn_examples_down():
    @gradient_test
    def smooth(x):
        assume(np.all(np.abs(plain(x)) < 3))
        return np.tanh(x)

    with running(Profile(10, shrink=False)):
        assert_kills_mutants(np.tanh, smooth)


def test_what_was_read_off_a_wrong_rule_is_forgotten():
    op = tl.OPS[np.std]
    op.unbind()
    with planted(op, mutants(op)[0]):
        np.std(tl.Value([1.0, 2.0]), ddof=1)
    with pytest.raises(GradientLostError, match="out= cannot take the result"):
        np.std(tl.Value([1.0, 2.0]), out=np.zeros(()))


def test_a_test_that_looks_at_one_argument_lets_mutants_of_the_other_live():
    narrow = gradient_test(lambda x: np.multiply(x, 2.0), args=st.just((np.array([0.5, -1.5]),)))
    text = r"multiply: the test did not notice \d+ of \d+ wrong rules \(argument 1: factor 1.001;"
    with running(Profile(1)), pytest.raises(GradientError, match=text):
        assert_kills_mutants(np.multiply, narrow)


def test_a_test_that_fails_on_the_right_rule_proves_nothing():
    @gradient_test
    def wrong(x):
        return tl.testing.adapters.pair(np.tanh, lambda g, x: g)(x)

    with pytest.raises(Exception):  # noqa: B017, PT011
        assert_kills_mutants(np.tanh, wrong)


def test_rules_that_are_written_alike_are_not_exchanged():
    assert not any(mutant.name.startswith("rule of") for mutant in mutants(tl.OPS[np.add]))
    assert any(mutant.name.startswith("rule of") for mutant in mutants(tl.OPS[np.subtract]))


@pytest.mark.parametrize("name", falsehoods)
def test_finished_gradients_that_are_wrong_are_noticed(name):
    def falsify(call):
        return call._replace(function=falsehoods[name](call), kwargs={})

    with running(TWO_HUNDRED), pytest.raises(GradientError):
        run(name, calls(tl.OPS[np.hypot]).map(falsify))


def test_right_gradients_of_a_pair_are_not():
    def pair(call):
        return call._replace(function=right(call), kwargs={})

    right = falsifying(lambda found, g, arrays: found)
    with running(Profile(8)):
        for function in (np.hypot, np.sum, np.matmul):
            run(function.__name__, calls(tl.OPS[function]).map(pair))


def test_one_call_may_be_checked_by_itself():
    assert check_call(Call(np.sum, (np.ones((2, 3)),), {"axis": 0}), order=2).ok


def test_rounding_that_is_another_at_each_call_makes_no_wrong_rule():
    calls = itertools.count()
    watched = Watched(Mutant("the same", 0, lambda rule: rule))
    apply = watched.wrong(lambda g, y, x: np.nextafter(g, np.inf) if next(calls) % 2 else g)
    apply(np.ones(3), np.ones(3), np.ones(3))
    assert not watched.differed

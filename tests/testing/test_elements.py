"""Right functions whose gradients are hard to see by differences: what one length of step shows, another may not."""

import numpy as np
import pytest

from tests.rules.cases import OPERATIONS
from tinygrad_lab.errors import VacuousTestError
from tinygrad_lab.testing import adapters, check_adjoint, check_gradients

FAR = np.broadcast_to(np.array([[74.5, -2000.0], [-79.9, -1e6], [-1e6, -66.6]]), (3, 2))
SEEN = {
    "steps longer than a period": (
        lambda x: np.mean((1 - np.cos(x)) / x**2) ** 2,
        np.array([[0.237, 1.0], [-0.00121, -0.822], [-1e6, 0.00129], [-0.00972, 3.25]], np.float32),
    ),
    "a step within a part of 1e-12": (lambda a, b: np.tanh(a * a - b * b), FAR, FAR),
    "a small softmax": (lambda x: -np.sum(np.exp(x) * np.log(np.exp(x) + 1e-12)), np.array([-66.6, -55.5, 5.0])),
    "steps of the arguments' own rounding": (lambda x: np.tanh((x + 1e6) ** 2 - 1e12), np.zeros((2, 3))),
    "a tie that saturates": (lambda x: np.tanh(np.median(x)), np.full(3, 19.2)),
    "a tie of large numbers": (np.median, np.full(4, 1e200)),
    "waves that are lost beside 1": (
        lambda x: np.log(1 + ((1 - np.cos(x)) / x**2) ** 2),
        np.array([[89.4, 74.5], [74.5, 30000.0], [74.5, -2000.0], [-1e6, -66.6]], np.float32),
    ),
    "nothing but rounding": (lambda x: np.mean(x - np.mean(x)) ** 2, np.array([1.3, -2.0, 500.0])),
}


@pytest.mark.parametrize("name", SEEN)
def test_what_some_steps_cannot_show_is_decided_by_others(name):
    function, *args = SEEN[name]
    report = check_gradients(function, *args)
    assert (report.ok, report.count("inconclusive")) == (True, 0)


MAX = np.broadcast_to(np.array([[74.5, -2000.0], [-79.9, -1e6], [-1e6, -66.6], [74.5, -1e6]]), (4, 2))
LENS = np.array([2.86, 1.25, 0.027, 1e-9, 3.5])
KL = np.array([[0.5, -1.18], [-46.3, -3.25], [-46.3, -3.0], [0.511, -37.0]])
CLOSE_BY = {
    "a kink": (lambda a, b: np.abs(a - b) / (np.abs(b) + 1e-12), np.array([-0.00208, 3.0]), np.zeros(2)),
    "a step, with the rounding of what it is made of": (lambda a, b: np.tanh(a * a - b * b), MAX, MAX),
    "a pole": (lambda a, b: 1 / (1 / a - 1 / b + 1e-6), LENS, LENS),
    "a tie of which nothing is left": (
        lambda a, b: np.tanh(np.sum(softmax(a) * np.log(softmax(a) / softmax(b)), -1)),
        KL,
        KL,
    ),
    "a gradient beyond float64": (lambda x: (1 - np.cos(x)) / x**2, np.array([23.0, 3e-310])),
}


def softmax(x):
    return np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True)


@pytest.mark.parametrize("name", CLOSE_BY)
def test_what_happens_close_by_is_no_mistake(name):
    function, *args = CLOSE_BY[name]
    assert check_gradients(function, *args).count("fail") == 0


@pytest.mark.parametrize("factor", [1.001, 2, -1])
def test_a_mistake_is_not_taken_for_what_finer_steps_agree_with(factor):
    wrong = adapters.pair(
        lambda x: (1 - np.cos(x)) / x**2, lambda g, x: factor * g * (np.sin(x) / x**2 - 2 * (1 - np.cos(x)) / x**3)
    )
    report = check_gradients(wrong, np.array([0.5, 1e3, 1e6]), raise_exception=False)
    assert report.findings[0].status.tolist() == ["fail"] * 3


def test_a_gradient_that_is_no_number_leaves_kinks_elsewhere_alone():
    function, x = lambda x: np.exp(np.maximum(x, 0)), np.array([-1.0, 0.0, -0.0, 3e38], np.float32)
    with np.errstate(all="ignore"):
        assert check_gradients(function, x).findings[0].status.tolist()[1:3] == ["kink-ok"] * 2


def test_an_infinite_slope_beside_huge_values_is_no_finite_derivative():
    with np.errstate(all="ignore"):
        report = check_gradients(lambda x: np.sqrt(np.abs(x)), np.array([-1e100, 1e-300, 1e307, 0.0]))
    assert report.findings[0].status[3] == "inconclusive"


def test_what_lapack_rounds_to_float64_is_no_broken_adjoint():
    expm = next(op.function for op in OPERATIONS if op.name == "expm")
    numbers = np.array([-0.09831683, 0.9660396, -0.5, 0.25, 0.75, 0.1], np.float32)
    for seed in range(12):
        check_adjoint(expm, np.random.default_rng(seed).choice(numbers, (2, 2, 2)))


def test_what_overflows_is_told_from_what_is_inconclusive():
    function = lambda x: np.exp(x * x)
    report = check_gradients(function, np.array([1.0, 1e3]))
    assert repr(report).endswith("1 pass, 1 overflow>")
    assert report.undecided == 1
    with pytest.raises(VacuousTestError, match="all 2 elements overflow, even in the widest dtype, or divide by 0"):
        check_gradients(function, np.array([1e3, -1e3]))


UNSEEN = {  # of [1, 2], the second element matters to a result alone of which nothing can be said
    "overflow": lambda x: x * np.array([1.0, 2.0**600]),
    "inconclusive": lambda x: np.where(x > 1, x * np.nan, x),
}


@pytest.mark.parametrize("status", UNSEEN)
def test_a_gradient_of_0_of_what_cannot_be_compared_proves_nothing(status):
    report = check_gradients(UNSEEN[status], np.array([1.0, 2.0]))
    assert report.findings[0].status.tolist() == ["pass", status]

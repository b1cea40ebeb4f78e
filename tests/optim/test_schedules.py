from __future__ import annotations

import math
import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_lab.optim import schedules

steps = st.integers(0, 1000)
rates = st.floats(1e-6, 10)


@given(lr=rates, i=steps)
def test_constant(lr, i):
    assert schedules.constant(lr)(i) == lr


@given(lr=rates, size=st.integers(1, 50), gamma=st.floats(0.1, 1), i=steps)
def test_step_falls_by_gamma_after_every_stretch(lr, size, gamma, i):
    schedule = schedules.step(lr, size, gamma)
    assert schedule(i) == schedule(i - i % size)
    assert schedule(i + size) == pytest.approx(gamma * schedule(i))
    assert schedule(0) == lr


@given(lr=rates, gamma=st.floats(0.5, 1), i=st.integers(0, 100))
def test_exponential_falls_by_gamma_every_step(lr, gamma, i):
    schedule = schedules.exponential(lr, gamma)
    assert schedule(i + 1) == pytest.approx(gamma * schedule(i))
    assert schedule(0) == lr


@given(lr=rates, total=st.integers(1, 100), part=st.floats(0, 1), i=steps)
def test_cosine_goes_from_lr_to_the_minimum_and_stays(lr, total, part, i):
    schedule = schedules.cosine(lr, total, part * lr)
    assert schedule(0) == pytest.approx(lr)
    assert schedule(total + i) == pytest.approx(part * lr, abs=1e-15)
    assert schedule(i + 1) <= schedule(i) + 1e-15
    if total % 2 == 0:
        assert schedule(total // 2) == pytest.approx((lr + part * lr) / 2)


@given(lr=rates, warmup=st.integers(1, 100), i=steps)
def test_warm_up_rises_linearly_and_then_leaves_the_schedule_alone(lr, warmup, i):
    inner = schedules.cosine(lr, 500)
    schedule = schedules.linear_warmup(inner, warmup)
    factor = min(1.0, (i + 1) / warmup)
    assert schedule(i) == pytest.approx(factor * inner(i))
    assert schedules.linear_warmup(lr, warmup)(i) == pytest.approx(factor * lr)
    assert schedules.linear_warmup(lr, warmup)(warmup - 1) == lr


def test_schedules_give_plain_numbers():
    for schedule in (schedules.step(1.0, 2), schedules.cosine(1.0, 5), schedules.linear_warmup(1.0, 5)):
        assert type(schedule(3)) is float
        assert math.isfinite(schedule(10**9))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: schedules.step(0.1, 0),
            "schedules.step: step_size must be at least 1, got 0; see the formula in help",
        ),
        (lambda: schedules.cosine(0.1, 0), "schedules.cosine: total must be at least 1, got 0"),
        (lambda: schedules.linear_warmup(0.1, -1), "schedules.linear_warmup: warmup_steps must be at least 0, got -1"),
        (lambda: schedules.one_cycle(0.1, 0), "schedules.one_cycle: total must be at least 1, got 0"),
    ],
)
def test_a_schedule_of_no_steps_is_refused(make, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        make()


def test_schedules_can_be_pickled():
    for schedule in (
        schedules.constant(0.1),
        schedules.step(0.1, 3),
        schedules.exponential(0.1, 0.9),
        schedules.cosine(0.1, 10),
        schedules.linear_warmup(schedules.cosine(0.1, 10), 3),
        schedules.one_cycle(0.1, 10),
        schedules.warm_restarts(0.1, 3, 2),
        schedules.polynomial(0.1, 10),
        schedules.Plateau(0.1),
    ):
        twin = pickle.loads(pickle.dumps(schedule))
        assert [twin(i) for i in range(12)] == [schedule(i) for i in range(12)]


@pytest.mark.parametrize(("first", "factor"), [(1, 2), (3, 2), (5, 3), (7, 1), (1, 10)])
def test_restarts_come_when_they_should(first, factor):
    starts, length = [0], first
    while starts[-1] < 2000:
        starts.append(starts[-1] + length)
        length *= factor
    rate = schedules.warm_restarts(1.0, first, factor)
    assert [i for i in range(2000) if rate(i) == 1] == starts[:-1]


def test_a_plateau_lowers_the_rate_once_a_patience():
    schedule = schedules.Plateau(1.0, factor=0.1, patience=2, minimum=0.05)
    rates = []
    for figure in (5, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3):
        schedule.observe(figure)
        rates.append(schedule(0))
    assert rates == [1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05]


def test_the_shortest_trainings_have_a_rate():
    assert [schedules.linear_warmup(2.0, 0)(i) for i in range(3)] == [2.0, 2.0, 2.0]
    assert schedules.one_cycle(1.0, 1)(0) == 1.0
    assert schedules.one_cycle(1.0, 1)(1) < 1e-5
    assert schedules.one_cycle(1.0, 2)(0) > schedules.one_cycle(1.0, 2)(1)

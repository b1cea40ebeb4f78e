"""Groups of parameters with options of their own, and states that belong to another optimizer."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab import optim
from tinygrad_lab.errors import ArgumentError, ArgumentTypeError

KINDS = list(optim.OPTIMIZERS.values())
each = pytest.mark.parametrize("kind", KINDS)


def start(n=3):
    return [tl.Value(np.random.default_rng(i).normal(size=2)) for i in range(n)]


def train(optimizer, steps=4, skip=()):
    for i in range(steps):
        optimizer.zero_grad()
        for j, p in enumerate(optimizer.params):
            if (i, j) not in skip:
                np.sum(p**4).backward()
        optimizer.step()
    return [p.data for p in optimizer.params]


def same(a, b):
    for x, y in zip(a, b, strict=True):
        np.testing.assert_array_equal(x, y)


@each
def test_groups_are_optimizers_side_by_side(kind):
    ps, qs = start(), start()
    grouped = kind([{"params": ps[:2], "lr": 0.01, "weight_decay": 0.1}, {"params": ps[2]}], lr=0.05)
    alone = [kind(qs[:2], lr=0.01, weight_decay=0.1), kind(qs[2:], lr=0.05)]
    same(train(grouped), [q for one in alone for q in train(one)])
    grouped.lr = alone[1].lr = 0.002  # of the groups without their own
    grouped.groups[0].lr = alone[0].lr = 0.003
    same(train(grouped), [q for one in alone for q in train(one)])


@each
def test_groups_are_saved_with_their_rates(kind):
    def make():
        return kind([{"params": start(1), "lr": 0.01}, {"params": start()[1:]}], lr=0.05)

    first, second = make(), make()
    train(first)
    first.lr, first.groups[0].lr = 0.02, 0.03
    for p, q in zip(first.params, second.params, strict=True):
        q.data = p.data
    second.load_state_dict(first.state_dict())
    assert (second.lr, second.groups[0].lr, second.steps) == (0.02, 0.03, 4)
    same(train(first), train(second))
    twin = pickle.loads(pickle.dumps(copy.deepcopy(first)))
    same(train(first), train(twin))


@pytest.mark.parametrize(
    ("kind", "backend"),
    [*((kind, "numpy") for kind in KINDS), pytest.param(optim.Adam, "numba", marks=pytest.mark.slow)],
)
def test_a_compiled_step_takes_the_rates_of_groups_as_they_are_now(kind, backend):
    pytest.importorskip(backend)

    def make():
        return kind([{"params": start(1), "lr": 0.01}, {"params": start()[1:]}], lr=0.05)

    def stepper(optimizer):
        def step():
            optimizer.zero_grad()
            loss = sum(np.sum(p**4) for p in optimizer.params)
            loss.backward()
            optimizer.step()
            return loss

        return step

    eager, quick = make(), make()
    step, compiled = stepper(eager), tl.compile(stepper(quick), backend=backend, state=(quick,))
    for i in range(6):
        for optimizer in (eager, quick):
            optimizer.lr, optimizer.groups[0].lr = 0.05 / (i + 1), 0.01 * (i + 1)
        step(), compiled()
        for p, q in zip(eager.params, quick.params, strict=True):
            np.testing.assert_allclose(p.data, q.data, rtol=1e-12)
    assert quick.steps == 6


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (
            lambda p, q: optim.SGD([{"params": [p]}, q], 0.1),
            ArgumentTypeError,
            "every group must be a dict .* got Value",
        ),
        (lambda p, q: optim.SGD([{"lr": 1.0}], 0.1), ArgumentTypeError, r"its Values under \"params\", got \['lr'\]"),
        (lambda p, q: optim.SGD([{"params": [p], "betas": 1}], 0.1), ArgumentError, "must be among lr, .*got 'betas'"),
        (
            lambda p, q: optim.SGD([{"params": [p], "lr": -1.0}], 0.1),
            ArgumentError,
            "SGD: lr must be at least 0, got -1",
        ),
        (
            lambda p, q: optim.SGD([{"params": [p]}, {"params": [p]}], 0.1),
            ArgumentError,
            "params repeats 1 of its Values",
        ),
        (lambda p, q: optim.SGD([{"params": []}], 0.1), ArgumentError, "params is empty"),
        (lambda p, q: optim.SGD({"params": [p]}, 0.1), ArgumentTypeError, "params must be Values, got dict"),
    ],
)
def test_groups_that_cannot_be_meant(make, error, text):
    with pytest.raises(error, match=text):
        make(*start(2))


# -- states ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("saved", KINDS)
@pytest.mark.parametrize("given", KINDS)
def test_the_state_of_another_optimizer_is_refused_at_once(saved, given):
    first, second = saved(start(), lr=0.1), given(start(), lr=0.2)
    train(first)
    if saved is given:
        second.load_state_dict(first.state_dict())
        assert (second.lr, second.steps) == (0.1, 4)
        return
    train(second, 1)
    before = second.state_dict()
    with pytest.raises(ArgumentError, match=f"{given.__name__}: the state is of another optimizer, "):
        second.load_state_dict(first.state_dict())
    assert {k: v.tolist() for k, v in second.state_dict().items()} == {k: v.tolist() for k, v in before.items()}


@each
def test_so_are_states_of_other_shapes_and_options(kind):
    first = kind(start(), lr=0.1)
    train(first)
    state = first.state_dict()
    if any(x.ndim for x in state.values()):
        with pytest.raises(ArgumentError, match=r"state of parameter 0 must hold .*\(3,\).*, got .*\(2,\)"):
            kind([tl.Value(np.ones(3)) for _ in range(3)], lr=0.1).load_state_dict(state)
    with pytest.raises(ArgumentError, match="state of parameter 1 must hold"):
        kind(start(), lr=0.1).load_state_dict({**state, "1.more": np.ones(2)})
    with pytest.raises(ArgumentError, match="the state has an entry '2"):
        kind(start(2), lr=0.1).load_state_dict(state)


def test_options_that_change_what_is_kept():
    first, second = optim.SGD(start(), 0.1, momentum=0.9), optim.SGD(start(), 0.1)
    train(first)
    with pytest.raises(ArgumentError, match=r"state of parameter 0 must hold \{'step'"):
        second.load_state_dict(first.state_dict())


# -- schedules -------------------------------------------------------------------------------------------------------


@each
def test_schedules_count_the_optimizers_steps(kind):
    asked = []

    def schedule(step):
        asked.append(step)
        return 0.1 / (1 + step)

    optimizer = kind(start(2), lr=schedule)
    train(optimizer, 4, skip={(0, 1), (2, 1)})  # the second parameter misses two steps
    assert sorted(set(asked)) == [0, 1, 2, 3]
    assert asked.count(2) == asked.count(0) < asked.count(1)
    assert optimizer.steps == 4


def test_a_plateau_goes_on_from_where_it_was_saved():
    def make():
        return optim.Adam(start(), lr=optim.schedules.Plateau(1.0, factor=0.5, patience=1))

    first, second = make(), make()
    for loss in (3.0, 2.0, 2.0, 2.0, 2.0):
        first.lr.observe(loss)
    second.load_state_dict(first.state_dict())
    assert second.lr(0) == 0.5
    first.lr.observe(2.0), second.lr.observe(2.0)
    assert second.lr(0) == first.lr(0) == 0.25

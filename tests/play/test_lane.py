"""A run that is stepped gives the numbers of `train`, takes on settings as it goes, and can be looked back at."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab import Config, running
from tinygrad_lab.play.lane import Lane
from tinygrad_lab.play.moments import MOST, Moments
from tinygrad_lab.play.sources import source


def lane(epochs=1, **settings):
    """A run after so many evaluations."""
    made = source(None, settings).lane()
    while made.epoch < epochs:
        made.go_through_epoch()
    return made


def parameters(run):
    return np.concatenate([p.data.ravel() for p in run.model.parameters()])


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"batch_size": 4, "optimizer": "adam", "lr": 0.01},
        {"data": "two_moons", "points": 40, "noise": 0.2, "validation_fraction": 0.25, "weight_decay": 0.01},
        {"data": "three_spirals", "points": 30, "hidden": (4,)},
        {"data": "sine", "points": 30, "standardize": True},
    ],
)
def test_stepping_gives_the_numbers_of_train_bit_for_bit(settings):
    stepped = lane(25, **settings)
    trained = running.run(Config(**settings, epochs=25))
    assert stepped.history.columns() == trained.history.columns()
    assert np.array_equal(parameters(stepped.run), parameters(trained))
    finished = stepped.finished()
    assert finished.config == trained.config
    assert finished.history.stopped_by == trained.history.stopped_by == "epochs"


def test_a_step_is_one_update_and_an_epoch_all_of_its_batches():
    stepped = lane(batch_size=5)
    seen = []
    for _ in range(7):
        stepped.step()
        seen.append((stepped.epoch, stepped.updates))
    assert seen == [(1, 1), (1, 2), (1, 3), (1, 4), (2, 0), (2, 1), (2, 2)]
    stepped.go_through_epoch()
    assert (stepped.epoch, stepped.updates) == (3, 0)


@pytest.mark.parametrize(
    "values",
    [
        {"lr": 0.5},
        {"optimizer": "adam"},
        {"batch_size": 7},
        {"activation": "relu"},
        {"weight_decay": 0.1},
        {"noise": 0.2},
    ],
)
def test_a_setting_that_can_be_changed_on_the_run_keeps_what_was_learnt(values):
    stepped = lane(20, data="linear", points=30)
    before, history = parameters(stepped.run), list(stepped.history.loss)
    stepped.change(values)
    assert np.array_equal(parameters(stepped.run), before)
    assert stepped.epoch == 20
    assert stepped.history.loss[:19] == history[:19]
    assert [(change.epoch, change.name) for change in stepped.changes] == [(20, *values)]
    stepped.go_through_epoch()
    assert stepped.epoch == 21
    assert not np.array_equal(parameters(stepped.run), before)


def test_a_long_epoch_can_be_left_and_gone_on_with():
    stepped, plain = lane(batch_size=2), lane(batch_size=2)
    assert not stepped.go_through_epoch(deadline=0.0)
    assert (stepped.epoch, stepped.updates) == (1, 1)
    assert stepped.go_through_epoch()
    plain.go_through_epoch()
    assert stepped.history.loss == plain.history.loss


def test_the_rate_that_was_changed_is_the_rate_that_is_used():
    stepped = lane(10, optimizer="sgd", lr=0.1)
    stepped.change({"lr": 3.0})
    before = parameters(stepped.run)
    stepped.run.experiment.optimizer.zero_grad()
    stepped.run.experiment.loss(stepped.run.model(stepped.run.data.x), stepped.run.data.y).backward()
    gradient = np.concatenate([p.grad.ravel() for p in stepped.run.model.parameters()])
    stepped.go_through_epoch()
    np.testing.assert_allclose(parameters(stepped.run), before - 3.0 * gradient, rtol=1e-12)


@pytest.mark.parametrize("values", [{"hidden": (3,)}, {"data": "circles"}, {"seed": 1}, {"init": "normal"}])
def test_a_setting_that_makes_another_network_begins_the_run_anew(values):
    stepped = lane(20)
    stepped.change(values)
    assert stepped.epoch == 1
    assert stepped.changes == []
    assert stepped.history.loss == running.run(Config(**values, epochs=1)).history.loss


def test_what_cannot_be_meant_changes_nothing():
    stepped = lane(5)
    run, config = stepped.run, stepped.config
    for values in ({"lr": -1.0}, {"activation": "sigmod"}, {"hidden": (0,)}, {"data": "no such file.csv"}):
        with pytest.raises(LabError):
            stepped.change(values)
        assert stepped.run is run
        assert stepped.config is config
    stepped.go_through_epoch()
    assert stepped.epoch == 6


def test_a_moment_shows_the_run_as_it_was_and_leaves_it_as_it_is():
    stepped = lane(12, optimizer="adam", lr=0.1)
    now = parameters(stepped.run)
    with stepped.moments.nearest(5).back() as experiment:
        then = np.concatenate([p.data.ravel() for p in experiment.model.parameters()])
        assert experiment.optimizer.steps == 4
    assert np.array_equal(then, parameters(lane(5, optimizer="adam", lr=0.1).run))
    assert np.array_equal(parameters(stepped.run), now)
    stepped.go_through_epoch()
    assert stepped.history.loss == lane(13, optimizer="adam", lr=0.1).history.loss


def test_moments_are_never_too_many_and_evenly_spread():
    made = Lane(source(None, {}).begin, Config(hidden=(2,)))
    moments = Moments()
    for epoch in range(1, 3001):
        if moments.wants(epoch):
            moments.keep(epoch, made.run.experiment)
    assert MOST / 2 <= len(moments.kept) <= MOST
    assert moments.epochs[0] == 1
    assert len(set(np.diff(moments.epochs))) == 1
    assert moments.nearest(1000).epoch <= 1000 < moments.nearest(1000).epoch + moments.stride

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tinygrad_lab import nn
from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.diagnosis import dead_units
from tinygrad_lab.lab.running import load, run


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 5))])
def test_the_defaults_learn_xor_with_any_seed(seed):
    result = run(Config(seed=seed))
    assert result.history.stopped_by == "until"
    assert result.history.accuracy[-1] == 1
    assert (result.predicted == result.dataset.labels).all()


@pytest.mark.parametrize("fields", [{}, {"batch_size": 4}, {"data": "linear"}, {"legacy_rng": True}])
def test_the_same_configuration_gives_the_same_numbers_bit_for_bit(fields):
    one, two = (run(Config(epochs=15, seed=3, **fields)) for _ in range(2))
    assert one.history.loss == two.history.loss
    assert np.array_equal(one.probabilities, two.probabilities)
    assert run(Config(epochs=15, seed=4, **fields)).history.loss != one.history.loss


def test_the_resolved_configuration_gives_the_same_run():
    one = run(Config(epochs=15))
    assert run(one.config).history.loss == one.history.loss


def test_data_and_weights_have_streams_of_their_own():
    one, two = (run(Config(data="linear", epochs=1, hidden=hidden)) for hidden in [(2,), (50, 50)])
    assert np.array_equal(one.dataset.x, two.dataset.x)
    assert len(load(Config(data="linear", points=7)).x) == 7


def test_predictions_are_those_of_the_model():
    result = run(Config(data="linear", epochs=200))
    accuracy = np.mean(result.predicted == result.dataset.labels)
    assert accuracy == result.history.accuracy[-1]
    assert np.array_equal(result.predicted, result.probabilities[:, 0] >= 0.5)


def test_three_classes_from_a_file(tmp_path):
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    x = np.array([[0, 0], [3, 0], [0, 3]])[y] + 0.3 * rng.normal(size=(60, 2))
    np.savez(tmp_path / "blobs.npz", x=x, y=np.array([5, 7, 9])[y])
    result = run(Config(data=str(tmp_path / "blobs.npz"), epochs=300))
    assert result.config.loss == "cross_entropy"
    assert result.history.accuracy[-1] == 1
    assert result.probabilities.shape == (60, 3)
    assert (result.predicted == y).all()


def test_a_diverged_run_has_predictions_and_a_note():
    result = run(Config(activation="none", output="none", loss="mse", lr=10.0, epochs=100))
    assert result.history.stopped_by == "diverged"
    assert result.predicted.shape == (21,)
    assert result.notes == (f"The loss is nan at epoch {result.history.epochs}: the run diverged; try a smaller lr.",)


def test_a_missing_file_is_refused():
    with pytest.raises(LabError, match="cannot be read"):
        run(Config(data="nowhere.csv"))


def test_dead_relus_are_noticed():
    first, second = nn.Linear(2, 3), nn.Linear(3, 2)
    first.load_state_dict({"weight": np.eye(3, 2), "bias": np.array([0.1, -9.0, 0.0])})
    second.load_state_dict({"weight": np.ones((2, 3)), "bias": np.array([1.0, 1.0])})
    model = nn.Sequential(first, nn.ReLU(), second, nn.ReLU())
    assert dead_units(model, np.random.default_rng(0).uniform(size=(10, 2))) == [
        "2 of 3 units of ReLU layer 1 never fire: they are 0 on every point and have stopped learning."
    ]


def test_dead_filters_are_counted_over_positions():
    conv = nn.Conv1D(1, 2, 1)
    conv.load_state_dict({"weight": np.array([[[1.0]], [[-1.0]]]), "bias": np.zeros(2)})
    assert dead_units(nn.Sequential(conv, nn.ReLU()), np.array([[[0.0, 1.0]]])) == [
        "1 of 2 units of ReLU layer 1 never fire: they are 0 on every point and have stopped learning."
    ]


def test_other_models_are_not_watched():
    assert dead_units(nn.ReLU(), -np.ones((3, 2))) == []
    assert dead_units(nn.Sequential(nn.Tanh()), -np.ones((3, 2))) == []


def test_dropout_is_for_updates_only():
    config = Config(dropout=0.5, epochs=3, hidden=(4,))
    one, two = run(config), run(replace(config, dropout=0.0))
    np.testing.assert_array_equal(one.predict_proba(one.dataset.x)[:, 1:], one.probabilities)
    assert one.history.loss[-1] == pytest.approx(one.experiment.loss(one.model.eval()(one.data.x), one.data.y).item())
    assert one.history.loss[0] == two.history.loss[0]  # nothing is dropped where there is nothing to learn from
    assert one.history.loss[1] != two.history.loss[1]

from __future__ import annotations

import math
import os
import signal
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_lab import nn, optim
from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.data import linear, xor
from tinygrad_lab.lab.metrics import accuracy
from tinygrad_lab.lab.training import History, Training, train


def network(seed=0, *, dropout=False):
    rng = np.random.default_rng(seed)
    layers = [nn.Linear(2, 4, rng=rng), nn.Tanh(), nn.Linear(4, 1, rng=rng), nn.Sigmoid()]
    if dropout:
        layers.insert(2, nn.Dropout(0.5, rng=rng))
    return nn.Sequential(*layers)


def fit(model, data=None, *, lr=0.5, **options):
    options = {"epochs": 10} | options
    return train(model, data or xor(), nn.MSELoss(), optim.SGD(model.parameters(), lr=lr), **options)


def by_hand(epochs, lr):
    """Full-batch gradient descent on `network()` with the derivatives written out, on NumPy alone."""
    x, y = xor()
    w1, b1, w2, b2 = (p.data for p in network().parameters())
    losses = []
    for _ in range(epochs):
        hidden = np.tanh(x @ w1.T + b1)
        p = 1 / (1 + np.exp(-(hidden @ w2.T + b2)))
        losses.append(np.mean((p - y) ** 2))
        d2 = 2 * (p - y) / len(x) * p * (1 - p)
        d1 = d2 @ w2 * (1 - hidden**2)
        w1, b1, w2, b2 = w1 - lr * d1.T @ x, b1 - lr * d1.sum(0), w2 - lr * d2.T @ hidden, b2 - lr * d2.sum(0)
    return losses


def test_an_epoch_evaluates_first_and_then_updates():
    history = fit(network(), epochs=50)
    assert history.epochs == 50
    np.testing.assert_allclose(history.loss, by_hand(50, 0.5), rtol=1e-12)


def test_the_full_batch_is_evaluated_and_differentiated_in_one_forward_pass():
    model, calls = network(), []
    model.layers[1].forward = lambda x: calls.append(1) or np.tanh(x)
    fit(model, epochs=7)
    assert len(calls) == 7


@pytest.mark.parametrize("batch_size", [None, 1, 5, 21])
@pytest.mark.parametrize("options", [{"epochs": 6}, {"epochs": 100, "until": "loss<0.2495"}])
def test_the_last_figures_are_those_of_the_returned_model(batch_size, options):
    model = network()
    history = fit(model, batch_size=batch_size, rng=np.random.default_rng(0), **options)
    x, y = xor()
    assert history.loss[-1] == nn.MSELoss()(model(x), y).item()
    assert history.accuracy[-1] == accuracy(model(x).data, y)


@pytest.mark.parametrize("batch_size", [None, 4])
def test_the_same_seed_gives_the_same_numbers_bit_for_bit(batch_size):
    runs = [fit(network(3), epochs=20, batch_size=batch_size, rng=np.random.default_rng(5)) for _ in range(2)]
    assert runs[0].loss == runs[1].loss
    if batch_size:
        assert fit(network(3), epochs=20, batch_size=batch_size, rng=np.random.default_rng(6)).loss != runs[0].loss


def test_batches_update_once_each_and_leave_out_no_point():
    updates = []

    class Counting(optim.SGD):
        def step(self):
            updates.append(1)
            super().step()

    model = network()
    optimizer = Counting(model.parameters(), lr=0.1)
    train(model, xor(), nn.MSELoss(), optimizer, epochs=4, batch_size=8, rng=np.random.default_rng(0))
    assert len(updates) == 3 * 3  # the last epoch only evaluates


def test_a_batch_of_all_points_is_the_full_batch():
    assert fit(network(), batch_size=21).loss == fit(network()).loss


def test_batches_are_evaluated_without_dropout_and_trained_with_it():
    model, modes = network(dropout=True), []
    layer = model.layers[2]
    forward = layer.forward
    layer.forward = lambda x: modes.append((len(x), layer.training)) or forward(x)
    fit(model, epochs=2, batch_size=20, rng=np.random.default_rng(0))
    assert modes == [(21, False), (20, True), (1, True), (21, False)]
    assert model.training


def test_until_stops_at_the_first_evaluation_that_satisfies_it():
    data = linear(50, np.random.default_rng(1))
    history = fit(network(), data, epochs=5000, until="accuracy=1", lr=2.0)
    assert history.stopped_by == "until"
    assert history.accuracy[-1] == 1
    assert max(history.accuracy[:-1]) < 1


def test_epochs_run_out():
    assert fit(network(), epochs=3, until="loss<0").stopped_by == "epochs"


def test_until_is_checked_before_anything_else():
    with pytest.raises(LabError, match="until: condition must be"):
        fit(network(), until="soon")


def test_batches_need_a_generator():
    with pytest.raises(ValueError, match="train: batch_size needs an rng"):
        fit(network(), batch_size=3)


@pytest.mark.parametrize("name", ["epochs", "batch_size"])
def test_counts_below_1_are_refused(name):
    with pytest.raises(ValueError, match=f"train: {name} must be at least 1, got 0; correct it"):
        fit(network(), **{name: 0})


def test_a_loss_that_is_no_scalar_is_refused():
    model = network()
    with pytest.raises(ValueError, match=r"train: loss must return a scalar, got shape \(21, 1\); reduce it"):
        train(model, xor(), nn.MSELoss(reduction="none"), optim.SGD(model.parameters(), lr=1), epochs=2)


def test_a_diverging_run_stops_quietly_and_says_so():
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(2, 8, rng=rng), nn.Linear(8, 8, rng=rng), nn.Linear(8, 1, rng=rng))
    history = fit(model, epochs=1000, lr=10.0)
    assert history.stopped_by == "diverged"
    assert not math.isfinite(history.loss[-1])
    assert np.isfinite(history.loss[:-1]).all()
    assert len(history.accuracy) == history.epochs < 1000


def test_callbacks_see_every_evaluation():
    seen = []
    history = fit(network(), epochs=5, callbacks=[lambda h: seen.append((h.epochs, h.loss[-1], h.stopped_by))])
    assert seen == [(i + 1, history.loss[i], None if i < 4 else "epochs") for i in range(5)]


@pytest.fixture
def _ctrl_c():
    """Python's own handler, which a background job does not have."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_ctrl_c")
@pytest.mark.parametrize("batch_size", [None, 1])
def test_ctrl_c_stops_after_an_evaluation(batch_size):
    def press(history):
        if history.epochs == 3:
            os.kill(os.getpid(), signal.SIGINT)

    model = network()
    history = fit(model, epochs=1000, batch_size=batch_size, rng=np.random.default_rng(0), callbacks=[press])
    assert history.stopped_by == "interrupted"
    assert history.epochs == 4
    assert history.loss[-1] == nn.MSELoss()(model(xor().x), xor().y).item()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("_ctrl_c")
def test_a_second_ctrl_c_is_not_held_back():
    def press(history):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        fit(network(), callbacks=[press])


@pytest.mark.usefixtures("_ctrl_c")
def test_an_ignored_ctrl_c_stays_ignored():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert fit(network(), callbacks=[lambda history: os.kill(os.getpid(), signal.SIGINT)]).stopped_by == "epochs"
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_it_trains_in_a_thread():
    results = []
    thread = threading.Thread(target=lambda: results.append(fit(network())))
    thread.start()
    thread.join()
    assert results[0].loss == fit(network()).loss


@given(st.lists(st.tuples(st.floats(-2, 2), st.booleans()), min_size=1), st.sampled_from([0.0, 0.5]))
def test_accuracy_of_one_column(points, threshold):
    output, y = np.array([[p] for p, _ in points]), np.array([[float(label)] for _, label in points])
    expected = sum((p >= threshold) == label for p, label in points) / len(points)
    assert accuracy(output, y, threshold) == expected


@settings(max_examples=30)
@given(st.integers(2, 5), st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_accuracy_of_several_classes(classes, n, seed):
    rng = np.random.default_rng(seed)
    output, y = rng.normal(size=(n, classes)), rng.integers(classes, size=n)
    expected = sum(
        max(range(classes), key=row.__getitem__) == label for row, label in zip(output.tolist(), y, strict=True)
    )
    assert accuracy(output, y) == expected / n
    assert accuracy(output, np.eye(classes)[y]) == expected / n


def test_repr_of_a_history():
    assert repr(History()) == "History(epochs=0, stopped_by=None)"
    assert repr(History([0.5, 0.25], [0.0, 1.0], 1.0, "until")) == (
        "History(epochs=2, loss=0.25, accuracy=1, stopped_by='until')"
    )


@pytest.mark.parametrize("batch_size", [None, 5])
def test_a_training_gone_through_by_hand_gives_the_same_numbers(batch_size):
    model = network()
    options = {"epochs": 12, "batch_size": batch_size, "rng": np.random.default_rng(0), "validation": xor()}
    training = Training(model, xor(), nn.MSELoss(), optim.SGD(model.parameters(), lr=0.5), **options)
    updates = []
    while training.history.stopped_by is None:
        training.evaluate()
        updates.append(0 if training.history.stopped_by else sum(1 for _ in training.updates()))
    assert updates == [1 if batch_size is None else 5] * 11 + [0]
    other = fit(network(), **options | {"rng": np.random.default_rng(0)})
    assert training.history.columns() == other.columns()


def test_training_leaves_modules_that_are_frozen_in_evaluation_mode():
    frozen = nn.BatchNorm1D(2).eval()
    model = nn.Sequential(nn.Linear(2, 2), frozen, nn.Linear(2, 1))
    before = frozen.state_dict()
    fit(model, linear(20, np.random.default_rng(0)))
    assert model.training
    assert not frozen.training
    np.testing.assert_array_equal(frozen.running_mean.data, before["running_mean"])

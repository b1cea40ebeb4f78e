"""Training with a compiled step is training: the same epochs, history and parameters."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab import lab
from tinygrad_lab.errors import CompileError


def problem(optimizer="sgd"):
    rng = np.random.default_rng(0)
    model = tl.nn.Sequential(tl.nn.Linear(2, 4, rng=rng), tl.nn.Tanh(), tl.nn.Linear(4, 1, rng=rng), tl.nn.Sigmoid())
    make = {"sgd": lambda p: tl.optim.SGD(p, lr=1.0, momentum=0.5), "adam": lambda p: tl.optim.Adam(p, lr=0.02)}
    x = rng.uniform(size=(60, 2))
    return model, (x, (x[:, :1] < x[:, 1:]).astype(float)), tl.nn.MSELoss(), make[optimizer](model.parameters())


def both(optimizer="sgd", **options):
    """Return histories and models of an eager training and of a compiled one."""
    found = []
    for backend in (False, "numpy"):
        model, data, loss, chosen = problem(optimizer)
        if "batch_size" in options:
            options["rng"] = np.random.default_rng(5)
        seen = []
        history = lab.train(
            model,
            data,
            loss,
            chosen,
            compile=backend,
            callbacks=[lambda h, seen=seen: seen.append(h.epochs)],
            **options,
        )
        found.append((history, model, chosen, seen))
    return found


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize(
    "options",
    [
        {"epochs": 300},
        {"epochs": 1},
        {"epochs": 2},
        {"epochs": 2000, "until": "loss<0.05 and accuracy>0.9"},
        {"epochs": 2000, "until": "accuracy>0.9", "threshold": 0.5, "every": 7},
        {"epochs": 200, "threshold": None, "every": 50},
        {"epochs": 500, "until": lambda loss, accuracy: loss < 0.2},
        {"epochs": 12, "batch_size": 25},
        {"epochs": 40, "validation": (np.full((3, 2), 0.5), np.ones((3, 1))), "patience": 5},
    ],
)
def test_the_same_epochs_history_and_parameters(optimizer, options):
    if callable(options.get("until")):
        options["until"] = type("Until", (), {"__call__": lambda self, loss, accuracy: loss < 0.2})()
    (eager, model, _, _), (compiled, twin, _, seen) = both(optimizer, **options)
    assert (compiled.epochs, compiled.stopped_by, compiled.best) == (eager.epochs, eager.stopped_by, eager.best)
    np.testing.assert_allclose(compiled.loss, eager.loss, rtol=1e-9)
    assert compiled.accuracy == eager.accuracy
    assert all(type(x) is float for x in (*compiled.loss, *compiled.accuracy))
    np.testing.assert_allclose(compiled.validation_loss, eager.validation_loss, rtol=1e-9)
    for a, b in zip(model.parameters(), twin.parameters(), strict=True):
        np.testing.assert_allclose(a.data, b.data, rtol=1e-8, atol=1e-12)
    assert seen[-1] == eager.epochs
    if options.get("every") and "batch_size" not in options:
        assert all(epoch % options["every"] == 0 or epoch in (1, eager.epochs) for epoch in seen)


def test_a_loss_that_overflows_ends_both_alike():
    found = []
    for backend in (False, True):
        model = tl.nn.Linear(1, 1, rng=np.random.default_rng(0))
        sgd = tl.optim.SGD(model.parameters(), lr=1e80)
        data = np.ones((3, 1)), np.zeros((3, 1))
        found.append(lab.train(model, data, tl.nn.MSELoss(), sgd, epochs=50, compile=backend, threshold=None))
    assert found[0].stopped_by == found[1].stopped_by == "diverged"
    assert found[0].epochs == found[1].epochs


def test_an_unknown_backend_is_named():
    model, data, loss, chosen = problem()
    with pytest.raises(CompileError, match=r"backend must be one of numpy, .*got 'cobol'"):
        lab.train(model, data, loss, chosen, epochs=3, compile="cobol")

"""The loss of unaligned sequences is that of all paths, written out."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import tinygrad_lab as tl
from tests.rules.numeric import check_gradients
from tinygrad_lab.errors import OperationError
from tinygrad_lab.functional import ctc_loss, log_softmax

SCORES = np.random.default_rng(0).normal(size=(4, 3, 3))
TARGETS, STEPS, LABELS = np.array([[1, 2], [2, 2], [2, 9]]), np.array([4, 3, 4]), np.array([2, 2, 1])


def by_paths(log_probs, target, blank=0):
    """Return the loss of one sample, from every path."""
    total = 0.0
    for path in itertools.product(range(log_probs.shape[1]), repeat=len(log_probs)):
        spelt = [label for label, _ in itertools.groupby(path) if label != blank]
        total += np.exp(log_probs[range(len(path)), path].sum()) * (spelt == [*target])
    return -np.log(total)


@pytest.mark.parametrize("blank", [0, 2])
def test_the_loss_is_that_of_all_paths(blank):
    x = log_softmax(SCORES)
    targets = TARGETS if blank == 0 else np.array([[1, 0], [0, 0], [1, 9]])
    each = [by_paths(x[:n, i], targets[i, :k], blank) for i, (n, k) in enumerate(zip(STEPS, LABELS, strict=True))]
    np.testing.assert_allclose(ctc_loss(x, targets, STEPS, LABELS, blank, "none"), each, rtol=1e-12)
    np.testing.assert_allclose(ctc_loss(x, targets, STEPS, LABELS, blank), np.mean(each / LABELS), rtol=1e-12)


def test_gradients_of_two_orders():
    check_gradients(lambda x: ctc_loss(log_softmax(x), TARGETS, STEPS, LABELS, reduction="sum"), SCORES)


def test_labels_without_time_cost_infinity_or_nothing():
    x, steps = tl.Value(log_softmax(SCORES)), np.array([4, 2, 4])  # the second sample repeats a label: it needs three
    losses = ctc_loss(x, TARGETS, steps, LABELS, reduction="none")
    assert np.isinf(losses.data[1])
    assert np.all(np.isfinite(losses.data[[0, 2]]))
    total = ctc_loss(x, TARGETS, steps, LABELS, reduction="sum", zero_infinity=True)
    total.backward()
    assert total.item() == losses.data[0] + losses.data[2]
    assert np.all(np.isfinite(x.grad))
    assert not x.grad[:, 1].any()


def test_no_labels_are_all_blanks():
    x = log_softmax(SCORES)
    none = ctc_loss(x, np.zeros((3, 0), int), STEPS, np.zeros(3, int), reduction="none")
    np.testing.assert_allclose(none, [-x[:n, i, 0].sum() for i, n in enumerate(STEPS)])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((SCORES[0], TARGETS, STEPS, LABELS), r"needs log_probs \(time, batch, classes\) and targets"),
        ((SCORES, TARGETS, STEPS + 1, LABELS), r"input_lengths \[5, 4, 5\] must be 3 numbers from 0 to 4"),
        ((SCORES, TARGETS, STEPS, LABELS + 1), r"target_lengths \[3, 3, 2\] must be 3 numbers from 0 to 2"),
        ((SCORES, TARGETS + 1, STEPS, LABELS), r"targets has labels from 2 to 3, but there are 3 classes"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, text):
    with pytest.raises(OperationError, match=text):
        ctc_loss(*arguments)

"""Losses of more arrays than a prediction and a target."""

from __future__ import annotations

import numpy as np
import pytest

from tests.rules.numeric import check_gradients
from tinygrad_lab import functional
from tinygrad_lab.errors import OperationError


def test_what_losses_of_several_arrays_refuse():
    x, y = np.ones((2, 3)), np.ones(2)
    with pytest.raises(OperationError, match=r"gaussian_nll_loss: var must not be negative, got -1.0; pass it through"):
        functional.gaussian_nll_loss(x, x, -x)
    with pytest.raises(OperationError, match=r"var has shape \(3,\), but the prediction has \(2, 3\); give one"):
        functional.gaussian_nll_loss(x, x, np.ones(3))
    with pytest.raises(OperationError, match=r"multi_margin_loss: p must be 1 or 2, got 3; 1 is usual"):
        functional.multi_margin_loss(x, np.array([0, 1]), p=3)
    with pytest.raises(OperationError, match=r"target has classes from -1 to 1, but the scores only from 0 to 2"):
        functional.multi_margin_loss(x, np.array([-1, 1]))
    with pytest.raises(OperationError, match=r"negative has shape \(2,\), but the anchor has \(2, 3\); give one"):
        functional.triplet_margin_loss(x, x, y)
    with pytest.raises(
        OperationError, match=r"input2 has shape \(6,\), but the input1 has \(2, 3\); use input2.reshape"
    ):
        functional.margin_ranking_loss(x, x.ravel(), x)


@pytest.mark.parametrize("loss", ["gaussian_nll_loss", "triplet_margin_loss", "cosine_embedding_loss"])
def test_losses_of_several_arrays_have_second_derivatives(loss):
    a, b, c = np.random.default_rng(0).uniform(0.5, 1.5, size=(3, 2, 3))
    if loss == "cosine_embedding_loss":
        check_gradients(lambda a, b: functional.cosine_embedding_loss(a, b, np.array([1, -1])), a, b)
    else:
        check_gradients(getattr(functional, loss), a, b, c)

"""The updates that a picture shows are those that the optimizer's step makes."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.viz.describe.summary import summarise
from tinygrad_lab.viz.describe.updates import updates_of


@pytest.mark.parametrize("kind", [tl.optim.SGD, tl.optim.Adam, tl.optim.Lion])
@pytest.mark.parametrize("data", [[3.0, 4.0], [3 + 4j, 5 - 1j]])
def test_an_update_shown_is_the_one_that_a_step_makes(kind, data):
    w = tl.Value(data)
    optimizer = kind([w], lr=0.5)
    loss = np.sum(np.abs(w) ** 2)
    (update,) = updates_of([loss], optimizer, {w: "w"})
    loss.backward()
    optimizer.step()
    assert update.after == summarise(w.data)

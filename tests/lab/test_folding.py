from __future__ import annotations

import numpy as np
import pytest

from tinygrad_lab import lab
from tinygrad_lab.errors import LabError
from tinygrad_lab.lab import folding, running


def test_every_point_is_put_aside_once(monkeypatch):
    aside = []
    describe = folding.describe
    monkeypatch.setattr(folding, "describe", lambda part, said: aside.append(part.x) or describe(part, said))
    figures = lab.cross_validate(lab.Config(epochs=2, hidden=()), k=4)
    whole = running.load(lab.Config()).x
    assert len(figures) == 4
    assert sorted(map(tuple, np.concatenate(aside))) == sorted(map(tuple, whole))


@pytest.mark.parametrize("k", [1, 22])
def test_what_is_no_number_of_parts(k):
    with pytest.raises(LabError, match=f"k must be from 2 to 21, the number of points, got {k}"):
        lab.cross_validate(lab.Config(), k=k)

"""Toy data are what they are described as, and a network learns them."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_lab import data


@pytest.mark.parametrize("draw", [data.two_moons, data.circles, data.spirals])
@pytest.mark.parametrize("rng", [np.random.default_rng, np.random.RandomState])
def test_points_in_the_plane_with_classes_that_take_turns(draw, rng):
    x, y = draw(30, rng(0))
    assert x.shape == (30, 2)
    np.testing.assert_array_equal(y, np.arange(30) % 2)
    np.testing.assert_array_equal(draw(30, rng(0))[0], x)


def test_without_noise_points_lie_where_they_should():
    x, y = data.circles(50, np.random.default_rng(0), noise=0, factor=0.3)
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), np.where(y == 0, 1, 0.3))
    x, y = data.two_moons(50, np.random.default_rng(0), noise=0)
    np.testing.assert_allclose(np.linalg.norm(x - np.where(y[:, None] == 0, 0, [1, 0.5]), axis=1), 1)
    x, _ = data.sine(50, np.random.default_rng(0))
    assert np.all(np.abs(x) <= np.pi)


def test_digits():
    pytest.importorskip("sklearn")
    x, y = data.digits()
    assert x.min() == 0
    assert x.max() == 1
    np.testing.assert_array_equal(np.unique(y), np.arange(10))

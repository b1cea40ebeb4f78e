from __future__ import annotations

import math

import numpy as np
import pytest

from tinygrad_lab.nn import init

SHAPE = (40, 10, 5)  # fan-in 50, fan-out 200
SPREADS = {
    "uniform": math.sqrt(1 / 12),
    "rand": math.sqrt(1 / 12),
    "normal": 1,
    "xavier_uniform": math.sqrt(2 / 250),
    "xavier_normal": math.sqrt(2 / 250),
    "he_uniform": math.sqrt(2 / 50),
    "he_normal": math.sqrt(2 / 50),
}
both_generators = pytest.mark.parametrize("rng", [np.random.default_rng, np.random.RandomState])


def test_every_random_initialiser_has_a_spread():
    assert set(SPREADS) | {"zeros"} == set(init.INITIALISERS)


@both_generators
@pytest.mark.parametrize(("name", "spread"), SPREADS.items())
def test_shape_dtype_spread_and_repeatability(rng, name, spread):
    draw = init.INITIALISERS[name]
    weight = draw(SHAPE, rng(0), np.float32)
    assert weight.shape == SHAPE
    assert weight.dtype == np.float32
    assert weight.std() == pytest.approx(spread, rel=0.06)
    assert weight.mean() == pytest.approx(0.5 if name in ("uniform", "rand") else 0, abs=0.06 * spread)
    np.testing.assert_array_equal(draw(SHAPE, rng(0), np.float32), weight)
    if name.endswith("uniform") and name != "uniform":
        assert abs(weight).max() <= spread * math.sqrt(3)


def test_zeros_need_no_generator():
    assert not np.any(init.zeros((2, 3), None))


def test_gain_scales_xavier():
    for draw in (init.xavier_uniform, init.xavier_normal):
        twice = draw(SHAPE, np.random.default_rng(0), gain=2.0)
        np.testing.assert_allclose(twice, 2 * draw(SHAPE, np.random.default_rng(0)), rtol=1e-14)


def test_rand_draws_the_legacy_generators_matrices_in_order():
    ours, legacy = np.random.RandomState(5), np.random.RandomState(5)
    for rows, columns in ((2, 3), (3, 3), (3, 1)):
        np.testing.assert_array_equal(init.rand((columns, rows), ours).T, legacy.rand(rows, columns))


@both_generators
def test_no_initialiser_touches_the_global_generator(rng):
    np.random.seed(0)  # noqa: NPY002  the global generator is what is tested
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    for draw in init.INITIALISERS.values():
        draw(SHAPE, rng(0))
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002

"""Random numbers of a counter: well distributed, repeatable, and the same in a compiled step."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import tinygrad_lab as tl
from tinygrad_lab.errors import ArgumentError, ArgumentTypeError


def test_the_numbers_are_those_of_splitmix64():
    """Against the published algorithm in Python's integers."""
    mask = 2**64 - 1

    def mix(z):
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return z ^ (z >> 31)

    for seed in (0, 1, -5, 2**70 + 3):
        key = mix((mix(seed % 2**64) + 0x9E3779B97F4A7C15) & mask)
        expected = [mix((key + i * 0x9E3779B97F4A7C15) & mask) for i in range(1, 21)]
        rng = tl.random.Generator(seed)
        assert [*rng.bits(7).tolist(), *rng.bits(13).tolist()] == expected
        assert rng.counter == 20


@pytest.mark.parametrize(
    ("draw", "distribution"),
    [
        (lambda rng: rng.random(20_000), stats.uniform()),
        (lambda rng: rng.uniform(-2, 5, (100, 200)).ravel(), stats.uniform(-2, 7)),
        (lambda rng: rng.normal(1, 2, 20_000), stats.norm(1, 2)),
        (lambda rng: rng.standard_normal(20_000, np.float32), stats.norm()),
        (lambda rng: rng.exponential(3, 20_000), stats.expon(scale=3)),
        (lambda rng: rng.gumbel(1, 2, 20_000), stats.gumbel_r(1, 2)),
        (lambda rng: rng.gamma(0.5, 2, 20_000), stats.gamma(0.5, scale=2)),
        (lambda rng: rng.beta(0.5, 2, 20_000), stats.beta(0.5, 2)),
        (lambda rng: np.array([rng.random() for _ in range(3000)]), stats.uniform()),
        (lambda rng: np.array([tl.random.Generator(i).random() for i in range(3000)]), stats.uniform()),
        (lambda rng: np.correlate(x := rng.normal(size=2000), x, "full")[2000:2200] / 2000**0.5, stats.norm()),
    ],
)
def test_they_are_distributed_as_they_should(draw, distribution):
    assert stats.kstest(draw(tl.random.Generator(7)), distribution.cdf).pvalue > 1e-3


def test_integers_and_permutations():
    rng = tl.random.Generator(1)
    numbers = rng.integers(3, 9, (1000,))
    assert numbers.dtype == np.int64
    assert set(numbers.tolist()) == set(range(3, 9))
    assert sorted(rng.permutation(50).tolist()) == list(range(50))
    assert rng.integers(4).shape == rng.random().shape == ()


@pytest.mark.parametrize("rate", [0.1, 3.0, 1000.0])
def test_counts_are_distributed_as_they_should(rate):
    counts = tl.random.Generator(2).poisson(rate, 20_000)
    assert counts.dtype == np.int64
    values = np.unique(stats.poisson(rate).ppf(np.linspace(0.02, 0.98, 9)))
    observed = np.diff([0, *(np.sum(counts <= value) for value in values), 20_000])
    expected = np.diff([0, *stats.poisson(rate).cdf(values), 1]) * 20_000
    assert stats.chisquare(observed, expected).pvalue > 1e-3


DRAWS = {"uniform": 2, "normal": 2, "exponential": 1, "gumbel": 2, "gamma": 2, "beta": 2, "poisson": 1, "integers": 2}


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize("shapes", [[(), ()], [(3, 1), ()], [(3, 1), (4,)], [(), (4,)], [(0,), ()]])
def test_each_element_of_the_parameters_has_a_draw_of_its_own_as_in_numpy(name, shapes):
    parameters = [np.full(shape, 5 + 2**40 * i) for i, shape in enumerate(shapes[: DRAWS[name]])]
    draws = [getattr(rng, name)(*parameters) for rng in (tl.random.Generator(0), np.random.default_rng(0))]
    assert np.shape(draws[0]) == np.shape(draws[1])
    assert np.asarray(draws[0]).dtype == np.asarray(draws[1]).dtype
    assert name == "poisson" or len(np.unique(draws[0])) == np.size(draws[0])


def test_a_compiled_step_draws_what_the_function_draws():
    def make():
        rng = np.random.default_rng(0)
        model = tl.nn.Sequential(
            tl.nn.Linear(3, 8, rng=rng), tl.nn.Dropout(0.5, rng=tl.random.Generator(3)), tl.nn.Linear(8, 1, rng=rng)
        )
        optimizer = tl.optim.Adam(model.parameters(), lr=0.01)

        def step(x):
            optimizer.zero_grad()
            loss = np.sum(model(x) ** 2)
            loss.backward()
            optimizer.step()
            return loss

        return model, optimizer, step

    x = np.random.default_rng(1).normal(size=(5, 3))
    model, optimizer, step = make()
    _, _, plain = make()
    fast = tl.compile(step, state=(model, optimizer))
    losses = [fast(x).item() for _ in range(3)] + fast.repeat(20, x).outputs.tolist()
    np.testing.assert_allclose(losses, [plain(x).item() for _ in range(23)], rtol=1e-12)
    assert model[1].rng.counter == 23 * 40
    model.eval()
    expected = np.sum(model(x) ** 2).item()  # another program, without dropout
    assert fast(x).item() == pytest.approx(expected, rel=1e-12)
    assert model[1].rng.counter == 23 * 40


def test_sizes_and_seeds_may_be_numpys_integers():
    for size in (np.int64(3), [np.int64(3)], (3,)):
        drawn = tl.random.Generator(np.int64(7)).random(size)
        np.testing.assert_array_equal(drawn, tl.random.Generator(7).random(3))
    with pytest.raises(ArgumentTypeError, match=r"Generator: seed must be an integer, got 1\.5; 0 will do"):
        tl.random.Generator(1.5)


@pytest.mark.parametrize(("low", "high"), [(5, 5), (5, 2), (0, None), (np.array([0, 3]), np.array([1, 3]))])
def test_no_integer_is_drawn_from_none(low, high):
    with pytest.raises(ArgumentError, match="integers: high must be above low"):
        tl.random.Generator(0).integers(low, high)

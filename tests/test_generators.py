"""Random generators of any kind, looked after by one module."""

import numpy as np
import pytest

import tinygrad_lab as tl
from tinygrad_lab.generators import is_generator, or_fresh, same_state, set_state, state_of

KINDS = [np.random.default_rng, np.random.RandomState, tl.random.Generator]


@pytest.mark.parametrize("kind", KINDS)
def test_a_generator_that_is_put_back_draws_the_same_again(kind):
    rng = kind(3)
    rng.uniform(size=5)
    before = state_of(rng)
    drawn = rng.uniform(size=5)
    assert is_generator(rng)
    assert not same_state(state_of(rng), before)
    set_state(rng, before)
    assert same_state(state_of(rng), before)
    assert np.array_equal(rng.uniform(size=5), drawn)


@pytest.mark.parametrize("x", [None, 3, np.random, np.zeros(2), "rng"])
def test_nothing_else_is_a_generator(x):
    assert not is_generator(x)


def test_the_generator_given_is_taken_and_none_means_a_fresh_one():
    rng = np.random.RandomState(0)
    assert or_fresh(rng) is rng
    first, second = or_fresh(None), or_fresh(None)
    assert is_generator(first)
    assert not same_state(state_of(first), state_of(second))

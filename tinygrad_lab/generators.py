"""Random generators of any kind: NumPy's, its legacy `RandomState`, and `tinygrad_lab.random.Generator`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.errors import ArgumentTypeError
from tinygrad_lab.typing import Result, Rng


def is_generator(x: Any) -> bool:
    """Whether an object is a random generator."""
    return isinstance(x, np.random.RandomState) or hasattr(type(x), "bit_generator")


def generator(rng: Any) -> Result:
    """Return what a user gave to draw from; refuse seeds, sizes, and whatever else cannot be drawn from.

    Example:
        >>> generator(3)
        Traceback (most recent call last):
        tinygrad_lab.errors.ArgumentTypeError: rng must be a random generator, got 3; write np.random.default_rng(3)
    """
    if not hasattr(rng, "permutation"):
        seed = rng if isinstance(rng, int) else 0
        raise ArgumentTypeError(f"rng must be a random generator, got {rng!r}; write np.random.default_rng({seed})")
    return rng


def or_fresh(rng: Rng | None) -> Rng:
    """Return the generator that a user gave, or a fresh one where none was given."""
    return np.random.default_rng() if rng is None else generator(rng)


def state_of(generator: Any) -> Any:
    """Return where a generator is in its stream, which later draws do not change."""
    return generator.get_state() if isinstance(generator, np.random.RandomState) else generator.bit_generator.state


def set_state(generator: Any, state: Any) -> None:
    """Put a generator back to where `state_of` found it."""
    if isinstance(generator, np.random.RandomState):
        generator.set_state(state)
    else:
        generator.bit_generator.state = state


def same_state(a: Any, b: Any) -> bool:
    """Whether two states are equal."""
    if isinstance(a, dict):
        return all(same_state(a[key], b[key]) for key in a)
    if isinstance(a, tuple):
        return all(map(same_state, a, b))
    return bool(np.array_equal(a, b))

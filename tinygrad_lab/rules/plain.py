"""Plain arrays where NumPy takes a list, vectors where it takes nothing else, and what has no derivative."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lab.calls.spelling import ask
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.typing import Args, Array, Function, Result


def from_list(x: Array) -> Array:
    """Return a list or tuple of numbers as an array, and anything else as it is: NumPy takes one beside an array."""
    return np.asarray(x) if isinstance(x, list | tuple) else x


def want_vectors(function: Function, *vectors: Any, more: Args = ()) -> None:
    """Let NumPy refuse what are no vectors, or empty ones; `more` is what it takes behind them."""
    if any(np.ndim(x) != 1 or len(x) == 0 for x in vectors):
        ask(function, (*vectors, *more), {})


def detached(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function see the arrays inside Values: what it returns has no derivative."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Result:
        return function(*map(plain, args), **kwargs)

    return call

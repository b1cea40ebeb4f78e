"""Plain arrays where NumPy takes a list, or where what a function returns has no derivative."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lab.core.arrays import plain
from tinygrad_lab.typing import Array, Result


def listed(x: Array) -> Array:
    """Return a list or tuple of numbers as an array, and anything else as it is: NumPy takes one beside an array."""
    return np.asarray(x) if isinstance(x, list | tuple) else x


def detached(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function see the arrays inside Values: what it returns has no derivative."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Result:
        return function(*map(plain, args), **kwargs)

    return call

"""What operations do beside computing: record a graph (the default), check results, note where they were called."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ContextDecorator
from contextvars import ContextVar
from typing import Any, TypeVar

from tinygrad_lab import refusals

RECORD, CHECK, ORIGIN = 1, 2, 4  # bits of a mode

F = TypeVar("F", bound=Callable[..., Any])
_OWN = ("tinygrad_lab", "numpy")
_SUSPENDS = 0x20 | 0x80 | 0x200  # code flags of generators, coroutines and asynchronous generators

# One integer in one context variable: the hot path pays for a single look-up, and threads
# and coroutines cannot switch each other's mode.
_mode: ContextVar[int] = ContextVar("tinygrad_lab_mode", default=RECORD)
_entered: ContextVar[tuple[type[_Mode], ...]] = ContextVar("tinygrad_lab_entered", default=())
current = _mode.get


class _Mode(ContextDecorator):
    """Sets and clears bits of the mode for a `with` block or a decorated function; reusable and re-entrant.

    A block takes back what it did itself, whichever was left last: those of two generators may overlap.
    """

    _set = _clear = 0

    def __call__(self, function: F) -> F:
        if getattr(getattr(function, "__code__", None), "co_flags", 0) & _SUSPENDS:
            raise refusals.graph.runs_later(type(self).__name__, function.__name__)
        return super().__call__(function)

    def __enter__(self) -> None:
        _switch((*_entered.get(), type(self)))

    def __exit__(self, *exception: Any) -> None:
        blocks = list(_entered.get())
        if type(self) in blocks:  # a generator may be closed by another thread, which has not entered it
            del blocks[len(blocks) - 1 - blocks[::-1].index(type(self))]
            _switch(tuple(blocks))


def _switch(blocks: tuple[type[_Mode], ...]) -> None:
    mode = RECORD
    for block in blocks:
        mode = mode & ~block._clear | block._set
    _entered.set(blocks)
    _mode.set(mode)


class no_grad(_Mode):
    """Compute without recording: results require no gradient and keep nothing alive.

    Example:
        >>> import tinygrad_lab as tl
        >>> x = tl.Value(3.0)
        >>> with tl.no_grad():
        ...     y = x * x
        >>> y.requires_grad
        False
    """

    _clear = RECORD


class enable_grad(_Mode):
    """Record again inside a `no_grad` block.

    Example:
        >>> import tinygrad_lab as tl
        >>> x = tl.Value(3.0)
        >>> with tl.no_grad(), tl.enable_grad():
        ...     y = x * x
        >>> y.requires_grad
        True
    """

    _set = RECORD


class debug(_Mode):
    """Check every result and every gradient, and remember the source line of every operation.

    The first operation that turns finite inputs into NaN or infinity raises `NonFiniteError`, forward or backward.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> x = tl.Value(0.0)
        >>> with tl.debug(), np.errstate(divide="ignore"):
        ...     np.log(x)
        Traceback (most recent call last):
        ...
        tinygrad_lab.errors.NonFiniteError: log: gave -inf from finite inputs of shape (); ...
    """

    _set = CHECK | ORIGIN


class trace_origin(_Mode):
    """Note the source line of every operation in the `origin` of its result.

    Example:
        >>> import tinygrad_lab as tl
        >>> x = tl.Value(3.0)
        >>> with trace_origin():
        ...     y = x * x
        >>> "doctest" in y.origin
        True
    """

    _set = ORIGIN


def caller() -> str:
    """Return `file:line` of the innermost frame outside this package and NumPy."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _OWN:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"

"""Checks that need no differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_lab.testing.adapters import Adapter


def check_adjoint(fn: Callable[..., Any] | Adapter, *args: Any) -> None:
    """To come."""


def check_rule(fn: Callable[..., Any] | Adapter, *args: Any) -> None:
    """To come."""

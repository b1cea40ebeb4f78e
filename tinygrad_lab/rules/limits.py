"""A quotient for rules whose formula reads 0/0 at a point where the gradient has a finite limit."""

from __future__ import annotations

from typing import Any

import numpy as np


def ratio(a: Any, b: Any) -> Any:
    """Return `a / b`, and 0 where both vanish."""
    return a / np.where((a == 0) & (b == 0), 1, b)

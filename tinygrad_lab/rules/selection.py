"""Rules of the functions that choose between elements. Where several are chosen alike, they share the gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab.core.registry import composed, defvjp


def _share(g: Any, y: Any, mine: Any, other: Any) -> Any:
    """Return `g` where `mine` was chosen, and half of it where `other` is equal to it."""
    return np.where(mine == y, np.where(other == y, g / 2, g), 0)


# fmt: off
defvjp(np.where,       None,
                       lambda g, y, condition, a, b: np.where(condition, g, 0),
                       lambda g, y, condition, a, b: np.where(condition, 0, g), elementwise=True, selects=True)
defvjp(np.maximum,     lambda g, y, a, b: _share(g, y, a, b),
                       lambda g, y, a, b: _share(g, y, b, a))
defvjp(np.minimum,     lambda g, y, a, b: _share(g, y, a, b),
                       lambda g, y, a, b: _share(g, y, b, a))
defvjp(np.fmax,        lambda g, y, a, b: _share(g, y, a, b),
                       lambda g, y, a, b: _share(g, y, b, a))
defvjp(np.fmin,        lambda g, y, a, b: _share(g, y, a, b),
                       lambda g, y, a, b: _share(g, y, b, a))
defvjp(np.nan_to_num,  lambda g, y, x, **replacements: np.where(np.isfinite(x), g, 0), elementwise=True, selects=True)
# fmt: on


@composed(np.clip)
def _clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low, high = a_min if min is None else min, a_max if max is None else max
    if low is not None:
        a = np.maximum(a, low)
    return a if high is None else np.minimum(a, high)

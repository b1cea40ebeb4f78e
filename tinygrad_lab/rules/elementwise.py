"""Rules of the elementwise functions: arithmetic, powers, exponentials, trigonometry, choices."""

from __future__ import annotations

import numpy as np

from tinygrad_lab.core.registry import defvjp, defzero

# fmt: off
# Arithmetic
defvjp(np.positive,      lambda g, y, x: g)
defvjp(np.negative,      lambda g, y, x: -g)
defvjp(np.add,           lambda g, y, a, b: g,
                         lambda g, y, a, b: g)
defvjp(np.subtract,      lambda g, y, a, b: g,
                         lambda g, y, a, b: -g)
defvjp(np.multiply,      lambda g, y, a, b: g * b,
                         lambda g, y, a, b: g * a)
defvjp(np.divide,        lambda g, y, a, b: g / b,
                         lambda g, y, a, b: -g * y / b)
defvjp(np.tanh,          lambda g, y, x: g * (1 - y * y))
defvjp(np.exp,           lambda g, y, x: g * y)
# fmt: on

"""Complex parameters as pairs of real numbers, which is how they are updated."""

from __future__ import annotations

import numpy as np

from tinygrad_lab.typing import Array, Result


def parts(z: Array) -> Result:
    """Return the real and the imaginary parts, in a new last axis.

    Example:
        >>> parts(np.array([3 + 4j]))
        array([[3., 4.]])
    """
    return np.stack([np.real(z), np.imag(z)], axis=-1)


def whole(pairs: Array) -> Result:
    """Return the complex numbers of such parts.

    Example:
        >>> whole(np.array([[3.0, 4.0]]))
        array([3.+4.j])
    """
    return pairs[..., 0] + 1j * pairs[..., 1]

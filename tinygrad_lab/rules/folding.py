"""Folding an elementwise function of two arguments along the last axis, as reductions and cumulations do.

The elements are combined in an order of its own, so the function has to be associative, as sums and products are.
"""

from __future__ import annotations

import numpy as np

from tinygrad_lab.typing import Array, Function, Result


def halved(function: Function, x: Array) -> Result:
    """Combine the two halves of the last axis until one element is left: as many calls as its length's logarithm."""
    while x.shape[-1] > 1:
        half = x.shape[-1] // 2
        rest = x[..., 2 * half :]
        x = function(x[..., :half], x[..., half : 2 * half])
        x = np.concatenate([x, rest], axis=-1) if rest.shape[-1] else x
    return x[..., 0]


def accumulated(function: Function, x: Array) -> Result:
    """Combine each element with all before it, by those that lie 1, 2, 4, … places before.

    W. Hillis and G. Steele, "Data parallel algorithms" (1986).
    """
    step = 1
    while step < x.shape[-1]:
        x = np.concatenate([x[..., :step], function(x[..., :-step], x[..., step:])], axis=-1)
        step *= 2
    return x

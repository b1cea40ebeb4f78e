"""Layers that rearrange arrays: `Flatten`, `Unflatten`, `PixelShuffle`, `PixelUnshuffle`."""

from __future__ import annotations

from tinygrad_lab import functional
from tinygrad_lab.nn.function import Function


class Flatten(Function):
    """Some axes made into one: with the defaults, (batch, ...) becomes (batch, features).

    Arguments:
        start_dim: the first of the axes.
        end_dim: the last of them.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.Flatten()(np.zeros((10, 3, 4))).shape
        (10, 12)
    """

    function = staticmethod(functional.flatten)

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim, self.end_dim = start_dim, end_dim


class Unflatten(Function):
    """One axis made into several.

    Arguments:
        dim: the axis.
        unflattened_size: the sizes of the new axes; one of them may be -1 and is what is left.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.Unflatten(1, (3, 2, 2))(np.zeros((10, 12))).shape
        (10, 3, 2, 2)
    """

    function = staticmethod(functional.unflatten)

    def __init__(self, dim: int, unflattened_size: tuple[int, ...]) -> None:
        self.dim, self.unflattened_size = dim, unflattened_size


class PixelShuffle(Function):
    """Channels laid out as pixels, `(batch, channels · r², height, width)` to `(batch, channels, height r, width r)`.

    Arguments:
        upscale_factor: r.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.PixelShuffle(2)(np.zeros((10, 12, 5, 5))).shape
        (10, 3, 10, 10)
    """

    function = staticmethod(functional.pixel_shuffle)

    def __init__(self, upscale_factor: int) -> None:
        self.upscale_factor = upscale_factor


class PixelUnshuffle(Function):
    """Blocks of r × r pixels as r² channels: undoes `PixelShuffle`.

    Arguments:
        downscale_factor: r.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.PixelUnshuffle(2)(np.zeros((10, 3, 10, 10))).shape
        (10, 12, 5, 5)
    """

    function = staticmethod(functional.pixel_unshuffle)

    def __init__(self, downscale_factor: int) -> None:
        self.downscale_factor = downscale_factor

"""Rules of the discrete Fourier transforms: all linear, and built from four, each along one axis.

The matrix of a transform is symmetric, so the gradient of `fft` is the `fft` of the gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from tinygrad_lab.calls.foreign import beside
from tinygrad_lab.core.declare import composed, defvjp, primitive
from tinygrad_lab.errors import OperationError
from tinygrad_lab.rules.axes import one_axis
from tinygrad_lab.rules.later.windows import constant_pad
from tinygrad_lab.typing import Array, Axes

_OPPOSITE: dict[Any, Any] = {None: "forward", "backward": "forward", "forward": "backward", "ortho": "ortho"}


def _irfft_rule(g: Array, y: Array, x: Array, n: int, axis: int, norm: Any) -> Array:
    """Every frequency but 0 and n/2 stands for itself and its conjugate."""
    k = np.arange(n // 2 + 1)
    times = beside(np.where((k == 0) | (2 * k == n), 1, 2), g)
    return np.conjugate(np.fft.rfft(g, n, axis, _OPPOSITE[norm])) * np.reshape(times, (-1,) + (1,) * (-axis - 1))


# fmt: off
@primitive(lambda g, y, x, axis, norm: np.fft.fft(g, axis=axis, norm=norm))
def fft(x: Array, axis: int, norm: Any) -> Array:
    """Return `np.fft.fft` along `axis`, which is negative."""
    return np.fft.fft(x, axis=axis, norm=norm)


@primitive(lambda g, y, x, axis, norm: np.fft.ifft(g, axis=axis, norm=norm))
def ifft(x: Array, axis: int, norm: Any) -> Array:
    """Return `np.fft.ifft` along `axis`, which is negative."""
    return np.fft.ifft(x, axis=axis, norm=norm)


@primitive(lambda g, y, x, axis, norm: np.fft.fft(g, x.shape[axis], axis, norm))
def rfft(x: Array, axis: int, norm: Any) -> Array:
    """Return `np.fft.rfft` along `axis`, which is negative."""
    return np.fft.rfft(x, axis=axis, norm=norm)


@primitive(_irfft_rule)
def irfft(x: Array, n: int, axis: int, norm: Any) -> Array:
    """Return `np.fft.irfft` of `n // 2 + 1` frequencies along `axis`, which is negative."""
    return np.fft.irfft(x, n, axis, norm)


defvjp(np.fft.fftshift,   lambda g, y, x, axes=None: np.fft.ifftshift(g, axes))
defvjp(np.fft.ifftshift,  lambda g, y, x, axes=None: np.fft.fftshift(g, axes))
# fmt: on


def _negative(axis: int, ndim: int) -> int:
    return one_axis(axis, ndim) - ndim


def _resized(a: Array, n: int | None, axis: int) -> Array:
    """Cut `a` off after `n` elements, or fill it up with zeros."""
    size = a.shape[axis]
    if n is None or n == size:
        return a
    if n < 1:
        raise OperationError(f"fft: n must be at least 1, got {n}; leave it out for all {size} elements")
    if n < size:
        return a[(..., slice(n)) + (slice(None),) * (-axis - 1)]
    return constant_pad(a, width=[(0, n - size if i == axis else 0) for i in range(-a.ndim, 0)])


def _along_one(function: Callable[..., Any], transform: Callable[..., Any]) -> None:
    """Declare a transform along one axis."""

    @composed(function)
    def along(a: Array, n: int | None = None, axis: int = -1, norm: Any = None) -> Array:
        axis = _negative(axis, a.ndim)
        return transform(_resized(a, n, axis), axis=axis, norm=norm)


_along_one(np.fft.fft, fft)
_along_one(np.fft.ifft, ifft)
_along_one(np.fft.rfft, rfft)


@composed(np.fft.irfft)
def _irfft(a: Array, n: int | None = None, axis: int = -1, norm: Any = None) -> Array:
    axis = _negative(axis, a.ndim)
    n = 2 * (a.shape[axis] - 1) if n is None else n
    return irfft(_resized(a, n // 2 + 1, axis), n=n, axis=axis, norm=norm)


_Norm = Literal[None, "backward", "ortho", "forward"]


@composed(np.fft.hfft)
def _hfft(a: Array, n: int | None = None, axis: int = -1, norm: _Norm = None) -> Array:
    return np.fft.irfft(np.conjugate(a), n, axis, _OPPOSITE[norm])


@composed(np.fft.ihfft)
def _ihfft(a: Array, n: int | None = None, axis: int = -1, norm: _Norm = None) -> Array:
    return np.conjugate(np.fft.rfft(a, n, axis, _OPPOSITE[norm]))


def _lengths(a: Array, s: Any, axes: Any) -> tuple[list[int], list[int]]:
    """Return the lengths and axes that `np.fft.fftn` transforms, in order; -1 is the axis's own length."""
    if axes is None:
        axes = range(-a.ndim, 0) if s is None else range(-len(s), 0)
    own = np.take(a.shape, axes).tolist()
    if s is None:
        s = [-1] * len(axes)
    return [size if n == -1 else n for n, size in zip(s, own, strict=True)], list(axes)


def _along_many(function: Callable[..., Any], one: Callable[..., Any], last: Callable[..., Any], default: Any) -> None:
    """Declare a transform of many axes: `last` along the last of them, then `one` along the others, backwards."""

    @composed(function)
    def along(a: Array, s: Any = None, axes: Axes = default, norm: Any = None) -> Array:
        lengths, axes = _lengths(a, s, axes)
        if axes or last is not one:
            a = last(a, lengths[-1], axes[-1], norm)
        for n, axis in zip(lengths[-2::-1], axes[-2::-1], strict=True):
            a = one(a, n, axis, norm)
        return a


def _to_real(function: Callable[..., Any], default: Any) -> None:
    """Declare an inverse transform of many axes to real numbers: the last axis comes last."""

    @composed(function)
    def along(a: Array, s: Any = None, axes: Axes = default, norm: Any = None) -> Array:
        lengths, axes = _lengths(a, s, axes)
        if s is None:
            lengths[-1] = 2 * (lengths[-1] - 1)
        for n, axis in zip(lengths[:-1], axes[:-1], strict=True):
            a = np.fft.ifft(a, n, axis, norm)
        return np.fft.irfft(a, lengths[-1], axes[-1], norm)


_along_many(np.fft.fftn, np.fft.fft, np.fft.fft, None)
_along_many(np.fft.fft2, np.fft.fft, np.fft.fft, (-2, -1))
_along_many(np.fft.ifftn, np.fft.ifft, np.fft.ifft, None)
_along_many(np.fft.ifft2, np.fft.ifft, np.fft.ifft, (-2, -1))
_along_many(np.fft.rfftn, np.fft.fft, np.fft.rfft, None)
_along_many(np.fft.rfft2, np.fft.fft, np.fft.rfft, (-2, -1))
_to_real(np.fft.irfftn, None)
_to_real(np.fft.irfft2, (-2, -1))

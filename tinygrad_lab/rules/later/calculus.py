"""Differences, integrals, interpolation and convolution of samples."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from tinygrad_lab.calls.foreign import beside
from tinygrad_lab.calls.spelling import ask
from tinygrad_lab.core.declare import composed, defvjp, primitive
from tinygrad_lab.errors import CallError, OperationError
from tinygrad_lab.rules.axes import cut, many_axes, one_axis, resized, standing_along
from tinygrad_lab.rules.dtypes import converted, with_dtype
from tinygrad_lab.rules.plain import want_vectors
from tinygrad_lab.typing import Array, Axes, Result

# -- differences and integrals ---------------------------------------------------------------------------------------


@composed(np.diff)
def _diff(a: Array, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Array:
    if n < 0:
        raise OperationError(f"diff: n must be at least 0, got {n}; np.cumsum is the inverse")
    if n == 0:  # then NumPy puts nothing before or behind
        return a
    axis = one_axis(axis, np.ndim(a))
    ends = [x for x in (prepend, a, append) if x is not None and type(x) is not _NO_VALUE]
    if len(ends) > 1:
        shape = resized(np.shape(a), (axis,), 1)
        a = np.concatenate([x if np.ndim(x) else np.broadcast_to(beside(x, *ends), shape) for x in ends], axis)
    for _ in range(n):
        a = cut(a, axis, 1, None) - cut(a, axis, None, -1)
    return a


_NO_VALUE = type(np._NoValue)


@composed(np.ediff1d)
def _ediff1d(ary: Array, to_end: Any = None, to_begin: Any = None) -> Array:
    ask(np.ediff1d, (ary, to_end, to_begin), {})
    ary = with_dtype(ary)
    parts = [to_begin, np.diff(np.ravel(ary)), to_end]
    return converted(np.concatenate([np.ravel(beside(part, ary)) for part in parts if part is not None]), ary.dtype)


@composed(np.trapezoid)
def _trapezoid(y: Array, x: Array | None = None, dx: Any = 1.0, axis: int = -1) -> Array:
    y, given, axis = with_dtype(y), axis, one_axis(axis, np.ndim(y))
    if x is not None:
        x = with_dtype(x)
        dx = np.reshape(np.diff(x), standing_along(axis, np.ndim(y))) if np.ndim(x) == 1 else np.diff(x, axis=given)
    return np.sum(dx * (cut(y, axis, 1, None) + cut(y, axis, None, -1)) / 2, axis=given)


def _slopes(f: Array, step: Any, axis: int, edge_order: int) -> Result:
    """Return the slopes of parabolas through neighbouring samples, for one step or one between each two samples."""
    if np.ndim(step):
        step = np.reshape(np.diff(step), (-1,) + (1,) * (f.ndim - 1 - axis))
    before, after = (step[:-1], step[1:]) if np.ndim(step) else (step, step)
    slope = np.diff(f, axis=axis) / step
    left, right = cut(slope, axis, None, -1), cut(slope, axis, 1, None)
    bend = (right - left) / (before + after)
    first, last = cut(slope, axis, None, 1), cut(slope, axis, -1, None)
    if edge_order == 2:
        first, last = first - cut(before * bend, axis, None, 1), last + cut(after * bend, axis, -1, None)
    inner = left + before * bend if np.ndim(step) else (left + right) / 2
    return np.concatenate([first, inner, last], axis)


@composed(np.gradient)
def _gradient(f: Array, *varargs: Any, axis: Axes = None, edge_order: Literal[1, 2] = 1) -> Result:
    axes = many_axes(axis, np.ndim(f))
    steps = varargs * len(axes) if len(varargs) == 1 and np.ndim(varargs[0]) == 0 else varargs or (1.0,) * len(axes)
    if len(steps) != len(axes):
        raise CallError(
            f"gradient: {len(steps)} steps do not fit {len(axes)} axes; pass one for all, or one for each axis"
        )
    f = converted(f, np.result_type(with_dtype(f), np.float16))
    if min((f.shape[i] for i in axes), default=0) <= edge_order:
        ask(np.gradient, (f, *varargs), {"axis": axis, "edge_order": edge_order})
    slopes = tuple(converted(_slopes(f, step, i, edge_order), f.dtype) for step, i in zip(steps, axes, strict=True))
    return slopes[0] if len(slopes) == 1 else slopes


def _unwrap_rule(g: Array, y: Array, p: Array, **_: Any) -> Array:
    """Whole periods are added, which do not depend on the angles."""
    return g


defvjp(np.unwrap, _unwrap_rule)


# -- interpolation ---------------------------------------------------------------------------------------------------


@composed(np.interp)
def _interp(x: Array, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Array:
    odd = np.ndim(xp) != 1 or np.shape(xp) != np.shape(fp) or 0 in np.shape(xp) or period == 0
    if odd or any(np.iscomplexobj(x) for x in ([x, xp] if np.iscomplexobj(fp) else [x, xp, left, right])):
        ask(np.interp, (x, xp, fp, left, right, period), {})
    x, xp = converted(x, np.float64), converted(xp, np.float64)
    fp = converted(fp, np.complex128 if np.iscomplexobj(fp) else np.float64)
    if period is not None:
        period = abs(period)
        x, xp, left, right = x % period, xp % period, None, None
        order = np.argsort(xp)
        xp, fp = np.take(xp, order), np.take(fp, order)
        xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
    i = np.clip(np.searchsorted(xp, x, side="right"), 1, len(xp) - 1)  # the end of the piece that x lies in
    x0, x1, y0, y1 = _at(xp, i - 1), _at(xp, i), _at(fp, i - 1), _at(fp, i)
    run = x1 - x0
    slope = (y1 - y0) / np.where(run == 0, 1, run)
    inside = np.where(run == 0, y1, y0 + (x - x0) * slope)
    inside = np.where(np.isnan(inside), y1 + (x - x1) * slope, inside)  # of an infinite piece, the other end may do
    for end, y in ((x1, y1), (x0, y0)):
        inside = np.where(np.isnan(inside) & ((x == end) | (y0 == y1)), y, inside)
    inside = np.where(np.less(x, xp[0]), fp[0] if left is None else left, inside)
    return np.where(np.greater(x, xp[-1]), fp[-1] if right is None else right, inside)


def _at(a: Any, i: Any) -> Result:
    """Return `a[i]`: `np.take` asks only `a` whose array it is, this asks `i` too."""
    return np.reshape(np.take_along_axis(a, np.ravel(i), 0), np.shape(i))


# -- convolution -----------------------------------------------------------------------------------------------------


@primitive(
    lambda g, y, a, v: np.convolve(g, v[::-1], "valid"),
    lambda g, y, a, v: np.convolve(g, a[::-1], "valid"),
)
def full_convolution(a: Array, v: Array) -> Array:
    """Return `np.convolve(a, v)`, of length `len(a) + len(v) - 1`."""
    return np.convolve(a, v)


_Mode = Literal["full", "same", "valid"]


@composed(np.convolve)
def _convolve(a: Array, v: Array, mode: _Mode = "full") -> Array:
    want_vectors(np.convolve, a, v)
    shorter, longer = sorted((math.prod(np.shape(a)), math.prod(np.shape(v))))
    full = full_convolution(np.ravel(a), np.ravel(v))
    return _overlapping(full, shorter, longer, mode, (shorter - 1) // 2)


@composed(np.correlate)
def _correlate(a: Array, v: Array, mode: _Mode = "valid") -> Array:
    want_vectors(np.correlate, a, v)
    full = full_convolution(np.ravel(a), np.conjugate(np.ravel(v)[::-1]))
    n, m = math.prod(np.shape(a)), math.prod(np.shape(v))
    return _overlapping(full, min(n, m), max(n, m), mode, (m - 1) // 2 if n >= m else n // 2)


def _overlapping(full: Any, shorter: int, longer: int, mode: str, start: int) -> Result:
    """Return all of a convolution, as much as the longer array has, or what both arrays overlap in wholly."""
    if mode == "full":
        return full
    return full[start : start + longer] if mode == "same" else full[shorter - 1 : longer]

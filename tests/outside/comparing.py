"""One call made twice, on arrays and on Values in their place: what differs in results, errors and gradients."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import Any, NamedTuple

import numpy as np

import tinygrad_lab as tl
from tinygrad_lab import tree
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.errors import TinygradError

DTYPES = (np.float16, np.float32, np.float64, np.longdouble, np.complex64, np.complex128)
EXACT = (np.float64, np.complex128)  # dtypes in which differences can tell a gradient
CLASSES = (
    np.exceptions.AxisError, np.linalg.LinAlgError, IndexError, TypeError, ValueError, OverflowError,
    ZeroDivisionError, NotImplementedError,
)  # fmt: skip


class Difference(NamedTuple):
    """What differs: a kind in a word or two, and what NumPy and what the package gave."""

    kind: str
    numpy: Any
    mine: Any


def is_array(x):
    return type(x) is np.ndarray and x.dtype in DTYPES and x.dtype.isnative and x.size < 3000


def attempt(function, args, kwargs):
    """Return what a call returns and None, or None and its error."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return function(*args, **kwargs), None
        except Exception as error:
            return None, error


def compare(function, args, kwargs, counts: Counter[str], chosen=lambda x: True) -> Difference | None:
    """Return what differs where the chosen arrays of a call are Values; `counts` says how much was compared."""
    leaves, rebuild = tree.flatten([list(args), dict(kwargs)])
    places = [i for i, x in enumerate(leaves) if is_array(x) and chosen(x)]
    if not places:
        return None

    def call(put):
        new = [put(i, x) if i in places else x.copy() if type(x) is np.ndarray else x for i, x in enumerate(leaves)]
        return attempt(function, *rebuild(new))

    values = {i: tl.Value(_read_only(leaves[i])) for i in places}
    expected, error = call(lambda i, x: x.copy())
    got, refusal = call(lambda i, x: values[i])
    counts["calls"] += 1
    if error is not None or refusal is not None:
        counts["refused by both"] += error is not None and refusal is not None
        return _errors(expected, error, got, refusal)
    counts["values"] += 1
    return _results(expected, got) or _gradients(call, values, expected, got, counts)


def _read_only(x):
    copy = x.copy()
    copy.flags.writeable = False
    return copy


def _errors(expected, error, got, refusal):
    if error is None:
        return Difference("refused", expected, refusal)
    if refusal is None:
        return Difference("accepted", error, got)
    kind = next((kind for kind in CLASSES if isinstance(error, kind)), Exception)
    if not isinstance(refusal, kind):
        return Difference("class of error", error, refusal)
    if isinstance(refusal, TinygradError) and "\n" in str(refusal):
        return Difference("error of several lines", error, refusal)
    return None


def _flat(result):
    return [leaf for part in result for leaf in _flat(part)] if isinstance(result, list | tuple) else [result]


def _results(expected, got):
    theirs, mine = _flat(expected), [plain(x) for x in _flat(got)]
    if len(theirs) != len(mine):
        return Difference("number of results", expected, got)
    for a, b in zip(theirs, mine, strict=True):
        if not isinstance(a, np.ndarray | np.generic):
            if type(a) is not type(b):
                return Difference("type", expected, got)
        elif a.shape != np.shape(b):
            return Difference("shape", expected, got)
        elif a.dtype != getattr(b, "dtype", None):
            return Difference("dtype", expected, got)
        elif not _close(a, b):
            return Difference("value", expected, got)
    return None


def _close(a, b):
    if a.dtype.kind not in "fc":
        return a.dtype.kind == "O" or np.array_equal(a, b)
    near = float(np.finfo(a.dtype).eps) ** 0.6
    with np.errstate(all="ignore"):
        finite = np.abs(np.ravel(a)[np.isfinite(np.ravel(a))])
        return np.allclose(a, b, rtol=near, atol=near * float(max(np.max(finite, initial=0), 1e-3)), equal_nan=True)


# -- gradients along one direction, against differences ---------------------------------------------------------------


def _total(results, taken):
    """Return a weighted sum of the real and imaginary parts of the results that are taken."""
    rng, total = np.random.default_rng(3), 0.0
    for result, wanted in zip(results, taken, strict=True):
        if wanted:
            first, second = rng.uniform(0.5, 1.5, (2, *np.shape(result)))
            total = total + np.sum(np.real(result) * first)
            total = total + np.sum(np.imag(result) * second) if np.iscomplexobj(plain(result)) else total
    return total


def _gradients(call, values, expected, got, counts):
    taken = [isinstance(x, tl.Value) and x.requires_grad for x in _flat(got)]
    if not any(taken):
        return None
    _, error = attempt(lambda: _total(_flat(got), taken).backward(), (), {})
    if error is not None:
        return Difference("pullback fails", expected, error)
    if any(v.grad is not None and (v.grad.shape, v.grad.dtype) != (v.shape, v.dtype) for v in values.values()):
        return Difference("shape or dtype of a gradient", expected, [v.grad for v in values.values()])
    if any(x.dtype not in EXACT for x in (*values.values(), *(x for x, w in zip(_flat(got), taken, strict=True) if w))):
        return None
    rng = np.random.default_rng(8)
    ways = {i: rng.uniform(-1, 1, (2, *v.shape)) for i, v in values.items()}
    ways = {i: way[0] + 1j * way[1] if values[i].dtype.kind == "c" else way[0] for i, way in ways.items()}

    def along(h, part=None):
        result, failed = call(lambda i, x: values[i].data + h * ways[i] * (1 if part is None else parts[i] == part))
        given = _flat(result)
        if failed or [np.shape(x) for x in given] != [np.shape(x) for x in _flat(expected)]:
            return np.nan
        return float(_total(given, taken))

    parts = {i: rng.integers(2, size=v.shape) for i, v in values.items()}
    with np.errstate(all="ignore"):
        finite = (np.abs(np.ravel(v.data)[np.isfinite(np.ravel(v.data))]) for v in values.values())
        h = 1e-6 * max(1.0, *(float(np.max(x, initial=0)) for x in finite), 0.0)
        before, here, after = along(-h), along(0.0), along(h)
        slope, left, right = (after - before) / (2 * h), (here - before) / h, (after - here) / h
        found = sum(np.sum(np.real(v.grad * ways[i])) for i, v in values.items() if v.grad is not None)
        near = 1e-4 * (abs(slope) + 1e-2 + 1e-9 * abs(here) / h)
        if not np.isfinite(slope) or abs(right - left) > 1e-3 * (abs(right) + abs(left) + 1e-3):
            counts["kinks"] += 1
            return None
        if abs(found - slope) > near:
            halves = [(along(h, part) - along(-h, part)) / (2 * h) for part in (0, 1)]
            if not abs(sum(halves) - slope) <= 10 * near:  # no linear function of the direction, as at equal elements
                counts["kinks"] += 1
                return None
            return Difference("gradient", f"{slope} by differences", f"{found} by gradients")
    counts["gradients"] += 1
    return None

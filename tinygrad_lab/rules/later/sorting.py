"""Sorting keeps its permutation: the gradient goes back to where each element came from."""

from __future__ import annotations

import functools
from typing import Any, Literal

import numpy as np

from tinygrad_lab.calls.spelling import ask
from tinygrad_lab.core.declare import composed
from tinygrad_lab.errors import OperationError
from tinygrad_lab.rules.axes import flattened, many_axes
from tinygrad_lab.rules.dtypes import alike
from tinygrad_lab.rules.later.results import named
from tinygrad_lab.rules.plain import detached
from tinygrad_lab.typing import Array, Axes, Result


@composed(np.sort)
def _sort(
    a: Array, axis: int | None = -1, kind: Any = None, order: Literal[None] = None, *, stable: Any = None,
    descending: Any = np._NoValue,
) -> Array:  # fmt: skip
    if kind is not None:
        ask(np.sort, (np.zeros(0),), {"kind": kind, "stable": stable})
    a, axis = flattened(a, axis)
    options: Any = {} if descending is np._NoValue else {"descending": descending}  # which NumPy has from 2.5 on
    return np.take_along_axis(a, np.argsort(a, axis=axis, stable=True, **options), axis)


@composed(np.sort_complex)
def _sort_complex(a: Array) -> Array:
    a = np.sort(a)
    return a if np.iscomplexobj(a) else a.astype(np.result_type(a.dtype, np.complex128))


@composed(np.partition)
def _partition(
    a: Array, kth: Any, axis: int | None = -1, kind: Literal["introselect"] = "introselect", order: Literal[None] = None
) -> Array:
    a, axis = flattened(a, axis)
    return np.take_along_axis(a, np.argpartition(a, kth, axis=axis), axis)


@composed(np.trim_zeros)
def _trim_zeros(filt: Any, trim: str = "fb", axis: Axes = None) -> Result:
    """Cut off the slices at either end that are all zeros."""
    if not set() < set(trim.lower()) <= {"f", "b"}:
        raise OperationError(f"trim_zeros: trim must be 'f', 'b' or 'fb', got {trim!r}; leave it out for both ends")
    axes = many_axes(axis, np.ndim(filt))
    if not axes:
        return filt
    used = np.nonzero(filt)
    index = [slice(None)] * np.ndim(filt)
    for i in axes:
        if used[i].size:
            first, stop = np.min(used[i]).item(), np.max(used[i]).item() + 1
            index[i] = slice(first if "f" in trim.lower() else None, stop if "b" in trim.lower() else None)
        else:
            index[i] = slice(0, 0)
    return filt[tuple(index)]


# -- sets: indexing takes the elements that NumPy finds --------------------------------------------------------------


@composed(np.unique)
def _unique(
    ar: Array, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False, axis: Any = None,
    **kwargs: Any,
) -> Result:  # fmt: skip
    _, index, inverse, counts = _plain_unique(ar, axis=axis, **kwargs)
    values = np.take(ar, index, axis)
    asked = [(index, return_index), (inverse, return_inverse), (counts, return_counts)]
    others = [found for found, wanted in asked if wanted]
    return (values, *others) if others else values


_plain_unique = detached(functools.partial(np.unique, return_index=True, return_inverse=True, return_counts=True))


@composed(np.unique_values)
def _unique_values(x: Array, /) -> Array:
    return np.unique(x, equal_nan=False)


@composed(np.unique_counts)
def _unique_counts(x: Array, /) -> Array:
    values, counts = np.unique(x, return_counts=True, equal_nan=False)
    return named(np.unique_counts, values, counts)


@composed(np.unique_inverse)
def _unique_inverse(x: Array, /) -> Array:
    values, inverse = np.unique(x, return_inverse=True, equal_nan=False)
    return named(np.unique_inverse, values, inverse)


@composed(np.unique_all)
def _unique_all(x: Array, /) -> Array:
    return named(np.unique_all, *np.unique(x, True, True, True, equal_nan=False))


@composed(np.union1d)
def _union1d(ar1: Array, ar2: Array) -> Array:
    return np.unique(np.concatenate([ar1, ar2], axis=None))


@composed(np.intersect1d)
def _intersect1d(ar1: Array, ar2: Array, assume_unique: bool = False, return_indices: bool = False) -> Result:
    ar1, ar2 = alike(ar1, ar2)
    _, first, second = _plain_intersection(ar1, ar2, assume_unique=assume_unique, return_indices=True)
    common = np.take(ar1, first)
    return (common, first, second) if return_indices else common


_plain_intersection = detached(np.intersect1d)


@composed(np.setdiff1d)
def _setdiff1d(ar1: Array, ar2: Array, assume_unique: bool = False) -> Array:
    ar1 = np.ravel(ar1) if assume_unique else np.unique(ar1)
    return ar1[~np.isin(ar1, ar2)]


@composed(np.setxor1d)
def _setxor1d(ar1: Array, ar2: Array, assume_unique: bool = False) -> Array:
    """In the sorted array of both, an element that differs from its neighbours is in one alone."""
    found = np.sort(np.concatenate([np.ravel(ar) if assume_unique else np.unique(ar) for ar in (ar1, ar2)]))
    if found.size == 0:
        return found
    changes = np.concatenate([[True], np.not_equal(found[1:], found[:-1]), [True]])
    return found[changes[1:] & changes[:-1]]

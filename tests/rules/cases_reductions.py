"""Calls of the cumulative reductions, of averages, and of the reductions that leave out NaNs."""

from __future__ import annotations

import functools

import numpy as np

from tests.rules.drawing import call, listed, written

for function in (np.cumprod, np.nancumprod, np.nancumsum):
    listed(
        function,
        call((5,)),
        call(()),
        call((2, 3)),
        call((2, 3), axis=1),
        call((0, 2), axis=0),
        call((2, 3), args=(-2,)),
    )
for function in (np.cumulative_sum, np.cumulative_prod) if hasattr(np, "cumulative_sum") else ():  # NumPy 2.1
    listed(function, call((3,)), call((2, 3), axis=1), call((2, 3), axis=-2, include_initial=True))
listed(np.ptp, call((4,)), call((2, 3), axis=1, keepdims=True), call((2, 3), args=((0, 1),)))
listed(np.average, call((3,)), call((2, 3), axis=0), call((2, 3), axis=1, keepdims=True, returned=True),
       call((2, 3), axis=1, weights=np.array([1.0, 2.0, 0.5])), call((2,), weights=[3.0, 1.0]),
       call((2, 3), axis=(1, 0), weights=np.arange(1.0, 7.0).reshape(3, 2)))  # fmt: skip
written(np.average, (lambda a, weights: np.average(a, weights=weights), np.arange(3.0), np.array([1.0, 2.0, 0.5])))

MISSING = np.array([[1.0, np.nan, -2.0], [0.5, 3.0, np.nan]])


def with_gaps(function, x, **kwargs):
    """NaNs at fixed places, so that differences can be taken at the others."""
    return function(np.where(np.isnan(MISSING), np.nan, x), **kwargs)


MISSING_FREE = np.array([[1.0, 0.75, -2.0], [0.5, 3.0, 1.25]])
MEANS = np.array([0.5, -1.0, 0.25])
for function in (np.var, np.std):
    written(
        function,
        (lambda x, mean, f=function: f(x, axis=0, mean=mean, ddof=1), MISSING_FREE, MEANS[None]),
        (
            lambda x, mean, f=function: f(x, axis=0, mean=mean, keepdims=True, where=MISSING_FREE > 0),
            MISSING_FREE,
            MEANS[None],
        ),
        (lambda mean, f=function: f(MISSING_FREE, mean=mean), np.array([[0.3]])),
        (
            lambda x, mean, f=function: f(x, axis=1, mean=mean, correction=0.5),
            MISSING_FREE * (1 + 2j),
            MEANS[:2, None] + 0j,
        ),
    )
written(np.nanvar, (lambda x, mean: np.nanvar(with_gaps(np.positive, x), axis=0, mean=mean), MISSING_FREE, MEANS[None]))


for function in (np.nansum, np.nanprod, np.nanmean, np.nanvar, np.nanstd, np.nanmax, np.nanmin):
    for kwargs in ({}, {"axis": 0}, {"axis": 1, "keepdims": True}, {"axis": (0, 1)}):
        written(function, (functools.partial(with_gaps, function, **kwargs), np.nan_to_num(MISSING) + 0.25))

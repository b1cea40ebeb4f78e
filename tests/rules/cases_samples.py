"""Calls of the functions of samples: differences, interpolation, convolution, quantiles, polynomials."""

from __future__ import annotations

import numpy as np

from tests.rules.drawing import call, elementwise, listed, written
from tinygrad_lab.rules.elementwise import fraction, mantissa
from tinygrad_lab.rules.later.calculus import full_convolution
from tinygrad_lab.rules.limits import side
from tinygrad_lab.rules.powers import partial
from tinygrad_lab.rules.trigonometric import bessel_moment
from tinygrad_lab.testing.domains import NONZERO, REAL, Domain

for function in (np.copysign, np.nextafter):
    elementwise(function, NONZERO, NONZERO)
written(np.ldexp, (lambda x: np.ldexp(x, np.array([1, -2, 0])), np.array([0.5, -1.5, 2.0])))
for function in (np.modf, fraction):
    elementwise(function, Domain(0.1, 0.9))
    elementwise(function, Domain(-1.9, -1.1))
elementwise(np.frexp, Domain(1.1, 1.9))
elementwise(side, NONZERO)
elementwise(mantissa, Domain(1.1, 1.9))
elementwise(np.i0, Domain(-5, 5))
elementwise(bessel_moment, Domain(-5, 5), order=1)
elementwise(np.real_if_close, REAL)
for a, b in ((0, 0), (1, 0), (0, 1), (2, 1)):
    elementwise(partial, Domain(0.5, 2.0), Domain(-2.0, 3.0), a=a, b=b)
written(np.real_if_close, (np.real_if_close, np.array([1 + 1j, -2j])))

# -- differences, integrals, interpolation ---------------------------------------------------------------------------

listed(np.diff, call((4,)), call((2, 4), n=2), call((3, 2), axis=0), call((3,), prepend=0.0, append=[1.0, 2.0]),
       call((2, 3), args=(1, -1), prepend=1.0), call((3,), n=0))  # fmt: skip
listed(np.ediff1d, call((4,)), call((2, 2)), call((3,), to_end=[1.0, 2.0], to_begin=-1.0), call((3,), (2,)))
listed(np.trapezoid, call((4,)), call((2, 4), dx=0.5), call((3, 2), axis=0), call((2, 3), (3,)), call((2, 3), (2, 3)))
listed(np.gradient, call((4,)), call((3, 4)), call((4, 3), args=(0.5,), axis=0), call((3, 4), args=(0.5, 2.0)),
       call((4,), edge_order=2), call((3, 4), axis=(1, 0), edge_order=2))  # fmt: skip
PLACES = np.array([0.0, 0.5, 2.0, 2.25, 4.0])
for edge_order in (1, 2):
    written(
        np.gradient,
        (lambda f, x, e=edge_order: np.gradient(f, x, axis=0, edge_order=e), np.sin(PLACES)[:, None], PLACES),
    )
listed(np.unwrap, call((5,)), call((2, 4), axis=0), call((4,), period=2.0))
written(np.unwrap, (np.unwrap, np.array([0.1, 3.0, -3.0, 0.5, 6.0])))
ASKED = np.array([0.25, 1.0, 3.0, -1.0, 5.0])
written(
    np.interp,
    (np.interp, ASKED, PLACES, np.sin(PLACES)),
    (lambda x, fp: np.interp(x, PLACES, fp, left=7.0, right=-7.0), ASKED, np.cos(PLACES)),
    (lambda x, fp: np.interp(x, PLACES[::-1], fp, period=4.5), ASKED, np.cos(PLACES)),
    (lambda fp: np.interp(1.2, PLACES, fp), np.cos(PLACES)),
)
for mode in ("full", "same", "valid"):
    for shapes in (((5,), (3,)), ((4,), (2,)), ((2,), (5,)), ((3,), (4,)), ((1,), (3,)), ((3,), (3,))):
        listed(np.convolve, call(*shapes, mode=mode))
        listed(np.correlate, call(*shapes, mode=mode))
listed(full_convolution, call((4,), (2,)))

# -- statistics ------------------------------------------------------------------------------------------------------

listed(np.cov, call((2, 4)), call((4,)), call((2, 4), (4,)), call((4, 2), rowvar=False), call((2, 3), bias=True),
       call((2, 3), ddof=0, aweights=[1.0, 2.0, 0.5]), call((2, 3), fweights=[1, 2, 3]))  # fmt: skip
MANY = np.random.default_rng(3).uniform(-2, 2, (3, 5))
written(
    np.corrcoef, (np.corrcoef, MANY), (np.corrcoef, MANY[0], MANY[1]), (lambda x: np.corrcoef(x, rowvar=False), MANY.T)
)
FEW = np.array([[1.5, -0.5, 2.0, 0.25], [-1.0, 3.0, 0.75, 1.0]])
GAPS = np.where(FEW > 1.8, np.nan, 0)
for axis in (None, 0, (1, 0)):
    written(np.median, (lambda x, axis=axis: np.median(x, axis, keepdims=True), FEW))
    written(np.nanmedian, (lambda x, axis=axis: np.nanmedian(x + GAPS, axis), FEW))
    written(np.quantile, (lambda x, axis=axis: np.quantile(x, 0.3, axis=axis, keepdims=True), FEW))
    written(np.nanquantile, (lambda x, axis=axis: np.nanquantile(x + GAPS, [[0.2, 0.7]], axis=axis), FEW))
written(np.percentile, (lambda x: np.percentile(x, [10, 50, 100], axis=1, keepdims=True), FEW))
written(np.nanpercentile, (lambda x: np.nanpercentile(x + GAPS, 35, axis=-1), FEW))
for method in ("linear", "weibull", "hazen", "normal_unbiased", "interpolated_inverted_cdf", "nearest"):
    written(
        np.quantile, (lambda x, q, m=method: np.quantile(x, q, axis=1, method=m), FEW, np.array([0.05, 0.43, 0.97]))
    )
written(np.percentile, (lambda q: np.percentile(FEW.tolist(), q), 62.0))
written(np.nanquantile, (lambda x, q: np.nanquantile(x + GAPS, q, axis=0, keepdims=True), FEW, 0.6))
WEIGHTS = np.array([[1.0, 2.0, 0.5, 1.5], [0.25, 1.0, 3.0, 1.0]])
for function in (np.quantile, np.nanquantile):
    written(
        function,
        (lambda x, f=function: f(x, [0.2, 0.6], weights=WEIGHTS, method="inverted_cdf"), FEW),
        (lambda x, f=function: f(x, 0.7, axis=1, weights=WEIGHTS, method="inverted_cdf"), FEW),
    )
written(np.quantile, (lambda x: np.quantile(x, 0.7, axis=1, weights=WEIGHTS[0], method="inverted_cdf"), FEW))
for method in ("inverted_cdf", "weibull", "median_unbiased", "lower", "midpoint", "nearest"):
    written(np.quantile, (lambda x, m=method: np.quantile(x, [0.1, 0.55], method=m), FEW[0]))

# -- polynomials -----------------------------------------------------------------------------------------------------

for function in (np.polyadd, np.polysub, np.polymul):
    listed(function, call((3,), (2,)), call((2,), (4,)), call((1,), (1,)), domain=NONZERO)
written(np.polydiv, (np.polydiv, np.array([1.0, 2.0, -1.0, 3.0]), np.array([2.0, 1.0])),
        (np.polydiv, np.array([1.0, 2.0]), np.array([2.0, 1.0, 3.0])))  # fmt: skip
listed(np.polyval, call((3,), ()), call((2,), (2, 3)), call((4,), (3,)))
listed(np.polyder, call((4,)), call((4,), m=2), call((3,), args=(0,)))
listed(np.polyint, call((3,)), call((2,), m=2, k=[1.0, 2.0]), call((3,), k=0.5))
written(
    np.poly, (np.poly, np.array([1.0, -2.0, 0.5])), (np.poly, MANY[:, :3]), (np.poly, np.array([1 + 1j, 1 - 2j, 2]))
)
written(
    np.roots,
    (np.roots, np.array([1.0, -6.0, 11.0, -6.5]) + 0j),
    (lambda p: np.roots(np.append(p, 0.0)), np.array([2.0, 5.0, 1.0])),
)
written(
    np.polyfit,
    (lambda x, y: np.polyfit(x, y, 2), PLACES, np.sin(PLACES)),
    (lambda x, y, w: np.polyfit(x, y, 1, w=w), PLACES, MANY.T, ASKED + 2),
    (lambda x, y: np.polyfit(x, y, 1, full=True), PLACES, np.sin(PLACES)),
    (lambda x, y, w: np.polyfit(x, y, 1, w=w, cov=True), PLACES, np.sin(PLACES), ASKED + 2),
    (lambda x, y: np.polyfit(x, y, 2, cov="unscaled"), PLACES, MANY.T),
    (lambda x, y: np.polyfit(x, y, 1, cov=True), PLACES, MANY.T),
)

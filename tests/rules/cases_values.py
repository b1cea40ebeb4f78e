"""Calls of the operations that compute new values: elementwise ones, selections and reductions."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.rules.drawing import PAIRS, Call, call, drawn, elementwise, listed, reduction, uniform
from tinygrad_lab.core.protocols import astype
from tinygrad_lab.rules.trigonometric import sinc_derivative

# -- elementwise -----------------------------------------------------------------------------------------------------

ANY, POSITIVE, UNIT, ABOVE_ONE = (-2.0, 2.0), (0.2, 3.0), (-0.9, 0.9), (1.2, 3.0)

for function in (np.positive, np.negative, np.square, np.exp, np.exp2, np.expm1, np.absolute, np.conjugate, np.real,
                 np.imag, np.sin, np.cos, np.sinh, np.cosh, np.tanh, np.arctan, np.arcsinh):  # fmt: skip
    elementwise(function, ANY)
for function in (np.sqrt, np.log, np.log2, np.log10, np.log1p, np.reciprocal, np.angle):
    elementwise(function, POSITIVE)
for function in (np.arcsin, np.arccos, np.arctanh, np.tan):
    elementwise(function, UNIT)
elementwise(np.arccosh, ABOVE_ONE)
for function in (np.fabs, np.cbrt, np.sinc, sinc_derivative, np.deg2rad, np.radians, np.rad2deg, np.degrees,
                 np.nan_to_num, np.copy):  # fmt: skip
    elementwise(function, ANY, complex_too=False)
for function in (np.add, np.subtract, np.multiply):
    elementwise(function, ANY, ANY)
elementwise(np.divide, ANY, POSITIVE)
for function in (np.power, np.float_power):
    elementwise(function, POSITIVE, ANY)
for function in (np.hypot, np.arctan2, np.logaddexp, np.logaddexp2, np.maximum, np.minimum, np.fmax, np.fmin):
    elementwise(function, ANY, ANY, complex_too=False)
for function in (np.remainder, np.fmod, np.divmod):
    elementwise(function, (1.2, 1.3), (0.5, 0.55), complex_too=False, signs=True)


@drawn(np.where)
def _where(draw, rng):
    a, b = uniform(rng, draw(st.sampled_from(PAIRS)))
    condition = rng.random(np.broadcast_shapes(a.shape, b.shape)) < 0.5
    return Call(lambda a, b: np.where(condition, a, b), (a, b))


listed(
    np.clip,
    call((5,), args=(-1, 1)),
    call((2, 3), (3,), args=(1.5,)),
    call((3,), (), (2, 1)),
    call((4,), args=(None, 0.5)),
    call((4,), a_min=-0.5, a_max=None),
    call((4,), max=0.5),
    call((4,), min=0, max=1),
)
listed(astype, call((3,), dtype=np.longdouble), call((2, 2), args=(np.clongdouble,)))
listed(np.full_like, call((3,), ()), call((2, 3), (3,)))


# -- reductions ------------------------------------------------------------------------------------------------------

reduction(np.sum, masked={"initial": 2.0}, dtype=np.longdouble)
reduction(np.prod, masked={"initial": 2.0}, dtype=np.longdouble)
for function in (np.max, np.amax):
    reduction(function, empty=False, masked={"initial": -9.0})
for function in (np.min, np.amin):
    reduction(function, empty=False, masked={"initial": 9.0})
reduction(np.mean, empty=False, dtype=np.longdouble)
reduction(np.var, empty=False, ddof=0.5)
reduction(np.std, empty=False, ddof=0.5)
listed(
    np.cumsum,
    call((3,)),
    call(()),
    call((2, 3)),
    call((2, 3), args=(1,)),
    call((2, 3, 2), axis=-2),
    call((0, 2), axis=0),
    call((2, 3), axis=0, dtype=np.longdouble),
)

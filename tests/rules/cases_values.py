"""Calls of the operations that compute new values: where trying alone would not find all that they take."""

from __future__ import annotations

import numpy as np

from tests.rules.drawing import call, case, drawn, elementwise, listed, reduction
from tinygrad_lab.core.protocols import astype
from tinygrad_lab.core.registry import OPS
from tinygrad_lab.rules.trigonometric import sinc_derivative
from tinygrad_lab.testing import strategies
from tinygrad_lab.testing.calls import Call, calls
from tinygrad_lab.testing.domains import ABOVE_ONE, NONZERO, POSITIVE, REAL, Domain

# -- elementwise: real arguments are found by trying, complex ones and narrower domains are written down ---------------

for function in (np.positive, np.negative, np.square, np.exp, np.exp2, np.expm1, np.conjugate, np.real, np.imag, np.sin,
                 np.cos, np.sinh, np.cosh, np.tanh, np.arctan, np.arcsinh):  # fmt: skip
    case(function, calls(OPS[function]))
    elementwise(function, Domain(-4, 4), dtype=np.complex128)
for function in (np.absolute, np.reciprocal):
    case(function, calls(OPS[function]))
    elementwise(function, NONZERO, dtype=np.complex128)
for function in (np.sqrt, np.log, np.log2, np.log10, np.log1p):
    case(function, calls(OPS[function]))
    elementwise(function, POSITIVE, dtype=np.complex128)
for function in (np.arcsin, np.arccos, np.arctanh, np.tan):
    case(function, calls(OPS[function]))
    elementwise(function, Domain(-0.9, 0.9), dtype=np.complex128)
elementwise(np.arccosh, ABOVE_ONE)
elementwise(np.arccosh, Domain(1.2, 3), dtype=np.complex128)
elementwise(np.angle, NONZERO)
elementwise(np.angle, NONZERO, deg=True)
elementwise(np.angle, POSITIVE, dtype=np.complex128)
for function in (np.add, np.subtract, np.multiply):
    case(function, calls(OPS[function]))
    elementwise(function, REAL, REAL, dtype=np.complex128)
case(np.divide, calls(OPS[np.divide]))
elementwise(np.divide, REAL, NONZERO, dtype=np.complex128)
elementwise(np.cbrt, NONZERO)  # its slope at 0 is infinite
for function in (np.power, np.float_power):
    elementwise(function, Domain(low=0), Domain(-3, 3))
    elementwise(function, Domain(0.2, 3), Domain(-2, 2), dtype=np.complex128)
for sign in (1, -1):
    for function in (np.remainder, np.fmod, np.divmod):  # smooth between multiples of the divisor
        elementwise(function, Domain(*sorted((sign * 1.2, sign * 1.3))), Domain(0.5, 0.55))
        elementwise(function, Domain(1.2, 1.3), Domain(*sorted((sign * 0.5, sign * 0.55))))
for order in (0, 1):
    elementwise(sinc_derivative, Domain(-10, 10), order=order)
elementwise(np.sinc, Domain(-10, 10))


@drawn(np.where)
def _where(draw, rng):
    a, b = draw(strategies.broadcastable(2, dtype=strategies.dtypes()))
    condition = rng.random(np.broadcast_shapes(a.shape, b.shape)) < 0.5
    return Call(lambda a, b: np.where(condition, a, b), (a, b))


listed(
    np.clip,
    call((5,), args=(-1, 1)),
    call((2, 3), (3,), args=(90.0,)),
    call((4,), args=(None, 0.5)),
    call((4,), a_min=-0.5, a_max=None),
)
if hasattr(np, "unstack"):  # NumPy 2.1
    listed(np.clip, call((4,), max=0.5), call((4,), min=0, max=1))
elementwise(np.clip, REAL, Domain(-4, 0), Domain(0, 4))
listed(np.astype, call((3,), args=(np.longdouble,)))
listed(astype, call((3,), dtype=np.longdouble), call((2, 2), args=(np.longdouble,)))
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
for function in (np.nansum, np.nanprod, np.nanmean, np.nanvar, np.nanstd, np.nanmax, np.nanmin):
    reduction(function, empty=False)  # and with NaN among the calls written out
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

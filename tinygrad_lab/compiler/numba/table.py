"""The elementwise functions that compiled loops know, and how each is written."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

# fmt: off
# Written in the dtype in which NumPy computes them.
ARITHMETIC: dict[Any, str] = {
    np.add: "{0} + {1}", operator.add: "{0} + {1}",
    np.subtract: "{0} - {1}", operator.sub: "{0} - {1}",
    np.multiply: "{0} * {1}", operator.mul: "{0} * {1}",
    np.divide: "{0} / {1}", operator.truediv: "{0} / {1}",
    np.negative: "-{0}", operator.neg: "-{0}",
    np.positive: "{0}", operator.pos: "{0}",
    np.absolute: "absolute({0})", operator.abs: "absolute({0})", np.fabs: "absolute({0})",
    np.square: "{0} * {0}",
    np.reciprocal: "1.0 / {0}",
    np.sqrt: "sqrt({0})",
    np.floor: "floor({0})", np.ceil: "ceil({0})", np.trunc: "trunc({0})", np.rint: "rint({0})",
    np.maximum: "maximum({0}, {1})", np.minimum: "minimum({0}, {1})",
    np.fmax: "fmax({0}, {1})", np.fmin: "fmin({0}, {1})",
    np.sign: "sign({0})",
    np.copysign: "copysign({0}, {1})",
    np.conjugate: "{0}",
    np.deg2rad: "{0} * 0.017453292519943295", np.radians: "{0} * 0.017453292519943295",
    np.rad2deg: "{0} * 57.29577951308232", np.degrees: "{0} * 57.29577951308232",
}
# Written on float64 and rounded to the dtype.
MATHEMATICS: dict[Any, str] = {
    function: f"{function.__name__}({{0}})"
    for function in (
        np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10, np.log1p, np.sin, np.cos, np.tan, np.arctan, np.arcsin,
        np.arccos, np.sinh, np.cosh, np.tanh,
    )
} | {np.power: "power({0}, {1})", np.float_power: "power({0}, {1})", operator.pow: "power({0}, {1})",
     np.arctan2: "arctan2({0}, {1})", np.hypot: "hypot({0}, {1})"}
# Of float32, written on float32.
SINGLE: dict[Any, str] = {
    function: f"{function.__name__}_single({{0}})"
    for function in (np.exp, np.log, np.log1p, np.tanh, np.sin, np.cos)
}
# Give bools, of operands of one dtype.
COMPARISONS: dict[Any, str] = {
    np.less: "{0} < {1}", operator.lt: "{0} < {1}",
    np.less_equal: "{0} <= {1}", operator.le: "{0} <= {1}",
    np.greater: "{0} > {1}", operator.gt: "{0} > {1}",
    np.greater_equal: "{0} >= {1}", operator.ge: "{0} >= {1}",
    np.equal: "{0} == {1}", operator.eq: "{0} == {1}",
    np.not_equal: "{0} != {1}", operator.ne: "{0} != {1}",
    np.isnan: "{0} != {0}",
    np.isfinite: "absolute({0}) < inf",
    np.isinf: "absolute({0}) == inf",
    np.signbit: "signbit({0})",
}
# Give bools, of bools.
LOGIC: dict[Any, str] = {
    np.logical_and: "{0} & {1}", np.logical_or: "{0} | {1}", np.logical_xor: "{0} ^ {1}",
    np.logical_not: "negated({0})",
}
# Of bools or integers.
BITWISE: dict[Any, str] = {np.bitwise_and: "{0} & {1}", np.bitwise_or: "{0} | {1}", np.bitwise_xor: "{0} ^ {1}"}
# fmt: on

OF_INTEGERS = {
    np.add, operator.add, np.subtract, operator.sub, np.multiply, operator.mul, np.negative, operator.neg, np.square,
    np.positive, operator.pos, np.absolute, operator.abs, np.maximum, np.minimum,
}  # fmt: skip
OF_BITS = {np.add, np.subtract, np.multiply, np.positive, np.square}  # the same for integers without a sign

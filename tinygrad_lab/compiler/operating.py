"""The operators and methods of traced arrays, like those of NumPy's arrays."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lab.compiler.traced import NUMBERS, Traced, current, record, refuse
from tinygrad_lab.core.value import Value


def _binary(name: str, ufunc: Any, python: Any) -> None:
    # Python numbers stay Python numbers: a ufunc would make float64 scalars of them, which widen float32.
    def call(self: Any, other: Any) -> Any:
        if type(other) is Value:
            return NotImplemented
        weak = self.variable.weak and (type(other) in NUMBERS or (type(other) is Traced and other.variable.weak))
        return record(python if weak else ufunc, (self, other), {})

    def reflected(self: Any, other: Any) -> Any:
        return record(python if self.variable.weak and type(other) in NUMBERS else ufunc, (other, self), {})

    def in_place(self: Any, other: Any) -> Any:
        if not self.ndim or type(other) is Value:
            return call(self, other)
        if self.seen or self.tracer is not current():
            refuse(f"x {_SIGNS[python]} y on an array that others see", f"write x = x {_SIGNS[python][:-1]} y")
        made = call(self, other)
        if made.shape != self.shape or not np.can_cast(made.dtype, self.dtype, "same_kind"):
            ufunc(self.array, getattr(other, "array", other), out=self.array.copy())  # NumPy says why not
        made = made.astype(self.dtype)
        self.variable, self.array = made.variable, made.array
        return self

    setattr(Traced, f"__{name}__", call)
    if python not in _COMPARISONS:
        setattr(Traced, f"__r{name}__", reflected)
    if python in _SIGNS:
        setattr(Traced, f"__i{name}__", in_place)


# What NumPy's own operator calls for these exponents: `x ** 2` on an array is `np.square(x)`, to the last bit.
_POWERS = {2: np.square, 0.5: np.sqrt, -1: np.reciprocal, 1: np.positive}


def _power(self: Any, other: Any) -> Any:
    if type(other) in (int, float) and other in _POWERS and self.ndim and self.dtype.kind in "fc":
        return record(_POWERS[other], (self,), {})
    return _plain_power(self, other)


def _unary(name: str, ufunc: Any, python: Any) -> None:
    def call(self: Any) -> Any:
        return record(python if self.variable.weak else ufunc, (self,), {})

    setattr(Traced, f"__{name}__", call)


def _method(function: Any) -> Callable[..., Any]:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return record(function, (self, *args), kwargs)

    return call


_SIGNS: dict[Any, str] = {
    operator.add: "+=", operator.sub: "-=", operator.mul: "*=", operator.truediv: "/=", operator.floordiv: "//=",
    operator.mod: "%=", operator.pow: "**=", operator.matmul: "@=", operator.and_: "&=", operator.or_: "|=",
    operator.xor: "^=", operator.lshift: "<<=", operator.rshift: ">>=",
}  # fmt: skip
_COMPARISONS: set[Any] = {operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne}
for _name, _ufunc, _python in [
    ("add", np.add, operator.add),
    ("sub", np.subtract, operator.sub),
    ("mul", np.multiply, operator.mul),
    ("truediv", np.divide, operator.truediv),
    ("floordiv", np.floor_divide, operator.floordiv),
    ("mod", np.remainder, operator.mod),
    ("pow", np.power, operator.pow),
    ("matmul", np.matmul, operator.matmul),
    ("and", np.bitwise_and, operator.and_),
    ("or", np.bitwise_or, operator.or_),
    ("xor", np.bitwise_xor, operator.xor),
    ("lshift", np.left_shift, operator.lshift),
    ("rshift", np.right_shift, operator.rshift),
    ("divmod", np.divmod, divmod),
    ("lt", np.less, operator.lt),
    ("le", np.less_equal, operator.le),
    ("gt", np.greater, operator.gt),
    ("ge", np.greater_equal, operator.ge),
    ("eq", np.equal, operator.eq),
    ("ne", np.not_equal, operator.ne),
]:
    _binary(_name, _ufunc, _python)
_plain_power = vars(Traced)["__pow__"]
type.__setattr__(Traced, "__pow__", _power)
for _name, _unary_ufunc, _unary_python in [
    ("neg", np.negative, operator.neg),
    ("pos", np.positive, operator.pos),
    ("abs", np.absolute, operator.abs),
    ("invert", np.invert, operator.invert),
]:
    _unary(_name, _unary_ufunc, _unary_python)
for _function in (
    np.sum, np.mean, np.prod, np.var, np.std, np.max, np.min, np.cumsum, np.cumprod, np.trace, np.diagonal, np.take,
    np.clip, np.dot, np.ravel, np.repeat, np.squeeze, np.swapaxes, np.argmax, np.argmin, np.argsort, np.searchsorted,
    np.any, np.all, np.round, np.conjugate, np.sort,
):  # fmt: skip
    setattr(Traced, _function.__name__, _method(_function))

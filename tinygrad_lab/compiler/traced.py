"""The array that writes down what is called on it: just another array library that speaks NumPy's two protocols.

It holds the array that its call gave, and behaves as that does; what would make a Python object of it is refused.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from tinygrad_lab.calls.receivers import Receiver
from tinygrad_lab.compiler.data_shaped import data_shaped
from tinygrad_lab.compiler.lines import name_of, place
from tinygrad_lab.compiler.program import Variable
from tinygrad_lab.core.operators import GETITEM, getitem
from tinygrad_lab.core.protocols import astype
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import CompileError

if TYPE_CHECKING:
    from tinygrad_lab.compiler.tracing import Tracer

CURRENT: ContextVar[Tracer | None] = ContextVar("tinygrad_lab_tracer", default=None)
current = CURRENT.get


NUMBERS = (bool, int, float, complex)


def record(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Write a call down in the program that is being traced, and return its results."""
    tracer = current()
    if tracer is None:
        raise CompileError(
            f"compile: an array must not leave the call that it was traced in, got one in {name_of(function)}; "
            f"return it, instead of keeping it in a variable or an attribute"
        )
    return tracer.record(function, args, kwargs)


class Traced(Receiver):
    """An array of a program that is being traced; it behaves as the array that it holds."""

    __slots__ = ("array", "tracer", "variable")

    def __init__(self, tracer: Tracer, variable: Variable, array: Any) -> None:
        self.tracer, self.variable, self.array = tracer, variable, array

    # -- how calls arrive ----------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(type(x) is Value for x in inputs):
            return NotImplemented  # the Value calls again, on the arrays that it holds
        if any(array is not None for array in kwargs.pop("out", ())):
            _refuse(f"{ufunc.__name__} with out=", "write array = array + x instead of array += x")
        if method == "at":
            _refuse(f"{ufunc.__name__}.at", "use v.at[i].add(x), or np.bincount")
        return record(ufunc if method == "__call__" else getattr(ufunc, method), inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if Value in types:
            return NotImplemented
        if data_shaped(function, args, kwargs, Traced):
            _refuse(f"np.{name_of(function)}, whose result's shape depends on data", "choose elements with np.where")
        if kwargs.get("out") is not None:
            _refuse(f"{name_of(function)} with out=", "bind the result to a name instead")
        return record(function, args, {key: x for key, x in kwargs.items() if key != "out"})

    @staticmethod
    def record(op: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Write a primitive down as one call; with a Value among its arguments it is that one's to record."""
        if any(type(x) is Value for x in (*args, *kwargs.values())):
            return Value.record(op, args, kwargs)
        return record(op.function, args, kwargs)

    def __getitem__(self, index: Any) -> Any:
        for part in index if type(index) is tuple else (index,):
            if getattr(part, "dtype", None) == np.bool_ and type(part) is Traced:
                _refuse("an index of computed bools, whose result's shape depends on data", "choose with np.where")
            if type(part) is slice and any(type(x) is Traced for x in (part.start, part.stop, part.step)):
                _refuse("a slice with computed ends, whose shape depends on data", "pass the ends as Python integers")
        return record(getitem, (self, index), {})

    def __setitem__(self, index: Any, x: Any) -> NoReturn:
        _refuse("x[i] = y", "write v = v.at[i].set(y) on a Value, or build the array with np.where or np.stack")

    # -- what would turn it into a Python object -----------------------------------------------------------------------

    # fmt: off
    def __bool__(self) -> bool:
        _refuse("`if`, `while`, `and` or `or` on computed data", "choose with np.where, decide on an argument that is "
                "a Python bool or int, or stop with repeat(until=...)")
    def __float__(self) -> float:
        _refuse("float() of computed data", "keep the array (np.sin, not math.sin), or use .item()")
    def __int__(self) -> int: _refuse("int() of computed data", "use .astype(int), or pass it as a Python integer")
    def __complex__(self) -> complex: _refuse("complex() of computed data", "use .astype(complex)")
    def __index__(self) -> int:
        _refuse("computed data where Python needs an integer", "index with tl.Value(table)[i], or pass a Python int")
    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse("computed data turned into a plain array", "call np.stack([x, y]) rather than np.array, "
                "tl.Value(table)[i] rather than table[i], and functions that take arrays as they are")
    def __contains__(self, x: Any) -> bool: _refuse("`in` on computed data", "write np.any(array == x)")
    def __str__(self) -> str:
        _refuse("a text of computed data", "return it, and print it outside; repr(x) tells what is traced")
    def __format__(self, spec: str) -> str: return str(self)
    # fmt: on

    def __repr__(self) -> str:
        return f"<traced {self.variable.name}: {self.shape} {self.dtype}>"

    def tolist(self) -> NoReturn:
        """Refuse to become a Python list."""
        _refuse("tolist() of computed data", "return the array, and convert it outside")

    def conj(self) -> Any:
        """Return `np.conjugate`."""
        return record(np.conjugate, (self,), {})

    def item(self) -> Any:
        """Return the single element as a Python number, which does not widen the dtype of what it meets."""
        return self if self.variable.weak else record(item_of, (self,), {})

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self.array)))

    __hash__ = object.__hash__

    # -- attributes and methods of arrays ------------------------------------------------------------------------------

    # fmt: off
    @property
    def shape(self) -> tuple[int, ...]: return np.shape(self.array)
    @property
    def ndim(self) -> int: return np.ndim(self.array)
    @property
    def size(self) -> int: return int(np.size(self.array))
    @property
    def dtype(self) -> np.dtype[Any]: return self.variable.dtype
    @property
    def itemsize(self) -> int: return self.dtype.itemsize
    @property
    def nbytes(self) -> int: return self.size * self.itemsize
    @property
    def T(self) -> Any: return record(np.transpose, (self,), {})
    @property
    def mT(self) -> Any: return record(np.swapaxes, (self, -1, -2), {})
    @property
    def real(self) -> Any: return record(np.real, (self,), {})
    @property
    def imag(self) -> Any: return record(np.imag, (self,), {})
    # fmt: on

    def astype(self, dtype: Any, **_: Any) -> Any:
        """Return the array converted to `dtype`."""
        return self if np.dtype(dtype) == self.dtype and not self.variable.weak else record(astype, (self, dtype), {})

    def reshape(self, *shape: Any, **kwargs: Any) -> Any:
        """Return `np.reshape`; the shape may be one tuple or several integers."""
        return record(np.reshape, (self, shape[0] if len(shape) == 1 else shape), kwargs)

    def transpose(self, *axes: Any) -> Any:
        """Return `np.transpose`; the axes may be one tuple or several integers."""
        return record(np.transpose, (self, (axes[0] if len(axes) == 1 else axes) or None), {})

    def flatten(self, order: Any = "C") -> Any:
        """Return `np.ravel`."""
        return record(np.ravel, (self, order), {})

    def copy(self, order: Any = "C") -> Any:
        """Return `np.copy`: what leaves a program twice must be two arrays."""
        return record(np.copy, (self,), {})

    def fill(self, value: Any) -> NoReturn:
        """Refuse to write in place."""
        _refuse("fill()", "use np.full_like")


def _refuse(what: str, advice: str) -> NoReturn:
    line, _ = place()
    raise CompileError(f"compile: a compiled function must only compute with arrays, got {what} at {line}; {advice}")


def _indexed(x: Any, index: Any) -> Any:
    """Return `x[index]`, also where only the index is traced: that of a constant which a Value holds."""
    traced = any(type(part) is Traced for part in (index if type(index) is tuple else (index,)))
    return record(getitem, (x, index), {}) if traced and type(x) is not Traced else x[index]


GETITEM.forward = _indexed  # a plain array knows nothing of Traced indices


def item_of(x: Any) -> Any:
    """Return `x.item()`, a Python number."""
    return x.item()


item_of.__name__ = "item"


# -- operators and methods, as NumPy has them --------------------------------------------------------------------------


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
        if self.ndim and type(other) is not Value:
            _refuse(f"x {_SIGNS[python]} y on an array, which others may see", f"write x = x {_SIGNS[python][:-1]} y")
        return call(self, other)

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

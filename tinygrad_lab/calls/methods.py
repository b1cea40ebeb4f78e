"""The methods that arrays have and that need nothing but the NumPy function of the same name."""

from __future__ import annotations

import operator
from typing import Any, Self, cast

import numpy as np

from tinygrad_lab.calls.receivers import Recorder, plain
from tinygrad_lab.errors import GradientLostError
from tinygrad_lab.typing import ArrayLike, Axis, Result


class ArrayMethods(Recorder):
    """Attributes and methods under NumPy's names, with NumPy's arguments."""

    __slots__ = ()

    data: Any
    requires_grad: bool
    name: str | None
    op: Any

    def _numpy(self, function: Any, *args: Any, **kwargs: Any) -> Result:
        """Call a NumPy function on this array, past NumPy's own dispatch."""
        raise NotImplementedError

    # fmt: off
    @property
    def shape(self) -> tuple[int, ...]: return self.data.shape
    @property
    def ndim(self) -> int: return self.data.ndim
    @property
    def size(self) -> int: return self.data.size
    @property
    def dtype(self) -> np.dtype[Any]: return self.data.dtype
    @property
    def nbytes(self) -> int: return self.data.nbytes
    @property
    def T(self) -> Self: return self._numpy(np.transpose)
    @property
    def mT(self) -> Self: return self._numpy(np.swapaxes, -1, -2)
    @property
    def real(self) -> Self: return self._numpy(np.real)
    @property
    def imag(self) -> Self: return self._numpy(np.imag)

    def sum(self, *args: Any, **kwargs: Any) -> Self: return self._numpy(np.sum, *args, **kwargs)
    def mean(self, *args: Any, **kwargs: Any) -> Self: return self._numpy(np.mean, *args, **kwargs)
    def prod(self, *args: Any, **kwargs: Any) -> Self: return self._numpy(np.prod, *args, **kwargs)
    def var(self, *args: Any, **kwargs: Any) -> Self: return self._numpy(np.var, *args, **kwargs)
    def std(self, *args: Any, **kwargs: Any) -> Self: return self._numpy(np.std, *args, **kwargs)
    def max(self, *args: Any, **kwargs: Any) -> Self: return self._numpy(np.max, *args, **kwargs)
    def min(self, *args: Any, **kwargs: Any) -> Self: return self._numpy(np.min, *args, **kwargs)
    def cumsum(self, *args: Any, **kwargs: Any) -> Self: return self._numpy(np.cumsum, *args, **kwargs)
    def cumprod(self, *args: Any, **kwargs: Any) -> Self: return self._numpy(np.cumprod, *args, **kwargs)
    def trace(self, *args: Any, **kwargs: Any) -> Self: return self._numpy(np.trace, *args, **kwargs)
    def diagonal(self, *args: Any, **kwargs: Any) -> Self: return self._numpy(np.diagonal, *args, **kwargs)
    def take(self, *args: Any, **kwargs: Any) -> Self: return self._numpy(np.take, *args, **kwargs)
    def copy(self, order: Any = "C") -> Self: return self._numpy(np.copy, order)
    def conj(self) -> Self: return self._numpy(np.conjugate)
    def conjugate(self) -> Self: return self._numpy(np.conjugate)
    def dot(self, other: ArrayLike, /, out: Any = None) -> Self: return self._numpy(np.dot, other, out)
    def ravel(self, *args: Any, **kwargs: Any) -> Self: return self._numpy(np.ravel, *args, **kwargs)
    def flatten(self, order: Any = "C") -> Self: return self._numpy(np.ravel, order)
    def repeat(self, *args: Any, **kwargs: Any) -> Self: return self._numpy(np.repeat, *args, **kwargs)
    def squeeze(self, *args: Any, **kwargs: Any) -> Self: return self._numpy(np.squeeze, *args, **kwargs)
    def swapaxes(self, axis1: int, axis2: int, /) -> Self: return self._numpy(np.swapaxes, axis1, axis2)
    def argmax(self, *args: Any, **kwargs: Any) -> Result: return self._numpy(np.argmax, *args, **kwargs)
    def argmin(self, *args: Any, **kwargs: Any) -> Result: return self._numpy(np.argmin, *args, **kwargs)
    def argsort(self, *args: Any, **kwargs: Any) -> Result: return self._numpy(np.argsort, *args, **kwargs)
    def argpartition(self, *args: Any, **kwargs: Any) -> Result: return self._numpy(np.argpartition, *args, **kwargs)
    def searchsorted(self, *args: Any, **kwargs: Any) -> Result: return self._numpy(np.searchsorted, *args, **kwargs)
    def nonzero(self) -> Result: return np.nonzero(self.data)
    def any(self, *args: Any, **kwargs: Any) -> Result: return self._numpy(np.any, *args, **kwargs)
    def all(self, *args: Any, **kwargs: Any) -> Result: return self._numpy(np.all, *args, **kwargs)
    def round(self, decimals: int = 0, out: Any = None) -> Result: return self._numpy(np.round, decimals, out)
    def item(self, *args: Any) -> Result: return self.data.item(*args)
    def tolist(self) -> Result: return self.data.tolist()

    def __floordiv__(self, other: ArrayLike) -> Result: return self.data // plain(other)
    def __rfloordiv__(self, other: ArrayLike) -> Result: return plain(other) // self.data
    def __divmod__(self, other: ArrayLike) -> Result: return self._numpy(np.divmod, other)
    def __rdivmod__(self, other: ArrayLike) -> Result: return np.divmod(other, cast(Any, self))
    def __round__(self, digits: int = 0) -> Result: return np.round(self.data, digits)
    def __lt__(self, other: ArrayLike) -> Result: return self.data < plain(other)
    def __le__(self, other: ArrayLike) -> Result: return self.data <= plain(other)
    def __gt__(self, other: ArrayLike) -> Result: return self.data > plain(other)
    def __ge__(self, other: ArrayLike) -> Result: return self.data >= plain(other)
    def __eq__(self, other: object) -> Result: return self.data == plain(other)
    def __ne__(self, other: object) -> Result: return self.data != plain(other)
    def __bool__(self) -> bool: return bool(self.data)
    def __len__(self) -> int: return len(self.data)
    def __contains__(self, x: Any) -> bool: return plain(x) in self.data

    def __float__(self) -> float: return float(self._leave("float"))
    def __int__(self) -> int: return int(self._leave("int"))
    def __complex__(self) -> complex: return complex(self._leave("complex"))
    def __index__(self) -> int: return operator.index(self._leave("index"))
    # fmt: on

    def clip(self, min: ArrayLike | None = None, max: ArrayLike | None = None, out: Any = None, **kwargs: Any) -> Self:
        return self._numpy(np.clip, min, max, out, **kwargs)

    def compress(self, condition: Any, axis: Axis = None, out: Any = None) -> Result:
        return np.compress(condition, cast(Any, self), axis, out)

    def reshape(self, *shape: Any, **kwargs: Any) -> Self:
        """Return `np.reshape`; the shape may be one tuple or several integers."""
        given = () if not shape and "shape" not in kwargs else (shape[0] if len(shape) == 1 else shape,)
        return self._numpy(np.reshape, *given, **kwargs)

    def transpose(self, *axes: Any) -> Self:
        """Return `np.transpose`; the axes may be one tuple or several integers."""
        return self._numpy(np.transpose, axes[0] if len(axes) == 1 else axes or None)

    def _leave(self, conversion: str) -> Result:
        if self.requires_grad:
            raise GradientLostError(
                f"{conversion}: a Value that requires a gradient would become a plain number and silently lose its "
                f"graph; use v.item() or v.data, and np.sin(v) rather than math.sin(v)"
            )
        return self.data

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else str(self)

    def __repr__(self) -> str:
        parts = [repr(self.data)]  # another library's array may be lazy
        if isinstance(self.data, np.ndarray | np.generic):
            parts = [np.array2string(np.asarray(self.data), separator=", ", prefix="Value(", threshold=100)]
        if self.dtype != np.float64:
            parts.append(f"dtype={self.dtype}")
        if self.name is not None:
            parts.append(f"name={self.name!r}")
        if self.op is not None:
            parts.append(f"op={self.op.name}")
        elif not self.requires_grad:
            parts.append("requires_grad=False")
        return f"Value({', '.join(parts)})"


def _document() -> None:
    """Say of each method that has no words of its own which function of NumPy it is, for editors and `help`."""
    for name, method in vars(ArrayMethods).items():
        function = method.fget if isinstance(method, property) else method
        if not name.startswith("_") and callable(function) and function.__doc__ is None:
            method.__doc__ = f"NumPy's `ndarray.{name}`, differentiated where it has a derivative."


_document()

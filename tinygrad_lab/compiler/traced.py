"""An array that records what is called on it: just another array library that speaks NumPy's two protocols.

It holds the array that its call gave, and behaves as that does; what would make a Python object of it is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from tinygrad_lab.calls.receivers import Receiver
from tinygrad_lab.compiler.data_shaped import data_shaped
from tinygrad_lab.compiler.lines import name_of, of_user, place
from tinygrad_lab.compiler.program import Variable
from tinygrad_lab.core.operators import GETITEM, getitem
from tinygrad_lab.core.protocols import astype
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import CompileError
from tinygrad_lab.typing import Args, ArrayLike, DTypeLike, Function, Index, Keywords, Result, Scalar

if TYPE_CHECKING:
    from tinygrad_lab.compiler.tracing import Tracer

CURRENT: ContextVar[Tracer | None] = ContextVar("tinygrad_lab_tracer", default=None)
current = CURRENT.get


NUMBERS = (bool, int, float, complex)


def record(function: Function, args: Args, kwargs: Keywords) -> Result:
    """Record a call in the program that is being traced, and return its results."""
    tracer = current()
    if tracer is None:
        raise CompileError(
            f"compile: {name_of(function)} got an array that was traced in another call and has no numbers; "
            f"return it from its function, instead of keeping it in a variable or an attribute"
        )
    return tracer.record(function, args, kwargs)


class Traced(Receiver):
    """An array of a program that is being traced; it behaves like the array that it holds."""

    __slots__ = ("array", "seen", "tracer", "variable")

    def __init__(self, tracer: Tracer, variable: Variable, array: Any) -> None:
        self.tracer, self.variable, self.array = tracer, variable, array
        self.seen = False  # whether its memory is shared, with a caller or a view

    @property  # type: ignore[misc]  # as mocks have it
    def __class__(self) -> Any:
        """The class for `isinstance`: that of the array in an uncompiled call."""
        return type(self.array) if of_user(1) else Traced

    # -- how calls arrive ----------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Result:
        if any(type(x) is Value for x in inputs):
            return NotImplemented  # the Value makes the call again on its arrays
        if any(array is not None for array in kwargs.pop("out", ())):
            refuse(f"{ufunc.__name__} with out=", "write array = array + x instead of array += x")
        if method == "at":
            refuse(f"{ufunc.__name__}.at", "use v.at[i].add(x), or np.bincount")
        return record(ufunc if method == "__call__" else getattr(ufunc, method), inputs, kwargs)

    def __array_function__(self, function: Function, types: Iterable[type], args: Args, kwargs: Keywords) -> Result:
        if Value in types:
            return NotImplemented
        if data_shaped(function, args, kwargs, Traced):
            refuse(f"np.{name_of(function)}, whose result's shape depends on data", "choose elements with np.where")
        if kwargs.get("out") is not None:
            refuse(f"{name_of(function)} with out=", "bind the result to a name instead")
        return record(function, args, {key: x for key, x in kwargs.items() if key != "out"})

    def record(self, op: Any, args: Args, kwargs: Keywords) -> Result:
        """Record a primitive as one call; with a Value among its arguments, that records it."""
        for x in (*args, *kwargs.values()):
            if type(x) is Value:
                return x.record(op, args, kwargs)
        return record(op.function, args, kwargs)

    def __getitem__(self, index: Index) -> Result:
        for part in index if type(index) is tuple else (index,):
            if getattr(part, "dtype", None) == np.bool_ and type(part) is Traced:
                refuse("an index of computed bools, whose result's shape depends on data", "choose with np.where")
            if type(part) is slice and any(type(x) is Traced for x in (part.start, part.stop, part.step)):
                refuse("a slice with computed ends, whose shape depends on data", "pass the ends as Python integers")
        return record(getitem, (self, index), {})

    def __setitem__(self, index: Index, x: ArrayLike) -> NoReturn:
        refuse("x[i] = y", "write v = v.at[i].set(y) on a Value, or build the array with np.where or np.stack")

    # -- what would turn it into a Python object -----------------------------------------------------------------------

    # fmt: off
    def __bool__(self) -> bool:
        refuse("`if`, `while`, `and` or `or` on computed data", "choose with np.where, decide on an argument that is "
                "a Python bool or int, or stop with repeat(until=...)")
    def __float__(self) -> float:
        refuse("float() of computed data", "keep the array (np.sin, not math.sin), or use .item(); and "
                "y[i] = x is tl.Value(y).at[i].set(x)")
    def __int__(self) -> int: refuse("int() of computed data", "use .astype(int), or pass it as a Python integer")
    def __complex__(self) -> complex: refuse("complex() of computed data", "use .astype(complex)")
    def __index__(self) -> int:
        refuse("computed data where Python needs an integer", "index with tl.Value(table)[i], or pass a Python int")
    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        refuse("computed data turned into a plain array", "call np.stack([x, y]) rather than np.array, "
                "tl.Value(table)[i] rather than table[i], and functions that take arrays as they are")
    def __contains__(self, x: object) -> bool: refuse("`in` on computed data", "write np.any(array == x)")
    def __str__(self) -> str:
        refuse("a text of computed data", "return it, and print it outside; repr(x) tells what is traced")
    def __format__(self, spec: str) -> str: return str(self)
    # fmt: on

    def __repr__(self) -> str:
        return f"<traced {self.variable.name}: {self.shape} {self.dtype}>"

    def tolist(self) -> NoReturn:
        """Refuse: a list would hold Python numbers."""
        refuse("tolist() of computed data", "return the array, and convert it outside")

    def conj(self) -> Result:
        """Return `np.conjugate`."""
        return record(np.conjugate, (self,), {})

    def item(self, *index: int) -> Result:
        """Return an element, the only one or that at an index, as a Python number, which does not widen dtypes."""
        if index:
            return (self[index] if len(index) > 1 else np.ravel(self)[index[0]]).item()
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
    def T(self) -> Result: return record(np.transpose, (self,), {})
    @property
    def mT(self) -> Result: return record(np.swapaxes, (self, -1, -2), {})
    @property
    def real(self) -> Result: return record(np.real, (self,), {})
    @property
    def imag(self) -> Result: return record(np.imag, (self,), {})
    # fmt: on

    def astype(self, dtype: DTypeLike, **_: Any) -> Result:
        """Return the array converted to `dtype`."""
        return self if np.dtype(dtype) == self.dtype and not self.variable.weak else record(astype, (self, dtype), {})

    def reshape(self, *shape: Any, **kwargs: Any) -> Result:
        """Return `np.reshape`; the shape may be one tuple or several integers."""
        return record(np.reshape, (self, shape[0] if len(shape) == 1 else shape), kwargs)

    def transpose(self, *axes: Any) -> Result:
        """Return `np.transpose`; the axes may be one tuple or several integers."""
        return record(np.transpose, (self, (axes[0] if len(axes) == 1 else axes) or None), {})

    def flatten(self, order: str = "C") -> Result:
        """Return `np.ravel`."""
        return record(np.ravel, (self, order), {})

    def copy(self, order: str = "C") -> Result:
        """Return `np.copy`: two results of a program must be two arrays."""
        return record(np.copy, (self,), {})

    def fill(self, value: object) -> NoReturn:
        """Refuse: a compiled function does not write in place."""
        refuse("fill()", "use np.full_like")


def refuse(what: str, advice: str) -> NoReturn:
    """Raise an error about something that a compiled function cannot do; it says where, and what to do instead."""
    line, _ = place()
    raise CompileError(f"compile: a compiled function cannot have {what}, as at {line}; {advice}")


def _indexed(x: Any, index: Any) -> Any:
    """Return `x[index]`, even if only the index is traced."""
    traced = any(type(part) is Traced for part in (index if type(index) is tuple else (index,)))
    return record(getitem, (x, index), {}) if traced and type(x) is not Traced else x[index]


GETITEM.forward = _indexed  # a plain array cannot be indexed by a Traced one


def item_of(x: Any) -> Scalar:
    """Return `x.item()`, a Python number."""
    return x.item()


item_of.__name__ = "item"

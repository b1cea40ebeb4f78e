"""NumPy's two protocols: how `np.tanh(v)` and `np.sum(v, axis=0)` reach the registry."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.core import registry
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.core.registry import Op, operation
from tinygrad_lab.errors import GradientLostError

# A ufunc's methods are other functions under another name; `reduce` and `accumulate` take axis 0 unless told.
_REDUCTIONS: dict[tuple[np.ufunc, str], Any] = {
    (np.add, "reduce"): np.sum,
    (np.multiply, "reduce"): np.prod,
    (np.maximum, "reduce"): np.max,
    (np.minimum, "reduce"): np.min,
    (np.add, "accumulate"): np.cumsum,
    (np.multiply, "accumulate"): np.cumprod,
}


def astype(x: Any, dtype: Any) -> Any:
    """Return `x` converted to `dtype`."""
    return x.astype(dtype)


ASTYPE = operation(astype)

if hasattr(np, "astype"):  # NumPy 2.1

    @registry.composed(np.astype)
    def _astype(x: Any, dtype: Any, /, *, copy: bool = True, device: str | None = None) -> Any:
        return x.astype(dtype)


class NumpyProtocols(registry.Recorder):
    """Mixed into `Value`: hands every NumPy call to the operation that the registry has for it."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(array is not None for array in kwargs.pop("out", ())):
            raise _no_out(ufunc.__name__)
        if method != "__call__":
            return _call_method(ufunc, method, inputs, kwargs)
        op = registry.find(ufunc)
        if kwargs:
            inputs, kwargs = _apply_keywords(op, inputs, kwargs)
        return self._call(op, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self._call(registry.find(function), args, kwargs)

    def _call(self, op: Op, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if op.kind is registry.ZERO:
            if len(args) == 1 and not kwargs and isinstance(args[0], registry.Recorder):
                return op.forward(args[0].data)  # np.shape and its kin, which rules call often
            return op.forward(*tree.map(plain, args), **tree.map(plain, kwargs))
        if "out" in kwargs and kwargs.pop("out") is not None:
            raise _no_out(op.name)
        if op.kind is registry.COMPOSED:
            return op.forward(*args, **kwargs)
        return self.record(op, args, kwargs)

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise GradientLostError(
            "asarray: a Value must not become a plain array, got one; its graph would be lost silently: "
            "use v.data or v.detach() to leave the graph, np.stack([v, w]) to join Values"
        )

    def astype(self, dtype: Any) -> Any:
        """Return the Value converted to `dtype`; integers have no derivative, so they are plain arrays."""
        dtype = np.dtype(dtype)
        if dtype.kind not in "fc":
            return self.data.astype(dtype)
        return self.record(ASTYPE, (self,), {"dtype": dtype})


def _no_out(name: str) -> GradientLostError:
    return GradientLostError(
        f"{name}: out must be left out, got an array; a Value is never written in place, "
        f"write array = array + v instead of array += v"
    )


def _apply_keywords(op: Op, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return inputs that, without keywords, give what the ufunc gives with them, and `axis`, where an operation has it.

    `dtype` converts the inputs.
    """
    dtype = kwargs.pop("dtype", None)
    axis = {"axis": kwargs.pop("axis")} if "axis" in kwargs and op.kind is registry.COMPOSED else {}
    if kwargs:
        raise TypeError(
            f"{op.name}: keywords must be dtype, got {', '.join(sorted(kwargs))}; "
            f"for where=, call the function without it and choose with np.where"
        )
    if dtype is None:
        return inputs, axis
    return tuple(x.astype(dtype) if hasattr(x, "astype") else np.asarray(x, dtype) for x in inputs), axis


def _call_method(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call the function that `ufunc.reduce`, `.accumulate` or `.outer` is another name for."""
    if method == "outer":
        a, b = inputs
        return ufunc(np.reshape(a, np.shape(a) + (1,) * np.ndim(b)), b, **kwargs)
    if method == "at":
        raise GradientLostError(
            f"{ufunc.__name__}.at: array must not be written in place, got a Value; write v = v.at[i].add(x)"
        )
    function = _REDUCTIONS.get((ufunc, method))
    if function is None:
        known = ", ".join(f"np.{u.__name__}.{m}" for u, m in _REDUCTIONS)
        raise GradientLostError(
            f"{ufunc.__name__}.{method}: ufunc method must have a derivative rule, got none for it; "
            f"those that have one are {known} and outer"
        )
    array, *positional = inputs
    return function(array, *(positional or [kwargs.pop("axis", 0)]), **kwargs)

"""NumPy's two protocols: how `np.tanh(v)` and `np.sum(v, axis=0)` reach the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lab import refusals, tree
from tinygrad_lab.calls import foreign, ufuncs
from tinygrad_lab.calls.judging import judged
from tinygrad_lab.calls.leaves import LeafMethods
from tinygrad_lab.calls.receivers import Recorder
from tinygrad_lab.calls.spelling import conversion
from tinygrad_lab.core import declare, registry
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.core.registry import Op, operation
from tinygrad_lab.typing import DTypeLike, Result


def astype(x: Any, dtype: DTypeLike) -> Result:
    """Return `x` converted to `dtype`."""
    return x.astype(dtype)


ASTYPE = operation(astype)


@declare.composed(np.astype)
def _astype(x: Any, dtype: DTypeLike, /, *, copy: bool = True, device: str | None = None) -> Result:
    return x.astype(dtype)


class NumpyProtocols(LeafMethods):
    """Mixed into `Value`: hands every NumPy call to the operation that the registry has for it."""

    __slots__ = ()
    __pandas_priority__ = 5000  # above a DataFrame's: its operators leave the computation to the Value

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Result:
        if not kwargs and method == "__call__":  # as usual
            return self._dispatch(registry.find(ufunc), inputs, kwargs)
        if all(array is None for array in kwargs.get("out", ())):
            kwargs.pop("out", None)
        if method != "__call__":  # a method is a function whose first argument is the ufunc
            for name in ("array", "indices"):  # what was given by keyword, NumPy gives by position as well
                kwargs.pop(name, None)
            return self._dispatch(registry.find(getattr(np.ufunc, method)), (ufunc, *inputs), kwargs)
        op = registry.find(ufunc)
        if kwargs and op.kind is not registry.ZERO:
            return ufuncs.call(ufunc, inputs, kwargs)
        return self._dispatch(op, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Result:
        return self._dispatch(registry.find(function), args, kwargs)

    def _numpy(self, function: Any, *args: Any, **kwargs: Any) -> Result:
        return self._dispatch(registry.find(function), (self, *args), kwargs)

    def _dispatch(self, op: Op, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Result:
        """Call an operation of any kind on arguments of which some are Values."""
        try:
            if op.kind is registry.RULE:
                return self.record(op, args, kwargs)
            if op.kind is registry.ZERO:
                return call_plain(op, args, kwargs)
            direct = not kwargs and op.least <= len(args) <= op.direct
            bound, options = (args, kwargs) if direct else op.bind(args, kwargs)
            return (foreign.careful(op.name, op.forward) if foreign.MET else op.forward)(*bound, **options)
        except Exception as error:
            raise judged(op.function, args, kwargs, error)  # noqa: B904  which may be the same

    if not TYPE_CHECKING:

        def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
            return foreign.array_of(self) if self.requires_grad else np.array(self.data, dtype, copy=copy)

    def astype(
        self, dtype: DTypeLike, order: Any = "K", casting: Any = "unsafe", subok: Any = True, copy: Any = True
    ) -> Result:
        """Return the Value converted to `dtype`; integers have no derivative, so they are plain arrays."""
        dtype = conversion(self.data, dtype, order, casting, subok)
        if dtype.kind not in "fc":
            return self.data.astype(dtype)
        return self.record(ASTYPE, (self,), {"dtype": dtype}, True)


def call_plain(op: Op, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Result:
    """Call an operation of zero derivative: on the arrays inside Values, wherever they are."""
    if len(args) == 1 and not kwargs and isinstance(args[0], Recorder):
        return op.forward(args[0].data)  # np.shape and its kin, which rules call often
    out = dict(zip(op.parameters, args, strict=False), **kwargs).get("out")
    if any(isinstance(array, Recorder) for array in (out if isinstance(out, tuple) else (out,))):
        raise refusals.arguments.no_out(op.name)
    return op.forward(*tree.map(plain, args), **tree.map(plain, kwargs))

"""The dtype of what comes without one: Python numbers and lists made into Values, and the parameters of layers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.typing import DTypeLike, Result

_FLOAT64 = np.dtype(np.float64)
_default: ContextVar[np.dtype[Any]] = ContextVar("tinygrad_lab_dtype", default=_FLOAT64)
current_default = _default.get


def get_default_dtype() -> np.dtype[Any]:
    """Return the dtype that numbers without one get.

    Example:
        >>> import tinygrad_lab as tl
        >>> tl.get_default_dtype()
        dtype('float64')
    """
    return _default.get()


def set_default_dtype(dtype: DTypeLike) -> None:
    """Let Python numbers, lists, integers and the parameters of layers become Values of this dtype, in this thread.

    Arrays of floating numbers keep theirs.

    Arguments:
        dtype: a real floating dtype, such as "float32"; float64 at first.

    Raises:
        ArgumentError: for any other dtype.

    Example:
        >>> import tinygrad_lab as tl
        >>> tl.set_default_dtype("float32")
        >>> tl.Value([1.0, 2.0]).dtype, tl.nn.Linear(2, 1).weight.dtype
        (dtype('float32'), dtype('float32'))
        >>> tl.set_default_dtype("float64")
    """
    _default.set(_checked("set_default_dtype", dtype, "f"))


@contextmanager
def default_dtype(dtype: DTypeLike) -> Iterator[None]:
    """Do what `set_default_dtype` does inside a `with` block or a decorated function.

    Arguments:
        dtype: a real floating dtype.

    Raises:
        ArgumentError: for any other dtype.

    Example:
        >>> import tinygrad_lab as tl
        >>> with tl.default_dtype("float32"):
        ...     model = tl.nn.Linear(2, 1)
        >>> model.bias.dtype, tl.Value(1.0).dtype
        (dtype('float32'), dtype('float64'))
    """
    token = _default.set(_checked("default_dtype", dtype, "f"))
    try:
        yield
    finally:
        _default.reset(token)


def given_or_default(dtype: DTypeLike) -> Result:
    """Return a dtype, the default where it is None."""
    return get_default_dtype() if dtype is None else dtype


def converted(data: Any, dtype: DTypeLike, without: bool) -> Result:
    """Return what a Value is to hold in its dtype; `without`: the data had none of its own."""
    if dtype is not None:
        return data.astype(_checked("Value", dtype, "fc"))
    default = get_default_dtype()
    if data.dtype.kind in "biu" or (without and data.dtype.kind == "f"):
        return data.astype(default, copy=False)
    if without and data.dtype.kind == "c":
        return data.astype(np.result_type(default, np.complex64), copy=False)
    return data


def _checked(name: str, dtype: DTypeLike, kinds: str) -> np.dtype[Any]:
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = np.dtype(object)
    if found.kind not in kinds:
        rule = "a floating or complex dtype" if "c" in kinds else "a floating dtype"
        raise ArgumentError(f"{name}: dtype must be {rule}, got {dtype!r}; use 'float32' or 'float64'")
    return found

"""Objects of other libraries that meet a Value: pandas' tables, SciPy's sparse matrices, functions that want arrays."""

from __future__ import annotations

import sys
import warnings
from types import FrameType
from typing import Any

import numpy as np

from tinygrad_lab import refusals, tree
from tinygrad_lab.calls.receivers import Receiver, plain
from tinygrad_lab.errors import TinygradError
from tinygrad_lab.typing import Result

FLOATING = tuple(np.dtype(kind) for kind in "dfFDegG")  # what can be differentiated, the most usual first
ARRAYS = frozenset({np.ndarray, np.float64, np.float32})  # what a Value mostly holds
USUAL = ARRAYS | {float, int, bool, type(None)}  # taken as they are, at no cost
_SEQUENCES = frozenset({list, tuple, np.matrix})  # a matrix would turn products into matrix products
_LIBRARIES = frozenset({"matplotlib", "pandas", "scipy", "sklearn"})


def operand(name: str, elementwise: bool, x: Any) -> Result:
    """Return what an operation computes with in the place of a constant that is of no usual type.

    Tables become arrays: there is no alignment by label in a graph. Sparse arrays stay what they are in matrix
    products, and become dense where each element is needed.
    """
    if type(x) in _SEQUENCES:
        return np.asarray(x) if elementwise else x
    if is_table(x):
        return table(x)
    if is_sparse(x) and name != "matmul":
        if elementwise and not _multiplies_as_matrix(x):
            return x.toarray()
        raise refusals.arrays.sparse(name, type(x).__name__)
    return meet(x)


def beside(constant: Any, *others: Any) -> Result:
    """Return a constant array of NumPy's in the library of the arrays it is about to meet: a GPU's do not mix with it.

    Whatever is NumPy's own, a number, or an array that only records calls, takes it as it is.
    """
    if isinstance(constant, Receiver):
        return constant
    for x in map(plain, others):
        if type(x) in USUAL or isinstance(x, np.ndarray | np.generic | Receiver):
            continue
        if hasattr(x, "__array_function__"):
            return np.asarray(constant, like=x)
    return constant


MET: set[type] = set()  # the array types of other libraries that have been in a graph; hardly ever there are any


def meet(x: Any) -> Any:
    """Note the type of an array that is not NumPy's, and return it: from now on calls on such arrays are looked at."""
    if not isinstance(x, np.ndarray | np.generic | Receiver | str) and hasattr(x, "__array_function__"):
        MET.add(type(x))
    return x


def are_numpys(args: Any) -> bool:
    """Whether all arguments are NumPy's own or Values of such arrays, as they mostly are: this is soon told.

    A program that has met Dask once would else take three times as long for all that has nothing to do with it.
    """
    return all(type(x) in USUAL or type(getattr(x, "data", None)) in ARRAYS for x in args)


def strictly(name: str, function: Any, args: Any, kwargs: Any, inner: bool = False) -> Any:
    """Call a function, and refuse by `name` what the library of the arrays among its arguments cannot do.

    Dask would warn, compute everything here, and go on with NumPy's arrays: that is refused before it happens.

    `inner`: it is a rule, or a function written with other operations; its result may be NumPy's.
    """
    theirs = None if are_numpys(args) else next((x for x in tree.leaves(list(args)) if type(plain(x)) in MET), None)
    if theirs is None:
        return function(*args, **kwargs)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", r"The `.*` function is not implemented by Dask", FutureWarning)
        try:
            result = function(*args, **kwargs)
        except Exception as error:
            with_shapes = isinstance(error, ValueError | IndexError) and not inner  # which `record` tells
            if with_shapes or isinstance(error, TinygradError):
                raise
            raise refusals.arguments.elsewhere(name, type(plain(theirs)), error) from error
    if type(result) is np.ndarray and result.ndim and not inner:
        raise refusals.arguments.elsewhere(name, type(plain(theirs)), None)
    return result


def careful(name: str, rule: Any) -> Any:
    """Return a derivative rule that is called `strictly`."""
    return lambda *args, **kwargs: strictly(name, rule, args, kwargs, inner=True)


def is_table(x: object) -> bool:
    """Whether `x` is an object of pandas' (a table, a column or an index), or a tensor of PyTorch's."""
    library = type(x).__module__.partition(".")[0]
    return library == "pandas" or (library == "torch" and hasattr(x, "detach"))


def table(x: Any) -> Result:
    """Return the numbers of a pandas object as an array, where what is missing is NaN; or those of a tensor."""
    if hasattr(x, "detach"):
        if x.requires_grad:
            raise refusals.arrays.tracked_elsewhere()
        return x.detach().cpu().numpy()
    dtypes = x.dtypes if hasattr(x, "dtypes") else x.dtype  # several of a table, one of a column or an index
    kinds = {dtype.kind for dtype in ([dtypes] if hasattr(dtypes, "kind") else dtypes)}
    if not kinds <= set("biufc"):
        raise refusals.arrays.no_numbers_in_table(type(x).__name__, np.asarray(x).dtype)
    found = np.asarray(x)
    return x.to_numpy(np.float64, na_value=np.nan) if found.dtype.kind == "O" else found


def is_lazy(x: object) -> bool:
    """Whether `x` only notes what to compute: Dask's collections, and what follows their protocol, have a graph."""
    return hasattr(x, "__dask_graph__")


def is_sparse(x: object) -> bool:
    """Whether `x` is a sparse array or matrix of SciPy's."""
    return hasattr(x, "tocsr") and type(x).__module__.startswith("scipy.sparse")


def _multiplies_as_matrix(x: Any) -> bool:
    return not any(kind.__name__ == "sparray" for kind in type(x).__mro__)


def array_of(value: Any) -> Result:
    """Answer a library that wants an array of a Value that requires a gradient: it is refused, by its name.

    SciPy's sparse arrays ask before a product `S @ v` whether the other can be an array: what they understand as no,
    and leave to the other, is an array of one object.
    """
    frame: FrameType | None = sys._getframe(2)
    if frame is not None and frame.f_code.co_name == "_matmul_dispatch" and _library(frame) == "scipy":
        found = np.empty((), object)
        found[()] = value
        return found
    raise refusals.arrays.lost_in_array(_caller(frame))


def _caller(frame: FrameType | None) -> str:
    """Return the name of the outermost function of the library that wants the array; "asarray" for NumPy's."""
    name, place = "asarray", ""
    while frame is not None and _library(frame) == "numpy":
        name = frame.f_code.co_name if frame.f_code.co_name in ("full", "full_like") else name
        frame = frame.f_back
    library = "" if frame is None else _library(frame)
    if library not in _LIBRARIES:
        return name
    name = ""
    while frame is not None and _library(frame) in (library, "numpy"):
        if _library(frame) == library:
            name, place = _public(frame) or name, frame.f_globals["__name__"]
        frame = frame.f_back
    parts = [library] if library in ("matplotlib", "pandas") else [p for p in place.split(".") if p[:1] != "_"]
    return ".".join([*parts, name] if name else parts)


def _public(frame: FrameType) -> str:
    """Return the name of the function that runs in a frame, if users know it: a class's for its constructor."""
    name = frame.f_code.co_name
    if name in ("__init__", "__call__"):
        return type(frame.f_locals.get("self")).__name__
    return "" if name.startswith(("_", "<")) or "<locals>" in frame.f_code.co_qualname else name


def _library(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]

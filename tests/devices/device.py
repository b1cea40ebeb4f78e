"""`Device`: an array that is as a GPU's, without a GPU.

It computes with NumPy, and refuses what CuPy refuses (its page "Differences between CuPy and NumPy"):

- it never becomes a NumPy array, a Python number or a truth value by itself: each would wait for the device;
- it mixes with nothing but its own kind and Python's numbers: neither NumPy's arrays nor its scalars, nor lists,
  except as an index, and what is written at one;
- reductions and indexing give 0-d arrays, never scalars;
- no objects, no extended precision;
- functions that CuPy lacks are not there.
"""

from __future__ import annotations

import functools
import types

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from tinygrad_lab.calls.receivers import Recorder

# Without a CuPy function of the name, by its table of comparison.
MISSING = {
    np.geomspace, np.insert, np.nanpercentile, np.nanquantile, np.linalg.multi_dot, np.ediff1d, np.polyder, np.polyint,
    np.polydiv, np.einsum_path,
}  # fmt: skip


class Refused(TypeError):
    """What a GPU's array would not do."""


class Device(NDArrayOperatorsMixin):
    """An array on a device that is none."""

    def __init__(self, array):
        array = np.asarray(array)
        if array.dtype.kind not in "biufc" or array.dtype.itemsize > 8 * (1 + (array.dtype.kind == "c")):
            raise Refused(f"a device's array cannot hold {array.dtype}")
        self._array = array

    # -- protocols -----------------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if any(isinstance(x, Recorder) for x in inputs):
            return NotImplemented
        if method == "at":  # the positions may be NumPy's
            inputs = (inputs[0], on_device(inputs[1]), *inputs[2:])
        if not all(isinstance(x, _TAKEN) and not isinstance(x, np.generic) for x in inputs):
            kinds = ", ".join(type(x).__name__ for x in inputs)
            raise Refused(f"{ufunc.__name__}: a device's arrays mix with their own and Python's numbers, got {kinds}")
        if any(not isinstance(x, Device) for x in kwargs.get("out", ())):
            raise Refused(f"{ufunc.__name__}: a device's results stay on the device")
        result = getattr(ufunc, method)(*map(to_host, inputs), **to_host(kwargs))
        return kwargs["out"][0] if "out" in kwargs else on_device(result)

    def __array_function__(self, function, kinds, args, kwargs):
        if function in MISSING or any(issubclass(kind, Recorder) for kind in kinds):
            return NotImplemented
        if any(issubclass(kind, np.ndarray) for kind in kinds):
            raise Refused(f"{function.__name__}: a device's arrays and NumPy's do not mix")
        if (args or kwargs) and "like" in kwargs:
            kwargs = {name: x for name, x in kwargs.items() if name != "like"}
        return on_device(function(*to_host(args), **to_host(kwargs)))

    def __array__(self, *args, **kwargs):
        raise Refused("a device's array becomes NumPy's only by .get()")

    def get(self):
        """Return NumPy's array, as CuPy's method of this name does."""
        return self._array

    def _not_a_number(self, *_):
        raise Refused("a device's array becomes a number only by .item()")

    __float__ = __int__ = __bool__ = __index__ = __complex__ = _not_a_number

    def item(self):
        return self._array.item()

    def tolist(self):
        return self._array.tolist()

    # -- what arrays have ----------------------------------------------------------------------------------------------

    shape = property(lambda self: self._array.shape)
    ndim = property(lambda self: self._array.ndim)
    size = property(lambda self: self._array.size)
    dtype = property(lambda self: self._array.dtype)
    nbytes = property(lambda self: self._array.nbytes)
    itemsize = property(lambda self: self._array.itemsize)
    base = property(lambda self: self._array.base)
    T = property(lambda self: Device(self._array.T))
    real = property(lambda self: Device(self._array.real))
    imag = property(lambda self: Device(self._array.imag))
    flags = property(lambda self: self._array.flags)
    __hash__ = object.__hash__

    def __len__(self):
        return len(self._array)

    def __repr__(self):
        return f"Device({self._array!r})"

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index):
        return on_device(self._array[to_host(index)])

    def __setitem__(self, index, value):
        self._array[to_host(index)] = to_host(value)

    def __getattr__(self, name):
        if name in METHODS:
            method = getattr(self._array, name)
            return lambda *args, **kwargs: on_device(method(*to_host(args), **to_host(kwargs)))
        raise AttributeError(name)


# Beside Python's numbers, the positions of `reduceat`.
_TAKEN = (Device, bool, int, float, complex, list)
METHODS = frozenset(
    {
        *("all", "any", "argmax", "argmin", "argsort", "astype", "clip", "conj", "copy", "cumprod", "cumsum"),
        *("diagonal", "dot", "flatten", "max", "mean", "min", "nonzero", "prod", "ravel", "repeat", "reshape", "round"),
        *("sort", "squeeze", "std", "sum", "swapaxes", "take", "trace", "transpose", "var", "view"),
    }
)


def to_host(x):
    """Return NumPy's arrays in the place of a device's, in containers too."""
    if isinstance(x, Device):
        return x._array
    if isinstance(x, list | tuple):
        parts = [to_host(one) for one in x]
        return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)
    if isinstance(x, dict):
        return {name: to_host(one) for name, one in x.items()}
    return x


def on_device(x, seen=None):
    """Return a device's arrays in the place of NumPy's, in containers and in what functions close over too."""
    seen = {} if seen is None else seen
    if isinstance(x, np.ndarray | np.generic):
        return Device(x)
    if isinstance(x, list) and x and all(type(one) is float for one in x):
        return Device(x)
    if isinstance(x, list | tuple):
        parts = [on_device(one, seen) for one in x]
        return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)
    if isinstance(x, dict):
        return {name: on_device(one, seen) for name, one in x.items()}
    if isinstance(x, functools.partial):
        return functools.partial(on_device(x.func, seen), *on_device(x.args, seen), **on_device(x.keywords, seen))
    if isinstance(x, types.FunctionType) and x.__module__.startswith("tests."):
        return _moved(x, seen)
    return x


def _moved(function, seen):
    """Return a function of a test with its constants on the device, and those of the functions that it calls."""
    if function not in seen:
        world = {"__builtins__": __builtins__}
        closure = tuple(types.CellType() for _ in function.__closure__ or ())
        moved = types.FunctionType(function.__code__, world, function.__name__, None, closure)
        seen[function] = moved
        moved.__defaults__ = on_device(function.__defaults__, seen)
        moved.__kwdefaults__ = on_device(function.__kwdefaults__, seen)
        for new, old in zip(closure, function.__closure__ or (), strict=True):
            new.cell_contents = on_device(old.cell_contents, seen)
        for name in _names(function.__code__) & function.__globals__.keys():
            world[name] = on_device(function.__globals__[name], seen)
    return seen[function]


def _names(code):
    """Return the global names that code uses, in the functions within it too."""
    return {*code.co_names}.union(*(_names(inner) for inner in code.co_consts if isinstance(inner, types.CodeType)))

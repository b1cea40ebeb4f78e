"""The spellings of options: `np.int64(1)` is 1, `"c"` is `"C"`, `[0]` is `(0,)`.

What is spelled as usual is used unchanged. The rest is tried with NumPy, by the same call on plain arrays: what it
refuses is refused, and what it takes is brought into the usual spelling, the only one that rules know.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, SupportsIndex

import numpy as np

from tinygrad_lab import refusals, tree
from tinygrad_lab.calls.receivers import plain
from tinygrad_lab.typing import Args, Array, DTypeLike, Function, Keywords, Shape

_WORDS: dict[str, tuple[Any, ...]] = {
    "order": ("C", "F", "A", "K", None),
    "casting": ("no", "equiv", "safe", "same_kind", "unsafe"),
    "device": ("cpu", None),
}
_AXES = ("axis", "axes")
_FLAGS = ("keepdims", "subok")  # whatever NumPy writes as their default
_NUMPYS = (np.ndarray, np.generic)


def usual_types(name: str, default: object) -> frozenset[type]:
    """Return the types of which an option needs no second look, given the default."""
    if name in _WORDS:
        return frozenset()
    if name in _FLAGS:
        return frozenset({bool})
    if type(default) in (bool, int, float, str):
        return frozenset({type(default)})
    if name in _AXES:
        return frozenset({int, tuple, type(None)})
    usual = frozenset({int, tuple, np.ndarray, type, np.dtype})
    return usual | {type(None)} if default is None else usual


def is_usual(name: str, x: object, default: object) -> bool:
    """Whether an option is spelled as rules expect it; arrays, texts and whatever else they check themselves are."""
    if name in _WORDS:
        return any(type(x) is type(word) and x == word for word in _WORDS[name])
    if type(x) in usual_types(name, default):
        return True
    if type(default) in (bool, int) or x is None or name in _FLAGS:
        return type(default) is int and type(x) is float and not x.is_integer()  # as NumPy's ddof may be
    return not isinstance(x, bool | np.bool_ | np.integer | np.str_ | bytes) and (
        name not in _AXES or type(x) is not list
    )


def usual(name: str, x: Any, default: object) -> Any:
    """Return an option that NumPy takes in the usual spelling."""
    if isinstance(x, bytes | str):
        text = x.decode() if isinstance(x, bytes) else str(x)
        return text.upper() if name == "order" else text
    if type(default) is bool or name in _FLAGS:
        return bool(x)
    if name in _AXES and isinstance(x, list | np.ndarray) and np.ndim(x):
        return tuple(x)
    if (name in _AXES or type(default) is int) and np.ndim(x) == 0 and x is not None and int(x) == x:
        return int(x)
    return x


def as_shape(size: SupportsIndex | Sequence[SupportsIndex]) -> Shape:
    """Return the shape that one number stands for, or several.

    Example:
        >>> as_shape(np.int64(3)), as_shape([2, 3]), as_shape(())
        ((3,), (2, 3), ())
    """
    numbers: Any = size if np.ndim(size) else (size,)  # type: ignore[arg-type]
    return tuple(map(operator.index, numbers))


def ask(function: Function, args: Args, kwargs: Keywords) -> None:
    """Raise what NumPy's function raises, called on plain arrays; nothing is tried on another library's."""
    leaves, rebuild = tree.flatten((args, kwargs))
    values = [x.data for x in leaves if plain(x) is not x]
    if not all(isinstance(x, _NUMPYS) for x in values):
        return
    plain_args, plain_kwargs = rebuild([x if plain(x) is x else plain(x).copy() for x in leaves])  # may be written into
    try:
        with np.errstate(all="ignore"):
            function(*plain_args, **plain_kwargs)
    except Exception as error:
        raise refusals.arguments.refused(function.__name__, plain_args, args, error) from error


def of_numpy(function: Function) -> bool:
    """Whether a function is NumPy's, so that NumPy says what its options may be."""
    return isinstance(function, np.ufunc) or (getattr(function, "__module__", None) or "numpy").startswith("numpy")


def conversion(array: Array, dtype: DTypeLike, order: object, casting: Any, subok: object) -> np.dtype[Any]:
    """Return the dtype that an array may be converted to; raise what NumPy raises, if it may not be."""
    found = np.dtype(dtype)
    options = (("order", order), ("casting", casting), ("subok", subok))
    if isinstance(array, _NUMPYS) and not all(is_usual(name, x, None) for name, x in options):
        ask(np.ndarray.astype, (np.asarray(array), dtype, order, casting, subok), {})
    if casting != "unsafe" and not np.can_cast(array.dtype, found, usual("casting", casting, "unsafe")):
        raise refusals.arguments.not_cast(array.dtype, found, casting)
    return found

"""What NumPy refuses is refused with NumPy's class of error, whichever part of this package noticed it first."""

from __future__ import annotations

import warnings

import numpy as np

from tinygrad_lab import refusals, tree
from tinygrad_lab.calls.receivers import plain
from tinygrad_lab.errors import GradientLostError, TinygradError
from tinygrad_lab.typing import Args, Function, Keywords


def judged(function: Function, args: Args, kwargs: Keywords, error: Exception) -> Exception:
    """Return the error to raise for a call that failed: what was raised, unless NumPy raises another kind of error.

    What NumPy itself raised, somewhere inside, is told with the name of the function that was called. A graph that
    would be lost is no matter of NumPy's, nor are arrays of other libraries, or what a function raised that was handed
    over.
    """
    leaves = tree.flatten((args, kwargs))[0]
    if isinstance(error, GradientLostError) or not all(map(_is_numpys, leaves)):
        return error
    plain_args, plain_kwargs = tree.map(plain, args), tree.map(plain, kwargs)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            function(*plain_args, **plain_kwargs)
    except Exception as numpys:
        theirs = not isinstance(error, TinygradError) and not any(map(_is_function, leaves))
        if theirs or not isinstance(error, type(numpys)):
            return refusals.arguments.refused(function.__name__, plain_args, args, numpys)
    return error


def _is_numpys(x: object) -> bool:
    x = plain(x)
    return isinstance(x, np.ndarray) or not hasattr(x, "__array_function__")


def _is_function(x: object) -> bool:
    return callable(x) and not isinstance(x, type | np.ufunc | np.ndarray)

"""The keywords of a ufunc, as conversions of its inputs and a move of its axes: what remains is a call without any."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab import refusals
from tinygrad_lab.calls.spelling import ask, is_usual
from tinygrad_lab.errors import CallError, GradientLostError
from tinygrad_lab.typing import Args, Keywords, Result

_ABOUT_AXES = ("axes", "axis", "keepdims")
_KEYWORDS = ("where", "dtype", "casting", "signature", "sig", "order", "subok")


def call(ufunc: np.ufunc, inputs: Args, kwargs: Keywords) -> Result:
    """Return `ufunc(*inputs, **kwargs)`, by a call of the ufunc without keywords."""
    if "out" in kwargs:
        raise refusals.arguments.no_out(ufunc.__name__)
    known = _KEYWORDS if ufunc.signature is None else (*_KEYWORDS[1:], *_ABOUT_AXES)
    for name in kwargs:
        if name not in known:
            raise refusals.arguments.unknown(ufunc.__name__, name, known)
    where = kwargs.get("where", True)
    if not (isinstance(where, bool | np.bool_) and where):
        raise GradientLostError(
            f"{ufunc.__name__}: where of shape {np.shape(where)} would leave elements without a number; call the "
            f"function without it, and choose with np.where(mask, y, other)"
        )
    if not all(is_usual(name, kwargs[name], None) for name in ("order", "casting", "subok") if name in kwargs):
        ask(ufunc, inputs, kwargs)
    if not kwargs.keys().isdisjoint(("dtype", "casting", "signature", "sig")):
        inputs = _converted(ufunc, inputs, kwargs)
    if ufunc.signature is None or kwargs.keys().isdisjoint(_ABOUT_AXES):
        return ufunc(*inputs)
    if "axes" in kwargs:
        ask(ufunc, inputs, kwargs)
    before, after, keepdims = _moves(ufunc, inputs, kwargs)
    result = ufunc(*(_to_last(x, axes) for x, axes in zip(inputs, before, strict=True)))
    if keepdims:
        result = np.expand_dims(result, tuple(range(-len(after), 0)))
    return np.moveaxis(result, tuple(range(-len(after), 0)), after) if after else result


def _converted(ufunc: np.ufunc, inputs: Args, kwargs: Keywords) -> Args:
    """Return the inputs in the dtypes of the loop that NumPy would run."""
    inputs = tuple(x if hasattr(x, "dtype") or type(x) in (int, float, complex) else np.asarray(x) for x in inputs)
    options = {"casting": kwargs.get("casting", "same_kind")}
    if kwargs.get("dtype") is not None:
        options["signature"] = (None,) * ufunc.nin + (np.dtype(kwargs["dtype"]),) * ufunc.nout
    elif "signature" in kwargs or "sig" in kwargs:
        options["signature"] = kwargs.get("signature", kwargs.get("sig"))
    given = (*(x.dtype if hasattr(x, "dtype") else type(x) for x in inputs), *(None,) * ufunc.nout)
    loop = ufunc.resolve_dtypes(given, **options)
    pairs = zip(inputs, loop, strict=False)
    return tuple(
        x if getattr(x, "dtype", None) == to else x.astype(to) if hasattr(x, "dtype") else to.type(x) for x, to in pairs
    )


# -- axes of generalised ufuncs --------------------------------------------------------------------------------------

Core = tuple[int, ...]  # the axes of one array that the function itself works on


def _moves(ufunc: np.ufunc, inputs: Args, kwargs: Keywords) -> tuple[list[Core], Core, bool]:
    """Return the core axes of each input and of the result, and whether the result keeps a summed axis."""
    terms = [
        term.split(",") if term else [] for term in (ufunc.signature or "")[1:-1].replace(")->(", "),(").split("),(")
    ]
    keepdims, axis, axes = kwargs.get("keepdims", False), kwargs.get("axis"), kwargs.get("axes")
    if axis is not None:
        if axes is not None or [len(term) for term in terms] != [1] * ufunc.nin + [0]:
            raise CallError(
                f"{ufunc.__name__}: axis={axis} is not enough where there is more than one core axis; pass axes"
            )
        axes = [axis] * ufunc.nin + ([axis] if keepdims else [])
    if keepdims and terms[-1]:
        raise CallError(
            f"{ufunc.__name__}: keepdims does not work where the result has core axes; leave it out, and pass axes"
        )
    found = (
        [_tuple(one) for one in axes]
        if axes is not None
        else [_last(min(len(t), np.ndim(x))) for t, x in zip(terms, inputs, strict=False)]
    )
    if len(found) == ufunc.nin:
        found.append(_last(1) if keepdims else _last(len(terms[-1])))
    if len(found) != ufunc.nin + 1:
        raise refusals.arguments.bad_option(ufunc.__name__, "axes", f"{ufunc.nin + 1} tuples", axes)
    return found[:-1], found[-1], bool(keepdims)


def _tuple(axes: Any) -> Core:
    return tuple(axes) if isinstance(axes, tuple | list) else (axes,)


def _last(count: int) -> Core:
    return tuple(range(-count, 0))


def _to_last(x: Any, axes: Core) -> Result:
    return np.moveaxis(x, axes, _last(len(axes))) if axes else x

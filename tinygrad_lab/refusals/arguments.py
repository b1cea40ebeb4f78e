"""What a call is refused with because of its arguments: those that NumPy refuses, or no rule takes."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Sequence
from textwrap import shorten
from types import TracebackType
from typing import Any

import numpy as np

from tinygrad_lab.errors import ArgumentTypeError, CallError, GradientLostError, OperationError, OperationIndexError
from tinygrad_lab.refusals.nearest import nearest
from tinygrad_lab.refusals.wording import one_line, with_class


def unknown(name: str, keyword: str, known: Collection[str]) -> CallError:
    """Describe a keyword that a function does not have."""
    near = ["axis"] if keyword == "dim" and "axis" in known else []  # as PyTorch calls it
    near = near or nearest(keyword, sorted(known), 0.6)
    return CallError(
        f"{name}: there is no keyword {keyword!r}; "
        + (f"write {near[0]}" if near else f"it takes {', '.join(sorted(known)) or 'none'}")
    )


def too_many(name: str, names: Sequence[str], given: int) -> CallError:
    """Describe more arguments by position than a function has."""
    return CallError(
        f"{name}: takes at most {len(names)} arguments by position, not {given}; give the others by keyword"
    )


def twice(name: str, argument: str) -> CallError:
    """Describe an argument that was given by position and by keyword."""
    return CallError(f"{name}: {argument} was given twice, by position and by keyword; leave one out")


def missing(name: str, arguments: Iterable[str]) -> CallError:
    """Describe arguments without a default that were not given."""
    names = list(arguments)
    return CallError(
        f"{name}: {' and '.join(names)} {'is missing; pass it' if len(names) == 1 else 'are missing; pass them'}"
    )


def bad_option(name: str, option: str, allowed: str, x: Any) -> OperationError:
    """Describe an option that is none of those allowed."""
    return OperationError(f"{name}: {option} must be {allowed}, got {x!r}; take one of these, or leave it out")


def not_taken(name: str, argument: str, x: Any) -> GradientLostError:
    """Describe an argument that NumPy takes, and no derivative rule here does."""
    text = repr(x) if np.ndim(x) == 0 else f"<array of shape {np.shape(x)}>"
    return GradientLostError(
        f"{name}: there is no derivative rule with {argument}={text}; leave {argument} out, or pass v.data to leave "
        f"the graph"
    )


def no_rule_for(name: str, argument: str) -> GradientLostError:
    """Describe a Value in a place that no rule differentiates with respect to."""
    return GradientLostError(f"{name}: {argument} cannot be a Value, because it has no derivative rule; pass v.data")


def no_out(name: str) -> GradientLostError:
    """Describe an array to write a result into."""
    return GradientLostError(
        f"{name}: out= cannot take the result, because Values are never written in place; leave it out, "
        f"and write array = array + v instead of array += v"
    )


def not_cast(dtype: Any, given: Any, casting: str) -> CallError:
    """Describe a conversion that the rule of casting forbids."""
    return CallError(
        f"astype: the rule casting={casting!r} does not allow {dtype} to become {given}; leave casting out"
    )


def bad_inputs(name: str, arrays: Iterable[Any], error: Exception) -> OperationError:
    """Describe inputs that NumPy refused; the error is of NumPy's class too, such as AxisError or LinAlgError.

    Of another library's arrays it tells that library's words.
    """
    arrays = list(arrays)
    others = (type(x).__module__.partition(".")[0] for x in arrays if hasattr(x, "__array_function__"))
    library = next((other for other in others if other not in ("numpy", "tinygrad_lab")), "NumPy")
    shapes = list(_shapes(arrays))
    told = " and ".join(shapes if len(shapes) <= 6 else [*shapes[:5], f"{len(shapes) - 5} more"]) or "()"
    kind: Any = type(error)  # mypy takes no class of exceptions for hashable
    return _both(kind)(f"{name}: failed for inputs of shapes {told}; {library} says: {one_line(error)}")


def _shapes(arrays: Iterable[Any]) -> Iterator[str]:
    """Yield the shapes of arrays and of lists of numbers, also inside lists, and none for single numbers and texts."""
    for x in arrays:
        if hasattr(x, "shape"):
            yield str(x.shape)
        elif isinstance(x, list | tuple):
            if any(hasattr(part, "shape") or isinstance(part, list | tuple) for part in x):
                yield from _shapes(x)
            else:
                yield f"({len(x)},)"


def refused(name: str, arrays: Iterable[Any], arguments: tuple[Any, ...], error: Exception) -> OperationError:
    """Return what to raise where an operation failed: the error if it is one of ours, else one caused by it.

    Arguments:
        name: the operation's.
        arrays: what it computed with.
        arguments: what it was given, which the error keeps, so that the graph up to there can be drawn.
        error: what its forward pass raised.
    """
    told = error if isinstance(error, OperationError) else bad_inputs(name, arrays, error)
    told.arguments = told.arguments or arguments
    if told is not error:
        told.__cause__ = error.with_traceback(_outside(error.__traceback__))
    return told


def _outside(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback from the first frame on that is not this package's: what users wrote, or nothing."""
    while trace is not None and trace.tb_frame.f_globals.get("__name__", "").startswith("tinygrad_lab."):
        trace = trace.tb_next
    return trace


def elsewhere(name: str, kind: type, error: Exception | None) -> ArgumentTypeError:
    """Return the error for an operation that the library of its arrays cannot do: it raised `error`, or gave NumPy's.

    Arguments:
        name: the operation's.
        kind: the type of the arrays.
        error: what the library raised.
    """
    library = kind.__module__.partition(".")[0]
    told = "the result would leave it" if error is None else shorten(with_class(error), 120, placeholder=" …")
    advice = "compute them first with tl.compute(x)" if hasattr(kind, "__dask_graph__") else "bring them to NumPy first"
    return ArgumentTypeError(f"{name}: cannot be computed on {library}'s {kind.__name__} ({told}); {advice}")


@functools.cache
def _both(kind: Any) -> type[OperationError]:
    own = OperationIndexError if issubclass(kind, IndexError) else OperationError
    if issubclass(own, kind):
        return own
    attributes = {"__module__": own.__module__, "__doc__": own.__doc__}
    return type(own.__name__, (own, kind), attributes)

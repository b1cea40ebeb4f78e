"""An array in a few figures: what pictures and pages show of it once the array itself is gone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_lab.typing import NDArray

SMALL = 16  # elements up to which a summary keeps them all
BINS = 16
LARGE = 5000  # operations of a graph above which its arrays are only outlined


@dataclass(frozen=True, slots=True)
class Summary:
    """What is kept of an array.

    Attributes:
        shape, dtype: of the array.
        minimum, mean, maximum: of its finite elements, or of their moduli if they are complex; None where nothing is
            finite.
        norm: the Euclidean norm of all elements; NaN or infinite if one of them is.
        rms: the norm divided by the square root of the number of elements, so that sizes compare.
        nan, infinite, zero: how many elements are NaN, infinite, and exactly 0.
        histogram: counts of the finite elements in 16 equal bins from minimum to maximum; empty if these are equal.
        value: the elements, nested as in `tolist()`, of an array of at most 16; else None.
    """

    shape: tuple[int, ...]
    dtype: str
    minimum: float | None
    mean: float | None
    maximum: float | None
    norm: float
    rms: float
    nan: int
    infinite: int
    zero: int
    histogram: tuple[int, ...]
    value: Any

    @property
    def finite(self) -> bool:
        """Whether no element is NaN or infinite."""
        return not (self.nan or self.infinite)

    @property
    def dead(self) -> bool:
        """Whether there are elements and all are exactly 0."""
        return self.zero > 0 and self.zero == math.prod(self.shape)

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as JSON has it; NaN and infinities become "nan", "inf" and "-inf"."""
        return {name: jsonable(getattr(self, name)) for name in self.__slots__}


def summarise(x: Any) -> Summary:
    """Return the summary of a number or array.

    Example:
        >>> summary = summarise(np.array([3.0, 4.0]))
        >>> summary.norm, summary.mean, summary.value
        (5.0, 3.5, [3.0, 4.0])
    """
    array = np.asarray(x)
    if array.size == 1:
        return _summarise_one(array)
    flat = array.ravel()
    real = flat.dtype.kind in "biuf"
    value = _plain(array).tolist() if array.size <= SMALL else None
    if flat.dtype.kind not in "biufc" or not flat.size:
        return Summary(array.shape, str(array.dtype), None, None, None, 0.0, 0.0, 0, 0, 0, (), value)
    wide = flat.astype(np.float64 if real else np.complex128)
    bad = ~np.isfinite(wide)
    count = int(np.count_nonzero(bad))
    nan = int(np.count_nonzero(np.isnan(wide))) if count else 0
    zero = wide.size - int(np.count_nonzero(wide))
    norm = _norm(wide)
    low = mean = high = None
    histogram: tuple[int, ...] = ()
    if not real:
        wide = np.abs(wide)
    if count < wide.size:
        finite = wide[~bad] if count else wide
        low, high = float(finite.min()), float(finite.max())
        mean = float((finite / finite.size).sum())  # divided first: a sum may overflow
        histogram = _histogram(finite, low, high)
    rms = norm / math.sqrt(wide.size)
    return Summary(array.shape, str(array.dtype), low, mean, high, norm, rms, nan, count - nan, zero, histogram, value)


def outline(x: Any, ends: bool = False) -> Summary:
    """Return a summary at a fraction of the cost, for the thousands of arrays of a large graph: size, and trouble.

    Arguments:
        x: a number or array.
        ends: whether to look for minimum and maximum as well.

    Example:
        >>> outline(np.array([3.0, 4.0])).norm
        5.0
    """
    array = np.asarray(x)
    if array.size <= 1 or array.dtype.kind != "f":
        return summarise(array)
    flat = array.ravel()
    norm = math.sqrt(flat @ flat)
    dead = not norm and not flat.any()
    if not (dead or 0 < norm < math.inf):  # the details matter
        return summarise(array)
    low, high = (float(flat.min()), float(flat.max())) if ends else (None, None)
    name = _NAMES.get(array.dtype) or str(array.dtype)
    return Summary(
        array.shape, name, low, None, high, norm, norm / math.sqrt(flat.size), 0, 0, dead * flat.size, (), None
    )


_PYTHONS = {"g": np.float64, "G": np.complex128}
_NAMES = {np.dtype(kind): str(np.dtype(kind)) for kind in (np.float64, np.float32, np.float16)}


def _summarise_one(array: NDArray) -> Summary:
    """As `summarise`, without NumPy's overhead: a graph of scalars has thousands of these."""
    plain = _plain(array)
    x, value = plain.reshape(-1)[0].item(), plain.tolist()
    if not isinstance(x, int | float | complex):
        return Summary(array.shape, str(array.dtype), None, None, None, 0.0, 0.0, 0, 0, 0, (), value)
    size = abs(x)
    nan, infinite = int(size != size), int(math.isinf(size))
    one = None if nan or infinite else float(size if isinstance(x, complex) else x)
    return Summary(
        array.shape, str(array.dtype), one, one, one, float(size), float(size), nan, infinite, int(x == 0), (), value
    )


def _plain(array: NDArray) -> NDArray:
    """Return the array with numbers that Python has: long doubles are rounded."""
    return array.astype(_PYTHONS[array.dtype.char]) if array.dtype.char in _PYTHONS else array


def _norm(wide: NDArray) -> float:
    """Return the Euclidean norm, scaled so that no square overflows or vanishes."""
    largest = float(np.abs(wide).max())
    if largest == 0 or not math.isfinite(largest):
        return largest
    return largest * float(np.linalg.norm(wide / largest))


def _histogram(finite: NDArray, low: float, high: float) -> tuple[int, ...]:
    span = high - low
    if span == 0 or not math.isfinite(span):
        return ()
    bins = np.minimum(((finite - low) / span * BINS).astype(np.intp), BINS - 1)
    return tuple(np.bincount(bins, minlength=BINS).tolist())


def jsonable(x: Any) -> Any:
    """Return nested data as JSON can hold it, all digits kept: "nan", "inf" and "-inf", and complex numbers as text.

    Example:
        >>> jsonable((1.5, [float("inf"), 1 + 2j], None))
        [1.5, ['inf', '1+2j'], None]
    """
    if isinstance(x, dict):
        return {key: jsonable(item) for key, item in x.items()}
    if isinstance(x, list | tuple):
        return [jsonable(item) for item in x]
    if isinstance(x, float) and not math.isfinite(x):
        return str(x)
    if isinstance(x, complex):
        return str(x).strip("()")
    return x if x is None or isinstance(x, bool | int | float | str) else str(x)  # a date, a longdouble, …

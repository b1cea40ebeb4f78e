"""Names for the ways in which gradients are usually wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lab.testing.differences import Array
from tinygrad_lab.testing.mistakes import Diagnosis, Mistake

SAME = 1e-4  # relative difference up to which two gradients count as one


class Factor(NamedTuple):
    """Numbers that a gradient may have as a factor: one for each element, or for each output element, flat."""

    name: str
    numbers: Array
    of_outputs: bool


class Evidence(NamedTuple):
    """A wrong gradient of one array.

    Attributes:
        analytic: what the rule gave.
        wrong: where the differences gave something else.
        kinked: where the function has a kink.
        jacobian: the differences' slope of every output element (columns) along every element (rows); NaN if unknown.
        cotangent: the weights of the output elements.
        outputs: the shapes of the outputs.
        others: what the rule gave for other cotangents, pairs of gradient and cotangent.
        factors: what a rule may forget to multiply by, or do once too often.
        paired: whether the last axis has the real and the imaginary part of complex numbers.
        neighbours: the right gradients of other arguments of the same shape, by position.
    """

    analytic: Array
    wrong: Array
    kinked: Array
    jacobian: Array
    cotangent: Array
    outputs: tuple[tuple[int, ...], ...]
    others: tuple[tuple[Array, Array], ...] = ()
    factors: tuple[Factor, ...] = ()
    paired: bool = False
    neighbours: tuple[tuple[int, Array], ...] = ()

    def pulled(self, cotangent: Array, jacobian: Array | None = None) -> Array:
        """Return the gradient that another cotangent, or Jacobian, would give."""
        rows = self.jacobian if jacobian is None else jacobian
        return np.reshape(rows @ cotangent, self.analytic.shape)

    @property
    def numeric(self) -> Array:
        """What the differences gave."""
        return self.pulled(self.cotangent)


def recognise(evidence: Evidence) -> Diagnosis:
    """Return what kind of mistake it is, and a few words on it.

    Example:
        >>> import numpy as np
        >>> every, none = np.ones(3, bool), np.zeros(3, bool)
        >>> jacobian, cotangent = np.diag([1.0, 2.0, 3.0]), np.array([1.0, -1.5, 0.5])
        >>> for wrong in (-jacobian @ cotangent, jacobian @ np.ones(3), jacobian @ np.abs(cotangent)):
        ...     print(recognise(Evidence(wrong, every, none, jacobian, cotangent, ((3,),))).words)
        sign flipped
        the cotangent g was forgotten
        |g| in place of g
    """
    with np.errstate(all="ignore"):
        # What is right but for its last digits would match whatever leaves it as it is.
        values = (_missing, _one_triangle, _conjugate, _cotangent, _partial, _factor, _swapped, _moved, _chain)
        others = () if _same(evidence.analytic, evidence.numeric) else values
        for pattern in (_not_finite, _tie, *others, _precision):
            found = pattern(evidence)
            if found is not None:
                return found
    return Diagnosis(Mistake.FORMULA, "wrong value")


def _same(a: Array, b: Array) -> bool:
    known = np.isfinite(a) & np.isfinite(b)
    size = np.max(np.abs(b[known]), initial=0)
    close = np.abs(a - b) <= SAME * np.abs(b) + 1e-12 * size
    return bool(np.any(known)) and size > 0 and bool(np.all(close[known]))


def _not_finite(e: Evidence) -> Diagnosis | None:
    if np.all(np.isfinite(e.analytic[e.wrong])):
        return None
    return Diagnosis(Mistake.NOT_FINITE, "not finite, but the derivative is")


def _tie(e: Evidence) -> Diagnosis | None:
    if not np.all(e.kinked[e.wrong]):
        return None
    return Diagnosis(Mistake.TIE, "a tie or another kink, not shared as the one-sided derivatives allow")


def _missing(e: Evidence) -> Diagnosis | None:
    return Diagnosis(Mistake.MISSING, "missing: it is 0") if not np.any(e.analytic[e.wrong]) else None


def _one_triangle(e: Evidence) -> Diagnosis | None:
    """Look whether the function reads half of a symmetric matrix, as NumPy's `eigvalsh` and `cholesky` do."""
    shape = e.analytic.shape
    if len(shape) < 2 or shape[-1] != shape[-2]:
        return None
    numeric, upper = e.numeric, np.triu(np.ones(shape[-2:], bool), 1)
    unread = not np.any(numeric[..., upper]) or not np.any(numeric[..., upper.T])
    if not unread or not _same(e.analytic, (numeric + np.swapaxes(numeric, -1, -2)) / 2):
        return None
    return Diagnosis(
        Mistake.FORMULA,
        "shared by both triangles of a symmetric matrix, of which the function reads one; check it on (a + a.T) / 2",
    )


def _conjugate(e: Evidence) -> Diagnosis | None:
    """Try complex conjugates, of the gradient, and of the derivative in it."""
    if not e.paired:
        return None
    conjugate = np.array([1.0, -1.0])
    candidates = {"the complex conjugate": e.numeric * conjugate}
    if e.cotangent.size == 2 * sum(int(np.prod(shape)) for shape in e.outputs):
        other = np.reshape(e.cotangent.reshape(-1, 2) * conjugate, e.cotangent.shape)
        candidates["the derivative in it conjugated"] = e.pulled(other) * conjugate
    for words, candidate in candidates.items():
        if _same(e.analytic, candidate):
            return Diagnosis(Mistake.CONJUGATE, words)
    return None


def _factor(e: Evidence) -> Diagnosis | None:
    ratios = e.analytic[e.wrong] / e.numeric[e.wrong]
    factor = float(np.median(ratios))
    if not np.all(np.abs(ratios - factor) <= SAME * min(1, abs(factor))):
        return None
    if abs(factor + 1) <= SAME:
        some = np.any(~e.wrong & (e.analytic != 0))
        return Diagnosis(
            Mistake.SOME_SIGNS if some else Mistake.SIGN, f"sign flipped{' for some elements' * bool(some)}"
        )
    number = f"{factor:.6g}"
    for divisor in range(2, 1000):
        if abs(factor * divisor - 1) <= SAME:
            number = f"1/{divisor}"
            break
    words = f"a constant factor of {number}" if ratios.size > 1 else f"off by a factor of {number}"
    return Diagnosis(Mistake.FACTOR, words)


def _swapped(e: Evidence) -> Diagnosis | None:
    """Try the gradients of other arguments."""
    for argument, gradient in e.neighbours:
        if np.sum(e.wrong) > 1 and _same(e.analytic, gradient):
            return Diagnosis(Mistake.SWAPPED, f"the gradient of argument {argument}")
    return None


def _chain(e: Evidence) -> Diagnosis | None:
    """Try the gradient without, or with one more of, what the chain rule and the product rule multiply by."""
    for name, numbers, of_outputs in e.factors:
        for words, scale in (("is missing as a factor", 1 / numbers), ("is a factor too many", numbers)):
            other = e.pulled(e.cotangent * scale) if of_outputs else e.numeric * scale
            if np.sum(e.wrong) > 1 and np.all(np.isfinite(other[e.wrong])) and _same(e.analytic, other):
                return Diagnosis(Mistake.CHAIN, f"{name} {words}")
    return None


def _cotangent(e: Evidence) -> Diagnosis | None:
    g = e.cotangent
    candidates: dict[str, Callable[[Array], Array]] = {
        "the cotangent g was forgotten": np.ones_like,
        "|g|": np.abs,
        "g²": np.square,
        "sign(g)": np.sign,
    }
    for words, function in candidates.items():
        runs = ((e.analytic, g), *e.others)
        if all(_same(analytic, e.pulled(function(cotangent))) for analytic, cotangent in runs):
            if function is np.ones_like:
                return Diagnosis(Mistake.FORGOTTEN, words)
            return Diagnosis(Mistake.NOT_LINEAR, f"{words} in place of g")
    return _axes(e, g) if len(e.outputs) == 1 else None


def _axes(e: Evidence, g: Array) -> Diagnosis | None:
    """Try the cotangent with axes swapped, reversed or shifted."""
    (shape,) = e.outputs
    if int(np.prod(shape)) != g.size:
        return None
    g = g.reshape(shape)
    for words, other in _rearranged(g):
        if _same(e.analytic, e.pulled(other.ravel())):
            return Diagnosis(Mistake.COTANGENT_MOVED, f"the cotangent g, {words}")
    # In a product, swapping an axis of the argument with one of the result transposes the other factor.
    tensor = e.jacobian.reshape(e.analytic.shape + shape)
    for mine in range(max(0, e.analytic.ndim - 2), e.analytic.ndim):
        for other in range(max(0, len(shape) - 2), len(shape)):
            swapped = np.swapaxes(tensor, mine, e.analytic.ndim + other)
            if swapped.shape == tensor.shape and _same(
                e.analytic, e.pulled(g.ravel(), swapped.reshape(e.jacobian.shape))
            ):
                return Diagnosis(Mistake.OTHER_TRANSPOSED, "the other factor, transposed")
    return None


def _partial(e: Evidence) -> Diagnosis | None:
    """Try the first, the last and the mean of the output elements that each element contributes to."""
    reached = np.abs(e.jacobian) > 0
    counts = np.sum(reached, axis=1)
    if np.all(counts < 2):
        return None
    order = np.where(reached, np.arange(e.jacobian.shape[1]), -1)
    first = np.argmax(reached, axis=1)[:, None]
    last = np.max(order, axis=1)[:, None]
    columns = np.arange(e.jacobian.shape[1])
    broadcast = any(shape != e.analytic.shape and len(shape) >= e.analytic.ndim for shape in e.outputs)
    cause = "a broadcast axis not summed, or repeated indices not added up" if broadcast else "the others left out"
    mistake = Mistake.BROADCAST if broadcast else Mistake.LEFT_OUT
    candidates = {"first": columns == first, "last": columns == last}
    for words, chosen in candidates.items():
        if _same(e.analytic, e.pulled(e.cotangent, np.where(chosen, e.jacobian, 0))):
            return Diagnosis(mistake, f"only the {words} of the results that an element contributes to: {cause}")
    if _same(e.analytic, e.numeric / np.maximum(counts, 1).reshape(e.analytic.shape)):
        return Diagnosis(Mistake.MEAN, "the mean, not the sum, over the results that an element contributes to")
    return None


def _moved(e: Evidence) -> Diagnosis | None:
    """Try the right gradient in the wrong places."""
    numeric = e.numeric
    for words, other in _rearranged(numeric):
        if _same(e.analytic, other.reshape(e.analytic.shape)):
            return Diagnosis(Mistake.TRANSPOSED if words == "transposed" else Mistake.MOVED, words)
    known = np.all(np.isfinite(numeric)) and np.sum(e.wrong) > 1
    if known and _same(np.sort(e.analytic, None), np.sort(numeric, None)):
        return Diagnosis(Mistake.MOVED, "the right numbers in the wrong places")
    return None


def _precision(e: Evidence) -> Diagnosis | None:
    analytic, numeric = e.analytic[e.wrong], e.numeric[e.wrong]
    if np.all(analytic == np.trunc(numeric)):
        return Diagnosis(Mistake.INTEGERS, "cut off to integers")
    off = float(np.max(np.abs(analytic - numeric)) / np.max(np.abs(numeric)))
    if not off < 5e-3:
        return None
    return Diagnosis(Mistake.PRECISION, f"right to {off:.0e} only, as after a narrower dtype or a rounded constant")


def _rearranged(array: Array) -> Any:
    """Yield an array's usual rearrangements, with a name for each."""
    if array.ndim > 1:
        swapped = np.swapaxes(array, -1, -2)
        yield "transposed", swapped if swapped.shape == array.shape else swapped.reshape(array.shape)
        yield "read in Fortran order", array.ravel(order="F").reshape(array.shape)
    for axis, length in enumerate(array.shape):
        if length > 1:
            yield f"reversed along axis {axis}", np.flip(array, axis)
        for shift in {1, length - 1} if length > 1 else ():
            yield f"shifted along axis {axis}", np.roll(array, shift, axis)

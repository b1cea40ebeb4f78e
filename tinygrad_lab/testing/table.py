"""The worst elements of a wrong gradient as a table of a few lines, narrow enough for a terminal."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tinygrad_lab.testing.leaves import Leaf
from tinygrad_lab.testing.verdict import Verdict

ROWS = 5
HEAD = ("analytic", "numeric", "difference", "tolerance")


def table(leaf: Leaf, wrong: Mapping[int, Verdict]) -> list[str]:
    """Return the lines of a table: of the elements that are wrong, those that are furthest off.

    Where there is one alone the report has said everything already, and where each by itself may be right, such as at a
    tie whose elements are wrong together, there is nothing to compare: no lines then.

    Arguments:
        leaf: the array.
        wrong: the verdicts on its wrong numbers, by coordinate.
    """
    worst = sorted(wrong, key=lambda i: (-float(f"{_off(wrong[i]):.5g}"), i))  # the last digits differ by processor
    if len(wrong) < 2 or not _off(wrong[worst[0]]):
        return []
    title = "element" if len(wrong) <= ROWS else "the worst"
    rows = [(title, *HEAD), *((place_of(leaf, i), *_numbers(wrong[i])) for i in worst[:ROWS])]
    first, *widths = (max(map(len, column)) for column in zip(*rows, strict=True))
    return [
        f"  {place:<{first}}" + "".join(f"  {cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        for place, *cells in rows
    ]


def place_of(leaf: Leaf, i: int) -> str:
    """Return where a flat coordinate is in an array, in words: an index, and which part of a complex number."""
    shape = np.shape(leaf.array)
    number, part = i - leaf.coordinates.start, ""
    if np.iscomplexobj(leaf.array):
        number, imaginary = divmod(number, 2)
        part = "imaginary part" if imaginary else "real part"
    index = str([int(n) for n in np.unravel_index(number, shape)]) if shape else ""
    return ", ".join(filter(None, [index, part]))


def _off(verdict: Verdict) -> float:
    return abs(verdict.off) if np.isfinite(verdict.off) else np.inf


def _numbers(verdict: Verdict) -> tuple[str, ...]:
    numeric = verdict.analytic - verdict.off if np.isfinite(verdict.off) else verdict.numeric
    tolerance = verdict.tolerance if np.isfinite(verdict.tolerance) else verdict.bound
    return f"{verdict.analytic:+.7g}", f"{numeric:+.7g}", f"{verdict.off:+.2g}", f"{tolerance:.0e}"

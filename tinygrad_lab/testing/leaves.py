"""Which arrays among the arguments are differentiated, and the arguments with others in their place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.testing.differences import Array


class Leaf(NamedTuple):
    """One differentiated array among the arguments: where it is, and which flat coordinates are its own."""

    argument: int
    array: Any
    coordinates: slice

    @property
    def numbers(self) -> range:
        """The flat coordinates."""
        return range(self.coordinates.start, self.coordinates.stop)

    def shaped(self, flat: Array) -> Array:
        """Return the leaf's part of a flat vector in its shape; the two numbers of a complex element on a last axis."""
        part = flat[self.coordinates]
        return part.reshape(*np.shape(self.array), 2) if np.iscomplexobj(self.array) else part.reshape(self.array.shape)


def leaves_of(name: str, args: tuple[Any, ...], wrt: Any) -> tuple[list[Leaf], dict[int, Any]]:
    """Find the floating-point arrays among the arguments chosen by `wrt`, and how to fill others in."""
    chosen = range(len(args)) if wrt is None else ((wrt,) if isinstance(wrt, int) else tuple(wrt))
    for position in chosen:
        if not -len(args) <= position < len(args):
            raise ArgumentError(
                f"{name}: wrt names position {position}, but there are {len(args)} arguments; count from 0"
            )
    found: list[Leaf] = []
    slots: dict[int, Any] = {}
    start = 0
    for position in sorted({position % len(args) for position in chosen}):
        leaves, make = tree.flatten(args[position])
        mine = [i for i, leaf in enumerate(leaves) if _differentiable(leaf)]
        for i in mine:
            array = np.asarray(plain(leaves[i]))
            stop = start + array.size * (2 if np.iscomplexobj(array) else 1)
            found.append(Leaf(position, array, slice(start, stop)))
            start = stop
        if mine:
            slots[position] = (len(mine), _filler(leaves, mine, make))
    if not found:
        kinds = ", ".join(type(arg).__name__ for arg in args) or "none"
        raise ArgumentError(
            f"{name}: no argument holds floating-point numbers, only {kinds}; convert integers to float"
        )
    return found, slots


def _filler(leaves: list[Any], places: list[int], make: Callable[[list[Any]], Any]) -> Callable[[list[Any]], Any]:
    def fill(arrays: list[Any]) -> Any:
        filled = list(leaves)
        for place, array in zip(places, arrays, strict=True):
            filled[place] = array
        return make(filled)

    return fill


def _differentiable(leaf: Any) -> bool:
    if isinstance(leaf, Value):
        return leaf.requires_grad
    if isinstance(leaf, (np.ndarray, np.generic)):
        return leaf.dtype.kind in "fc"
    return isinstance(leaf, (float, complex))

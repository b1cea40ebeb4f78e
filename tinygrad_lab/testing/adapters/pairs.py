"""A function and a vjp written by hand, in NumPy or anything that takes NumPy's arrays, such as Numba."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.errors import ArgumentError
from tinygrad_lab.testing.adapters.base import Adapter, Function, Leaves, Rebuild, is_floating
from tinygrad_lab.testing.mistakes import Mistake, failure


class Pair(Adapter):
    """What `pair` returns."""

    own = False
    maker = "pair"

    def __init__(self, function: Function, vjp: Function, name: str | None = None, jvp: Function | None = None) -> None:
        super().__init__(function, name)
        self.vjp, self.jvp = vjp, jvp

    @property
    def parts(self) -> tuple[Any, ...]:
        """See `Adapter`."""
        return (self.function, self.vjp, *([self.jvp] if self.jvp else []))

    def value(self, leaves: Leaves, rebuild: Rebuild) -> Leaves:
        """See `Adapter`."""
        return [self._numpy(result) for result in self._call(rebuild, [self._array(leaf) for leaf in leaves])]

    def gradients(self, leaves: Leaves, rebuild: Rebuild, cotangents: Leaves) -> Leaves:
        """See `Adapter`."""
        args = rebuild([self._array(leaf) for leaf in leaves])
        results, wrap = tree.flatten(self.function(*args))
        given = iter(cotangents)
        flat = [self._array(next(given)) if is_floating(y) else np.zeros(np.shape(y)) for y in results]
        found = self._pulled(wrap(flat), args, results)
        found = found if isinstance(found, tuple) and len(args) > 0 else (found,)
        if len(found) != len(args):
            raise ArgumentError(
                f"{self.name}: the vjp returned {len(found)} gradients for {len(args)} arguments; "
                f"return a tuple with one for each, and None for what is not differentiated"
            )
        numbers = range(len(leaves))
        places = rebuild(list(numbers))  # the same nesting, with each leaf's number in its place
        gradients: Leaves = [None] * len(leaves)
        for place, argument, gradient in zip(places, rebuild(list(leaves)), found, strict=True):
            if place is argument or gradient is None:
                continue
            for number, leaf in zip(tree.flatten(place)[0], tree.match(self.name, place, gradient), strict=True):
                gradients[number] = leaf if leaf is None else self._gradient(leaf)
        return gradients

    def _gradient(self, gradient: Any) -> Any:
        """Return a gradient as an array: of a matrix or a masked array, `*` would mean something else later on."""
        if isinstance(gradient, (np.matrix, np.ma.MaskedArray)):
            raise failure(
                Mistake.NO_ARRAY,
                f"{self.name}: a gradient must be a plain array, got {type(gradient).__name__}; convert it",
            )
        return self._numpy(gradient)

    def _pulled(self, cotangent: Any, args: tuple[Any, ...], results: list[Any]) -> Any:
        """Call the vjp, while the function's results, which are somebody's, cannot be written into."""
        locked = [y for y in results if isinstance(y, np.ndarray) and y.flags.writeable]
        for y in locked:
            y.flags.writeable = False
        try:
            return self.vjp(cotangent, *args)
        except ValueError as error:
            if "read-only" not in str(error):
                raise
            what = [
                name
                for name, given in (("the cotangent", cotangent), ("one of its arguments", args))
                if any(isinstance(x, np.ndarray) and not x.flags.writeable for x in tree.leaves(given))
            ]
            wrote = f"wrote into {' or '.join(what)}" if what else "the vjp wrote into the function's result"
            raise failure(Mistake.IN_PLACE, f"{self.name}: {wrote}; compute a new array") from error
        finally:
            for y in locked:
                y.flags.writeable = True

    def tangents(self, leaves: Leaves, rebuild: Rebuild, directions: Leaves) -> Leaves | None:
        """See `Adapter`: there is a forward mode if one was given."""
        if self.jvp is None:
            return None
        args, places = rebuild([self._array(leaf) for leaf in leaves]), rebuild(list(range(len(leaves))))
        given = zip(rebuild([self._array(d) for d in directions]), places, rebuild(list(leaves)), strict=True)
        moved = tuple(None if place is argument else d for d, place, argument in given)
        results, _ = tree.flatten(self.jvp(moved[0] if len(moved) == 1 else moved, *args))
        return [self._numpy(result) for result in results if is_floating(result)]

    def derived(self, rebuild: Rebuild) -> Adapter:
        """See `Adapter`.

        Raises:
            ArgumentError: always, since nothing is known of the vjp's own derivative.
        """
        raise ArgumentError(
            f"{self.name}: a (function, vjp) pair has only order 1, got 2; "
            f"check the vjp as a function of its own, with its own vjp"
        )

    def _array(self, leaf: Any) -> Any:
        """Return an array as the function takes it."""
        return leaf

    def _numpy(self, array: Any) -> Any:
        """Return an array of the function's as NumPy's."""
        return np.asarray(array)


def pair(function: Function, vjp: Function, name: str | None = None, jvp: Function | None = None) -> Adapter:
    """Let the checks take a function and a vjp written by hand, with a jvp if there is one.

    Arguments:
        function: plain NumPy code, or compiled by Numba.
        vjp: `vjp(g, *args)` returns the gradient of each argument for the result's cotangent `g`, a tuple, or an
            array if there is one argument.
        name: what reports call it; the function's own name unless given.
        jvp: `jvp(d, *args)` returns the results' derivatives along a direction `d` of the argument; of several
            arguments it is a tuple, with None for what is not differentiated. `check_adjoint` compares it with the vjp,
            without any differences, and `check_gradients` with them.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lab import testing
        >>> square = testing.adapters.pair(lambda x: x * x, lambda g, x: 2 * x * g, name="square")
        >>> testing.check_gradients(square, np.array([1.0, -2.0])).ok
        True
        >>> both = testing.adapters.pair(np.sin, lambda g, x: g * np.cos(x), jvp=lambda d, x: d * np.cos(x))
        >>> testing.check_adjoint(both, np.array([1.0, -2.0]))
    """
    return Pair(function, vjp, name, jvp)

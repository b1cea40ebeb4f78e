"""What the checks need to know of a function: its values, and its gradients as some system computes them.

A plain function is taken for one of this package. `pair`, `torch` and `jax` wrap functions of other making; each gives an
`Adapter`, which `check_gradients` and its kin take in a function's place.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lab.core import modes, transforms, tree
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.core.value import Value

Function = Callable[..., Any]
Leaves = list[Any]
Rebuild = Callable[[Leaves], tuple[Any, ...]]


class Adapter:
    """A function of this package, and the base of the others: leaves are NumPy arrays here, whatever `function` takes.

    Attributes:
        function: the function under test.
        name: what reports call it.
        widest: the widest real dtype the system computes in.
        own: whether the derivative is recorded by this package.
    """

    widest: Any = np.longdouble
    own = True

    def __init__(self, function: Function, name: str | None = None) -> None:
        self.function = function
        self.name: str = name or getattr(function, "__name__", type(function).__name__)

    def value(self, leaves: Leaves, rebuild: Rebuild) -> Leaves:
        """Return the floating-point results of `function(*rebuild(leaves))`, flat."""
        with modes.no_grad():
            results = self._call(rebuild, [Value(leaf, requires_grad=False) for leaf in leaves])
        return [np.asarray(plain(result)) for result in results]

    def gradients(self, leaves: Leaves, rebuild: Rebuild, cotangents: Leaves) -> Leaves:
        """Return the gradient of each leaf for the results' cotangents."""
        _, pullback = transforms.vjp(lambda *leaves: self._call(rebuild, leaves), *leaves)
        return [plain(gradient) for gradient in pullback(cotangents)]

    def tangents(self, leaves: Leaves, rebuild: Rebuild, directions: Leaves) -> Leaves | None:
        """Return the results' directional derivatives in forward mode, or None where there is none."""
        _, results = transforms.jvp(lambda *leaves: self._call(rebuild, leaves), tuple(leaves), tuple(directions))
        return [np.asarray(plain(result)) for result in results]

    def derived(self, rebuild: Rebuild) -> Adapter:
        """Return the gradient, a function of `(leaves, cotangents)`, to be differentiated in turn."""

        def gradient(leaves: Leaves, cotangents: Leaves) -> Any:
            return transforms.vjp(lambda *leaves: self._call(rebuild, leaves), *leaves)[1](cotangents)

        return Adapter(gradient, f"gradient of {self.name}")

    def _call(self, rebuild: Rebuild, leaves: Any) -> Leaves:
        results, _ = tree.flatten(self.function(*rebuild(list(leaves))))
        return [result for result in results if _floating(result)]


def _floating(x: Any) -> bool:
    return np.asarray(plain(x)).dtype.kind in "fc"


class _Pair(Adapter):
    own = False

    def __init__(self, function: Function, vjp: Function, name: str | None = None) -> None:
        super().__init__(function, name)
        self._vjp = vjp

    def value(self, leaves: Leaves, rebuild: Rebuild) -> Leaves:
        return [np.asarray(result) for result in self._call(rebuild, leaves)]

    def gradients(self, leaves: Leaves, rebuild: Rebuild, cotangents: Leaves) -> Leaves:
        args = rebuild(list(leaves))
        _, wrap = tree.flatten(self.function(*args))
        found = self._vjp(wrap(cotangents), *args)
        found = found if isinstance(found, tuple) and len(args) > 0 else (found,)
        if len(found) != len(args):
            raise ValueError(
                f"{self.name}: the vjp must return a gradient for each of {len(args)} arguments, got {len(found)}; "
                f"return a tuple, with None for what is not differentiated"
            )
        numbers = range(len(leaves))
        places = rebuild(list(numbers))  # the same nesting, with each leaf's number in its place
        gradients: Leaves = [None] * len(leaves)
        for place, argument, gradient in zip(places, args, found, strict=True):
            if place is argument or gradient is None:
                continue
            for number, leaf in zip(tree.flatten(place)[0], tree.match(self.name, place, gradient), strict=True):
                gradients[number] = leaf
        return gradients

    def tangents(self, leaves: Leaves, rebuild: Rebuild, directions: Leaves) -> Leaves | None:
        return None

    def derived(self, rebuild: Rebuild) -> Adapter:
        raise ValueError(
            f"{self.name}: order must be 1 for a (function, vjp) pair, got 2; "
            f"check the vjp as a function of its own, with its own vjp"
        )


def pair(function: Function, vjp: Function, name: str | None = None) -> Adapter:
    """Let the checks take a function and a vjp written by hand.

    Arguments:
        function: plain NumPy code.
        vjp: `vjp(g, *args)` returns the gradient of each argument for the result's cotangent `g`, a tuple, or an
            array if there is one argument.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lab import testing
        >>> square = testing.adapters.pair(lambda x: x * x, lambda g, x: 2 * x * g, name="square")
        >>> testing.check_gradients(square, np.array([1.0, -2.0])).ok
        True
    """
    return _Pair(function, vjp, name)

"""What the checks ask of a function, and the adapter for functions of this package."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.core import modes, transforms
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import MissingExtraError

SEVERAL = 3  # so many arrays at most are differentiated one by one as well

Function = Callable[..., Any]
Leaves = list[Any]
Rebuild = Callable[[Leaves], tuple[Any, ...]]


class Way(NamedTuple):
    """Another way in which a system may ask a function for its gradient: it must be the same gradient.

    Attributes:
        when: completes "another gradient …".
        cotangents: of the results.
        gradients: computes the gradient of each leaf, None for those that are not asked for.
        optional: whether a function may refuse, which is noted then.
    """

    when: str
    cotangents: Leaves
    gradients: Callable[[], Leaves]
    optional: bool = False


class Linear(NamedTuple):
    """A function's derivative at a point, in both modes: what is computed once for all cotangents and directions.

    Attributes:
        pull: from the results' cotangents to the gradient of each leaf.
        push: from directions to the results' derivatives in forward mode, or to None where there is none.
    """

    pull: Callable[[Leaves], Leaves]
    push: Callable[[Leaves], Leaves | None]


class Adapter:
    """A function of this package, and the base of the others: leaves are NumPy arrays here, whatever `function` takes.

    Attributes:
        function: the function under test.
        name: what reports call it.
        widest: the widest real dtype the system computes in.
        own: whether the derivative is recorded by this package.
        unit: the rounding unit of a dtype among the arguments that NumPy does not have, or 0.
        random: whether the function draws random numbers, which in PyTorch go by dtype and memory layout.
        notes: what could not be looked at, and why.
        maker: the name in `adapters` of what makes it, if `parts` are what that takes.
    """

    maker = ""
    widest: Any = np.longdouble
    own = True
    unit = 0.0
    random = False

    def __init__(self, function: Function, name: str | None = None) -> None:
        self.function = function
        self.name = str(name or getattr(function, "__name__", type(function).__name__))
        self.notes: list[str] = []

    @property
    def parts(self) -> tuple[Any, ...]:
        """The functions that it was made of."""
        return (self.function,)

    @property
    def declared(self) -> Any:
        """What has the parameters that arrays are passed to."""
        return self.function

    def given(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the arguments of a check with NumPy arrays in place of another system's."""
        return args

    def value(self, leaves: Leaves, rebuild: Rebuild) -> Leaves:
        """Return the floating-point results of `function(*rebuild(leaves))`, flat."""
        with modes.no_grad():
            results = self._call(rebuild, [Value(leaf, requires_grad=False) for leaf in leaves])
        return [np.asarray(plain(result)) for result in results]

    def linear(self, leaves: Leaves, rebuild: Rebuild) -> Linear:
        """Return the derivative at a point of a function that this package records."""
        results, pullback = transforms.vjp(lambda *leaves: self._call(rebuild, leaves), *leaves)

        @functools.cache
        def transposed() -> Any:  # the pullback is linear, so any cotangents would do, as in `jvp`
            return transforms.vjp(lambda *duals: pullback(list(duals)), *map(np.ones_like, results))[1]

        return Linear(
            lambda cotangents: [plain(gradient) for gradient in pullback(cotangents)],
            lambda directions: [np.asarray(plain(result)) for result in transposed()(tuple(directions))],
        )

    def gradients(self, leaves: Leaves, rebuild: Rebuild, cotangents: Leaves) -> Leaves:
        """Return the gradient of each leaf for the results' cotangents."""
        return self.linear(leaves, rebuild).pull(cotangents)

    def tangents(self, leaves: Leaves, rebuild: Rebuild, directions: Leaves) -> Leaves | None:
        """Return the results' directional derivatives in forward mode, or None where there is none."""
        return self.linear(leaves, rebuild).push(directions)

    def ways(self, leaves: Leaves, rebuild: Rebuild, cotangents: Leaves) -> Iterator[Way]:
        """Yield the other ways in which the system may ask for the gradient.

        Raises:
            GradientError: if the function breaks another rule of the system.
        """
        for i in range(len(leaves)) if 1 < len(leaves) <= SEVERAL and self.own else ():
            alone = functools.partial(self._alone, i, leaves, rebuild, cotangents)
            # Some of NumPy's functions cannot see a Value beside arrays, and say so.
            yield Way(f"when only array {i} requires one", cotangents, alone, optional=True)

    def _alone(self, i: int, leaves: Leaves, rebuild: Rebuild, cotangents: Leaves) -> Leaves:
        """Return the gradient of one leaf, the others being constants."""
        before, after = leaves[:i], leaves[i + 1 :]
        pulled = transforms.vjp(lambda leaf: self._call(rebuild, [*before, leaf, *after]), leaves[i])[1](cotangents)
        return [*(None for _ in before), plain(pulled[0]), *(None for _ in after)]

    def derived(self, rebuild: Rebuild) -> Adapter:
        """Return the gradient, a function of `(leaves, cotangents)`, to be differentiated in turn."""

        def gradient(leaves: Leaves, cotangents: Leaves) -> Any:
            return transforms.vjp(lambda *leaves: self._call(rebuild, leaves), *leaves)[1](cotangents)

        return Adapter(gradient, f"gradient of {self.name}")

    def note(self, text: str) -> None:
        """Note once what could not be looked at."""
        if text not in self.notes:
            self.notes.append(text)

    def _call(self, rebuild: Rebuild, leaves: Any) -> Leaves:
        results, _ = tree.flatten(self.function(*rebuild(list(leaves))))
        return [result for result in results if is_floating(result)]


def is_floating(x: Any) -> bool:
    """Whether something is a floating-point or complex number, or an array of them."""
    dtype = getattr(plain(x), "dtype", None)  # arrays of other systems may have one as well
    return (np.asarray(plain(x)).dtype if dtype is None else dtype).kind in "fc"


def required(module: str, title: str) -> Any:
    """Import another system.

    Raises:
        MissingExtraError: if it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(f"adapters.{module}: {title} is not installed; see its installation page") from error

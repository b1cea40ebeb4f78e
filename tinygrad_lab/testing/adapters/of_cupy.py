"""Functions of CuPy arrays: kernels with a vjp written by hand, or functions of this package run on a GPU."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.testing.adapters.base import Adapter, Function, Leaves, Rebuild, required
from tinygrad_lab.testing.adapters.pairs import Pair


class _OnDevice:
    """Moves arrays to the GPU and back."""

    maker = "cupy"
    widest = np.float64  # CuPy has no longdouble

    def given(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        cupy = required("cupy", "CuPy")
        return tuple(tree.map(lambda x: cupy.asnumpy(x) if isinstance(x, cupy.ndarray) else x, arg) for arg in args)

    def _array(self, leaf: Any) -> Any:
        return required("cupy", "CuPy").asarray(leaf)

    def _numpy(self, array: Any) -> Any:
        return np.asarray(required("cupy", "CuPy").asnumpy(plain(array)))


class _Kernel(_OnDevice, Pair):
    """A kernel and its vjp."""


class _Recorded(_OnDevice, Adapter):
    """A function of this package."""

    own = False  # its rules hold arrays of CuPy, which the look at each rule does not know

    def value(self, leaves: Leaves, rebuild: Rebuild) -> Leaves:
        return [self._numpy(y) for y in self._call(rebuild, [self._array(leaf) for leaf in leaves])]

    def gradients(self, leaves: Leaves, rebuild: Rebuild, cotangents: Leaves) -> Leaves:
        found = super().gradients([*map(self._array, leaves)], rebuild, [*map(self._array, cotangents)])
        return [self._numpy(gradient) for gradient in found]

    def tangents(self, leaves: Leaves, rebuild: Rebuild, directions: Leaves) -> Leaves | None:
        return None


def cupy(function: Function, vjp: Function | None = None, name: str | None = None) -> Adapter:
    """Let the checks take a function of CuPy arrays; those of NumPy among the arguments reach it on the GPU.

    Arguments:
        function: of CuPy arrays: a kernel, if there is a `vjp`, else a function of this package.
        vjp: as in `pair`.
        name: what reports call it; the function's own name unless given.

    Raises:
        MissingExtraError: if CuPy is not installed.
    """
    required("cupy", "CuPy")
    return _Recorded(function, name) if vjp is None else _Kernel(function, vjp, name)

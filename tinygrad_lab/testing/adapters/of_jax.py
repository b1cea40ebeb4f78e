"""Functions of JAX arrays: any that JAX differentiates, with rules of its own, `custom_vjp` or `custom_jvp`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.refusals.wording import with_class
from tinygrad_lab.testing.adapters.base import Adapter, Function, Leaves, Rebuild, Way, required
from tinygrad_lab.testing.adapters.bfloat16 import UNIT, BFloat16, opened

BATCH = 3


class Opened:
    """A container that JAX knows and this package does not, such as a registered class, as a container of leaves."""

    def __init__(self, leaves: Leaves, definition: Any) -> None:
        self.leaves, self.definition = leaves, definition

    def tree_flatten(self) -> tuple[Leaves, Callable[[Leaves], Opened]]:
        """See `tinygrad_lab.tree`."""
        return self.leaves, lambda leaves: Opened(leaves, self.definition)

    @property
    def closed(self) -> Any:
        """The container itself."""
        return self.definition.unflatten(self.leaves)

    def each(self, function: Callable[[Any], Any]) -> Opened:
        """Return the same container of other leaves."""
        return Opened([function(leaf) for leaf in self.leaves], self.definition)

    def __repr__(self) -> str:
        return repr(self.closed)


class Jax(Adapter):
    """What `jax` returns."""

    own = False
    maker = "jax"
    widest = np.float64

    def __init__(self, function: Function, name: str | None = None) -> None:
        super().__init__(function, name)
        self._jax = required("jax", "JAX")

    def given(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """See `Adapter`."""
        self.notes.clear()
        self.unit = 0.0
        return tuple(self._opened(tree.map(self._numpy, arg) if _is_plain(arg) else arg) for arg in args)

    def value(self, leaves: Leaves, rebuild: Rebuild) -> Leaves:
        """See `Adapter`."""
        return self._run(lambda call, leaves: call(*leaves), rebuild, leaves)

    def gradients(self, leaves: Leaves, rebuild: Rebuild, cotangents: Leaves) -> Leaves:
        """See `Adapter`."""
        return self._run(lambda call, leaves, g: self._jax.vjp(call, *leaves)[1](g), rebuild, leaves, cotangents)

    def tangents(self, leaves: Leaves, rebuild: Rebuild, directions: Leaves) -> Leaves | None:
        """See `Adapter`: `custom_vjp` has no forward mode."""
        try:
            return self._run(lambda call, x, d: self._jax.jvp(call, tuple(x), tuple(d))[1], rebuild, leaves, directions)
        except (TypeError, NotImplementedError, ValueError) as error:
            if not any(word in str(error) for word in ("forward-mode", "JVP", "jvp")):
                raise
            self.note(f"forward mode: {with_class(error)}")
            return None

    def ways(self, leaves: Leaves, rebuild: Rebuild, cotangents: Leaves) -> Iterator[Way]:
        """See `Adapter`: the gradient under `vmap`, for several cotangents at once."""
        stack = [np.stack([(-1) ** n * np.roll(c, n) for n in range(BATCH)]) for c in cotangents]
        found: list[Leaves] = []

        def batched(n: int) -> Leaves:
            found[:] = found or [
                self._run(
                    lambda call, leaves, g: self._jax.vmap(self._jax.vjp(call, *leaves)[1])(g), rebuild, leaves, stack
                )
            ]
            return [gradient[n] for gradient in found[0]]

        for n in range(BATCH):
            yield Way("under `jax.vmap`", [part[n] for part in stack], lambda n=n: batched(n), True)  # type: ignore[misc]

    def derived(self, rebuild: Rebuild) -> Adapter:
        """See `Adapter`."""

        def gradient(leaves: Leaves, cotangents: Leaves) -> Any:
            return self._jax.vjp(lambda *leaves: self._call(rebuild, leaves), *leaves)[1](cotangents)

        return Jax(gradient, f"gradient of {self.name}")

    def _run(self, transform: Callable[..., Any], rebuild: Rebuild, *arguments: Any) -> Leaves:
        with self._jax.enable_x64(True) if hasattr(self._jax, "enable_x64") else self._jax.experimental.enable_x64():
            arrays = [[self._jax.numpy.asarray(leaf) for leaf in leaves] for leaves in arguments]
            return [np.asarray(result) for result in transform(lambda *leaves: self._call(rebuild, leaves), *arrays)]

    def _call(self, rebuild: Rebuild, leaves: Any) -> Leaves:
        results = self._jax.tree_util.tree_leaves(self.function(*map(self._native, rebuild(list(leaves)))))
        results = [y if isinstance(y, self._jax.Array) else self._jax.numpy.asarray(y) for y in results]
        floating = [y for y in results if self._jax.numpy.issubdtype(y.dtype, self._jax.numpy.inexact)]
        return [y if y.dtype.kind in "fc" else y.astype("float32") for y in floating]

    def _native(self, arg: Any) -> Any:
        if isinstance(arg, Opened):
            return arg.each(self._native).closed
        return opened(arg, lambda array: array.astype("bfloat16") if array.dtype == "float32" else array)

    def _numpy(self, leaf: Any) -> Any:
        if not isinstance(leaf, self._jax.Array):
            return leaf
        if not self._jax.numpy.issubdtype(leaf.dtype, self._jax.numpy.number):
            return leaf  # random keys
        if leaf.dtype == self._jax.numpy.bfloat16:
            self.unit = UNIT
            return BFloat16(np.asarray(leaf.astype("float32")), "jnp.array({}, jnp.bfloat16)")
        return np.asarray(leaf)

    def _opened(self, arg: Any) -> Any:
        """Return an argument itself, unless JAX sees containers in it that this package does not."""
        leaves, definition = self._jax.tree_util.tree_flatten(arg)
        if _is_plain(arg) and self._jax.tree_util.all_leaves(tree.leaves(arg)):
            return arg
        return Opened([self._numpy(leaf) for leaf in leaves], definition)


def _is_plain(arg: Any) -> bool:
    """Whether an argument is a leaf, or made of Python's own containers."""
    if isinstance(arg, dict):
        return all(map(_is_plain, arg.values()))
    if isinstance(arg, (list, tuple)):
        return all(map(_is_plain, arg))
    return not hasattr(arg, "tree_flatten")


def jax(function: Function, name: str | None = None) -> Adapter:
    """Let the checks take a function of JAX arrays, jitted or not; the reference runs in double precision.

    Arguments and results are any of JAX' pytrees. Forward mode is looked at where the function has one, and the
    gradient under `jax.vmap`; what could not be looked at stands in the report's `notes`.

    Arguments:
        function: of JAX arrays; those of NumPy among the arguments reach it as JAX' own.
        name: what reports call it; the function's own name unless given.

    Raises:
        MissingExtraError: if JAX is not installed.
    """
    return Jax(function, name)

"""What the checks need to know of a function: its values, and its gradients as some system computes them.

A plain function is taken for one of this package. `pair`, `torch` and `jax` wrap functions of other making; each
gives an `Adapter`, which `check_gradients` and its kin take in a function's place.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.core import modes, transforms
from tinygrad_lab.core.arrays import plain
from tinygrad_lab.core.value import Value
from tinygrad_lab.errors import ArgumentError, MissingExtraError

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
        self.name = str(name or getattr(function, "__name__", type(function).__name__))

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
            raise ArgumentError(
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
        raise ArgumentError(
            f"{self.name}: order must be 1 for a (function, vjp) pair, got 2; "
            f"check the vjp as a function of its own, with its own vjp"
        )


def pair(function: Function, vjp: Function, name: str | None = None) -> Adapter:
    """Let the checks take a function and a vjp written by hand.

    Arguments:
        function: plain NumPy code.
        vjp: `vjp(g, *args)` returns the gradient of each argument for the result's cotangent `g`, a tuple, or an
            array if there is one argument.
        name: what reports call it; the function's own name unless given.

    Example:
        >>> import numpy as np
        >>> from tinygrad_lab import testing
        >>> square = testing.adapters.pair(lambda x: x * x, lambda g, x: 2 * x * g, name="square")
        >>> testing.check_gradients(square, np.array([1.0, -2.0])).ok
        True
    """
    return _Pair(function, vjp, name)


class _Torch(Adapter):
    own = False
    widest = np.float64

    def __init__(self, function: Function, name: str | None = None) -> None:
        super().__init__(function, name)
        self._torch = _required("torch", "PyTorch")

    def _tensors(self, leaves: Leaves, tracked: bool) -> Leaves:
        tensors = [self._torch.from_numpy(np.array(leaf, order="K")) for leaf in leaves]
        return [tensor.requires_grad_() for tensor in tensors] if tracked else tensors

    def _call(self, rebuild: Rebuild, leaves: Any) -> Leaves:
        def tensor(x: Any) -> Any:
            return self._torch.from_numpy(np.array(x)) if isinstance(x, np.ndarray) else x

        results, _ = tree.flatten(self.function(*tree.map(tensor, rebuild(list(leaves)))))
        return [result for result in results if result.is_floating_point() or result.is_complex()]

    def value(self, leaves: Leaves, rebuild: Rebuild) -> Leaves:
        with self._torch.no_grad():
            return [result.resolve_conj().numpy() for result in self._call(rebuild, self._tensors(leaves, False))]

    def gradients(self, leaves: Leaves, rebuild: Rebuild, cotangents: Leaves) -> Leaves:
        inputs = self._tensors(leaves, True)
        found = self._pull(rebuild, inputs, self._tensors(cotangents, False))
        return [np.conjugate(gradient.detach().resolve_conj().numpy()) for gradient in found]

    def _pull(self, rebuild: Rebuild, inputs: Leaves, cotangents: Leaves, recorded: bool = False) -> Leaves:
        """Return gradients in PyTorch's convention, the conjugate of this package's, for cotangents in the latter."""
        pairs = zip(self._call(rebuild, inputs), cotangents, strict=True)
        roots = [(result, g.conj() if g.is_complex() else g) for result, g in pairs if result.requires_grad]
        if not roots:
            return [self._torch.zeros_like(x) for x in inputs]
        outputs, gradients = (list(part) for part in zip(*roots, strict=True))
        found = self._torch.autograd.grad(outputs, inputs, gradients, create_graph=recorded, allow_unused=True)
        return [self._torch.zeros_like(x) if g is None else g for g, x in zip(found, inputs, strict=True)]

    def tangents(self, leaves: Leaves, rebuild: Rebuild, directions: Leaves) -> Leaves | None:
        return None

    def derived(self, rebuild: Rebuild) -> Adapter:
        def gradient(leaves: Leaves, cotangents: Leaves) -> Leaves:
            inputs = [leaf if leaf.requires_grad else leaf.clone().requires_grad_() for leaf in leaves]
            with self._torch.enable_grad():
                found = self._pull(rebuild, inputs, cotangents, recorded=True)
            return [g.conj() if g.is_complex() else g for g in found]

        return _Torch(gradient, f"gradient of {self.name}")


def torch(function: Function, name: str | None = None) -> Adapter:
    """Let the checks take a function of PyTorch tensors; arrays among the arguments reach it as tensors.

    Raises:
        MissingExtraError: if PyTorch is not installed.
    """
    return _Torch(function, name)


class _Jax(Adapter):
    own = False
    widest = np.float64

    def __init__(self, function: Function, name: str | None = None) -> None:
        super().__init__(function, name)
        self._jax = _required("jax", "JAX")

    def _run(self, transform: Callable[..., Any], rebuild: Rebuild, *arguments: Any) -> Leaves:
        with self._jax.enable_x64(True) if hasattr(self._jax, "enable_x64") else self._jax.experimental.enable_x64():
            arrays = [[self._jax.numpy.asarray(leaf) for leaf in leaves] for leaves in arguments]
            return [np.asarray(result) for result in transform(lambda *leaves: self._call(rebuild, leaves), *arrays)]

    def _call(self, rebuild: Rebuild, leaves: Any) -> Leaves:
        results, _ = tree.flatten(self.function(*rebuild(list(leaves))))
        return [result for result in results if result.dtype.kind in "fc"]

    def value(self, leaves: Leaves, rebuild: Rebuild) -> Leaves:
        return self._run(lambda call, leaves: call(*leaves), rebuild, leaves)

    def gradients(self, leaves: Leaves, rebuild: Rebuild, cotangents: Leaves) -> Leaves:
        return self._run(lambda call, leaves, g: self._jax.vjp(call, *leaves)[1](g), rebuild, leaves, cotangents)

    def tangents(self, leaves: Leaves, rebuild: Rebuild, directions: Leaves) -> Leaves | None:
        return self._run(lambda call, x, d: self._jax.jvp(call, tuple(x), tuple(d))[1], rebuild, leaves, directions)

    def derived(self, rebuild: Rebuild) -> Adapter:
        def gradient(leaves: Leaves, cotangents: Leaves) -> Any:
            return self._jax.vjp(lambda *leaves: self._call(rebuild, leaves), *leaves)[1](cotangents)

        return _Jax(gradient, f"gradient of {self.name}")


def jax(function: Function, name: str | None = None) -> Adapter:
    """Let the checks take a function of JAX arrays; the reference runs in double precision whatever JAX is set to.

    Raises:
        MissingExtraError: if JAX is not installed.
    """
    return _Jax(function, name)


def _required(module: str, title: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"adapters.{module}: {title} must be installed, got none; see its installation page"
        ) from error

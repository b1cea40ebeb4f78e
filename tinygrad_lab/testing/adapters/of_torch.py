"""Functions of PyTorch tensors, and modules with their parameters."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinygrad_lab import tree
from tinygrad_lab.refusals.wording import with_class
from tinygrad_lab.testing.adapters.base import Adapter, Function, Leaves, Rebuild, Way, required
from tinygrad_lab.testing.adapters.bfloat16 import UNIT, BFloat16, opened
from tinygrad_lab.testing.adapters.torch_promotion import promoting
from tinygrad_lab.testing.adapters.torch_ways import ways
from tinygrad_lab.testing.mistakes import Mistake, failure

TENSOR = "torch.tensor({}, dtype=torch.bfloat16)"


class Torch(Adapter):
    """What `torch` returns."""

    own = False
    maker = "torch"
    widest = np.float64

    def __init__(self, function: Function, name: str | None = None) -> None:
        self.torch = required("torch", "PyTorch")
        self._state = self.torch.Generator().manual_seed(0).get_state()
        self._promotes = False  # whether it holds float32 tensors of its own
        self.module: Any = function if isinstance(function, self.torch.nn.Module) else None
        super().__init__(function, name or (type(function).__name__ if self.module is not None else None))

    @property
    def declared(self) -> Any:
        """See `Adapter`: `apply` of a `torch.autograd.Function` takes what its `forward` does, without the context."""
        if self.module is not None:
            return self.module.forward
        base, owner = self.torch.autograd.Function, getattr(self.function, "__self__", None)
        if not inspect.isclass(owner) or not issubclass(owner, base):
            return self.function
        made: Any = owner
        separate = made.setup_context is not base.setup_context
        return made.forward if separate else functools.partial(made.forward, None)

    def given(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """See `Adapter`: tensors become arrays; a module's parameters are a further argument, a dict."""
        self.notes.clear()
        self.unit = 0.0
        if self.module is not None:
            args = (*args, dict(self.module.named_parameters()))
        return tuple(tree.map(self._array, arg) for arg in args)

    def _array(self, x: Any) -> Any:
        if not isinstance(x, self.torch.Tensor) or not (x.is_floating_point() or x.is_complex()):
            return x
        x = x.detach().cpu().resolve_conj().resolve_neg()
        if x.dtype == self.torch.bfloat16:
            self.unit = UNIT
            return BFloat16(x.float().numpy(), TENSOR)
        return np.array(x.numpy(), order="K")

    def tensors(self, leaves: Leaves, tracked: bool = False) -> Leaves:
        """Return arrays as tensors that share no memory with them, laid out alike where PyTorch can."""
        tensors = [self.torch.from_numpy(np.array(leaf, order="K")) for leaf in leaves]
        return [tensor.requires_grad_() for tensor in tensors] if tracked else tensors

    @contextmanager
    def _fixed(self) -> Iterator[None]:
        """Draw the same random numbers each time, as dropout does."""
        generator = self.torch.default_generator
        before = generator.get_state()
        generator.set_state(self._state)  # `torch.manual_seed` takes milliseconds
        try:
            yield
        finally:
            self.random = self.random or not self.torch.equal(generator.get_state(), self._state)
            generator.set_state(before)

    def results(self, rebuild: Rebuild, inputs: Leaves) -> Leaves:
        """Return the floating-point results for tensors."""
        args = [tree.map(self._tensor, opened(arg, self._rounded)) for arg in rebuild(list(inputs))]
        tensors = [y for y in tree.leaves(self._ran(args)) if isinstance(y, self.torch.Tensor)]
        floating = [y for y in tensors if y.is_floating_point() or y.is_complex()]
        return [y.float() if y.dtype == self.torch.bfloat16 else y for y in floating]

    def _ran(self, args: list[Any]) -> Any:
        function = self._of_module if self.module is not None else lambda args: self.function(*args)
        with self._fixed():
            if not self._promotes:
                try:
                    return function(args)
                except (RuntimeError, ValueError) as error:
                    if not any(words in str(error) for words in ("dtype", "scalar type", "data type", "bias type")):
                        raise
            with promoting(self.torch):
                found = function(args)
            self._promotes = True
            return found

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """Keep from the caller what PyTorch warns of in its own code as it sets forward mode up."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", r"`torch\.jit", DeprecationWarning)
            yield

    def _tensor(self, x: Any) -> Any:
        return self.torch.from_numpy(np.array(x)) if isinstance(x, np.ndarray) else x

    def _rounded(self, tensor: Any) -> Any:
        return tensor.bfloat16() if tensor.dtype == self.torch.float32 else tensor

    def _of_module(self, args: list[Any]) -> Any:
        *inputs, parameters = args
        wide = next(iter(parameters.values())).dtype if parameters else None
        buffers = {
            name: buffer.detach().clone().to(wide if wide is not None and buffer.is_floating_point() else buffer.dtype)
            for name, buffer in self.module.named_buffers()
        }
        return self.torch.func.functional_call(self.module, {**parameters, **buffers}, tuple(inputs))

    def value(self, leaves: Leaves, rebuild: Rebuild) -> Leaves:
        """See `Adapter`.

        Raises:
            GradientError: if the function writes into its arguments.
        """
        inputs = self.tensors(leaves)
        with self.torch.no_grad():
            results = [result.numpy(force=True) for result in self.results(rebuild, inputs)]
        if any(tensor._version for tensor in inputs):
            raise failure(
                Mistake.IN_PLACE,
                f"{self.name}: the function wrote into one of its arguments; "
                f"compute a new tensor, or check it on `x.clone()`",
            )
        return results

    def gradients(self, leaves: Leaves, rebuild: Rebuild, cotangents: Leaves) -> Leaves:
        """See `Adapter`."""
        inputs = self.tensors(leaves, True)
        return self.arrays(self.pull(self.results(rebuild, inputs), inputs, self.tensors(cotangents)))

    def arrays(self, gradients: Leaves) -> Leaves:
        """Return gradients as arrays, in this package's convention for complex ones."""
        found = [None if g is None else g.numpy(force=True) for g in gradients]
        return [g if g is None else np.conjugate(g) for g in found]

    def pull(self, results: Leaves, inputs: Leaves, cotangents: Leaves, **options: Any) -> Leaves:
        """Return gradients in PyTorch's convention, the conjugate of this package's, for cotangents in the latter."""
        pairs = zip(results, cotangents, strict=True)
        roots = [(y, g.conj() if g.is_complex() else g) for y, g in pairs if g is not None and y.requires_grad]
        if not roots:
            return [self.torch.zeros_like(x) for x in inputs]
        outputs, gradients = (list(part) for part in zip(*roots, strict=True))
        found = self.torch.autograd.grad(outputs, inputs, gradients, allow_unused=True, **options)
        return [self.torch.zeros_like(x) if g is None else g for g, x in zip(found, inputs, strict=True)]

    def tangents(self, leaves: Leaves, rebuild: Rebuild, directions: Leaves) -> Leaves | None:
        """See `Adapter`: not every function has a forward mode."""
        forward = self.torch.autograd.forward_ad
        pairs = zip(self.tensors(leaves), self.tensors(directions), strict=True)
        try:
            with self._quiet(), forward.dual_level():
                duals = [forward.make_dual(x, d) for x, d in pairs]
                found = [forward.unpack_dual(y) for y in self.results(rebuild, duals)]
        except (NotImplementedError, RuntimeError) as error:
            if not any(words in str(error) for words in ("forward AD", "forward mode AD", "jvp")):
                raise
            self.note(f"forward mode: {with_class(error)}")
            return None
        zeros = self.torch.zeros_like
        return [(zeros(y.primal) if y.tangent is None else y.tangent).numpy(force=True) for y in found]

    def ways(self, leaves: Leaves, rebuild: Rebuild, cotangents: Leaves) -> Iterator[Way]:
        """See `Adapter`."""
        return ways(self, leaves, rebuild, cotangents)

    def derived(self, rebuild: Rebuild) -> Adapter:
        """See `Adapter`."""

        def gradient(leaves: Leaves, cotangents: Leaves) -> Leaves:
            inputs = [leaf if leaf.requires_grad else leaf.clone().requires_grad_() for leaf in leaves]
            with self.torch.enable_grad():
                found = self.pull(self.results(rebuild, inputs), inputs, cotangents, create_graph=True)
            return [g.conj() if g.is_complex() else g for g in found]

        return Torch(gradient, f"gradient of {self.name}")


def torch(function: Function, name: str | None = None) -> Adapter:
    """Let the checks take a function of PyTorch tensors, or a module, whose parameters are then a further argument.

    Besides both modes the checks ask for gradients as PyTorch does on other occasions: of some arguments only, for
    some results only, for a cotangent that is not contiguous, for a batch of them, and for the same graph again. What
    could not be looked at, such as a forward mode that there is none of, stands in the report's `notes`. Random
    numbers, as dropout's, are the same at each call.

    Arguments:
        function: of tensors on the CPU; arrays and tensors among the arguments reach it as new tensors.
        name: what reports call it; the function's own name unless given.

    Raises:
        MissingExtraError: if PyTorch is not installed.
    """
    return Torch(function, name)

"""The libraries that `others.py` looks at: how each writes a function and its gradient, as source and as a call."""

from __future__ import annotations

import importlib
import importlib.metadata
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lab.testing import adapters
from tinygrad_lab.testing.adapters.of_jax import Jax
from tinygrad_lab.testing.adapters.pairs import Pair


class Library(NamedTuple):
    """How to ask a library for gradients.

    Attributes:
        title: as people write it.
        package: its name among the installed distributions.
        setup: what a program of its imports.
        array: turns the text of an argument into the text of an array.
        gradient: what makes a gradient function of a function and an argument's position.
        adapter: what the checker takes.
        functions: their texts, by the name of the formula.
        orders: how often it differentiates.
        forward: what makes a derivative in forward mode, as `gradient` does in reverse.
        jacobian: the same for results that are arrays, such as gradients.
    """

    title: str
    package: str
    setup: str
    array: str
    gradient: str
    adapter: Callable[[Any, str], adapters.Adapter]
    functions: dict[str, str]
    orders: int = 2
    forward: str = ""
    jacobian: str = ""

    @property
    def version(self) -> str:
        return importlib.metadata.version(self.package)

    def namespace(self) -> dict[str, Any]:
        names: dict[str, Any] = {}
        exec(self.setup, names)
        return names

    def program(
        self,
        text: str,
        args: tuple[Any, ...],
        positions: tuple[int, ...],
        forward: bool = False,
        element: tuple[int, ...] = (),
    ) -> str:
        """Return a program of three lines that prints the derivative of a function with respect to some arguments.

        Arguments:
            text: the function.
            args: where.
            positions: of the arguments, one for each order.
            forward: whether the last of these in forward mode.
            element: which one of a derivative that is an array; all unless given.
        """
        names = ", ".join("xyz"[: len(args)])
        values = ", ".join(self.array.format(arg) for arg in args)
        if self.orders == 1:  # gradients are attributes there
            name = "xyz"[positions[0]]
            call = f"({text})" if text.startswith("lambda") else text
            return f"{self.setup}\n{names} = {values}\n{call}({names}).backward(); print({name}.grad)"
        for order, position in enumerate(positions):
            several = order > 0 and isinstance(args[positions[0]], list)
            gradient = self.jacobian if several else self.gradient
            gradient = self.forward if forward and order == len(positions) - 1 else gradient
            text = f"{gradient}({text}, {position})" if position else f"{gradient}({text})"
        chosen = f"[{', '.join(map(str, element))}]" if element else ""
        return f"{self.setup}\n{names} = {values}\nprint({text}({names}){chosen}.tolist())"


class Autograd(Pair):
    """An adapter of an autograd function with one result."""

    def __init__(self, function: Any, name: str) -> None:
        self.autograd = importlib.import_module("autograd")
        super().__init__(lambda *args: function(*args), self._pull, name)

    def _pull(self, g: Any, *args: Any) -> tuple[Any, ...]:
        make = self.autograd.builtins
        packed = make.tuple([make.list(arg) if isinstance(arg, list) else arg for arg in args])
        pullback, _ = self.autograd.core.make_vjp(lambda packed: self.function(*packed), packed)
        return tuple(pullback(self._packed(g)))

    def _packed(self, g: Any) -> Any:
        return self.autograd.builtins.list(g) if isinstance(g, list) else g

    def derived(self, rebuild: Any) -> adapters.Adapter:
        def gradient(leaves: Any, cotangents: Any) -> Any:
            args = self.autograd.builtins.tuple(leaves)
            pullback, _ = self.autograd.core.make_vjp(lambda args: self.function(*args), args)
            return self.autograd.builtins.list(pullback(cotangents[0]))

        return Autograd(gradient, f"gradient of {self.name}")


class CompiledJax(Jax):
    """An adapter of a JAX function that compiles it, and its gradient, which spares most of the time."""

    def __init__(self, function: Any, name: str) -> None:
        super().__init__(importlib.import_module("jax").jit(function), name)
        self._derived: CompiledJax | None = None

    def derived(self, rebuild: Any) -> adapters.Adapter:
        if self._derived is None:  # all arguments are arrays here, so that one program serves all of them
            derived = super().derived(tuple)
            self._derived = CompiledJax(derived.function, derived.name)
        return self._derived


def of_mygrad(function: Any, name: str) -> adapters.Adapter:
    """Return an adapter of a MyGrad function."""
    mygrad = importlib.import_module("mygrad")

    def vjp(g: Any, *args: Any) -> tuple[Any, ...]:
        tensors = [mygrad.tensor(np.array(arg)) for arg in args]
        function(*tensors).backward(g)
        return tuple(np.zeros_like(t.data) if t.grad is None else t.grad for t in tensors)

    return adapters.pair(lambda *args: function(*(mygrad.tensor(np.array(a)) for a in args)).data, vjp, name)


FUNCTIONS = tomllib.loads((Path(__file__).parent / "functions.toml").read_text(encoding="utf-8"))
LIBRARIES = (
    Library(
        "PyTorch",
        "torch",
        "import torch",
        "torch.tensor({}, dtype=torch.float64)",
        "torch.func.grad",
        adapters.torch,
        FUNCTIONS["PyTorch"],
        forward="torch.func.jacfwd",
        jacobian="torch.func.jacrev",
    ),
    Library(
        "JAX",
        "jax",
        "import jax, jax.numpy as jnp; jax.config.update('jax_enable_x64', True)",
        "jnp.array({})",
        "jax.grad",
        CompiledJax,
        FUNCTIONS["JAX"],
        forward="jax.jacfwd",
        jacobian="jax.jacrev",
    ),
    Library(
        "autograd",
        "autograd",
        "import autograd.numpy as np, autograd.scipy.special as special; from autograd import grad, jacobian",
        "np.array({})",
        "grad",
        Autograd,
        FUNCTIONS["autograd"],
        jacobian="jacobian",
    ),
    Library(
        "MyGrad",
        "mygrad",
        "import numpy as np, mygrad as mg",
        "mg.tensor({})",
        "",
        of_mygrad,
        FUNCTIONS["MyGrad"],
        1,
    ),
)  # fmt: skip

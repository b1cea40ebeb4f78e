"""Modules that hold modules: `Sequential`, `ModuleList`, `ModuleDict`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tinygrad_lab.errors import ArgumentTypeError
from tinygrad_lab.nn.module import Module
from tinygrad_lab.typing import Array, Result


def _checked(container: str, item: Any) -> Module:
    if isinstance(item, Module):
        return item
    if isinstance(item, type) and issubclass(item, Module):
        raise ArgumentTypeError(
            f"{container}: layers must be modules, got the class {item.__name__}; write {item.__name__}()"
        )
    if isinstance(item, list | tuple) and container == "Sequential":
        raise ArgumentTypeError(
            f"Sequential: layers must be given one by one, got a {type(item).__name__}; write Sequential(*layers)"
        )
    raise ArgumentTypeError(
        f"{container}: layers must be modules, got {type(item).__name__}; nn.Lambda makes one of a function"
    )


class Sequential(Module):
    """Modules applied one after the other; they are named by their position, "0", "1", ….

    Arguments:
        layers: the modules, first to last.

    Raises:
        ArgumentTypeError: for anything but modules.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> model = tl.nn.Sequential(tl.nn.Linear(2, 4), tl.nn.Tanh(), tl.nn.Linear(4, 1))
        >>> model
        Sequential()  17 parameters
          0: Linear(2, 4)  weight (4, 2), bias (4,), 12 parameters
          1: Tanh()
          2: Linear(4, 1)  weight (1, 4), bias (1,), 5 parameters
        >>> model(np.zeros((100, 2))).shape
        (100, 1)
    """

    def __init__(self, *layers: Module) -> None:
        self.layers = tuple(_checked("Sequential", layer) for layer in layers)

    def _attributes(self) -> Iterator[tuple[Any, Any]]:
        for name, item in vars(self).items():
            yield from enumerate(item) if name == "layers" else [(name, item)]

    def forward(self, x: Array) -> Result:
        """Apply every layer to the output of the one before it."""
        for layer in self.layers:
            x = layer(x)
        return x

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Module]:
        return iter(self.layers)

    def __getitem__(self, index: int | slice) -> Module:
        return Sequential(*self.layers[index]) if isinstance(index, slice) else self.layers[index]


class ModuleList(Module):
    """Modules in a list, for your own `forward`; they are named by their position, "0", "1", ….

    A plain list as an attribute works as well; this one checks what it is given.

    Arguments:
        modules: the modules.

    Raises:
        ArgumentTypeError: for anything but modules.

    Example:
        >>> import tinygrad_lab as tl
        >>> layers = tl.nn.ModuleList(tl.nn.Linear(2, 2) for _ in range(3))
        >>> layers.append(tl.nn.Linear(2, 1))
        >>> len(layers), len(layers.parameters())
        (4, 8)
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        self.held = [_checked("ModuleList", module) for module in modules]

    def _attributes(self) -> Iterator[tuple[Any, Any]]:
        return iter(enumerate(self.held))

    def append(self, module: Module) -> None:
        """Add a module at the end."""
        self.held.append(_checked("ModuleList", module))

    def __len__(self) -> int:
        return len(self.held)

    def __iter__(self) -> Iterator[Module]:
        return iter(self.held)

    def __getitem__(self, index: int) -> Module:
        return self.held[index]


class ModuleDict(Module):
    """Modules by name, for your own `forward`.

    A plain dict as an attribute works as well; this one checks what it is given.

    Arguments:
        modules: the modules by name.

    Raises:
        ArgumentTypeError: for anything but modules.

    Example:
        >>> import tinygrad_lab as tl
        >>> heads = tl.nn.ModuleDict({"mean": tl.nn.Linear(2, 1), "spread": tl.nn.Linear(2, 1)})
        >>> [name for name, _ in heads.named_parameters()]
        ['mean.weight', 'mean.bias', 'spread.weight', 'spread.bias']
    """

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        self.held = {name: _checked("ModuleDict", module) for name, module in (modules or {}).items()}

    def _attributes(self) -> Iterator[tuple[Any, Any]]:
        return iter(self.held.items())

    def __len__(self) -> int:
        return len(self.held)

    def __iter__(self) -> Iterator[str]:
        return iter(self.held)

    def __getitem__(self, name: str) -> Module:
        return self.held[name]

    def __setitem__(self, name: str, module: Module) -> None:
        self.held[name] = _checked("ModuleDict", module)

    def items(self) -> Iterable[tuple[str, Module]]:
        """Return pairs of name and module."""
        return self.held.items()

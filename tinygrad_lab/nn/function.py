"""`Function`: a function as a module, for those that have options but no parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

from tinygrad_lab.nn.module import Module
from tinygrad_lab.typing import Result


class _Read:
    """A class attribute that is read off signatures when somebody first asks: for all classes at once it takes 3 ms."""

    def __init__(self, read: Callable[[Any], Any]) -> None:
        self.read, self.name = read, read.__name__

    def __get__(self, instance: object, kind: type) -> Any:
        found = self.read(kind)
        setattr(kind, self.name, found)
        return found


@_Read
def _defaults(kind: Any) -> dict[str, Any]:
    """Return the constructor's arguments, with their defaults."""
    if kind.__init__ is object.__init__:
        return {}
    _, *arguments = inspect.signature(kind.__init__).parameters.values()
    return {argument.name: argument.default for argument in arguments}


@_Read
def _usual(kind: Any) -> tuple[tuple[str, Any], ...]:
    """Return what the function takes for the constructor's arguments where they are left out, each with its name."""
    if not kind._defaults or not hasattr(kind, "function"):
        return ()
    taken = inspect.signature(kind.function).parameters
    return tuple((name, taken[name].default if name in taken else taken) for name in kind._defaults)


class Function(Module):
    """Base of modules that apply one function; the constructor's arguments are kept, shown, and passed on by name.

    Attributes:
        function: what is applied, a static method of the class.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> class Clip(tl.nn.Function):
        ...     function = staticmethod(np.clip)
        ...     def __init__(self, min=0.0, max=6.0):
        ...         self.min, self.max = min, max
        >>> Clip(max=1.0), Clip(max=1.0)(np.array([-1.0, 0.5, 2.0]))
        (Clip(max=1.0), array([0. , 0.5, 1. ]))
    """

    function: ClassVar[Callable[..., Any]]
    _defaults: ClassVar[Any]
    _usual: ClassVar[Any]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._defaults, cls._usual = _defaults, _usual
        if hasattr(cls, "function"):
            cls.operation = cls.function.__name__

    def forward(self, *inputs: Any, **named: Any) -> Result:
        """Return the function of the inputs."""
        for name, usual in self._usual:
            option = getattr(self, name)
            if option is not usual:  # a call with fewer keywords is a quicker one
                named[name] = option
        return self.function(*inputs, **named) if named else self.function(*inputs)

    def extra_repr(self) -> str:
        """Return the options that differ from the default."""
        options = {name: getattr(self, name) for name in self._defaults}
        return ", ".join(f"{name}={x!r}" for name, x in options.items() if repr(x) != repr(self._defaults[name]))


class Activation(Function):
    """Base of activations, which work on each element by itself."""

    def extra_repr(self) -> str:
        """Return the numbers among the options, and the words that differ from the default."""
        options = {name: getattr(self, name) for name in self._defaults}
        shown = (n for n, option in options.items() if not isinstance(option, str) or option != self._defaults[n])
        return ", ".join(f"{name}={options[name]!r}" for name in shown)


class Lambda(Module):
    """Your own function as a module, for `Sequential`.

    Arguments:
        function: what is applied to the inputs.

    Example:
        >>> import numpy as np, tinygrad_lab as tl
        >>> tl.nn.Sequential(tl.nn.Lambda(np.square), tl.nn.Lambda(np.sum))(np.array([1.0, 2.0]))
        np.float64(5.0)
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def forward(self, *inputs: Any, **named: Any) -> Result:
        """Return the function of the inputs."""
        return self.function(*inputs, **named)

    def extra_repr(self) -> str:
        """Return the function's name."""
        return getattr(self.function, "__name__", repr(self.function))

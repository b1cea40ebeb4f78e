"""`Function`: a function as a module, for those that have options but no parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

from tinygrad_lab.nn.module import Module
from tinygrad_lab.typing import Result


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
    _defaults: ClassVar[dict[str, Any]] = {}  # of the constructor's arguments
    _usual: ClassVar[dict[str, Any]] = {}  # what the function takes for them where they are left out

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if hasattr(cls, "function"):
            cls.operation = cls.function.__name__
        if cls.__init__ is not object.__init__:
            _, *arguments = inspect.signature(cls.__init__).parameters.values()
            cls._defaults = {argument.name: argument.default for argument in arguments}
        if hasattr(cls, "function") and cls._defaults:
            taken = inspect.signature(cls.function).parameters
            cls._usual = {name: taken[name].default if name in taken else taken for name in cls._defaults}

    def forward(self, *inputs: Any, **named: Any) -> Result:
        """Return the function of the inputs."""
        for name, usual in self._usual.items():
            option = getattr(self, name)
            if option is not usual:  # a call with fewer keywords is a quicker one
                named[name] = option
        return self.function(*inputs, **named)

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

"""Compiled functions as methods: `@compile` in the body of a class."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinygrad_lab.compiler.compiling import Compiled
    from tinygrad_lab.compiler.repeating import Repeated


class Method:
    """A compiled function with its first argument fixed to one object, whose arrays count as state.

    Arguments:
        compiled: the function.
        owner: the object.
    """

    def __init__(self, compiled: Compiled, owner: object) -> None:
        self._compiled, self._owner = compiled, owner

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the method."""
        return self._compiled(self._owner, *args, **kwargs)

    def repeat(self, n: int, *args: Any, until: Callable[[Any], Any] | None = None, **kwargs: Any) -> Repeated:
        """Call the method up to `n` times, as `Compiled.repeat` does."""
        return self._compiled.repeat(n, self._owner, *args, until=until, **kwargs)

    def profile(self, *args: Any, **kwargs: Any) -> str:
        """Return the table of costs with times, as `Compiled.profile` does."""
        return self._compiled.profile(self._owner, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._compiled, name)

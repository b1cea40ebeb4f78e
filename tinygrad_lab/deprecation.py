"""How a public name goes away: for one minor version it still works, warns, and says what to use instead."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any


def deprecated(since: str, instead: str) -> Callable[[Any], Any]:
    """Mark a function or a class as deprecated: its use warns, and its docstring says so first.

    Arguments:
        since: the version that warns first; the next minor version no longer has the name.
        instead: what to use in its place, as users write it.

    Example:
        >>> import warnings
        >>> @deprecated("0.2", instead="np.tanh")
        ... def squash(x):
        ...     return x
        >>> with warnings.catch_warnings(record=True, action="always") as caught:
        ...     squash(1.0)
        1.0
        >>> print(caught[0].message)
        squash is deprecated since version 0.2 and goes away in the next minor version; use np.tanh
    """

    def decorate(thing: Any) -> Any:
        text = _text(thing.__name__, since, instead)
        thing.__doc__ = f"Deprecated since version {since}: use `{instead}`.\n\n{thing.__doc__ or ''}".rstrip()
        if isinstance(thing, type):
            made: Callable[..., None] = thing.__init__  # type: ignore[misc]

            @functools.wraps(made)
            def init(self: Any, *args: Any, **kwargs: Any) -> None:
                warnings.warn(text, DeprecationWarning, stacklevel=2)
                made(self, *args, **kwargs)

            thing.__init__ = init  # type: ignore[misc]
            return thing

        @functools.wraps(thing)
        def call(*args: Any, **kwargs: Any) -> Any:
            warnings.warn(text, DeprecationWarning, stacklevel=2)
            return thing(*args, **kwargs)

        return call

    return decorate


def old_names(module: str, since: str, table: dict[str, tuple[str, Any]]) -> Callable[[str], Any]:
    """Return a `__getattr__` for a module whose names have changed.

    Arguments:
        module: the module's `__name__`.
        since: the version that warns first.
        table: by old name, the new one as users write it, and the thing itself.

    Raises:
        AttributeError: from `__getattr__`, for any other name; Python expects this class there.

    Example:
        >>> import warnings, numpy as np
        >>> __getattr__ = old_names("shapes", "0.2", {"fit": ("shapes.unbroadcast", np.sum)})
        >>> with warnings.catch_warnings(record=True, action="always") as caught:
        ...     __getattr__("fit") is np.sum
        True
        >>> print(caught[0].message)
        shapes.fit is deprecated since version 0.2 and goes away in the next minor version; use shapes.unbroadcast
    """

    def getattr_(name: str) -> Any:
        if name not in table:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        instead, thing = table[name]
        warnings.warn(_text(f"{module}.{name}", since, instead), DeprecationWarning, stacklevel=2)
        return thing

    return getattr_


def _text(name: str, since: str, instead: str) -> str:
    return f"{name} is deprecated since version {since} and goes away in the next minor version; use {instead}"

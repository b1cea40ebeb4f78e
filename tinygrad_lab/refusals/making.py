"""What a class of the package says when it is called with arguments that it does not take: Python names no cure."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from tinygrad_lab.errors import CallError
from tinygrad_lab.refusals import arguments


def tell(kind: type) -> None:
    """Let a class of the package, once it is defined, refuse wrong arguments in words that help.

    Called by `__init_subclass__` of its base: users' own classes stay as they wrote them.
    """
    made: Any = kind
    init: Any = vars(kind).get("__init__") or (_nothing if made.__init__ is object.__init__ else None)
    if init is None or not kind.__module__.startswith("tinygrad_lab."):
        return

    @functools.wraps(init)
    def told(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            init(self, *args, **kwargs)
        except TypeError as error:
            if error.__traceback__ is None or error.__traceback__.tb_next is not None:  # it comes from inside
                raise
            called = type(self) if type(self).__init__ is told else kind  # not what calls super().__init__
            raise unfit(called.__name__, init, args, kwargs) from None

    setattr(kind, "__init__", told)  # noqa: B010 mypy lets nobody assign to it


def _nothing(self: Any) -> None:
    """Make an object that takes no arguments."""


def unfit(name: str, init: Callable[..., None], args: tuple[Any, ...], kwargs: dict[str, Any]) -> CallError:
    """Describe what is wrong with the arguments of a constructor that Python has refused.

    Example:
        >>> class Scale:
        ...     def __init__(self, factor, *, rng): ...
        >>> unfit("Scale", Scale.__init__, (1.0,), {"seed": 3})
        CallError("Scale: there is no keyword 'seed'; it takes factor, rng")
        >>> unfit("Scale", Scale.__init__, (1.0,), {})
        CallError('Scale: rng is missing; pass it, such as rng=np.random.default_rng(0)')
    """
    parameters = list(inspect.signature(init).parameters.values())[1:]
    by_position = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    known = [p.name for p in parameters if p.kind is not p.VAR_POSITIONAL]
    for keyword in kwargs:
        if keyword not in known:
            return arguments.unknown(name, keyword, known)
        if keyword in by_position[: len(args)]:
            return arguments.twice(name, keyword)
    if len(args) > len(by_position):
        return arguments.too_many(name, by_position, len(args))
    given = {*by_position[: len(args)], *kwargs}
    missing = [p.name for p in parameters if p.default is p.empty and p.name not in given]
    told = arguments.missing(name, missing)
    return CallError(f"{told}, such as rng=np.random.default_rng(0)") if "rng" in missing else told

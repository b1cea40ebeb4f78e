"""What happens when the gradient of one particular Value is complete: hooks run, `grad` is retained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_lab.core.checks import fail_if_written
from tinygrad_lab.errors import GraphError
from tinygrad_lab.typing import Array

Hook = Callable[[Any], Any]


def _check(replacement: Array, g: Array) -> None:
    given = getattr(replacement, "shape", None), getattr(replacement, "dtype", None)
    if given != (g.shape, g.dtype):
        text = f"shape {given[0]} and dtype {given[1]}" if given[0] is not None else type(replacement).__name__
        raise GraphError(
            f"register_hook: the hook's replacement must have the gradient's shape {g.shape} and dtype {g.dtype}, "
            f"got {text}; compute it from the gradient, or return None to keep that"
        )


class Watch:
    """The hooks of one node; most nodes have none, so they share the price of a single None."""

    __slots__ = ("fingerprints", "hooks", "retain")

    def __init__(self) -> None:
        self.hooks: dict[object, Hook] = {}
        self.retain = False
        self.fingerprints: tuple[int, ...] = ()  # of the arrays that the node saved, in debug mode

    def add(self, hook: Hook) -> Callable[[], None]:
        """Add a hook and return a function that removes it."""
        key = object()
        self.hooks[key] = hook

        def remove() -> None:
            self.hooks.pop(key, None)

        return remove

    def __call__(self, node: Any, g: Array, found: dict[Any, Any]) -> Array:
        """Let the hooks see, or replace, the complete gradient `g` of `node`; note it in `found` if it is retained."""
        fail_if_written(node, self.fingerprints)
        for hook in list(self.hooks.values()):
            replacement = hook(g)
            if replacement is not None:
                _check(replacement, g)
                g = replacement
        if self.retain:
            found[node] = g
        return g

"""What happens when the gradient of one particular Value is complete: hooks run, `grad` is retained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_lab import refusals
from tinygrad_lab.core.checks import fail_if_written
from tinygrad_lab.typing import Array

Hook = Callable[[Any], Any]


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
                if (getattr(replacement, "shape", None), getattr(replacement, "dtype", None)) != (g.shape, g.dtype):
                    raise refusals.graph.bad_replacement(g, replacement)
                g = replacement
        if self.retain:
            found[node] = g
        return g

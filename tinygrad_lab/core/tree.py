"""Nested containers of arrays, seen as a flat list of leaves and a way to rebuild the container.

Lists, tuples (named ones too), dicts and None are containers; so is every object with a method
`tree_flatten() -> (children, rebuild)`, as `nn.Module` has. Everything else is a leaf.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Rebuild = Callable[[list[Any]], Any]


def flatten(tree: Any) -> tuple[list[Any], Rebuild]:
    """Return the leaves of `tree`, and a function from as many leaves to a container of the same shape.

    Example:
        >>> leaves, rebuild = flatten({"a": [1, 2], "b": (3,)})
        >>> leaves, rebuild([10, 20, 30])
        ([1, 2, 3], {'a': [10, 20], 'b': (30,)})
    """
    opened = _open(tree)
    if opened is None:
        return [tree], lambda leaves: leaves[0]
    children, close = opened
    parts = [flatten(child) for child in children]

    def rebuild(leaves: list[Any]) -> Any:
        rebuilt, start = [], 0
        for part, make in parts:
            rebuilt.append(make(leaves[start : start + len(part)]))
            start += len(part)
        return close(rebuilt)

    return [leaf for part, _ in parts for leaf in part], rebuild


def map(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """Return a container shaped like `tree`, with `function(leaf, *leaves of the others)` for each leaf.

    Example:
        >>> map(lambda a, b: a - b, {"w": 5, "b": [1]}, {"w": 2, "b": [1]})
        {'w': 3, 'b': [0]}
    """
    leaves, rebuild = flatten(tree)
    columns = [flatten(other)[0] for other in others]
    return rebuild([function(*row) for row in zip(leaves, *columns, strict=True)])


def _open(tree: Any) -> tuple[list[Any], Rebuild] | None:
    kind = type(tree)
    if kind is list or kind is tuple:
        return list(tree), kind
    if kind is dict:
        return list(tree.values()), lambda children: dict(zip(tree, children, strict=True))
    if tree is None:
        return [], lambda children: None
    if isinstance(tree, tuple):
        return list(tree), lambda children: kind(*children)
    opener = getattr(tree, "tree_flatten", None)
    return None if opener is None else opener()

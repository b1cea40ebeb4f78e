"""Nested containers of arrays, seen as a flat list of leaves and a way to rebuild the container.

Lists, tuples (named ones too), dicts and None are containers; so is every object with a method
`tree_flatten() -> (children, rebuild)`, as `nn.Module` has. Everything else is a leaf.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_lab import vectors
from tinygrad_lab.errors import GraphError
from tinygrad_lab.typing import Tree

Rebuild = Callable[[list[Any]], Any]


def flatten(tree: Tree) -> tuple[list[Any], Rebuild]:
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

    def rebuild(leaves: list[Any]) -> Tree:
        rebuilt, start = [], 0
        for part, make in parts:
            rebuilt.append(make(leaves[start : start + len(part)]))
            start += len(part)
        return close(rebuilt)

    return [leaf for part, _ in parts for leaf in part], rebuild


def match(what: str, tree: Tree, other: Tree) -> list[Any]:
    """Return the leaves of `other` in the order of those of `tree`; dicts correspond by key.

    Raises:
        GraphError: if the containers differ; `what` names `other` in the text.

    Example:
        >>> match("tangents", {"a": 0, "b": 0}, {"b": 2, "a": 1})
        [1, 2]
    """
    opened, theirs = _open(tree), _open(other)
    if opened is None:
        return [other]
    children = opened[0]
    if isinstance(tree, dict):
        same = isinstance(other, dict) and tree.keys() == other.keys()
        others = [other[key] for key in tree] if same else []
    else:
        others = theirs[0] if theirs is not None and not isinstance(other, dict) else []
        same = theirs is not None and len(children) == len(others)
    if not same:
        raise GraphError(f"{what} must be nested like {_describe(tree)}, got {_describe(other)}; nest both alike")
    return [leaf for child, its in zip(children, others, strict=True) for leaf in match(what, child, its)]


def map(function: Callable[..., Any], tree: Tree, *others: Tree) -> Tree:
    """Return a container shaped like `tree`, with `function(leaf, *leaves of the others)` for each leaf.

    Example:
        >>> map(lambda a, b: a - b, {"w": 5, "b": [1]}, {"w": 2, "b": [1]})
        {'w': 3, 'b': [0]}
    """
    leaves, rebuild = flatten(tree)
    columns = [match("map: trees", tree, other) for other in others]
    return rebuild([function(*row) for row in zip(leaves, *columns, strict=True)])


def leaves(tree: Tree) -> list[Any]:
    """Return the leaves of `tree`.

    Example:
        >>> leaves({"a": [1, 2], "b": (3, None)})
        [1, 2, 3]
    """
    return flatten(tree)[0]


def ravel(tree: Tree) -> tuple[Any, Callable[[Any], Any]]:
    """Return all numbers of `tree` as one vector, and a function from such a vector to a container like `tree`.

    Both are differentiable: with Values inside, the vector is a Value. What an optimizer of vectors needs.

    Arguments:
        tree: a container of arrays, Values and numbers, such as a Module.

    Raises:
        GraphError: the function, for a vector of another length.

    Example:
        >>> import numpy as np
        >>> vector, unravel = ravel({"w": np.ones((2, 2)), "b": 3.0})
        >>> vector
        array([1., 1., 1., 1., 3.])
        >>> unravel(2 * vector)
        {'w': array([[2., 2.],
               [2., 2.]]), 'b': np.float64(6.0)}
    """
    found, rebuild = flatten(tree)
    shapes, dtypes = [np.shape(leaf) for leaf in found], [getattr(leaf, "dtype", None) for leaf in found]
    dtypes = [None if dtype is None or dtype.kind not in "fc" else dtype for dtype in dtypes]  # integers become floats
    size = sum(math.prod(shape) for shape in shapes)

    def unravel(vector: Any) -> Tree:
        if np.shape(vector) != (size,):
            raise GraphError(
                f"unravel: vector must have {size} elements, got shape {np.shape(vector)}; pass one that ravel gave"
            )
        return rebuild(vectors.unpack(vector, shapes, dtypes))

    return vectors.pack(found), unravel


def _describe(tree: Tree) -> str:
    kind = type(tree).__name__
    if isinstance(tree, dict):
        return f"a {kind} with the keys {list(tree)}"
    opened = _open(tree)
    return f"a {kind}" if opened is None or tree is None else f"a {kind} of {len(opened[0])}"


def _refilled(tree: dict[Any, Any], children: list[Any]) -> dict[Any, Any]:
    import copy

    refilled = copy.copy(tree)  # so that an OrderedDict stays one
    refilled.update(zip(tree, children, strict=True))
    return refilled


def _open(tree: Tree) -> tuple[list[Any], Rebuild] | None:
    kind = type(tree)
    if kind is list or kind is tuple:
        return list(tree), kind
    if isinstance(tree, dict):
        return list(tree.values()), lambda children: _refilled(tree, children)
    if tree is None:
        return [], lambda children: None
    if isinstance(tree, tuple):
        return list(tree), lambda children: kind(*children)
    opener = getattr(tree, "tree_flatten", None)
    return None if opener is None else opener()

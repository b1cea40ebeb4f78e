"""Sums of products of two arrays as one matrix product, and the order in which several arrays are best contracted."""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np

from tinygrad_lab.typing import Array, Shape


class Plan(NamedTuple):
    """How a pair is contracted: axes to sum, orders of axes and shapes; the product, its shape and order."""

    sums: tuple[Shape, Shape]
    orders: tuple[Shape, Shape]
    shapes: tuple[Shape, Shape]
    product: Any
    shape: Shape
    order: Shape


@functools.lru_cache(maxsize=4096)
def plan(subscripts: str, left: Shape, right: Shape) -> Plan | None:
    """Return a plan for `np.einsum(subscripts, a, b)`, or None where NumPy's own loop is as good, or does more."""
    terms, _, output = subscripts.partition("->")
    a, b = terms.split(",")
    sizes = {**dict(zip(a, left, strict=True)), **dict(zip(b, right, strict=True))}
    diagonal = len(set(a)) < len(a) or len(set(b)) < len(b)
    stretched = _sizes(a, sizes) != left  # an axis of length 1 beside a longer one
    if diagonal or stretched or not output:
        return None
    sums = (
        tuple(i for i, x in enumerate(a) if x not in b + output),
        tuple(i for i, x in enumerate(b) if x not in a + output),
    )
    a, b = "".join(x for x in a if x in b + output), "".join(x for x in b if x in a + output)
    make = _multiplied if set(a + b) <= set(output) else _as_matrices
    return make(a, b, output, sizes, sums)


def _multiplied(a: str, b: str, output: str, sizes: dict[str, int], sums: tuple[Shape, Shape]) -> Plan:
    """Nothing is summed: each array is stretched along the axes that only the other one has."""
    orders = tuple(a.index(x) for x in output if x in a), tuple(b.index(x) for x in output if x in b)
    shapes = tuple(sizes[x] if x in a else 1 for x in output), tuple(sizes[x] if x in b else 1 for x in output)
    return Plan(sums, orders, shapes, np.multiply, _sizes(output, sizes), tuple(range(len(output))))


def _as_matrices(a: str, b: str, output: str, sizes: dict[str, int], sums: tuple[Shape, Shape]) -> Plan | None:
    """Letters of both are summed, or a batch if the output has them; the others are rows and columns."""
    batch, inner = "".join(x for x in a if x in b and x in output), "".join(x for x in a if x not in output)
    rows, columns = "".join(x for x in a if x not in b), "".join(x for x in b if x not in a)
    orders = tuple(map(a.index, batch + rows + inner)), tuple(map(b.index, batch + inner + columns))
    many, m, k, n = (math.prod(_sizes(letters, sizes)) for letters in (batch, rows, inner, columns))
    if batch and m == n == 1:  # many inner products, one by one
        return None
    shapes = ((many, m, k), (many, k, n)) if batch else ((m, k), (k, n))
    made = batch + rows + columns
    return Plan(sums, orders, shapes, np.matmul, _sizes(made, sizes), tuple(map(made.index, output)))


def _sizes(letters: str, sizes: dict[str, int]) -> Shape:
    return tuple(sizes[letter] for letter in letters)


def contract(subscripts: str, a: Array, b: Array) -> Array:
    """Return `np.einsum(subscripts, a, b)`; the subscripts have letters only and tell the output."""
    found = plan(subscripts, np.shape(a), np.shape(b))
    if found is None:
        return np.einsum(subscripts, a, b)
    left, right = (
        _arranged(np.sum(x, axis=axes) if axes else x, order, shape)
        for x, axes, order, shape in zip((a, b), found.sums, found.orders, found.shapes, strict=True)
    )
    product = found.product(left, right)
    product = product if product.shape == found.shape else np.reshape(product, found.shape)
    return product if found.order == tuple(range(len(found.order))) else np.transpose(product, found.order)


def _arranged(x: Array, order: Shape, shape: Shape) -> Array:
    x = x if order == tuple(range(len(order))) else np.transpose(x, order)
    return x if np.shape(x) == shape else np.reshape(x, shape)


@functools.lru_cache(maxsize=1024)
def pairs(subscripts: str, shapes: tuple[Shape, ...], optimize: Any) -> list[tuple[int, int, str]]:
    """Return which two arrays to contract next, and how; each result goes to the end of the remaining ones.

    The order is the one with the fewest multiplications, as NumPy finds it: of all for a few arrays, greedily for many.
    """
    terms, _, output = subscripts.partition("->")
    remaining = terms.split(",")
    strategy = ("optimal" if len(shapes) <= 5 else "greedy") if optimize in (False, True) else optimize
    dummies = [np.broadcast_to(np.zeros(()), shape) for shape in shapes]
    path = np.einsum_path(subscripts, *dummies, optimize=list(strategy) if isinstance(strategy, tuple) else strategy)[0]
    steps = []
    for chosen in path[1:]:
        places = sorted(chosen)
        while len(places) > 1:
            j, i = places.pop(), places.pop()
            b, a = remaining.pop(j), remaining.pop(i)
            rest = "".join(remaining) + output
            kept = "".join(dict.fromkeys(x for x in a + b if x in rest)) if remaining else output
            steps.append((i, j, f"{a},{b}->{kept}"))
            remaining.append(kept)
            places.append(len(remaining) - 1)
    return steps

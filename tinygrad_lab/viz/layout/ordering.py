"""The left-to-right order inside the layers of a drawing: barycentre sweeps that keep the best order found.

Source: K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of hierarchical system structures", 1981.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from tinygrad_lab.viz.layout.constants import SWEEPS

# A wire leads from a node of one layer to a node of the next, and meets each at a fraction of its width.
Wire = tuple[int, float, int, float]


def order_layers(layers: list[list[int]], wires: Sequence[Wire]) -> list[list[int]]:
    """Return the layers with their nodes in an order with few crossings.

    Arguments:
        layers: the nodes, numbered, of each layer; ties keep the order they have here.
        wires: `(upper, fraction, lower, fraction)` between nodes of neighbouring layers.
    """
    above: dict[int, list[tuple[int, float]]] = {node: [] for layer in layers for node in layer}
    below: dict[int, list[tuple[int, float]]] = {node: [] for layer in layers for node in layer}
    for upper, leaving, lower, entering in wires:
        above[lower].append((upper, leaving))
        below[upper].append((lower, entering))
    level = {node: i for i, layer in enumerate(layers) for node in layer}
    between: list[list[Wire]] = [[] for _ in layers]
    for wire in wires:
        between[level[wire[0]]].append(wire)
    current = [list(layer) for layer in layers]
    best, fewest = [list(layer) for layer in current], _crossings(current, between)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        down = sweep % 2 == 0
        for i in range(1, len(current)) if down else range(len(current) - 2, -1, -1):
            _sort(current[i], current[i - 1 if down else i + 1], above if down else below)
        crossings = _crossings(current, between)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in current], crossings
    return best


def _sort(layer: list[int], fixed: list[int], neighbours: dict[int, list[tuple[int, float]]]) -> None:
    """Order a layer by the mean position of each node's neighbours in the fixed layer."""
    places = {node: i for i, node in enumerate(fixed)}
    scale = max(len(fixed), 1) / max(len(layer), 1)
    keys = {}
    for i, node in enumerate(layer):
        near = [places[other] + fraction for other, fraction in neighbours[node]]
        keys[node] = sum(near) / len(near) if near else (i + 0.5) * scale
    layer.sort(key=keys.__getitem__)


def _crossings(layers: list[list[int]], between: list[list[Wire]]) -> int:
    places = {node: i for layer in layers for i, node in enumerate(layer)}
    total = 0
    for wires in between:
        ends = sorted((places[a] + x, places[b] + y) for a, x, b, y in wires)
        seen: list[float] = []
        for _, end in ends:
            at = bisect_right(seen, end)
            total += len(seen) - at
            seen.insert(at, end)
    return total

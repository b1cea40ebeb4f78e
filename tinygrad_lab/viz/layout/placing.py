"""Where the nodes of ordered layers stand: close below their neighbours, never closer than they may be.

Each layer in turn is placed by weighted least squares: the distance of every node to the mean of its neighbours is made
small under the order and the separations. With the separations subtracted that is isotonic regression, which
pooling adjacent violators solves exactly in linear time (R. Barlow and others, 1972).
"""

from __future__ import annotations

from collections.abc import Sequence

from tinygrad_lab.viz.layout.constants import PASSES

# (upper, offset from its centre, lower, offset, weight): how strongly two nodes want their ends in one vertical line.
Spring = tuple[int, float, int, float, float]
Pulls = dict[int, list[tuple[int, float, float]]]  # by node: others, offsets and weights


def place(
    layers: list[list[int]], widths: dict[int, float], gaps: dict[int, float], springs: Sequence[Spring]
) -> dict[int, float]:
    """Return the centre of every node.

    Arguments:
        layers: nodes from left to right.
        widths: of the nodes.
        gaps: the room that each node needs on either side; between two nodes the larger one counts.
        springs: between nodes of neighbouring layers.
    """
    above: Pulls = {node: [] for layer in layers for node in layer}
    below: Pulls = {node: [] for layer in layers for node in layer}
    for upper, leaving, lower, entering, weight in springs:
        above[lower].append((upper, leaving - entering, weight))
        below[upper].append((lower, entering - leaving, weight))
    offsets = {}
    for layer in layers:
        x = 0.0
        for i, node in enumerate(layer):
            if i:
                x += (widths[layer[i - 1]] + widths[node]) / 2 + max(gaps[layer[i - 1]], gaps[node])
            offsets[node] = x
    centres = {node: offsets[node] - offsets[layer[-1]] / 2 for layer in layers for node in layer}
    for turn in range(PASSES):
        last = turn >= PASSES - 2
        for layer in layers if turn % 2 == 0 else reversed(layers):
            sides = (above, below) if last else (above,) if turn % 2 == 0 else (below,)
            _place_layer(layer, offsets, centres, sides)
    return centres


def _place_layer(
    layer: list[int], offsets: dict[int, float], centres: dict[int, float], sides: tuple[Pulls, ...]
) -> None:
    # Blocks of nodes that touch: [wanted position times weight, weight, number of nodes].
    blocks: list[list[float]] = []
    for node in layer:
        total = pull = 0.0
        for side in sides:
            for other, offset, weight in side[node]:
                pull += (centres[other] + offset) * weight
                total += weight
        if not total:
            total = 1e-6
            pull = centres[node] * total
        blocks.append([pull - offsets[node] * total, total, 1])
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] > blocks[-1][0] * blocks[-2][1]:
            pull, total, count = blocks.pop()
            blocks[-1][0] += pull
            blocks[-1][1] += total
            blocks[-1][2] += count
    nodes = iter(layer)
    for pull, total, count in blocks:
        for _ in range(int(count)):
            node = next(nodes)
            centres[node] = pull / total + offsets[node]

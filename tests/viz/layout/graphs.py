"""Boxes in frames and lines among them, drawn by lot: what both layouts, Python's and the page's, are tried on."""

from __future__ import annotations

import numpy as np

from tinygrad_lab.viz.layout.layered import Shape


def lot(seed: int) -> tuple[list[Shape], list[tuple[str, str]]]:
    """A small graph with nested frames."""
    rng = np.random.default_rng(seed)
    shapes: list[Shape] = []
    boxes: list[str] = []
    frames, closed = [""], 0
    for i in range(int(rng.integers(4, 30))):
        move = rng.integers(4)
        if move == 0 and len(frames) < 4:
            shapes.append(Shape(f"f{closed}", frames[-1], float(rng.integers(10, 150)), 14, frame=True))
            frames.append(f"f{closed}")
            closed += 1
        elif move == 1 and len(frames) > 1 and shapes[-1].id != frames[-1]:
            frames.pop()
        size = float(rng.integers(20, 160)), float(rng.integers(16, 80))
        shapes.append(Shape(f"b{i}", frames[-1], *size, minor=bool(rng.random() < 0.3)))
        boxes.append(f"b{i}")
    pairs = {tuple(rng.choice(len(boxes), 2, replace=False)) for _ in range(int(rng.integers(3, 40)))}
    back = rng.random() < 0.2
    return shapes, [(boxes[a], boxes[b]) for a, b in sorted(pairs) if a < b or back]


def tall(n: int = 60) -> tuple[list[Shape], list[tuple[str, str]]]:
    """A chain of frames, each with an input of its own: it is set in columns."""
    shapes, lines = [], []
    for i in range(n):
        shapes += [Shape(f"x{i}", "", 90, 44), Shape(f"f{i}", "", 60, 14, frame=True)]
        shapes += [Shape(f"a{i}", f"f{i}", 120, 44), Shape(f"c{i}", f"f{i}", 100, 44)]
        lines += [(f"x{i}", f"a{i}"), (f"a{i}", f"c{i}")] + ([(f"c{i - 1}", f"a{i}"), ("x0", f"c{i}")] if i else [])
    return shapes, lines


def wide(n: int = 40) -> tuple[list[Shape], list[tuple[str, str]]]:
    """One box that feeds many, which all feed one."""
    shapes = [Shape("x", "", 80, 44), *(Shape(f"b{i}", "", 120, 44) for i in range(n)), Shape("y", "", 80, 44)]
    return shapes, [(f"{a}", f"b{i}") if a == "x" else (f"b{i}", "y") for i in range(n) for a in "xy"]


def dense(n: int = 14) -> tuple[list[Shape], list[tuple[str, str]]]:
    """A chain in which every box feeds all that follow: too many lines to be set in columns."""
    shapes = [Shape(f"b{i}", "", 120, 80) for i in range(n)]
    return shapes, [(f"b{i}", f"b{j}") for j in range(n) for i in range(j)]


def tree(depth: int = 5) -> tuple[list[Shape], list[tuple[str, str]]]:
    """Many leaves, each for one use, added up pair by pair."""
    n = 2**depth
    shapes = [Shape(f"b{i}", "", 70, 40, minor=i >= n) for i in range(2 * n - 1, 0, -1)]
    return shapes, [(f"b{i}", f"b{i // 2}") for i in range(2 * n - 1, 1, -1)]


GRAPHS = {
    **{f"lot {seed}": lot(seed) for seed in range(17)},
    "tall": tall(),
    "wide": wide(),
    "dense": dense(),
    "tree": tree(),
    "nothing": ([], []),
}

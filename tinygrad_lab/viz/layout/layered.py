"""The layered layout of one frame's inside.

Layers come from longest paths. Where a line passes a layer, a dummy keeps a place free for it; lines from the same box
share their way as long as they can. Then come the order in the layers, the places, and the lines' paths.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from itertools import pairwise

from tinygrad_lab.viz.layout.constants import FAR, GAP, LANE, LANE_PULL, LAYER_GAP, MINOR, PADDING, PORT_GAP, TURN
from tinygrad_lab.viz.layout.layering import assign_layers
from tinygrad_lab.viz.layout.ordering import Wire, order_layers
from tinygrad_lab.viz.layout.placing import Spring, place
from tinygrad_lab.viz.layout.wrapping import Columns, columns

Point = tuple[float, float]
Segment = tuple[Hashable, Hashable, str]  # from item to item of one frame, for the lines of a source


@dataclass(slots=True)
class Shape:
    """A box or frame to place: `width` and `height` of a box, or of a frame's title; then where it is."""

    id: str
    parent: str
    width: float
    height: float
    frame: bool = False
    minor: bool = False
    x: float = 0.0
    y: float = 0.0


@dataclass(slots=True)
class Interior:
    """One frame's inside. Its items are child shapes (by id) and ports (`("in" | "out", source)`)."""

    frame: Shape
    children: list[Shape] = field(default_factory=list)
    segments: dict[Segment, None] = field(default_factory=dict)
    paths: dict[Segment, list[Point]] = field(default_factory=dict)
    ports: dict[Hashable, float] = field(default_factory=dict)  # distances from the frame's left edge

    def solve(self, interiors: dict[str, Interior]) -> None:
        """Place the children relative to the frame, and find the segments' paths and the frame's size."""
        _Solver(self, interiors).solve()


class _Solver:
    """The steps of one interior's layout; everything is numbered here, dummies included."""

    def __init__(self, interior: Interior, interiors: dict[str, Interior]) -> None:
        self.interior, self.interiors = interior, interiors
        self.number: dict[Hashable, int] = {}
        self.widths: dict[int, float] = {}
        self.heights: dict[int, float] = {}
        self.gaps: dict[int, float] = {}
        self.minor: set[int] = set()
        self.titled = bool(interior.frame.id)
        self.bends: dict[Segment, list[int]] = {}
        self.links: dict[tuple[int, int, str], None] = {}
        self.entries: dict[tuple[int, str, str], float] = {}

    def _add(self, key: Hashable, width: float, height: float, gap: float = GAP) -> int:
        number = self.number[key] = len(self.number)
        self.widths[number], self.heights[number], self.gaps[number] = width, height, gap
        return number

    def solve(self) -> None:
        """Number, layer, bend, order, place, route."""
        interior, frame = self.interior, self.interior.frame
        if self.titled:
            self._add("title", frame.width, frame.height)
        for key in dict.fromkeys(item for a, b, _ in interior.segments for item in (a, b) if isinstance(item, tuple)):
            if key[0] == "in":
                self._add(key, 2, 0, LANE)
        for child in interior.children:
            number = self._add(child.id, child.width, child.height)
            if child.minor:
                self.minor.add(number)
        for key in dict.fromkeys(b for _, b, _ in interior.segments if isinstance(b, tuple)):
            self._add(key, 2, 0, LANE)
        self.ports = {n for key, n in self.number.items() if isinstance(key, tuple)}
        self.inner = {self.number[c.id]: self.interiors[c.id] for c in self.interior.children if c.frame}
        self.layer, self.aside = self._layers()
        layers = self._bend()
        layers = order_layers(layers, self._wires())
        if self.titled:
            layers[0].remove(0)
            layers[0].insert(0, 0)
        self._attach(layers)
        self.centres = place(layers, self.widths, self.gaps, self._springs())
        self._finish(layers)

    # -- layers --------------------------------------------------------------------------------------------------------

    def _layers(self) -> tuple[dict[int, int], set[tuple[int, int]]]:
        pairs = ((self.number[a], self.number[b]) for a, b, _ in self.interior.segments)
        entries = {n for key, n in self.number.items() if isinstance(key, tuple) and key[0] == "in"}
        fixed = {*entries, 0} if self.titled else entries
        return assign_layers(self.widths, [(a, b) for a, b in pairs if a < b], fixed, self.ports - entries)

    def _bend(self) -> list[list[int]]:
        """Add dummies where segments pass layers, and return the nodes of every layer in a first order."""
        count = max(self.layer.values(), default=0) + 1
        layers: list[list[int]] = [[] for _ in range(count)]
        for n in sorted(self.layer):
            layers[self.layer[n]].append(n)
        for segment in self.interior.segments:
            a, b, source = segment
            start, end = self.number[a], self.number[b]
            top, bottom = self.layer[start], self.layer[end]
            if top < bottom:
                passed = range(top + 1, bottom)
                key: tuple[Hashable, ...] = ("bend", a, source)
            else:  # what one repetition hands to the next goes around, beside the layers from target to source
                passed, key = range(bottom, top + 1), ("bend", a, b, source)
            bends = []
            for i in passed:
                if len(passed) > FAR and FAR // 4 < i - passed[0] < len(passed) - FAR // 4:
                    continue
                if (*key, i) not in self.number:
                    n = self._add((*key, i), 2, 0, LANE)
                    self.layer[n] = i
                    layers[i].append(n)
                bends.append(self.number[*key, i])
            self.bends[segment] = bends
            chain = [start, *bends, end] if top < bottom else bends
            for upper, lower in pairwise(chain):
                self.links[upper, lower, source] = None
        return [self._minor_outside(layer) for layer in layers]

    def _minor_outside(self, items: list[int]) -> list[int]:
        """Return a layer with its minor boxes at both ends, so that the main line may pass in the middle."""
        minor = [n for n in items if n in self.minor]
        half = (len(minor) + 1) // 2
        return [*minor[:half], *(n for n in items if n not in self.minor), *minor[half:]]

    # -- order and places ----------------------------------------------------------------------------------------------

    def _offset(self, n: int, side: str, source: str) -> float:
        """Return where a line meets a child frame or box, as a distance from its centre."""
        inner = self.inner.get(n)
        if inner is None:
            return self.entries.get((n, side, source), 0.0)
        return inner.ports[side, source] - inner.frame.width / 2

    def _wires(self) -> list[Wire]:
        wires = []
        for upper, lower, source in self._near():
            leaving = 0.5 + self._offset(upper, "out", source) / self.widths[upper]
            entering = 0.5 + self._offset(lower, "in", source) / self.widths[lower]
            wires.append((upper, leaving, lower, entering))
        return wires

    def _near(self) -> list[tuple[int, int, str]]:
        return [link for link in self.links if self.layer[link[1]] - self.layer[link[0]] == 1]

    def _attach(self, layers: list[list[int]]) -> None:
        """Spread the points where lines enter a box over its upper edge, in the order in which they come."""
        places = {n: i for layer in layers for i, n in enumerate(layer)}
        entering: dict[int, dict[str, float]] = {}
        for upper, lower, source in self.links:
            leaving = 0.5 + self._offset(upper, "out", source) / self.widths[upper]
            entering.setdefault(lower, {})[source] = places[upper] + leaving
        for (_, b, source), bends in self.bends.items():
            end = self.number[b]
            if bends and source not in entering.setdefault(end, {}):  # it comes around from below
                entering[end][source] = (
                    float(places[bends[0]] + 0.5) if self.layer[bends[0]] == self.layer[end] else 0.0
                )
        for n, sources in entering.items():
            if not self.heights[n]:
                continue
            ordered = sorted(sources, key=lambda source: (sources[source], source))
            numbers = [self.number.get(source, -1) for source in ordered]
            main = [i for i, a in enumerate(numbers) if a not in self.minor and (a, n) not in self.aside]
            middle = sum(main) / len(main) if main else (len(ordered) - 1) / 2  # the main line is to be straight
            reach = max(middle, len(ordered) - 1 - middle, 1)
            step = min(16.0, 0.4 * self.widths[n] / reach)
            for i, source in enumerate(ordered):
                self.entries[n, "in", source] = (i - middle) * step

    def _springs(self) -> list[Spring]:
        children = {self.number[child.id] for child in self.interior.children}
        springs = []
        for upper, lower, source in self._near():
            ends = (upper in children) + (lower in children)
            aside = upper in self.minor or (upper, lower) in self.aside
            weight = MINOR if aside else (8.0, LANE_PULL, 2.0)[ends]
            if upper in self.inner and lower in self.inner:  # frames stand in one line
                springs.append((upper, 0.0, lower, 0.0, weight))
                continue
            leaving, entering = self._offset(upper, "out", source), self._offset(lower, "in", source)
            springs.append((upper, leaving, lower, entering, weight))
        return springs

    # -- coordinates ---------------------------------------------------------------------------------------------------

    def _finish(self, layers: list[list[int]]) -> None:
        padding = PADDING if self.titled else 0.0
        left = min((self.centres[n] - self.widths[n] / 2 for layer in layers for n in layer), default=0.0) - padding
        right = max((self.centres[n] + self.widths[n] / 2 for layer in layers for n in layer), default=0.0) + padding
        x = {n: centre - left for n, centre in self.centres.items()}
        tops, bottoms, height = self._heights(layers)
        points = {segment: self._path(segment, bends, x, tops, bottoms) for segment, bends in self.bends.items()}
        wrapped = self._columns(layers, x, tops, bottoms)
        width = right - left
        if wrapped is None:
            self.interior.paths = {own: [(px, py) for px, py, _ in path] for own, path in points.items()}
        else:
            width, height = wrapped.width + 2 * padding, wrapped.height + padding
            wrapped.dx = [dx + padding for dx in wrapped.dx]
            wrapped.gutters = [gutter + padding for gutter in wrapped.gutters]
            x = {n: own + wrapped.dx[wrapped.of[self.layer[n]]] for n, own in x.items()}
            self.interior.paths = {own: wrapped.path(path, own[2]) for own, path in points.items()}
            for (_, b, _), path in zip(self.interior.paths, self.interior.paths.values(), strict=True):
                if isinstance(b, tuple):  # down to the edge, which is lower now
                    path.append((path[-1][0], height))
        for child in self.interior.children:
            n = self.number[child.id]
            i = self.layer[n]
            dy = 0.0 if wrapped is None else wrapped.dy[wrapped.of[i]]
            child.x, child.y = x[n] - child.width / 2, (tops[i] + bottoms[i] - child.height) / 2 + dy
        self.interior.ports = {key: x[n] for key, n in self.number.items() if n in self.ports}
        self.interior.frame.width, self.interior.frame.height = width, height

    def _columns(
        self, layers: list[list[int]], x: dict[int, float], tops: list[float], bottoms: list[float]
    ) -> Columns | None:
        ends = [(self.layer[self.number[a]], self.layer[self.number[b]], s) for a, b, s in self.interior.segments]
        if any(start >= end for start, end, _ in ends):  # a loop keeps to its column
            return None
        sides = [
            (min(x[n] - self.widths[n] / 2 for n in layer), max(x[n] + self.widths[n] / 2 for n in layer))
            for layer in layers
        ] if all(layers) else []  # fmt: skip
        return columns(tops, bottoms, sides, ends) if sides else None

    def _heights(self, layers: list[list[int]]) -> tuple[list[float], list[float], float]:
        """Return upper and lower edge of every layer, and the height of it all."""
        tops, bottoms, y = [], [], 6.0 if self.titled else 0.0
        loops = any(self.layer[self.number[a]] >= self.layer[self.number[b]] for a, b, _ in self.interior.segments)
        for i, layer in enumerate(layers):
            outer = self.titled and i == 0
            ports = bool(layer) and not any(self.heights[n] for n in layer) and i == len(layers) - 1
            height = max((self.heights[n] for n in layer), default=0.0)
            if ports:
                y += PORT_GAP - LAYER_GAP
            tops.append(y)
            bottoms.append(y + height)
            y += height + (PORT_GAP + (TURN if loops else 0) if outer else LAYER_GAP)
        if self.titled:
            exits = any(key[0] == "out" for key in self.number if isinstance(key, tuple))
            end = bottoms[-1] + (0 if exits else PADDING + (TURN if loops else 0))
            if exits:
                tops[-1] = bottoms[-1] = end = end + (TURN if loops else 0)
            return tops, bottoms, end
        return tops, bottoms, bottoms[-1] + (TURN + PORT_GAP if loops else 0) if bottoms else 0.0

    def _path(
        self, segment: Segment, bends: list[int], x: dict[int, float], tops: list[float], bottoms: list[float]
    ) -> list[tuple[float, float, int]]:
        """Return the points of a segment, each with its layer."""
        a, b, source = segment
        start, end = self.number[a], self.number[b]
        upper, lower = self.layer[start], self.layer[end]
        xs = x[start] + self._offset(start, "out", source)
        xe = x[end] + self._offset(end, "in", source)
        down = upper < lower
        turn = 0.0 if down else TURN
        path = [(xs, self._edge(start, tops, bottoms, below=True), upper), (xs, bottoms[upper] + turn, upper)]
        if down:
            path += [(x[n], y, i) for n in bends for i in [self.layer[n]] for y in (tops[i], bottoms[i])]
        else:
            side = x[bends[0]] if bends else max(xs, xe) + LANE
            path += [(side, bottoms[upper] + turn, upper), (side, tops[lower] - turn, lower)]
        return [*path, (xe, tops[lower] - turn, lower), (xe, self._edge(end, tops, bottoms, below=False), lower)]

    def _edge(self, n: int, tops: list[float], bottoms: list[float], below: bool) -> float:
        """Return the lower or upper edge of an item that stands in the middle of its layer."""
        i = self.layer[n]
        if n in self.ports:
            return 0.0 if i == 0 else bottoms[i]
        middle, half = (tops[i] + bottoms[i]) / 2, self.heights[n] / 2
        return middle + half if below else middle - half

"""A picture as one SVG document: no scripts, no fonts, no ids that could meet those of another picture.

Colours are attributes of the elements; only the dark half of the theme "auto" needs the style sheet.
"""

from __future__ import annotations

import math
from html import escape
from itertools import pairwise
from typing import Any, Protocol

from tinygrad_lab.viz.choose.labels import number, parameters_in
from tinygrad_lab.viz.choose.text_width import text_width
from tinygrad_lab.viz.choose.view import MODULE, Box, Link
from tinygrad_lab.viz.describe.health import DEAD, DETACHED, MEANINGS
from tinygrad_lab.viz.describe.snapshot import INPUT, LABEL, LOSS, OPERATION, OUTPUT, PARAMETER
from tinygrad_lab.viz.layout.layered import Point, Shape
from tinygrad_lab.viz.write import picture as sizes
from tinygrad_lab.viz.write.colors import SHADES, Theme, dark_style, painted
from tinygrad_lab.viz.write.legend import gradient_sizes, head, legend, title
from tinygrad_lab.viz.write.picture import Picture

MARGIN, HEAD, LEAST_WIDTH, MOST_TEXT = 14.0, 18.0, 300.0, 900.0
THIN, THICK = 1.2, 6.0  # lines of the smallest and of the largest gradient
DECADES = 1.0, 3.0  # of gradients' norms that the widths span: as many as there are, within these
FONTS = "system-ui, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif"


class Motion(Protocol):
    """How parts of a moving picture appear: see `film`."""

    @property
    def film(self) -> Any:
        """When what appears."""

    def appearing(self, scene: int) -> str:
        """Return the animation of a part that appears in a scene; "hidden" if it is not there, "" if it is."""


def render(picture: Picture, theme: Theme = "auto", motion: Motion | None = None) -> str:
    """Return the SVG document.

    Arguments:
        picture: what to draw.
        theme: "light", "dark", or "auto" for what the reader's system prefers.
        motion: how gradients appear, in a film.
    """
    return _Drawing(picture, theme, motion).document()


class _Drawing:
    """One document in the making."""

    def __init__(self, picture: Picture, theme: Theme, motion: Motion | None = None) -> None:
        self.picture, self.theme, self.motion = picture, theme, motion
        self.sideways = picture.sideways
        self.shades = _shades(picture)
        path = picture.health.path
        self.bad = set(pairwise(path)) | {(b, a) for a, b in pairwise(path)}
        flows = [edge.gradient for link in picture.view.links for edge in link.edges]
        norms = [flow.norm for flow in flows if flow is not None and flow.finite and flow.norm]
        self.norms = min(norms, default=0.0), max(norms, default=0.0)

    def document(self) -> str:
        """Return it all."""
        picture, layout, view = self.picture, self.picture.layout, self.picture.view
        width, height = (layout.height, layout.width) if self.sideways else (layout.width, layout.height)
        measure = min(max(width, LEAST_WIDTH), MOST_TEXT)
        above, below = head(picture, measure), legend(picture, measure)
        top = MARGIN + HEAD * len(above) + 6
        w, h = _n(max(width, LEAST_WIDTH) + 2 * MARGIN), _n(top + height + 14 + HEAD * len(below) + MARGIN)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="tg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" '
            f'font-family="{FONTS}" font-size="10.5" text-anchor="middle" role="img" '
            f'aria-label="{_attribute(title(picture))}">',
            f"<style>{dark_style()}</style>" if self.theme == "auto" else "",
            f'<rect {self._look("page")} width="{w}" height="{h}"/>',
            *self._rows(above, MARGIN, MARGIN, "caption"),
            f'<g transform="translate({_n(MARGIN + max(LEAST_WIDTH - width, 0) / 2)} {_n(top)})">',
            *(self._frame(layout.shapes[own], picture.titles[own]) for own in view.clusters),
            *(self._line(link, path) for link, path in zip(view.links, layout.paths, strict=True)),
            *(self._box(box, layout.shapes[own]) for own, box in view.boxes.items()),
            "</g>",
            *self._rows(below, MARGIN, top + height + 14, "legend"),
            "</svg>",
        ]
        return "\n".join(part for part in parts if part) + "\n"

    def _look(self, *names: str) -> str:
        return painted(self.theme, *names)

    def _rows(self, rows: list[str], x: float, y: float, kind: str) -> list[str]:
        look = self._look(kind)
        return [f'<text {look} x="{_n(x)}" y="{_n(y + HEAD * i + 11)}">{_text(row)}</text>'
                for i, row in enumerate(rows)]  # fmt: skip

    def _place(self, shape: Shape) -> tuple[float, float, float, float]:
        x, y, width, height = shape.x, shape.y, shape.width, shape.height
        return (y, x, height, width) if self.sideways else (x, y, width, height)

    # -- frames and boxes ----------------------------------------------------------------------------------------------

    def _frame(self, shape: Shape, text: str) -> str:
        x, y, width, height = self._place(shape)
        return (
            f'<g class="tg-frame" data-id="{_attribute(shape.id)}">'
            f'<rect {self._look("frame")} fill-opacity="0.07" x="{_n(x)}" y="{_n(y)}" '
            f'width="{_n(width)}" height="{_n(height)}" rx="8"/>'
            f'<text {self._look("text")} text-anchor="start" font-weight="600" x="{_n(x + 12)}" y="{_n(y + 17)}">'
            f"{_text(text)}</text></g>"
        )

    def _box(self, box: Box, shape: Shape) -> str:
        label = self.picture.labels[box.id]
        x, y, width, height = self._place(shape)
        badges = sizes.badges_width(label)
        middle, base = x + (width - badges) / 2, y + sizes.MARGIN_Y + 12
        name, text = self._look("name"), self._look("text")
        parts = [
            f'<g {self._look("box", *self._states(box))} stroke-width="{self._stroke(box)}" '
            f'data-id="{_attribute(box.id)}"><title>{_text(_tooltip(self.picture, box))}</title>',
            _outline(box, x, y, width, height),
            f'<text {name} x="{_n(middle)}" y="{_n(base)}">{_text(label.title)}</text>',
        ]
        right = middle + text_width(label.title, sizes.TITLE_SIZE, bold=True) / 2 + 4
        for badge in label.badges:
            wide = text_width(badge, sizes.BADGE_SIZE, bold=True) + 8
            parts.append(
                f'<g {self._look(_badge_kind(badge))}><rect x="{_n(right)}" y="{_n(base - 11)}" width="{_n(wide)}" '
                f'height="14" rx="7"/><text {self._look("badge")} x="{_n(right + wide / 2)}" y="{_n(base - 0.5)}">'
                f"{_text(badge)}</text></g>"
            )
            right += wide + 4
        for i, line in enumerate(label.lines, start=1):
            at = f'x="{_n(x + width / 2)}" y="{_n(base + 1 + i * sizes.LINE_HEIGHT)}"'
            written = f"<text {text} {at}>{_text(line)}</text>"
            late = self.motion is not None and line.startswith(("∇", "‖∇‖"))
            parts.append(
                self._moving(written, self.motion.film.boxes.get(box.id, 0)) if late and self.motion else written
            )
        return "".join(parts) + "</g>"

    def _moving(self, part: str, scene: int) -> str:
        assert self.motion is not None
        how = self.motion.appearing(scene)
        return "" if how == "hidden" else f"<g>{how}{part}</g>" if how else part

    def _states(self, box: Box) -> list[str]:
        names = [box.kind]
        if box.id in self.shades:
            names.append(f"shade{self.shades[box.id]}")
        if self._is_first(box):
            names.append("first")
        elif any(not node.value.finite or (node.gradient and not node.gradient.finite) for node in box.members):
            names.append("bad")
        if box.id in self.picture.changes:
            names.append(self.picture.changes[box.id])
        return names

    def _is_first(self, box: Box) -> bool:
        return any(node.id == self.picture.health.first for node in box.members)

    def _stroke(self, box: Box) -> str:
        return "3.5" if self._is_first(box) or box.id in self.picture.changes else "1.4"

    # -- lines ---------------------------------------------------------------------------------------------------------

    def _line(self, link: Link, path: list[Point]) -> str:
        """Return a link: solid forwards, dashed where a gradient flows back."""
        flows = [edge.gradient for edge in link.edges if edge.gradient is not None]
        trail = ["trail"] if any((edge.source, edge.target) in self.bad for edge in link.edges) else []
        shown = self.picture.shown
        back = shown != "forward" and bool(flows)
        parts = []
        if shown != "backward" or not flows:
            kinds = ["line", *(["loop"] if link.loop else []), *trail]
            parts.append(
                f"<g {self._look(*kinds)}>{self._arrow(path, -3.0 if back else 0.0, 2.6 if trail else 1.4)}</g>"
            )
        if back:
            norm = math.hypot(*(flow.norm for flow in flows if flow.finite))
            arrow = self._arrow(path[::-1], 3.0 if shown == "both" else 0.0, self._thickness(norm))
            words = _text(f"gradient, norm {number(norm)}")
            written = f"<g {self._look('gradient', *trail)}><title>{words}</title>{arrow}</g>"
            ends = link.source, link.target
            parts.append(self._moving(written, self.motion.film.lines.get(ends, 0)) if self.motion else written)
        if link.each > 1:
            x, y = path[0]
            x, y = (y + 6, x - 5) if self.sideways else (x + 6, y + 13)
            parts.append(f'<text {self._look("each")} x="{_n(x)}" y="{_n(y)}">all {link.each}</text>')
        data = f'data-source="{_attribute(link.source)}" data-target="{_attribute(link.target)}"'
        return f'<g class="tg-link" {data}>{"".join(parts)}</g>'

    def _thickness(self, norm: float) -> float:
        """Return a width by the logarithm of a gradient's norm, between those of the smallest and the largest one."""
        smallest, largest = self.norms
        if not norm or not largest:
            return THIN
        decades = min(max(math.log10(largest / smallest), DECADES[0]), DECADES[1])
        return round(max(THIN, THICK + (THICK - THIN) * min(math.log10(norm / largest), 0.0) / decades), 1)

    def _arrow(self, path: list[Point], shift: float, width: float) -> str:
        """Return a path through points, with vertical tangents, and its head."""
        points = [(x + shift, y) for x, y in path]
        (ex, ey), (_, before) = points[-1], points[-2]
        reach = 6.0 + width
        up = 1.0 if ey >= before else -1.0
        pieces = [f"M{self._at(*points[0])}"]
        points[-1] = ex, ey - up * reach * 0.8
        for i, ((ax, ay), (bx, by)) in enumerate(pairwise(points)):
            if abs(ax - bx) < 0.05:
                pieces.append(f"L{self._at(bx, by)}")
            elif abs(ay - by) < 0.05:  # turns round: down and up again, or up and down
                bulge = 12.0 if points[i + 2][1] < by else -12.0
                pieces.append(f"C{self._at(ax, ay + bulge)} {self._at(bx, by + bulge)} {self._at(bx, by)}")
            else:
                half = (path[i][1] + path[i + 1][1]) / 2 - math.copysign(shift, shift * (bx - ax) * (by - ay))
                pieces.append(f"C{self._at(ax, half)} {self._at(bx, half)} {self._at(bx, by)}")
        spread = 2.6 + width * 0.7
        corners = [(ex, ey), (ex - spread, ey - up * reach), (ex + spread, ey - up * reach)]
        tip = " ".join(self._at(x, y).replace(" ", ",") for x, y in corners)
        line = f'<path fill="none" d="{"".join(pieces)}" stroke-width="{_n(width)}"/>'
        return f'{line}<polygon stroke="none" points="{tip}"/>'

    def _at(self, x: float, y: float) -> str:
        return f"{_n(y)} {_n(x)}" if self.sideways else f"{_n(x)} {_n(y)}"


# -- shapes ------------------------------------------------------------------------------------------------------------


def _outline(box: Box, x: float, y: float, width: float, height: float) -> str:
    """Return the shape that says the kind."""
    kind, right, bottom = box.kind, x + width, y + height
    if kind == PARAMETER:  # corners cut off
        c = 7
        return _polygon([(x + c, y), (right - c, y), (right, y + c), (right, bottom - c),
                         (right - c, bottom), (x + c, bottom), (x, bottom - c), (x, y + c)])  # fmt: skip
    if kind == LABEL:  # a tag that points to the right
        return _polygon([(x, y), (right - 9, y), (right, y + height / 2), (right - 9, bottom), (x, bottom)])
    radius = {INPUT: min(height / 2, 20), OPERATION: 6, OUTPUT: 6, LOSS: 6, MODULE: 3}.get(kind, 0)
    outline = _rectangle(x, y, width, height, radius)
    if kind == MODULE:
        outline += f'<path d="M{_n(x + 4)} {_n(y)}v{_n(height)}M{_n(right - 4)} {_n(y)}v{_n(height)}"/>'
    if box.result:
        outline += _rectangle(x + 3, y + 3, width - 6, height - 6, 4, ' fill="none"')
    return outline


def _polygon(corners: list[tuple[float, float]]) -> str:
    return f'<polygon points="{" ".join(f"{_n(a)},{_n(b)}" for a, b in corners)}"/>'


def _rectangle(x: float, y: float, width: float, height: float, radius: float, more: str = "") -> str:
    return f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="{_n(radius)}"{more}/>'


def _badge_kind(badge: str) -> str:
    if badge.startswith("Σ"):
        return "sum"
    return "result" if badge in (OUTPUT, LOSS) else "mild" if badge in (DETACHED, DEAD) else "alarm"


def _shades(picture: Picture) -> dict[str, int]:
    if picture.color == "kind":
        return {}
    logs = gradient_sizes(picture)
    low, high = min(logs.values(), default=0.0), max(logs.values(), default=0.0)
    step = max(high - low, 1e-9) / SHADES
    return {own: min(int((log - low) / step), SHADES - 1) for own, log in logs.items()}


def _tooltip(picture: Picture, box: Box) -> str:
    node, label = box.members[-1], picture.labels[box.id]
    texts = [node.id if len(box.members) == 1 else box.id, *label.lines]
    texts += [MEANINGS[badge] for badge in label.badges if badge in MEANINGS]
    texts += [f"made at {node.source}"] if node.source else []
    if box.kind == MODULE:
        texts += [f"{own.name} {own.value.shape}" for own in parameters_in(box, picture.view)]
    return "\n".join(texts)


# -- writing -----------------------------------------------------------------------------------------------------------


def _n(x: float) -> str:
    return f"{x:.1f}".removesuffix(".0").replace("-0", "0") if abs(x) < 0.05 else f"{x:.1f}".removesuffix(".0")


def _text(text: str) -> str:
    return escape("".join(c if c.isprintable() or c == "\n" else "�" for c in text), quote=False)


def _attribute(text: str) -> str:
    return escape("".join(c if c.isprintable() else "�" for c in text))

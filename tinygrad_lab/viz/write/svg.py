"""A picture as one SVG document: no scripts, no fonts, no ids that could meet those of another picture."""

from __future__ import annotations

import math
from html import escape
from importlib.resources import files
from itertools import pairwise
from typing import Literal

from tinygrad_lab.viz.choose.labels import number, output_gradients
from tinygrad_lab.viz.choose.text_width import text_width
from tinygrad_lab.viz.choose.view import MODULE, OMITTED, Box, Link
from tinygrad_lab.viz.describe.health import DEAD, DETACHED, MEANINGS
from tinygrad_lab.viz.describe.snapshot import CONSTANT, INPUT, OPERATION, OUTPUT, PARAMETER
from tinygrad_lab.viz.layout.layered import Point, Shape
from tinygrad_lab.viz.write import picture as sizes
from tinygrad_lab.viz.write.picture import Picture

Theme = Literal["auto", "light", "dark"]

MARGIN, HEAD, LEAST_WIDTH, MOST_TEXT = 14.0, 18.0, 300.0, 900.0
SHADES = 6
_KINDS = (INPUT, PARAMETER, CONSTANT, OPERATION, MODULE, OUTPUT)


def render(picture: Picture, theme: Theme = "auto") -> str:
    """Return the SVG document.

    Arguments:
        picture: what to draw.
        theme: "light", "dark", or "auto" for what the reader's system prefers.
    """
    layout = picture.layout
    width, height = (layout.height, layout.width) if picture.sideways else (layout.width, layout.height)
    measure = min(max(width, LEAST_WIDTH), MOST_TEXT)
    head, legend = _head(picture, measure), _legend(picture, measure)
    top = MARGIN + HEAD * len(head) + 6
    total_width = max(width, LEAST_WIDTH) + 2 * MARGIN
    total_height = top + height + 14 + HEAD * len(legend) + MARGIN
    view = picture.view
    bad = set(pairwise(picture.health.path)) | {(b, a) for a, b in pairwise(picture.health.path)}
    shades, largest = _shades(picture), _largest_flow(picture)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tg" viewBox="0 0 {_n(total_width)} {_n(total_height)}" '
        f'width="{_n(total_width)}" height="{_n(total_height)}" role="img" aria-label="{_attribute(_title(picture))}">',
        f"<style>{_style(theme)}</style>",
        f'<rect class="tg-page" width="{_n(total_width)}" height="{_n(total_height)}"/>',
        *_rows(head, MARGIN, MARGIN, "tg-caption"),
        f'<g transform="translate({_n(MARGIN + max(LEAST_WIDTH - width, 0) / 2)} {_n(top)})">',
        *(_frame(layout.shapes[own], picture.titles[own]) for own in view.clusters),
        *(_line(picture, link, path, bad, largest) for link, path in zip(view.links, layout.paths, strict=True)),
        *(_box(picture, box, layout.shapes[own], shades.get(own)) for own, box in view.boxes.items()),
        "</g>",
        *_rows(legend, MARGIN, top + height + 14, "tg-legend"),
        "</svg>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _style(theme: Theme) -> str:
    """Return the style sheet: literal colours, since not every renderer knows variables."""
    text = files("tinygrad_lab.viz").joinpath("assets/picture.css").read_text("utf-8")
    light, _, dark = text.partition("/* dark */")
    light, dark = (" ".join(part.split()) for part in (light, dark))
    return {
        "light": light,
        "dark": light + " " + dark,
        "auto": f"{light} @media (prefers-color-scheme: dark) {{ {dark} }}",
    }[theme]


# -- frames, boxes, lines ----------------------------------------------------------------------------------------------


def _frame(shape: Shape, title: str) -> str:
    return (
        f'<g class="tg-frame" data-id="{_attribute(shape.id)}"><rect x="{_n(shape.x)}" y="{_n(shape.y)}" '
        f'width="{_n(shape.width)}" height="{_n(shape.height)}" rx="8"/>'
        f'<text x="{_n(shape.x + 12)}" y="{_n(shape.y + 17)}">{_text(title)}</text></g>'
    )


def _box(picture: Picture, box: Box, shape: Shape, shade: int | None) -> str:
    label = picture.labels[box.id]
    x, y, width, height = shape.x, shape.y, shape.width, shape.height
    if picture.sideways:
        x, y, width, height = y, x, height, width
    classes = ["tg-box", f"tg-{box.kind}"]
    if shade is not None:
        classes.append(f"tg-shade{shade}")
    if any(node.id == picture.health.first for node in box.members):
        classes.append("tg-first")
    elif any(not node.value.finite or (node.gradient and not node.gradient.finite) for node in box.members):
        classes.append("tg-bad")
    badges = sizes.badges_width(label)
    middle = x + (width - badges) / 2
    base = y + sizes.MARGIN_Y + 12
    parts = [
        f'<g class="{" ".join(classes)}" data-id="{_attribute(box.id)}"><title>{_text(_tooltip(picture, box))}</title>',
        _outline(box.kind, x, y, width, height),
        f'<text class="tg-name" x="{_n(middle)}" y="{_n(base)}">{_text(label.title)}</text>',
    ]
    right = middle + text_width(label.title, sizes.TITLE_SIZE, bold=True) / 2 + 4
    for badge in label.badges:
        wide = text_width(badge, sizes.BADGE_SIZE, bold=True) + 8
        kind = "tg-sum" if badge.startswith("Σ") else "tg-mild" if badge in (DETACHED, DEAD) else "tg-alarm"
        parts.append(
            f'<g class="{kind}"><rect x="{_n(right)}" y="{_n(base - 11)}" width="{_n(wide)}" height="14" rx="7"/>'
            f'<text x="{_n(right + wide / 2)}" y="{_n(base - 0.5)}">{_text(badge)}</text></g>'
        )
        right += wide + 4
    for i, line in enumerate(label.lines, start=1):
        parts.append(f'<text x="{_n(x + width / 2)}" y="{_n(base + 1 + i * sizes.LINE_HEIGHT)}">{_text(line)}</text>')
    return "".join(parts) + "</g>"


def _outline(kind: str, x: float, y: float, width: float, height: float) -> str:
    """Return the shape that says the kind."""
    if kind == PARAMETER:  # corners cut off
        c, right, bottom = 7, x + width, y + height
        corners = [(x + c, y), (right - c, y), (right, y + c), (right, bottom - c),
                   (right - c, bottom), (x + c, bottom), (x, bottom - c), (x, y + c)]  # fmt: skip
        return f'<polygon points="{" ".join(f"{_n(a)},{_n(b)}" for a, b in corners)}"/>'
    radius = {INPUT: min(height / 2, 20), OPERATION: 6, OUTPUT: 6, MODULE: 3}.get(kind, 0)
    outline = _rectangle(x, y, width, height, radius)
    if kind == OUTPUT:
        outline += _rectangle(x + 3, y + 3, width - 6, height - 6, 4)
    if kind == MODULE:
        outline += f'<path d="M{_n(x + 4)} {_n(y)}v{_n(height)}M{_n(x + width - 4)} {_n(y)}v{_n(height)}"/>'
    return outline


def _rectangle(x: float, y: float, width: float, height: float, radius: float) -> str:
    return f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="{_n(radius)}"/>'


def _line(picture: Picture, link: Link, path: list[Point], bad: set[tuple[str, str]], largest: float) -> str:
    """Return a link: solid forwards, dashed where a gradient flows back."""
    flows = [edge.gradient for edge in link.edges if edge.gradient is not None]
    classes = "tg-line"
    if link.loop:
        classes += " tg-loop"
    if any((edge.source, edge.target) in bad for edge in link.edges):
        classes += " tg-trail"
    data = f'data-source="{_attribute(link.source)}" data-target="{_attribute(link.target)}"'
    parts = []
    back = picture.shown != "forward" and bool(flows)
    if picture.shown != "backward" or not flows:
        shift = -3.0 if back else 0.0
        parts.append(_arrow(path, shift, picture.sideways, 1.4))
    if back:
        norm = math.hypot(*(flow.norm for flow in flows if flow.finite)) if flows else 0.0
        shift = 3.0 if picture.shown == "both" else 0.0
        wide = _thickness(norm, largest)
        inner = _arrow(path[::-1], shift, picture.sideways, wide)
        parts.append(f'<g class="tg-gradient"><title>{_text(f"gradient, norm {number(norm)}")}</title>{inner}</g>')
    return f'<g class="{classes}" {data}>{"".join(parts)}</g>'


def _largest_flow(picture: Picture) -> float:
    flows = (edge.gradient for link in picture.view.links for edge in link.edges)
    return max((flow.norm for flow in flows if flow is not None and flow.finite), default=0.0)


def _thickness(norm: float, largest: float) -> float:
    """Return a width between 1 and 5, by the logarithm of a gradient's norm against the largest one."""
    if not norm:
        return 1.0
    return round(max(1.0, 5.0 + math.log10(norm / max(largest, norm))), 1)


def _arrow(path: list[Point], shift: float, sideways: bool, width: float) -> str:
    """Return a path through points, with vertical tangents, and its head."""
    points = [(x + shift, y) for x, y in path]
    (ex, ey), (_, before) = points[-1], points[-2]
    reach = 6.0 + width
    up = 1.0 if ey >= before else -1.0
    pieces = [f"M{_at(*points[0], sideways)}"]
    points[-1] = ex, ey - up * reach * 0.8
    for i, ((ax, ay), (bx, by)) in enumerate(pairwise(points)):
        if abs(ax - bx) < 0.05:
            pieces.append(f"L{_at(bx, by, sideways)}")
        elif abs(ay - by) < 0.05:  # turns round: down and up again, or up and down
            bulge = 12.0 if points[i + 2][1] < by else -12.0
            pieces.append(f"C{_at(ax, ay + bulge, sideways)} {_at(bx, by + bulge, sideways)} {_at(bx, by, sideways)}")
        else:
            half = (path[i][1] + path[i + 1][1]) / 2 - math.copysign(shift, shift * (bx - ax) * (by - ay))
            pieces.append(f"C{_at(ax, half, sideways)} {_at(bx, half, sideways)} {_at(bx, by, sideways)}")
    spread = 2.6 + width * 0.7
    corners = [(ex, ey), (ex - spread, ey - up * reach), (ex + spread, ey - up * reach)]
    head = " ".join(_at(x, y, sideways).replace(" ", ",") for x, y in corners)
    return f'<path d="{"".join(pieces)}" stroke-width="{_n(width)}"/><polygon points="{head}"/>'


def _at(x: float, y: float, sideways: bool) -> str:
    return f"{_n(y)} {_n(x)}" if sideways else f"{_n(x)} {_n(y)}"


# -- colour by gradient ------------------------------------------------------------------------------------------------


def _gradient_sizes(picture: Picture) -> dict[str, float]:
    found = {}
    for own, box in picture.view.boxes.items():
        size = max((g.rms for g in output_gradients(box) if g.finite), default=0.0)
        if size:
            found[own] = math.log10(size)
    return found


def _shades(picture: Picture) -> dict[str, int]:
    if picture.color == "kind":
        return {}
    logs = _gradient_sizes(picture)
    low, high = min(logs.values(), default=0.0), max(logs.values(), default=0.0)
    step = max(high - low, 1e-9) / SHADES
    return {own: min(int((log - low) / step), SHADES - 1) for own, log in logs.items()}


# -- caption and legend ------------------------------------------------------------------------------------------------


def _title(picture: Picture) -> str:
    return f"{picture.view.snapshot.title}: {picture.view.caption}"


def _tooltip(picture: Picture, box: Box) -> str:
    node, label = box.members[-1], picture.labels[box.id]
    texts = [node.id if len(box.members) == 1 else box.id, *label.lines]
    texts += [MEANINGS[badge] for badge in label.badges if badge in MEANINGS]
    texts += [f"made at {node.source}"] if node.source else []
    return "\n".join(texts)


def _head(picture: Picture, width: float) -> list[str]:
    rows = [_title(picture)]
    first = picture.health.first
    if first is not None:
        node = picture.view.snapshot.by_id[first]
        where = f", made at {node.source}" if node.source else ""
        what = "gradient not finite from" if node.value.finite else "Not finite from"
        rows.append(f"{what[0].upper()}{what[1:]} {first} on{where}.")
    rows += picture.view.snapshot.notes
    return [line for row in rows for line in _wrapped(row, width)]


def _legend(picture: Picture, width: float) -> list[str]:
    present = {box.kind for box in picture.view.boxes.values()}
    signs = {INPUT: "round: input", PARAMETER: "cut corners: parameter", CONSTANT: "dotted: constant",
             OPERATION: "box: operation", MODULE: "barred: module", OUTPUT: "double: output"}  # fmt: skip
    items = [signs[kind] for kind in _KINDS if kind in present]
    if OMITTED in present:
        items.append("dashed: left out")
    if any(link.loop for link in picture.view.links) or any(box.recurrent for box in picture.view.boxes.values()):
        items.append("↻ and dotted lines: handed to the next repetition")
    if picture.shown != "forward":
        items.append("dashed lines: gradients, wider for larger")
    lines = [line for label in picture.labels.values() for line in label.lines]
    items += ["∇: gradient of the output by this"] * any(line.startswith("∇") for line in lines)
    items += ["‖∇‖: norm of the gradient"] * any(line.startswith("‖∇‖") for line in lines)
    marks = dict.fromkeys(badge for label in picture.labels.values() for badge in label.badges)
    items += [f"{mark} {MEANINGS[mark]}" for mark in marks if mark in MEANINGS]
    if any(mark.startswith("Σ") for mark in marks):
        items.append("Σ n: gradient is a sum of n")
    logs = _gradient_sizes(picture).values()
    if picture.color == "grad" and logs:
        items.append(f"deeper colour: larger gradient, rms {number(10 ** min(logs))} to {number(10 ** max(logs))}")
    return _wrapped(" · ".join(items), width, " · ")


def _wrapped(text: str, width: float, between: str = " ") -> list[str]:
    """Break text, where `between` stands, into lines that are no wider than `width` if possible."""
    lines, current = [], ""
    for word in text.split(between):
        longer = f"{current}{between}{word}" if current else word
        if current and text_width(longer, sizes.LINE_SIZE) > width:
            lines.append(current)
            longer = word
        current = longer
    return [*lines, current]


def _rows(rows: list[str], x: float, y: float, kind: str) -> list[str]:
    return [
        f'<text class="{kind}" x="{_n(x)}" y="{_n(y + HEAD * i + 11)}">{_text(row)}</text>'
        for i, row in enumerate(rows)
    ]


# -- writing -----------------------------------------------------------------------------------------------------------


def _n(x: float) -> str:
    return f"{x:.1f}".removesuffix(".0").replace("-0", "0") if abs(x) < 0.05 else f"{x:.1f}".removesuffix(".0")


def _text(text: str) -> str:
    return escape("".join(c if c.isprintable() or c == "\n" else "�" for c in text), quote=False)


def _attribute(text: str) -> str:
    return escape("".join(c if c.isprintable() else "�" for c in text))

"""Two pictures side by side, with what changed between them in colour."""

from __future__ import annotations

import re
from dataclasses import replace

from tinygrad_lab.viz.describe.difference import Difference
from tinygrad_lab.viz.write import svg
from tinygrad_lab.viz.write.colors import Theme, dark_style, painted
from tinygrad_lab.viz.write.picture import Picture

GAP, HEAD = 12.0, 30.0


def render(before: Picture, after: Picture, difference: Difference, theme: Theme) -> str:
    """Return both pictures as one SVG: green boxes are new, red ones gone, amber ones hold other numbers."""
    left = svg.render(replace(before, changes=_changes(before, difference)), theme)
    right = svg.render(replace(after, changes=_changes(after, difference)), theme)
    (w1, h1), (w2, h2) = _size(left), _size(right)
    width, height = w1 + w2 + GAP, max(h1, h2) + HEAD
    style = f"<style>{dark_style()}</style>" if theme == "auto" else ""
    counts = (
        f"{len(difference.added)} new (green), {len(difference.removed)} gone (red), "
        f"{len(difference.changed)} changed (amber)"
    )
    look = painted(theme, "caption")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" font-family="{svg.FONTS}" font-size="12" role="img" '
        f'aria-label="comparison: {counts}">{style}'
        f'<rect {painted(theme, "page")} width="{width:g}" height="{height:g}"/>'
        f'<text {look} x="14" y="20">before</text><text {look} x="{w1 + GAP + 14:g}" y="20">after: {counts}</text>'
        f"{_placed(left, 0)}{_placed(right, w1 + GAP)}</svg>\n"
    )


def _changes(picture: Picture, difference: Difference) -> dict[str, str]:
    kinds = {**dict.fromkeys(difference.changed, "changed"), **dict.fromkeys(difference.added, "added"),
             **dict.fromkeys(difference.removed, "removed")}  # fmt: skip
    found: dict[str, str] = {}
    for own, box in picture.view.boxes.items():
        seen = {kinds[node.id] for node in box.members if node.id in kinds}
        if seen:
            found[own] = next(kind for kind in ("removed", "added", "changed") if kind in seen)
    return found


def _size(document: str) -> tuple[float, float]:
    match = re.search(r'width="([\d.]+)" height="([\d.]+)"', document)
    assert match is not None
    return float(match[1]), float(match[2])


def _placed(document: str, x: float) -> str:
    return document.strip().replace("<svg ", f'<svg x="{x:g}" y="{HEAD:g}" ', 1)

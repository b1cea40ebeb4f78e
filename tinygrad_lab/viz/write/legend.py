"""The words around a picture: its title and notes above, and below, what its shapes and marks mean."""

from __future__ import annotations

import math

from tinygrad_lab.viz.choose.labels import number, output_gradients
from tinygrad_lab.viz.choose.text_width import text_width
from tinygrad_lab.viz.choose.view import MODULE, OMITTED
from tinygrad_lab.viz.describe.health import MEANINGS
from tinygrad_lab.viz.describe.snapshot import CONSTANT, INPUT, LABEL, LOSS, OPERATION, OUTPUT, PARAMETER
from tinygrad_lab.viz.write.picture import LINE_SIZE, Picture

_SIGNS = {INPUT: "round: input", LABEL: "pointed: label", PARAMETER: "cut corners: parameter",
          CONSTANT: "dotted: constant", OPERATION: "box: operation", MODULE: "barred: module",
          OMITTED: "dashed: left out", OUTPUT: "double: output", LOSS: "double: loss"}  # fmt: skip


def title(picture: Picture) -> str:
    """Return what the picture is of, and how much of it is shown."""
    return f"{picture.view.snapshot.title}: {picture.view.caption}"


def head(picture: Picture, width: float) -> list[str]:
    """Return the rows above the picture."""
    rows = [title(picture)]
    first = picture.health.first
    if first is not None and not picture.view.snapshot.culprit:
        node = picture.view.snapshot.by_id[first]
        where = f", made at {node.source}" if node.source else ""
        what = "Gradient not finite from" if node.value.finite else "Not finite from"
        rows.append(f"{what} {first} on{where}.")
    rows += picture.view.snapshot.notes
    return [line for row in rows for line in _wrapped(row, width)]


def legend(picture: Picture, width: float) -> list[str]:
    """Return the rows below the picture."""
    boxes, links = picture.view.boxes.values(), picture.view.links
    present = {box.kind for box in boxes} | {box.result for box in boxes}
    items = [sign for kind, sign in _SIGNS.items() if kind in present]
    if any(link.loop for link in links) or any(box.recurrent for box in boxes):
        items.append("↻ and dotted lines: handed to the next repetition")
    if any(link.each > 1 for link in links):
        items.append("all n: of every repetition")
    if picture.shown != "forward":
        items.append("dashed lines: gradients, wider for larger")
    lines = [line for label in picture.labels.values() for line in label.lines]
    items += ["∇: gradient of the output by this"] * any(line.startswith("∇") for line in lines)
    items += ["‖∇‖: norm of the gradient"] * any(line.startswith("‖∇‖") for line in lines)
    items += ["|·|: moduli"] * any(line.startswith("|·|") for line in lines)
    items += ["shared: drawn at several uses"] * any(box.stub for box in boxes)
    marks = dict.fromkeys(badge for label in picture.labels.values() for badge in label.badges)
    items += [f"{mark} {MEANINGS[mark]}" for mark in marks if mark in MEANINGS]
    if any(mark.startswith("Σ") for mark in marks):
        items.append("Σ n: gradient is a sum of n")
    sizes = gradient_sizes(picture).values()
    if picture.color == "grad" and sizes:
        items.append(f"deeper colour: larger gradient, rms {number(10 ** min(sizes))} to {number(10 ** max(sizes))}")
    return _wrapped(" · ".join(items), width, " · ")


def gradient_sizes(picture: Picture) -> dict[str, float]:
    """Return the decimal logarithm of the size of each box's gradient, where it has one."""
    found = {}
    for own, box in picture.view.boxes.items():
        size = max((g.rms for g in output_gradients(box) if g.finite), default=0.0)
        if size:
            found[own] = math.log10(size)
    return found


def _wrapped(text: str, width: float, between: str = " ") -> list[str]:
    """Break text, where `between` stands, into lines that are no wider than `width` if possible."""
    lines, current = [], ""
    for word in text.split(between):
        longer = f"{current}{between}{word}" if current else word
        if current and text_width(longer, LINE_SIZE) > width:
            lines.append(current)
            longer = word
        current = longer
    return [*lines, current]

"""The two figures of a sweep: all learning curves in one plot, and each prediction beside the ground truth."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_lab.lab import plots
from tinygrad_lab.lab.sweeps.running import Sweep
from tinygrad_lab.lab.sweeps.table import Table, failure, show
from tinygrad_lab.lab.sweeps.working import limits
from tinygrad_lab.typing import NDArray

_MOST_COLOURS = 8
_MOST_PLANES = 23  # beside the ground truth: four rows of six


def curves(sweep: Sweep, table: Table) -> str:
    """Draw all learning curves, of the loss that the table compares, with a colour for each value of the option across.

    Arguments:
        sweep: the sweep, with the cells that have ended.
        table: tells which option and which loss that is.

    Returns:
        A complete SVG document.
    """
    option = table.across or next(iter(sweep.options), "")
    values = sweep.values(option) if option else [None]
    name = "validation_loss" if table.measure == "validation_loss" else "loss"
    drawn = [(position, left["curve"]) for position, left in enumerate(sweep.left) if left and left["curve"].get(name)]
    figure, (axes,) = plots.new_figure(8.6, 4.4, 1, 1)
    losses = _without_flights([plots.finite(np.array(curve[name], dtype=float)) for _, curve in drawn])
    unit = plots.loss_scale(axes, losses, name.replace("_", " "))
    longest = [max(curve["epoch"]) for _, curve in drawn]
    if longest and max(longest) > 20 * min(longest):
        axes.set_xscale("log")
    colours = _colours(len(values))
    alpha = 1.0 if len(drawn) <= 2 * len(values) else 0.55
    for (position, curve), loss in zip(drawn, losses, strict=True):
        colour = colours[values.index(sweep.value(position, option)) if option else 0]
        style = "--" if failure(sweep, position) else "-"
        axes.plot(curve["epoch"], unit(loss), style, color=colour, linewidth=1.4, alpha=alpha)
    if option:
        _legend(axes, option, values, colours, any(failure(sweep, position) for position, _ in drawn))
    axes.set_xlabel("epoch")
    axes.grid(alpha=0.25)
    return plots.svg(figure)


def _without_flights(losses: list[NDArray]) -> list[NDArray]:
    """Return curves that end where they leave the others far behind, as those of diverging runs do."""
    starts = [loss[0] for loss in losses if np.isfinite(loss[0])]
    highest = 100 * max(starts, default=np.inf)
    return [np.where(loss <= highest, loss, np.nan) for loss in losses]


def _legend(axes: Any, option: str, values: list[Any], colours: list[Any], failed: bool) -> None:
    from matplotlib.lines import Line2D

    few = range(len(values)) if len(values) <= 12 else np.linspace(0, len(values) - 1, 8).astype(int)
    handles = [Line2D([], [], color=colours[k], label=plots.plain(show(values[k]))) for k in few]
    if failed:
        handles.append(Line2D([], [], color="grey", linestyle="--", label="failed"))
    axes.legend(handles=handles, title=plots.plain(option), frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))


def planes(sweep: Sweep) -> str | None:
    """Draw the ground truth, and beside it the decisions of each cell's network, if there are two features.

    Seeds stand for each other: of each combination of the other options, the one that ended first in the order of the
    cells is drawn.

    Returns:
        A complete SVG document, or None where there is nothing to draw.
    """
    chosen: dict[tuple[Any, ...], int] = {}
    names = [name for name in sweep.options if name != "seed"] or sweep.options
    for position, left in enumerate(sweep.left):
        if left and "plane" in left:
            chosen.setdefault(tuple(sweep.value(position, name) for name in names), position)
    if not chosen:
        return None
    if len(chosen) > _MOST_PLANES:
        few = np.linspace(0, len(chosen) - 1, _MOST_PLANES).astype(int)
        chosen = {key: chosen[key] for key in [list(chosen)[k] for k in few]}
    columns = min(6, len(chosen) + 1)
    rows = math.ceil((len(chosen) + 1) / columns)
    figure, panels = plots.new_figure(1.75 * columns, 1.95 * rows, rows, columns)
    first = _left(sweep, next(iter(chosen.values())))["plane"]
    _plane(panels[0], first, first["truth"], None)
    panels[0].set_title("ground truth", fontsize=8)
    for axes, (key, position) in zip(panels[1:], chosen.items(), strict=False):
        plane = _left(sweep, position)["plane"]
        _plane(axes, plane, plane["predicted"], plane["decided"], f"plane-{position}")
        named = zip(names, key, strict=True)
        title = "\n".join(show(value) if name in ("run", "row") else f"{name} {show(value)}" for name, value in named)
        axes.set_title(plots.plain(title), fontsize=8)
    for axes in panels:
        axes.set(xticks=(), yticks=())
        axes.spines[:].set_visible(False)
    return plots.svg(figure)


def _plane(axes: Any, plane: dict[str, Any], labels: list[int], decided: list[int] | None, name: str = "") -> None:
    from matplotlib.colors import ListedColormap

    x, labels_of, truth = np.array(plane["x"]), np.array(labels), np.array(plane["truth"])
    count = len(plane["classes"])
    colours = _colours(count)
    low, high = limits(x)
    if decided is not None:
        side = math.isqrt(len(decided))
        image = np.array(decided).reshape(side, side)
        extent = (low[0], high[0], low[1], high[1])
        cmap, span = ListedColormap(colours), {"vmin": -0.5, "vmax": count - 0.5}
        axes.imshow(image, cmap=cmap, alpha=0.3, origin="lower", extent=extent, aspect="auto", gid=name, **span)
    axes.scatter(*x.T, c=[colours[k] for k in labels_of], s=7, linewidths=0, rasterized=len(x) > 30)
    wrong = labels_of != truth
    if wrong.any():
        axes.scatter(*x[wrong].T, s=22, facecolors="none", edgecolors="black", linewidths=0.6)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))


def _left(sweep: Sweep, position: int) -> dict[str, Any]:
    left = sweep.left[position]
    assert left is not None
    return left


def _colours(count: int) -> list[Any]:
    """Return colours that are easy to tell apart, or a colour scale for many values."""
    if count <= _MOST_COLOURS:
        return list(plots.COLOURS[:count])
    import matplotlib as mpl

    return [mpl.colormaps["viridis"](k / (count - 1)) for k in range(count)]

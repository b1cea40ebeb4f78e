"""The two pictures of a run, as SVG text that depends on nothing but the run."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lab.extras import extra
from tinygrad_lab.lab.data import Array

if TYPE_CHECKING:
    from tinygrad_lab.lab.running import Run
    from tinygrad_lab.lab.training import History

# Okabe and Ito's colours, which colour-blind readers can tell apart; the markers tell the classes apart without colour.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000")
_MARKERS = "os^DvP*X"
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "tinygrad_lab",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.size": 10,
}
_GRID = 200  # points per side at which the decision regions are evaluated
_MANY = 3000  # points beyond which each as a shape of its own would make the file slow
_CURVE = 2000  # points of a learning curve beyond which a screen shows no difference


def learning_curve(history: History) -> str:
    """Draw loss and accuracy by epoch; the loss is on a logarithmic scale if it spans more than a decade.

    Arguments:
        history: of a training run.

    Returns:
        A complete SVG document.
    """
    shown = np.unique(np.linspace(0, history.epochs - 1, _CURVE).astype(int))
    loss, accuracy = np.array(history.loss)[shown], np.array(history.accuracy)[shown]
    loss[~np.isfinite(loss)] = np.nan
    figure, (above, below) = _figure(7, 4.6, 2, 1, sharex=True, height_ratios=(2, 1))
    dots = "." if history.epochs < 30 else ""
    above.plot(shown + 1, loss, dots + "-", color=_COLOURS[0], linewidth=1.8)
    positive = loss[loss > 0]
    if len(positive) and positive.max() > 10 * positive.min():
        above.set_yscale("log")
    above.set_ylabel("loss")
    below.plot(shown + 1, accuracy, dots + "-", color=_COLOURS[1], linewidth=1.8)
    below.set(xlabel="epoch", ylabel="accuracy", ylim=(-0.05, 1.05), yticks=(0, 0.5, 1))
    for axes in (above, below):
        axes.grid(alpha=0.25)
    return _svg(figure)


def prediction(run: Run) -> str:
    """Draw the ground truth beside the prediction: with the decision regions for two features, else as counts.

    Arguments:
        run: a finished run.

    Returns:
        A complete SVG document.
    """
    return _regions(run) if run.dataset.x.shape[1] == 2 else _confusion(run)


def _regions(run: Run) -> str:
    data = run.dataset
    figure, (truth, predicted) = _figure(8.6, 4.3, 1, 2, sharex=True, sharey=True)
    extent = np.ptp(data.x, axis=0)
    margin = np.where(extent > 0, 0.06 * extent, 1.0)
    low, high = data.x.min(axis=0) - margin, data.x.max(axis=0) + margin
    first, second = np.meshgrid(*(np.linspace(a, b, _GRID) for a, b in zip(low, high, strict=True)))
    p, _ = run.experiment.predict(np.stack([first.ravel(), second.ravel()], axis=1))
    _shade(predicted, first, second, p.reshape(_GRID, _GRID, -1), figure)
    _points(truth, data.x, data.labels, data.classes)
    _points(predicted, data.x, run.predicted, data.classes)
    wrong = run.predicted != data.labels
    if wrong.any():
        predicted.scatter(*data.x[wrong].T, s=130, facecolors="none", edgecolors="black", linewidths=1.2, label="wrong")
    accuracy = run.history.accuracy[-1]
    across = _plain(data.features[0])
    truth.set(title="ground truth", xlabel=across, ylabel=_plain(data.features[1]))
    predicted.set(title=f"prediction, accuracy {accuracy:.4g}", xlabel=across)
    predicted.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    handles, labels = predicted.get_legend_handles_labels()
    handles, labels = _legend(handles, labels, *truth.get_legend_handles_labels())
    figure.legend(handles, labels, loc="outside lower center", ncols=6, frameon=False)
    return _svg(figure)


def _legend(handles: list[Any], labels: list[str], others: list[Any], names: list[str]) -> tuple[list[Any], list[str]]:
    """Return the classes as the truth shows them, then what only the prediction shows."""
    extra = [(handle, label) for handle, label in zip(handles, labels, strict=True) if label not in names]
    return others + [handle for handle, _ in extra], names + [label for _, label in extra]


def _shade(axes: Any, first: Array, second: Array, p: Array, figure: Any) -> None:
    """Colour the plane: by the probability of class 1, or by the most probable of several classes."""
    from matplotlib.colors import LinearSegmentedColormap, ListedColormap

    if not np.isfinite(p).all():
        return  # a run that diverged
    if p.shape[2] == 1:
        tints = LinearSegmentedColormap.from_list("tints", [_COLOURS[0], "#ffffff", _COLOURS[1]])
        levels = np.linspace(0, 1, 11)
        filled = axes.contourf(first, second, np.clip(p[..., 0], 0, 1), levels, cmap=tints, alpha=0.55)
        if 0 < np.count_nonzero(p >= 0.5) < p.size:
            axes.contour(first, second, p[..., 0], [0.5], colors="black", linewidths=1)
        figure.colorbar(filled, ax=axes, ticks=(0, 0.5, 1), label="output")
    else:
        classes = np.argmax(p, axis=2)
        colours = ListedColormap([_COLOURS[k % len(_COLOURS)] for k in range(p.shape[2])])
        axes.pcolormesh(
            first, second, classes, cmap=colours, alpha=0.35, vmin=-0.5, vmax=p.shape[2] - 0.5, rasterized=True
        )


def _points(axes: Any, x: Array, labels: Array, classes: tuple[str, ...]) -> None:
    for k, name in enumerate(classes):
        axes.scatter(
            *x[labels == k].T,
            s=42,
            marker=_MARKERS[k % len(_MARKERS)],
            color=_COLOURS[k % len(_COLOURS)],
            edgecolors="white",
            linewidths=0.6,
            label=f"class {_plain(name)}",
            rasterized=len(x) > _MANY,
            zorder=3,
        )


def _confusion(run: Run) -> str:
    """Draw how often each class was predicted as each."""
    classes = run.dataset.classes
    counts = np.zeros((len(classes), len(classes)), dtype=int)
    np.add.at(counts, (run.dataset.labels, run.predicted), 1)
    side = max(4.0, 0.5 * len(classes) + 2)
    figure, (axes,) = _figure(side, side, 1, 1)
    axes.imshow(counts / counts.sum(axis=1, keepdims=True), cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        dark = count > 0.5 * counts[row].sum()
        axes.text(column, row, count, ha="center", va="center", color="white" if dark else "black")
    ticks = range(len(classes))
    axes.set(xlabel="prediction", ylabel="ground truth", xticks=ticks, yticks=ticks)
    names = [_plain(name) for name in classes]
    axes.set(xticklabels=names, yticklabels=names, title=f"accuracy {run.history.accuracy[-1]:.4g}")
    axes.spines[:].set_visible(False)
    return _svg(figure)


def _plain(name: str) -> str:
    """Keep Matplotlib from reading a user's dollar signs as mathematics."""
    return name.replace("$", r"\$")


def _figure(width: float, height: float, rows: int, columns: int, **options: Any) -> tuple[Any, Any]:
    with extra("lab"):
        import matplotlib as mpl
        from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        return figure, figure.subplots(rows, columns, squeeze=False, **options).ravel()


def _svg(figure: Any) -> str:
    import matplotlib as mpl

    text = io.StringIO()
    with mpl.rc_context(_STYLE):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()

"""The pictures of a run as SVG; the same run always gives the same text."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_lab.extras import extra
from tinygrad_lab.lab.metrics import confusion, describe
from tinygrad_lab.typing import NDArray

if TYPE_CHECKING:
    from tinygrad_lab.lab.data import Dataset
    from tinygrad_lab.lab.running import Run
    from tinygrad_lab.lab.training import History

# Okabe and Ito's colours, which colour-blind readers can tell apart; the markers tell the classes apart without colour.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000")
_MARKERS = "os^DvP*X"
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "tinygrad_lab",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.size": 10,
}
_GRID = 120  # points per side at which the decision regions are evaluated
_MOST = 20_000  # points; of more, a picture shows some
_FINE = re.compile(r"(\.\d\d)\d+")
_MANY = 3000  # points; more are drawn as pixels, as so many shapes would be slow
_CURVE = 2000  # points of a learning curve: a screen shows no more


def learning_curve(history: History) -> str:
    """Draw loss and accuracy by epoch; the scale of the loss is logarithmic if it spans more than a decade.

    Arguments:
        history: of a training run.

    Returns:
        A complete SVG document.
    """
    shown = np.unique(np.linspace(0, history.epochs - 1, _CURVE).astype(int))
    curves = {name: np.array(column)[shown] for name, column in history.columns().items()}
    rows = 2 if history.accuracy else 1
    figure, (above, *below) = new_figure(
        7, 4.6 if rows == 2 else 3.2, rows, 1, sharex=True, height_ratios=(2, 1)[:rows]
    )
    dots = "." if history.epochs < 30 else ""
    losses = {name.removesuffix("loss"): finite(curve) for name, curve in curves.items() if name.endswith("loss")}
    unit = loss_scale(above, list(losses.values()))
    for prefix, loss in losses.items():
        above.plot(shown + 1, unit(loss), dots + _line(prefix), color=COLOURS[0], linewidth=1.8, label=_set(prefix))
    for axes in below:
        for name, curve in curves.items():
            if name.endswith("accuracy"):
                line = dots + _line(name.removesuffix("accuracy"))
                axes.plot(shown + 1, curve, line, color=COLOURS[1], linewidth=1.8)
        axes.set(ylabel="accuracy", ylim=(-0.05, 1.05), yticks=(0, 0.5, 1))
    (below or [above])[-1].set_xlabel("epoch")
    if len(losses) > 1:
        above.legend(frameon=False)
    for axes in (above, *below):
        axes.grid(alpha=0.25)
    return svg(figure)


def finite(loss: NDArray) -> NDArray:
    """Return a curve with gaps where it is not finite."""
    return np.where(np.isfinite(loss), loss, np.nan)


def loss_scale(axes: Any, losses: Sequence[NDArray], name: str = "loss") -> Callable[[NDArray], NDArray]:
    """Choose and label the scale of an axis of losses; return a function that makes losses fit it.

    A logarithmic axis ends near 1e300, where diverging runs go: beyond 1e100 the logarithm itself is drawn.
    """
    values = np.concatenate([loss.ravel() for loss in losses]) if losses else np.empty(0)
    positive = values[values > 0]
    axes.set_ylabel(name)
    if not len(positive) or positive.max() <= 10 * positive.min():
        return lambda loss: loss
    if positive.max() < 1e100 and positive.min() > 1e-100:
        axes.set_yscale("log")
        return lambda loss: loss
    axes.set_ylabel(f"log₁₀ of the {name}")
    return lambda loss: np.log10(np.where(loss > 0, loss, np.nan))


def _line(prefix: str) -> str:
    return "--" if prefix else "-"


def _set(prefix: str) -> str:
    return prefix.removesuffix("_") or "training"


def prediction(run: Run, part: Dataset | None = None) -> str:
    """Draw the ground truth beside the prediction.

    Two features are drawn with the regions of the decision, other numbers of features as a table of counts, and
    quantities as prediction against truth, with what is left.

    Arguments:
        run: a run after its training.
        part: the points to draw; None for the training points.

    Returns:
        A complete SVG document.
    """
    part = part or run.dataset
    predicted = run.predicted if part is run.dataset else run.experiment.predict(part.x)[1]
    if not part.classes:
        return _quantities(part, predicted)
    if part.x.shape[1] == 2:
        return _regions(run, part, predicted)
    return _confusion(part, predicted)


def _regions(run: Run, data: Dataset, predicted: NDArray) -> str:
    figure, (truth, said) = new_figure(8.6, 4.3, 1, 2, sharex=True, sharey=True)
    p = _shade(said, run, data.x, figure)
    few = _few(len(data.x))
    _points(truth, data.x[few], data.labels[few], data.classes)
    _points(said, data.x[few], predicted[few], data.classes)
    wrong = few[predicted[few] != data.labels[few]]
    if len(wrong):
        said.scatter(*data.x[wrong].T, s=130, facecolors="none", edgecolors="black", linewidths=1.2, label="wrong",
                     rasterized=len(wrong) > _MANY)  # fmt: skip
    across = plain(data.features[0])
    truth.set(title="ground truth", xlabel=across, ylabel=plain(data.features[1]))
    said.set(title=f"prediction, {quality(data, predicted)}", xlabel=across)
    said.set(xlim=p[0], ylim=p[1])
    handles, labels = said.get_legend_handles_labels()
    handles, labels = _legend(handles, labels, *truth.get_legend_handles_labels())
    figure.legend(handles, labels, loc="outside lower center", ncols=6, frameon=False)
    return svg(figure)


def quality(data: Dataset, predicted: NDArray) -> str:
    """Describe in a few words how good a prediction is."""
    figures = describe(data, predicted)
    return f"accuracy {figures['accuracy']:.4g}" if data.classes else f"RMSE {figures['rmse']:.4g}"


def _few(points: int) -> NDArray:
    """Return the points to draw: all, or evenly spread ones if there are too many."""
    return np.unique(np.linspace(0, points - 1, min(points, _MOST)).astype(int))


def _quantities(data: Dataset, predicted: NDArray) -> str:
    """Draw predictions against the truth, and residuals against predictions."""
    figure, (left, right) = new_figure(8.6, 4.0, 1, 2)
    few = _few(len(data.x))
    truth, said = data.labels[few], finite(predicted[few])
    options = {"s": 18, "alpha": 0.6, "linewidths": 0, "rasterized": len(few) > _MANY}
    left.scatter(truth, said, color=COLOURS[0], **options)
    ends = [np.nanmin([truth, said]), np.nanmax([truth, said])] if len(few) else [0.0, 1.0]
    left.plot(ends, ends, color="black", linewidth=1, label="exact")
    target = plain(data.target)
    left.set(xlabel=f"{target}: truth", ylabel=f"{target}: prediction", title=quality(data, predicted))
    left.legend(frameon=False)
    right.scatter(said, truth - said, color=COLOURS[1], **options)
    right.axhline(0, color="black", linewidth=1)
    right.set(xlabel=f"{target}: prediction", ylabel="truth − prediction", title="residuals")
    for axes in (left, right):
        axes.grid(alpha=0.25)
        axes.locator_params(nbins=5)
        axes.ticklabel_format(scilimits=(-3, 4))
    return svg(figure)


def _legend(handles: list[Any], labels: list[str], others: list[Any], names: list[str]) -> tuple[list[Any], list[str]]:
    """Return the classes from the truth's legend, then what only the prediction shows."""
    extra = [(handle, label) for handle, label in zip(handles, labels, strict=True) if label not in names]
    return others + [handle for handle, _ in extra], names + [label for _, label in extra]


def _shade(axes: Any, run: Run, x: NDArray, figure: Any, side: int = _GRID) -> tuple[Any, Any]:
    """Colour the plane by the probability of class 1, or by the most probable of several classes.

    Returns:
        The limits of both axes.
    """
    from matplotlib.colors import LinearSegmentedColormap, ListedColormap

    extent = np.ptp(x, axis=0)
    margin = np.where(extent > 0, 0.06 * extent, 1.0)
    low, high = x.min(axis=0) - margin, x.max(axis=0) + margin
    limits = (low[0], high[0]), (low[1], high[1])
    first, second = np.meshgrid(*(np.linspace(a, b, side) for a, b in limits))
    p = run.experiment.predict(np.stack([first.ravel(), second.ravel()], axis=1))[0].reshape(side, side, -1)
    if not np.isfinite(p).all():
        return limits  # a run that diverged
    if p.shape[2] == 1:
        tints = LinearSegmentedColormap.from_list("tints", [COLOURS[0], "#ffffff", COLOURS[1]])
        extent = (*limits[0], *limits[1])
        options = {"extent": extent, "origin": "lower", "aspect": "auto", "interpolation": "bilinear"}
        filled = axes.imshow(np.clip(p[..., 0], 0, 1), cmap=tints, alpha=0.6, vmin=0, vmax=1, **options)
        if 0 < np.count_nonzero(p >= 0.5) < p.size:
            axes.contour(first, second, p[..., 0], [0.5], colors="black", linewidths=1)
        if figure is not None:
            figure.colorbar(filled, ax=axes, ticks=(0, 0.5, 1), label="output")
    else:
        classes = np.argmax(p, axis=2)
        colours = ListedColormap([COLOURS[k % len(COLOURS)] for k in range(p.shape[2])])
        axes.pcolormesh(
            first, second, classes, cmap=colours, alpha=0.35, vmin=-0.5, vmax=p.shape[2] - 0.5, rasterized=True
        )
    return limits


def _points(axes: Any, x: NDArray, labels: NDArray, classes: tuple[str, ...]) -> None:
    for k, name in enumerate(classes):
        axes.scatter(
            *x[labels == k].T,
            s=42,
            marker=_MARKERS[k % len(_MARKERS)],
            color=COLOURS[k % len(COLOURS)],
            edgecolors="white",
            linewidths=0.6,
            label=f"class {plain(name)}",
            rasterized=len(x) > _MANY,
            zorder=3,
        )


def _confusion(data: Dataset, predicted: NDArray) -> str:
    """Draw the confusion matrix."""
    classes, counts = data.classes, confusion(data, predicted)
    side = max(4.0, 0.5 * len(classes) + 2)
    figure, (axes,) = new_figure(side, side, 1, 1)
    axes.imshow(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        dark = count > 0.5 * counts[row].sum()
        axes.text(column, row, count, ha="center", va="center", color="white" if dark else "black")
    ticks = range(len(classes))
    axes.set(xlabel="prediction", ylabel="ground truth", xticks=ticks, yticks=ticks)
    names = [plain(name) for name in classes]
    axes.set(xticklabels=names, yticklabels=names, title=quality(data, predicted))
    axes.spines[:].set_visible(False)
    return svg(figure)


def plain(name: str) -> str:
    """Keep Matplotlib from reading a user's dollar signs as mathematics."""
    return name.replace("$", r"\$")


def new_figure(width: float, height: float, rows: int, columns: int, **options: Any) -> tuple[Any, Any]:
    """Return a Matplotlib figure in the lab's style, and its axes in one row."""
    with extra("lab"):
        import matplotlib as mpl
        from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        return figure, figure.subplots(rows, columns, squeeze=False, **options).ravel()


def svg(figure: Any) -> str:
    """Return a figure as SVG; the same figure always gives the same text."""
    import matplotlib as mpl

    text = io.StringIO()
    with mpl.rc_context(_STYLE):
        figure.savefig(text, format="svg", metadata={"Date": None})
    # A hundredth of a point is as fine as any screen; the rest is a third of the file.
    return re.sub(r'\b(d|x|y)="[^"]*"', lambda found: _FINE.sub(r"\1", found[0]), text.getvalue())

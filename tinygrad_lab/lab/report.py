"""What a run says to a reader: the figures and the test table, and `report.html` around them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.resources import files
from itertools import islice
from typing import Any

import numpy as np

from tinygrad_lab.extras import extra
from tinygrad_lab.lab.network import network
from tinygrad_lab.lab.running import Run
from tinygrad_lab.version import __version__

_ROWS = 200  # of the test table; predictions.csv has them all
_LOG_ROWS = 20

ENDINGS = {
    "until": "the condition was met",
    "epochs": "all epochs are done",
    "diverged": "the loss is no longer finite",
    "interrupted": "interrupted",
}


def figures(run: Run) -> list[tuple[str, str]]:
    """Return the final figures as rows of name and value."""
    history = run.history
    right = int(np.count_nonzero(run.predicted == run.dataset.labels))
    return [
        ("epochs", f"{history.epochs:,}, {ENDINGS[str(history.stopped_by)]}"),
        ("loss", f"{history.loss[-1]:.6g}"),
        ("accuracy", f"{history.accuracy[-1]:.6g} ({right} of {len(run.predicted)} points)"),
        ("time", f"{history.seconds:.2f} s"),
    ]


def setting(run: Run) -> list[tuple[str, str]]:
    """Return the configuration as rows of name and value, in the words of the command line."""
    config = run.config
    data, hidden = run.dataset, " ".join(map(str, config.hidden))
    network = (
        f"{data.x.shape[1]} inputs, {'conv ' + config.conv + ', ' if config.conv else ''}hidden {hidden or 'none'}"
    )
    parameters = sum(p.data.size for p in run.experiment.model.parameters())
    momentum = f", momentum {config.momentum:g}" if config.momentum else ""
    schedule = f", schedule {config.schedule}" if config.schedule != "constant" else ""
    return [
        ("data", f"{config.data}: {len(data.x)} points, classes {', '.join(data.classes)}"),
        ("network", f"{network}, {parameters} parameters{'' if config.bias else ', no bias'}"),
        ("activation", f"{config.activation}, output {config.output}"),
        ("init", f"{config.init}, seed {config.seed}{', legacy generator' if config.legacy_rng else ''}"),
        ("loss", f"{config.loss}, {config.reduction} over the points"),
        ("optimizer", f"{config.optimizer}, lr {config.lr:g}{momentum}{schedule}"),
        ("batch", "all points" if config.batch_size is None else f"{config.batch_size} points"),
        ("until", f"{config.until + ', or ' if config.until else ''}{config.limit:,} epochs"),
    ]


def predictions(run: Run) -> tuple[list[str], Iterable[list[Any]]]:
    """Return header and rows of the test table: point, ground truth, output of the network, prediction."""
    data = run.dataset
    several = run.probabilities.shape[1] > 1
    outputs = [f"output {name}" for name in data.classes] if several else ["output"]
    header = [*data.features, "truth", *outputs, "prediction"]
    rows = (
        [*x, data.classes[label], *p, data.classes[predicted]]
        for x, label, p, predicted in zip(
            data.x.tolist(), data.labels, run.probabilities.tolist(), run.predicted, strict=True
        )
    )
    return header, rows


def test_table(run: Run, rows: int) -> tuple[list[str], list[list[str]], int]:
    """Return header and first rows of the test table as text, and how many rows there are in all."""
    header, lines = predictions(run)
    shown = [[cell if isinstance(cell, str) else f"{cell:.4g}" for cell in line] for line in islice(lines, rows)]
    return header, shown, len(run.predicted)


def log(run: Run) -> list[tuple[str, str, str]]:
    """Return about twenty rows of epoch, loss and accuracy, evenly spread and with the first and the last."""
    history = run.history
    chosen = np.unique(np.linspace(0, history.epochs - 1, _LOG_ROWS).round().astype(int))
    return [(f"{i + 1:,}", f"{history.loss[i]:.6g}", f"{history.accuracy[i]:.4g}") for i in chosen.tolist()]


def render(run: Run, learning_curve: str, prediction: str) -> str:
    """Return the report as one HTML document that needs no other file.

    Arguments:
        run: a finished run.
        learning_curve: SVG document.
        prediction: SVG document.

    Raises:
        MissingExtraError: Jinja2 is missing.
    """
    with extra("lab"):
        import jinja2
        from markupsafe import Markup

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    template = environment.from_string(files(__package__).joinpath("templates/report.html").read_text("utf-8"))
    header, rows, total = test_table(run, _ROWS)
    wrong = set(np.flatnonzero(run.predicted != run.dataset.labels)[:_ROWS].tolist())
    return template.render(
        run=run,
        figures=figures(run),
        setting=setting(run),
        log=log(run),
        header=header,
        rows=rows,
        total=total,
        wrong=wrong,
        learning_curve=Markup(_inline(learning_curve, "curve")),  # noqa: S704 our own SVG
        network=Markup(network(run.experiment).svg(theme="light")),  # noqa: S704 our own SVG
        prediction=Markup(_inline(prediction, "prediction")),  # noqa: S704 our own SVG
        version=__version__,
    )


def _inline(svg: str, prefix: str) -> str:
    """Return an SVG document as an HTML element, whose ids cannot meet those of another picture."""
    element: Any = svg[svg.index("<svg") :]
    return re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", element)

"""The report of a run: its figures and test table, and `report.html` around them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice
from typing import Any

import numpy as np

from tinygrad_lab.errors import TinygradError
from tinygrad_lab.extras import extra
from tinygrad_lab.lab.metrics import by_class, confusion
from tinygrad_lab.lab.network import network
from tinygrad_lab.lab.running import Run
from tinygrad_lab.typing import NDArray
from tinygrad_lab.version import __version__

_ROWS = 200  # of the test table; predictions.csv has all
_COLUMNS = 12
_LOG_ROWS = 20

ENDINGS = {
    "until": "the condition was met",
    "epochs": "all epochs are done",
    "patience": "the validation loss did not fall any more",
    "diverged": "the loss is no longer finite",
    "interrupted": "interrupted",
}
_NAMES = {"rmse": "RMSE", "mse": "MSE", "r2": "R²"}


def figures(run: Run) -> list[tuple[str, str]]:
    """Return the final figures as rows of name and value."""
    history = run.history
    rows = [("epochs", f"{history.epochs:,}, {ENDINGS.get(str(history.stopped_by), 'not ended yet')}")]
    right = {"accuracy": int(np.count_nonzero(run.predicted == run.dataset.labels))}
    for name, figure in run.figures().items():
        points = f" ({right[name]} of {len(run.predicted)} points)" if name in right and run.dataset.classes else ""
        prefix, _, measure = name.rpartition("_")
        rows.append((f"{prefix} {_NAMES.get(measure, measure)}".strip(), f"{figure:.6g}{points}"))
    return [*rows, ("time", f"{history.seconds:.2f} s")]


def setting(run: Run) -> list[tuple[str, str]]:
    """Return the configuration as rows of name and value, in the words of the command line."""
    config, data = run.config, run.dataset
    hidden = " ".join(map(str, config.hidden))
    kind = f"classes {', '.join(data.classes)}" if data.classes else f"quantities {data.target}"
    aside = "".join(
        f", {len(part.x)} {name}"
        for name, part in (("validation", run.parts.validation), ("test", run.parts.test))
        if part is not None
    )
    noise = "" if config.noise is None else f" with noise {config.noise:g}"
    network = (
        f"{data.x.shape[1]} inputs, {'conv ' + config.conv + ', ' if config.conv else ''}hidden {hidden or 'none'}"
    )
    parameters = sum(p.data.size for p in run.experiment.model.parameters())
    momentum = f", momentum {config.momentum:g}" if config.momentum else ""
    momentum += f", dampening {config.dampening:g}" if config.dampening else ""
    decay = "" if config.weight_decay is None else f", weight decay {config.weight_decay:g}"
    schedule = f", schedule {config.schedule}" if config.schedule != "constant" else ""
    return [
        ("data", f"{config.data}: {len(data.x)} points{noise}{aside}, {kind}"),
        ("network", f"{network}, {parameters} parameters{'' if config.bias else ', no bias'}"),
        ("activation", f"{config.activation}, output {config.output}"),
        ("init", f"{config.init}, seed {config.seed}{', legacy generator' if config.legacy_rng else ''}"),
        ("loss", f"{config.loss}, {config.reduction} over the points"),
        ("optimizer", f"{config.optimizer}, lr {config.lr:g}{momentum}{decay}{schedule}"),
        ("batch", "all points" if config.batch_size is None else f"{config.batch_size} points"),
        ("until", f"{config.until + ', or ' if config.until else ''}{config.limit:,} epochs"),
    ]


def predictions(run: Run) -> tuple[list[str], Iterable[list[Any]]]:
    """Return header and rows of the test table: point, ground truth, output of the network, prediction."""
    data = run.dataset
    header, said = outputs(run, *run.experiment.predict(data.x))
    truth = [data.classes[label] for label in data.labels] if data.classes else data.labels.tolist()
    rows = ([*x, t, *more] for x, t, more in zip(data.x.tolist(), truth, said, strict=True))
    return [*data.features, "truth", *header], rows


def outputs(run: Run, probabilities: NDArray, predicted: NDArray) -> tuple[list[str], Iterable[list[Any]]]:
    """Return header and rows for what the network predicts at points: its outputs and their meaning.

    Arguments:
        run: has the names of the classes.
        probabilities: as `Experiment.predict` returns them.
        predicted: likewise.
    """
    classes = run.schema.classes
    if not classes:
        return ["prediction"], ([quantity] for quantity in predicted.tolist())
    header = [f"output {name}" for name in classes] if probabilities.shape[1] > 1 else ["output"]
    rows = ([*p, classes[number]] for p, number in zip(probabilities.tolist(), predicted, strict=True))
    return [*header, "prediction"], rows


def test_table(run: Run, rows: int, columns: int) -> Excerpt:
    """Return the first rows of the test table as text.

    Arguments:
        run: a run after its training.
        rows: the most rows.
        columns: the most columns; truth and prediction are always among them.
    """
    header, lines = predictions(run)
    features = run.dataset.x.shape[1]
    shown: Sequence[int] = range(len(header))
    if len(header) > columns:
        shown = (*range(columns - 2), features, len(header) - 1)
    text = [[_text(line[column]) for column in shown] for line in islice(lines, rows)]
    wrong = (
        set(np.flatnonzero(run.predicted[:rows] != run.dataset.labels[:rows]).tolist())
        if run.dataset.classes
        else set()
    )
    return Excerpt([header[column] for column in shown], text, wrong, len(run.predicted), len(header))


@dataclass(frozen=True)
class Excerpt:
    """A part of a table, as text.

    Arguments:
        header: the headers of the columns shown.
        rows: the rows shown.
        wrong: the positions of rows whose prediction is wrong.
        total: the number of rows in the whole table.
        columns: the number of columns in the whole table.
    """

    header: list[str]
    rows: list[list[str]]
    wrong: set[int]
    total: int
    columns: int


def _text(cell: Any) -> str:
    return cell if isinstance(cell, str) else f"{cell:.4g}"


def log(run: Run) -> tuple[list[str], list[list[str]]]:
    """Return about twenty rows of the history as text, evenly spread, with the first and the last."""
    history = run.history
    chosen = np.unique(np.linspace(0, history.epochs - 1, _LOG_ROWS).round().astype(int))
    columns = history.columns()
    rows = [[f"{i + 1:,}", *(f"{column[i]:.6g}" for column in columns.values())] for i in chosen.tolist()]
    return ["epoch", *(name.replace("_", " ") for name in columns)], rows


def classes_table(run: Run) -> list[tuple[str, str, str, str]]:
    """Return precision, recall and number of points of each class as text, if there are more than two."""
    data = run.dataset
    if len(data.classes) <= 2:
        return []
    rows = by_class(confusion(data, run.predicted))
    return [(name, f"{p:.4g}", f"{r:.4g}", str(n)) for name, (p, r, n) in zip(data.classes, rows, strict=True)]


def render(run: Run, pictures: dict[str, str], problems: Sequence[str] = ()) -> str:
    """Return the report as a single HTML file.

    Arguments:
        run: a run after its training.
        pictures: the SVG pictures by name, as far as they could be drawn.
        problems: what could not be drawn, one sentence each.

    Raises:
        MissingExtraError: Jinja2 is missing.
    """
    with extra("lab"):
        from markupsafe import Markup

    problems = list(problems)
    inlined = {name: Markup(inline(svg, name)) for name, svg in pictures.items()}  # noqa: S704 our own SVG
    try:
        inlined["network"] = Markup(network(run).svg(theme="light"))  # noqa: S704 our own SVG
    except (TinygradError, ValueError, MemoryError) as error:
        problems.append(f"The network could not be drawn: {error}")
    return fill(
        "report.html",
        run=run,
        notes=[*run.notes, *problems],
        figures=figures(run),
        setting=setting(run),
        log=log(run),
        classes=classes_table(run),
        table=test_table(run, _ROWS, _COLUMNS),
        pictures=inlined,
    )


def fill(template: str, **content: Any) -> str:
    """Return a page made from a template."""
    with extra("lab"):
        import jinja2

    templates = files(__package__).joinpath("templates")
    loader = jinja2.FunctionLoader(lambda name: templates.joinpath(name).read_text("utf-8"))
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, loader=loader)
    return environment.get_template(template).render(version=__version__, **content)


def shared_letters(html: str) -> str:
    """Return a page that has the shape of each letter once, rather than in each picture.

    Example:
        >>> letter = '<path id="{}-DejaVuSans-14" d="M 0 0 L 1 1"/><use xlink:href="#{}-DejaVuSans-14"/>'
        >>> page = shared_letters("<body>" + letter.format("p0", "p0") + letter.format("p1", "p1"))
        >>> page.count("<path"), page.count('href="#letter-0"')
        (1, 2)
    """
    found: dict[str, str] = {}  # the names of letters by their shapes
    names: dict[str, str] = {}

    def note(match: re.Match[str]) -> str:
        names[match[1]] = found.setdefault(match[2], f"letter-{len(found)}")
        return ""

    html = re.sub(r'<path id="(p\d+-DejaVu[^"]*)"([^>]*)/>\s*', note, html)
    html = re.sub(r'href="#(p\d+-DejaVu[^"]*)"', lambda match: f'href="#{names.get(match[1], match[1])}"', html)
    letters = "".join(f'<path id="{name}"{shape}/>' for shape, name in found.items())
    hidden = f'<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>{letters}</defs></svg>'
    return html.replace("<body>", f"<body>{hidden}", 1)


def inline(svg: str, prefix: str) -> str:
    """Return an SVG document as an HTML element, with ids that do not clash with those of other pictures."""
    element: Any = svg[svg.index("<svg") :]
    return re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", element)

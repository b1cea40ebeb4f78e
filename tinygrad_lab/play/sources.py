"""What a playground can start with: data, a configuration, an earlier run, or a model of your own."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_lab.core import modes
from tinygrad_lab.errors import LabError
from tinygrad_lab.lab import loading, running
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.data import DATASETS, Dataset
from tinygrad_lab.lab.running import Run
from tinygrad_lab.nn import Module
from tinygrad_lab.play.lane import Begin, Lane

_SUFFIXES = (".csv", ".tsv", ".parquet", ".npz")
_MOST_FILES = 100
_OF_DATA = ("data", "points", "noise", "task", "label", "delimiter", "header", "impute", "seed", "legacy_rng")
_OF_A_NETWORK = frozenset({"hidden", "activation", "init", "bias"})
_OWN = "the model's own"


@dataclass(frozen=True)
class Source:
    """Makes the runs of a playground.

    Arguments:
        config: the first run's settings.
        begin: makes a run before its first epoch from settings.
        run: an earlier run to go on with.
        files: data files that the page may choose, by the name it shows.
        fixed: settings that cannot be changed.
        model: `module:name` of a model of your own.
    """

    config: Config
    begin: Begin
    run: Run | None = None
    files: dict[str, Path] = field(default_factory=dict)
    fixed: frozenset[str] = frozenset()
    model: str | None = None

    def lane(self) -> Lane:
        """Return the first run."""
        return Lane(self.begin, self.config, self.run, self.fixed)

    @property
    def datasets(self) -> list[str]:
        """The names of the data that the page may choose."""
        return [self.name_of(self.config.data)] if "data" in self.fixed else [*self.files, *DATASETS]

    def data_called(self, name: str) -> str:
        """Return what a configuration calls the data of this name; a page never sees paths.

        Raises:
            LabError: there is no such name.
        """
        if name not in self.datasets:
            known = ", ".join(self.datasets)
            raise LabError(f"play: data must be one of {known}, got {str(name)[:60]!r}; give its folder to play")
        return str(self.files[name]) if name in self.files else name

    def name_of(self, data: str) -> str:
        """Return what the page calls a configuration's data."""
        return next((name for name, path in self.files.items() if path == Path(data)), data)


# What the page controls itself, or cannot do.
_NOT_HERE = {
    "until": "the page says when",
    "patience": "slide back to the best epoch",
    "log_every": "the page shows all",
    "compile": "use it with tinygrad-lab train",
}


def source(what: str | None, given: dict[str, Any]) -> Source:
    """Return the source that the command line names: data, a folder of data, a configuration or a run.

    Arguments:
        what: a data set of the lab, a data file, a folder, a config.json, or a run's folder.
        given: options of the command line, which take precedence.

    Raises:
        LabError: it is none of these, or cannot be read.
    """
    _check_options(given)
    path = Path(what) if what else None
    if path is None or what in DATASETS:
        return _of(Config(**({"data": what} if what else {}) | given))
    if (path / "config.json").exists() and path.is_dir():
        return _of_run(path, given)
    if path.is_dir():
        files = files_in(path)
        if not files:
            raise LabError(f"play: {path} holds neither data ({', '.join(_SUFFIXES)}) nor a run; pass another folder")
        return _of(Config(**{"data": str(next(iter(files.values())))} | given), files)
    if path.suffix == ".json":
        return _of(Config(**loading.config_file(path).to_dict() | given))
    return _of(Config(**{"data": str(path)} | given))


def files_in(folder: Path) -> dict[str, Path]:
    """Return the data files in a folder by name, without links that lead out of it."""
    inside = folder.resolve()
    found = (path for path in sorted(folder.iterdir()) if path.suffix.lower() in _SUFFIXES and path.is_file())
    return {path.name: path for path in list(found)[:_MOST_FILES] if path.resolve().parent == inside}


def _of(config: Config, files: dict[str, Path] | None = None) -> Source:
    files = dict(files or {})
    if config.data not in DATASETS and Path(config.data) not in files.values():
        files = {Path(config.data).name: Path(config.data), **files}
    return Source(_unhurried(config), _Lab(), files=files)


def _of_run(folder: Path, given: dict[str, Any]) -> Source:
    if given:
        raise LabError(
            f"play: a run keeps its own options, so {', '.join(given)} cannot be set; change them on the page"
        )
    begun = _of(loading.read_config(folder))
    return replace(begun, run=loading.resume(folder))


def _unhurried(config: Config) -> Config:
    """Return a configuration without stopping conditions; the page decides when to stop."""
    kept = config.epochs if config.schedule != "constant" else None
    return replace(config, epochs=kept, until=None, patience=None, log_every=None, compile=False)


def _check_options(given: dict[str, Any]) -> None:
    for name, advice in _NOT_HERE.items():
        if name in given:
            raise LabError(f"play: --{name.replace('_', '-')} {given[name]} has no meaning here; {advice}")


class _Lab:
    """Begins runs of the lab; data are read again only if they change."""

    def __init__(self) -> None:
        self.known: tuple[Any, ...] | None = None
        self.dataset: Dataset | None = None

    def __call__(self, config: Config) -> Run:
        return running.prepare(config, self.data(config))

    def data(self, config: Config) -> Dataset:
        """Return the data of a configuration."""
        wanted = tuple(getattr(config, name) for name in _OF_DATA)
        if self.dataset is None or wanted != self.known:
            self.dataset, self.known = running.load(config), wanted
        return self.dataset


# -- models of your own -----------------------------------------------------------------------------------------------


def of_model(name: str, found: Any, given: dict[str, Any]) -> Source:
    """Return a source for a model of your own.

    Arguments:
        name: `module:name` that it was imported by.
        found: a module; or a function without arguments that returns one, or `(module, x, y)` with its own data: y of
            integers for classes, else of quantities. For two classes the module gives a logit or one per class.
        given: options of the command line.

    Raises:
        LabError: it is not such a thing, or does not fit the data.
    """
    _check_options(given)
    made = found if isinstance(found, Module) else _called(name, found)
    model, *data = made if isinstance(made, tuple) else (made,)
    if isinstance(model, type) and issubclass(model, Module):
        model = model()
    if not isinstance(model, Module) or len(data) not in (0, 2):
        raise LabError(
            f"play: {name} must return a module, or (module, x, y), got {type(made).__name__}; see docs/playground.md"
        )
    own = _dataset(name, *data) if data else None
    begin = _Own(model, own)
    config = _unhurried(Config(**given))
    fixed = _OF_A_NETWORK | ({"data", "points", "noise"} if own else frozenset())
    files = {} if own or config.data in DATASETS else {Path(config.data).name: Path(config.data)}
    if own:
        config = replace(config, data=own.name, points=None, noise=None)
    return Source(config, begin, files=files, fixed=fixed, model=name)


def _called(name: str, found: Any) -> Any:
    if not callable(found):
        raise LabError(
            f"play: {name} must be a module or a function that returns one, got {type(found).__name__}; "
            f"see docs/playground.md"
        )
    try:
        return found()
    except TypeError as error:
        raise LabError(
            f"play: {name} cannot be called without arguments ({error}); wrap it in a function that needs none"
        ) from error


def _dataset(name: str, x: Any, y: Any) -> Dataset:
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y)
    x = x.reshape(len(x), -1) if x.ndim else x
    if x.ndim != 2 or not len(x) or y.size != len(x):
        raise LabError(f"play: {name} must return x (points, features) and one label for each, "
                       f"got {x.shape} and {y.shape}; reshape them")  # fmt: skip
    features = tuple(f"x{i + 1}" for i in range(x.shape[1]))
    labels = y.ravel()
    if labels.dtype.kind in "biuUS":
        classes, labels = np.unique(labels, return_inverse=True)
        return Dataset(_OWN, x, labels.astype(np.int64), features, tuple(map(str, classes.tolist())))
    return Dataset(_OWN, x, labels.astype(np.float64), features, ())


class _Own:
    """Begins runs of a model of your own, each with a copy that has the same first weights."""

    def __init__(self, model: Module, dataset: Dataset | None) -> None:
        self.model, self.dataset, self.lab = model, dataset, _Lab()

    def __call__(self, config: Config) -> Run:
        dataset = self.dataset or self.lab.data(config)
        model = copy.deepcopy(self.model)
        config = replace(config, loss=config.loss or self._loss(model, dataset))
        try:
            return running.prepare(config, dataset, model)
        except (ValueError, TypeError) as error:
            raise LabError(f"play: the model does not take {dataset.name} ({error}); choose other data") from error

    def _loss(self, model: Module, dataset: Dataset) -> str:
        try:
            with modes.no_grad():
                shape = model(dataset.x[:2]).shape
        except (ValueError, TypeError) as error:
            raise LabError(f"play: the model does not take points (points, {dataset.x.shape[1]}) ({error}); "
                           f"choose other data") from error  # fmt: skip
        wanted = 1 if not dataset.classes else len(dataset.classes)
        if len(shape) != 2 or shape[1] not in {wanted, 1 if wanted == 2 else wanted}:
            raise LabError(f"play: the model must give (points, {wanted}) for {dataset.name}, got {shape}; "
                           f"change its last layer")  # fmt: skip
        return "mse" if not dataset.classes else "bce" if shape[1] == 1 else "cross_entropy"

"""Turns a run's folder back into a run: to predict, to look at, or to train on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_lab.errors import LabError, TinygradError
from tinygrad_lab.lab import checkpoints, schema
from tinygrad_lab.lab.build import build
from tinygrad_lab.lab.config import CHANGEABLE, Config
from tinygrad_lab.lab.running import Parts, Run, prepare
from tinygrad_lab.lab.running import load as load_data
from tinygrad_lab.lab.training import History
from tinygrad_lab.saving import decode


def load(folder: str | Path) -> Run:
    """Return the run in a folder: its model, configuration and history; its data are read when first used.

    Arguments:
        folder: what `tinygrad-lab train` or `lab.write` left.

    Raises:
        LabError: this is not a run's folder, or it is damaged.

    Example:
        >>> import tempfile, tinygrad_lab as tl
        >>> with tempfile.TemporaryDirectory() as place:
        ...     folder = tl.lab.write(tl.lab.run(tl.lab.Config()), place + "/xor")
        ...     loaded = load(folder)
        >>> loaded.predict([[0.2, 0.2], [0.2, 0.8]])
        array(['0', '1'], dtype='<U1')
    """
    folder = Path(folder)
    config = read_config(folder)
    about, scale, checksum = schema.read(folder / "data.json")
    generator = np.random.default_rng(config.seed)
    experiment = build(config, about, generator, scale)
    history = History()
    if (folder / "model.safetensors").exists():
        experiment.model.load_state_dict(_parameters(folder / "model.safetensors"))
        history = _history(folder / checkpoints.NAME)
    return Run(config, about, experiment, generator, lambda: _data(config, checksum), history)


def resume(folder: str | Path, changes: dict[str, Any] | None = None) -> Run:
    """Return the run in a folder as it was at its last checkpoint; `train` continues from there, bit for bit.

    Arguments:
        folder: what `tinygrad-lab train` left, whether it ended by itself or was killed.
        changes: options to change, among `epochs`, `until`, `patience` and `log_every`. With more epochs a run trains
            on past the condition that it met, unless `until` is given too.

    Raises:
        LabError: this is not a run's folder, it is damaged, the data have changed, or an option cannot change.
    """
    folder, changes = Path(folder), dict(changes or {})
    config = read_config(folder)
    fields = config.to_dict()
    for name, value in changes.items():
        if name not in CHANGEABLE and value != getattr(config, name):
            raise LabError(
                f"resume: {name} was {fields[name]} and cannot become {value}; start a new run for another {name}"
            )
    run = prepare(Config(**fields | changes))
    *_, checksum = schema.read(folder / "data.json")
    _compare(run.parts, checksum)
    checkpoint = folder / checkpoints.NAME
    if checkpoint.exists():
        checkpoints.unpack(checkpoint.read_bytes(), run, checkpoint)
        if run.history.stopped_by == "until" and "epochs" in changes and "until" not in changes:
            run.config = Config(**run.config.to_dict() | {"until": None})
        if run.history.epochs > run.config.limit:
            raise LabError(
                f"resume: {folder} has already had {run.history.epochs} epochs, more than {run.config.limit}; "
                f"raise --epochs"
            )
        checkpoints.one_step_back(run)
    return run


def read_config(folder: Path, who: str = "run") -> Config:
    """Return the configuration in a run's folder.

    Arguments:
        folder: what `tinygrad-lab train` left.
        who: what needs it, for the text of an error.

    Raises:
        LabError: there is no configuration, or it is damaged.
    """
    path = folder / "config.json"
    if not path.exists():
        raise LabError(
            f"{who}: {folder} has no config.json, so it is not a run; pass a folder that `tinygrad-lab train` wrote, "
            f"such as runs/xor-1"
        )
    return config_file(path)


def config_file(path: Path) -> Config:
    """Return the configuration in a file.

    Raises:
        LabError: the file cannot be read, or holds no configuration; the text names it.
    """
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        return Config.from_dict(given, str(path))
    except OSError as error:
        raise LabError(f"{path}: cannot be read ({error.strerror or error}); check the path") from error
    except TinygradError as error:
        raise LabError(f"{path}: {str(error).removeprefix(f'{path}: ')}") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise LabError(f"{path}: is not a configuration in JSON ({error}); correct it") from error


def _data(config: Config, checksum: str) -> Parts:
    parts = prepare(config, load_data(config)).parts
    _compare(parts, checksum)
    return parts


def _compare(parts: Parts, checksum: str) -> None:
    if parts.training.checksum() != checksum:
        raise LabError(
            f"data: {parts.training.name} has changed since the run was trained on it; restore the file, or train again"
        )


def _parameters(path: Path) -> dict[str, Any]:
    try:
        return decode(path.read_bytes())[0]
    except Exception as error:  # a damaged file may raise anything
        raise LabError(f"{path}: does not hold the run's parameters ({error}); train again") from error


def _history(path: Path) -> History:
    try:
        arrays, about = decode(path.read_bytes())
    except Exception as error:  # a damaged file may raise anything
        raise LabError(f"{path}: is not a checkpoint ({error}); train again") from error
    columns = {n.removeprefix("history."): a.tolist() for n, a in arrays.items() if n.startswith("history.")}
    return History(**columns, **{name: about[name] for name in ("seconds", "stopped_by", "best")})

"""Existing runs, as if a single sweep had trained them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.config import CHANGEABLE, Config
from tinygrad_lab.lab.loading import load
from tinygrad_lab.lab.sweeps.grid import Cell
from tinygrad_lab.lab.sweeps.running import Sweep
from tinygrad_lab.lab.sweeps.working import outcome


def compare(folders: Sequence[Path]) -> Sweep:
    """Return the sweep made of these runs; its options are those in which their configurations differ.

    Arguments:
        folders: at least two folders that `tinygrad-lab train` wrote.

    Raises:
        LabError: a folder is not a finished run, or the runs predict different things.
    """
    if len(folders) < 2:
        raise LabError(f"compare: needs at least two runs, got {len(folders)}; name another folder")
    runs = [load(folder) for folder in folders]
    for folder, run in zip(folders, runs, strict=True):
        if run.history.stopped_by is None:
            raise LabError(f"compare: the run {folder} has not ended; go on with tinygrad-lab train --resume {folder}")
    tasks = {run.config.task for run in runs}
    if len(tasks) > 1:
        raise LabError(
            f"compare: the runs have different tasks, {' and '.join(sorted(tasks))}; compare runs of the same task"
        )
    configs = [run.config.to_dict() for run in runs]
    names = [name for name in configs[0] if len({str(config[name]) for config in configs}) > 1]
    essential = [name for name in names if name not in CHANGEABLE]
    options = [_options(run.config, essential or names) for run in runs]
    if len({tuple(chosen.items()) for chosen in options}) < len(runs):
        options = [
            {"run": folder.name or str(folder)} | chosen for folder, chosen in zip(folders, options, strict=True)
        ]
    cells = [Cell(chosen, run.config) for chosen, run in zip(options, runs, strict=True)]
    return Sweep(runs[0].config, cells, [outcome(run) for run in runs])


def _options(config: Config, names: list[str]) -> dict[str, Any]:
    return {name: getattr(config, name) for name in names}

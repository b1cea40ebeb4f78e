"""The lab: data sets, the training loop, and the report of a run."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tinygrad_lab.errors import LabError
from tinygrad_lab.refusals.names import missing

if TYPE_CHECKING:
    from tinygrad_lab.lab.config import Config
    from tinygrad_lab.lab.data import Data, Dataset, linear, minibatches, xor
    from tinygrad_lab.lab.files import read
    from tinygrad_lab.lab.folder import write
    from tinygrad_lab.lab.folding import cross_validate
    from tinygrad_lab.lab.loading import load, resume
    from tinygrad_lab.lab.metrics import accuracy
    from tinygrad_lab.lab.running import Run, prepare, run
    from tinygrad_lab.lab.stopping import Until
    from tinygrad_lab.lab.sweeps.sweeping import sweep
    from tinygrad_lab.lab.training import History, train

_HOMES = {
    "config": ("Config",),
    "data": ("Data", "Dataset", "linear", "minibatches", "xor"),
    "files": ("read",),
    "folder": ("write",),
    "folding": ("cross_validate",),
    "loading": ("load", "resume"),
    "metrics": ("accuracy",),
    "running": ("Run", "prepare", "run"),
    "stopping": ("Until",),
    "sweeps.sweeping": ("sweep",),
    "training": ("History", "train"),
}

__all__ = [
    "Config",
    "Data",
    "Dataset",
    "History",
    "LabError",
    "Run",
    "Until",
    "accuracy",
    "cross_validate",
    "linear",
    "load",
    "minibatches",
    "prepare",
    "read",
    "resume",
    "run",
    "sweep",
    "train",
    "write",
    "xor",
]


def __getattr__(name: str) -> Any:
    # Loaded on demand: the command line's help needs a part of it only.
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    if name in _HOMES:  # README and notebooks say tl.lab.data.xor()
        return importlib.import_module(f"{__name__}.{name}")
    raise missing(__name__, name, {}, __all__)

"""A checkpoint holds everything that a training needs to continue bit for bit: parameters, optimizer, generators,
history.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.running import Run
from tinygrad_lab.lab.training import Callback, History
from tinygrad_lab.saving import decode, encode, from_json, to_json

NAME = "checkpoint.safetensors"
_PARTS = ("model", "optimizer", "history", "gradients", "kept")


def pack(run: Run) -> bytes:
    """Return the state of a run at an evaluation, before the updates of that epoch."""
    history = run.history
    arrays = {f"model.{name}": array for name, array in (history.last or run.model.state_dict()).items()}
    arrays |= {f"optimizer.{name}": array for name, array in run.experiment.optimizer.state_dict().items()}
    arrays |= {f"history.{name}": np.array(column) for name, column in history.columns().items()}
    arrays |= {f"gradients.{name}": array for name, array in (history.gradients or {}).items()}
    arrays |= {f"kept.{name}": array for name, array in (history.kept or {}).items()}
    about = {
        "generator": run.batches.bit_generator.state,  # type: ignore[union-attr]
        "generators": {name: to_json(rng) for name, rng in run.model.named_generators()},
        "seconds": history.seconds,
        "stopped_by": history.stopped_by,
        "best": history.best,
        "compiled": history.gradients is not None,
    }
    return encode(arrays, about)


def unpack(content: bytes, run: Run, where: Path) -> None:
    """Put a run into the state that `pack` saved.

    Raises:
        LabError: the content is damaged, or belongs to another network.
    """
    try:
        arrays, about = decode(content)
        parts: dict[str, dict[str, Any]] = {name: {} for name in _PARTS}
        for name, array in arrays.items():
            part, _, rest = name.partition(".")
            parts[part][rest] = array
        run.model.load_state_dict(parts["model"])
        run.experiment.optimizer.load_state_dict(parts["optimizer"])
        run.batches.bit_generator.state = about.pop("generator")  # type: ignore[union-attr]
        drawing = dict(run.model.named_generators())
        for name, state in about.pop("generators").items():
            from_json(drawing[name], state)
        columns = {name: column.tolist() for name, column in parts["history"].items()}
        gradients = parts["gradients"] if about.pop("compiled") else None
        run.history = History(**columns, **about, kept=parts["kept"] or None, gradients=gradients)
    except Exception as error:  # a damaged file may raise anything
        raise LabError(f"{where}: is not a checkpoint of this run ({error}); train again from the start") from error


def one_step_back(run: Run) -> None:
    """Forget the last evaluation, so that training on repeats it and then makes its update.

    A compiled training has the gradients of its last evaluation, and goes on with them.
    """
    for column in run.history.columns().values() if run.history.gradients is None else ():
        column.pop()
    run.history.stopped_by, run.history.best = None, None


def keeper(run: Run, put: Callable[[str, bytes], object], every: tuple[int | None, float | None]) -> Callback:
    """Return a callback that writes checkpoints regularly; if the disk is full, the training goes on without."""
    epochs, seconds = every
    due, last = time.perf_counter() + (seconds or 0.0), run.history.epochs

    def keep(history: History) -> None:
        nonlocal due, last
        on_time = time.perf_counter() >= due if epochs is None else history.epochs - last >= epochs
        if on_time:
            with suppress(OSError):
                put(NAME, pack(run))
            last = history.epochs
            due = time.perf_counter() + (seconds or 0.0)

    return keep

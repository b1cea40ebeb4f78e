"""Runs a sweep: trains its cells, and keeps the outcome of each as soon as it ends."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tinygrad_lab.compiler.numba.threads import cores
from tinygrad_lab.errors import LabError
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.interrupt import interruptible
from tinygrad_lab.lab.place import reason
from tinygrad_lab.lab.sweeps import clusters
from tinygrad_lab.lab.sweeps import workers as processes
from tinygrad_lab.lab.sweeps.grid import Cell
from tinygrad_lab.lab.sweeps.workers import Doing, Look
from tinygrad_lab.lab.sweeps.working import refused
from tinygrad_lab.lab.text import without_nan

STORE = "done.jsonl"
FIGURES = ("epochs", "loss", "accuracy")
_NOT_IN_A_PROGRAM: dict[str, Any] = {"seed": 0, "lr": 1.0, "epochs": None, "init": "rand", "legacy_rng": False}


@dataclass
class Sweep:
    """Cells and the outcomes of their trainings.

    Arguments:
        base: the values of the options that do not vary.
        cells: the cells.
        left: the outcome of each cell, or None until it has ended.
        interrupted: whether the sweep was stopped by Ctrl-C.
    """

    base: Config
    cells: list[Cell]
    left: list[dict[str, Any] | None]
    interrupted: bool = field(default=False)

    @property
    def options(self) -> list[str]:
        """The names of the options that vary."""
        names = list(dict.fromkeys(name for cell in self.cells for name in cell.options))
        several = [name for name in names if len({cell.options.get(name) for cell in self.cells}) > 1]
        return several or names[:1]

    def value(self, number: int, name: str) -> Any:
        """Return the value of an option in a cell."""
        options = self.cells[number].options
        return options[name] if name in options else getattr(self.base, name)

    def values(self, name: str) -> list[Any]:
        """Return the values of an option in the cells, in order of appearance."""
        return list(dict.fromkeys(self.value(number, name) for number in range(len(self.cells))))

    def rows(self) -> list[dict[str, Any]]:
        """Return a row for each cell that has ended: the options that vary, then the figures, status and seconds."""
        return [self.row(number) for number, left in enumerate(self.left) if left is not None]

    def row(self, number: int) -> dict[str, Any]:
        """Return the row of a cell."""
        left = self.left[number] or {}
        measured = [name for name in left if name not in ("status", "seconds", "notes", "curve", "plane")]
        figures = {name: left[name] for name in dict.fromkeys((*FIGURES, *measured)) if name in left}
        return {
            **{name: self.value(number, name) for name in self.options},
            **figures,
            "status": left.get("status"),
            "seconds": left.get("seconds"),
        }


Watch = Callable[[Sweep, Sequence[Doing]], object]


def run(
    base: Config,
    found: list[Cell],
    workers: int | None = None,
    store: Path | None = None,
    watch: Watch = lambda sweep, doing: None,
    client: Any = None,
) -> Sweep:
    """Train the cells that are not in the store yet, and keep each outcome as it comes.

    Arguments:
        base: the values of the options that do not vary.
        found: the cells.
        workers: the number of processes; by default one for each core, but no more than cells.
        store: a file that keeps outcomes.
        watch: called several times a second.
        client: a Dask client, to train on its cluster rather than here.

    Raises:
        LabError: no cell could be trained.
        ClusterError: the cluster cannot be used, or is gone; outcomes so far are kept.
    """
    kept = {} if store is None else read_store(store)
    identities = [cell.identity for cell in found]
    left = [
        refused(cell.problem) if cell.config is None else kept.get(identity)
        for cell, identity in zip(found, identities, strict=True)
    ]
    result = Sweep(base, found, left)
    new: dict[int, Config] = {}
    first: dict[str, int] = {}
    for number, cell in enumerate(found):
        if left[number] is None and cell.config is not None:
            first.setdefault(identities[number], number)
            if first[identities[number]] == number:
                new[number] = replace(cell.config)
    watch(result, [])
    if new:
        new = _programs_first(new)
        here = client is None
        looks = processes.train(new, _count(workers, len(new))) if here else clusters.train(new, client)
        _train(result, looks, identities, store, watch)
    _fail_if_all_refused(result)
    return result


def _programs_first(configs: dict[int, Config]) -> dict[int, Config]:
    """Put one cell for each compiled program first, so that processes compile different ones and share them later."""
    seen: set[Config] = set()
    later: list[int] = []
    for number, config in configs.items():
        program = replace(config, **_NOT_IN_A_PROGRAM)
        if config.compile and program in seen:
            later.append(number)
        seen.add(program)
    return {number: configs[number] for number in sorted(configs, key=set(later).__contains__)}


def _fail_if_all_refused(sweep: Sweep) -> None:
    """Raise what refused the first cell if no cell could be trained, as with a file that cannot be read."""
    ended = [left for left in sweep.left if left is not None]
    if ended and len(ended) == len(sweep.left) and all(left["status"] == "refused" for left in ended):
        raise LabError(ended[0]["notes"][0])


def _train(result: Sweep, looks: Iterator[Look], identities: list[str], store: Path | None, watch: Watch) -> None:
    with interruptible() as interrupted, closing(looks):  # type: ignore[type-var]
        for look in looks:
            for number, left in look.done:
                if not left:  # it was given up half-way
                    continue
                if store is not None:
                    append(store, identities[number], result.cells[number], left)
                for other, identity in enumerate(identities):
                    if identity == identities[number]:
                        result.left[other] = left
            watch(result, look.doing)
            if interrupted():
                result.interrupted = True
                break


def _count(workers: int | None, new: int) -> int:
    if workers is not None and workers < 1:
        raise LabError(f"sweep: workers must be at least 1, got {workers}; leave it out for one for each core")
    return min(workers or cores(), new)


# -- what is kept ----------------------------------------------------------------------------------------------------


def append(store: Path, identity: str, cell: Cell, left: dict[str, Any]) -> None:
    """Add the outcome of a cell to the store as one line, so that a killed sweep loses at most the last one.

    Raises:
        LabError: the disk is full; the store keeps what it had.
    """
    assert cell.config is not None
    line = json.dumps({"identity": identity, "config": cell.config.to_dict(), "left": without_nan(left)})
    try:
        with store.open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # a line that was cut off by a kill or a full disk
                    file.write(b"\n")
            file.write(line.encode() + b"\n")
    except OSError as error:
        raise LabError(
            f"out: {store} cannot be written to ({reason(error)}); finished cells are there: free some disk space and "
            f"run the same command again"
        ) from error


def read_store(store: Path) -> dict[str, dict[str, Any]]:
    """Return the outcomes in the store by the identity of their cells; a line that was cut off is skipped."""
    kept: dict[str, dict[str, Any]] = {}
    with suppress(FileNotFoundError), store.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            with suppress(ValueError, KeyError, TypeError):
                entry = json.loads(line)
                kept[entry["identity"]] = {
                    name: math.nan if value is None else value for name, value in entry["left"].items()
                }
    return {identity: left for identity, left in kept.items() if left.get("status") != "died"}

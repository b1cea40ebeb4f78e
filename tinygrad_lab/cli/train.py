"""`tinygrad-lab train`: train a network and write a report."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrad_lab.cli.live import linger, page_of
from tinygrad_lab.cli.options import add_options, flag, given
from tinygrad_lab.errors import LabError
from tinygrad_lab.extras import require
from tinygrad_lab.lab.config import CHANGEABLE, Config
from tinygrad_lab.lab.options import interval
from tinygrad_lab.lab.text import without_nan
from tinygrad_lab.play import LIBRARIES

if TYPE_CHECKING:
    from tinygrad_lab.lab.folder import Written
    from tinygrad_lab.lab.place import Place
    from tinygrad_lab.lab.running import Run

_STATUS = {"until": 0, "epochs": 0, "patience": 0, "diverged": 1, "interrupted": 130}

HELP = "train a network and write a report"
DESCRIPTION = "Train a network on a data set and write a folder with a report."
EXAMPLES = """examples:
  tinygrad-lab train --data linear --hidden 4 4 --activation sigmoid --loss mse --optimizer adam --lr 0.1
  tinygrad-lab train --data measurements.csv --batch-size 16 --until "loss<0.001" --out result
  tinygrad-lab train --conv 4:2 --hidden 10 --json
  tinygrad-lab train --hidden 3 3 --no-bias --init rand --legacy-rng --loss bce --reduction sum \\
      --activation sigmoid --lr 0.1 --until accuracy=1 --epochs 50000 --seed 0

exit status:
  0 done, 1 diverged, 2 bad usage or data, 130 interrupted; a training that has begun always writes its folder
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    start = parser.add_argument_group("start")
    # fmt: off
    start.add_argument("--config", type=Path, metavar="FILE", help="start from the options in a run's config.json; "
                       "options given here replace them")
    start.add_argument("--resume", type=Path, metavar="RUN", help="go on with a run from its last checkpoint, bit "
                       f"for bit; {', '.join(map(flag, CHANGEABLE))} may be given again")
    output = parser.add_argument_group("output")
    output.add_argument("--out", type=Path, metavar="DIR", help="new folder (default: runs/DATA-1, or next free)")
    output.add_argument("--checkpoint-every", type=interval, metavar="N|Ns", default=(None, 30.0), help="write a "
                        "checkpoint every N epochs, or every N seconds (default: 30s)")
    output.add_argument("--live", action="store_true", help="open a page that shows the training as it goes")
    output.add_argument("--quiet", action="store_true", help="print errors only")
    output.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    # fmt: on
    add_options(parser, {"output": output})


def run(options: dict[str, Any]) -> int:
    """Train, write the folder, and return the exit status.

    Raises:
        LabError: the options, the data or the folder cannot be used.
    """
    from tinygrad_lab.lab import folder, progress
    from tinygrad_lab.lab.checkpoints import NAME, keeper

    require("lab", "jinja2", "matplotlib", "rich", "safetensors")
    if options["live"]:
        require("play", *LIBRARIES)
    place, prepare = _resumed(options) if options["resume"] is not None else _new(options)
    with place, ExitStack() as stack:
        prepared = prepare()
        keep = keeper(prepared, place.put, options["checkpoint_every"])
        page = page_of(prepared, stack) if options["live"] else None
        watch = [] if page is None else [page.watch]
        try:
            with _progress(prepared.config, options["quiet"], options["json"]) as show:
                prepared.train([keep, *show, *watch], every=options["checkpoint_every"][0])
        except OSError:  # nobody reads our output, or its disk is full; save what has been learnt
            prepared.history.stopped_by = "interrupted"
            folder.finish(prepared, place)
            raise
        except KeyboardInterrupt:
            return _interrupted(place.path, NAME)
        try:
            written = folder.finish(prepared, place)
        except KeyboardInterrupt:
            return _interrupted(place.path, "model.safetensors")
        if options["json"]:
            sys.stdout.write(json.dumps(_summary(prepared, written)) + "\n")
        elif not options["quiet"]:
            progress.summary(prepared, written, sys.stdout)
        if page is not None:
            linger(page)
    return _STATUS[str(prepared.history.stopped_by)]


def _new(options: dict[str, Any]) -> tuple[Place, Callable[[], Run]]:
    """Return a new folder, and a function that begins the run there."""
    from tinygrad_lab.lab import folder, loading, running
    from tinygrad_lab.lab.place import Place, check

    if options["out"] is not None:
        check(options["out"])
    begun = {} if options["config"] is None else loading.config_file(options["config"]).to_dict()
    prepared = running.prepare(Config(**begun | given(options)))
    place = Place.claim(prepared.dataset.name, options["out"])

    def begin() -> Run:
        folder.begin(prepared, place)
        return prepared

    return place, begin


def _resumed(options: dict[str, Any]) -> tuple[Place, Callable[[], Run]]:
    """Return the folder of a run, and a function that resumes it."""
    from tinygrad_lab.lab import loading
    from tinygrad_lab.lab.place import Place

    for name in ("config", "out"):
        if options[name] is not None:
            raise LabError(
                f"resume: --{name} {options[name]} does not go with --resume, a run goes on in its own folder; leave "
                f"it out"
            )
    loading.read_config(options["resume"], "resume")
    return Place.reopen(options["resume"]), lambda: loading.resume(options["resume"], given(options))


def _interrupted(path: Path, name: str) -> int:
    """Report where a run is that a second Ctrl-C has cut off."""
    there = (path / name).exists()
    rest = f"what was learnt by its last checkpoint is in {path}" if there else f"{path} has no checkpoint yet"
    sys.stderr.write(f"tinygrad-lab: interrupted; {rest}: go on with tinygrad-lab train --resume {path}\n")
    return 130


def _summary(run: Run, written: Written) -> dict[str, Any]:
    """Return the figures of a run, ready for JSON."""
    history = run.history
    return {
        "epochs": history.epochs,
        **without_nan(run.figures()),
        "seconds": round(history.seconds, 3),
        "stopped_by": history.stopped_by,
        "out": str(written.path),
    } | ({"problems": list(written.problems)} if written.problems else {})


def _progress(config: Config, quiet: bool, as_json: bool) -> AbstractContextManager[list[Any]]:
    """Show a bar on a terminal and log lines elsewhere; with JSON, at most a bar."""
    from tinygrad_lab.lab import progress

    if quiet or (as_json and not sys.stderr.isatty()):
        return nullcontext([])
    if sys.stderr.isatty():
        return progress.bar(config.limit, sys.stderr)
    return progress.lines(config.log_interval, sys.stdout)

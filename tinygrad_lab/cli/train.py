"""`tinygrad-lab train`: train a network and write a report."""

from __future__ import annotations

import argparse
import importlib
import json
import math
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from tinygrad_lab.cli.options import add_options, given
from tinygrad_lab.extras import extra
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.training import History

_STATUS = {"until": 0, "epochs": 0, "diverged": 1, "interrupted": 130}

_EXAMPLES = """examples:
  tinygrad-lab train --data linear --hidden 4 4 --activation sigmoid --loss mse --optimizer adam --lr 0.1
  tinygrad-lab train --data measurements.csv --batch-size 16 --until "loss<0.001" --out result
  tinygrad-lab train --conv 4:2 --hidden 10 --json
  tinygrad-lab train --hidden 3 3 --no-bias --init rand --legacy-rng --loss bce --reduction sum \\
      --activation sigmoid --lr 0.1 --until accuracy=1 --epochs 50000 --seed 0

exit status:
  0 done, 1 diverged, 2 bad usage or data, 130 interrupted; a training that has begun always leaves its folder
"""


def register(commands: Any) -> None:
    """Add the command to what `ArgumentParser.add_subparsers` returned; it sets `run`, a function of the options."""
    parser = commands.add_parser(
        "train",
        help="train a network and write a report",
        description="Train a network on a data set and write a folder with a report.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    output = parser.add_argument_group("output")
    output.add_argument("--out", type=Path, metavar="DIR", help="new folder (default: runs/DATA-1, or next free)")
    output.add_argument("--quiet", action="store_true", help="print nothing but errors")
    output.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    add_options(parser, {"output": output})
    parser.set_defaults(run=run)


def run(options: dict[str, Any]) -> int:
    """Train as the options say, write the folder, and return the exit status.

    Raises:
        LabError: the options, the data or the folder cannot be used.
    """
    from tinygrad_lab.lab import folder, progress, running

    out, quiet, as_json = options["out"], options["quiet"], options["json"]
    config = Config(**given(options))
    with extra("lab"):  # before any time is spent
        for library in ("jinja2", "matplotlib", "rich", "safetensors"):
            importlib.import_module(library)
    dataset = running.load(config)
    folder.check(out or folder.free(dataset.name))
    with _progress(config, quiet, as_json) as show:
        result = running.run(config, [show] if show else [], dataset)
    out = folder.write(result, out)
    if as_json:
        sys.stdout.write(json.dumps(_summary(result.history, out)) + "\n")
    elif not quiet:
        progress.summary(result, out, sys.stdout)
    return _STATUS[str(result.history.stopped_by)]


def _summary(history: History, out: Path) -> dict[str, Any]:
    """Return the figures of a run as JSON has them: it knows no NaN."""
    return {
        "epochs": history.epochs,
        "loss": history.loss[-1] if math.isfinite(history.loss[-1]) else None,
        "accuracy": history.accuracy[-1],
        "seconds": round(history.seconds, 3),
        "stopped_by": history.stopped_by,
        "out": str(out),
    }


def _progress(config: Config, quiet: bool, as_json: bool) -> AbstractContextManager[Any]:
    """Show a bar on a terminal, log lines elsewhere, and beside JSON nothing but a bar."""
    from tinygrad_lab.lab import progress

    if quiet:
        return nullcontext()
    if sys.stderr.isatty():
        return progress.bar(config.limit, sys.stderr)
    return nullcontext() if as_json else progress.lines(config.log_interval, sys.stdout)

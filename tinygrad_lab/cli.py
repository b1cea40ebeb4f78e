"""The command line: arguments in, exit status out. What it does is in `tinygrad_lab.lab`.

Exit status: 0 done, 1 the training diverged (its folder is written all the same), 2 bad usage, data or configuration,
130 interrupted with Ctrl-C (the folder is written if training had begun).
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields
from pathlib import Path
from typing import Any

from tinygrad_lab import __version__
from tinygrad_lab.errors import LabError, MissingExtraError
from tinygrad_lab.extras import extra
from tinygrad_lab.lab import folder, graph, progress
from tinygrad_lab.lab.config import ACTIVATIONS, INITS, LOSSES, OPTIMIZERS, OUTPUTS, REDUCTIONS, Config
from tinygrad_lab.lab.running import load, run
from tinygrad_lab.lab.training import History

_STATUS = {"until": 0, "epochs": 0, "diverged": 1, "interrupted": 130}

_OVERVIEW = """examples:
  tinygrad-lab train                                   learn XOR, write a report to runs/xor-1
  tinygrad-lab train --data linear --points 200        learn another data set
  tinygrad-lab graph runs/xor-1 --out network.svg      draw its network, or a model of your own
  tinygrad-lab train --help                            all options
"""

_EXAMPLES = """examples:
  tinygrad-lab train --data linear --hidden 4 4 --activation sigmoid --loss mse --optimizer adam --lr 0.1
  tinygrad-lab train --data measurements.csv --batch-size 16 --until "loss<0.001" --out result
  tinygrad-lab train --conv 4:2 --hidden 10 --json
  tinygrad-lab train --hidden 3 3 --no-bias --init rand --legacy-rng --loss bce --reduction sum \\
      --activation sigmoid --lr 0.1 --until accuracy=1 --epochs 50000 --seed 0

exit status:
  0 done, 1 diverged, 2 bad usage or data, 130 interrupted; a training that has begun always leaves its folder
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Arguments:
        arguments: the words after the program's name; None means those of the process.

    Raises:
        SystemExit: for `--help`, `--version` and arguments that cannot be parsed.
    """
    options = vars(_parser().parse_args(arguments))
    try:
        return int(options["run"](options))
    except BrokenPipeError:  # the reader has gone, as in `| head`; keep Python from complaining about it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (LabError, MissingExtraError, OSError) as error:
        sys.stderr.write(f"tinygrad-lab: error: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("tinygrad-lab: interrupted; nothing was written\n")
        return 130


def _train(options: dict[str, Any]) -> int:
    out, quiet, as_json = options["out"], options["quiet"], options["json"]
    config = _config(options)
    with extra("lab"):  # before any time is spent
        for library in ("jinja2", "matplotlib", "rich", "safetensors"):
            importlib.import_module(library)
    dataset = load(config)
    folder.check(out or folder.free(dataset.name))
    with _progress(config, quiet, as_json) as show:
        result = run(config, [show] if show else [], dataset)
    out = folder.write(result, out)
    if as_json:
        sys.stdout.write(json.dumps(_summary(result.history, out)) + "\n")
    elif not quiet:
        progress.summary(result, out, sys.stdout)
    return _STATUS[str(result.history.stopped_by)]


def _config(options: dict[str, Any]) -> Config:
    return Config(**{field.name: options[field.name] for field in fields(Config)})


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
    if quiet:
        return nullcontext()
    if sys.stderr.isatty():
        return progress.bar(config.limit, sys.stderr)
    return nullcontext() if as_json else progress.lines(config.log_interval, sys.stdout)


# -- arguments -------------------------------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="tinygrad-lab",
        description="Train small networks and see what they learn.",
        epilog=_OVERVIEW,
        formatter_class=raw,
    )
    parser.add_argument("--version", action="version", version=f"tinygrad-lab {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    train = commands.add_parser(
        "train",
        help="train a network and write a report",
        description="Train a network on a data set and write a folder with a report.",
        epilog=_EXAMPLES,
        formatter_class=raw,
    )
    _add_network(train)
    _add_training(train)
    _add_output(train)
    train.set_defaults(run=_train, **{field.name: field.default for field in fields(Config)})
    graph.register(commands)
    return parser


# fmt: off
def _add_network(train: argparse.ArgumentParser) -> None:
    data = train.add_argument_group("data")
    data.add_argument("--data", metavar="xor|linear|FILE", help="a data set of the lab, a .csv file with header, whose "
                      "last column is the label, or a .npz file with arrays x and y (default: xor)")
    data.add_argument("--points", type=int, metavar="N", help="number of points of the linear data (default: 100)")
    network = train.add_argument_group("network")
    network.add_argument("--hidden", type=int, nargs="*", metavar="N", help="units of each hidden layer (default: 8 8)")
    network.add_argument("--activation", choices=ACTIVATIONS, help="after each hidden layer (default: tanh)")
    network.add_argument("--output", choices=OUTPUTS, help="after the last layer (default: what the loss wants)")
    network.add_argument("--conv", metavar="FILTERS:KERNEL[:STRIDE[:PADDING]]", help="begin with a 1-D convolution")
    network.add_argument("--no-bias", dest="bias", action="store_false", help="weights only")
    network.add_argument("--init", choices=INITS, help="how weights are drawn (default: xavier_uniform)")
    network.add_argument("--legacy-rng", action="store_true", help="draw weights with NumPy's RandomState(seed)")


def _add_training(train: argparse.ArgumentParser) -> None:
    training = train.add_argument_group("training")
    training.add_argument("--loss", choices=LOSSES, help="default: bce, or cross_entropy for more than two classes")
    training.add_argument("--reduction", choices=REDUCTIONS, help="of the loss over the points (default: mean)")
    training.add_argument("--optimizer", choices=OPTIMIZERS, help="default: sgd")
    training.add_argument("--lr", type=float, metavar="F", help="learning rate (default: 0.1)")
    training.add_argument("--momentum", type=float, metavar="F", help="of sgd and rmsprop (default: 0)")
    training.add_argument("--schedule", metavar="NAME", help="of the learning rate, by update: constant, "
                          "step:SIZE:FACTOR, exponential:FACTOR or cosine[:MINIMUM], after an optional warmup:STEPS+")
    training.add_argument("--batch-size", type=int, metavar="N", help="points per update (default: all)")
    training.add_argument("--epochs", type=int, metavar="N", help="at most (default: 10000); an epoch evaluates, then "
                          "updates, and the last one only evaluates")
    training.add_argument("--until", metavar="COND", help="stop at the first evaluation with \"loss<NUMBER\", "
                          "accuracy=NUMBER, or both joined by \"and\" (default: \"accuracy=1 and loss<0.01\", "
                          "unless --epochs is given)")
    training.add_argument("--seed", type=int, metavar="N", help="same seed, same numbers (default: 0)")


def _add_output(train: argparse.ArgumentParser) -> None:
    output = train.add_argument_group("output")
    output.add_argument("--log-every", type=int, metavar="N", help="epochs between log lines (default: by --epochs)")
    output.add_argument("--out", type=Path, metavar="DIR", help="new folder (default: runs/DATA-1, or next free)")
    output.add_argument("--quiet", action="store_true", help="print nothing but errors")
    output.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
# fmt: on

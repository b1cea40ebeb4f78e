"""`tinygrad-lab sweep`: one training for each combination of options, and a comparison of all."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import fields
from pathlib import Path
from typing import Any

from tinygrad_lab.cli.options import flag
from tinygrad_lab.errors import LabError
from tinygrad_lab.extras import require
from tinygrad_lab.lab.config import Config
from tinygrad_lab.lab.options import FLAG, kind_of

HELP = "compare many trainings"
DESCRIPTION = "Train once for every combination of options, and write a table, figures and a report."
EXAMPLES = """every option of `train` takes several values, separated by blanks:
  --lr 0.5 0.1 0.05            three values
  --seed 0..4                  whole numbers from 0 to 4
  --lr 1e-4..1e-1:4log         four values, each the same factor from the next; 0..1:5 are five evenly spaced
  --hidden 3,3 5,5             layers with commas; also 3,3;5,5 in quotes
  --bias yes no                with and without

examples:
  tinygrad-lab sweep --data xor --hidden 3,3 --no-bias --init rand --legacy-rng --loss bce --reduction sum \\
      --activation sigmoid --until accuracy=1 --epochs 50000 --lr 0.5 0.1 0.05 0.01 0.005 --seed 0..4
  tinygrad-lab sweep --data measurements.csv --activation relu tanh --optimizer sgd adam --lr 1e-3..1:7log --sample 20
  tinygrad-lab sweep --cells cells.csv --epochs 1000
  tinygrad-lab sweep --lr 1e-4..1:20log --seed 0..9 --cluster tcp://10.0.0.1:8786

Finished runs are kept in the folder: after Ctrl-C the same command goes on from there, and with one more value it
trains only what is new.

exit status:
  0 done, 2 bad usage or data, 130 interrupted
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    which = parser.add_argument_group("sweep")
    # fmt: off
    which.add_argument("--sample", type=int, metavar="N", help="train N combinations at random instead of all")
    which.add_argument("--cells", type=Path, metavar="FILE", help="a .csv file with the names of options as header; "
                       "each row is a combination")
    which.add_argument("--workers", type=int, metavar="N", help="parallel processes (default: one for each core)")
    which.add_argument("--cluster", metavar="ADDRESS", help="train on the workers of a Dask cluster, whose scheduler "
                       "is at tcp://HOST:PORT, instead of here (needs the extra dask)")
    which.add_argument("--show", metavar="FIGURE", help="what the table shows: epochs, loss, accuracy, … (default: "
                       "epochs with --until, else validation_loss if there are validation points, else loss)")
    which.add_argument("--out", type=Path, metavar="DIR", help="folder, new or of an earlier sweep (default: "
                       "runs/sweep-DATA)")
    which.add_argument("--runs", action="store_true", help="write a folder for each run, too: DIR/runs/1, …")
    which.add_argument("--quiet", action="store_true", help="print errors only")
    which.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    groups = {"output": which}
    for one in fields(Config):
        heading = one.metadata["group"]
        if heading not in groups:
            groups[heading] = parser.add_argument_group(heading)
        help = str(one.metadata["help"]).replace("%", "%%")
        groups[heading].add_argument(flag(one.name), nargs="*" if kind_of(one) is FLAG else "+", metavar="V",
                                     dest=one.name, default=argparse.SUPPRESS, help=help)
        if kind_of(one) is FLAG:
            groups[heading].add_argument(flag(f"no_{one.name}"), action="store_const", const=["no"], dest=one.name,
                                         default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    # fmt: on


def run(options: dict[str, Any]) -> int:
    """Train the combinations that are missing, write the folder, and return the exit status.

    Raises:
        LabError: the options, the data or the folder cannot be used.
    """
    from tinygrad_lab.lab.sweeps import grid, running, showing
    from tinygrad_lab.lab.sweeps.writing import Folder, write_runs

    require("lab", "jinja2", "matplotlib", "rich")
    choices = {
        one.name: grid.values(one.name, options[one.name] or ["yes"]) for one in fields(Config) if one.name in options
    }
    single = {name: values[0] for name, values in choices.items() if len(values) == 1}
    several = {name: values for name, values in choices.items() if len(values) > 1}
    base, cells = _cells(options, single, several)
    out = options["out"] or Path("runs", f"sweep-{Path(base.data).stem}")
    with Folder.open(out) as place:
        with (
            _cluster(options) as client,
            watching(options["quiet"] or (options["json"] and not sys.stderr.isatty())) as watch,
        ):
            done = running.run(base, cells, options["workers"], place.store, watch, client)
        problems = place.finish(done, options["show"])
        if options["runs"] and not done.interrupted:
            write_runs(done, place.path / "runs")
    if options["json"]:
        sys.stdout.write(json.dumps(showing.as_json(done, out, options["show"])) + "\n")
    elif not options["quiet"]:
        showing.show(done, out, problems, sys.stdout, options["show"])
    if done.interrupted:
        sys.stderr.write(f"tinygrad-lab: interrupted; the same command goes on from what is in {out}\n")
    return 130 if done.interrupted else 0


def _cells(options: dict[str, Any], single: dict[str, Any], several: dict[str, Any]) -> tuple[Config, list[Any]]:
    from tinygrad_lab.lab.sweeps import grid

    if options["cells"] is not None:
        if several:
            name = next(iter(several))
            raise LabError(
                f"sweep: {name} has {len(several[name])} values, but with --cells only one; put them into the file"
            )
        base = Config(**single)
        return base, grid.listed(base, options["cells"])
    try:
        base = Config(**single)
    except LabError:  # a single value may need one that varies: a momentum needs its optimizer
        base, several = Config(), {**{name: [value] for name, value in single.items()}, **several}
    return base, grid.cells(base, several, options["sample"])


@contextmanager
def _cluster(options: dict[str, Any]) -> Iterator[Any]:
    """Give a client of the cluster, and print its dashboard; None without a cluster."""
    if options["cluster"] is None:
        yield None
        return
    if options["workers"] is not None:
        raise LabError(
            f"sweep: --workers {options['workers']} does not go with --cluster, which has its own; leave it out"
        )
    from tinygrad_lab import cluster

    with cluster.connected(options["cluster"]) as client:
        if not options["quiet"]:
            sys.stderr.write(f"dashboard: {client.dashboard_link}\n")
        yield client


def watching(quiet: bool) -> AbstractContextManager[Any]:
    """Return what shows a sweep's progress: bars on a terminal, lines elsewhere, or nothing."""
    from tinygrad_lab.lab.sweeps import showing

    if quiet:
        return nullcontext(lambda sweep, doing: None)
    return showing.bars(sys.stderr) if sys.stderr.isatty() else showing.lines(sys.stdout)

"""`tinygrad-lab predict`: what a trained model predicts for new points."""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path
from typing import Any, TextIO

from tinygrad_lab.errors import LabError

HELP = "predict with a trained model"
DESCRIPTION = "Add a trained network's outputs and predictions to the rows of a file."
EXAMPLES = """examples:
  tinygrad-lab predict runs/xor-1 new.csv                   the file with the network's outputs and predictions
  tinygrad-lab predict runs/xor-1 new.csv --out said.csv

The file needs the columns that the run learnt from; a column with the labels may be there, and is left as it is.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    # fmt: off
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="a folder that `tinygrad-lab train` wrote")
    parser.add_argument("points", type=Path, metavar="FILE", help="a .csv or .parquet file of points")
    parser.add_argument("--out", type=Path, metavar="FILE", help="a new .csv file (default: to the terminal)")
    parser.add_argument("--delimiter", metavar="C", help="between the cells of FILE (default: found)")
    parser.add_argument("--header", action=argparse.BooleanOptionalAction, help="whether FILE begins with names "
                        "(default: if text stands over numbers)")
    # fmt: on


def run(options: dict[str, Any]) -> int:
    """Predict, and return the exit status.

    Raises:
        LabError: the run or the file cannot be used.
    """
    from tinygrad_lab.lab import files, loading, report
    from tinygrad_lab.lab.place import write_whole

    out = options["out"]
    if out is not None and out.exists():
        raise LabError(f"out: {out} exists, and nothing is overwritten; choose another --out")
    trained = loading.load(options["run_folder"])
    table, x = files.read_points(options["points"], trained.schema, options["delimiter"], options["header"])
    header, said = report.outputs(trained, *trained.experiment.predict(x))
    rows = ([*cells, *more] for cells, more in zip(zip(*table.cells, strict=True), said, strict=True))

    def write(file: TextIO) -> None:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*table.names, *header])
        writer.writerows(rows)

    if out is None:
        write(sys.stdout)
    else:
        write_whole(out, write)
    return 0

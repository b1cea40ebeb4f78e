"""`tinygrad-lab compare`: a table and learning curves of existing runs."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

HELP = "compare finished runs"
DESCRIPTION = "Compare runs: write the table, learning curves and report that a sweep over them would write."
EXAMPLES = """examples:
  tinygrad-lab compare runs/xor-1 runs/xor-2 runs/xor-3
  tinygrad-lab compare runs/xor-* --show accuracy --out comparison
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    # fmt: off
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="a folder that `tinygrad-lab train` wrote")
    parser.add_argument("--show", metavar="FIGURE", help="what the table shows: epochs, loss, accuracy, …")
    parser.add_argument("--out", type=Path, metavar="DIR", help="new folder (default: runs/compare-1, or next free)")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    # fmt: on


def run(options: dict[str, Any]) -> int:
    """Compare the runs, write the folder, and return the exit status.

    Raises:
        LabError: a run or the folder cannot be used.
    """
    from tinygrad_lab.lab.sweeps import showing
    from tinygrad_lab.lab.sweeps.comparing import compare
    from tinygrad_lab.lab.sweeps.writing import Folder

    done = compare(options["runs"])
    with Folder.claim("compare", options["out"]) as place:
        problems = place.finish(done, options["show"])
    if options["json"]:
        sys.stdout.write(json.dumps(showing.as_json(done, place.path, options["show"])) + "\n")
    elif not options["quiet"]:
        showing.show(done, place.path, problems, sys.stdout, options["show"])
    return 0

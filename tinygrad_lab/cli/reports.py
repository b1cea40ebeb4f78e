"""`tinygrad-lab reports`: the five lab reports, measured again, on one page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

HELP = "reproduce the five lab reports"
DESCRIPTION = (
    "Train the networks of five lab reports on back-propagation, and write one page that compares "
    "their tables and figures with those measured. Finished runs are kept: the same command goes on from there."
)
EXAMPLES = """examples:
  tinygrad-lab reports                 all five: some minutes
  tinygrad-lab reports B C --out b_and_c
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    # fmt: off
    parser.add_argument("names", nargs="*", metavar="A…E", help="which reports (default: all)")
    parser.add_argument("--workers", type=int, metavar="N", help="parallel processes (default: one for each core)")
    parser.add_argument("--out", type=Path, metavar="DIR", default=Path("runs", "reports"), help="folder, new or of an "
                        "earlier call (default: runs/reports)")
    parser.add_argument("--compile", action="store_true", help="train with compiled steps: by Numba where it is "
                        "installed, whose sums differ in the last digits")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    # fmt: on


def run(options: dict[str, Any]) -> int:
    """Measure the reports, write the page, and return the exit status.

    Raises:
        LabError: there is no such report, or the folder cannot be used.
    """
    from tinygrad_lab.cli.sweep import watching
    from tinygrad_lab.errors import LabError
    from tinygrad_lab.lab.reports.gallery import page
    from tinygrad_lab.lab.reports.measuring import measure
    from tinygrad_lab.lab.reports.published import REPORTS
    from tinygrad_lab.lab.sweeps.writing import Folder
    from tinygrad_lab.refusals.nearest import none_of

    names = list(dict.fromkeys(name.upper() for name in options["names"])) or list(REPORTS)
    for name in names:
        if name not in REPORTS:
            raise LabError(f"reports: name {none_of(REPORTS, name, 'leave it out for all')}")
    with Folder.open(options["out"]) as place:
        with watching(options["quiet"]) as watch:
            found = measure(names, options["workers"], place.store, watch, options["compile"])
        interrupted = any(measured.sweep.interrupted for tables in found.values() for measured in tables)
        if not interrupted:
            place.put("gallery.html", page(found))
    if interrupted:
        sys.stderr.write(f"tinygrad-lab: interrupted; the same command goes on from what is in {options['out']}\n")
        return 130
    if not options["quiet"]:
        sys.stdout.write(f"wrote {options['out'] / 'gallery.html'}\n")
    return 0
